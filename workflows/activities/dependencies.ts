import type { Logger } from "pino";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import type { Carrier } from "../../ports/carriers.ts";
import type { Mailer } from "../../ports/notifications.ts";
import type { PaymentProvider } from "../../ports/payments.ts";
import type { VendorRoster } from "../../ports/vendor-roster.ts";
import type { Database } from "../../store/sql/database.ts";

/** What activities work with. The adapters are chosen by the composition root. */
export type SagaDependencies = {
  readonly database: Database;
  readonly allocator: AllocatorClient;
  readonly payments: VendorRoster<PaymentProvider>;
  readonly carriers: VendorRoster<Carrier>;
  readonly mailer: Mailer;
  /** Base URL of the pages that mails link to. */
  readonly publicUrl: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly logger: Logger;
};
