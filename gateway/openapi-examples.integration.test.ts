/**
 * The reference's examples are sent as they stand, to a company of their own: what creates in their order,
 * then everything that only reads. Each is answered as the document says.
 */
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createChannelDesk } from "../integrations/channel-desk.ts";
import { channelAdapters } from "../integrations/channels/registry.ts";
import { shopifySimulator } from "../integrations/channels/shopify/simulator/simulator.ts";
import { runChannels } from "../operations/standing/channels.ts";
import { adding } from "../orders/line-ledger.ts";
import { changeOrder, lockOrder } from "../store/orders/order-progress.ts";
import { inTransaction } from "../store/sql/database.ts";
import {
  canonicalOrder,
  type GatewayWorld,
  STAFF_PASSWORD,
  startGatewayWorld,
} from "../test-support/gateway.ts";
import { packingTable } from "../test-support/orders/packing-table.ts";
import { declaredAnswers } from "../test-support/servers/declared-answers.ts";
import { ANSWER_EXAMPLES } from "./http/answer-examples.ts";
import { EXAMPLES } from "./http/openapi-examples.ts";
import { routeTable } from "./routes/route-table.ts";

// biome-ignore lint/suspicious/noExplicitAny: the document is read as its readers do
type Json = any;

const logger = pino({ level: "silent" });
const channelDesk = createChannelDesk({
  isProduction: false,
  simulators: { http: "", smtp: "" },
  isPlainRefused: () => false,
});
let world: GatewayWorld;
let document: Json;
let expectDeclared: ReturnType<typeof declaredAnswers>;

/** What the examples have made is read by these. */
const NAMED: Readonly<Record<string, string>> = {
  "/v1/orders/{id}": "web-1001",
  "/v1/products/{sku}": "MUG-2",
  "/v1/stock/{sku}": "TEE-1",
  "/v1/webhook-subscriptions/{id}": "erp",
  "/v1/channels/{id}": "web",
  "/v1/locations/{id}": "east",
};

beforeAll(async () => {
  // Nobody is told: the address of the example is nobody's.
  world = await startGatewayWorld(undefined, {
    channelDesk,
    webhookSender: { problemOf: () => null, send: async () => ({ status: "failed", detail: "" }) } as never,
  });
  await world.database.query(
    `insert into product (sku, company_id, name, weight_grams, price_minor, currency, hs_code, origin_country, gtin)
     values ('HAT-BRM-SAND', 'acme', 'Brimmed hat, sand', 120, 1999, 'USD', '650500', 'PT', '00614141000104')`,
  );
  const commands = [
    {
      type: "receive",
      commandId: "hats",
      atMs: 0,
      cause: "delivery",
      sku: "HAT-BRM-SAND",
      locationId: "east",
      quantity: 40,
    },
  ];
  await world.call("POST", "/v1/stock/commands", { json: { commands } });
  document = (await world.call("GET", "/openapi.json")).json;
  expectDeclared = declaredAnswers(document);
});
afterAll(() => world?.close());

/** The path as it is called; null: nothing of that name was made. */
function addressOf(path: string): string | null {
  const [, value] = Object.entries(NAMED).find(([start]) => path.startsWith(start)) ?? [];
  const at = path.replace(/\{(id|sku)\}/, encodeURIComponent(value ?? "{}")).replace("{location}", "east");
  return at.includes("{") || at.includes("%7B") ? null : at;
}

test("every example of a request is taken as it stands, and answered as it is described", async () => {
  for (const [name, example] of Object.entries(EXAMPLES)) {
    const [method = "", path = ""] = name.split(" ");
    const address = addressOf(path) ?? expect.fail(`${name}: nothing is there to call it on`);
    const operation = document.paths[path][method.toLowerCase()];
    // As the call has it that is there to be copied.
    const { source } = operation["x-codeSamples"][0];
    expect(source).toContain(JSON.stringify(example));
    const headers: Record<string, string> = source.includes("Idempotency-Key")
      ? { "idempotency-key": name.replace(" ", ":") }
      : {};
    const query = path.startsWith("/v1/orders") && !path.includes("{") ? "?channel=web" : "";
    const reply = await world.call(method, `${address}${query}`, { json: example, headers });
    expect(reply.status, `${name}: ${reply.text}`).toBeLessThan(300);
    expectDeclared(method, path, reply, JSON.stringify(example));
    // A bulk says of each of its requests what came of it.
    for (const { status } of reply.json?.results ?? []) expect(status, reply.text).toBeLessThan(300);
    const shown = ANSWER_EXAMPLES[name] ?? expect.fail(`${name} shows no answer`);
    expect([name, reply.status]).toEqual([name, shown.status]);
    expect([name, differenceIn(replyOf(name), shown.example, reply.json)]).toEqual([name, null]);
  }
});

/**
 * Where two answers of one operation are of another shape: what both have is of the same kind, as far down as
 * both have something and the schema says one kind. What only one has, the schema says of both.
 */
function differenceIn(schema: Json, shown: Json, real: Json, at = ""): string | null {
  const variants = (schema?.anyOf ?? []).filter(({ type }: Json) => type !== "null");
  if (variants.length > 0) return variants.length > 1 ? null : differenceIn(variants[0], shown, real, at);
  if (shown === null || real === null || schema?.type === undefined) return null;
  const kindOf = (value: Json) => (Array.isArray(value) ? "list" : typeof value);
  if (kindOf(shown) !== kindOf(real)) return `${at} is ${kindOf(real)} and was ${kindOf(shown)}`;
  if (Array.isArray(shown))
    return shown.length === 0 || real.length === 0
      ? null
      : differenceIn(schema.items, shown[0], real[0], `${at}/0`);
  if (typeof shown !== "object") return null;
  for (const [name, value] of Object.entries(shown)) {
    const fault =
      name in real ? differenceIn(schema.properties?.[name], value, real[name], `${at}/${name}`) : null;
    if (fault !== null) return fault;
  }
  return null;
}

const replyOf = (name: string) =>
  routeTable.find(({ method, path }) => `${method} ${path}` === name)?.reply ?? null;

test("everything that only reads can be read, and is as it is described", async () => {
  let read = 0;
  for (const [path, operations] of Object.entries<Json>(document.paths)) {
    const operation = operations.get;
    if (operation === undefined || path === "/v1/stream" || path.includes("/single-sign-on")) continue;
    const address = addressOf(path);
    if (address === null) continue;
    const needed = (operation.parameters as readonly Json[]).filter(
      ({ in: where, required }: Json) => where === "query" && required,
    );
    const query = needed.map(({ name }: Json) => `${name}=1`).join("&");
    const reply = await world.call("GET", query === "" ? address : `${address}?${query}`);
    read += 1;
    expect(reply.status, `GET ${path}: ${reply.text.slice(0, 300)}`).toBeLessThan(500);
    if (path.startsWith("/v1/")) expectDeclared("GET", path, reply, query);
    const shown = ANSWER_EXAMPLES[`GET ${path}`];
    if (shown !== undefined && reply.status === shown.status)
      expect([path, differenceIn(replyOf(`GET ${path}`), shown.example, reply.json)]).toEqual([path, null]);
    const etag = reply.headers.get("etag");
    if (etag === null) continue;
    const again = await world.call("GET", query === "" ? address : `${address}?${query}`, {
      headers: { "if-none-match": etag },
    });
    if (again.status === 304) expectDeclared("GET", path, again, "If-None-Match");
  }
  expect(read).toBeGreaterThan(60);
});

let number = 0;
/** @param path as the document has it, with `{name}` in place of each of `names` */
async function ask(
  method: string,
  path: string,
  names: readonly string[],
  json?: unknown,
  by = {},
): Promise<Json> {
  number += 1;
  const [...left] = names;
  const address = path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(left.shift() ?? ""));
  const own = (by as { headers?: object }).headers ?? {};
  const reply = await world.call(method, address, {
    ...(json === undefined ? {} : { json }),
    ...by,
    headers: { "idempotency-key": `kept-${number}`, ...own },
  });
  expect(reply.status, `${method} ${path}: ${reply.text}`).toBeLessThan(300);
  expectDeclared(method, path.split("?", 1)[0] ?? "", reply, JSON.stringify(json ?? null));
  return reply.json;
}

test("what is kept beside orders is read, changed and answered as it is described", async () => {
  const { json: signedIn, headers } = await world.call("POST", "/v1/sessions", {
    anonymous: true,
    json: { email: "admin@acme.example", password: STAFF_PASSWORD },
  });
  expect(signedIn.role).toBe("admin");
  const person = {
    anonymous: true,
    headers: {
      cookie: (headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "",
      origin: "http://shop.example",
    },
  };
  const sessions = await ask("GET", "/v1/sessions", [], undefined, person);
  await ask("GET", "/v1/sessions/{id}", [sessions.items[0].id], undefined, person);
  const view = await ask(
    "POST",
    "/v1/views",
    [],
    { list: "orders", name: "Open", query: "status=open" },
    person,
  );
  expect(await ask("GET", "/v1/views/{id}", [view.id], undefined, person)).toEqual(view);
  const gift = { code: "gift", label: "A gift" };
  const { code } = await ask("POST", "/v1/hold-reasons", [], gift);
  expect(await ask("GET", "/v1/hold-reasons/{code}", [code])).toMatchObject(gift);
  const items = [];
  for (const seen of ["4006381333931", "TEE-1"])
    items.push(await ask("POST", "/v1/returns/unknown-items", [], { code: seen, note: "Without a slip." }));
  expect(await ask("GET", "/v1/returns/unknown-items/{itemId}", [items[0].id])).toEqual(items[0]);
  expect((await ask("GET", "/v1/returns/unknown-items", [])).items).toHaveLength(2);
  await ask("POST", "/v1/returns/unknown-items/{itemId}/discard", [items[0].id], {});
  // An order that the shopper has.
  const { orderId, id, pick, leave } = await packingTable(world, "kept");
  await ask("GET", "/v1/fulfillment-orders/{id}", [id]);
  await pick("device:robot-1", "pick:kept");
  const shipmentId = await leave();
  await inTransaction(world.database, async (client) => {
    const locked = (await lockOrder(client, orderId)) ?? expect.fail("there is no order");
    const units = adding([{ lineId: "1", quantity: 3 }], "fulfilled", "shipped", "delivered");
    await changeOrder(client, locked, { ledger: units });
  });
  const wish = { lines: [{ lineId: "1", quantity: 1 }], reason: "too_small" };
  const back = await ask("POST", "/v1/orders/{id}/returns", [orderId], wish);
  await ask("POST", "/v1/returns/{id}/decline", [back.id], { reason: "Too late." });
  await ask("POST", "/v1/returns/{id}/approve", [back.id], {});
  await ask("POST", "/v1/returns/unknown-items/{itemId}/attach", [items[1].id], {
    returnId: back.id,
    lineId: "1",
  });
  await ask("POST", "/v1/returns/{id}/unknown-items", [back.id], { code: "TEE-9" });
  await ask("POST", "/v1/returns/{id}/custom-fields", [back.id], { values: {} });
  await ask("POST", "/v1/returns/{id}/exchange", [back.id], { items: [{ sku: "MUG-1", quantity: 1 }] });
  const claim = await ask("POST", "/v1/orders/{id}/claims", [orderId], { shipmentId, kind: "damaged" });
  await ask("GET", "/v1/claims/{id}", [claim.id]);
  await ask("POST", "/v1/claims/{id}/reject", [claim.id], { note: "It is whole." });
  const sentBack = await ask("POST", "/v1/orders/{id}/claims", [orderId], {
    shipmentId,
    kind: "return_to_sender",
  });
  await ask("POST", "/v1/claims/{id}/receive", [sentBack.id], {});
  await ask("POST", "/v1/personal-data/export", [], { order: orderId });
  const { version } = await ask("GET", "/v1/settings/archive", []);
  await ask("POST", "/v1/settings/archive", [], { version, days: 400 });
  const { url } = await ask("GET", "/v1/orders/{id}/tracking-link", [orderId]);
  const token = url.split("/").at(-1);
  await ask("GET", "/v1/track/{token}", [token], undefined, { anonymous: true });
  const asked = await ask("POST", "/v1/track/{token}/returns", [token], wish, { anonymous: true });
  await ask("POST", "/v1/track/{token}/returns/{id}/cancel", [token, asked.id], {}, { anonymous: true });
  // One that is not sent yet, and whose shopper changes it.
  const open = await ask("POST", "/v1/orders", [], {
    ...canonicalOrder("kept-2"),
    paymentMethod: undefined,
  });
  await ask("PUT", "/v1/orders/{id}/payment-method", [open.order], { paymentMethod: "pm_card_visa" });
  const cash = await ask("POST", "/v1/orders", [], {
    ...canonicalOrder("kept-3", { paymentBy: "on_delivery" }),
    paymentMethod: undefined,
  });
  await ask("PUT", "/v1/orders/{id}/cash", [cash.order], { takenMinor: 1_999, note: "At the door." });
  const link = await ask("GET", "/v1/orders/{id}/tracking-link", [open.order]);
  const own = link.url.split("/").at(-1);
  const { shippingAddress } = canonicalOrder("x");
  await ask(
    "POST",
    "/v1/track/{token}/address",
    [own],
    { address: { ...shippingAddress, line1: "2 Main Street" } },
    { anonymous: true },
  );
  await ask("POST", "/v1/track/{token}/cancel", [own], {}, { anonymous: true });
  const strange = canonicalOrder("kept-4", { lines: [{ sku: "TEE-OLD", quantity: 1, unitPrice: "19.99" }] });
  await ask("POST", "/v1/orders", [], strange);
  expect((await ask("GET", "/v1/unmapped-skus", [])).items).toMatchObject([{ channelSku: "TEE-OLD" }]);
});

test("orders of one customer that wait at one place are told of, and leave in one parcel", async () => {
  const [one, other] = [await packingTable(world, "beside-1"), await packingTable(world, "beside-2")];
  const { items } = await ask("GET", "/v1/fulfillment-orders/{id}/combinable", [one.id]);
  expect(items).toContainEqual(expect.objectContaining({ fulfillmentOrderId: other.id }));
  await ask("POST", "/v1/combined-parcels", [], { fulfillmentOrders: [one.id, other.id] });
});

test("a channel that is connected both ways is tried, filled back and compared", async () => {
  const shop = await shopifySimulator.start({
    webhookUrl: null,
    webhookSecret: "none",
    now: Date.now,
    logger,
  });
  const context = {
    database: world.database,
    allocator: world.engine.client,
    parcelLimit: () => null,
    now: Date.now,
  };
  const work = runChannels(
    { context, box: world.secrets, desk: channelDesk, adapters: channelAdapters },
    logger,
  );
  const channel = ["shopify"];
  const ended = async (path: string) =>
    expect
      .poll(async () => (await world.call("GET", path)).json.items[0]?.endedAt, { timeout: 20_000 })
      .toEqual(expect.any(String));
  try {
    shop.list({ channelSku: "TEE-1", title: "Tee", gtin: null, quantity: 10 });
    const values = shop.account;
    expect(await ask("POST", "/v1/channels/{id}/account/try", channel, { values })).toMatchObject({
      works: true,
    });
    await ask("PUT", "/v1/channels/{id}/account", channel, { values, pollSeconds: 2 });
    const since = new Date(Date.now() - 3_600_000).toISOString();
    await ask("POST", "/v1/channels/{id}/backfills", channel, { since });
    await ended("/v1/channels/shopify/backfills");
    expect((await ask("GET", "/v1/channels/{id}/backfills", channel)).items).toHaveLength(1);
    await ask("POST", "/v1/channels/{id}/comparisons", channel, {});
    await ended("/v1/channels/shopify/comparisons");
    await ask("GET", "/v1/channels/{id}/comparisons", channel);
    await world.database.query(
      `insert into channel_difference (channel_id, comparison_id, kind, subject, ours, theirs, cause, state)
       select 'shopify', max(id), 'order', '4711', 'open', 'none', 'drift', 'raised' from channel_comparison`,
    );
    const { items } = await ask("GET", "/v1/channels/{id}/differences", channel);
    expect(items).toContainEqual(expect.objectContaining({ subject: "4711" }));
  } finally {
    await work.stop();
    await shop.close();
  }
});
