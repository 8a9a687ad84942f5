/**
 * Webhooks out: real deliveries over HTTP to a receiver that checks signatures as Standard Webhooks says,
 * from a real database and its feed.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Ajv2020 } from "ajv/dist/2020.js";
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
import { deliverWebhooks } from "../operations/webhooks/deliver.ts";
import { tellOfPauses } from "../operations/webhooks/tell-of-pause.ts";
import type { WebhookContext } from "../operations/webhooks/webhook-context.ts";
import { writeDeviceEvents } from "../store/floor/device-events.ts";
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
let statusOf: (message: Message) => number = () => status;
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
      const message = {
        id: headers["webhook-id"] ?? "",
        headers,
        body,
        json: JSON.parse(body.toString("utf8")),
      };
      messages.push(message);
      void meanwhile().then(() => {
        const answered = statusOf(message);
        response.writeHead(answered).end(answered < 300 ? "taken" : "no room");
      });
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/holdfast`;
  const sender = createWebhookSender({ allowedNetworks: ["127.0.0.0/8"] });
  world = await startGatewayWorld(undefined, { webhookSender: sender });
  context = {
    database: world.database,
    now: () => nowMs,
    box: world.secrets,
    sender,
    chance: () => 0.5,
    // One after the other, so that it is known who comes first.
    slots: 1,
  };
});
afterAll(async () => {
  await world?.close();
  receiver?.closeAllConnections();
  receiver?.close();
});
beforeEach(() => {
  messages = [];
  status = 200;
  statusOf = () => status;
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

test("a message that is not taken is tried again later, and holds up those of its order alone", async () => {
  await subscribed("weak", { events: ["order.*", "stock.*"], ordering: "key" });
  const [first, second] = [await order(), await order()];
  const told = (about: string) =>
    messages.filter(({ json }) => json.data["orderId"] === about).map(({ json }) => json.type);
  statusOf = ({ json }) => (json.data["orderId"] === first ? 503 : 200);
  await eventually("the second order is told of", async () => {
    await deliverWebhooks(context, "weak");
    return told(second).length >= 2 ? true : undefined;
  });
  const [begin, next] = told(second);
  expect(told(first)).toEqual([begin]);
  await deliverWebhooks(context, "weak");
  // Not before its time.
  expect(told(first)).toEqual([begin]);
  expect(await viewOf("weak")).toMatchObject({ attempts: 0, waiting: 2, dead: 0, failingSince: null });
  expect(await deliveriesOf("weak", `?state=waiting&about=${first}`)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        httpStatus: 503,
        attempts: 1,
        dueAt: new Date(nowMs + 5_000).toISOString(),
        tries: [
          {
            at: new Date(nowMs).toISOString(),
            status: 503,
            ms: expect.any(Number),
            answer: "no room",
            problem: "It answered 503.",
          },
        ],
      }),
      expect.objectContaining({ httpStatus: null, attempts: 0, dueAt: null, tries: [] }),
    ]),
  );
  statusOf = () => 200;
  nowMs += 6_000;
  await eventually("both of the first order are told", async () => {
    await deliverWebhooks(context, "weak");
    return told(first).length >= 3 ? true : undefined;
  });
  expect(told(first)).toEqual([begin, begin, next]);
  const ids = messages.filter(({ json }) => json.data["orderId"] === first).map(({ id }) => id);
  expect(ids[0]).toBe(ids[1]);
  expect(await viewOf("weak")).toMatchObject({ waiting: 0 });
});

test("a message that is not taken for three days is put aside where others are taken, and sent once more on request", async () => {
  await subscribed("picky", { events: ["order.captured"] });
  const refused = await order();
  statusOf = ({ json }) => (json.data["orderId"] === refused ? 500 : 200);
  const begun = nowMs;
  await delivered("picky", 1);
  while ((await viewOf("picky")).dead === 0) {
    expect(nowMs - begun).toBeLessThan(80 * 3_600_000);
    nowMs += 5 * 3_600_000;
    await order();
    await eventually("another one is taken", async () => {
      await deliverWebhooks(context, "picky");
      return messages.at(-1)?.json.data["orderId"] === refused ? undefined : true;
    });
  }
  expect(nowMs - begun).toBeGreaterThanOrEqual(72 * 3_600_000);
  const [dead] = await deliveriesOf("picky", "?state=dead");
  expect(dead).toMatchObject({ orderId: refused, problem: "It answered 500." });
  expect(dead?.tries.length).toBe(dead?.attempts);

  // What was put aside is sent once more when somebody says so, under its id.
  statusOf = () => 200;
  const messageId = dead?.messageId ?? "";
  expect((await post(`/picky/deliveries/${messageId}/replay`)).status).toBe(202);
  await deliverWebhooks(context, "picky");
  expect(messages.at(-1)).toMatchObject({ id: messageId, json: { data: { orderId: refused } } });
  expect(await viewOf("picky")).toMatchObject({ dead: 0 });
  expect(saidOf(await post("/picky/deliveries/msg_nobody/replay"))).toEqual([404, "not_found"]);
});

test("an endpoint that takes nothing rests, is paused after three days, and is told everything once it is on again", async () => {
  await subscribed("down", { events: ["order.captured"] });
  const orders: string[] = [];
  for (let each = 0; each < 8; each += 1) orders.push(await order());
  status = 503;
  await delivered("down", 5);
  await deliverWebhooks(context, "down");
  // Five tries were enough: the others were not sent.
  expect(messages.length).toBe(5);
  expect(await viewOf("down")).toMatchObject({ attempts: 5, failingSince: new Date(nowMs).toISOString() });
  nowMs += 6_000;
  await deliverWebhooks(context, "down");
  expect(messages.length).toBe(6);
  while ((await viewOf("down")).pausedAt === null) {
    nowMs += 7 * 3_600_000;
    await deliverWebhooks(context, "down");
  }
  const tries = messages.length;
  nowMs += 3_600_000;
  await deliverWebhooks(context, "down");
  expect(messages.length).toBe(tries);
  const paused = await viewOf("down");
  expect(paused).toMatchObject({ active: true, pauseReason: "failing", dead: 0 });

  const mails: { readonly to: string; readonly text: string }[] = [];
  const people = { mailer: { send: async (mail: (typeof mails)[number]) => void mails.push(mail) } };
  await tellOfPauses(world.database, { ...people, publicUrl: "https://oms.example" });
  await tellOfPauses(world.database, { ...people, publicUrl: "https://oms.example" });
  expect(mails.length).toBeGreaterThan(0);
  expect(new Set(mails.map(({ to }) => to)).size).toBe(mails.length);
  expect(mails[0]?.text).toContain("https://oms.example/settings?view=webhooks&webhook=down");

  status = 200;
  messages = [];
  const on = await world.call("PATCH", "/v1/webhook-subscriptions/down", {
    json: { version: paused.version, active: true },
  });
  expect(on.json).toMatchObject({ pausedAt: null, attempts: 0, failingSince: null });
  nowMs += 5 * 3_600_000;
  await delivered("down", 8);
  expect(messages.map(({ json }) => json.data["orderId"]).sort()).toEqual([...orders].sort());
});

test("an endpoint that says that it is gone is paused at once, and one that wants to be left alone is", async () => {
  await subscribed("gone", { events: ["order.captured"] });
  await subscribed("watching", { events: ["webhook_endpoint.*"] });
  const told = await order();
  status = 410;
  await delivered("gone", 1);
  expect(await viewOf("gone")).toMatchObject({ pauseReason: "gone", waiting: 1, dead: 0 });
  status = 200;
  messages = [];
  await delivered("watching", 1);
  expect(messages[0]?.json).toMatchObject({
    type: "webhook_endpoint.paused",
    data: { webhook: "gone", reason: "gone" },
  });
  const { version } = await viewOf("gone");
  await world.call("PATCH", "/v1/webhook-subscriptions/gone", { json: { version, active: true } });
  nowMs += 6_000;
  messages = [];
  await delivered("gone", 1);
  expect(messages.map(({ json }) => json.data["orderId"])).toEqual([told]);
});

test("what happens to the catalog, to places and to devices is told, each as its schema says", async () => {
  await subscribed("system", { events: ["product.*", "location.*", "device.*", "sku_mapping.*"] });
  await world.database.query("update product set price_minor = price_minor + 1 where sku = 'TEE-1'");
  // Nothing has changed.
  await world.database.query("update product set name = name where sku = 'TEE-1'");
  await world.database.query("update location set priority = priority + 1 where id = 'east'");
  await world.database.query(
    "insert into sku_mapping (channel_id, channel_sku, sku) values ('shopify', 'tee-one', 'TEE-1')",
  );
  await writeDeviceEvents(world.database, [
    { deviceId: null, kind: "bridge_reconnected", detail: "", count: 1 },
  ]);
  const told = await delivered("system", 4);
  const types = (await world.call("GET", "/v1/webhook-event-types")).json.items;
  expect(told.map(({ json }) => json.type)).toEqual([
    "product.changed",
    "location.changed",
    "sku_mapping.created",
    "device.bridge_reconnected",
  ]);
  for (const { json } of told) {
    const type = types.find((each: { readonly type: string }) => each.type === json.type);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    expect(ajv.validate(type.schema, json.data), ajv.errorsText()).toBe(true);
    expect(json).toMatchObject({ version: type.version });
  }
  expect(told[0]?.json.data).toMatchObject({ sku: "TEE-1", changed: ["price_minor"] });
});

test("a range of time is told once more under the same ids, of the types that were asked for", async () => {
  await subscribed("replayed", { events: ["order.captured", "stock.*"] });
  const from = new Date((await world.database.query("select now() as now")).rows[0].now.getTime() - 1);
  const orders = [await order(), await order()];
  await delivered("replayed", 4);
  const to = new Date((await world.database.query("select now() as now")).rows[0].now.getTime() + 1);
  await order();
  await delivered("replayed", 6);
  const first = messages.filter(
    ({ json }) => json.type === "order.captured" && orders.includes(String(json.data["orderId"])),
  );
  messages = [];
  const asked = await post("/replayed/replays", { from, to, events: ["order.*"] });
  expect([asked.status, asked.json.state, asked.json.found]).toEqual([202, "running", 0]);
  const replays = () => world.call("GET", "/v1/webhook-subscriptions/replayed/replays");
  await eventually("the replay is over", async () => {
    await deliverWebhooks(context, "replayed");
    const [replay] = (await replays()).json.items;
    return replay.state === "done" && messages.length >= 2 ? true : undefined;
  });
  await deliverWebhooks(context, "replayed");
  expect(messages.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
  expect((await replays()).json.items).toMatchObject([{ found: 2, state: "done", events: ["order.*"] }]);
  const [again] = await deliveriesOf("replayed", `?about=${first[0]?.id}`);
  expect(again?.tries.map(({ status: code }) => code)).toEqual([200, 200]);

  expect(saidOf(await post("/replayed/replays", { from: to, to: from }))).toEqual([
    422,
    "replay_range_invalid",
  ]);
  const ended = (id: string) => world.call("DELETE", `/v1/webhook-subscriptions/replayed/replays/${id}`);
  expect(saidOf(await ended(asked.json.id))).toEqual([404, "webhook_replay_not_found"]);
  expect(saidOf(await ended("x"))).toEqual([404, "webhook_replay_not_found"]);
  const other = await post("/replayed/replays", { from, to });
  expect((await ended(other.json.id)).status).toBe(200);
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
    nowMs += 6_000;
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
  expect((await post("/rotating/test")).json).toMatchObject({
    delivered: true,
    httpStatus: 200,
    answer: "taken",
  });
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
  expect((await post("/rotating/test", { type: "shipment.delivered" })).json).toMatchObject({
    delivered: true,
  });
  expect(messages.at(-1)?.json).toMatchObject({ type: "shipment.delivered", data: { channelId: "web" } });
  expect(saidOf(await post("/rotating/test", { type: "shipment.lost" }))).toEqual([
    422,
    "unknown_event_type",
  ]);
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
  await subscribed("standing", { events: ["order.captured", "stock_position.changed"] });
  for (const { id } of (await world.call("GET", "/v1/webhook-subscriptions")).json.items)
    if (id !== "standing") await world.call("DELETE", `/v1/webhook-subscriptions/${id}`);
  const logger = pino({ level: "silent" });
  const live = { ...context, now: Date.now };
  const captured = () => messages.filter(({ json }) => json.type === "order.captured");
  const jobs = [runWebhooks(live, logger), runWebhooks(live, logger)];
  const first = await order();
  await eventually("it is told", async () => (captured().length === 1 ? true : undefined));
  await eventually("it is known that stock is to be told of", async () => {
    const { rows } = await world.database.query("select cursor from webhook_stock_place");
    return rows.length === 1 ? true : undefined;
  });
  await jobs[0]?.stop();
  const second = await order();
  await eventually("the other one goes on", async () => (captured().length === 2 ? true : undefined));
  expect(captured().map(({ json }) => json.data["orderId"])).toEqual([first, second]);
  const stock = await eventually("its stock is told", async () =>
    messages.find(({ json }) => json.type === "stock_position.changed"),
  );
  expect(stock.json.data).toMatchObject({ sku: "TEE-1", locationId: "east", onHand: 100_000 });
  await jobs[1]?.stop();
});
