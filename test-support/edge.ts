/**
 * The system up to its edge for tests: a database with the sandbox's data, the engine and the gateway, all of
 * them real, without devices. Sagas and simulators are added by `paid-edge.ts`.
 */
import { pino } from "pino";
import { freePort } from "../cli/embedded/free-port.ts";
import { SANDBOX_LOCATIONS } from "../cli/sandbox/company.ts";
import { type SeedResult, seedSandbox } from "../cli/sandbox/seed.ts";
import { passingSecretBox, type SecretBox } from "../config/secret-box.ts";
import { deviceProtocols } from "../devices/device-kinds.ts";
import type { AllocatorClient } from "../engine/allocator-client.ts";
import { startEngine } from "../engine/engine.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import type { SingleSignOn } from "../gateway/http/route.ts";
import { channelAdapters } from "../integrations/channels/registry.ts";
import type { Carrier } from "../ports/carriers.ts";
import type { ChannelDesk } from "../ports/channel-desk.ts";
import type { PaymentProvider } from "../ports/payments.ts";
import type { VendorDesk } from "../ports/vendor-desk.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import type { WebhookSender } from "../ports/webhook-sender.ts";
import type { Database } from "../store/sql/database.ts";
import { createTestDatabase } from "./servers/postgres.ts";

export type TestEdge = {
  /** Where the gateway listens, without a slash at its end. */
  readonly url: string;
  readonly database: Database;
  readonly databaseUrl: string;
  readonly allocator: AllocatorClient;
  readonly credentials: SeedResult;
  /** Stops the gateway, does `work`, and starts a new gateway on the same port. */
  withoutGateway(work: () => Promise<void>): Promise<void>;
  /** Resolves once what is committed is in the read models of stock. */
  projected(): Promise<void>;
  stop(): Promise<void>;
};

/** Vendors whose webhooks come to the gateway. */
export type OutsideRosters = {
  readonly carriers: VendorRoster<Carrier>;
  readonly payments: VendorRoster<PaymentProvider>;
  readonly otherVendors?: readonly VendorRoster<unknown>[];
  /** Absent: no accounts can be set. */
  readonly vendorDesk?: VendorDesk;
  /** Absent: no channel can be connected. */
  readonly channelDesk?: ChannelDesk;
  /** Absent: nobody is told by webhook. */
  readonly webhookSender?: WebhookSender;
};

/** Without sagas and simulators no label is bought, nothing is charged and no webhook comes. */
const NOBODY: OutsideRosters = {
  carriers: new VendorRoster("carriers", []),
  payments: new VendorRoster("payments", []),
};

export async function startTestEdge(options: {
  readonly dashboardFolder: string;
  readonly staffPassword: string;
  /**
   * Where browsers are to come, made of where the gateway listens. Absent: an address that nobody asks for.
   */
  readonly publicUrl?: (url: string) => string;
  /** Made for pages at this address. Absent: nobody signs in but by us. */
  readonly singleSignOn?: (publicUrl: string) => Promise<SingleSignOn>;
  /** Makes them for a gateway that will be at this address. Absent: nobody. */
  readonly outside?: (
    gatewayUrl: string,
    store: { readonly database: Database; readonly secrets: SecretBox },
  ) => Promise<OutsideRosters>;
}): Promise<TestEdge> {
  const { url: databaseUrl, database, close } = await createTestDatabase();
  const logger = pino({ level: "error" }, pino.destination(2));
  const engine = await startEngine({ databaseUrl, threads: 1, shards: 2, logger });
  const secrets = passingSecretBox();
  const credentials = await seedSandbox(database, engine.client, secrets, options.staffPassword);
  engine.client.setLocations(SANDBOX_LOCATIONS);
  // Not port 0: a port that the system chose cannot be used again while its closed connections linger.
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const outside = (await options.outside?.(url, { database, secrets })) ?? NOBODY;
  const publicUrl = options.publicUrl?.(url) ?? (options.outside === undefined ? "http://127.0.0.1" : url);
  const singleSignOn = (await options.singleSignOn?.(publicUrl)) ?? null;
  const start = (): Promise<Gateway> =>
    startGateway({
      host: "127.0.0.1",
      port,
      publicUrl,
      singleSignOn,
      database,
      allocator: engine.client,
      channelAdapters,
      secrets,
      devices: deviceProtocols,
      ...outside,
      dashboardFolder: options.dashboardFolder,
      logger,
      readiness: () => Promise.resolve([]),
    });
  let gateway = await start();
  return {
    url,
    database,
    databaseUrl,
    allocator: engine.client,
    credentials,
    withoutGateway: async (work) => {
      await gateway.stop();
      await work();
      gateway = await start();
    },
    projected: () => engine.projected(),
    stop: async () => {
      await gateway.stop();
      await engine.stop();
      await close();
    },
  };
}
