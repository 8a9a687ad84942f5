/** Composition of everything that runs sagas: the Temporal worker and the outbox relay. */
import type { Logger } from "pino";
import type { AllocatorClient } from "../engine/allocator-client.ts";
import type { Carrier } from "../ports/carriers.ts";
import type { Mailer } from "../ports/notifications.ts";
import type { PaymentGateway } from "../ports/payments.ts";
import type { Database } from "../store/database.ts";

export type SagaWorkerOptions = {
  /** `host:port` of the Temporal server. */
  readonly temporalAddress: string;
  readonly namespace: string;
  readonly database: Database;
  readonly allocator: AllocatorClient;
  readonly payments: PaymentGateway;
  readonly carrier: Carrier;
  readonly mailer: Mailer;
  /** Base URL of the pages that mails link to. */
  readonly publicUrl: string;
  readonly logger: Logger;
};

export type SagaWorker = { stop(): Promise<void> };

export async function startSagaWorker(options: SagaWorkerOptions): Promise<SagaWorker> {
  throw new Error(`not started: ${options.temporalAddress}`);
}
