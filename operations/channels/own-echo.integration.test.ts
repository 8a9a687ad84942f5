/**
 * What we tell a channel comes back as its webhook, at times before the channel has answered us: it is our
 * own word, and counts once. Over a simulated Shopify store whose answers are slow, with the engine and
 * PostgreSQL.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SecretBox } from "../../config/secret-box.ts";
import { createChannelDesk } from "../../integrations/channel-desk.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { shopifyAdapter } from "../../integrations/channels/shopify/adapter.ts";
import { shopifySimulator } from "../../integrations/channels/shopify/simulator/simulator.ts";
import type { ChannelSimulator } from "../../integrations/simulator-kit/channel-simulator.ts";
import { NO_SERVER_FAULTS } from "../../integrations/simulator-kit/faults.ts";
import { listTellings } from "../../store/channels/channel-views.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { type CaptureWorld, startCaptureWorld } from "../../test-support/capture-world.ts";
import { sendParcel } from "../../test-support/orders/sent-parcel.ts";
import { plannedOrder } from "../../test-support/vendors/connection-contract.ts";
import { stockMugs } from "../../test-support/vendors/mugs.ts";
import { takeChannelWebhook } from "../capture/take-webhook.ts";
import { connectChannel } from "../settings/connect-channel.ts";
import { runChannels } from "../standing/channels.ts";

const SECRET = "the-secret-of-these-webhooks";
const SLOW_MS = 1_500;
const box = new SecretBox([{ id: "test", key: Buffer.alloc(32, 7) }]);
const desk = createChannelDesk({
  isProduction: false,
  simulators: { http: "", smtp: "" },
  isPlainRefused: () => false,
});
const logger = pino({ level: process.env["CHANNELS_LOG"] ?? "silent" });

let world: CaptureWorld;
let shop: ChannelSimulator;
let hooks: Server;
let work: { stop(): Promise<void> };
let taken = 0;

beforeAll(async () => {
  world = await startCaptureWorld(["east"], [{ id: "shopify", kind: "shopify" }]);
  await stockMugs(world, 100);
  hooks = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value ?? "")]),
      );
      const webhook = shopifyAdapter.openWebhook(headers, body, SECRET);
      if (webhook === null) return response.writeHead(401).end();
      return takeChannelWebhook(world.context, {
        channelId: "shopify",
        webhook,
        body,
        payload: body.toString("utf8"),
        adapters: channelAdapters,
      }).then(
        () => {
          taken += 1;
          response.writeHead(200).end();
        },
        () => response.writeHead(500).end(),
      );
    });
  });
  await new Promise<void>((resolve) => hooks.listen(0, "127.0.0.1", resolve));
  shop = await shopifySimulator.start({
    webhookUrl: `http://127.0.0.1:${(hooks.address() as AddressInfo).port}`,
    webhookSecret: SECRET,
    now: Date.now,
    logger: pino({ level: "silent" }),
  });
  shop.list({ channelSku: "MUG", title: "Mug", gtin: null, quantity: 100 });
  const connected = await connectChannel(
    world.context,
    { desk, box },
    {
      channelId: "shopify",
      body: { values: shop.account, pollSeconds: 2, tellsStock: false },
      by: "staff:1",
    },
  );
  expect(connected.status).toBe("done");
  work = runChannels({ context: world.context, box, desk, adapters: channelAdapters }, logger);
}, 60_000);

afterAll(async () => {
  await work?.stop();
  await shop?.close();
  hooks?.close();
  await world?.close();
});

async function eventually(what: string, check: () => Promise<boolean> | boolean, ms = 20_000): Promise<void> {
  const until = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > until) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

const query = async <Row extends object>(text: string, values: unknown[] = []): Promise<readonly Row[]> =>
  (await world.store.database.query<Row>(text, values)).rows;

async function buy(number: number, quantity: number): Promise<string> {
  const id = shop.place(plannedOrder(number, [["MUG", quantity]]));
  if (id === null) throw new Error("sold out");
  await eventually("it is here", async () => {
    return (await query("select from orders where external_id = $1", [id])).length === 1;
  });
  return id;
}

/** The webhook of what is told is taken while the answer is still on its way; then some looks go by. */
async function slowly(orderId: string, kind: string): Promise<void> {
  const state = async () =>
    (await listTellings(world.store.database, { orderId, limit: 10 })).items.find((one) => one.kind === kind)
      ?.state;
  const before = taken;
  await eventually("its webhook has come", () => taken > before);
  expect(await state()).toBe("waiting");
  await eventually("it is told", async () => (await state()) === "told");
  shop.faults.rates = NO_SERVER_FAULTS;
  await new Promise((resolve) => setTimeout(resolve, 2_500));
}

test("money that goes back by our word is counted once, though the channel says so before it answers", async () => {
  const id = await buy(1, 2);
  const orderId = `shopify-${id}`;
  shop.faults.rates = { ...NO_SERVER_FAULTS, delayMs: SLOW_MS };
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
  await slowly(orderId, "refund");
  const sums = await query<{ minor: number; unmatched: number }>(
    "select amount_minor::integer as minor, unmatched_minor::integer as unmatched from channel_refund where order_id = $1",
    [orderId],
  );
  expect(sums).toEqual([{ minor: 350, unmatched: 0 }]);
  expect(await query("select status from refund where order_id = $1", [orderId])).toEqual([
    { status: "confirmed_by_channel" },
  ]);
  expect(shop.books().find(({ externalId }) => externalId === id)?.refunded.minor).toBe(350);
  expect(await query("select status, hold_reasons as holds from orders where id = $1", [orderId])).toEqual([
    { status: "open", holds: [] },
  ]);
}, 60_000);

test("a parcel that is told is ours, though the channel says that it was sent before it answers", async () => {
  const id = await buy(2, 2);
  const orderId = `shopify-${id}`;
  shop.faults.rates = { ...NO_SERVER_FAULTS, delayMs: SLOW_MS };
  await sendParcel(world.store.database, orderId, 1);
  await slowly(orderId, "ship");
  expect(shop.books().find(({ externalId }) => externalId === id)?.lines[0]?.shipped).toBe(1);
  const [line] = await query(
    "select shipped, fulfilled_elsewhere as elsewhere from order_line where order_id = $1",
    [orderId],
  );
  expect(line).toEqual({ shipped: 1, elsewhere: 0 });
  expect(await query("select hold_reasons as holds from orders where id = $1", [orderId])).toEqual([
    { holds: [] },
  ]);
}, 60_000);
