/** Channels' webhooks at the door: what is worth sending again, and what is not. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  CHANNEL_BUSY_RETRY_MS,
  CHANNEL_WEBHOOKS_AT_ONCE,
  CHANNEL_WEBHOOKS_WAITING,
} from "../config/limits.ts";
import { inChannelTurn } from "../operations/capture/channel-turns.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld();
});

afterAll(() => world.close());

function send(document: unknown, topic: string, signature?: string) {
  const body = typeof document === "string" ? document : JSON.stringify(document);
  return world.call("POST", "/v1/webhooks/channels/shopify/shopify", {
    body,
    anonymous: true,
    headers: {
      "content-type": "application/json",
      "x-shopify-topic": topic,
      "x-shopify-hmac-sha256": signature ?? world.signShopify(body),
    },
  });
}

test.each([
  ["another topic", { id: 1, title: "Tent" }, "products/update"],
  [
    "another document under an order's topic",
    { admin_graphql_api_id: "gid://shopify/Refund/7" },
    "orders/updated",
  ],
])("%s is answered 200 and ignored, and changes nothing", async (_, document, topic) => {
  const before = await world.counts();
  const reply = await send(document, topic);
  expect([reply.status, reply.json]).toMatchObject([
    200,
    { results: [{ order: null, outcome: "ignored", code: "not_an_order" }] },
  ]);
  expect(await world.counts()).toEqual(before);
});

test("what cannot be read is 422, and a wrong signature 401, whatever is signed", async () => {
  expect((await send("{", "orders/create")).status).toBe(422);
  expect((await send({ id: 1 }, "products/update", "AAAA")).status).toBe(401);
});

test("a channel of which too much waits is told to send again later, others are not, and then it is taken", async () => {
  const { database } = world;
  let end: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    end = resolve;
  });
  const flood = Array.from({ length: CHANNEL_WEBHOOKS_AT_ONCE + CHANNEL_WEBHOOKS_WAITING }, () =>
    inChannelTurn(database, "shopify", () => held),
  );
  const refused = await send({ id: 1, title: "Tent" }, "products/update");
  expect([refused.status, refused.json]).toMatchObject([
    429,
    { code: "caller_busy", retryAfterMs: CHANNEL_BUSY_RETRY_MS },
  ]);
  expect(refused.headers.get("retry-after")).toBe(String(CHANNEL_BUSY_RETRY_MS / 1_000));
  // Of whoever cannot sign no more is said, and nothing is remembered against the address.
  expect((await send({ id: 1 }, "products/update", "AAAA")).status).toBe(429);
  const other = await world.call("POST", "/v1/webhooks/channels/web", { json: {}, anonymous: true });
  expect(other.status).toBe(401);
  end();
  await Promise.all(flood);
  const taken = await send({ id: 1, title: "Tent" }, "products/update");
  expect(taken.status).toBe(200);
});

test("a document that is no order is refused where a caller asks to capture it", async () => {
  const reply = await world.call("POST", "/v1/orders?channel=shopify", {
    json: { admin_graphql_api_id: "gid://shopify/Refund/7" },
    headers: { "idempotency-key": "no-order" },
  });
  expect([reply.status, reply.json.code]).toEqual([422, "not_an_order"]);
});

test("our own format's new fields come through the API to the order's page", async () => {
  const reply = await world.call("POST", "/v1/orders", {
    json: {
      ...canonicalOrder("meaning"),
      lines: [
        { sku: "TEE-1", quantity: 1, unitPrice: "19.99" },
        { kind: "tip", title: "Tip", quantity: 1, unitPrice: "2.00" },
      ],
      charges: [{ kind: "fee", amount: "1.00" }],
      tags: ["vip"],
      metadata: { campaign: "autumn" },
    },
    headers: { "idempotency-key": "meaning" },
  });
  expect([reply.status, reply.json.outcome]).toEqual([201, "accepted"]);
  const { json } = await world.call("GET", "/v1/orders/web-meaning");
  expect(json).toMatchObject({
    summary: { totalMinor: 2299, holdReasons: [] },
    document: { tags: ["vip"], attributes: { campaign: "autumn" }, charges: [{ kind: "fee" }] },
    lines: [
      { kind: "goods", sku: "TEE-1" },
      { kind: "tip", sku: null, title: "Tip" },
    ],
  });
});
