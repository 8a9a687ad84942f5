/** TikTok Shop's connection over its simulator: the contract of all channels, and what is TikTok's own. */
import { expect, test } from "vitest";
import type { OrdersPage } from "../../../ports/channel-connection.ts";
import { readBesideTheProject } from "../../../test-support/beside-the-project.ts";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import {
  describeConnection,
  type Exchange,
  fillShop,
  openShop,
  placed,
  plannedOrder,
  toldLines,
  wordOf,
} from "../../../test-support/vendors/connection-contract.ts";
import { hasVendor } from "../../../test-support/vendors/vendor-descriptions.ts";
import { tiktokAdapter } from "./adapter.ts";
import type { TiktokSimulator } from "./simulator/simulator.ts";
import { tiktok } from "./vendor.ts";

/** Method and path of every operation that is known of TikTok Shop; no schemas are public. */
const operations = hasVendor("tiktok-shop") ? knownOperations() : null;

function knownOperations(): readonly { readonly method: string; readonly path: RegExp }[] {
  const facts = JSON.parse(readBesideTheProject("data/vendors/tiktok-shop/facts.json")) as {
    readonly operations: Readonly<
      Record<string, readonly { readonly method: string; readonly path: string }[]>
    >;
  };
  return Object.values(facts.operations)
    .flat()
    .map(({ method, path }) => ({
      method,
      path: new RegExp(`^${path.replace("{version}", "\\d{6}").replace(/\{[^}]+\}/g, "[^/]+")}$`),
    }));
}

/** Of the vendor's reference, and left out of what is collected beside the project. */
const NOT_COLLECTED =
  /^(POST \/product\/202502\/products\/search|GET \/logistics\/202309\/delivery_options\/[^/]+\/shipping_providers)$/;

/** Held to are the operations, the envelope, and where `shop_cipher` belongs. */
function examine(exchanges: readonly Exchange[]): void {
  for (const { request, reply } of exchanges) {
    expect(JSON.parse(String(reply.body))).toMatchObject({
      code: expect.any(Number),
      request_id: expect.any(String),
    });
    const call = `${request.method} ${request.path}`;
    if (operations !== null && !/^\/api\/v2\//.test(request.path) && !NOT_COLLECTED.test(call))
      expect([
        request.method,
        request.path,
        operations.some((one) => one.method === request.method && one.path.test(request.path)),
      ]).toEqual([request.method, request.path, true]);
    const isOfApp = /^\/(authorization|api\/v2)\//.test(request.path);
    expect([request.path, request.query.has("shop_cipher")]).toEqual([request.path, !isOfApp]);
    expect(JSON.stringify(request.headers)).not.toContain("simulated-tiktok-app-secret");
  }
}

describeConnection(tiktok, { examine });

test("a line's parcel names its open units by their ids, and the carrier by TikTok's", async () => {
  const world = await openShop(tiktok);
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1, [["MUG", 3]]));
  const order = onlyOrder(tiktokAdapter, (await world.connection.readOrder(id)) ?? "");
  const parcel = wordOf("ship", order);
  if (parcel.kind !== "ship") throw new Error("not a parcel");
  const lines = toldLines(order).map((line) => ({ ...line, quantity: 1 }));
  await world.connection.tell({ ...parcel, trackingNumber: "T1", lines });
  await world.connection.tell({ ...parcel, trackingNumber: "T2", lines });
  const bodies = world.exchanges
    .filter(({ request }) => request.path.endsWith("/packages"))
    .map(({ request }) => JSON.parse(request.body.toString("utf8")));
  expect(bodies).toMatchObject([
    { order_line_item_ids: [order.lines[0]?.externalLineId], shipping_provider_id: "7117859084333745966" },
    { order_line_item_ids: [expect.not.stringContaining(order.lines[0]?.externalLineId ?? "")] },
  ]);
  expect(
    await world.connection.tell({ ...parcel, trackingNumber: "T3", carrier: "Own fleet", lines }),
  ).toMatchObject({
    status: "refused",
    code: "carrier_unknown",
  });
});

test("a part of an order is cancelled once under one key", async () => {
  const world = await openShop(tiktok);
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1, [["MUG", 3]]));
  const order = onlyOrder(tiktokAdapter, (await world.connection.readOrder(id)) ?? "");
  const word = wordOf("cancel", order);
  if (word.kind !== "cancel") throw new Error("not a cancellation");
  const lines = toldLines(order).map((line) => ({ ...line, quantity: 1 }));
  for (let time = 0; time < 2; time += 1) await world.connection.tell({ ...word, isWhole: false, lines });
  expect(world.shop.books()[0]?.lines).toMatchObject([{ quantity: 3, cancelled: 1 }]);
  await world.connection.tell({ ...word, key: "another", isWhole: false, lines });
  expect(world.shop.books()[0]?.lines).toMatchObject([{ quantity: 3, cancelled: 2 }]);
});

test("a refund that leaves its order as it is comes with the orders that are read next", async () => {
  const world = await openShop(tiktok);
  fillShop(world.shop);
  const [id, other] = [placed(world.shop, plannedOrder(1)), placed(world.shop, plannedOrder(2))];
  world.pass(3_600_000);
  const sinceMs = Date.parse("2026-11-02T09:30:00Z");
  const read = async () => {
    const payloads: string[] = [];
    let page: string | null = null;
    do {
      const found: OrdersPage = await world.connection.readOrders({ sinceMs, page });
      payloads.push(...found.payloads);
      page = found.next;
    } while (page !== null);
    return payloads;
  };
  expect(await read()).toEqual([]);
  expect([world.shop.refund(id, 700), world.shop.refund(id, 51)]).toEqual([true, true]);
  const payloads = await read();
  expect(payloads).toHaveLength(1);
  const readings = tiktokAdapter.read(payloads[0] ?? "", null);
  expect(readings).toMatchObject([
    { kind: "order", order: { externalId: id } },
    { kind: "refund", externalId: id, amount: { minor: 700, currency: "USD" } },
    { kind: "refund", externalId: id, amount: { minor: 51, currency: "USD" } },
  ]);
  expect(new Set(readings.map((each) => (each.kind === "refund" ? each.refundId : "")))).toHaveLength(3);
  const states = await world.connection.readOrderStates([id, other]);
  expect(states.map(({ refunded }) => refunded.minor)).toEqual([751, 0]);
  examine(world.exchanges);
});

async function boughtFor() {
  const world = await openShop(tiktok);
  fillShop(world.shop);
  const id = placed(
    world.shop,
    plannedOrder(1, [
      ["MUG", 2],
      ["POT", 1],
    ]),
  );
  const order = onlyOrder(tiktokAdapter, (await world.connection.readOrder(id)) ?? "");
  const word = wordOf("refund", order);
  if (word.kind !== "refund") throw new Error("another word");
  const minor = () => world.shop.books()[0]?.refunded.minor;
  const bodies = (path: string) =>
    world.exchanges
      .filter(({ request }) => request.method === "POST" && request.path.endsWith(path))
      .map(({ request }) => JSON.parse(request.body.toString("utf8")));
  return { world, shop: world.shop as TiktokSimulator, id, word, minor, bodies };
}

test("a refund is begun for as few units as cost so much, for a reason that TikTok offers, under a key", async () => {
  const { world, word, minor, bodies } = await boughtFor();
  expect(await world.connection.tell(word)).toMatchObject({ status: "told" });
  const much = { ...word, key: "more", amount: { ...word.amount, minor: 2_000 }, reason: "goodwill" };
  expect(await world.connection.tell(much)).toMatchObject({ status: "told" });
  expect(bodies("/returns")).toMatchObject([
    {
      order_line_item_ids: [expect.any(String)],
      refund_total: "10.00",
      currency: "USD",
      return_type: "REFUND",
      return_reason: "ecom_order_shipped_refund_reason_damaged_item_seller",
    },
    {
      order_line_item_ids: [expect.any(String), expect.any(String)],
      return_reason: "ecom_order_shipped_refund_reason_seller_agreed_to_refund",
    },
  ]);
  const keys = world.exchanges
    .filter(({ request }) => request.path.endsWith("/returns"))
    .map(({ request }) => request.query.get("idempotency_key"));
  expect(new Set(keys).size).toBe(2);
  expect(minor()).toBe(3_000);
  examine(world.exchanges);
});

test("what the buyer has asked for is approved where it is of that amount, and a parcel that came back as well", async () => {
  for (const isSentBack of [false, true]) {
    const { world, shop, id, word, minor, bodies } = await boughtFor();
    const returnId = shop.askForRefund(id, { minor: 1_000, isSentBack });
    expect(await world.connection.tell(word)).toEqual({ status: "told", reference: returnId });
    expect(bodies("/approve")).toEqual([
      { decision: isSentBack ? "APPROVE_RECEIVED_PACKAGE" : "APPROVE_REFUND" },
    ]);
    expect([minor(), bodies("/returns")]).toEqual([1_000, []]);
    // The reading of the order has it under the same id, so that it counts once.
    const readings = tiktokAdapter.read((await world.connection.readOrder(id)) ?? "", null);
    expect(readings.slice(1)).toMatchObject([{ kind: "refund", refundId: returnId }]);
    examine(world.exchanges);
  }
});

test("where the buyer asks for another amount, or TikTok offers no refund, a person is told what to do", async () => {
  const { world, shop, id, word, minor, bodies } = await boughtFor();
  shop.offerRefunds(false);
  expect(await world.connection.tell(word)).toMatchObject({
    status: "refused",
    code: "refund_not_offered",
    message: expect.stringMatching(/invalid order status.*10\.00 USD of the order \d+ in Seller Center/),
  });
  shop.offerRefunds(true);
  shop.askForRefund(id, { minor: 700 });
  expect(await world.connection.tell(word)).toMatchObject({
    status: "refused",
    code: "request_open",
    message: expect.stringContaining("7.00 USD are asked for by the buyer"),
  });
  expect([minor(), bodies("/returns"), bodies("/approve")]).toEqual([0, [], []]);
  examine(world.exchanges);
});

test("a refund that TikTok has not given yet is under way, and ends as TikTok says", async () => {
  const { world, shop, id, word, minor, bodies } = await boughtFor();
  shop.settleRefunds("RETURN_OR_REFUND_REQUEST_SUCCESS");
  const first = await world.connection.tell(word);
  if (first.status !== "under_way") throw new Error(first.status);
  const again = () => world.connection.tell({ ...word, underWay: first.reference });
  expect(await again()).toMatchObject({ status: "under_way", reference: first.reference });
  expect(tiktokAdapter.read((await world.connection.readOrder(id)) ?? "", null).length).toBe(1);
  shop.settleRefunds("REFUND_OR_RETURN_REQUEST_REJECT");
  expect(await again()).toMatchObject({ status: "refused", code: "refund_rejected" });
  shop.settleRefunds("RETURN_OR_REFUND_REQUEST_COMPLETE");
  expect(await again()).toEqual({ status: "told", reference: first.reference });
  expect([minor(), bodies("/returns").length]).toEqual([1_000, 1]);
  examine(world.exchanges);
});

test("an order is cancelled for a reason that TikTok offers for it, and not where it offers none", async () => {
  const world = await openShop(tiktok);
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1));
  const order = onlyOrder(tiktokAdapter, (await world.connection.readOrder(id)) ?? "");
  const word = wordOf("cancel", order);
  if (word.kind !== "cancel") throw new Error("another word");
  await world.connection.tell(wordOf("ship", order));
  expect(await world.connection.tell(word)).toMatchObject({
    status: "refused",
    code: "not_cancellable",
    message: expect.stringContaining("invalid order status"),
  });
  const other = placed(world.shop, plannedOrder(2));
  const second = onlyOrder(tiktokAdapter, (await world.connection.readOrder(other)) ?? "");
  const wish = wordOf("cancel", second);
  if (wish.kind !== "cancel") throw new Error("another word");
  await world.connection.tell({ ...wish, reason: "customer_request" });
  const bodies = world.exchanges
    .filter(({ request }) => request.path.endsWith("/cancellations"))
    .map(({ request }) => JSON.parse(request.body.toString("utf8")));
  expect(bodies).toMatchObject([{ cancel_reason: "seller_cancel_paid_reason_buyer_requested_cancellation" }]);
});

test("without the scope of returns orders are read, and what is missing is said, to whoever refunds as well", async () => {
  const { world, shop, id, word } = await boughtFor();
  expect(await world.connection.readShortfalls?.()).toEqual([]);
  shop.authorizeReturns(false);
  world.shop.refund(id, 500);
  const payload = (await world.connection.readOrder(id)) ?? "";
  expect(tiktokAdapter.read(payload, null).map(({ kind }) => kind)).toEqual(["order"]);
  expect((await world.connection.readOrders({ sinceMs: 0, page: null })).payloads.length).toBe(1);
  expect(await world.connection.tell(word)).toMatchObject({ status: "refused", code: "scope_missing" });
  expect(await world.connection.readShortfalls?.()).toEqual([
    expect.stringMatching(/lacks the scope Return and Refund Basic.*enter the new refresh token here\.$/),
  ]);
  // What the seller authorizes once more is used after an hour at the latest.
  shop.authorizeReturns(true);
  world.pass(3_600_001);
  const again = tiktokAdapter.read((await world.connection.readOrder(id)) ?? "", null);
  expect(again.map(({ kind }) => kind)).toEqual(["order", "refund"]);
});
