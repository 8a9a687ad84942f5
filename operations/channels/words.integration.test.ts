/**
 * What channels are told of holds and invoices: a Shopify store, which knows holds and no invoices, and a
 * WooCommerce shop, which knows invoice numbers and no holds; of orders that a marketplace ships itself, of
 * which Walmart is not told; and of invoices as Amazon's marketplaces want them, as pages or not at all. Over
 * their simulators, with the engine and PostgreSQL.
 */
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SecretBox } from "../../config/secret-box.ts";
import { createChannelDesk } from "../../integrations/channel-desk.ts";
import type { AmazonSimulator } from "../../integrations/channels/amazon/simulator/simulator.ts";
import { channelAdapters, channelVendors } from "../../integrations/channels/registry.ts";
import type { ChannelSimulator } from "../../integrations/simulator-kit/channel-simulator.ts";
import type { PlannedOrder } from "../../integrations/simulator-kit/planned-order.ts";
import { listChannelConnections, listTellings } from "../../store/channels/channel-views.ts";
import { invoicesOfOrder } from "../../store/channels/invoices.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import { sendParcel } from "../../test-support/orders/sent-parcel.ts";
import { readPdfText } from "../../test-support/pdf-text.ts";
import { plannedOrder } from "../../test-support/vendors/connection-contract.ts";
import { stockMugs } from "../../test-support/vendors/mugs.ts";
import { putHold } from "../holds/put-hold.ts";
import { releaseHold } from "../holds/release-hold.ts";
import { connectChannel } from "../settings/connect-channel.ts";
import { runChannels } from "../standing/channels.ts";

const KINDS = ["amazon", "shopify", "walmart", "woocommerce"] as const;
type Kind = (typeof KINDS)[number];
const GERMANY = "A1PA6795UKMFR9";
const UNITED_STATES = "ATVPDKIKX0DER";
const box = new SecretBox([{ id: "test", key: Buffer.alloc(32, 7) }]);
const desk = createChannelDesk({
  isProduction: false,
  simulators: { http: "", smtp: "" },
  isPlainRefused: () => false,
});
const logger = pino({ level: process.env["CHANNELS_LOG"] ?? "silent" });

let world: CaptureWorld;
let work: { stop(): Promise<void> };
const shops = new Map<Kind, ChannelSimulator>();
const accountOf = (kind: Kind) => ({
  ...shopOf(kind).account,
  ...(kind === "amazon"
    ? {
        AMAZON_MARKETPLACES: `${GERMANY},${UNITED_STATES}`,
        AMAZON_INVOICE_SELLER: "Northwind GmbH|Kai 12|20457 Hamburg|VAT DE123456789",
      }
    : {}),
  ...(kind === "walmart" ? { WALMART_NODE_TYPES: "SellerFulfilled,WFSFulfilled" } : {}),
});
const shopOf = (kind: Kind): ChannelSimulator => shops.get(kind) as ChannelSimulator;

beforeAll(async () => {
  world = await startCaptureWorld(
    ["east"],
    KINDS.map((kind) => ({ id: kind, kind })),
  );
  await stockMugs(world, 100);
  for (const kind of KINDS) {
    const vendor = channelVendors.find(({ adapter }) => adapter.kind === kind);
    const simulator = await vendor?.api?.simulator();
    if (simulator === undefined) throw new Error(`no simulator of ${kind}`);
    const shop = await simulator.start({ webhookUrl: null, webhookSecret: "none", now: Date.now, logger });
    shops.set(kind, shop);
    shop.list({ channelSku: "MUG", title: "Mug", gtin: null, quantity: 10_000 });
    const connected = await connectChannel(
      world.context,
      { desk, box },
      {
        channelId: kind,
        body: { values: accountOf(kind), pollSeconds: 2, tellsStock: false },
        by: "staff:1",
      },
    );
    expect(connected.status).toBe("done");
  }
  work = runChannels({ context: world.context, box, desk, adapters: channelAdapters }, logger);
}, 60_000);

afterAll(async () => {
  await work?.stop();
  await Promise.all([...shops.values()].map((shop) => shop.close()));
  await world?.close();
});

async function eventually(what: string, check: () => Promise<boolean> | boolean, ms = 8_000): Promise<void> {
  const until = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > until) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

async function buy(
  kind: Kind,
  number: number,
  quantity: number,
  more: Partial<PlannedOrder> = {},
): Promise<string> {
  const id = shopOf(kind).place({ ...plannedOrder(number, [["MUG", quantity]]), ...more });
  if (id === null) throw new Error("sold out");
  const orderId = `${kind}-${id}`;
  await eventually("it is here", async () => {
    const { rowCount } = await world.store.database.query("select from orders where id = $1", [orderId]);
    return rowCount === 1;
  });
  return orderId;
}

const tellings = async (orderId: string) =>
  (await listTellings(world.store.database, { orderId, limit: 20 })).items.map(({ kind, state, number }) =>
    number === null ? `${kind} ${state}` : `${kind} ${number} ${state}`,
  );

const becomes = (orderId: string, told: readonly string[]): Promise<void> =>
  eventually(
    `told: ${told.join(", ")}`,
    async () => JSON.stringify(await tellings(orderId)) === JSON.stringify(told),
  ).catch(async () => expect(await tellings(orderId)).toEqual(told));

test("what each channel can be told is known, and what it has no word for", async () => {
  await eventually("both are worked for", async () => {
    const all = await listChannelConnections(world.store.database, null);
    return all.every(({ tells }) => tells !== null);
  });
  const [atAmazon, shopify, walmart, woo] = await listChannelConnections(world.store.database, null);
  expect(atAmazon?.tells).toEqual(["acknowledge", "cancel", "invoice", "ship"]);
  expect(shopify?.tells).toEqual(["cancel", "hold", "refund", "release", "ship"]);
  expect(walmart?.tells).toEqual(["acknowledge", "cancel", "refund", "ship"]);
  expect(woo?.tells).toEqual(["cancel", "invoice", "refund", "ship"]);
});

test("an order that waits for stock is held at the channel, whoever found that out, and released once", async () => {
  const orderId = await buy("shopify", 1, 150);
  await becomes(orderId, ["hold told"]);
  await world.context.allocator.execute([
    {
      type: "receive",
      sku: "MUG",
      locationId: "east",
      quantity: 100,
      atMs: Date.now(),
      cause: "test",
      commandId: "c-2",
    },
  ]);
  const released = await releaseHold(world.context, { orderId, by: "staff:1" });
  expect(released.status).toBe("done");
  await becomes(orderId, ["release told", "hold told"]);
});

test("held for two reasons, an order is released at the channel when the last one is gone", async () => {
  const orderId = await buy("shopify", 2, 1);
  const ids: string[] = [];
  for (const reason of ["Look at the address.", "Call the customer."]) {
    const put = await putHold(world.context, { orderId, reason, by: "staff:1", key: reason });
    if (put.status !== "done") throw new Error("not held");
    ids.push(put.holdId);
  }
  await becomes(orderId, ["hold told", "hold told"]);
  const release = (holdId: string | undefined) =>
    releaseHold(world.context, { orderId, by: "staff:1", ids: [holdId ?? ""] });
  const released = (count: number) =>
    eventually("looked at", async () => {
      const told = await tellings(orderId);
      return told.filter((each) => each === "release told").length === count;
    });
  await release(ids[0]);
  await released(1);
  await release(ids[1]);
  await released(2);
  const { rows } = await world.store.database.query<{ kind: string; known: boolean }>(
    "select kind, was_known as known from channel_telling where order_id = $1 order by id",
    [orderId],
  );
  // The second hold was there already; of the releases, the one that counted is the last one.
  expect(rows.filter(({ kind }) => kind === "hold").map(({ known }) => known)).toEqual([false, true]);
  expect(rows.filter(({ kind }) => kind === "release").map(({ known }) => known)).toEqual([true, false]);
});

test("an order that the marketplace ships itself is not acknowledged, which it would refuse", async () => {
  const theirs = await buy("walmart", 11, 1, { fulfilledByChannel: true });
  const ours = await buy("walmart", 12, 1);
  await becomes(ours, ["acknowledge told"]);
  expect(await tellings(theirs)).toEqual([]);
});

test("a channel that has no word for a hold is not told of one", async () => {
  const orderId = await buy("woocommerce", 3, 1);
  await putHold(world.context, { orderId, reason: "Look at it.", by: "staff:1", key: "k" });
  const next = await buy("woocommerce", 4, 1);
  await sendParcel(world.store.database, next, 1);
  await eventually("later words are told", async () => (await tellings(next)).includes("ship told"));
  expect(await tellings(orderId)).toEqual([]);
});

test("each parcel has an invoice, numbered without a gap, and they add up to what was sold", async () => {
  const orderId = await buy("woocommerce", 5, 3, { taxPercent: 8 });
  await sendParcel(world.store.database, orderId, 1, 1);
  await eventually("the first", async () => (await tellings(orderId)).some((told) => /^invoice/.test(told)));
  await sendParcel(world.store.database, orderId, 2, 2);
  await eventually(
    "both are told",
    async () => (await tellings(orderId)).filter((told) => /^invoice INV-\d+ told$/.test(told)).length === 2,
  );
  const invoices = await invoicesOfOrder(world.store.database, orderId);
  expect(invoices.map(({ lines }) => lines.map(({ quantity }) => quantity))).toEqual([[1], [2]]);
  const [order] = (
    await world.store.database.query<{ total: number; tax: number }>(
      `select (document->'total'->>'minor')::integer as total, (document->'tax'->>'minor')::integer as tax
         from orders where id = $1`,
      [orderId],
    )
  ).rows;
  const sum = (read: (invoice: (typeof invoices)[number]) => number) =>
    invoices.reduce((total, invoice) => total + read(invoice), 0);
  expect([sum(({ totalMinor }) => totalMinor), sum(({ taxMinor }) => taxMinor)]).toEqual([
    order?.total,
    order?.tax,
  ]);
  expect(order?.tax).toBeGreaterThan(0);
  const numbers = (
    await world.store.database.query<{ number: string }>("select number from invoice order by number")
  ).rows.map(({ number }) => number);
  expect(numbers).toEqual(numbers.map((_, index) => `INV-${String(index + 1).padStart(6, "0")}`));
  // Shopify is sent parcels too, and takes no invoice: none is made, and no number is used up.
  const other = await buy("shopify", 6, 1);
  await sendParcel(world.store.database, other, 1);
  await becomes(other, ["ship told"]);
  expect((await invoicesOfOrder(world.store.database, other)).length).toBe(0);
}, 20_000);

test("Amazon gets the invoice as a page where the order's marketplace wants one, behind the parcel, and none elsewhere", async () => {
  const seller = shopOf("amazon") as AmazonSimulator;
  const numbers = async () =>
    (await world.store.database.query<{ last: string }>("select last from invoice_number")).rows[0]?.last;
  const before = await numbers();
  seller.sellAt(UNITED_STATES);
  const american = await buy("amazon", 7, 1, { taxPercent: 8 });
  await sendParcel(world.store.database, american, 1);
  await becomes(american, ["ship told", "acknowledge told"]);
  seller.sellAt(GERMANY, { byAmazon: true });
  const byAmazon = await buy("amazon", 8, 1, { taxPercent: 19 });
  await sendParcel(world.store.database, byAmazon, 1);
  await becomes(byAmazon, ["ship told", "acknowledge told"]);
  expect(await numbers()).toBe(before);

  seller.sellAt(GERMANY);
  const german = await buy("amazon", 9, 2, { taxPercent: 19 });
  await sendParcel(world.store.database, german, 2);
  await eventually(
    "all is told",
    async () => /^invoice INV-\d+ told,ship told,acknowledge told$/.test(String(await tellings(german))),
    15_000,
  );
  const [invoice] = await invoicesOfOrder(world.store.database, german);
  const uploads = [...seller.feeds.invoices.values()];
  expect(uploads).toMatchObject([
    { number: invoice?.number, total: "35.91", tax: "4.94", externalId: german.slice("amazon-".length) },
  ]);
  const { text, missing } = readPdfText(uploads[0]?.pdf ?? Buffer.alloc(0));
  expect(missing).toBe(0);
  for (const part of [
    invoice?.number ?? "?",
    "Northwind GmbH",
    "VAT DE123456789",
    "Ann Able",
    "35.91",
    "4.94",
  ])
    expect(text).toContain(part);
}, 40_000);
