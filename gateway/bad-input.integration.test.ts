/** Bad input from any sender: a coded error, nothing changed, the process stays up. A table per transport. */
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import WebSocket from "ws";
import { SUBPROTOCOL_MSGPACK } from "../contract/stream.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";

let world: GatewayWorld;
let untouched: Readonly<Record<string, number>>;

beforeAll(async () => {
  world = await startGatewayWorld();
  await world.engine.projected();
  await world.call("POST", "/v1/orders", {
    json: canonicalOrder("good"),
    headers: { "idempotency-key": "good" },
  });
  await world.engine.projected();
  untouched = await world.counts();
});

afterEach(async () => {
  expect((await world.call("GET", "/healthz")).status).toBe(200);
  await world.engine.projected();
  const { idempotency_key: _keys, api_key: _apiKeys, ...counts } = await world.counts();
  const { idempotency_key: _keysBefore, api_key: _apiKeysBefore, ...before } = untouched;
  expect(counts).toEqual(before);
});

afterAll(() => world.close());

const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const shopifyOrder = (change: Record<string, unknown> = {}) =>
  JSON.stringify({
    id: 1001,
    admin_graphql_api_id: "gid://shopify/Order/1001",
    name: "#9999",
    currency: "USD",
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-01T00:00:00Z",
    line_items: [{ id: 1, sku: "TEE-1", title: "Tee", quantity: 1, price: "19.99" }],
    ...change,
  });

/**
 * What was sent, for the message of a failure: random bytes are sent again with `Buffer.from(…, "base64")`.
 */
const sent = (payload: string | Buffer) => {
  const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
  return `answers the ${bytes.length} bytes ${bytes.subarray(0, 5_000).toString("base64")}`;
};

/** Nothing that a terminal would obey or that a log could not hold. */
const PRINTABLE = /^[^\p{Cc}\p{Cs}]+$/u;

/** Orders that no channel may get past the edge, with the code that each transport answers. */
const badOrders: readonly (readonly [string, string, string])[] = [
  ["text that is not JSON", "{not json", "malformed_payload"],
  ["binary garbage", randomBytes(512).toString("latin1"), "malformed_payload"],
  ["a NUL, which the parser's complaint quotes", "a\0b", "malformed_payload"],
  ["emoji, of which the parser's complaint cuts one in half", `x${"😀".repeat(30)}`, "malformed_payload"],
  ["an escape sequence for a terminal", "\u001b[2J", "malformed_payload"],
  ["a field with a NUL for a name", JSON.stringify(canonicalOrder("a", { "\0": 1 })), "malformed_payload"],
  [
    "a field with half an emoji for a name",
    JSON.stringify(canonicalOrder("a", { "\ud83d": 1 })),
    "malformed_payload",
  ],
  [
    "an id of which no cut can be quoted whole",
    JSON.stringify(canonicalOrder(`x${"😀".repeat(60)}`)),
    "invalid_order",
  ],
  ["nothing", " ", "malformed_payload"],
  ["another document", JSON.stringify({ hello: "world" }), "malformed_payload"],
  ["deeply nested JSON", deep(10_000), "structure_too_complex"],
  ["very many values", `{"lines":[${"0,".repeat(120_000)}0]}`, "structure_too_complex"],
  [
    "an absurd quantity",
    JSON.stringify(canonicalOrder("a", { lines: [{ sku: "TEE-1", quantity: 1e15, unitPrice: "1.00" }] })),
    "invalid_quantity",
  ],
  [
    "a negative quantity",
    JSON.stringify(canonicalOrder("a", { lines: [{ sku: "TEE-1", quantity: -1, unitPrice: "1.00" }] })),
    "invalid_quantity",
  ],
  [
    "a fractional quantity",
    JSON.stringify(canonicalOrder("a", { lines: [{ sku: "TEE-1", quantity: 0.5, unitPrice: "1.00" }] })),
    "malformed_payload",
  ],
  [
    "a negative price",
    JSON.stringify(canonicalOrder("a", { lines: [{ sku: "TEE-1", quantity: 1, unitPrice: "-1.00" }] })),
    "malformed_payload",
  ],
  ["a list of very many orders", `[${"1,".repeat(99_000)}1]`, "too_many_orders"],
  ["no address", JSON.stringify(canonicalOrder("a", { shippingAddress: undefined })), "address_missing"],
  ["an unknown field", JSON.stringify(canonicalOrder("a", { linez: [] })), "malformed_payload"],
];

describe("REST", () => {
  test.each(badOrders)("an order that is %s", async (_name, payload, code) => {
    const reply = await world.call("POST", "/v1/orders?channel=web", {
      body: payload,
      headers: { "content-type": "application/json", "idempotency-key": randomBytes(8).toString("hex") },
    });
    expect(reply.headers.get("content-type")).toBe("application/problem+json");
    expect(reply.json.code, `${reply.text} ${sent(payload)}`).toBe(code);
    expect(reply.json.detail, sent(payload)).toMatch(PRINTABLE);
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.status).toBeLessThan(500);
  });

  const command = {
    type: "receive",
    commandId: "c",
    atMs: 1,
    cause: "x",
    sku: "TEE-1",
    locationId: "east",
    quantity: 1,
  };
  test.each<[string, unknown, string]>([
    ["no command", [], "invalid_request"],
    ["a command of no type", [{ ...command, type: "steal" }], "invalid_request"],
    [
      "a timer's command",
      [{ ...command, type: "expire", holdId: "h", quantity: undefined }],
      "invalid_request",
    ],
    ["a quantity of 0", [{ ...command, quantity: 0 }], "invalid_request"],
    ["an absurd quantity", [{ ...command, quantity: 1e18 }], "invalid_request"],
    ["a quantity as text", [{ ...command, quantity: "1" }], "invalid_request"],
    ["an unknown field", [{ ...command, onHand: 1 }], "invalid_request"],
    ["control characters", [{ ...command, sku: "TEE\u00001" }], "invalid_request"],
    ["half a surrogate pair", [{ ...command, sku: "TEE\ud8001" }], "invalid_request"],
    ["a good command beside a bad one", [command, { ...command, commandId: "" }], "invalid_request"],
    ["more commands than a request takes", Array(1_001).fill(command), "invalid_request"],
  ])("stock commands with %s", async (_name, commands, code) => {
    const reply = await world.call("POST", "/v1/stock/commands", { json: { commands } });
    expect([reply.status, reply.json.code], reply.text).toEqual([400, code]);
  });

  test.each<[string, string, string, object, number, string]>([
    [
      "an unknown channel",
      "POST",
      "/v1/orders?channel=nowhere",
      { json: canonicalOrder("u") },
      404,
      "channel_not_found",
    ],
    [
      "an inactive channel",
      "POST",
      "/v1/orders?channel=closed",
      { json: canonicalOrder("u") },
      409,
      "channel_inactive",
    ],
    ["no identity", "GET", "/v1/orders", { anonymous: true }, 401, "unauthenticated"],
    // PostgreSQL has no such zone, no such year, and JavaScript no such second.
    ...["2026-11-30T10:00:00-17:42", "0000-01-01T00:00:00Z", "2026-12-31T23:59:60Z"].map(
      (at): [string, string, string, object, number, string] => [
        `the instant ${at}`,
        "GET",
        `/v1/audit/export?to=${encodeURIComponent(at)}`,
        {},
        400,
        "invalid_request",
      ],
    ),
    [
      "a made-up key",
      "GET",
      "/v1/orders",
      { headers: { authorization: `Bearer hf_abcdef012345_${"A".repeat(43)}` } },
      401,
      "unauthenticated",
    ],
    [
      "another scheme",
      "GET",
      "/v1/orders",
      { headers: { authorization: "Basic YTpi" } },
      401,
      "unauthenticated",
    ],
    ["an unknown filter", "GET", "/v1/orders?stauts=open", {}, 400, "invalid_request"],
    ["a limit beyond the page", "GET", "/v1/orders?limit=100000", {}, 400, "invalid_request"],
    ["a forged cursor", "GET", "/v1/orders?cursor=eyJhIjoxfQ", {}, 400, "invalid_cursor"],
    [
      "an injection as cursor",
      "GET",
      `/v1/orders?cursor=${Buffer.from(JSON.stringify(["1'; drop table orders", "x"])).toString("base64url")}`,
      {},
      400,
      "invalid_cursor",
    ],
    ["broken percent-encoding", "GET", "/v1/orders/%E0%A4%A", {}, 400, "malformed_request"],
    ["a NUL in the path", "GET", "/v1/orders/a%00b", {}, 404, "not_found"],
    [
      "a reason with half a surrogate pair",
      "POST",
      "/v1/orders/web-good/cancel",
      { json: { reason: "\ud800" } },
      400,
      "invalid_request",
    ],
    ["a NUL in the query", "GET", "/v1/orders?q=a%00b", {}, 400, "invalid_request"],
    ["an unknown name in the query", "GET", "/v1/orders?__proto__=a", {}, 400, "invalid_request"],
    ["a wrong method", "DELETE", "/v1/orders", {}, 405, "method_not_allowed"],
    [
      "another media type",
      "POST",
      "/v1/products",
      { body: "sku=1", headers: { "content-type": "text/plain" } },
      415,
      "unsupported_media_type",
    ],
    [
      "broken JSON",
      "POST",
      "/v1/products",
      { body: "{", headers: { "content-type": "application/json" } },
      400,
      "malformed_request",
    ],
    [
      "deep JSON",
      "POST",
      "/v1/products",
      { body: deep(5_000), headers: { "content-type": "application/json" } },
      422,
      "structure_too_complex",
    ],
    [
      "a negative price",
      "POST",
      "/v1/products",
      {
        json: {
          sku: "N",
          name: "N",
          weightGrams: 1,
          priceMinor: -1,
          currency: "USD",
          hsCode: "610910",
          originCountry: "PT",
          gtin: "00614141000012",
        },
      },
      400,
      "invalid_request",
    ],
    ["a WebSocket address without upgrade", "GET", "/v1/stream", {}, 426, "upgrade_required"],
  ])("%s", async (_name, method, path, options, status, code) => {
    const reply = await world.call(method, path, {
      ...options,
      headers: {
        "idempotency-key": randomBytes(8).toString("hex"),
        ...(options as { headers?: object }).headers,
      },
    });
    expect([reply.status, reply.json?.code], reply.text).toEqual([status, code]);
  });

  test("a body of 10 MB is refused with a code wherever it is sent", async () => {
    const body = Buffer.alloc(10_000_000, "a");
    for (const path of ["/v1/orders", "/v1/webhooks/channels/shopify", "/v1/sessions", "/nowhere"]) {
      const reply = await world.call("POST", path, {
        body,
        headers: { "content-type": "application/json", "idempotency-key": "big" },
      });
      expect([path, reply.status, reply.json.code]).toEqual([path, 413, "payload_too_large"]);
    }
  });

  test("a refused body is dropped as it comes, not kept", async () => {
    const socket = connect(Number(new URL(world.url).port), "127.0.0.1");
    const chunk = Buffer.alloc(1_000_000, "a");
    const before = process.memoryUsage().arrayBuffers;
    socket.write("POST /v1/sessions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (let at = 0; at < 60; at += 1) {
      socket.write("f4240\r\n");
      socket.write(chunk);
      await new Promise<void>((resolve) => socket.write("\r\n", () => resolve()));
    }
    const grown = process.memoryUsage().arrayBuffers - before;
    const answer = await new Promise<string>((resolve) => {
      socket.once("data", (data) => resolve(data.toString("latin1")));
      socket.write("0\r\n\r\n");
    });
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(grown).toBeLessThan(20_000_000);
  });

  test("a body of 10 MB that hides its length is refused, too", async () => {
    let sent = 0;
    const stream = new ReadableStream({
      pull: (controller) => {
        sent += 1;
        if (sent > 100) controller.close();
        else controller.enqueue(new Uint8Array(100_000));
      },
    });
    const response = await fetch(`${world.url}/v1/sessions`, {
      method: "POST",
      body: stream,
      duplex: "half",
    } as RequestInit);
    expect([response.status, (await response.json()) as unknown]).toMatchObject([
      413,
      { code: "payload_too_large" },
    ]);
  });
});

/**
 * Fifty kinds of mistakes that people make, over queries, headers and bodies: each is answered with the field,
 * with what was expected, and with an example that they can copy.
 */
describe("what is wrong is said so that it can be mended", () => {
  const json = (body: unknown) => ({ json: body });
  const text = (body: string | Buffer, type = "application/json") => ({
    body,
    headers: { "content-type": type },
  });
  const order = (change: Record<string, unknown>) => json(canonicalOrder("wrong", change));
  const receive = {
    type: "receive",
    commandId: "c",
    atMs: 0,
    cause: "c",
    sku: "TEE-1",
    locationId: "east",
    quantity: 1,
  };
  test.each<readonly [string, string, object, RegExp]>([
    ["GET", "/v1/orders?limit=0", {}, /^query\/limit .* 1 to 200/],
    ["GET", "/v1/orders?limit=ten", {}, /^query\/limit /],
    ["GET", "/v1/orders?stauts=open", {}, /^query has unknown fields: stauts/],
    ["GET", "/v1/orders?sort=newest", {}, /^query\/sort .*-captured/],
    ["GET", "/v1/orders?from=yesterday", {}, /^query\/from .*YYYY-MM-DD/],
    ["GET", "/v1/orders?limit=1&limit=2", {}, /^query\/limit is there twice/],
    ["GET", "/v1/orders?cursor=abc", {}, /^query\/cursor .*`next`/],
    ["GET", "/v1/orders?fields=nmae", {}, /^query\/fields has no field "nmae"/],
    ["GET", "/v1/locations?sort=height", {}, /^query\/sort /],
    ["GET", "/v1/locations?cursor=zzz", {}, /^query\/cursor /],
    ["GET", "/v1/audit?from=2026-13-01", {}, /^query\/from /],
    ["GET", "/v1/stock/TEE-1/promise", {}, /^query .*quantity/],
    ["GET", "/v1/stock/TEE-1/promise?quantity=0", {}, /^query\/quantity /],
    ["GET", "/v1/devices/events?kind=bored", {}, /^query\/kind .*"online"/],
    ["GET", "/v1/imports?state=lost", {}, /^query\/state .*"uploading"/],
    ["GET", "/v1/overview/throughput?range=week", {}, /^query\/range /],
    ["POST", "/v1/orders", order({ currency: undefined }), /currency/],
    [
      "POST",
      "/v1/orders",
      order({ lines: [{ sku: "TEE-1", quantity: "1", unitPrice: "1" }] }),
      /\/lines\/0\/quantity /,
    ],
    [
      "POST",
      "/v1/orders",
      order({ lines: [{ sku: "TEE-1", quantity: 0, unitPrice: "1" }] }),
      /orders 0 units; expected a quantity/,
    ],
    ["POST", "/v1/orders", order({ lines: [{ quantity: 1, unitPrice: "1" }] }), /\/lines\/0\/sku is missing/],
    ["POST", "/v1/orders", order({ shipingAddress: {} }), /unknown fields: shipingAddress/],
    ["POST", "/v1/orders", order({ deliverOn: "2026-02-30" }), /\/deliverOn /],
    ["POST", "/v1/orders", text("{not json"), /no JSON: it goes wrong at line 1, column 2/],
    ["POST", "/v1/orders", text(Buffer.from([0x7b, 0x22, 0xe9, 0x22])), /not UTF-8/],
    ["POST", "/v1/orders/quote", json({ currency: "US", lines: [] }), /body\/(currency|lines) /],
    ["POST", "/v1/orders/web-good/hold", json({}), /^body\/reason is missing/],
    ["POST", "/v1/orders/web-good/cancel", json({ reason: 7 }), /body\/reason /],
    [
      "POST",
      "/v1/orders/web-good/changes",
      json({ edits: [{ kind: "zap" }] }),
      /body\/edits\/0\/kind must be one of/,
    ],
    [
      "POST",
      "/v1/orders/web-good/changes",
      json({ edits: [{ kind: "quantity", lineId: "1" }] }),
      /edits\/0 .*quantity/,
    ],
    [
      "POST",
      "/v1/orders/web-good/refunds",
      json({ amountMinor: 1.5, reason: "goodwill" }),
      /body\/amountMinor /,
    ],
    ["POST", "/v1/orders/web-good/returns", json({ lines: [], reason: "x" }), /body\/lines /],
    ["POST", "/v1/products", text("{"), /goes wrong at its end/],
    ["POST", "/v1/products", text('{"sku":}'), /line 1, column 8/],
    ["POST", "/v1/products", text("sku=1", "text/plain"), /Content-Type is another/],
    ["POST", "/v1/products", text("{}", "application/json; charset=iso-8859-1"), /Content-Type is another/],
    ["POST", "/v1/products", json({ sku: "A" }), /body must have required properties .*name/],
    ["PATCH", "/v1/products/TEE-1", json({ weightGrams: -3 }), /body\/weightGrams /],
    ["POST", "/v1/products/TEE-1/substitutes", json({ substitutes: "MUG-1" }), /body\/substitutes .*list/],
    [
      "POST",
      "/v1/stock/commands",
      json({ commands: [{ type: "steal" }] }),
      /commands\/0\/type must be one of: .*receive/,
    ],
    [
      "POST",
      "/v1/stock/commands",
      json({ commands: [{ ...receive, quantity: 0 }] }),
      /commands\/0\/quantity /,
    ],
    ["POST", "/v1/keys", json({ name: "k", scopes: ["orders:eat"] }), /body\/scopes\/0 .*"orders:write"/],
    ["POST", "/v1/staff", json({ name: "A", email: "nobody", role: "admin" }), /body\/email /],
    ["POST", "/v1/locations", json({ id: "x" }), /body must have required properties /],
    ["PATCH", "/v1/locations/east", json({ name: "East" }), /If-Match.*"version"/],
    ["POST", "/v1/webhook-subscriptions", json({ id: "w" }), /body .*url/],
    [
      "POST",
      "/v1/webhook-subscriptions",
      json({ id: "w", url: "https://a.example", ordering: "some" }),
      /body\/ordering /,
    ],
    ["POST", "/v1/channels", json({ id: "Web Shop!", kind: "holdfast" }), /body\/id /],
    [
      "POST",
      "/v1/devices",
      json({ id: "r", name: "R", kind: "toaster", locationId: "east", protocol: "x" }),
      /body\/kind /,
    ],
    ["POST", "/v1/hold-reasons", json({ code: "x" }), /body .*label/],
    [
      "POST",
      "/v1/bulk",
      json({ requests: [{ method: "EAT", path: "/v1/x" }] }),
      /body\/requests\/0\/method /,
    ],
    ["POST", "/v1/views", json({ list: "none", name: "n", query: "" }), /body\/list /],
    [
      "POST",
      "/v1/orders",
      { ...order({}), headers: { "idempotency-key": "" } },
      /Idempotency-Key is missing/,
    ],
    [
      "POST",
      "/v1/orders",
      { ...order({}), headers: { "idempotency-key": "a b" } },
      /Idempotency-Key is wrong/,
    ],
  ])("%s %s: %j", async (method, path, options, told) => {
    const reply = await world.call(method, path, {
      ...options,
      headers: {
        "idempotency-key": randomBytes(8).toString("hex"),
        ...(options as { headers?: object }).headers,
      },
    });
    expect(reply.status, reply.text).toBeGreaterThanOrEqual(400);
    expect(reply.status, reply.text).toBeLessThan(500);
    expect(reply.json.detail).toMatch(told);
    expect(reply.json.detail).toMatch(/(; expected |must be one of: ).*|such as /);
    expect(reply.json.detail).toMatch(PRINTABLE);
  });
});

describe("webhooks", () => {
  const send = (
    payload: string | Buffer,
    headers: Record<string, string>,
    address = "channels/shopify/shopify",
  ) =>
    world.call("POST", `/v1/webhooks/${address}`, {
      anonymous: true,
      body: payload,
      headers: { "content-type": "application/json", "x-shopify-topic": "orders/create", ...headers },
    });

  test.each<[string, string, string]>([
    ["text that is not JSON", "{not json", "malformed_payload"],
    ["binary garbage", randomBytes(512).toString("latin1"), "malformed_payload"],
    ["a NUL, which the parser's complaint quotes", "a\0b", "malformed_payload"],
    ["deeply nested JSON", deep(10_000), "structure_too_complex"],
  ])("an order that is %s, correctly signed", async (_name, payload, code) => {
    const reply = await send(payload, { "x-shopify-hmac-sha256": world.signShopify(payload) });
    expect(reply.json.code, `${reply.text} ${sent(payload)}`).toBe(code);
    expect(reply.json.detail, sent(payload)).toMatch(PRINTABLE);
    expect(reply.status).toBe(422);
  });

  test("a signature that is missing, wrong, or of another body", async () => {
    const payload = shopifyOrder();
    const signatures: readonly Record<string, string>[] = [
      {},
      { "x-shopify-hmac-sha256": "" },
      { "x-shopify-hmac-sha256": "not base64!" },
      { "x-shopify-hmac-sha256": world.signShopify(`${payload} `) },
    ];
    for (const headers of signatures) {
      const reply = await send(payload, headers);
      expect([reply.status, reply.json.code]).toEqual([401, "bad_signature"]);
    }
  });

  test("an unknown channel, and a channel that has no secret to check against", async () => {
    const payload = shopifyOrder();
    const headers = { "x-shopify-hmac-sha256": world.signShopify(payload) };
    const codeAt = async (address: string) => (await send(payload, headers, address)).json.code;
    for (const address of ["channels/shopify/nowhere", "channels/nowhere", "channels/shopify/closed"])
      expect(await codeAt(address)).toBe("channel_not_found");
    // Whether it is switched off is told to nobody who cannot sign.
    expect(await codeAt("channels/closed")).toBe("bad_signature");
    expect(await codeAt("channels/amazon/shopify")).toBe("channel_not_found");
    expect(await codeAt("channels/holdfast/web")).toBe("bad_signature");
    expect(await codeAt("channels/web")).toBe("bad_signature");
  });

  test("a carrier's report whose signature is wrong, and one about a parcel that is not ours", async () => {
    const event = JSON.stringify({
      id: "evt_1",
      object: "Event",
      description: "tracker.updated",
      result: {
        object: "Tracker",
        tracking_code: "9400100000000000000000",
        status: "delivered",
        tracking_details: [],
      },
    });
    const post = (address: string, signature: string | null) =>
      world.call("POST", `/v1/webhooks/${address}`, {
        anonymous: true,
        body: event,
        headers: signature === null ? {} : { "x-hmac-signature": signature },
      });
    const signature = world.signCarrier(event);
    for (const wrong of [
      null,
      "",
      "hmac-sha256-hex=00",
      signature.slice(0, -1),
      world.signCarrier(`${event} `),
      world.signCarrier(event, "returns"),
    ]) {
      const reply = await post("carriers/easypost/default", wrong);
      expect([wrong, reply.status, reply.json.code]).toEqual([wrong, 401, "bad_signature"]);
    }
    for (const nobody of [
      "carriers/easypost/nobody",
      "carriers/nobody/default",
      "payments/stripe/default",
      "fridges/easypost/default",
    ]) {
      const reply = await post(nobody, signature);
      expect([nobody, reply.status, reply.json.code]).toEqual([nobody, 404, "webhook_not_found"]);
    }
    const unsigned = await post("payments/stripe/unsigned", signature);
    expect([unsigned.status, unsigned.json.code]).toEqual([409, "webhook_secret_missing"]);
    expect(unsigned.json.detail).toContain('"unsigned" at stripe');
    for (const address of ["carriers/easypost/default", "carriers/easypost"]) {
      const foreign = await post(address, signature);
      expect(foreign.status, foreign.text).toBe(200);
      expect(foreign.json.recorded).toBe(0);
    }
  });
});

describe("WebSocket", () => {
  test.each(badOrders)("an order that is %s", async (_name, payload, code) => {
    const client = await world.connect();
    client.send({ id: "o", type: "order.capture", channel: "web", payload });
    const reply = await client.reply("o");
    const refusal = reply.code === undefined ? reply.results[0] : reply;
    expect(refusal.code, `${JSON.stringify(reply)} ${sent(payload)}`).toBe(code);
    expect(refusal.detail, sent(payload)).toMatch(PRINTABLE);
  });

  test.each<[string, string | Buffer, string, string | null]>([
    ["text that is not JSON", "{not json", "malformed_frame", null],
    ["an empty frame", "", "malformed_frame", null],
    ["an empty list", "[]", "malformed_frame", null],
    ["a number", "42", "malformed_message", null],
    ["a message without id", '{"type":"ping"}', "malformed_message", null],
    [
      "an id that is too long",
      JSON.stringify({ id: "x".repeat(65), type: "ping" }),
      "malformed_message",
      null,
    ],
    ["a message without type", '{"id":"m"}', "unknown_message_type", "m"],
    ["an unknown type", '{"id":"m","type":"order.delete"}', "unknown_message_type", "m"],
    ["a type from the prototype", '{"id":"m","type":"__proto__"}', "unknown_message_type", "m"],
    ["an unknown field", '{"id":"m","type":"ping","x":1}', "malformed_message", "m"],
    ["a missing field", '{"id":"m","type":"order.capture","channel":"web"}', "malformed_message", "m"],
    ["no SKU", '{"id":"m","type":"stock.positions","skus":[]}', "malformed_message", "m"],
    ["a forged cursor", '{"id":"m","type":"feed.subscribe","after":"x.y"}', "invalid_cursor", "m"],
    [
      "a cursor beyond every number",
      `{"id":"m","type":"feed.subscribe","after":"${"9".repeat(19)}.1"}`,
      "invalid_cursor",
      "m",
    ],
    [
      "an unknown command",
      '{"id":"m","type":"stock.execute","commands":[{"type":"steal"}]}',
      "malformed_message",
      "m",
    ],
    ["deep JSON", deep(10_000), "structure_too_complex", null],
    [
      "too many messages",
      `[${Array(1_001).fill('{"id":"m","type":"ping"}').join(",")}]`,
      "too_many_messages",
      null,
    ],
    ["a binary frame", randomBytes(64), "malformed_frame", null],
    ["10 MB", `"${"x".repeat(10_000_000)}"`, "frame_too_large", null],
  ])("a frame with %s", async (_name, frame, code, re) => {
    const client = await world.connect();
    client.socket.send(frame, { binary: Buffer.isBuffer(frame) });
    const error = await client.next((message) => message.type === "error");
    expect(error, sent(frame)).toMatchObject({ type: "error", code, re });
    client.send({ id: "alive", type: "ping" });
    expect((await client.reply("alive")).type).toBe("pong");
  });

  test("an unknown channel, and a channel that the key is not for", async () => {
    const payload = JSON.stringify(canonicalOrder("x"));
    const client = await world.connect();
    client.send({ id: "u", type: "order.capture", channel: "nowhere", payload });
    const unknown = await client.reply("u");
    expect(unknown.code ?? unknown.results[0].code).toBe("channel_not_found");
    const bound = await world.connect({ key: await world.key(["orders:write"], "shopify") });
    bound.send({ id: "b", type: "order.capture", channel: "web", payload });
    expect((await bound.reply("b")).code).toBe("channel_forbidden");
    const reader = await world.connect({ key: await world.key(["orders:read"]) });
    reader.send({ id: "r", type: "order.capture", channel: "web", payload });
    reader.send({ id: "s", type: "stock.execute", commands: [{ type: "receive" }] });
    reader.send({ id: "p", type: "stock.positions", skus: ["TEE-1"] });
    const codes = await Promise.all(["r", "s", "p"].map(async (id) => (await reader.reply(id)).code));
    expect(codes).toEqual(["forbidden", "forbidden", "forbidden"]);
  });

  test("ten bad frames close the connection with 1008", async () => {
    const client = await world.connect();
    for (let at = 0; at < 12; at += 1) client.socket.send("garbage");
    await client.until(() => client.closeCode !== null);
    expect(client.closeCode).toBe(1008);
    const errors = client.received.filter((message) => message.type === "error");
    expect(errors).toHaveLength(11);
    expect(errors.at(-1)).toMatchObject({ code: "too_many_bad_frames" });
  });

  test("bad frames between good ones close nothing", async () => {
    const client = await world.connect();
    for (let at = 0; at < 24; at += 1) {
      client.socket.send("garbage");
      client.send({ id: `odd-${at}`, type: "order.capture", channel: 7, payload: {} });
      client.send({ id: `good-${at}`, type: "stock.positions", skus: ["TEE-1"] });
    }
    expect((await client.reply("good-23")).type).toBe("stock.positions");
    expect((await client.reply("odd-23")).code).toBe("malformed_message");
    expect(client.closeCode).toBe(null);
  });

  test.each<[string, Buffer]>([
    ["cut short", Buffer.from([0x82, 0xa2, 0x69])],
    ["announcing 4 billion members", Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff])],
    ["announcing 30 million members in 5 bytes", Buffer.from([0xdd, 0x01, 0xc9, 0xc3, 0x80])],
    ["of an extension type", Buffer.from([0xd4, 0x01, 0x00])],
    ["with a key that is no string", Buffer.from([0x81, 0x01, 0x01])],
    ["with bytes behind it", Buffer.from([0xc0, 0xc0])],
    ["nested deeply", Buffer.concat([Buffer.alloc(5_000, 0x91), Buffer.from([0xc0])])],
    ["random", Buffer.from([0xc1, ...randomBytes(200)])],
  ])("MessagePack %s", async (_name, frame) => {
    const client = await world.connect({ subprotocol: SUBPROTOCOL_MSGPACK });
    const { unpack } = await import("msgpackr");
    const answer = new Promise<{ type: string; code: string; re: unknown }>((resolve) => {
      client.socket.on("message", (data: Buffer) => {
        const frame = unpack(data);
        for (const message of Array.isArray(frame) ? frame : [frame]) {
          if (message.type === "error") resolve(message);
        }
      });
    });
    client.socket.send(frame);
    const error = await answer;
    expect(["malformed_frame", "structure_too_complex"], `${error.code} ${sent(frame)}`).toContain(
      error.code,
    );
    expect(error.re).toBeNull();
  });

  test("a key that is well formed and wrong gets a coded error and is closed with 1008, whatever it sent", async () => {
    const client = await world.connect({ key: `hf_abcdef012345_${"A".repeat(43)}` });
    client.send({
      id: "o",
      type: "order.capture",
      channel: "web",
      payload: JSON.stringify(canonicalOrder("w")),
    });
    await client.until(() => client.closeCode !== null);
    expect(client.closeCode).toBe(1008);
    expect(client.received).toMatchObject([{ re: null, type: "error", code: "unauthenticated" }]);
  });

  test.each<[string, Record<string, string>, string, string, number]>([
    ["no key", {}, "", "holdfast.v1.json", 401],
    ["a made-up key", { authorization: "Bearer hf_x" }, "", "holdfast.v1.json", 401],
    ["a key in the query", {}, `?key=hf_abcdef012345_${"A".repeat(43)}`, "holdfast.v1.json", 400],
    ["an unknown subprotocol", {}, "", "soap", 400],
  ])("a connection with %s is refused by HTTP", async (_name, headers, query, subprotocol, status) => {
    const socket = new WebSocket(`${world.url.replace("http", "ws")}/v1/stream${query}`, subprotocol, {
      headers,
    });
    const refused = await new Promise<number | undefined>((resolve, reject) => {
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
      socket.on("open", () => reject(new Error("was admitted")));
      socket.on("error", () => {});
    });
    expect(refused).toBe(status);
  });
});

describe("raw sockets", () => {
  const raw = (bytes: string | Buffer) =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(world.url).port), "127.0.0.1");
      let received = "";
      socket.on("data", (data) => {
        received += data.toString("latin1");
      });
      socket.on("error", () => resolve(received));
      socket.on("close", () => resolve(received));
      socket.write(bytes);
      setTimeout(() => socket.end(), 300);
    });

  test.each<[string, string | Buffer]>([
    ["binary garbage", randomBytes(2_000)],
    ["half a request line", "GET /v1/ord"],
    ["no Host", "GET /healthz HTTP/1.1\r\n\r\n"],
    ["a header of 100 KiB", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(100_000)}\r\n\r\n`],
    [
      "two lengths",
      "POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    ],
    [
      "length and chunks",
      "POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a negative length", "POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"],
    ["a body that ends early", "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"],
    ["a frame before the upgrade", Buffer.from([0x81, 0x85, 0, 0, 0, 0, 1, 2, 3, 4, 5])],
  ])("%s never gets a success", async (_name, bytes) => {
    expect(await raw(bytes), sent(bytes)).not.toMatch(/^HTTP\/1\.1 2/);
  });

  test("a length that is there twice is refused by name, and what follows is no request of its own", async () => {
    const head = "POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nContent-Length";
    const refused = await raw(`${head}: 0\r\n\r\n`);
    expect(refused).toMatch(/^HTTP\/1\.1 400[\s\S]*"malformed_request"/);
    const hidden = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    expect(await raw(`${head}: ${hidden.length}\r\n\r\n${hidden}`)).not.toContain("HTTP/1.1 2");
  });

  test("a body that drips in is told so before the connection is closed", async () => {
    const socket = connect(Number(new URL(world.url).port), "127.0.0.1");
    let received = "";
    socket.on("data", (data) => {
      received += data.toString("latin1");
    });
    socket.on("error", () => {});
    socket.write("POST /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{");
    const drip = setInterval(() => socket.write("a"), 500);
    await new Promise((resolve) => socket.on("close", resolve));
    clearInterval(drip);
    expect(received).toMatch(/^HTTP\/1\.1 408/);
    expect(received).toContain('"body_timeout"');
  }, 40_000);

  test("a request for another host is refused, and one for this address is not", async () => {
    const answer = (host: string) => raw(`GET /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(await answer("evil.example")).toMatch(/^HTTP\/1\.1 421[\s\S]*"host_unknown"/);
    const own = await answer("127.0.0.1:7400");
    expect(own).toMatch(/^HTTP\/1\.1 200/);
    expect(own.toLowerCase()).toContain("permissions-policy: ");
  });

  test("a stream takes its key as a subprotocol, and does not repeat it", async () => {
    const protocols = ["holdfast.v1.json", `holdfast.key.${world.adminKey}`];
    const socket = new WebSocket(`${world.url.replace("http", "ws")}/v1/stream`, protocols);
    await new Promise((resolve, reject) => {
      socket.on("message", resolve);
      socket.on("error", reject);
    });
    expect(socket.protocol).toBe("holdfast.v1.json");
    socket.close();
  });

  test("two hundred half-open requests are cut off within half a minute, and others are served meanwhile", async () => {
    const port = Number(new URL(world.url).port);
    const sockets = Array.from({ length: 200 }, (_, at) => {
      const socket = connect(port, "127.0.0.1");
      const half =
        at % 2 === 0
          ? "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "
          : "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{";
      socket.on("error", () => {});
      socket.on("data", () => {});
      socket.write(half);
      return new Promise<void>((resolve) => {
        // One more byte each second keeps an idle timer from firing; only a deadline helps.
        const drip = setInterval(() => socket.write("a"), 1_000);
        socket.on("close", () => {
          clearInterval(drip);
          resolve();
        });
      });
    });
    let slowest = 0;
    const probing = setInterval(() => {
      const started = performance.now();
      world.call("GET", "/v1/orders").then(
        () => {
          slowest = Math.max(slowest, performance.now() - started);
        },
        () => {
          slowest = Number.POSITIVE_INFINITY;
        },
      );
    }, 500);
    await Promise.all(sockets);
    clearInterval(probing);
    expect(slowest).toBeLessThan(5_000);
  }, 40_000);
});
