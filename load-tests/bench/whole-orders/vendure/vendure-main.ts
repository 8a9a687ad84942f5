/**
 * A process of Vendure, as its own starter template sets it up, but without mails, assets and its admin
 * pages, which favours it: `server` with both public APIs, `worker` for its jobs, or `populate`, which makes
 * the tables and the shop and ends. Prints one JSON line when it is ready; ends in order on SIGTERM.
 *
 * Vendure is fetched apart (`fetch.ts`) and no dependency of ours: what is used of it is declared here.
 */
import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { VendureProcess } from "./vendure-process.ts";

type App = { close(): Promise<void> };
type Plugin = { init(options: object): object };

type Vendure = {
  bootstrap(config: object): Promise<App>;
  bootstrapWorker(config: object): Promise<{ readonly app: App; startJobQueue(): Promise<void> }>;
  readonly dummyPaymentHandler: object;
  readonly DefaultJobQueuePlugin: Plugin;
  readonly DefaultSchedulerPlugin: Plugin;
  readonly DefaultSearchPlugin: Plugin;
};

type VendureTools = {
  populate(start: () => Promise<App>, initialData: object, productsFile: string): Promise<App>;
};

const JOBS_ARE_QUEUED_MS = 3_000;

function configOf(vendure: Vendure, settings: VendureProcess): object {
  const write =
    (level: string) =>
    (message: string, context?: string, trace?: string): void =>
      appendFileSync(
        settings.logFile,
        `${new Date().toISOString()} ${level} ${context ?? ""} ${message} ${trace ?? ""}\n`,
      );
  const nothing = (): void => {};
  return {
    apiOptions: {
      port: settings.port,
      hostname: "127.0.0.1",
      adminApiPath: "admin-api",
      shopApiPath: "shop-api",
    },
    authOptions: {
      tokenMethod: ["bearer"],
      superadminCredentials: settings.admin,
      cookieOptions: { secret: settings.admin.password },
    },
    dbConnectionOptions: {
      type: "postgres",
      url: settings.databaseUrl,
      synchronize: settings.role === "populate",
      logging: false,
    },
    paymentOptions: { paymentMethodHandlers: [vendure.dummyPaymentHandler] },
    logger: { error: write("error"), warn: write("warn"), info: nothing, verbose: nothing, debug: nothing },
    plugins: [
      vendure.DefaultSchedulerPlugin.init({}),
      vendure.DefaultJobQueuePlugin.init({ useDatabaseForBuffer: true }),
      vendure.DefaultSearchPlugin.init({ bufferUpdates: false, indexStockStatus: true }),
    ],
  };
}

/** The shop without its products: one country, no tax, one way to ship and one to pay. */
const INITIAL_DATA = {
  defaultLanguage: "en",
  defaultZone: "Americas",
  countries: [{ name: "United States of America", code: "US", zone: "Americas" }],
  taxRates: [{ name: "Standard Tax", percentage: 0 }],
  shippingMethods: [{ name: "Standard Shipping", price: 799 }],
  paymentMethods: [
    {
      name: "Authorized",
      handler: { code: "dummy-payment-handler", arguments: [{ name: "automaticSettle", value: "false" }] },
    },
  ],
  collections: [],
};

async function main(): Promise<void> {
  const settings: VendureProcess = JSON.parse(process.argv[2] ?? "");
  const load = createRequire(join(settings.folder, "package.json"));
  const vendure = load("@vendure/core") as Vendure;
  const config = configOf(vendure, settings);
  let app: App;
  switch (settings.role) {
    case "populate": {
      const { populate } = load("@vendure/core/cli") as VendureTools;
      const shop = await populate(() => vendure.bootstrap(config), INITIAL_DATA, settings.productsFile);
      // It queues jobs for its search index and waits for none of them; closed at once, it ends with an error.
      await new Promise((resolve) => setTimeout(resolve, JOBS_ARE_QUEUED_MS));
      await shop.close();
      return;
    }
    case "server":
      app = await vendure.bootstrap(config);
      break;
    case "worker": {
      const worker = await vendure.bootstrapWorker(config);
      await worker.startJobQueue();
      app = worker.app;
      break;
    }
    default: {
      const unreachable: never = settings.role;
      return unreachable;
    }
  }
  process.once("SIGTERM", () => {
    app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
  process.stdout.write(`${JSON.stringify({ port: settings.port, pid: process.pid, key: "" })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`vendure: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
  process.exit(1);
});
