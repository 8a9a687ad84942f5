/**
 * A bad day of channels of several vendors: webhooks are lost, doubled, late, an hour late, and out of order,
 * calls are refused and broken, tokens expire, and the work is stopped and begun anew. In the end the channels'
 * books and ours say the same.
 *
 * CHAOS_ORDERS makes the day longer (`npm run chaos:channels`). What a channel that floods or hangs costs the
 * others is measured by `npm run measure:channels`.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SecretBox } from "../../config/secret-box.ts";
import { Random } from "../../config/seeded-random.ts";
import { createChannelDesk } from "../../integrations/channel-desk.ts";
import { channelAdapters, channelVendors } from "../../integrations/channels/registry.ts";
import type { ChannelSimulator } from "../../integrations/simulator-kit/channel-simulator.ts";
import { NO_SERVER_FAULTS } from "../../integrations/simulator-kit/faults.ts";
import { listChannelConnections } from "../../store/channels/channel-views.ts";
import { standingCancelRequest } from "../../store/orders/orders.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import { plannedOrder } from "../../test-support/vendors/connection-contract.ts";
import { takeChannelWebhook } from "../capture/take-webhook.ts";
import { createProduct } from "../catalog/create-product.ts";
import { connectChannel } from "../settings/connect-channel.ts";
import { runChannels } from "../standing/channels.ts";
import { compareChannel } from "./settle.ts";

const ORDERS = Number(process.env["CHAOS_ORDERS"] ?? 24);
const SECRET = "the-secret-of-these-webhooks";
const box = new SecretBox([{ id: "test", key: Buffer.alloc(32, 9) }]);
const desk = createChannelDesk({
  isProduction: false,
  simulators: { http: "", smtp: "" },
  isPlainRefused: () => false,
});
const logger = pino({ level: process.env["CHANNELS_LOG"] ?? "silent" });
const KINDS = { one: "shopify", two: "woocommerce", three: "shopify" } as const;
const NAMES = ["one", "two", "three"] as const;
type Heard = {
  readonly channelId: (typeof NAMES)[number];
  readonly headers: Record<string, string>;
  readonly body: Buffer;
};
/** Every webhook that came. */
const heard: Heard[] = [];

let world: CaptureWorld;
let hooks: Server;
let work: { stop(): Promise<void> };
const shops = new Map<string, ChannelSimulator>();
const shopOf = (channel: string): ChannelSimulator => shops.get(channel) as ChannelSimulator;

beforeAll(async () => {
  world = await startCaptureWorld(
    ["east"],
    NAMES.map((id) => ({ id, kind: KINDS[id], onShortage: id === "three" ? "refuse" : "hold" })),
  );
  for (const sku of ["MUG", "POT", "TEA", "LAST"]) {
    const made = await createProduct(
      world.context,
      {
        sku,
        name: sku,
        weightGrams: 300,
        priceMinor: 1_299,
        currency: "USD",
        hsCode: "9405.41",
        originCountry: "VN",
        gtin: "80614141123458",
      },
      "staff:1",
    );
    expect(made.status).toBe("done");
    await receive(sku, sku === "LAST" ? 1 : 100_000);
  }
  hooks = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value ?? "")]),
      );
      const channelId = (request.url ?? "/").slice(1) as Heard["channelId"];
      const said = { channelId, headers, body };
      heard.push(said);
      return take(said).then(
        (isTaken) => response.writeHead(isTaken ? 200 : 401).end(),
        () => response.writeHead(500).end(),
      );
    });
  });
  await new Promise<void>((resolve) => hooks.listen(0, "127.0.0.1", resolve));
  const { port } = hooks.address() as AddressInfo;
  for (const channelId of NAMES) {
    const vendor = channelVendors.find(({ adapter }) => adapter.kind === KINDS[channelId]);
    if (vendor?.api === undefined) throw new Error(`no ${channelId}`);
    const simulator = await vendor.api.simulator();
    const shop = await simulator.start({
      webhookUrl: `http://127.0.0.1:${port}/${channelId}`,
      webhookSecret: SECRET,
      now: Date.now,
      logger: pino({ level: "silent" }),
    });
    shops.set(channelId, shop);
    for (const sku of ["MUG", "POT", "TEA", "LAST"])
      shop.list({ channelSku: sku, title: sku, gtin: null, quantity: 0 });
    const connected = await connectChannel(
      world.context,
      { desk, box },
      { channelId, body: { values: shop.account, pollSeconds: 2 }, by: "staff:1" },
    );
    expect(connected.status).toBe("done");
  }
  begin();
  for (const channel of NAMES)
    await eventually("stock is shown", () => shopOf(channel).levels().get("LAST") === 1);
}, 60_000);

/** @returns whether its signature was right */
async function take({ channelId, headers, body }: Heard): Promise<boolean> {
  const webhook = channelAdapters.get(KINDS[channelId])?.openWebhook(headers, body, SECRET) ?? null;
  if (webhook === null) return false;
  const payload = body.toString("utf8");
  await takeChannelWebhook(world.context, { channelId, webhook, body, payload, adapters: channelAdapters });
  return true;
}

afterAll(async () => {
  await work?.stop();
  await Promise.all([...shops.values()].map((shop) => shop.close()));
  hooks?.close();
  await world?.close();
});

function begin(): void {
  work = runChannels({ context: world.context, box, desk, adapters: channelAdapters }, logger);
}

async function receive(sku: string, quantity: number): Promise<void> {
  await world.context.allocator.execute([
    {
      type: "receive",
      sku,
      locationId: "east",
      quantity,
      atMs: Date.now(),
      cause: "test",
      commandId: `c-${Math.random()}`,
    },
  ]);
}

async function eventually(what: string, check: () => Promise<boolean> | boolean, ms = 15_000): Promise<void> {
  const until = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > until) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

const query = async <Row extends object>(text: string, values: unknown[] = []): Promise<readonly Row[]> =>
  (await world.store.database.query<Row>(text, values)).rows;

test("the last unit sold on three channels at once is one order, and two are told the truth", async () => {
  const ids = NAMES.map((channel) => shopOf(channel).place(plannedOrder(1, [["LAST", 1]])));
  expect(ids.every((id) => id !== null)).toBe(true);
  const rows = () =>
    query<{ channel: string; codes: string }>(
      `select o.channel_id as channel, coalesce(o.hold_reasons->0->>'code', '') as codes from orders o
         join order_line l on l.order_id = o.id where l.channel_sku = 'LAST' order by 1`,
    );
  await eventually("all have come, or were refused", async () => (await rows()).length >= 2);
  await eventually("none shows one any more", () =>
    NAMES.every((channel) => shopOf(channel).levels().get("LAST") === 0),
  );
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  const found = await rows();
  // The third channel refuses by its rule what stock does not cover: its order is none of ours, unless it won.
  expect(found.filter(({ codes }) => codes === "")).toHaveLength(1);
  for (const { codes } of found.filter((each) => each.codes !== "")) expect(codes).toBe("insufficient_stock");
  const [held] = await query<{ units: number }>(
    "select coalesce(sum(h.quantity), 0)::integer as units from order_hold h where h.sku = 'LAST'",
  );
  expect(held?.units).toBe(1);
}, 40_000);

test("after a bad day the books agree to the unit and the cent", async () => {
  const random = new Random(20_261_130);
  const storm = {
    ...NO_SERVER_FAULTS,
    throttleRate: 0.05,
    errorRate: 0.08,
    dropRequestRate: 0.05,
    dropReplyRate: 0.05,
    webhookLossRate: 0.1,
    webhookRepeatRate: 0.2,
    webhookDelayMs: 300,
  };
  const placed: { readonly channel: string; readonly id: string }[] = [];
  for (let number = 100; number < 100 + ORDERS; number += 1) {
    const channel = NAMES[random.integer(0, NAMES.length - 1)] ?? "one";
    const shop = shopOf(channel);
    shop.faults.rates = storm;
    const lines = [["MUG", 1 + random.integer(0, 2)] as const, ["POT", 1 + random.integer(0, 2)] as const];
    const id = shop.place(plannedOrder(number, lines));
    if (id === null) throw new Error("sold out");
    placed.push({ channel, id });
    const earlier = placed[random.integer(0, placed.length - 1)];
    if (earlier !== undefined) {
      const what = random.integer(0, 5);
      if (what === 0) shopOf(earlier.channel).cancel(earlier.id);
      if (what === 1) shopOf(earlier.channel).edit(earlier.id, 0, 1);
      if (what === 2) shopOf(earlier.channel).refund(earlier.id, 100);
    }
    if (number % 10 === 0) shop.expireTokens();
    if (number % 12 === 0) {
      // Ours is stopped, in whatever it was, and begun anew.
      await work.stop();
      begin();
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const shop of shops.values()) shop.faults.rates = NO_SERVER_FAULTS;
  for (const { channel, id } of placed)
    await eventually(
      "it is here",
      async () =>
        (await query("select from orders where channel_id = $1 and external_id = $2", [channel, id]))
          .length === 1,
      60_000,
    );
  // An hour late, and out of order: what said so once says it again.
  const late = heard.filter(() => random.next() < 0.3).sort(() => random.next() - 0.5);
  expect(late.length).toBeGreaterThan(0);
  for (const one of late) expect(await take(one)).toBe(true);
  for (const channelId of NAMES) await compareChannel(world.context, { channelId, days: 1, by: "staff:1" });
  await eventually(
    "compared",
    async () => (await query("select from channel_comparison where ended_at is null")).length === 0,
    60_000,
  );
  const disagreeing = async (): Promise<readonly string[]> => {
    const wrong: string[] = [];
    for (const { channel, id } of placed) {
      const theirs = shopOf(channel)
        .books()
        .find(({ externalId }) => externalId === id);
      const [ours] = await query<{ units: string; refunded: number; cancelling: boolean }>(
        `select (select string_agg((l.ordered - l.cancelled)::text, ',' order by l.line_id) from order_line l where l.order_id = o.id) as units,
                (select coalesce(sum(amount_minor), 0)::integer from channel_refund r where r.order_id = o.id) as refunded,
                (o.status = 'cancelled' or exists (select ${standingCancelRequest("o.id")})) as cancelling
           from orders o where o.channel_id = $1 and o.external_id = $2`,
        [channel, id],
      );
      const units = theirs?.lines.map((line) => line.quantity - line.cancelled).join(",");
      const isCancelled = theirs?.state === "cancelled";
      if (isCancelled !== ours?.cancelling) wrong.push(`${id}: ${theirs?.state} there`);
      else if (!isCancelled && units !== ours?.units)
        wrong.push(`${id}: ${units} there, ${ours?.units} here`);
      if (theirs?.refunded.minor !== ours?.refunded)
        wrong.push(`${id}: ${theirs?.refunded.minor} given back there, ${ours?.refunded} here`);
    }
    for (const channel of NAMES)
      for (const sku of ["MUG", "POT", "TEA"]) {
        const here = await world.context.allocator.available(sku);
        const there = shopOf(channel).levels().get(sku);
        if (here !== there) wrong.push(`${channel} shows ${there} of ${sku}, there are ${here}`);
      }
    return wrong;
  };
  let last: readonly string[] = [];
  await eventually(
    "they agree",
    async () => {
      last = await disagreeing();
      return last.length === 0;
    },
    30_000,
  ).catch(async () => {
    const said = await query<{ said: string }>(
      `select order_id || ' ' || type || ': ' || summary as said from order_event
        where order_id like any($1) order by order_id, id`,
      [last.map((each) => `%${each.split(":")[0]}`)],
    );
    expect([...last, ...said.map((each) => each.said)]).toEqual([]);
  });
  for (const one of await listChannelConnections(world.store.database, null))
    expect([one.channel, one.waiting, one.dead, one.problem]).toEqual([one.channel, 0, 0, null]);
}, 240_000);
