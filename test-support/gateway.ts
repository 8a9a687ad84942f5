/**
 * A gateway as it runs: real PostgreSQL, the real engine on its threads, real channel adapters, a real
 * carrier adapter (whose webhooks are checked; nothing is bought here), real sockets.
 */
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Packr } from "msgpackr";
import { pino } from "pino";
import WebSocket from "ws";
import { passingSecretBox, type SecretBox } from "../config/secret-box.ts";
import type { ClientMessage, ServerMessage } from "../contract/stream.ts";
import { SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from "../contract/stream.ts";
import { deviceProtocols } from "../devices/device-kinds.ts";
import { type Engine, startEngine } from "../engine/engine.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { createEasypostCarrier, signWebhook } from "../integrations/carriers/easypost/carrier.ts";
import { channelAdapters } from "../integrations/channels/registry.ts";
import { createStripeProvider } from "../integrations/payments/stripe/provider.ts";
import type { WorkingDesk } from "../integrations/vendor-desk.ts";
import type { DeviceProtocols } from "../ports/devices.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import { type ApiScope, createApiKey } from "../store/access/api-keys.ts";
import { createStaff, STAFF_ROLES } from "../store/access/staff.ts";
import { giveChannelSecret } from "../store/catalog/channel-secrets.ts";
import type { Database } from "../store/sql/database.ts";
import { createTestDatabase, type TestDatabase } from "./servers/postgres.ts";

export const SHOPIFY_SECRET = "shopify-webhook-secret";
/** Webhook secrets of two accounts at one carrier. */
const CARRIER_SECRETS = { default: "carrier-webhook-secret", returns: "another-secret" } as const;
export const STAFF_PASSWORD = "correct horse battery staple";

const packr = new Packr({ useRecords: false });

export type GatewayWorld = {
  readonly url: string;
  readonly database: Database;
  readonly engine: Engine;
  readonly gateway: Gateway;
  readonly secrets: SecretBox;
  /** Holds the files that the gateway was started with, see `dashboardFiles`. */
  readonly dashboardFolder: string;
  /** Bearer of every scope, bound to no channel. */
  readonly adminKey: string;
  key(scopes: readonly ApiScope[], channelId?: string): Promise<string>;
  /** `fetch` of a path with the admin key unless `headers` say otherwise. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  connect(options?: { readonly key?: string; readonly subprotocol?: string }): Promise<StreamClient>;
  /**
   * Number of rows in every table, so that "nothing changed" is one comparison. That something was refused is
   * recorded, and is no change.
   */
  counts(): Promise<Readonly<Record<string, number>>>;
  signShopify(body: string | Buffer): string;
  signCarrier(body: string, account?: keyof typeof CARRIER_SECRETS): string;
  close(): Promise<void>;
};

export type CallOptions = {
  readonly json?: unknown;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Send no key. */
  readonly anonymous?: boolean;
};

export type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into replies of many shapes
  readonly json: any;
};

type WorldOptions = Pick<
  Parameters<typeof startGateway>[0],
  | "mailer"
  | "channelDesk"
  | "redisUrl"
  | "otherCompanies"
  | "bridgeStatus"
  | "singleSignOn"
  | "tls"
  | "hstsSubdomains"
  | "webhookSender"
> & {
  readonly devices?: DeviceProtocols;
  readonly publicUrl?: string;
  /** Makes the accounts at vendors that people set; absent: there are those of the webhooks' tests. */
  readonly desk?: (database: Database, secrets: SecretBox) => Promise<WorkingDesk>;
  /** An empty database, migrated. Absent: one of its own. */
  readonly store?: TestDatabase;
};

export async function startGatewayWorld(
  dashboardFiles: (folder: string) => void = () => {},
  { store, desk: openDesk, ...gatewayOptions }: WorldOptions = {},
): Promise<GatewayWorld> {
  const { url: databaseUrl, database, close: dropDatabase } = store ?? (await createTestDatabase());
  const secrets = passingSecretBox();
  await seed(database, secrets);
  // The reply to a fault shows its code only. What was logged of it is printed with the output of the test in
  // which it happened.
  // biome-ignore lint/suspicious/noConsole: the runner knows by it which test a line belongs to
  const logger = pino({ level: "error" }, { write: (line) => console.error(line.trimEnd()) });
  const engine = await startEngine({ databaseUrl, threads: 1, shards: 4, logger });
  engine.client.setLocations([
    {
      locationId: "east",
      kind: "fulfillment_center",
      priority: 1,
      latitude: 40.7,
      longitude: -74,
      country: "US",
    },
  ]);
  await engine.client.execute(
    ["TEE-1", "MUG-1", "HOT-1"].map((sku) => ({
      type: "receive" as const,
      commandId: `stock:${sku}`,
      atMs: Date.now(),
      cause: "opening stock",
      sku,
      locationId: "east",
      quantity: 100_000,
    })),
  );
  await engine.projected();
  const dashboardFolder = mkdtempSync(join(tmpdir(), "holdfast-dashboard-"));
  dashboardFiles(dashboardFolder);
  const desk = await openDesk?.(database, secrets);
  const gateway = await startGateway({
    host: "127.0.0.1",
    port: 0,
    publicUrl: "http://shop.example",
    database,
    allocator: engine.client,
    channelAdapters,
    secrets,
    devices: deviceProtocols,
    carriers: new VendorRoster(
      "carriers",
      Object.entries(CARRIER_SECRETS).map(([account, webhookSecret]) => ({
        provider: "easypost",
        account,
        port: createEasypostCarrier({ baseUrl: "http://127.0.0.1:9", apiKey: "unused", webhookSecret }),
      })),
    ),
    // It has no webhook secret; nothing is charged here.
    payments: new VendorRoster("payments", [
      {
        provider: "stripe",
        account: "unsigned",
        port: createStripeProvider({ baseUrl: "http://127.0.0.1:9", secretKey: "unused" }),
      },
    ]),
    dashboardFolder,
    // As if a proxy on this machine were in front of it: a test says by the header where it comes from.
    trustedProxies: ["127.0.0.0/8"],
    ...(desk === undefined
      ? {}
      : {
          carriers: desk.carriers,
          payments: desk.payments,
          otherVendors: [desk.notifications],
          vendorDesk: desk,
        }),
    ...gatewayOptions,
    logger,
    readiness: async () => [{ name: "postgresql", ready: true }],
  });
  const url = `http://127.0.0.1:${gateway.port}`;
  const key = async (scopes: readonly ApiScope[], channelId?: string) =>
    (
      await createApiKey(database, {
        companyId: "acme",
        channelId: channelId ?? null,
        name: "test",
        scopes,
      })
    ).clearText;
  const adminKey = await key(["admin"]);
  const clients: StreamClient[] = [];
  return {
    url,
    database,
    engine,
    gateway,
    secrets,
    dashboardFolder,
    adminKey,
    key,
    call: async (method, path, options = {}) => {
      const response = await fetch(url + path, {
        method,
        redirect: "manual",
        headers: {
          ...(options.anonymous === true ? {} : { authorization: `Bearer ${adminKey}` }),
          ...(options.json === undefined ? {} : { "content-type": "application/json" }),
          ...options.headers,
        },
        ...(options.json === undefined ? {} : { body: JSON.stringify(options.json) }),
        ...(options.body === undefined ? {} : { body: options.body }),
      });
      const text = await response.text();
      const isJson = /[/+]json/.test(response.headers.get("content-type") ?? "");
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: isJson && text !== "" ? JSON.parse(text) : null,
      };
    },
    connect: async (options = {}) => {
      const client = await StreamClient.open(url, options.key ?? adminKey, options.subprotocol);
      clients.push(client);
      return client;
    },
    counts: async () => {
      // The read model follows the journal a moment later. It is counted once it has caught up.
      await engine.projected();
      const { rows } = await database.query<{ table: string; rows: number }>(
        `select relname as table, (xpath('/row/n/text()', query_to_xml(
             format('select count(*) as n from %I', relname), false, true, '')))[1]::text::int as rows
           from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
            and relname not in ('shard_lease', 'staff_session', 'snapshot', 'snapshot_part', 'audit_entry')
          order by relname`,
      );
      return Object.fromEntries(rows.map((row) => [row.table, row.rows]));
    },
    signShopify: (body) => createHmac("sha256", SHOPIFY_SECRET).update(body).digest("base64"),
    signCarrier: (body, account = "default") => signWebhook(Buffer.from(body), CARRIER_SECRETS[account]),
    close: async () => {
      for (const client of clients) client.socket.terminate();
      await gateway.stop();
      await engine.stop();
      await dropDatabase();
      rmSync(dashboardFolder, { recursive: true, force: true });
    },
  };
}

/** Products of `acme`, so that their stock is taken. */
export async function addProducts(database: Database, ...skus: readonly string[]): Promise<void> {
  await database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     select sku, 'acme', sku, 100, 1999, 'USD', '610910', 'PT', '00614141000012' from unnest($1::text[]) as sku
     on conflict do nothing`,
    [skus],
  );
}

/** A place of `acme` beside `east`, from which nothing is sourced as long as the engine is not told of it. */
export async function addLocation(database: Database, id: string): Promise<void> {
  await database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude)
     values ($1, 'acme', $1, 'fulfillment_center', '{"country": "US"}', 39.5, -119.8)`,
    [id],
  );
}

/** A canonical order of one line, for the channel `web`. */
export function canonicalOrder(id: string, change: Readonly<Record<string, unknown>> = {}) {
  return {
    id,
    currency: "USD",
    lines: [{ sku: "TEE-1", quantity: 1, unitPrice: "19.99" }],
    customer: { name: "Ada Lovelace", email: "ada@example.com" },
    paymentMethod: "pm_card_visa",
    shippingAddress: {
      name: "Ada Lovelace",
      line1: "1 Main Street",
      city: "New York",
      region: "NY",
      postalCode: "10001",
      country: "US",
    },
    ...change,
  };
}

/** One WebSocket connection with its inbox. */
export class StreamClient {
  readonly socket: WebSocket;
  readonly received: ServerMessage[] = [];
  closeCode: number | null = null;
  private watchers: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data, isBinary) => {
      const frame: unknown = isBinary ? packr.unpack(data as Buffer) : JSON.parse(String(data));
      this.received.push(...((Array.isArray(frame) ? frame : [frame]) as ServerMessage[]));
      this.notify();
    });
    socket.on("close", (code) => {
      this.closeCode = code;
      this.notify();
    });
    socket.on("error", () => {});
  }

  static open(url: string, key: string, subprotocol: string = SUBPROTOCOL_JSON): Promise<StreamClient> {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/stream`, subprotocol, {
      headers: { authorization: `Bearer ${key}` },
    });
    const client = new StreamClient(socket);
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(client));
      socket.once("unexpected-response", (_request, response) =>
        reject(new Error(`HTTP ${response.statusCode}`)),
      );
    });
  }

  send(...messages: readonly (ClientMessage | Readonly<Record<string, unknown>>)[]): void {
    const frame = messages.length === 1 ? messages[0] : messages;
    this.socket.send(
      this.socket.protocol === SUBPROTOCOL_MSGPACK ? packr.pack(frame) : JSON.stringify(frame),
    );
  }

  /** The first message that `wanted` accepts, received already or still to come. */
  async next<T extends ServerMessage>(wanted: (message: ServerMessage) => message is T): Promise<T>;
  async next(wanted: (message: ServerMessage) => boolean): Promise<ServerMessage>;
  async next(wanted: (message: ServerMessage) => boolean): Promise<ServerMessage> {
    await this.until(() => this.received.some(wanted));
    const found = this.received.find(wanted);
    if (found === undefined) throw new Error("unreachable");
    return found;
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into replies of many shapes
  async reply(id: string): Promise<any> {
    return this.next((message) => "re" in message && message.re === id);
  }

  async until(condition: () => boolean, timeoutMs = 20_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!condition()) {
      const left = deadline - Date.now();
      if (left <= 0) {
        throw new Error(
          `waited in vain; received ${JSON.stringify(this.received.slice(-5)).slice(0, 2_000)}`,
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.watchers.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  private notify(): void {
    for (const watcher of this.watchers.splice(0)) watcher();
  }
}

async function seed(database: Database, secrets: SecretBox): Promise<void> {
  await database.query("insert into company (id, name, currency) values ('acme', 'Acme Outfitters', 'USD')");
  await database.query(
    `insert into location (id, company_id, name, kind, address, latitude, longitude) values
       ('east', 'acme', 'East', 'fulfillment_center',
        '{"name":"East","line1":"1 Dock Road","city":"Newark","region":"NJ","postalCode":"07101","country":"US"}',
        40.7, -74)`,
  );
  await database.query(
    `insert into channel (id, company_id, name, kind, on_shortage) values
       ('web', 'acme', 'Web shop', 'holdfast', 'refuse'),
       ('shopify', 'acme', 'Shopify', 'shopify', 'hold'),
       ('closed', 'acme', 'Closed', 'holdfast', 'hold')`,
  );
  const at = new Date();
  await giveChannelSecret(database, secrets, {
    channelId: "shopify",
    clearText: SHOPIFY_SECRET,
    at,
    formerUntil: at,
  });
  await database.query("update channel set active = false where id = 'closed'");
  await database.query(
    "update channel set charged_by = 'order', pay_on_delivery = true where kind = 'holdfast'",
  );
  await database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     select sku, 'acme', name, 300, 1999, 'USD', '610910', 'PT', gtin
       from (values ('TEE-1', 'T-shirt', '00614141000012'), ('MUG-1', 'Mug', '00614141000029'),
                    ('HOT-1', 'Hot thing', '00614141000036')) as item (sku, name, gtin)`,
  );
  for (const role of STAFF_ROLES) {
    await createStaff(database, {
      id: role,
      companyId: "acme",
      email: `${role}@acme.example`,
      name: role,
      role,
      password: STAFF_PASSWORD,
    });
  }
}
