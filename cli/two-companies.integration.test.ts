/**
 * From two empty databases to an order that was shipped, and came back, in each of two companies: by the
 * command line alone, as docs/go-live.md has it, on one PostgreSQL, one Temporal and one broker.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { WaitingFulfillmentOrder } from "../contract/fulfillment.ts";
import type { IssuedKey } from "../contract/keys.ts";
import type { CaptureResult, OrderView } from "../contract/orders.ts";
import type { ReturnView } from "../contract/returns.ts";
import { type Broker, startBroker } from "../devices/mqtt/broker.ts";
import { Business } from "../test-support/business.ts";
import { jsonLines, type Outcome, provideDashboard } from "../test-support/system.ts";

const MINUTE = 60_000;
/** Some fifty processes: half a minute on a machine that has nothing else to do. */
const PATIENCE_MS = 8 * MINUTE;
const COMPANIES = [
  {
    name: "Acme Outfitters",
    prefix: "acme",
    customer: "Priya Silva",
    currency: "USD",
    price: "89.99",
    total: "187.97",
  },
  {
    name: "Bolt Retail",
    prefix: "bolt",
    customer: "Ben Okafor",
    currency: "USD",
    price: "49.99",
    total: "107.97",
  },
] as const;
type Company = (typeof COMPANIES)[number] & { business: Business; key: string };

let broker: Broker;
let companies: Company[] = [];

beforeAll(async () => {
  provideDashboard();
  broker = await startBroker({ host: "127.0.0.1", port: 0, logger: pino({ level: "silent" }) });
  companies = await Promise.all(
    COMPANIES.map(async (company) => ({
      ...company,
      business: await Business.prepare(company.prefix, `mqtt://127.0.0.1:${broker.port}`),
      key: "",
    })),
  );
}, MINUTE);
afterAll(async () => {
  await Promise.all(companies.map(({ business }) => business.destroy()));
  await broker?.stop();
}, MINUTE);

const said = (outcome: Outcome): string => `${outcome.status} ${outcome.stderr}${outcome.stdout}`;

/** Runs a command that has to go well. @returns its `--json` documents */
async function run<T>({ business, key }: Company, ...args: readonly string[]): Promise<readonly T[]> {
  const outcome = await business.command([...args, "--json"], { key });
  if (outcome.status !== 0) throw new Error(`holdfast ${args.join(" ")}: ${said(outcome)}`);
  return jsonLines<T>(outcome);
}

/** Asks a command again until it has what is waited for. */
async function until<T>(
  company: Company,
  wanted: (one: T) => boolean,
  ...args: readonly string[]
): Promise<T> {
  const deadline = Date.now() + 3 * MINUTE;
  for (;;) {
    const found = (await run<T>(company, ...args)).find(wanted);
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`holdfast ${args.join(" ")}: waited in vain`);
    // One process after the other would keep a core from what is waited for.
    await pause(300);
  }
}

async function setUp(company: Company): Promise<void> {
  const { business, name, currency } = company;
  const done = await business.command(
    [
      ...["setup", "--json", "--company", name, "--time-zone", "America/New_York", "--currency", currency],
      ...["--admin-email", "ada@example.com", "--admin-password-file", "-", "--location", "Newark"],
      ...["--address", "1 Dock Road", "--city", "Newark", "--region", "NJ", "--postal-code", "07101"],
      ...["--country", "US"],
    ],
    { input: "violet-harbour-lantern-42" },
  );
  expect(done.status, said(done)).toBe(0);
  company.key = jsonLines<{ key: { secret: string } }>(done)[0]?.key.secret ?? "";
  await business.serve();
  await business.untilReady();
}

const orderOf = ({ currency, price, total, customer }: Company) => ({
  id: "1001",
  number: "1001",
  placedAt: new Date().toISOString(),
  currency,
  lines: [{ id: "1", sku: "SKU-1", title: "Aviator sunglasses", quantity: 2, unitPrice: price }],
  shippingPrice: "7.99",
  shippingService: "Standard",
  total,
  paymentMethod: "pm_card_visa",
  shippingAddress: {
    name: customer,
    line1: "5992 Garden Court",
    city: "Austin",
    region: "TX",
    postalCode: "78704",
    country: "US",
  },
  customer: { name: customer, email: "customer@example.com" },
});

async function trade(company: Company): Promise<OrderView> {
  const { business, currency, price } = company;
  const [admin] = await run<IssuedKey>(
    company,
    "key",
    "create",
    "clerk",
    "--scope",
    "admin",
    "--expires",
    "30d",
  );
  company.key = admin?.secret ?? "";
  await run(
    company,
    ...["product", "create", "SKU-1", "--name", "Aviator sunglasses", "--weight", "100", "--price", price],
    ...["--currency", currency, "--hs-code", "900410", "--origin", "IT", "--gtin", "09521234990017"],
  );
  await run(company, "stock", "receive", "SKU-1", "newark", "20", "--id", "GR-1");
  await run(
    company,
    ...[
      "channel",
      "create",
      "--kind",
      "holdfast",
      "--id",
      "web",
      "--name",
      "Web shop",
      "--charged-by",
      "merchant",
    ],
  );
  const [shop] = await run<IssuedKey>(
    company,
    ...["key", "create", "web shop", "--scope", "orders:write", "orders:read", "--channel", "web"],
  );
  writeFileSync(join(business.folder, "order.json"), JSON.stringify(orderOf(company)));
  const [captured] = await run<CaptureResult>(
    { ...company, key: shop?.secret ?? "" },
    ...["send", "--channel", "web", "order.json"],
  );
  expect(captured).toMatchObject({ order: "web-1001", outcome: "accepted" });

  const part = await until<WaitingFulfillmentOrder>(
    company,
    ({ orderId, stage }) => orderId === "web-1001" && stage === "waiting",
    ...["fulfillment", "list", "--location", "newark", "--people"],
  );
  await run(company, "fulfillment", "pack", part.id);
  const watched = await business.command(["order", "web-1001", "--watch"], { key: company.key });
  expect(watched.status, said(watched)).toBe(0);
  expect(watched.stdout).toContain("Completed.");
  const [order] = await run<OrderView>(company, "order", "web-1001");
  if (order === undefined) throw new Error("no order");
  return order;
}

async function takeBack(company: Company): Promise<ReturnView> {
  const [asked] = await run<ReturnView>(
    company,
    ...["return", "create", "web-1001", "--line", "1=1", "--reason", "changed_mind"],
  );
  const id = asked?.id ?? "";
  const show = ["return", "show", id] as const;
  const decided = await until<ReturnView>(
    company,
    ({ status, waitsForPerson }) => status !== "requested" || waitsForPerson,
    ...show,
  );
  if (decided.waitsForPerson) await run(company, "return", "approve", id);
  await run(company, "return", "receive", id);
  await run(company, "return", "inspect", id, "--line", "1=restocked");
  return until<ReturnView>(company, ({ status }) => status === "refunded", ...show);
}

test(
  "two companies are set up, sell, ship and take back, by commands alone, with the same names for everything",
  async () => {
    await Promise.all(companies.map(setUp));
    const orders = await Promise.all(companies.map(trade));
    for (const [index, { summary, lines, shipments }] of orders.entries()) {
      expect(summary).toMatchObject({
        id: "web-1001",
        status: "completed",
        customerName: COMPANIES[index]?.customer,
      });
      expect(lines).toMatchObject([{ ordered: 2, shipped: 2, delivered: 2 }]);
      expect(shipments).toMatchObject([{ trackingStatus: "delivered" }]);
    }
    expect((await Promise.all(companies.map(takeBack))).map(({ status }) => status)).toEqual([
      "refunded",
      "refunded",
    ]);
    for (const company of companies) {
      const [stock] = await run<{ onHand: number }>(company, "stock", "show", "SKU-1");
      expect(stock?.onHand).toBe(19);
      const audit = await company.business.command(["audit-orders"], { key: company.key });
      expect(audit.status, said(audit)).toBe(0);
    }
  },
  PATIENCE_MS,
);

test("the key of the one is unknown at the other, by whatever command", {
  timeout: PATIENCE_MS,
}, async () => {
  const [acme, bolt] = companies;
  if (acme === undefined || bolt === undefined) throw new Error("two companies");
  for (const args of [
    ["order", "web-1001"],
    ["stock", "receive", "SKU-1", "newark", "5"],
    ["staff", "list"],
    ["company", "show"],
  ]) {
    const outcome = await bolt.business.command(args, { key: acme.key });
    expect([args, outcome.status, outcome.stderr]).toEqual([
      args,
      1,
      expect.stringContaining("unauthenticated"),
    ]);
  }
});

test(
  "a company that is given another one's namespace, or prefix, is refused in plain words, and the other goes on",
  async () => {
    const [acme] = companies;
    if (acme === undefined) throw new Error("two companies");
    const mqttUrl = `mqtt://127.0.0.1:${broker.port}`;
    for (const [prefix, settings, code, words] of [
      ["acme", {}, "broker_taken", "has devices of another company: Acme Outfitters"],
      [
        "third",
        acme.business.temporal,
        "saga_namespace_taken",
        "belongs to another company: Acme Outfitters",
      ],
    ] as const) {
      const third = await Business.prepare(prefix, mqttUrl, settings);
      try {
        await setUp({ ...COMPANIES[0], name: "Acme Outfitters" as const, business: third, key: "" }).catch(
          () => {},
        );
        expect([code, await third.ended()]).toEqual([code, 1]);
        expect(third.said).toContain(words);
      } finally {
        await third.destroy();
      }
    }
    expect((await fetch(`${acme.business.url}/readyz`)).status).toBe(200);
  },
  PATIENCE_MS,
);
