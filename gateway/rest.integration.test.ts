import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSourcingLocations } from "../store/catalog/locations.ts";
import {
  addLocation,
  addProducts,
  canonicalOrder,
  type GatewayWorld,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";

let world: GatewayWorld;

beforeAll(async () => {
  world = await startGatewayWorld((folder) => {
    mkdirSync(join(folder, "assets"));
    writeFileSync(join(folder, "index.html"), `<!doctype html><title>Holdfast</title>${" ".repeat(2_000)}`);
    writeFileSync(join(folder, "assets", "app-1a2b.js"), "export const application = true;\n".repeat(100));
  });
});

afterAll(() => world.close());

const newKey = (key: string) => ({ "idempotency-key": key });

describe("orders", () => {
  test("an order is captured, listed, shown whole with an ETag, and its timeline told", async () => {
    const captured = await world.call("POST", "/v1/orders", {
      json: canonicalOrder("first"),
      headers: newKey("first"),
    });
    expect(captured.status, captured.text).toBe(201);
    expect(captured.json).toMatchObject({ order: "web-first", outcome: "accepted", channel: "web" });

    const list = await world.call("GET", "/v1/orders?channel=web&q=first");
    expect(list.json.items.map((order: { id: string }) => order.id)).toEqual(["web-first"]);
    const order = await world.call("GET", "/v1/orders/web-first");
    expect(order.json.summary).toMatchObject({ id: "web-first", currency: "USD", totalMinor: 1999 });
    expect(order.json.lines).toMatchObject([{ lineId: "1", sku: "TEE-1", ordered: 1 }]);
    const link = await world.call("GET", "/v1/orders/web-first/tracking-link");
    expect(link.json.url).toMatch(/^http:\/\/shop\.example\/track\/[\w-]{20,}$/);
    expect(order.json.supportedActions).toEqual(["cancel", "hold"]);

    const again = await world.call("GET", "/v1/orders/web-first", {
      headers: { "if-none-match": order.headers.get("etag") ?? "" },
    });
    expect([again.status, again.text]).toEqual([304, ""]);
    // No browser keeps it, nor any server on the way.
    for (const reply of [list, order, link, again])
      expect(reply.headers.get("cache-control")).toBe("private, no-store");
    const timeline = await world.call("GET", "/v1/orders/web-first/timeline");
    expect(timeline.json.items[0]).toMatchObject({ type: "order.captured" });
  });

  test("pages follow each other without a gap or a repeat, at the same microsecond too", async () => {
    const ids = Array.from({ length: 7 }, (_, at) => `page-${at}`);
    for (const id of ids) {
      await world.call("POST", "/v1/orders", { json: canonicalOrder(id), headers: newKey(id) });
    }
    await world.database.query("update orders set captured_at = now() where id like 'web-page-%'");
    const seen: string[] = [];
    let cursor = "";
    do {
      const page = await world.call("GET", `/v1/orders?q=page-&limit=2&cursor=${cursor}`);
      seen.push(...page.json.items.map((order: { id: string }) => order.id));
      cursor = page.json.next ?? "";
    } while (cursor !== "");
    expect(seen.sort()).toEqual(ids.map((id) => `web-${id}`));
  });

  test("a key that is bound to a channel neither sends nor sees another channel's orders", async () => {
    await world.call("POST", "/v1/orders", { json: canonicalOrder("private"), headers: newKey("private") });
    const bound = { authorization: `Bearer ${await world.key(["admin"], "shopify")}` };
    const sees = await Promise.all(
      ["/v1/orders/web-private", "/v1/orders/web-private/timeline"].map((path) =>
        world.call("GET", path, { headers: bound }),
      ),
    );
    expect(sees.map((reply) => reply.json.code)).toEqual(["not_found", "not_found"]);
    const list = await world.call("GET", "/v1/orders", { headers: bound });
    expect(list.json.items).toEqual([]);
    const asked = await world.call("GET", "/v1/orders?channel=web", { headers: bound });
    expect(asked.json.code).toBe("channel_forbidden");
    const sent = await world.call("POST", "/v1/orders?channel=web", {
      json: canonicalOrder("foreign"),
      headers: { ...bound, ...newKey("foreign") },
    });
    expect(sent.json.code).toBe("channel_forbidden");
    const cancelled = await world.call("POST", "/v1/orders/web-private/cancel", {
      json: { reason: "mine" },
      headers: bound,
    });
    expect(cancelled.json.code).toBe("not_found");
    const stock = await world.call("GET", "/v1/overview", { headers: bound });
    expect(stock.json.code).toBe("forbidden");
  });

  test("a shopper sees the order by its token, and no identifier or cost of ours", async () => {
    await world.call("POST", "/v1/orders", {
      json: canonicalOrder("shopper", {
        lines: [{ sku: "TEE-1", title: "T-shirt", quantity: 1, unitPrice: "19.99" }],
      }),
      headers: newKey("shopper"),
    });
    const { json } = await world.call("GET", "/v1/orders/web-shopper/tracking-link");
    const token = new URL(json.url).pathname.split("/").at(-1);
    const seen = await world.call("GET", `/v1/track/${token}`, { anonymous: true });
    expect(seen.json).toMatchObject({
      shopName: "Acme Outfitters",
      status: "received",
      totalMinor: 1999,
      shipTo: { name: "Ada Lovelace", city: "New York", country: "US" },
    });
    expect(seen.text).not.toMatch(/web-shopper|TEE-1|Main Street|ada@example|costMinor/);
    const guessed = await world.call("GET", `/v1/track/${"A".repeat(22)}`, { anonymous: true });
    expect([guessed.status, guessed.json.code]).toEqual([404, "not_found"]);
    const early = await world.call("POST", `/v1/track/${token}/returns`, {
      anonymous: true,
      json: { lines: [{ lineId: "1", quantity: 1 }], reason: "too_small" },
    });
    expect(early.json.code).toBe("not_returnable");
  });
});

describe("the way of an order", () => {
  test("places pack it, and every view shows the parcel, the payment and the return", async () => {
    const { database } = world;
    await world.call("POST", "/v1/orders", {
      json: canonicalOrder("way", { lines: [{ sku: "TEE-1", quantity: 2, unitPrice: "19.99" }] }),
      headers: newKey("way"),
    });
    // What the order's saga would have done by now.
    await database.query(
      `insert into fulfillment_order (id, order_id, location_id, status, stage)
       values ('web-way-F1', 'web-way', 'east', 'in_progress', 'waiting')`,
    );
    const { rows: holds } = await database.query<{ hold_id: string }>(
      `insert into fulfillment_order_line (fulfillment_order_id, line_id, hold_id, sku, quantity)
       select 'web-way-F1', line_id, hold_id, sku, quantity from order_hold where order_id = 'web-way'
       returning hold_id`,
    );
    const holdId = holds[0]?.hold_id ?? "";
    const allocated = await world.engine.client.execute([
      {
        type: "allocate",
        commandId: "way:allocate",
        atMs: Date.now(),
        cause: "web-way",
        sku: "TEE-1",
        locationId: "east",
        holdId,
      },
    ]);
    expect(allocated).toMatchObject([{ status: "applied" }]);

    const waiting = await world.call("GET", "/v1/fulfillment-orders?location=east&stage=waiting");
    expect(waiting.json.items).toMatchObject([
      { id: "web-way-F1", orderId: "web-way", lines: [{ holdId, sku: "TEE-1", quantity: 2, picked: 0 }] },
    ]);
    const pack = (json: unknown) => world.call("POST", "/v1/fulfillment-orders/web-way-F1/pack", { json });
    expect((await pack({ lines: [{ holdId, picked: 3 }] })).json.code).toBe("invalid_request");
    expect((await pack({ lines: [{ holdId: "other", picked: 1 }] })).json.code).toBe("invalid_request");
    const packed = await pack({});
    expect([packed.status, packed.json], packed.text).toEqual([200, { status: "done", short: false }]);
    expect((await pack({})).status).toBe(200);

    await database.query(
      `insert into return_authorization (id, order_id, status, reason, currency)
       values ('web-way-R1', 'web-way', 'approved', 'too_small', 'USD')`,
    );
    await database.query(
      `insert into shipment (id, order_id, fulfillment_order_id, return_id, carrier_provider, carrier_shipment_id,
         carrier, service, tracking_number, cost_minor, currency, weight_grams, label_zpl, label_pdf, shipped_at)
       values ('S1', 'web-way', 'web-way-F1', null, 'easypost', 'shp_1', 'USPS', 'Ground', 'T1', 512, 'USD', 600,
               '^XA^XZ', '%PDF-1', now()),
              ('S2', 'web-way', null, 'web-way-R1', 'easypost', 'shp_2', 'USPS', 'Ground', 'T2', 499, 'USD', 600,
               '^XA^XZ', '%PDF-2', null)`,
    );
    await database.query(
      `insert into tracking_report (tracking_number, report_id, status, message, place, at)
       values ('T1', 'r1', 'out_for_delivery', 'On the van', 'New York', now())`,
    );
    await database.query("update shipment set tracking_status = 'out_for_delivery' where id = 'S1'");
    await database.query(
      `insert into payment (order_id, provider, reference, currency, authorized_minor, captured_minor, status)
       values ('web-way', 'stripe', 'pi_1', 'USD', 3998, 3998, 'paid')`,
    );
    await database.query(
      `insert into payment_transaction (key, order_id, type, amount_minor, currency, status)
       values ('web-way:capture', 'web-way', 'capture', 3998, 'USD', 'succeeded')`,
    );
    await database.query("update order_line set shipped = 2, delivered = 2 where order_id = 'web-way'");
    await database.query("update order_line set return_requested = 1 where order_id = 'web-way'");
    await database.query(
      `insert into return_line (return_id, line_id, sku, requested) values ('web-way-R1', '1', 'TEE-1', 1)`,
    );

    const { json: order } = await world.call("GET", "/v1/orders/web-way");
    expect(order).toMatchObject({
      fulfillmentOrders: [{ id: "web-way-F1", locationName: "East", lines: [{ picked: 2 }] }],
      shipments: [{ id: "S1", trackingNumber: "T1", reports: [{ message: "On the van" }] }],
      payment: { capturedMinor: 3998, transactions: [{ type: "capture", amountMinor: 3998 }] },
      returns: [{ id: "web-way-R1", units: 1 }],
      supportedActions: ["hold"],
    });
    const label = await world.call("GET", "/v1/shipments/S1/label.zpl");
    expect([label.text, label.headers.get("content-type")]).toEqual(["^XA^XZ", "application/zpl"]);
    expect((await world.call("GET", "/v1/shipments/S1/label.pdf")).text).toBe("%PDF-1");
    expect((await world.call("GET", "/v1/returns?status=approved")).json.items).toMatchObject([
      { id: "web-way-R1", orderId: "web-way" },
    ]);
    expect((await world.call("GET", "/v1/returns/web-way-R1")).json).toMatchObject({
      lines: [{ lineId: "1", requested: 1, received: 0, disposition: null }],
      shipment: { id: "S2", trackingNumber: "T2" },
    });
    const link = await world.call("GET", "/v1/orders/web-way/tracking-link");
    const path = new URL(link.json.url).pathname;
    const tracking = await world.call("GET", `/v1${path}`, { anonymous: true });
    expect(tracking.json).toMatchObject({
      lines: [{ delivered: 2, returnable: 1 }],
      parcels: [{ trackingNumber: "T1", status: "out_for_delivery" }],
      returns: [{ id: "web-way-R1" }],
    });
    expect(tracking.text).not.toMatch(/512|costMinor|web-way-F1|"S1"/);
    const returnLabel = await world.call("GET", tracking.json.returns[0].labelUrl, { anonymous: true });
    expect(returnLabel.text).toBe("%PDF-2");
    const overview = await world.call("GET", "/v1/overview");
    expect(overview.json).toMatchObject({ shippedToday: 1, returnsOpen: 1, devices: 0 });
    expect(overview.json.perMinute).toHaveLength(60);
    for (const list of ["products", "sku-mappings", "unmapped-skus", "locations", "channels", "devices"]) {
      const reply = await world.call("GET", `/v1/${list}`);
      expect([list, reply.status, Array.isArray(reply.json.items)]).toEqual([list, 200, true]);
    }
  });
});

describe("Idempotency-Key", () => {
  test("of ten equal requests at once one runs; the others are replays or told to wait", async () => {
    const replies = await Promise.all(
      Array.from({ length: 10 }, () =>
        world.call("POST", "/v1/orders", { json: canonicalOrder("race"), headers: newKey("race") }),
      ),
    );
    const fresh = replies.filter(
      (reply) => reply.status === 201 && !reply.headers.has("idempotency-replayed"),
    );
    expect(fresh).toHaveLength(1);
    for (const reply of replies) {
      if (reply.status === 409) expect(reply.json.code).toBe("idempotency_in_flight");
      else expect(reply.json).toEqual(fresh[0]?.json);
    }
    const later = await world.call("POST", "/v1/orders", {
      json: canonicalOrder("race"),
      headers: newKey("race"),
    });
    expect(later.status).toBe(201);
    expect(later.headers.get("idempotency-replayed")).toBe("true");
    expect(later.json).toEqual(fresh[0]?.json);
  });

  test("a missing key and a key with another body are refused, and callers do not share keys", async () => {
    const before = await world.counts();
    const missing = await world.call("POST", "/v1/orders", { json: canonicalOrder("no-key") });
    expect([missing.status, missing.json.code]).toEqual([400, "idempotency_key_missing"]);
    expect(await world.counts()).toEqual(before);

    await world.call("POST", "/v1/orders", { json: canonicalOrder("body-1"), headers: newKey("body") });
    const other = await world.call("POST", "/v1/orders", {
      json: canonicalOrder("body-2"),
      headers: newKey("body"),
    });
    expect([other.status, other.json.code]).toEqual([422, "idempotency_key_reused"]);
    const stranger = await world.call("POST", "/v1/orders?channel=web", {
      json: canonicalOrder("body-3"),
      headers: { ...newKey("body"), authorization: `Bearer ${await world.key(["orders:write"])}` },
    });
    expect(stranger.status).toBe(201);
  });

  test("a claim that a dead process left is taken over after a minute, not before", async () => {
    const send = () =>
      world.call("POST", "/v1/orders", { json: canonicalOrder("orphan"), headers: newKey("orphan") });
    await send();
    const forget = `update idempotency_key set status = null, response = null, created_at = now() - $1::interval
                     where key = 'orphan'`;
    await world.database.query(forget, ["10 seconds"]);
    expect((await send()).json.code).toBe("idempotency_in_flight");
    await world.database.query(forget, ["2 minutes"]);
    const taken = await send();
    expect([taken.status, taken.json.outcome]).toEqual([200, "duplicate"]);
  });
});

describe("stock", () => {
  test("commands run once by their id, are stamped with who sent them, and explain the number", async () => {
    const command = {
      type: "receive",
      commandId: "rest-1",
      atMs: 1,
      cause: "delivery 7",
      sku: "MUG-1",
      locationId: "east",
      quantity: 5,
    };
    const first = await world.call("POST", "/v1/stock/commands", { json: { commands: [command] } });
    expect(first.json.outcomes).toMatchObject([{ status: "applied", position: { onHand: 100_005 } }]);
    const repeat = await world.call("POST", "/v1/stock/commands", { json: { commands: [command] } });
    expect(repeat.json).toEqual(first.json);
    await world.engine.projected();
    const explained = await world.call("GET", "/v1/stock/MUG-1/east/explain");
    expect(explained.json).toMatchObject({ reconciles: true, position: { onHand: 100_005, name: "Mug" } });
    expect(explained.json.movements[0].cause).toMatch(/^delivery 7 \(api-key:/);
    expect(explained.json.movements[0].onHandAfter).toBe(100_005);
    const listed = await world.call("GET", "/v1/stock?q=mug");
    expect(listed.json.items).toMatchObject([{ sku: "MUG-1", availableToPromise: 100_005 }]);
  });
});

describe("what may be promised", () => {
  beforeAll(async () => {
    await addProducts(world.database, "ATP", "CTP", "BODY", "LENS");
    await addLocation(world.database, "west");
    world.engine.client.setLocations(await readSourcingLocations(world.database));
  });
  const at = { sku: "ATP", atMs: 1, cause: "test" };
  const ask = (query = "") => world.call("GET", `/v1/stock/ATP/available${query}`);

  test("is told of a SKU, of some locations and of a pool the moment it is committed", async () => {
    expect((await ask()).status).toBe(404);
    const commands = [
      { ...at, type: "receive", commandId: "atp-1", locationId: "east", quantity: 10 },
      { ...at, type: "receive", commandId: "atp-2", locationId: "west", quantity: 5 },
      {
        ...at,
        type: "set-pool",
        commandId: "atp-3",
        locationId: "east",
        pool: "vip",
        kind: "ring-fenced",
        units: 4,
      },
    ];
    const done = await world.call("POST", "/v1/stock/commands", { json: { commands } });
    expect(done.json.outcomes.map((outcome: { status: string }) => outcome.status)).toEqual(
      commands.map(() => "applied"),
    );
    expect((await ask()).json).toEqual({
      sku: "ATP",
      available: 11,
      byLocation: [
        { locationId: "east", available: 6 },
        { locationId: "west", available: 5 },
      ],
    });
    expect((await ask("?locations=west,nowhere")).json).toEqual({
      sku: "ATP",
      available: 5,
      byLocation: [{ locationId: "west", available: 5 }],
    });
    expect((await ask("?pool=vip")).json).toMatchObject({
      available: 15,
      byLocation: [
        { locationId: "east", available: 10 },
        { locationId: "west", available: 5 },
      ],
    });
    expect((await ask("?locations=east,,west")).json.code).toBe("invalid_request");
    expect((await ask("?warehouse=east")).json.code).toBe("invalid_request");
  });
});

describe("when units could be promised", () => {
  const at = { sku: "CTP", atMs: 1, cause: "test", locationId: "east" };
  const ask = async (query: string, sku = "CTP") =>
    (await world.call("GET", `/v1/stock/${sku}/promise?${query}`)).json.promisedAt;

  test("is now, or by what is on its way after who waits, or nobody knows", async () => {
    const tomorrow = Date.now() + 86_400_000;
    const later = tomorrow + 86_400_000;
    const commands = [
      { ...at, type: "receive", commandId: "ctp-1", quantity: 3 },
      { ...at, type: "expect", commandId: "ctp-2", reference: "PO-1", quantity: 10, dueAtMs: tomorrow },
      {
        ...at,
        type: "expect",
        commandId: "ctp-3",
        locationId: "west",
        reference: "PO-2",
        quantity: 10,
        dueAtMs: later,
      },
    ];
    const done = await world.call("POST", "/v1/stock/commands", { json: { commands } });
    expect(done.json.outcomes.map((outcome: { status: string }) => outcome.status)).toEqual(
      commands.map(() => "applied"),
    );
    expect(Math.abs(Date.parse(await ask("quantity=3")) - Date.now())).toBeLessThan(10_000);
    expect(Date.parse(await ask("quantity=13"))).toBe(tomorrow);
    expect(Date.parse(await ask("quantity=14"))).toBe(later);
    expect(Date.parse(await ask("quantity=1&location=west"))).toBe(later);
    expect(await ask("quantity=14&location=east")).toBeNull();
    expect(await ask("quantity=24")).toBeNull();
    expect(await ask("quantity=1", "NEVER-SEEN")).toBeNull();
    const waits = {
      ...at,
      type: "enqueue-demand",
      commandId: "ctp-4",
      holdId: "ctp-wait",
      orderId: "o",
      lineId: "1",
      quantity: 8,
      priority: 0,
      kind: "backorder",
      notBeforeMs: 0,
    };
    await world.call("POST", "/v1/stock/commands", { json: { commands: [waits] } });
    expect(Date.parse(await ask("quantity=5"))).toBe(tomorrow);
    expect(Date.parse(await ask("quantity=6"))).toBe(later);
    const wrong = await world.call("GET", "/v1/stock/CTP/promise?quantity=0");
    expect(wrong.json.code).toBe("invalid_request");
  });

  test("counts a kit at one location, by the last of its components", async () => {
    const soon = Date.now() + 3_600_000;
    const receive = { ...at, type: "receive" };
    const commands = [
      { ...receive, sku: "BODY", commandId: "kit-1", quantity: 2 },
      { ...receive, sku: "LENS", commandId: "kit-2", quantity: 9, locationId: "west" },
      { ...at, type: "expect", sku: "LENS", commandId: "kit-3", reference: "PO", quantity: 4, dueAtMs: soon },
    ];
    await world.call("POST", "/v1/stock/commands", { json: { commands } });
    const components = [
      { sku: "BODY", quantity: 1 },
      { sku: "LENS", quantity: 2 },
    ];
    world.engine.client.setKits([{ sku: "SET", components }]);
    expect(Date.parse(await ask("quantity=2", "SET"))).toBe(soon);
    expect(await ask("quantity=3", "SET")).toBeNull();
    world.engine.client.setKits([]);
  });
});

describe("sessions", () => {
  const signIn = (email: string, password = STAFF_PASSWORD) =>
    world.call("POST", "/v1/sessions", { anonymous: true, json: { email, password } });
  const cookieOf = (reply: { headers: Headers }) =>
    (reply.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";

  test("a cookie opens what the role allows, changes only from our own pages, and ends with sign-out", async () => {
    const signedIn = await signIn("Service@acme.example");
    expect(signedIn.status).toBe(201);
    expect(signedIn.headers.get("set-cookie")).toMatch(
      /^holdfast_session_[0-9a-f]{8}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const cookie = cookieOf(signedIn);
    const as = (headers: Record<string, string> = {}) => ({
      anonymous: true,
      headers: { cookie, ...headers },
    });
    expect((await world.call("GET", "/v1/sessions/current", as())).json).toMatchObject({ role: "service" });
    expect((await world.call("GET", "/v1/orders", as())).status).toBe(200);

    const change = (headers: Record<string, string>) =>
      world.call("POST", "/v1/orders/none/cancel", { ...as(headers), json: { reason: "changed mind" } });
    for (const origin of [undefined, "http://evil.example", "null", "http://shop.example.evil.example"]) {
      const reply = await change(origin === undefined ? {} : { origin });
      expect([origin, reply.json.code]).toEqual([origin, "origin_forbidden"]);
    }
    expect((await change({ origin: "http://shop.example" })).json.code).toBe("order_not_found");
    expect((await change({ origin: world.url })).json.code).toBe("order_not_found");

    await world.call("DELETE", "/v1/sessions/current", as({ origin: world.url }));
    expect((await world.call("GET", "/v1/orders", as())).json.code).toBe("unauthenticated");
  });

  test("a wrong password and an unknown address get the same answer", async () => {
    const wrong = await signIn("finance@acme.example", "wrong");
    const unknown = await signIn("nobody@acme.example", "wrong");
    expect([wrong.status, wrong.json]).toEqual([unknown.status, unknown.json]);
    expect(wrong.json.code).toBe("login_failed");
  });

  test("a session ends when idle, and after its absolute time however busy", async () => {
    const cookie = cookieOf(await signIn("admin@acme.example"));
    const look = async () =>
      (await world.call("GET", "/v1/sessions/current", { anonymous: true, headers: { cookie } })).status;
    const age = (created: string, expires: string) =>
      world.database.query(
        `update staff_session set created_at = now() - $1::interval, expires_at = now() + $2::interval
          where staff_id = 'admin'`,
        [created, expires],
      );
    await age("11 hours 59 minutes", "5 minutes");
    expect(await look()).toBe(200);
    const { rows } = await world.database.query<{ left: number }>(
      "select extract(epoch from expires_at - now())::int as left from staff_session where staff_id = 'admin'",
    );
    expect(rows[0]?.left).toBeLessThanOrEqual(60);
    // Whatever its row says of its expiry.
    await age("12 hours 1 second", "5 minutes");
    expect(await look()).toBe(401);
    await age("5 hours", "-1 seconds");
    expect(await look()).toBe(401);
  });

  test("guessing passwords of one account is slowed down", async () => {
    const tries = await Promise.all(
      Array.from({ length: 14 }, () => signIn("warehouse@acme.example", "guess")),
    );
    const limited = tries.filter((reply) => reply.status === 429);
    expect(limited.length).toBeGreaterThan(0);
    expect(limited[0]?.json).toMatchObject({ code: "rate_limited" });
    expect(Number(limited[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("a revoked key opens nothing from that moment on", async () => {
    const key = await world.key(["orders:read"]);
    const headers = { authorization: `Bearer ${key}` };
    expect((await world.call("GET", "/v1/orders", { headers })).status).toBe(200);
    await world.database.query("update api_key set revoked_at = now() where id = $1", [key.split("_")[1]]);
    expect((await world.call("GET", "/v1/orders", { headers })).json.code).toBe("unauthenticated");
    const stored = await world.database.query<{ secret_hash: Buffer }>(
      "select secret_hash from api_key where id = $1",
      [key.split("_")[1]],
    );
    const secret = key.split("_").slice(2).join("_");
    expect(stored.rows[0]?.secret_hash).toEqual(createHash("sha256").update(secret).digest());
  });
});

test("a shopper can add up what the order costs", async () => {
  const sent = await world.call("POST", "/v1/orders?channel=web", {
    headers: { "idempotency-key": "sums" },
    json: canonicalOrder("sums", {
      lines: [
        {
          sku: "TEE-1",
          quantity: 2,
          unitPrice: "19.00",
          discount: "1.00",
          taxes: [{ name: "VAT", amount: "3.00" }],
        },
      ],
      discount: "4.00",
      shippingPrice: "4.95",
      charges: [{ kind: "gift_wrap", amount: "2.00" }],
      total: "42.95",
    }),
  });
  expect(sent.json.outcome, sent.text).toBe("accepted");
  const { json: link } = await world.call("GET", `/v1/orders/${sent.json.order}/tracking-link`);
  const { json } = await world.call("GET", `/v1${new URL(link.url).pathname}`, { anonymous: true });
  expect([json.totalMinor, json.sums]).toEqual([
    4295,
    {
      goodsMinor: 3800,
      discountMinor: 500,
      charges: [{ name: "gift wrap", amountMinor: 200 }],
      shippingMinor: 495,
      taxMinor: 300,
      taxesIncluded: false,
    },
  ]);
});

describe("files and documents", () => {
  test("the dashboard's pages are served from memory with ETag, gzip and a strict policy", async () => {
    for (const path of ["/", "/orders/web-first", "/track/some-token", "/orders/amazon-1.2"]) {
      const page = await world.call("GET", path, { anonymous: true });
      expect([path, page.status, page.text.slice(0, 15)]).toEqual([path, 200, "<!doctype html>"]);
    }
    const page = await world.call("GET", "/", { anonymous: true });
    expect(page.headers.get("content-encoding")).toBe("gzip");
    expect(page.headers.get("cache-control")).toBe("no-cache");
    expect(page.headers.get("content-security-policy")).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    const again = await world.call("GET", "/", {
      anonymous: true,
      headers: { "if-none-match": page.headers.get("etag") ?? "" },
    });
    expect([again.status, again.text]).toEqual([304, ""]);
    const plain = await fetch(`${world.url}/`, { headers: { "accept-encoding": "identity" } });
    expect(plain.headers.get("etag")).not.toBe(page.headers.get("etag"));

    const script = await world.call("GET", "/assets/app-1a2b.js", { anonymous: true });
    expect(script.headers.get("cache-control")).toMatch(/immutable/);
    const head = await world.call("HEAD", "/assets/app-1a2b.js", { anonymous: true });
    expect([head.status, head.text]).toEqual([200, ""]);
    const nothing = ["/assets/gone.js", "/favicon.png", "/v1/nothing", "/assets/../../etc/passwd"];
    for (const path of [...nothing, "/docs", "/api", "/openapi.yaml", "/orders/a/b"]) {
      const reply = await fetch(world.url + path, { headers: { accept: "*/*" } });
      expect([path, reply.status, await reply.json()]).toEqual([
        path,
        404,
        expect.objectContaining({ code: "not_found" }),
      ]);
    }
    const lost = await fetch(`${world.url}/docs`, {
      headers: { accept: "text/html", "if-none-match": page.headers.get("etag") ?? "" },
    });
    expect([lost.status, (await lost.text()).slice(0, 15)]).toEqual([404, "<!doctype html>"]);
  });

  test("health, readiness, metrics and OpenAPI answer without identity from this machine", async () => {
    expect((await world.call("GET", "/healthz", { anonymous: true })).json).toEqual({ status: "alive" });
    expect((await world.call("GET", "/readyz", { anonymous: true })).json).toMatchObject({ ready: true });
    const metrics = await world.call("GET", "/metrics", { anonymous: true });
    expect(metrics.text).toMatch(
      /holdfast_orders_captured_total\{channel="web",outcome="accepted",node="[^"]+"\} \d+/,
    );
    expect(metrics.text).toMatch(/holdfast_engine_up\{node="[^"]+"\} 1/);
    expect(metrics.text).toMatch(/holdfast_database_figures_up\{node="[^"]+"\} 1/);
    const proxied = await world.call("GET", "/metrics", {
      anonymous: true,
      headers: { "x-forwarded-for": "203.0.113.9" },
    });
    expect(proxied.json.code).toBe("unauthenticated");
    const byAnyProxy = await world.call("GET", "/metrics", {
      anonymous: true,
      headers: { "x-real-ip": "203.0.113.9" },
    });
    expect(byAnyProxy.json.code).toBe("unauthenticated");
    const openapi = await world.call("GET", "/openapi.json", { anonymous: true });
    expect(openapi.json.openapi).toBe("3.1.0");
    const { schema } = openapi.json.paths["/v1/orders"].post.requestBody.content["application/json"];
    expect(openapi.json.components.schemas[schema.$ref.split("/").at(-1)].required).toContain("lines");
  });

  test("a request id is kept where it is sound and made where it is not", async () => {
    const kept = await world.call("GET", "/healthz", { headers: { "x-request-id": "trace-1" } });
    expect(kept.headers.get("x-request-id")).toBe("trace-1");
    const made = await world.call("GET", "/healthz", { headers: { "x-request-id": "a b<script>" } });
    expect(made.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
});
