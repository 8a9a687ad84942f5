/**
 * Webhooks out: real deliveries over HTTP to a receiver that checks signatures as Standard Webhooks says,
 * from a real database and its feed.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type {
  IssuedWebhook,
  WebhookDeliveryView,
  WebhookSubscriptionView,
} from "../contract/settings/webhooks.ts";
import { isStandardWebhook } from "../integrations/vendor-kit/webhook-signature.ts";
import { createWebhookSender } from "../integrations/webhooks/webhook-sender.ts";
import { runWebhooks } from "../operations/standing/webhooks.ts";
import { deliverWebhooks, type WebhookContext } from "../operations/webhooks/deliver.ts";
import {
  canonicalOrder,
  type GatewayWorld,
  type Reply,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";
import { eventually } from "../test-support/saga-world.ts";

type Message = {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly json: {
    readonly type: string;
    readonly timestamp: string;
    readonly data: Record<string, unknown>;
  };
};

let world: GatewayWorld;
let receiver: Server;
let url = "";
let messages: Message[] = [];
/** What the receiver answers. */
let status = 200;
/** What happens before it answers. */
let meanwhile = async (): Promise<unknown> => undefined;
let context: WebhookContext;
let nowMs = Date.now();

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      );
      messages.push({
        id: headers["webhook-id"] ?? "",
        headers,
        body,
        json: JSON.parse(body.toString("utf8")),
      });
      void meanwhile().then(() => response.writeHead(status).end());
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/holdfast`;
  const sender = createWebhookSender({ allowedNetworks: ["127.0.0.0/8"] });
  world = await startGatewayWorld(undefined, { webhookSender: sender });
  context = { database: world.database, now: () => nowMs, box: world.secrets, sender, chance: () => 0.5 };
});
afterAll(async () => {
  await world?.close();
  receiver?.closeAllConnections();
  receiver?.close();
});
beforeEach(() => {
  messages = [];
  status = 200;
  meanwhile = async () => undefined;
});

const saidOf = ({ status: code, json }: Reply) => [code, json?.code];
const post = (path: string, json: unknown = {}) =>
  world.call("POST", `/v1/webhook-subscriptions${path}`, {
    json,
    headers: { "idempotency-key": crypto.randomUUID() },
  });
const viewOf = async (id: string): Promise<WebhookSubscriptionView> =>
  (await world.call("GET", `/v1/webhook-subscriptions/${id}`)).json;
const deliveriesOf = async (id: string, state = ""): Promise<readonly WebhookDeliveryView[]> =>
  (await world.call("GET", `/v1/webhook-subscriptions/${id}/deliveries${state}`)).json.items;

let number = 0;
async function order(): Promise<string> {
  number += 1;
  const reply = await world.call("POST", "/v1/orders", {
    json: canonicalOrder(`hook-${number}`),
    headers: { "idempotency-key": `hook-${number}` },
  });
  expect(reply.status, reply.text).toBe(201);
  return reply.json.order;
}

/** Told what happens from now on. Other transactions of the server may hold the feed back for a moment. */
async function subscribed(id: string, more: object = {}): Promise<string> {
  const made: IssuedWebhook = (await post("", { id, url, ...more })).json;
  return made.secret ?? expect.fail("no secret was told");
}

/** Delivers until these are told of, or have been tried. */
const delivered = (id: string, count: number) =>
  eventually(`${count} messages to ${id}`, async () => {
    await deliverWebhooks(context, id);
    return messages.length >= count ? messages : undefined;
  });

test("what happens to orders is told in order, each message once, signed as the standard says", async () => {
  const secret = await subscribed("erp", { events: ["order.captured", "stock.*"] });
  const [first, second] = [await order(), await order()];
  const told = await delivered("erp", 2);
  const captured = told.filter(({ json }) => json.type === "order.captured");
  expect(captured.map(({ json }) => json.data["orderId"])).toEqual([first, second]);
  for (const { headers, body, json } of told) {
    expect(isStandardWebhook(headers, body, secret, nowMs)).toBe(true);
    expect(isStandardWebhook(headers, body, `whsec_${"A".repeat(43)}=`, nowMs)).toBe(false);
    expect(headers["content-type"]).toBe("application/json");
    expect(json.timestamp).toMatch(/^\d{4}-\d{2}-\d{2}T/);
  }
  await deliverWebhooks(context, "erp");
  expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
  expect(
    (await deliveriesOf("erp")).every(({ state, attempts }) => state === "delivered" && attempts === 1),
  ).toBe(true);
});

test("a message that is not taken holds up those behind it, is tried again later, and then put aside", async () => {
  await subscribed("weak", { events: ["order.captured"] });
  const [first, second] = [await order(), await order()];
  status = 503;
  await delivered("weak", 1);
  await deliverWebhooks(context, "weak");
  // Not before its time.
  expect(messages.map(({ json }) => json.data["orderId"])).toEqual([first]);
  expect(await viewOf("weak")).toMatchObject({ attempts: 1, dueAt: new Date(nowMs + 5_000).toISOString() });
  expect(await deliveriesOf("weak")).toMatchObject([{ state: "waiting", httpStatus: 503, attempts: 1 }]);
  for (let attempt = 2; attempt <= 14; attempt += 1) {
    nowMs += 5 * 3_600_000;
    await deliverWebhooks(context, "weak");
    if (attempt === 13) status = 503;
  }
  expect(new Set(messages.slice(0, 14).map(({ id }) => id)).size).toBe(1);
  expect(await viewOf("weak")).toMatchObject({ dead: 1 });
  status = 200;
  nowMs += 5 * 3_600_000;
  await deliverWebhooks(context, "weak");
  expect(messages.at(-1)?.json.data["orderId"]).toBe(second);
  const [dead] = await deliveriesOf("weak", "?state=dead");
  expect(dead).toMatchObject({ orderId: first, attempts: 14 });

  // What was put aside is sent once more when somebody says so, under its id.
  const messageId = dead?.messageId ?? "";
  expect((await post(`/weak/deliveries/${messageId}/replay`)).status).toBe(202);
  await deliverWebhooks(context, "weak");
  expect(messages.at(-1)).toMatchObject({ id: messageId, json: { data: { orderId: first } } });
  expect(await viewOf("weak")).toMatchObject({ dead: 0 });
  expect(saidOf(await post("/weak/deliveries/msg_nobody/replay"))).toEqual([404, "not_found"]);
});

test("switched off nothing is told, and on again what happened meanwhile; another channel's is never told", async () => {
  await subscribed("pausing", { events: ["order.captured"] });
  await subscribed("shopify-only", { events: ["order.captured"], channel: "shopify" });
  const { version } = await viewOf("pausing");
  const off = await world.call("PATCH", "/v1/webhook-subscriptions/pausing", {
    json: { version, active: false },
  });
  expect(off.json).toMatchObject({ active: false });
  const missed = await order();
  await deliverWebhooks(context, "pausing");
  expect(messages).toEqual([]);
  await world.call("PATCH", "/v1/webhook-subscriptions/pausing", {
    json: { version: version + 1, active: true },
  });
  const told = await delivered("pausing", 1);
  expect(told.map(({ json }) => json.data["orderId"])).toEqual([missed]);
  await deliverWebhooks(context, "shopify-only");
  expect(await deliveriesOf("shopify-only")).toEqual([]);
});

test("switched off, moved on or ended between two messages, it is sent none of those behind", async () => {
  await subscribed("stopping", { events: ["order.captured"] });
  const orders = [await order(), await order(), await order()];
  const { version } = await viewOf("stopping");
  meanwhile = () =>
    world.call("PATCH", "/v1/webhook-subscriptions/stopping", { json: { version, active: false } });
  await delivered("stopping", 1);
  expect(messages.map(({ json }) => json.data["orderId"])).toEqual(orders.slice(0, 1));

  meanwhile = async () => undefined;
  await world.call("PATCH", "/v1/webhook-subscriptions/stopping", {
    json: { version: version + 1, active: true },
  });
  await eventually("the second one is sent", async () => {
    await deliverWebhooks({ ...context, isEnding: () => messages.length > 1 }, "stopping");
    return messages.length > 1 ? true : undefined;
  });
  expect(messages.map(({ json }) => json.data["orderId"])).toEqual(orders.slice(0, 2));

  // Another process has begun to deliver, and this one does not know yet.
  const fourth = await order();
  meanwhile = () =>
    world.database.query(
      `update webhook_subscription set position_tx = feed_horizon(), position_id = 0 where id = 'stopping'`,
    );
  await delivered("stopping", 3);
  expect(messages.map(({ json }) => json.data["orderId"])).not.toContain(fourth);
});

test("where nothing has happened nothing is written", async () => {
  await subscribed("idle");
  const rowOf = async () =>
    (await world.database.query("select xmin::text from webhook_subscription where id = 'idle'")).rows;
  const before = await rowOf();
  await deliverWebhooks(context, "idle");
  expect(await rowOf()).toEqual(before);
});

test("while its secret is exchanged messages bear both signatures", async () => {
  const former = await subscribed("rotating", { events: ["order.captured"] });
  const issued: IssuedWebhook = (await post("/rotating/rotate-secret", { overlapHours: 1 })).json;
  const secret = issued.secret ?? "";
  expect(secret).toMatch(/^whsec_/);
  expect((await post("/rotating/test")).json).toEqual({ delivered: true, httpStatus: 200, problem: null });
  const check = ({ headers, body }: Message) =>
    [former, secret].map((each) => isStandardWebhook(headers, body, each, Date.now()));
  const [both] = messages;
  expect(both?.json.type).toBe("webhook.test");
  expect(both === undefined ? [] : check(both)).toEqual([true, true]);
  await post("/rotating/rotate-secret", { overlapHours: 0 });
  messages = [];
  await post("/rotating/test");
  const [later] = messages;
  expect(later === undefined ? [] : check(later)).toEqual([false, false]);
  const told = JSON.stringify([
    (await world.call("GET", "/v1/webhook-subscriptions")).json,
    (await world.call("GET", "/v1/setting-changes")).json,
    (await world.call("GET", "/v1/audit")).json,
    (await world.database.query("select * from webhook_subscription")).rows,
  ]);
  for (const each of [former, secret]) expect(told).not.toContain(each);
  status = 500;
  expect((await post("/rotating/test")).json).toMatchObject({ delivered: false, httpStatus: 500 });
});

test("addresses that only we reach are refused, and whoever is not allowed to is", async () => {
  for (const bad of ["https://10.0.0.1/x", "https://169.254.169.254/x", "https://u:p@erp.example.com/"])
    expect(saidOf(await post("", { id: "bad", url: bad }))).toEqual([422, "webhook_url_refused"]);
  expect(saidOf(await post("", { id: "erp", url }))).toEqual([409, "webhook_exists"]);
  expect(saidOf(await post("", { id: "odd", url, channel: "nowhere" }))).toEqual([404, "channel_not_found"]);
  expect(saidOf(await post("", { id: "odd", url, events: ["order captured"] }))).toEqual([
    400,
    "invalid_request",
  ]);
  expect(saidOf(await world.call("GET", "/v1/webhook-subscriptions/bad"))).toEqual([
    404,
    "webhook_subscription_not_found",
  ]);
  const signed = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: "service@acme.example", password: STAFF_PASSWORD },
  });
  const cookie = (signed.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
  const headers = { cookie, origin: world.url };
  const refused = await world.call("GET", "/v1/webhook-subscriptions", { anonymous: true, headers });
  expect(saidOf(refused)).toEqual([403, "forbidden"]);
});

test("the standing job delivers by itself, one process at a time, and the next one goes on where it was", async () => {
  await subscribed("standing", { events: ["order.captured"] });
  for (const id of ["erp", "weak", "pausing", "shopify-only", "stopping", "idle", "rotating"])
    await world.call("DELETE", `/v1/webhook-subscriptions/${id}`);
  const logger = pino({ level: "silent" });
  const live = { ...context, now: Date.now };
  const jobs = [runWebhooks(live, logger), runWebhooks(live, logger)];
  const first = await order();
  await eventually("it is told", async () => (messages.length === 1 ? true : undefined));
  await jobs[0]?.stop();
  const second = await order();
  await eventually("the other one goes on", async () => (messages.length === 2 ? true : undefined));
  await jobs[1]?.stop();
  expect(messages.map(({ json }) => json.data["orderId"])).toEqual([first, second]);
});
