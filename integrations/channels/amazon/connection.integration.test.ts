/** Amazon's connection over its simulator: the contract of all channels, and what is Amazon's own. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import type { IncomingOrder } from "../../../orders/incoming-order.ts";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import {
  describeConnection,
  type Exchange,
  faultOfCall,
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
import { amazonAdapter } from "./adapter.ts";
import { amazon } from "./vendor.ts";

const check = hasVendor("amazon")
  ? exchangeCheck(
      [
        "orders_2026-01-01.swagger.json",
        "ordersV0.swagger.json",
        "feeds_2021-06-30.swagger.json",
        "listingsItems_2021-08-01.swagger.json",
        "tokens_2021-03-01.swagger.json",
      ].map((file) => `amazon/${file}`),
      { isOther: ({ request }) => request.path === "/" || /^\/(auth|_documents)\//.test(request.path) },
    )
  : null;

function examine(exchanges: readonly Exchange[]): void {
  expect(exchanges.flatMap((exchange) => check?.problemsOf(exchange) ?? [])).toEqual([]);
}

describeConnection(amazon, { examine });

async function bought(world: ShopWorld, lines?: Parameters<typeof plannedOrder>[1]): Promise<IncomingOrder> {
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1, lines));
  return onlyOrder(amazonAdapter, (await world.connection.readOrder(id)) ?? "");
}

const bodiesTo = (world: ShopWorld, path: RegExp) =>
  world.exchanges
    .filter(({ request }) => request.method !== "GET" && path.test(request.path))
    .map(({ request }) => request.body.toString("utf8"));

describe("orders by v0", () => {
  test("come with all pages of their items and, by a restricted token, with their people", async () => {
    const world = await openShop(amazon);
    fillShop(world.shop);
    const connection = await amazon.api?.connect({ ...world.shop.account, AMAZON_ORDERS_API: "v0" });
    if (connection === undefined) throw new Error("Amazon has an API");
    const id = placed(
      world.shop,
      plannedOrder(1, [
        ["MUG", 1],
        ["POT", 2],
        ["TEA", 3],
      ]),
    );
    for (let number = 2; number <= 30; number += 1) placed(world.shop, plannedOrder(number));
    const { orders } = await readAll(amazon, connection, { sinceMs: Date.parse("2026-11-01T00:00:00Z") });
    expect(new Set(orders.map(({ externalId }) => externalId)).size).toBe(30);
    const order = orders.find(({ externalId }) => externalId === id);
    expect(order).toMatchObject({
      lines: [{ quantity: 1 }, { quantity: 2 }, { quantity: 3 }],
      shippingAddress: { name: "Ann Able", line1: "1 Main St" },
      holdReasons: [],
    });
    const restricted = world.exchanges.filter(({ request }) =>
      request.headers["x-amz-access-token"]?.startsWith("Atz.sprdt|"),
    );
    expect(restricted.length).toBeGreaterThan(30);
    world.shop.expireTokens();
    expect(onlyOrder(amazonAdapter, (await connection.readOrder(id)) ?? "").lines).toHaveLength(3);
    examine(world.exchanges);
  });

  test("without the grant they come without people, and wait for an address", async () => {
    const world = await openShop(amazon);
    const order = await bought(world);
    for (const ordersApi of ["v0", "2026-01-01"]) {
      const values = { ...world.shop.account, AMAZON_ORDERS_API: ordersApi, AMAZON_PERSONAL_DATA: "no" };
      const connection = await amazon.api?.connect(values);
      const read = onlyOrder(amazonAdapter, (await connection?.readOrder(order.externalId)) ?? "");
      expect(read.shippingAddress?.line1 ?? "").toBe("");
      expect(read.total).toEqual(order.total);
    }
    examine(world.exchanges);
  });
});

describe("what is told of orders", () => {
  test("a package has a positive number as text, and a carrier that Amazon knows or its name", async () => {
    const world = await openShop(amazon);
    const order = await bought(world, [["MUG", 3]]);
    const [line] = toldLines(order);
    const parcel = wordOf("ship", order);
    if (parcel.kind !== "ship" || line === undefined) throw new Error("a line was bought");
    const one = { ...line, quantity: 1 };
    await world.connection.tell({ ...parcel, lines: [one] });
    await world.connection.tell({
      ...parcel,
      shipmentId: "SH-2",
      trackingNumber: "TRK 2",
      carrier: "Own fleet",
      lines: [one],
    });
    expect(
      bodiesTo(world, /shipmentConfirmation$/).map((body) => JSON.parse(body).packageDetail),
    ).toMatchObject([
      { packageReferenceId: expect.stringMatching(/^[1-9]\d*$/), carrierCode: "UPS" },
      {
        packageReferenceId: expect.stringMatching(/^[1-9]\d*$/),
        carrierCode: "Other",
        carrierName: "Own fleet",
      },
    ]);
    // The same parcel by another number of ours, as after a restore.
    expect(
      await world.connection.tell({ ...parcel, shipmentId: "SH-9", trackingNumber: "trk2", lines: [one] }),
    ).toMatchObject({ status: "already" });
    examine(world.exchanges);
  });

  test("more than is open, and what is cancelled, is refused before Amazon is told", async () => {
    const world = await openShop(amazon);
    const order = await bought(world);
    const parcel = wordOf("ship", order);
    if (parcel.kind !== "ship") throw new Error("not a parcel");
    const lines = toldLines(order).map((line) => ({ ...line, quantity: 3 }));
    expect(await world.connection.tell({ ...parcel, lines })).toMatchObject({ code: "not_open" });
    world.shop.cancel(order.externalId);
    expect(await world.connection.tell(parcel)).toMatchObject({ code: "cancelled_at_channel" });
    expect(bodiesTo(world, /shipmentConfirmation$/)).toEqual([]);
  });

  test("an order is cancelled as a whole and in time, or the refusal says why not", async () => {
    const world = await openShop(amazon);
    const order = await bought(world);
    const word = wordOf("cancel", order);
    if (word.kind !== "cancel") throw new Error("not a cancellation");
    expect(await world.connection.tell({ ...word, isWhole: false })).toMatchObject({
      status: "refused",
      code: "partial_cancellation",
    });
    await world.connection.tell(wordOf("ship", order));
    expect(await world.connection.tell(word)).toMatchObject({ status: "refused", code: "too_late" });
    expect(bodiesTo(world, /\/feeds$/)).toEqual([]);
  });

  test("the acknowledgement gives Amazon our number, with nothing in it that is no text", async () => {
    const world = await openShop(amazon);
    const order = await bought(world);
    const word = wordOf("acknowledge", order);
    const orderId = `o-1<&>"'`;
    expect(await world.connection.tell({ ...word, order: { ...word.order, orderId } })).toMatchObject({
      status: "told",
    });
    const [document] = bodiesTo(world, /^\/_documents\//);
    expect(document).toContain("<MerchantOrderID>o-1&#60;&#38;&#62;&#34;&#39;</MerchantOrderID>");
    expect(document).toContain("<StatusCode>Success</StatusCode>");
  });

  test("what Amazon's report of a feed refuses is refused, in its words", async () => {
    const world = await openShop(amazon);
    const order = await bought(world);
    const word = wordOf("cancel", order);
    // Between our look and the feed, the parcel leaves.
    const late = world.connection.tell(word);
    await expect.poll(() => bodiesTo(world, /\/feeds$/).length).toBe(1);
    await world.connection.tell(wordOf("ship", order));
    expect(await late).toMatchObject({ status: "refused", code: "18320" });
    examine(world.exchanges);
  });
});

describe("stock", () => {
  const level = (channelSku: string, quantity: number, listing: Readonly<Record<string, string>> = {}) => ({
    channelSku,
    quantity,
    listing,
  });

  test("a few listings are patched, many are one feed, and lead times stay as they are", async () => {
    const world = await openShop(amazon);
    fillShop(world.shop, 5);
    await world.connection.tellStock([level("MUG", 7), level("A/B C", 1)], "few");
    expect(world.shop.levels().get("MUG")).toBe(7);
    const many = Array.from({ length: 40 }, (_, index) => level(`S-${index}`, index));
    for (const { channelSku } of many)
      world.shop.list({ channelSku, title: channelSku, gtin: null, quantity: 0 });
    expect(await world.connection.tellStock(many, "many")).toHaveLength(40);
    expect(world.shop.levels().get("S-39")).toBe(39);
    const written = [...bodiesTo(world, /^\/listings\//), ...bodiesTo(world, /^\/_documents\//)];
    expect(written).toHaveLength(3);
    for (const body of written) expect(body).toContain('"op":"merge"');
    examine(world.exchanges);
  });

  test("a listing that Amazon fulfils is refused, and nothing is said of it", async () => {
    const world = await openShop(amazon);
    fillShop(world.shop, 5);
    const told = await world.connection.tellStock(
      [level("MUG", 7, { fulfillmentChannelCode: "AMAZON_NA" }), level("POT", 8)],
      "k",
    );
    expect(told.map(({ outcome }) => outcome)).toMatchObject([
      { status: "refused", code: "fulfilled_by_channel" },
      { status: "told" },
    ]);
    expect(world.shop.levels().get("MUG")).toBe(5);
  });

  test("a feed whose document Amazon does not take is a fault, and nothing is believed of it", async () => {
    const world = await openShop(amazon);
    fillShop(world.shop, 5);
    const many = Array.from({ length: 30 }, (_, index) => level(`S-${index}`, index));
    world.shop.faults.nextWrite = "unavailable";
    expect(await faultOfCall(() => world.connection.tellStock(many, "k"))).toMatchObject({
      code: "unavailable",
      retryable: true,
    });
  });
});

test("a change is told at once, signed, and names the order; a cancellation is one", async () => {
  const received: { headers: Record<string, string>; body: Buffer }[] = [];
  const server = createServer((message, response) => {
    void bodyOf(message).then((body) => {
      received.push({ headers: message.headers as Record<string, string>, body });
      response.writeHead(200).end();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const world = await openShop(amazon, { webhookUrl: `http://127.0.0.1:${port}/` });
    fillShop(world.shop);
    const id = placed(world.shop, plannedOrder(1));
    await expect.poll(() => received.length).toBe(1);
    world.shop.cancel(id);
    await expect.poll(() => received.length).toBe(2);
    const secret = "a-secret-of-webhooks";
    const readings = received.map(({ headers, body }) => {
      expect(amazonAdapter.openWebhook(headers, body, secret)).toMatchObject({ topic: "ORDER_CHANGE" });
      expect(amazonAdapter.openWebhook(headers, body, `${secret}.`)).toBeNull();
      expect(amazonAdapter.openWebhook(headers, Buffer.concat([body, Buffer.from(" ")]), secret)).toBeNull();
      return amazonAdapter.read(body.toString("utf8"), "ORDER_CHANGE");
    });
    expect(readings).toMatchObject([
      [{ kind: "changed", externalId: id }],
      [{ kind: "cancellation", externalId: id }],
    ]);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

test.skipIf(check === null)("the check of what is said notices what no description allows", async () => {
  const world = await openShop(amazon);
  await world.connection.readListings(null);
  const exchange = world.exchanges.find(({ request }) => request.path.startsWith("/listings/"));
  if (exchange === undefined || check === null) throw new Error("listings were read");
  const { request, reply } = exchange;
  const query = new URLSearchParams("pageSize=20&colour=blue");
  const problems = check.problemsOf({ request: { ...request, query }, reply: { ...reply, body: "{}" } });
  expect(problems).toHaveLength(4);
  expect(problems.join("\n")).toMatch(/unknown colour[\s\S]*lacks marketplaceIds[\s\S]*numberOfResults/);
});
