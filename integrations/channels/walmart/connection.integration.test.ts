/** Walmart's connection over its simulator: the contract of all channels, and what is Walmart's own. */
import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { IncomingOrder } from "../../../orders/incoming-order.ts";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import {
  describeConnection,
  type Exchange,
  fillShop,
  openShop,
  placed,
  plannedOrder,
  readAll,
  type ShopWorld,
  toldLines,
  wordOf,
} from "../../../test-support/vendors/connection-contract.ts";
import { exchangeCheck } from "../../../test-support/vendors/described-exchanges.ts";
import { hasVendor } from "../../../test-support/vendors/vendor-descriptions.ts";
import { walmartAdapter } from "./adapter.ts";
import { walmart } from "./vendor.ts";

const check = hasVendor("walmart")
  ? exchangeCheck(
      ["orders", "inventory", "feeds", "auth"].map((name) => `walmart/us-mp-${name}.facts.json`),
      {
        // Items are in none of the descriptions, and a feed is no JSON but a file within a form.
        isOther: ({ request }) =>
          request.path === "/v3/items" || (request.path === "/v3/feeds" && request.method === "POST"),
        // The description knows no refusals, wants refunds of every line, and has an order without the
        // `order` that Walmart's own example of it begins with.
        lenient: /no answer has the status 4|'refunds'|the answer 200: {2}must have required property/,
      },
    )
  : null;

describeConnection(walmart, {
  examine: (exchanges: readonly Exchange[]) =>
    expect(exchanges.flatMap((exchange) => check?.problemsOf(exchange) ?? [])).toEqual([]),
});

async function bought(world: ShopWorld, lines?: Parameters<typeof plannedOrder>[1]): Promise<IncomingOrder> {
  fillShop(world.shop);
  const id = placed(world.shop, { ...plannedOrder(1, lines), taxPercent: 10 });
  return onlyOrder(walmartAdapter, (await world.connection.readOrder(id)) ?? "");
}

const bodiesTo = (world: ShopWorld, act: string) => sentBodies(world.exchanges, act);

const sentBodies = (exchanges: readonly Exchange[], act: string) =>
  exchanges
    .filter(({ request }) => request.path.endsWith(`/${act}`))
    .map(({ request }) => JSON.parse(request.body.toString("utf8")));

test("each call has Walmart's headers and its own correlation id, and names the country where it is another", async () => {
  const world = await openShop(walmart);
  await world.connection.tryConnection();
  const headers = world.exchanges.map(({ request }) => request.headers);
  expect(headers).toMatchObject([
    { "wm_svc.name": "Walmart Marketplace", authorization: expect.stringMatching(/^Basic /) },
    { "wm_svc.name": "Walmart Marketplace" },
  ]);
  expect(headers[1]?.["authorization"]).toBeUndefined();
  expect(headers.some((one) => "wm_market" in one || "wm_global_version" in one)).toBe(false);
  expect(new Set(headers.map((one) => one["wm_qos.correlation_id"])).size).toBe(2);
  for (const market of ["mx", "ca"]) {
    world.exchanges.splice(0);
    const connection = await walmart.api?.connect({ ...world.shop.account, WALMART_MARKET: market });
    expect(await connection?.tryConnection()).toMatchObject({ works: true });
    for (const { request } of world.exchanges)
      expect(request.headers).toMatchObject({ wm_market: market, wm_global_version: "3.1" });
  }
});

describe("in Mexico", () => {
  async function inMexico(nodeTypes = "SellerFulfilled") {
    const world = await openShop(walmart);
    fillShop(world.shop);
    const values = { ...world.shop.account, WALMART_MARKET: "mx", WALMART_NODE_TYPES: nodeTypes };
    const connection = await walmart.api?.connect(values);
    if (connection === undefined) throw new Error("Walmart has an API");
    return { ...world, connection };
  }

  test("orders are read in pesos with their Mexican addresses, page by page and one by one", async () => {
    const { shop, connection } = await inMexico();
    const id = placed(shop, { ...plannedOrder(1), taxPercent: 16 });
    const { orders } = await readAll(walmart, connection, { sinceMs: 0 });
    expect(orders).toMatchObject([
      { externalId: id, currency: "MXN", total: { currency: "MXN" }, shippingAddress: { country: "MX" } },
    ]);
    const one = onlyOrder(walmartAdapter, (await connection.readOrder(id)) ?? "");
    expect(one).toEqual(orders[0]);
    expect(await connection.readOrder("1080000009999")).toBeNull();
    expect(await connection.readOrderStates([id])).toMatchObject([
      { state: "open", total: { minor: one.total.minor, currency: "MXN" } },
    ]);
  });

  test("an order that Walmart fulfils is found by its number where such orders are read", async () => {
    const own = await inMexico();
    const id = placed(own.shop, { ...plannedOrder(1), fulfilledByChannel: true });
    expect(await own.connection.readOrder(id)).toBeNull();
    const values = {
      ...own.shop.account,
      WALMART_MARKET: "mx",
      WALMART_NODE_TYPES: "SellerFulfilled,WFSFulfilled",
    };
    const both = await walmart.api?.connect(values);
    expect(await both?.readOrder(id)).toContain(id);
  });

  test("it is told with its own reasons and carriers, and not of refunds, which follow returns there", async () => {
    const { shop, connection, exchanges } = await inMexico();
    expect([...connection.tells].sort()).toEqual(["acknowledge", "cancel", "ship"]);
    const read = async (id: string) => onlyOrder(walmartAdapter, (await connection.readOrder(id)) ?? "");
    const sent = await read(placed(shop, plannedOrder(1)));
    const ship = wordOf("ship", sent);
    if (ship.kind !== "ship") throw new Error("not a parcel");
    expect(await connection.tell({ ...ship, carrier: "Paquete Express" })).toMatchObject({ status: "told" });
    expect(JSON.stringify(sentBodies(exchanges, "shipping"))).toContain('{"carrier":"PaqueteExpress"}');
    const given = await read(placed(shop, plannedOrder(2)));
    const cancel = wordOf("cancel", given);
    if (cancel.kind !== "cancel") throw new Error("not a cancellation");
    expect(await connection.tell({ ...cancel, reason: "out_of_stock" })).toMatchObject({ status: "told" });
    expect(JSON.stringify(sentBodies(exchanges, "cancel"))).toContain("MIRAKL_REFUND_15");
    expect(await connection.tell(wordOf("refund", sent))).toMatchObject({ code: "not_told_here" });
    expect(exchanges.some(({ request }) => request.path.endsWith("/refund"))).toBe(false);
  });
});

describe("a notification", () => {
  const SECRET = "a-secret-of-webhooks";
  const body = (change: object = {}) =>
    Buffer.from(
      JSON.stringify({
        source: { eventType: "ORDER_UPDATES", eventId: "e-1", eventTime: "2026-11-02T09:00:00Z" },
        payload: { meta: { subEventType: "PO_CREATED" }, order: { purchaseOrderId: "1080000000001" } },
        ...change,
      }),
    );
  const digest = (text: Buffer, as: "hex" | "base64", key = SECRET) =>
    createHmac("sha256", key).update(text).digest(as);
  const open = (text: Buffer, signature: string, secret = SECRET) =>
    walmartAdapter.openWebhook({ "x-walmart-signature": signature }, text, secret);

  test("is known by the HMAC of its body, however it is written, and says what and which it is", () => {
    for (const as of ["hex", "base64"] as const)
      expect(open(body(), digest(body(), as))).toEqual({
        topic: "ORDER_UPDATES",
        eventId: "e-1",
        signedId: "e-1",
      });
  });

  test("that somebody else signed, or changed on its way, is refused", () => {
    const forged = body({ payload: { order: { purchaseOrderId: "1080000000002" } } });
    expect(open(forged, digest(body(), "base64"))).toBeNull();
    expect(open(body(), digest(body(), "base64", "another secret"))).toBeNull();
    expect(open(body(), "")).toBeNull();
    expect(open(body(), digest(body(), "base64", ""), "")).toBeNull();
  });

  test("names the order that is to be read, and nothing else of it is believed", () => {
    expect(walmartAdapter.read(body().toString(), null)).toEqual([
      { kind: "changed", externalId: "1080000000001" },
    ]);
    const without = body({ payload: { order: {} } }).toString();
    expect(walmartAdapter.read(without, null)).toMatchObject([
      { kind: "refused", refusal: { code: "malformed_payload" } },
    ]);
  });

  test("of an order that the account is not to read leads to nothing", async () => {
    const world = await openShop(walmart);
    fillShop(world.shop);
    const theirs = placed(world.shop, { ...plannedOrder(1), fulfilledByChannel: true });
    expect(await world.connection.readOrder(theirs)).toBeNull();
    const values = { ...world.shop.account, WALMART_NODE_TYPES: "SellerFulfilled,WFSFulfilled" };
    const both = await walmart.api?.connect(values);
    expect(await both?.readOrder(theirs)).toContain(theirs);
  });
});

test("orders that Walmart fulfils are read after the seller's own, and are Walmart's to ship", async () => {
  const world = await openShop(walmart);
  fillShop(world.shop);
  const own = placed(world.shop, plannedOrder(1));
  const theirs = placed(world.shop, { ...plannedOrder(2), fulfilledByChannel: true });
  const values = { ...world.shop.account, WALMART_NODE_TYPES: "SellerFulfilled,WFSFulfilled" };
  const connection = await walmart.api?.connect(values);
  if (connection === undefined) throw new Error("Walmart has an API");
  const { orders } = await readAll(walmart, connection, { sinceMs: 0 });
  expect(orders.map(({ externalId }) => externalId)).toEqual([own, theirs]);
  expect(orders[1]?.lines).toMatchObject([{ fulfilledBy: "channel" }]);
});

test("what was not acknowledged is before it is shipped; quantities are text and moments milliseconds", async () => {
  const world = await openShop(walmart);
  const order = await bought(world);
  expect(await world.connection.tell(wordOf("ship", order))).toMatchObject({ status: "told" });
  const [shipment] = bodiesTo(world, "shipping");
  expect(shipment.orderShipment.orderLines.orderLine).toMatchObject([
    {
      lineNumber: "1",
      orderLineStatuses: {
        orderLineStatus: [
          {
            statusQuantity: { unitOfMeasurement: "EACH", amount: "2" },
            trackingInfo: { shipDateTime: expect.any(Number), carrierName: { carrier: "UPS" } },
          },
        ],
      },
    },
  ]);
  expect(await world.connection.tell(wordOf("acknowledge", order))).toMatchObject({ status: "already" });
});

test("a part of a line is cancelled once, however often it is told", async () => {
  const world = await openShop(walmart);
  const order = await bought(world, [["MUG", 3]]);
  const word = wordOf("cancel", order);
  if (word.kind !== "cancel") throw new Error("not a cancellation");
  const lines = toldLines(order).map((line) => ({ ...line, quantity: 1 }));
  expect(await world.connection.tell({ ...word, isWhole: false, lines })).toMatchObject({ status: "told" });
  expect(await world.connection.tell({ ...word, isWhole: false, lines })).toMatchObject({
    status: "already",
  });
  expect(world.shop.books()[0]?.lines).toMatchObject([{ quantity: 3, cancelled: 1 }]);
  expect(await world.connection.tell(word)).toMatchObject({ status: "told" });
  expect(world.shop.books()[0]).toMatchObject({ state: "cancelled" });
  expect(await world.connection.tell(wordOf("ship", order))).toMatchObject({ code: "not_open" });
});

test("a refund is split over what was charged, to the cent, and never more than that", async () => {
  const world = await openShop(walmart);
  const order = await bought(world, [
    ["MUG", 1],
    ["POT", 2],
  ]);
  const word = wordOf("refund", order);
  if (word.kind !== "refund") throw new Error("not a refund");
  const amount = { minor: 1_001, currency: "USD", exponent: 2 };
  expect(await world.connection.tell({ ...word, amount })).toMatchObject({ status: "told" });
  expect(world.shop.books()[0]?.refunded.minor).toBe(1_001);
  expect((await world.connection.readOrderStates([order.externalId]))[0]?.refunded.minor).toBe(1_001);
  const [body] = bodiesTo(world, "refund");
  const amounts = JSON.stringify(body).match(/"amount":-?[\d.]+/g) ?? [];
  expect(amounts.every((text) => /"amount":-\d+(\.\d{1,2})?$/.test(text))).toBe(true);
  expect(
    await world.connection.tell({ ...word, refundId: "RF-2", amount: { ...amount, minor: 1_000_000 } }),
  ).toMatchObject({ status: "refused", code: "too_much" });
});
