/** Walmart's connection over its simulator: the contract of all channels, and what is Walmart's own. */
import { expect, test } from "vitest";
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

const bodiesTo = (world: ShopWorld, act: string) =>
  world.exchanges
    .filter(({ request }) => request.path.endsWith(`/${act}`))
    .map(({ request }) => JSON.parse(request.body.toString("utf8")));

test("each call has Walmart's headers, its own correlation id, and the market where it is not the United States", async () => {
  const world = await openShop(walmart);
  const connection = await walmart.api?.connect({ ...world.shop.account, WALMART_MARKET: "mx" });
  await connection?.tryConnection();
  const headers = world.exchanges.map(({ request }) => request.headers);
  expect(headers).toMatchObject([
    {
      "wm_svc.name": "Walmart Marketplace",
      wm_market: "mx",
      authorization: expect.stringMatching(/^Basic /),
    },
    { "wm_svc.name": "Walmart Marketplace", wm_market: "mx" },
  ]);
  expect(headers[1]?.["authorization"]).toBeUndefined();
  expect(new Set(headers.map((one) => one["wm_qos.correlation_id"])).size).toBe(2);
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
