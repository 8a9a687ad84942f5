/**
 * Channels whose webhooks name an order and do not send it: over the simulators' own signed webhooks and
 * APIs, with the engine and PostgreSQL. No poll helps: the channels are looked at once a day.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SecretBox } from "../../config/secret-box.ts";
import { createChannelDesk } from "../../integrations/channel-desk.ts";
import {
  type AmazonSimulator,
  amazonSimulator,
} from "../../integrations/channels/amazon/simulator/simulator.ts";
import { channelAdapters, channelVendors } from "../../integrations/channels/registry.ts";
import type { SquareSimulator } from "../../integrations/channels/square/simulator/simulator.ts";
import type { ChannelSimulator } from "../../integrations/simulator-kit/channel-simulator.ts";
import { NO_SERVER_FAULTS } from "../../integrations/simulator-kit/faults.ts";
import type { ChannelAccount } from "../../store/channels/accounts.ts";
import {
  changedOrdersDue,
  forgetChangedOrder,
  nameChangedOrder,
} from "../../store/channels/changed-orders.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import { plannedOrder } from "../../test-support/vendors/connection-contract.ts";
import { stockMugs } from "../../test-support/vendors/mugs.ts";
import { captureOrders } from "../capture/capture-order.ts";
import { takeChannelWebhook } from "../capture/take-webhook.ts";
import { connectChannel } from "../settings/connect-channel.ts";
import { runChannels } from "../standing/channels.ts";
import { readMessages } from "./read-messages.ts";

const KINDS = ["amazon", "bigcommerce", "ebay", "etsy", "square", "tiktok", "walmart"] as const;
/** Shopify sends its orders, and names those whose payment is disputed. */
const SHOPS = [...KINDS, "shopify"] as const;
const KEY = "whsec_dGhlLXNlY3JldC1vZi10aGVzZS13ZWJob29rcw==";
const box = new SecretBox([{ id: "test", key: Buffer.alloc(32, 7) }]);
const desk = createChannelDesk({
  isProduction: false,
  simulators: { http: "", smtp: "" },
  isPlainRefused: () => false,
});
const logger = pino({ level: process.env["CHANNELS_LOG"] ?? "silent" });

let world: CaptureWorld;
let hooks: Server;
let work: { stop(): Promise<void> } | null = null;
const shops = new Map<string, ChannelSimulator>();
const calls = new Map<string, number>();
const shopOf = (kind: string): ChannelSimulator => shops.get(kind) as ChannelSimulator;

/** What the vendor's webhooks are checked with, as a person enters it. */
function secretOf(kind: string, url: string): string {
  const shop = shopOf(kind);
  if (kind === "ebay") return (shop as ChannelSimulator & { readonly publicKey: string }).publicKey;
  if (kind === "square") return `${KEY}|${url}`;
  if (kind !== "tiktok") return KEY;
  return `${shop.account["TIKTOK_APP_KEY"]}:${shop.account["TIKTOK_APP_SECRET"]}`;
}

beforeAll(async () => {
  world = await startCaptureWorld(
    ["east"],
    [...SHOPS.map((kind) => ({ id: kind, kind })), { id: "queued", kind: "amazon" }],
  );
  await stockMugs(world, 1_000);
  let base = "";
  hooks = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const channelId = (request.url ?? "/").slice(1);
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value ?? "")]),
      );
      const adapter = channelAdapters.get(channelId);
      const webhook =
        adapter?.openWebhook(headers, body, secretOf(channelId, `${base}/${channelId}`)) ?? null;
      if (webhook === null) return response.writeHead(401).end();
      return takeChannelWebhook(world.context, {
        channelId,
        webhook,
        body,
        payload: body.toString("utf8"),
        adapters: channelAdapters,
      }).then(
        () => response.writeHead(200).end(),
        () => response.writeHead(500).end(),
      );
    });
  });
  await new Promise<void>((resolve) => hooks.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}`;
  for (const kind of SHOPS) {
    const vendor = channelVendors.find(({ adapter }) => adapter.kind === kind);
    const simulator = await vendor?.api?.simulator();
    if (simulator === undefined) throw new Error(`no simulator of ${kind}`);
    const shop = await simulator.start({
      webhookUrl: `${base}/${kind}`,
      webhookSecret: kind === "square" ? `${KEY}|${base}/${kind}` : KEY,
      now: Date.now,
      logger: pino({ level: "silent" }),
      onExchange: () => calls.set(kind, (calls.get(kind) ?? 0) + 1),
    });
    shops.set(kind, shop);
    shop.list({ channelSku: "MUG", title: "Mug", gtin: null, quantity: 500 });
    const connected = await connectChannel(
      world.context,
      { desk, box },
      {
        channelId: kind,
        body: { values: shop.account, pollSeconds: 86_400, tellsStock: false, tellsOrders: false },
        by: "staff:1",
      },
    );
    expect(connected.status).toBe("done");
  }
  await begin();
}, 60_000);

afterAll(async () => {
  await work?.stop();
  await Promise.all([...shops.values()].map((shop) => shop.close()));
  hooks?.close();
  await world?.close();
});

/** And their first look, and their listings, are behind them. */
async function begin(): Promise<void> {
  work = runChannels({ context: world.context, box, desk, adapters: channelAdapters }, logger);
  await eventually("all were looked at", async () => {
    const rows = await query(
      "select from channel_progress where looked_at is not null and listings_at is not null",
    );
    return rows.length >= SHOPS.length;
  });
}

async function eventually(what: string, check: () => Promise<boolean> | boolean, ms = 8_000): Promise<void> {
  const until = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > until) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const query = async <Row extends object>(text: string, values: unknown[] = []): Promise<readonly Row[]> =>
  (await world.store.database.query<Row>(text, values)).rows;

const isHere = async (kind: string, id: string): Promise<boolean> =>
  (await query("select from orders where channel_id = $1 and external_id = $2", [kind, id])).length === 1;

const waiting = async (): Promise<number> => (await query("select from channel_changed_order")).length;

const placed = (kind: string, number: number): string => {
  const id = shopOf(kind).place(plannedOrder(number, [["MUG", 1]]));
  if (id === null) throw new Error("sold out");
  return id;
};

describe("Amazon's queue", () => {
  const QUEUED = "queued";
  let seller: AmazonSimulator;

  beforeAll(async () => {
    seller = await amazonSimulator.start({
      webhookUrl: null,
      webhookSecret: "none",
      now: Date.now,
      logger: pino({ level: "silent" }),
    });
    shops.set(QUEUED, seller);
    seller.list({ channelSku: "MUG", title: "Mug", gtin: null, quantity: 500 });
    const body = { values: seller.account, pollSeconds: 86_400, tellsStock: false, tellsOrders: false };
    const connected = await connectChannel(
      world.context,
      { desk, box },
      { channelId: QUEUED, body, by: "staff:1" },
    );
    expect(connected.status).toBe("done");
  });

  const isForgotten = () => seller.queue.waiting === 0;

  test("has its orders read within seconds, each once though it is named twice", async () => {
    seller.faults.rates = { ...NO_SERVER_FAULTS, webhookRepeatRate: 1 };
    const id = placed(QUEUED, 1);
    seller.faults.rates = NO_SERVER_FAULTS;
    await eventually("it is here", () => isHere(QUEUED, id));
    await eventually("and forgotten there", isForgotten);
    await eventually("and not to be read any more", async () => (await waiting()) === 0);
  });

  test("keeps what could not be written down, and hands it out again", async () => {
    await work?.stop();
    seller.queue.endWaiting();
    const id = placed(QUEUED, 2);
    const account = { channelId: QUEUED } as ChannelAccount;
    const connection = await desk.connect("amazon", seller.account);
    const restore = () =>
      query("alter table channel_changed_order_away rename to channel_changed_order").then(() => {});
    const read = () => {
      if (connection.messages === undefined) throw new Error("the account has a queue");
      const ours = { context: world.context, account, adapters: channelAdapters };
      seller.queue.showAll();
      return readMessages(ours, connection.messages, new AbortController().signal);
    };
    await query("alter table channel_changed_order rename to channel_changed_order_away");
    await expect(read().finally(restore)).rejects.toThrow();
    expect(seller.queue.waiting).toBe(1);
    expect(await read()).toEqual({ count: 1, refused: [] });
    expect(seller.queue.waiting).toBe(0);
    // What nobody can read is forgotten as well: it would come for ever.
    seller.queue.send("not JSON");
    seller.queue.send(JSON.stringify({ NotificationType: "ANY_OFFER_CHANGED", Payload: {} }));
    expect(await read()).toMatchObject({ count: 2, refused: [{ code: "malformed_payload" }] });
    expect(seller.queue.waiting).toBe(0);
    await begin();
    await eventually("the order is here", () => isHere(QUEUED, id));
  });
});

describe.each(KINDS)("a webhook of %s", (kind) => {
  test("has its order read within seconds, and nothing is left over", async () => {
    const id = placed(kind, 1);
    await eventually("it is here", () => isHere(kind, id), 4_000);
    await eventually("and not to be read any more", async () => (await waiting()) === 0);
  });
});

test("a dispute at Shopify holds the order within seconds, and lets it go when it is won", async () => {
  const id = placed("shopify", 1);
  await eventually("it is here", () => isHere("shopify", id), 4_000);
  const standing = async () => {
    const [row] = await query<{ status: string; holds: readonly { code: string; detail: string }[] }>(
      `select status, hold_reasons as holds from orders where channel_id = 'shopify' and external_id = $1`,
      [id],
    );
    return [row?.status, ...(row?.holds ?? []).map(({ code, detail }) => `${code}: ${detail}`)].join(" ");
  };
  const says = async (status: string, expected: string) => {
    expect(shopOf("shopify").dispute?.(id, { id: "701", kind: "chargeback", status })).toBe(true);
    await expect.poll(standing, { timeout: 8_000 }).toBe(expected);
    await eventually("and not to be read any more", async () => (await waiting()) === 0);
  };
  expect(await standing()).toBe("open");
  const words = "on_hold payment_disputed: Shopify: the chargeback 701 about the payment";
  await says("needs_response", `${words} needs a response.`);
  await says("under_review", `${words} is under review by the bank.`);
  // The order's own webhook, about something else, does not have it.
  expect(shopOf("shopify").edit(id, 0, 2)).toBe(true);
  await eventually("the edit is here", async () => {
    const rows = await query("select from orders where external_id = $1 and unit_count = 2", [id]);
    return rows.length === 1;
  });
  expect(await standing()).toBe(`${words} is under review by the bank.`);
  await says("won", "open");
});

test("a dispute at Square names its payment alone, holds the order within seconds, and lets it go when it is won", async () => {
  const id = placed("square", 9);
  await eventually("it is here", () => isHere("square", id), 4_000);
  const standing = async () => {
    const [row] = await query<{ status: string; holds: readonly { code: string; detail: string }[] }>(
      `select status, hold_reasons as holds from orders where channel_id = 'square' and external_id = $1`,
      [id],
    );
    return [row?.status, ...(row?.holds ?? []).map(({ code, detail }) => `${code}: ${detail}`)].join(" ");
  };
  const says = async (state: string, expected: string) => {
    const shop = shopOf("square") as SquareSimulator;
    expect(shop.disputePayment(id, { id: "Q7mDyFu7yo1E2S5lQGGpY", state })).toBe(true);
    await expect.poll(standing, { timeout: 8_000 }).toMatch(new RegExp(expected));
    await eventually("and not to be read any more", async () => (await waiting()) === 0);
  };
  expect(await standing()).toBe("open");
  await says("EVIDENCE_REQUIRED", "on_hold payment_disputed: Square: the dispute Q7mDyFu7yo1E2S5lQGGpY");
  await says("PROCESSING", "is being decided by the bank.");
  // The order's own webhook, about something else, takes nothing away.
  expect(shopOf("square").edit(id, 0, 2)).toBe(true);
  await eventually("the edit is here", async () => {
    const rows = await query("select from orders where external_id = $1 and unit_count = 2", [id]);
    return rows.length === 1;
  });
  expect(await standing()).toMatch("on_hold payment_disputed");
  await says("WON", "^open$");
  // One of another till's payment is none of this channel's, and is left.
  const other = { id: "another-till", state: "EVIDENCE_REQUIRED", locationId: "L2HARBOUR" };
  expect((shopOf("square") as SquareSimulator).disputePayment(id, other)).toBe(true);
  await query("update channel_changed_order set attempts = 3, due_at = now()");
  await eventually("left", async () => {
    await query("update channel_changed_order set attempts = 3, due_at = now()");
    return (await waiting()) === 0;
  });
  expect(await standing()).toBe("open");
});

test("named a hundred times while the channel is away, an order is read once when it is back", async () => {
  const shop = shopOf("square");
  shop.faults.rates = { ...NO_SERVER_FAULTS, errorRate: 1 };
  const id = placed("square", 2);
  await eventually("it is named", async () => (await waiting()) === 1);
  for (let time = 0; time < 100; time += 1)
    expect(await nameChangedOrder(world.store.database, "square", id)).toBe(true);
  await eventually("it was tried", async () => {
    const [row] = await query<{ attempts: number; code: string }>(
      "select attempts, code from channel_changed_order",
    );
    return (row?.attempts ?? 0) > 0 && row?.code !== null;
  });
  expect(await isHere("square", id)).toBe(false);
  await new Promise((resolve) => setTimeout(resolve, 50));
  shop.faults.rates = NO_SERVER_FAULTS;
  const before = calls.get("square") ?? 0;
  await eventually("it is here", () => isHere("square", id), 15_000);
  await eventually("done", async () => (await waiting()) === 0);
  // The reading itself (order, disputes, catalog), and at most one more that was under way: no hundred.
  expect((calls.get("square") ?? 0) - before).toBeLessThanOrEqual(6);
});

test("what was named outlives the process, and is read by the next one", async () => {
  await work?.stop();
  const ids = KINDS.map((kind) => [kind, placed(kind, 3)] as const);
  await eventually("all are named", async () => (await waiting()) === KINDS.length);
  await begin();
  for (const [kind, id] of ids) await eventually(`the order of ${kind} is here`, () => isHere(kind, id));
  await eventually("done", async () => (await waiting()) === 0);
});

test("an order that is named again while it is read is read once more", async () => {
  const { database } = world.store;
  await work?.stop();
  await nameChangedOrder(database, "square", "order-x");
  const [first] = await changedOrdersDue(database, "square", 10);
  await nameChangedOrder(database, "square", "order-x");
  if (first === undefined) throw new Error("not named");
  await forgetChangedOrder(database, "square", first);
  expect(await changedOrdersDue(database, "square", 10)).toMatchObject([{ externalId: "order-x", named: 2 }]);
  await query("delete from channel_changed_order");
  await begin();
});

test("an order that the channel does not have is asked for a few times and left to the poll", async () => {
  await nameChangedOrder(world.store.database, "bigcommerce", "99999999");
  await eventually("tried", async () => {
    const [row] = await query<{ code: string | null }>("select code from channel_changed_order");
    return row?.code === "order_not_there";
  });
  await query("update channel_changed_order set attempts = 3, due_at = now()");
  await eventually("left", async () => (await waiting()) === 0);
  const [progress] = await query<{ problem: string | null }>(
    "select problem from channel_progress where channel_id = 'bigcommerce'",
  );
  expect(progress?.problem).toBeNull();
});

test("a channel that nobody is connected to is answered that nothing is read, and an id that is none is refused", async () => {
  await query("update channel_account set active = false where channel_id = 'bigcommerce'");
  const say = (id: string) =>
    captureOrders(world.context, {
      channelId: "bigcommerce",
      topic: null,
      payload: JSON.stringify({
        scope: "store/order/updated",
        store_id: "1",
        data: { type: "order", id },
        hash: "x",
        created_at: 1,
      }),
      adapters: channelAdapters,
      cause: "channel:bigcommerce",
    });
  expect(await say("118")).toMatchObject([
    { outcome: "ignored", detail: expect.stringContaining("where the channel is connected") },
  ]);
  expect(await waiting()).toBe(0);
  expect(await say("9".repeat(90))).toMatchObject([{ outcome: "refused", code: "invalid_order" }]);
});

test("a webhook whose order could not be written down is not acknowledged", async () => {
  const say = () =>
    captureOrders(world.context, {
      channelId: "tiktok",
      topic: null,
      payload: JSON.stringify({
        type: 1,
        shop_id: "7",
        timestamp: 1,
        data: { order_id: "576859029223086481" },
      }),
      adapters: channelAdapters,
      cause: "channel:tiktok",
    });
  await work?.stop();
  work = null;
  await query("alter table channel_changed_order rename to channel_changed_order_away");
  await expect(say()).rejects.toThrow();
  await query("alter table channel_changed_order_away rename to channel_changed_order");
  expect(await say()).toMatchObject([{ outcome: "ignored" }]);
  expect(await waiting()).toBe(1);
});
