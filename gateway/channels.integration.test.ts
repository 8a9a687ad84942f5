/**
 * Channels over REST: made, changed, switched off, their secrets exchanged; who charges is the channel's
 * setting; and webhooks that come again.
 */
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChannelDetail, IssuedChannel } from "../contract/channels.ts";
import { signStandardWebhook } from "../integrations/vendor-kit/webhook-signature.ts";
import { followSettings } from "../operations/standing/follow-settings.ts";
import { catalogOf } from "../store/catalog/catalog.ts";
import { forgetChannelWebhooks } from "../store/orders/channel-webhooks.ts";
import { openDatabase } from "../store/sql/database.ts";
import { canonicalOrder, type GatewayWorld, type Reply, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;
beforeAll(async () => {
  world = await startGatewayWorld();
});
afterAll(() => world.close());

const saidOf = ({ status, json }: Reply) => [status, json.code];
const withKey = (key: string = crypto.randomUUID()) => ({ "idempotency-key": key });

async function create(body: Readonly<Record<string, unknown>>, key?: string): Promise<Reply> {
  return world.call("POST", "/v1/channels", { json: body, headers: withKey(key) });
}

async function issued(
  body: Readonly<Record<string, unknown>>,
): Promise<IssuedChannel & { readonly secret: string }> {
  const reply = await create(body);
  expect(reply.status, reply.text).toBe(201);
  return reply.json;
}

const act = (id: string, action: string, json: object = {}): Promise<Reply> =>
  world.call("POST", `/v1/channels/${id}/${action}`, { json, headers: withKey() });

const show = async (id: string): Promise<ChannelDetail> =>
  (await world.call("GET", `/v1/channels/${id}`)).json;

/** A signed webhook of our own format, which signs its id too. */
function tell(channel: string, secret: string, body: string, topic = "order.created"): Promise<Reply> {
  return world.call("POST", `/v1/webhooks/channels/holdfast/${channel}`, {
    anonymous: true,
    body,
    headers: { ...signStandardWebhook(body, secret), "webhook-topic": topic },
  });
}

const tellShopify = (body: string, topic: string, webhookId: string): Promise<Reply> =>
  world.call("POST", "/v1/webhooks/channels/shopify/shopify", {
    anonymous: true,
    body,
    headers: {
      "x-shopify-topic": topic,
      "x-shopify-webhook-id": webhookId,
      "x-shopify-hmac-sha256": world.signShopify(body),
    },
  });

function shopifyOrder(id: number, change: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    id,
    admin_graphql_api_id: `gid://shopify/Order/${id}`,
    name: `#${id}`,
    currency: "USD",
    financial_status: "paid",
    total_price: "19.99",
    created_at: "2026-11-20T10:00:00Z",
    updated_at: "2026-11-20T10:00:00Z",
    line_items: [{ id: id * 10, sku: "TEE-1", title: "Tee", quantity: 1, price: "19.99" }],
    customer: { first_name: "Ada", last_name: "Lovelace" },
    shipping_address: {
      name: "Ada Lovelace",
      address1: "1 Main Street",
      city: "New York",
      province_code: "NY",
      zip: "10001",
      country_code: "US",
    },
    ...change,
  });
}

const order = (id: string, change: Readonly<Record<string, unknown>> = {}) =>
  JSON.stringify(canonicalOrder(id, change));

const rowsOf = async (table: string, where: string, value: string): Promise<number> =>
  (await world.database.query(`select from ${table} where ${where} = $1`, [value])).rowCount ?? 0;

describe("a channel that is made", () => {
  test("takes signed webhooks at its address at once, with what is usual for its kind", async () => {
    const { channel, secret } = await issued({ id: "fresh", kind: "holdfast", name: "Fresh shop" });
    expect(channel).toMatchObject({
      id: "fresh",
      name: "Fresh shop",
      active: true,
      chargedBy: "merchant",
      onShortage: "refuse",
      webhook: {
        url: "http://shop.example/v1/webhooks/channels/holdfast/fresh",
        secrets: [{ countsUntil: null }],
      },
    });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const reply = await tell("fresh", secret, order("1"));
    expect(reply.json).toMatchObject({
      repeated: false,
      results: [{ order: "fresh-1", outcome: "accepted" }],
    });
    const market = await issued({ id: "market", kind: "amazon" });
    expect(market.channel).toMatchObject({ name: "market", chargedBy: "channel", onShortage: "hold" });
  });

  test("shows its secret once: not to a repeat, not in the database, not in the list of changes", async () => {
    const key = crypto.randomUUID();
    const first = await create({ id: "once", kind: "shopify" }, key);
    const again = await create({ id: "once", kind: "shopify" }, key);
    expect([again.status, again.json.channel.id, again.json.secret]).toEqual([201, "once", null]);
    const { secret } = first.json;
    const { rows } = await world.database.query<{ text: string }>(
      `select string_agg(t::text, ' ') as text from (
         select to_jsonb(c) as t from channel c union all select to_jsonb(s) from channel_secret s
         union all select to_jsonb(x) from setting_change x union all select to_jsonb(k) from idempotency_key k) as all_rows`,
    );
    expect(rows[0]?.text).toContain("v1.passing.");
    expect(rows[0]?.text).not.toContain(secret);
    expect(rows[0]?.text).not.toContain(secret.replace("whsec_", ""));
    const { json } = await world.call("GET", "/v1/setting-changes");
    expect(json.items[0]).toMatchObject({
      subject: "channel:once",
      changes: expect.arrayContaining([{ field: "kind", from: null, to: "shopify" }]),
    });
  });

  test("may bring the secret that its platform made, which is never shown", async () => {
    const given = "made-by-the-platform-0123456789";
    const { channel, secret } = await issued({ id: "brought", kind: "shopify", secret: given });
    expect([channel.webhook.secrets.length, secret]).toEqual([1, null]);
    const body = shopifyOrder(71);
    const reply = await world.call("POST", "/v1/webhooks/channels/shopify/brought", {
      anonymous: true,
      body,
      headers: {
        "x-shopify-topic": "orders/create",
        "x-shopify-hmac-sha256": createHmac("sha256", given).update(body).digest("base64"),
      },
    });
    expect(reply.json.results).toMatchObject([{ order: "brought-71", outcome: "accepted" }]);
  });

  test("is refused by name where it cannot be, and nothing is there of it", async () => {
    const before = { ...(await world.counts()), idempotency_key: 0 };
    expect(saidOf(await create({ id: "web", kind: "holdfast" }))).toEqual([409, "channel_exists"]);
    expect(saidOf(await create({ id: "odd", kind: "overstock" }))).toEqual([422, "channel_kind_unknown"]);
    expect(saidOf(await create({ id: "odd", kind: "shopify", chargedBy: "order" }))).toEqual([
      422,
      "charging_rule_impossible",
    ]);
    for (const wrong of [
      { id: "Web", kind: "holdfast" },
      { id: "a-b", kind: "holdfast" },
      { id: "odd", kind: "holdfast", secret: "short" },
      { id: "odd", kind: "holdfast", name: "" },
      { id: "odd", kind: "holdfast", colour: "red" },
      { kind: "holdfast" },
    ])
      expect(saidOf(await create(wrong)), JSON.stringify(wrong)).toEqual([400, "invalid_request"]);
    expect(saidOf(await world.call("GET", "/v1/channels/nowhere"))).toEqual([404, "channel_not_found"]);
    for (const action of ["disable", "enable", "rotate-secret"])
      expect(saidOf(await act("nowhere", action))).toEqual([404, "channel_not_found"]);
    expect({ ...(await world.counts()), idempotency_key: 0 }).toEqual(before);
  });

  test("is made once, however many make it at the same time", async () => {
    const replies = await Promise.all([1, 2, 3, 4].map(() => create({ id: "race", kind: "holdfast" })));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    expect(await rowsOf("channel_secret", "channel_id", "race")).toBe(1);
  });
});

describe("a channel that is changed", () => {
  test("keeps what is left out, has a version, and is seen in the list", async () => {
    const { channel } = await issued({ id: "changed", kind: "holdfast" });
    const path = "/v1/channels/changed";
    const change = { version: channel.version, name: "Named anew", combineMinutes: 15 };
    const changed = await world.call("PATCH", path, { json: change, headers: withKey() });
    expect(changed.json).toEqual({
      ...channel,
      name: "Named anew",
      combineMinutes: 15,
      version: channel.version + 1,
    });
    const stale = { version: channel.version, name: "Too late" };
    expect(saidOf(await world.call("PATCH", path, { json: stale, headers: withKey() }))).toEqual([
      409,
      "setting_changed",
    ]);
    const { json } = await world.call("GET", "/v1/channels");
    expect(json.items).toContainEqual(expect.objectContaining({ id: "changed", name: "Named anew" }));
  });

  test("tells every process at once", async () => {
    const { options } = world.database as unknown as { options: { connectionString: string } };
    const elsewhere = openDatabase(options.connectionString, { maxConnections: 2 });
    const told: string[][] = [];
    const allocator = {
      setKits: () => {},
      setSourcingRules: () => {},
      setLocations: (all: readonly { locationId: string }[]) => told.push(all.map((one) => one.locationId)),
    } as unknown as typeof world.engine.client;
    const following = followSettings(
      { database: elsewhere, allocator, parcelLimit: () => null, now: Date.now },
      { error: () => {} } as never,
    );
    try {
      await expect.poll(() => told.length).toBeGreaterThan(0);
      const catalog = catalogOf(elsewhere);
      expect((await catalog.channel("fresh"))?.active).toBe(true);
      await act("fresh", "disable");
      // Well before the copy would be read again by itself.
      await expect.poll(async () => (await catalog.channel("fresh"))?.active, { timeout: 2_000 }).toBe(false);
      await act("fresh", "enable");
      await expect.poll(async () => (await catalog.channel("fresh"))?.active, { timeout: 2_000 }).toBe(true);
    } finally {
      await following.stop();
      await elsewhere.end();
    }
  });
});

describe("a channel that is switched off", () => {
  test("is refused by name on every edge, and what is under way goes on", async () => {
    const { secret } = await issued({ id: "off", kind: "holdfast" });
    expect((await tell("off", secret, order("1"))).json.results).toMatchObject([{ outcome: "accepted" }]);
    expect((await act("off", "disable")).json.active).toBe(false);

    expect(saidOf(await tell("off", secret, order("2")))).toEqual([409, "channel_inactive"]);
    const posted = await world.call("POST", "/v1/orders?channel=off", {
      json: canonicalOrder("3"),
      headers: withKey(),
    });
    expect(saidOf(posted)).toEqual([409, "channel_inactive"]);
    const client = await world.connect();
    client.send({ id: "c1", type: "order.capture", channel: "off", payload: order("4") });
    expect(await client.reply("c1")).toMatchObject({
      results: [{ outcome: "refused", code: "channel_inactive" }],
    });
    // Who cannot sign is told nothing of it.
    expect(saidOf(await tell("off", "whsec_AAAA", order("5")))).toEqual([401, "bad_signature"]);
    expect(await rowsOf("orders", "channel_id", "off")).toBe(1);

    const cancelled = await world.call("POST", "/v1/orders/off-1/cancel", {
      json: { reason: "asked by phone" },
      headers: withKey(),
    });
    expect(cancelled.status).toBeLessThan(300);
    await act("off", "enable");
    expect((await tell("off", secret, order("2"))).json.results).toMatchObject([{ outcome: "accepted" }]);
  });
});

describe("a webhook secret that is exchanged", () => {
  test("counts beside the new one until its time, and not a moment longer", async () => {
    const { secret: first } = await issued({ id: "rotated", kind: "holdfast" });
    const rotation = await act("rotated", "rotate-secret", { overlapHours: 2 });
    const { secret: second } = rotation.json;
    expect(rotation.json.channel.webhook.secrets).toEqual([
      { issuedAt: expect.any(String), countsUntil: null },
      { issuedAt: expect.any(String), countsUntil: expect.any(String) },
    ]);
    for (const [id, secret] of [
      ["1", first],
      ["2", second],
    ] as const)
      expect((await tell("rotated", secret, order(id))).status).toBe(200);

    const ending =
      "update channel_secret set expires_at = expires_at - $1::interval where channel_id = 'rotated'";
    await world.database.query(ending, ["1 hour 59 minutes"]);
    expect((await tell("rotated", first, order("3"))).status).toBe(200);
    await world.database.query(ending, ["1 minute"]);
    expect(saidOf(await tell("rotated", first, order("4")))).toEqual([401, "bad_signature"]);
    expect((await tell("rotated", second, order("4"))).status).toBe(200);
    expect((await show("rotated")).webhook.secrets).toHaveLength(1);
  });

  test("ends at once with an overlap of 0, also where it had an end of its own before", async () => {
    const { secret: first } = await issued({ id: "leaked", kind: "holdfast" });
    const { secret: second } = (await act("leaked", "rotate-secret")).json;
    const { secret: third } = (await act("leaked", "rotate-secret", { overlapHours: 0 })).json;
    for (const secret of [first, second])
      expect(saidOf(await tell("leaked", secret, order("1")))).toEqual([401, "bad_signature"]);
    expect((await tell("leaked", third, order("1"))).status).toBe(200);
    expect(await rowsOf("channel_secret", "channel_id", "leaked")).toBe(1);
    expect(saidOf(await act("leaked", "rotate-secret", { overlapHours: -1 }))).toEqual([
      400,
      "invalid_request",
    ]);
  });
});

describe("who charges", () => {
  test("is what the channel's setting says, whatever the order says, by every way in", async () => {
    const { secret } = await issued({ id: "shop", kind: "holdfast" });
    const claims = { paymentBy: "channel" };
    await tell("shop", secret, order("webhook", claims));
    await world.call("POST", "/v1/orders?channel=shop", {
      json: canonicalOrder("rest", claims),
      headers: withKey(),
    });
    const client = await world.connect();
    client.send({ id: "s1", type: "order.capture", channel: "shop", payload: order("stream", claims) });
    await client.reply("s1");
    // A newer version, too.
    await tell(
      "shop",
      secret,
      order("webhook", { ...claims, updatedAt: "2030-01-01T00:00:00Z", note: "new" }),
    );
    const { rows } = await world.database.query(
      `select external_id as id, document->>'paymentBy' as by, payment_status as status from orders
        where channel_id = 'shop' order by 1`,
    );
    expect(rows).toEqual(
      ["rest", "stream", "webhook"].map((id) => ({ id, by: "merchant", status: "pending" })),
    );
  });

  test("at the door is paid only where the channel's setting lets it be", async () => {
    await issued({ id: "door", kind: "holdfast" });
    const take = async (id: string) => {
      const sent = await world.call("POST", "/v1/orders?channel=door", {
        json: canonicalOrder(id, { paymentBy: "on_delivery" }),
        headers: withKey(),
      });
      return (await world.call("GET", `/v1/orders/${sent.json.order}`)).json.document.paymentBy;
    };
    expect(await take("1")).toBe("merchant");
    await world.call("PATCH", "/v1/channels/door", {
      json: { version: (await show("door")).version, payOnDelivery: true },
      headers: withKey(),
    });
    expect(await take("2")).toBe("on_delivery");
  });

  test("is not the order's word for a channel that was made without choosing it, of any kind", async () => {
    const { json } = await world.call("GET", "/v1/channel-kinds");
    expect(json.items.map(({ chargedBy }: { chargedBy: string }) => chargedBy)).not.toContain("order");
    expect(json.items).toContainEqual({
      kind: "holdfast",
      chargedBy: "merchant",
      onShortage: "refuse",
      settings: null,
      keepsGoods: null,
    });
  });
});

describe("a webhook that comes again", () => {
  test("is answered with what is known, and nothing happens twice", async () => {
    const { secret } = await issued({ id: "again", kind: "holdfast" });
    const body = order("1");
    const first = await tell("again", secret, body);
    expect(first.json).toMatchObject({ repeated: false, results: [{ outcome: "accepted" }] });
    const before = await world.counts();
    const repeat = await tell("again", secret, body);
    expect(repeat.json).toMatchObject({
      repeated: true,
      results: [
        { order: "again-1", externalId: "1", outcome: "duplicate", promise: first.json.results[0].promise },
      ],
    });
    expect(await world.counts()).toEqual(before);
  });

  test("under another topic and another id, neither of which is signed, changes nothing", async () => {
    const body = shopifyOrder(801);
    expect((await tellShopify(body, "orders/create", "w-1")).json.results).toMatchObject([
      { outcome: "accepted" },
    ]);
    const before = await world.counts();
    for (const topic of [
      "orders/create",
      "orders/delete",
      "orders/cancelled",
      "refunds/create",
      "app/uninstalled",
    ]) {
      const reply = await tellShopify(body, topic, `w-${topic}`);
      expect([reply.status, reply.json.repeated, reply.json.results[0].outcome]).toEqual([
        200,
        true,
        "duplicate",
      ]);
    }
    expect(await world.counts()).toEqual(before);
    expect((await world.call("GET", "/v1/orders/shopify-801")).json.summary.status).toBe("open");
  });

  test("another document under an id that was used, which nobody has signed, is taken", async () => {
    expect((await tellShopify(shopifyOrder(802), "orders/create", "w-2")).json.repeated).toBe(false);
    const other = await tellShopify(shopifyOrder(803), "orders/create", "w-2");
    expect(other.json).toMatchObject({
      repeated: false,
      results: [{ order: "shopify-803", outcome: "accepted" }],
    });
  });

  test("after it was refused, or ignored under a wrong topic, is looked at again", async () => {
    const body = shopifyOrder(804);
    expect((await tellShopify(body, "products/update", "w-3")).json.results).toMatchObject([
      { outcome: "ignored" },
    ]);
    expect((await tellShopify(body, "orders/delete", "w-3")).status).toBe(422);
    expect((await tellShopify(body, "orders/create", "w-3")).json).toMatchObject({
      repeated: false,
      results: [{ order: "shopify-804", outcome: "accepted" }],
    });
  });

  test("is forgotten after thirty days, and its order is recognised all the same", async () => {
    const body = shopifyOrder(805);
    await tellShopify(body, "orders/create", "w-5");
    await world.database.query("update channel_webhook set taken_at = now() - interval '31 days'");
    await forgetChannelWebhooks(world.database);
    expect(await rowsOf("channel_webhook", "channel_id", "shopify")).toBe(0);
    const reply = await tellShopify(body, "orders/create", "w-5");
    expect(reply.json).toMatchObject({ repeated: false, results: [{ outcome: "duplicate" }] });
  });
});
