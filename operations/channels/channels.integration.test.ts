/**
 * A channel that is connected, both ways: over its API's simulator, with the engine and PostgreSQL. What the
 * floor does is written here as it writes it: an order's saga is another file's.
 */
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SecretBox } from "../../config/secret-box.ts";
import { createChannelDesk } from "../../integrations/channel-desk.ts";
import { channelAdapters, channelVendors } from "../../integrations/channels/registry.ts";
import type { ChannelSimulator } from "../../integrations/simulator-kit/channel-simulator.ts";
import { NO_SERVER_FAULTS } from "../../integrations/simulator-kit/faults.ts";
import type { ChannelVendor } from "../../integrations/vendor.ts";
import type { ChannelConnection } from "../../ports/channel-connection.ts";
import { listChannelConnections, listDifferences, listTellings } from "../../store/channels/channel-views.ts";
import { type FeedEntry, readFeed, readFeedOfChannel } from "../../store/orders/feed.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { compareFeedCursors, type FeedCursor } from "../../store/sql/feed-cursor.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import { sendParcel } from "../../test-support/orders/sent-parcel.ts";
import { plannedOrder } from "../../test-support/vendors/connection-contract.ts";
import { createProduct } from "../catalog/create-product.ts";
import { mapListing } from "../catalog/map-listing.ts";
import { connectChannel, disconnectChannel } from "../settings/connect-channel.ts";
import { runChannels } from "../standing/channels.ts";
import { askForBackfill, compareChannel, dropOneTelling, sendTellingAgain } from "./settle.ts";

const box = new SecretBox([{ id: "test", key: Buffer.alloc(32, 7) }]);
const context = { isProduction: false, simulators: { http: "", smtp: "" }, isPlainRefused: () => false };
const logger = pino({ level: process.env["CHANNELS_LOG"] ?? "silent" });

let world: CaptureWorld;
let shop: ChannelSimulator;
let work: { stop(): Promise<void> };

/** A vendor whose API never answers. */
const hanging: ChannelVendor = {
  adapter: { ...(channelAdapters.get("holdfast") as ChannelVendor["adapter"]), kind: "hanging" },
  sampleOrders: () => Promise.reject(new Error("none")),
  api: {
    variables: [],
    connect: async () => {
      const never = () => new Promise<never>(() => {});
      return {
        limits: { concurrency: 2, perSecond: 10, burst: 10, stockBatch: 10 },
        tells: new Set(["ship"]),
        tryConnection: async () => ({ works: true, detail: "" }),
        readOrders: never,
        readOrder: never,
        readOrderStates: never,
        tell: never,
        tellStock: never,
        readListings: never,
      } as ChannelConnection;
    },
    simulator: () => Promise.reject(new Error("none")),
  },
};

function apiOf(vendor: ChannelVendor | undefined): NonNullable<ChannelVendor["api"]> {
  if (vendor?.api === undefined) throw new Error("no API");
  return vendor.api;
}

const desk = createChannelDesk(context, [...channelVendors, hanging]);

beforeAll(async () => {
  world = await startCaptureWorld(
    ["east", "west"],
    [
      { id: "shopify", kind: "shopify" },
      { id: "hanging", kind: "hanging" },
    ],
  );
  const shopify = channelVendors.find(({ adapter }) => adapter.kind === "shopify");
  shop = await (await apiOf(shopify).simulator()).start({
    webhookUrl: null,
    webhookSecret: "none",
    now: Date.now,
    logger,
  });
  for (const [sku, gtin, units] of [
    ["MUG", "80614141123458", 20],
    ["POT", "80614141999992", 9],
    ["TEA", "80614141000018", 30],
  ] as const) {
    await product(sku, gtin);
    await receive(sku, "east", units);
    shop.list({ channelSku: sku, title: `The ${sku}`, gtin, quantity: 0 });
  }
  shop.list({ channelSku: "THEIR-POT", title: "Pot, as they call it", gtin: "80614141999992", quantity: 0 });
  shop.list({ channelSku: "TEA-6", title: "Six teas", gtin: null, quantity: 0 });
  work = runChannels({ context: world.context, box, desk, adapters: channelAdapters }, logger);
}, 60_000);

afterAll(async () => {
  await work?.stop();
  await shop?.close();
  await world?.close();
});

async function product(sku: string, gtin: string): Promise<void> {
  const made = await createProduct(
    world.context,
    {
      sku,
      name: `Product ${sku}`,
      weightGrams: 400,
      priceMinor: 1_299,
      currency: "USD",
      hsCode: "9405.41",
      originCountry: "VN",
      gtin,
    },
    "staff:1",
  );
  expect(made.status).toBe("done");
}

async function receive(sku: string, locationId: string, quantity: number): Promise<void> {
  const command = { type: "receive", sku, locationId, quantity, atMs: Date.now(), cause: "test" } as const;
  await world.context.allocator.execute([{ ...command, commandId: `c-${Math.random()}` }]);
}

async function eventually(what: string, check: () => Promise<boolean> | boolean, ms = 8_000): Promise<void> {
  const until = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > until) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

const query = async <Row extends object>(text: string, values: unknown[] = []): Promise<readonly Row[]> =>
  (await world.store.database.query<Row>(text, values)).rows;

async function buy(number: number, lines: readonly (readonly [string, number])[]): Promise<string> {
  const id = shop.place(plannedOrder(number, lines));
  if (id === null) throw new Error("sold out");
  await eventually(`order ${number} is here`, async () => {
    const rows = await query("select from orders where external_id = $1", [id]);
    return rows.length === 1;
  });
  return id;
}

const inBooks = (id: string) => {
  const found = shop.books().find(({ externalId }) => externalId === id);
  if (found === undefined) throw new Error("not in the books");
  return found;
};

const send = (id: string, quantity: number, parcel = 1): Promise<string> =>
  sendParcel(world.store.database, `shopify-${id}`, quantity, parcel);

test("a channel is connected with what reaches it, and not with what does not", async () => {
  const wrong = await connectChannel(
    world.context,
    { desk, box },
    {
      channelId: "shopify",
      body: { values: { ...shop.account, SHOPIFY_CLIENT_SECRET: "not-the-secret-0123456789" } },
      by: "staff:1",
    },
  );
  expect(wrong).toMatchObject({ status: "refused", code: "channel_account_not_working" });
  expect(JSON.stringify(wrong)).not.toContain("not-the-secret");
  const connected = await connectChannel(
    world.context,
    { desk, box },
    {
      channelId: "shopify",
      body: { values: shop.account, pollSeconds: 2, bufferPercent: 0 },
      by: "staff:1",
    },
  );
  expect(connected).toMatchObject({ status: "done" });
  const [row] = await query<{ settings: object; sealed: string }>(
    "select settings, sealed from channel_account where channel_id = 'shopify'",
  );
  expect(JSON.stringify(row?.settings)).not.toContain("shpss_");
  expect(row?.sealed).not.toContain("shpss_");
});

test("its listings are read, what is certain is mapped, and each shows what may be sold", async () => {
  await eventually("stock is told", () => shop.levels().get("MUG") === 20);
  await eventually("by the GTIN", () => shop.levels().get("THEIR-POT") === 9);
  expect(Object.fromEntries(shop.levels())).toMatchObject({ MUG: 20, POT: 9, TEA: 30, "TEA-6": 0 });
  const mapped = await mapListing(world.context, {
    channelId: "shopify",
    body: { channelSku: "TEA-6", components: [{ sku: "TEA", quantity: 6 }] },
    by: "staff:1",
  });
  expect(mapped).toMatchObject({ status: "done", sku: "TEAx6" });
  await eventually("six of them are one", () => shop.levels().get("TEA-6") === 5);
});

test("an order without a webhook is here by the next look, and its stock is told within two seconds", async () => {
  const id = await buy(1, [["MUG", 3]]);
  const at = Date.now();
  await eventually("the rest is shown", () => shop.levels().get("MUG") === 17);
  expect(Date.now() - at).toBeLessThan(2_000);
  await buy(2, [["TEA-6", 1]]);
  await eventually("a kit takes its components", () => shop.levels().get("TEA") === 24);
  await eventually("and all listings of them", () => shop.levels().get("TEA-6") === 4);
  expect(inBooks(id).state).toBe("open");
});

test("what left is told once, with its number, also where the first answer was lost", async () => {
  const id = await buy(3, [["MUG", 2]]);
  shop.faults.nextWrite = "reply-lost";
  await send(id, 1);
  await eventually("one unit is sent", () => inBooks(id).lines[0]?.shipped === 1);
  await send(id, 1, 2);
  await eventually("both are", () => inBooks(id).lines[0]?.shipped === 2);
  await eventually("written down", async () => {
    const { items } = await listTellings(world.store.database, { orderId: `shopify-${id}`, limit: 10 });
    return items.length === 2 && items.every(({ state }) => state === "told");
  });
  expect(inBooks(id).lines[0]?.shipped).toBe(2);
  // What the channel says of it afterwards is what we know.
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  const [order] = await query<{ hold: unknown; elsewhere: number }>(
    `select hold_reasons as hold, (select sum(fulfilled_elsewhere)::integer from order_line where order_id = o.id) as elsewhere
       from orders o where external_id = $1`,
    [id],
  );
  expect(order).toEqual({ hold: [], elsewhere: 0 });
});

test("money that the channel has goes back there, and is confirmed by its own number", async () => {
  const id = await buy(4, [["POT", 1]]);
  const orderId = `shopify-${id}`;
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
  await eventually("given back", () => inBooks(id).refunded.minor === 350);
  await eventually("confirmed", async () => {
    const [refund] = await query<{ status: string }>("select status from refund where order_id = $1", [
      orderId,
    ]);
    return refund?.status === "confirmed_by_channel";
  });
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  const [sum] = await query<{ minor: number; unmatched: number }>(
    "select sum(amount_minor)::integer as minor, sum(unmatched_minor)::integer as unmatched from channel_refund where order_id = $1",
    [orderId],
  );
  expect(sum).toEqual({ minor: 350, unmatched: 0 });
});

test("what the channel will not take waits for a person, who sends it again or drops it", async () => {
  const id = await buy(5, [["MUG", 1]]);
  const other = await buy(6, [["MUG", 1]]);
  shop.cancel(id);
  await send(id, 1);
  await send(other, 1);
  await eventually("another order goes on", () => inBooks(other).lines[0]?.shipped === 1);
  const find = async () =>
    (await listTellings(world.store.database, { orderId: `shopify-${id}`, limit: 10 })).items.find(
      ({ kind }) => kind === "ship",
    );
  await eventually("it is put aside", async () => (await find())?.state === "dead");
  const dead = await find();
  expect(dead).toMatchObject({ code: "order_cancelled", attempts: 1 });
  const request = { channelId: "shopify", id: dead?.id ?? "", by: "staff:1" };
  expect(await sendTellingAgain(world.context, request)).toEqual({ status: "done" });
  await eventually("refused once more", async () => (await find())?.state === "dead");
  expect(await dropOneTelling(world.context, { ...request, reason: "It came back." })).toEqual({
    status: "done",
  });
  expect(await find()).toMatchObject({ state: "dropped", reason: "It came back." });
  expect(await sendTellingAgain(world.context, { ...request, id: "999999" })).toMatchObject({
    code: "telling_not_found",
    status: "refused",
    detail: expect.any(String),
  });
});

test("a storm of refusals and faults passes, and everything has arrived once", async () => {
  shop.faults.rates = {
    ...NO_SERVER_FAULTS,
    throttleRate: 0.1,
    errorRate: 0.1,
    dropRequestRate: 0.1,
    dropReplyRate: 0.1,
  };
  const placed: string[] = [];
  for (let number = 10; number < 20; number += 1) {
    const id = shop.place(plannedOrder(number, [["TEA", 1]]));
    if (id !== null) placed.push(id);
  }
  shop.expireTokens();
  for (const id of placed)
    await eventually(
      "it is here",
      async () => (await query("select from orders where external_id = $1", [id])).length === 1,
      30_000,
    );
  for (const id of placed) await send(id, 1);
  shop.faults.rates = { ...shop.faults.rates, errorRate: 0.05, dropRequestRate: 0.05, throttleRate: 0.05 };
  await eventually("all are sent", () => placed.every((id) => inBooks(id).lines[0]?.shipped === 1), 40_000);
  shop.faults.rates = NO_SERVER_FAULTS;
  await eventually("and counted", () => shop.levels().get("TEA") === 14, 20_000);
  await eventually(
    "nothing waits",
    async () => (await listChannelConnections(world.store.database, "shopify"))[0]?.waiting === 0,
    20_000,
  );
}, 120_000);

test("a channel that never answers keeps nobody waiting", async () => {
  const connected = await connectChannel(
    world.context,
    { desk, box },
    {
      channelId: "hanging",
      body: { values: {}, pollSeconds: 2 },
      by: "staff:1",
    },
  );
  expect(connected).toMatchObject({ status: "done" });
  const id = await buy(30, [["MUG", 1]]);
  const at = Date.now();
  await send(id, 1);
  await eventually("told", () => inBooks(id).lines[0]?.shipped === 1);
  expect(Date.now() - at).toBeLessThan(3_000);
  // It is taken away while it hangs, and the others go on meanwhile.
  await disconnectChannel(world.context, { desk, box }, "hanging", "staff:1");
  const next = await buy(31, [["MUG", 1]]);
  expect(inBooks(next).state).toBe("open");
}, 30_000);

test("a comparison finds what differs, repairs what a rule can, and leaves the rest to people", async () => {
  const id = await buy(40, [["POT", 2]]);
  // Somebody sends one of them there, and somebody counts the mugs by hand.
  shop.list({ channelSku: "MUG", title: "The MUG", gtin: "80614141123458", quantity: 99 });
  await query(
    "update channel_listing set told_at = now() - interval '1 hour', wanted_at = now() - interval '1 hour'",
  );
  shop.refund(id, 120);
  const compare = async () => {
    const asked = await compareChannel(world.context, { channelId: "shopify", days: 1, by: "staff:1" });
    if (asked.status === "refused") throw new Error(asked.detail);
    await eventually(
      "it ends",
      async () =>
        (await query("select from channel_comparison where id = $1 and ended_at is not null", [asked.id]))
          .length === 1,
      20_000,
    );
  };
  await compare();
  const { items } = await listDifferences(world.store.database, { channelId: "shopify", limit: 50 });
  expect(items.find(({ subject }) => subject === "MUG")).toMatchObject({
    kind: "stock",
    theirs: "99",
    cause: "drift",
  });
  await eventually("the count is put right", () => shop.levels().get("MUG") !== 99);
  await query(
    "update channel_listing set told_at = now() - interval '1 hour', wanted_at = now() - interval '1 hour'",
  );
  await compare();
  const after = await listDifferences(world.store.database, { channelId: "shopify", limit: 50 });
  expect(
    after.items.filter(({ subject }) => subject === "MUG" || subject === id).map(({ state }) => state),
  ).not.toContain("raised");
}, 60_000);

test("orders from before it was connected come by a backfill, each once", async () => {
  const asked = await askForBackfill(world.context, {
    channelId: "shopify",
    since: new Date(Date.now() - 86_400_000).toISOString(),
    until: undefined,
    by: "staff:1",
  });
  expect(asked.status).toBe("done");
  const before = (await query("select from orders")).length;
  await eventually(
    "it ends",
    async () => (await query("select from channel_backfill where ended_at is null")).length === 0,
  );
  expect((await query("select from orders")).length).toBe(before);
  const [row] = await query<{ orders: number; refused: number }>(
    "select orders, refused from channel_backfill",
  );
  expect(row?.orders).toBeGreaterThan(15);
  // The one that was cancelled there after it had left here.
  expect(row?.refused).toBe(1);
});

test("what a channel heeds of the feed is the same, however it is cut into pages", async () => {
  const { database } = world.store;
  const start = { transaction: 0n, id: 0n };
  const whole = await readFeed(database, start, { limit: 100_000 });
  const types = ["order.captured", "shipment.shipped"];
  const heeded = whole.entries.filter(
    ({ channelId, type }) => channelId === "shopify" && (types.includes(type) || type.startsWith("stock.")),
  );
  expect(heeded.length).toBeGreaterThan(10);
  expect(heeded.length).toBeLessThan(whole.entries.length);
  const wanted = { channelId: "shopify", types, prefix: "stock.", limit: 7 };
  const found: FeedEntry[] = [];
  let [after, passed] = [start, 0] as [FeedCursor, number];
  for (;;) {
    const page = await readFeedOfChannel(database, after, wanted);
    found.push(...page.entries);
    passed += page.passed;
    after = page.cursor;
    if (!page.more) break;
  }
  expect(found).toEqual(heeded);
  expect(passed).toBe(whole.entries.length);
  // The end of the feed moves on by itself.
  expect(compareFeedCursors(after, whole.cursor)).toBeGreaterThanOrEqual(0);
  const none = await readFeedOfChannel(database, start, { ...wanted, channelId: "nobody", limit: 100_000 });
  expect(none).toMatchObject({ entries: [], more: false, passed });
});
