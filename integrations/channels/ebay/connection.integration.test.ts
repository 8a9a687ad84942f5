/** eBay's connection over its simulator: the contract of all channels, and what is eBay's own. */
import { createHash, generateKeyPairSync, verify } from "node:crypto";
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
  notForCalls: ["EBAY_SIGNING_PRIVATE_KEY", "EBAY_VERIFICATION_TOKEN"],
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

test("a refund is signed where the seller has a key, over its body and its address; nothing else is", async () => {
  const keys = generateKeyPairSync("ed25519");
  const privateKey = keys.privateKey.export({ format: "der", type: "pkcs8" }).toString("base64");
  const world = await openShop(ebay);
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1));
  const connection = await ebay.api?.connect({
    ...world.shop.account,
    EBAY_SIGNING_KEY_JWE: "eyJ.a.jwe",
    EBAY_SIGNING_PRIVATE_KEY: privateKey,
  });
  const order = onlyOrder(ebayAdapter, (await connection?.readOrder(id)) ?? "");
  expect(await connection?.tell(wordOf("refund", order))).toMatchObject({ status: "told" });
  const signed = world.exchanges.filter(({ request }) => request.headers["signature"] !== undefined);
  expect(signed.map(({ request }) => request.path.split("/").at(-1))).toEqual(["issue_refund"]);
  if (signed[0] === undefined) throw new Error("nothing was signed");
  const { headers, path, body } = signed[0].request;
  const digest = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
  expect(headers["content-digest"]).toBe(digest);
  const parameters = (headers["signature-input"] ?? "").replace(/^sig1=/, "");
  const base = [
    `"content-digest": ${digest}`,
    `"x-ebay-signature-key": eyJ.a.jwe`,
    `"@method": POST`,
    `"@path": ${path}`,
    `"@authority": ${headers["host"]}`,
    `"@signature-params": ${parameters}`,
  ].join("\n");
  const signature = /^sig1=:(.+):$/.exec(headers["signature"] ?? "")?.[1] ?? "";
  expect(verify(null, Buffer.from(base), keys.publicKey, Buffer.from(signature, "base64"))).toBe(true);
});
