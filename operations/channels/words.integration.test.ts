/**
 * What channels are told of holds and invoices: a Shopify store, which knows holds and no invoices, and a
 * WooCommerce shop, which knows invoice numbers and no holds; of orders that a marketplace ships itself, of which
 * Walmart is not told; of invoices as Amazon's marketplaces want them, as pages or not at all; and what people do
 * at eBay and Etsy, whose APIs do not. Over their simulators, with the engine and PostgreSQL.
 */
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SecretBox } from "../../config/secret-box.ts";
import { createChannelDesk } from "../../integrations/channel-desk.ts";
import type { AmazonSimulator } from "../../integrations/channels/amazon/simulator/simulator.ts";
import type { EbaySimulator } from "../../integrations/channels/ebay/simulator/simulator.ts";
import { channelAdapters, channelVendors } from "../../integrations/channels/registry.ts";
import type { ChannelSimulator } from "../../integrations/simulator-kit/channel-simulator.ts";
import type { PlannedOrder } from "../../integrations/simulator-kit/planned-order.ts";
import { listChannelConnections, listTellings } from "../../store/channels/channel-views.ts";
import { invoicesOfOrder } from "../../store/channels/invoices.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import { sendParcel } from "../../test-support/orders/sent-parcel.ts";
import { readPdfText } from "../../test-support/pdf-text.ts";
import { plannedOrder } from "../../test-support/vendors/connection-contract.ts";
import { stockMugs } from "../../test-support/vendors/mugs.ts";
import { cancelOrder } from "../change/cancel-order.ts";
import { putHold } from "../holds/put-hold.ts";
import { releaseHold } from "../holds/release-hold.ts";
import { connectChannel, tryChannel } from "../settings/connect-channel.ts";
import { runChannels } from "../standing/channels.ts";
import { sendTellingAgain } from "./settle.ts";

const KINDS = ["amazon", "ebay", "etsy", "shopify", "walmart", "woocommerce"] as const;
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
const ebayShop = (): EbaySimulator => shopOf("ebay") as EbaySimulator;
/** What each channel has not granted, as it is known before anything has worked for it. */
const sinceConnected = new Map<string, readonly string[] | null>();

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
    if (kind === "ebay") ebayShop().consentToDisputes(false);
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
  for (const { channel, shortfalls } of await listChannelConnections(world.store.database, null))
    sinceConnected.set(channel, shortfalls);
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
  const [atAmazon, ebay, etsy, shopify, walmart, woo] = await listChannelConnections(
    world.store.database,
    null,
  );
  expect(atAmazon?.tells).toEqual(["acknowledge", "cancel", "invoice", "ship"]);
  expect(ebay?.tells).toEqual(["refund", "ship"]);
  expect(etsy?.tells).toEqual(["ship"]);
  expect(shopify?.tells).toEqual(["cancel", "hold", "refund", "release", "ship"]);
  expect(walmart?.tells).toEqual(["acknowledge", "cancel", "refund", "ship"]);
  expect(woo?.tells).toEqual(["cancel", "invoice", "refund", "ship"]);
});

test("what a vendor has not granted is known with the connection itself, and said where it is tried", async () => {
  const lacks = expect.stringContaining("lacks the scope sell.payment.dispute");
  expect([...sinceConnected]).toEqual([
    ["amazon", []],
    ["ebay", [lacks]],
    ["etsy", []],
    ["shopify", []],
    ["walmart", []],
    ["woocommerce", []],
  ]);
  expect(await tryChannel(world.context, { desk, box }, "ebay", {})).toMatchObject({
    status: "done",
    works: true,
    detail: expect.stringMatching(/^eBay at EBAY_US, application [^.]+\. Payment disputes are not read.*\.$/),
  });
  const known = async () => (await listChannelConnections(world.store.database, "ebay"))[0]?.shortfalls;
  // Entered once more with it, or tried, nothing is missing any more.
  ebayShop().consentToDisputes(true);
  const again = { channelId: "ebay", body: { values: accountOf("ebay") }, by: "staff:1" };
  expect((await connectChannel(world.context, { desk, box }, again)).status).not.toBe("refused");
  expect(await known()).toEqual([]);
  for (const isGiven of [false, true]) {
    ebayShop().consentToDisputes(isGiven);
    await tryChannel(world.context, { desk, box }, "ebay", {});
    expect(await known()).toEqual(isGiven ? [] : [lacks]);
  }
});

/** A refund that the channel is to give, of 3.50. */
async function refundDue(orderId: string): Promise<void> {
  await inTransaction(world.store.database, async (client) => {
    await client.query(
      `insert into refund (id, order_id, key, reason, status, currency, asked_minor, amount_minor, channel_minor, requested_by)
       values ($1 || '-M1', $1, $1, 'appeasement', 'due_at_channel', 'USD', 350, 350, 350, 'test')`,
      [orderId],
    );
    await recordEntry(client, {
      orderId,
      key: `refund:${orderId}-M1`,
      type: "refund.due_at_channel",
      summary: "3.50 are to be refunded.",
      cause: "test",
      data: { refundId: `${orderId}-M1` },
    });
  });
}

const statusOfRefund = async (orderId: string): Promise<string | undefined> =>
  (
    await world.store.database.query<{ status: string }>("select status from refund where order_id = $1", [
      orderId,
    ])
  ).rows[0]?.status;

const told = async (orderId: string, kind: string) =>
  (await listTellings(world.store.database, { orderId, limit: 20 })).items.find((one) => one.kind === kind);

test("a refund that the vendor's API cannot give is put aside with what to do, and done once it is given there", async () => {
  const orderId = await buy("etsy", 31, 1);
  await refundDue(orderId);
  await becomes(orderId, ["refund dead"]);
  expect(await told(orderId, "refund")).toMatchObject({
    code: "by_hand",
    attempts: 1,
    problem: expect.stringMatching(/Shop Manager/),
  });
  // Told again before anybody has given it, it is put aside again.
  const again = { channelId: "etsy", id: (await told(orderId, "refund"))?.id ?? "", by: "staff:1" };
  expect(await sendTellingAgain(world.context, again)).toEqual({ status: "done" });
  await becomes(orderId, ["refund dead"]);
  expect(await statusOfRefund(orderId)).toBe("due_at_channel");
  expect(shopOf("etsy").refund(orderId.slice("etsy-".length), 350)).toBe(true);
  await becomes(orderId, ["refund told"]);
  expect(await statusOfRefund(orderId)).toBe("confirmed_by_channel");
}, 20_000);

test("a cancellation that the vendor's API cannot make is a person's, and is found made", async () => {
  const orderId = await buy("ebay", 32, 2);
  const cancelled = await cancelOrder(world.context, {
    orderId,
    lines: [{ lineId: "1", quantity: 1 }],
    reason: "out of stock",
    by: "staff:1",
    key: "k-32",
  });
  expect(cancelled.status).toBe("done");
  const stateIs = (state: string) =>
    eventually(`it is ${state}`, async () => (await told(orderId, "cancel"))?.state === state);
  await stateIs("dead");
  const aside = await told(orderId, "cancel");
  expect(aside).toMatchObject({ code: "by_hand", problem: expect.stringContaining("Seller Hub") });
  shopOf("ebay").cancel(orderId.slice("ebay-".length));
  const again = { channelId: "ebay", id: aside?.id ?? "", by: "staff:1" };
  expect(await sendTellingAgain(world.context, again)).toEqual({ status: "done" });
  await stateIs("told");
}, 20_000);

test("a refund that the channel has under way counts for nothing, holds up nothing, and is looked at by its id", async () => {
  ebayShop().settleRefunds("PENDING");
  const orderId = await buy("ebay", 33, 2);
  await refundDue(orderId);
  await eventually("it is under way", async () => (await told(orderId, "refund"))?.code === "under_way");
  const { reference, dueAt } = (await told(orderId, "refund")) ?? {};
  expect(reference).toMatch(/^\d+$/);
  expect(Date.parse(dueAt ?? "") - Date.now()).toBeGreaterThan(20_000);
  await sendParcel(world.store.database, orderId, 1);
  await becomes(orderId, ["ship told", "refund waiting"]);
  expect(await statusOfRefund(orderId)).toBe("due_at_channel");
  ebayShop().settleRefunds("REFUNDED");
  await world.store.database.query("update channel_telling set due_at = now() where order_id = $1", [
    orderId,
  ]);
  await becomes(orderId, ["ship told", "refund told"]);
  expect(await told(orderId, "refund")).toMatchObject({ reference, code: null });
  expect(await statusOfRefund(orderId)).toBe("confirmed_by_channel");
  expect(
    shopOf("ebay")
      .books()
      .find(({ externalId }) => orderId.endsWith(externalId))?.refunded.minor,
  ).toBe(350);
}, 20_000);

test("a refund that fails behind the channel's first answer is put aside, and gives nothing back", async () => {
  ebayShop().settleRefunds("PENDING");
  const orderId = await buy("ebay", 34, 1);
  await refundDue(orderId);
  await eventually("it is under way", async () => (await told(orderId, "refund"))?.code === "under_way");
  ebayShop().settleRefunds("FAILED");
  await world.store.database.query("update channel_telling set due_at = now() where order_id = $1", [
    orderId,
  ]);
  await becomes(orderId, ["refund dead"]);
  expect(await told(orderId, "refund")).toMatchObject({ code: "refund_failed" });
  expect(await statusOfRefund(orderId)).toBe("due_at_channel");
  ebayShop().settleRefunds("REFUNDED");
}, 20_000);

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
