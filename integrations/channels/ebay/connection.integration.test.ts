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
import { type EbaySimulator, ebaySimulator } from "./simulator/simulator.ts";
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

test("a refund that eBay has not given yet is under way, and ends as eBay says, by its own id", async () => {
  const world = await openShop(ebay);
  const shop = world.shop as EbaySimulator;
  const order = await bought(world);
  const word = wordOf("refund", order);
  if (word.kind !== "refund") throw new Error("not a refund");
  shop.settleRefunds("PENDING");
  const first = await world.connection.tell(word);
  if (first.status !== "under_way") throw new Error(first.status);
  const again = () => world.connection.tell({ ...word, underWay: first.reference });
  expect(await again()).toMatchObject({ status: "under_way", reference: first.reference });
  // Nothing of it is given back yet, though it holds up what is not sent.
  const payload = (await world.connection.readOrder(order.externalId)) ?? "";
  expect(ebayAdapter.read(payload, null).map(({ kind }) => kind)).toEqual(["order"]);
  expect(onlyOrder(ebayAdapter, payload).holdReasons).toMatchObject([{ code: "refunded_at_channel" }]);
  expect((await world.connection.readOrderStates([order.externalId]))[0]?.refunded.minor).toBe(0);
  shop.settleRefunds("FAILED");
  expect(await again()).toMatchObject({ status: "refused", code: "refund_failed" });
  shop.settleRefunds("REFUNDED");
  expect(await again()).toEqual({ status: "told", reference: first.reference });
  // What eBay does not show yet is not asked for a second time.
  expect(await world.connection.tell({ ...word, underWay: "8000999" })).toMatchObject({
    status: "under_way",
    reference: "8000999",
  });
  expect(bodiesTo(world, "/issue_refund").length).toBe(1);
});

const OPEN = { paymentDisputeId: "5000123", paymentDisputeStatus: "OPEN", reason: "FRAUD" } as const;

/** An order that is long read, in a shop whose disputes can be moved. */
async function disputedShop() {
  const world = await openShop(ebay);
  const shop = world.shop as EbaySimulator;
  fillShop(shop);
  const id = placed(shop, plannedOrder(1));
  const first = await world.connection.readOrders({ sinceMs: 0, page: null });
  expect(onlyOrder(ebayAdapter, first.payloads[0]).silentOn).toEqual(["payment_disputed"]);
  world.pass(3_600_000);
  const sinceMs = (first.newestMs ?? 0) + 1_000;
  const poll = () => world.connection.readOrders({ sinceMs, page: null });
  return { world, shop, id, poll };
}

function examinedByDescription({ exchanges }: ShopWorld): void {
  for (const exchange of exchanges)
    for (const [prefix, one] of checks)
      if (exchange.request.path.startsWith(prefix)) expect(one.problemsOf(exchange)).toEqual([]);
}

test("an order of which only a dispute changed is read with the poll, and says how the dispute stands", async () => {
  const { world, shop, id, poll } = await disputedShop();
  expect((await poll()).payloads).toEqual([]);
  const held = async () => {
    const page = await poll();
    expect(page.payloads.length).toBe(1);
    expect(page.newestMs).toBeGreaterThan(0);
    const order = onlyOrder(ebayAdapter, page.payloads[0]);
    const named = onlyOrder(ebayAdapter, (await world.connection.readOrder(id)) ?? "");
    expect(named.holdReasons).toEqual(order.holdReasons);
    return [order.externalId, order.silentOn, ...order.holdReasons.map(({ detail }) => detail)];
  };
  shop.disputePayment(id, OPEN);
  const about = expect.stringMatching(
    /^eBay: the payment dispute 5000123 about [\d.]+ USD \(FRAUD\) is open\.$/,
  );
  expect(await held()).toEqual([id, undefined, about]);
  shop.disputePayment(id, { ...OPEN, paymentDisputeStatus: "ACTION_NEEDED" });
  expect(await held()).toEqual([id, undefined, expect.stringContaining("needs an answer")]);
  shop.disputePayment(id, { ...OPEN, paymentDisputeStatus: "CLOSED", reasonForClosure: "SELLER_LOST" });
  expect(await held()).toEqual([id, undefined, expect.stringContaining("is lost")]);
  shop.disputePayment(id, { ...OPEN, paymentDisputeStatus: "CLOSED", reasonForClosure: "SELLER_WON" });
  expect(await held()).toEqual([id, undefined]);
  examinedByDescription(world);
});

test("a dispute outside of what is asked for has no order read, and one that is open stays with its order", async () => {
  const { world, shop, id, poll } = await disputedShop();
  shop.disputePayment(id, OPEN);
  const { newestMs } = await poll();
  const later = { sinceMs: (newestMs ?? 0) + 1_000, page: null };
  expect((await world.connection.readOrders(later)).payloads).toEqual([]);
  expect((await world.connection.readOrders({ sinceMs: 0, untilMs: 1_000, page: null })).payloads).toEqual(
    [],
  );
  const all = await world.connection.readOrders({ sinceMs: 0, page: null });
  expect(all.payloads.length).toBe(1);
  expect(onlyOrder(ebayAdapter, all.payloads[0]).holdReasons.length).toBe(1);
});

test("more disputes than fit on a page are all listed", async () => {
  const { world, shop, id, poll } = await disputedShop();
  for (let number = 0; number < 230; number += 1)
    shop.disputePayment(id, { ...OPEN, paymentDisputeId: `50${number}` });
  expect(onlyOrder(ebayAdapter, (await poll()).payloads[0]).holdReasons.length).toBe(230);
  expect(onlyOrder(ebayAdapter, (await world.connection.readOrder(id)) ?? "").holdReasons.length).toBe(230);
});

test("without the consent to disputes orders are read, nothing is said of disputes, and what is missing is said", async () => {
  const { world, shop, id, poll } = await disputedShop();
  expect(await world.connection.readShortfalls?.()).toEqual([]);
  shop.disputePayment(id, OPEN);
  shop.consentToDisputes(false);
  const logins = () => world.exchanges.filter(({ request }) => request.path.endsWith("/token")).length;
  const order = onlyOrder(ebayAdapter, (await world.connection.readOrder(id)) ?? "");
  expect([order.silentOn, order.holdReasons]).toEqual([["payment_disputed"], []]);
  const before = logins();
  expect((await poll()).payloads).toEqual([]);
  expect(logins()).toBe(before);
  expect((await world.connection.tryConnection()).works).toBe(true);
  expect(await world.connection.readShortfalls?.()).toEqual([
    expect.stringMatching(/lacks the scope sell\.payment\.dispute.*enter the new refresh token here\.$/),
  ]);
  // Another consent is found after a while.
  shop.consentToDisputes(true);
  shop.expireTokens();
  world.pass(2 * 3_600_000);
  expect((await poll()).payloads.length).toBe(1);
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
