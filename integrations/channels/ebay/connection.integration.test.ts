/** eBay's connection over its simulator: the contract of all channels, and what is eBay's own. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
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
  type ShopWorld,
  toldLines,
  wordOf,
} from "../../../test-support/vendors/connection-contract.ts";
import { exchangeCheck } from "../../../test-support/vendors/described-exchanges.ts";
import { hasVendor } from "../../../test-support/vendors/vendor-descriptions.ts";
import { ebayAdapter } from "./adapter.ts";
import { ebaySimulator } from "./simulator/simulator.ts";
import { ebay } from "./vendor.ts";

const check = (file: string, prefix: string) =>
  exchangeCheck([`ebay/${file}.facts.json`], { prefix, lenient: /no answer has the status 40[134]/ });
const checks = hasVendor("ebay")
  ? ([
      ["/sell/fulfillment/v1/", check("sell-fulfillment-v1", "/sell/fulfillment/v1")],
      ["/sell/inventory/v1/", check("sell-inventory-v1", "/sell/inventory/v1")],
    ] as const)
  : [];

describeConnection(ebay, {
  examine: (exchanges: readonly Exchange[]) => {
    for (const exchange of exchanges)
      for (const [prefix, one] of checks)
        if (exchange.request.path.startsWith(prefix)) expect(one.problemsOf(exchange)).toEqual([]);
  },
});

async function bought(world: ShopWorld): Promise<IncomingOrder> {
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1));
  return onlyOrder(ebayAdapter, (await world.connection.readOrder(id)) ?? "");
}

const bodiesTo = (world: ShopWorld, part: string) =>
  world.exchanges
    .filter(({ request }) => request.method === "POST" && request.path.endsWith(part))
    .map(({ request }) => JSON.parse(request.body.toString("utf8")));

test("a parcel's id is read out of the address, and its tracking number has letters and digits only", async () => {
  const world = await openShop(ebay);
  const order = await bought(world);
  const parcel = wordOf("ship", order);
  if (parcel.kind !== "ship") throw new Error("not a parcel");
  const told = await world.connection.tell({ ...parcel, trackingNumber: "1Z 999-AA1" });
  expect(told).toMatchObject({ status: "told", reference: expect.stringMatching(/^\d+$/) });
  expect(bodiesTo(world, "/shipping_fulfillment")).toMatchObject([{ trackingNumber: "1Z999AA1" }]);
  expect(await world.connection.tell({ ...parcel, trackingNumber: "1Z999AA1" })).toMatchObject({
    status: "already",
    reference: told.status === "told" ? told.reference : "",
  });
});

test("of an order that is partly shipped, the payload says how far", async () => {
  const world = await openShop(ebay);
  const order = await bought(world);
  const parcel = wordOf("ship", order);
  if (parcel.kind !== "ship") throw new Error("not a parcel");
  await world.connection.tell({
    ...parcel,
    lines: toldLines(order).map((line) => ({ ...line, quantity: 1 })),
  });
  const page = await world.connection.readOrders({ sinceMs: 0, page: null });
  expect(onlyOrder(ebayAdapter, page.payloads[0])).toMatchObject({
    lines: [{ quantity: 2, fulfilledElsewhere: 1 }],
    holdReasons: [],
  });
});

test("a refund of one line names it, one of several is the order's, and the reason is eBay's word", async () => {
  const world = await openShop(ebay);
  const order = await bought(world);
  const word = wordOf("refund", order);
  if (word.kind !== "refund") throw new Error("not a refund");
  await world.connection.tell({ ...word, lines: toldLines(order) });
  await world.connection.tell({ ...word, amount: { ...word.amount, minor: 5 }, reason: "goodwill" });
  expect(bodiesTo(world, "/issue_refund")).toMatchObject([
    {
      reasonForRefund: "ITEM_NOT_AS_DESCRIBED",
      refundItems: [{ refundAmount: { value: "10.00", currency: "USD" } }],
    },
    { reasonForRefund: "OTHER_ADJUSTMENT", orderLevelRefundAmount: { value: "0.05", currency: "USD" } },
  ]);
  expect(world.shop.books()[0]?.refunded.minor).toBe(1_005);
});

test("eBay's notification opens with its public key and names the order", async () => {
  const received: { headers: Record<string, string>; body: string }[] = [];
  const server = createServer((message, response) => {
    let body = "";
    message.setEncoding("utf8");
    message.on("data", (chunk: string) => {
      body += chunk;
    });
    message.on("end", () => {
      received.push({ headers: message.headers as Record<string, string>, body });
      response.writeHead(204).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const shop = await ebaySimulator.start({
    webhookUrl: `http://127.0.0.1:${port}/`,
    webhookSecret: "",
    now: Date.now,
    logger: pino({ level: "silent" }),
  });
  try {
    fillShop(shop);
    const id = placed(shop, plannedOrder(1));
    await expect.poll(() => received.length).toBe(1);
    const [{ headers, body } = { headers: {}, body: "" }] = received;
    expect(ebayAdapter.openWebhook(headers, Buffer.from(body), shop.publicKey)).not.toBeNull();
    expect(ebayAdapter.openWebhook(headers, Buffer.from(`${body} `), shop.publicKey)).toBeNull();
    expect(ebayAdapter.read(body, null)).toEqual([{ kind: "changed", externalId: id }]);
  } finally {
    await shop.close();
    server.close();
    server.closeAllConnections();
  }
});
