import { expect, test } from "vitest";
import { onlyOrder } from "../../../test-support/vendors/channel-orders.ts";
import {
  describeConnection,
  type Exchange,
  faultOfCall,
  fillShop,
  openShop,
  placed,
  plannedOrder,
  wordOf,
} from "../../../test-support/vendors/connection-contract.ts";
import {
  hasVendor,
  openDescription,
  operationAt,
  vendorNote,
} from "../../../test-support/vendors/vendor-descriptions.ts";
import { textAt } from "../../vendor-kit/vendor-json.ts";
import { squareAdapter } from "./adapter.ts";
import type { SquareSimulator } from "./simulator/simulator.ts";
import { square } from "./vendor.ts";

const FILE = "square/square-2025.openapi.json";

/** Square describes one reply for each call, with `errors` in it whatever the status. */
function examineWith(description: ReturnType<typeof openDescription>) {
  return (exchanges: readonly Exchange[]): void => {
    for (const { request, reply } of exchanges) {
      const known = operationAt(description.document, request.method, request.path);
      if (known === undefined) {
        // The catalog is not part of what lies beside the project.
        expect(request.path).toMatch(/^\/v2\/catalog\//);
        continue;
      }
      const what = `${request.method} ${known.template}`;
      const pointer = `#/paths/${known.template.replaceAll("/", "~1")}/${request.method.toLowerCase()}`;
      if (request.body.length > 0) {
        const schema = `${pointer}/requestBody/content/application~1json/schema`;
        expect([what, ...description.problems(schema, JSON.parse(request.body.toString()))]).toEqual([what]);
      }
      const answer = `${pointer}/responses/200/content/application~1json/schema`;
      expect([what, ...description.problems(answer, JSON.parse(String(reply.body)))]).toEqual([what]);
    }
  };
}

const hasDescription = hasVendor("square");

describeConnection(square, hasDescription ? { examine: examineWith(openDescription(FILE)) } : {});

test.skipIf(!hasDescription)(`a call that Square would not take is found${vendorNote("square")}`, () => {
  const schema = "#/components/schemas/RefundPaymentRequest";
  expect(openDescription(FILE).problems(schema, { payment_id: "p" })).not.toEqual([]);
});

async function placedOrder(world: Awaited<ReturnType<typeof openShop>>) {
  fillShop(world.shop);
  const id = placed(world.shop, plannedOrder(1));
  return onlyOrder(square.adapter, (await world.connection.readOrder(id)) ?? "");
}

test("an order that somebody else has written meanwhile is told again, from what it is by then", async () => {
  const world = await openShop(square);
  const order = await placedOrder(world);
  const first = world.connection.tell(wordOf("acknowledge", order));
  const second = world.connection.tell(wordOf("ship", order));
  const outcomes = await Promise.allSettled([first, second]);
  const lost = outcomes.filter((outcome) => outcome.status === "rejected");
  expect(lost.map(({ reason }) => [reason.code, reason.retryable])).toEqual(
    lost.map(() => ["version_mismatch", true]),
  );
  await world.connection.tell(wordOf("ship", order));
  expect(world.shop.books()[0]?.lines[0]?.shipped).toBe(2);
});

test("a refund is made with a key of Square's, and a lost answer gives nothing back twice", async () => {
  const world = await openShop(square);
  const order = await placedOrder(world);
  world.shop.faults.nextWrite = "reply-lost";
  await faultOfCall(() => world.connection.tell(wordOf("refund", order)));
  await world.connection.tell(wordOf("refund", order));
  expect(world.shop.books()[0]?.refunded.minor).toBe(1_000);
  const keys = world.exchanges
    .filter(({ request }) => request.path === "/v2/refunds")
    .map(({ request }) => textAt(JSON.parse(request.body.toString()), "idempotency_key"));
  expect(keys.every((key) => key.length > 0 && key.length <= 45)).toBe(true);
  const word = wordOf("refund", order, "2");
  if (word.kind !== "refund") throw new Error("another word");
  const large = { ...word, amount: { ...word.amount, minor: 999_999 } };
  expect(await world.connection.tell(large)).toMatchObject({ status: "refused", code: "payment_unknown" });
});

test("a line's SKU is that of its variation in the catalog", async () => {
  const world = await openShop(square);
  const order = await placedOrder(world);
  expect(order.lines[0]).toMatchObject({ channelSku: "MUG", quantity: 2 });
});

test("a refund that Square has not approved yet is under way, and ends as Square says, by its own id", async () => {
  const world = await openShop(square);
  const shop = world.shop as SquareSimulator;
  const order = await placedOrder(world);
  shop.settleRefunds("PENDING");
  const first = await world.connection.tell(wordOf("refund", order));
  if (first.status !== "under_way") throw new Error(first.status);
  const again = () => {
    const word = wordOf("refund", order);
    if (word.kind !== "refund") throw new Error("another word");
    return world.connection.tell({ ...word, underWay: first.reference });
  };
  expect(await again()).toMatchObject({ status: "under_way", reference: first.reference });
  // Nothing of it has been given, neither for the order nor for its books.
  const readings = squareAdapter.read((await world.connection.readOrder(order.externalId)) ?? "", null);
  expect(readings.map(({ kind }) => kind)).toEqual(["order"]);
  expect((await world.connection.readOrderStates([order.externalId]))[0]?.refunded.minor).toBe(0);
  shop.settleRefunds("APPROVED");
  expect(await again()).toEqual({ status: "told", reference: first.reference });
  shop.settleRefunds("FAILED");
  expect(await again()).toMatchObject({ status: "refused", code: "refund_rejected" });
  expect(world.exchanges.filter(({ request }) => request.path === "/v2/refunds").length).toBe(1);
  examined(world);
});

const examined = (world: Awaited<ReturnType<typeof openShop>>) => {
  if (hasDescription) examineWith(openDescription(FILE))(world.exchanges);
};

/** An order that is long read, in a shop whose disputes can be moved. */
async function disputedShop() {
  const world = await openShop(square);
  const shop = world.shop as SquareSimulator;
  const { externalId: id } = await placedOrder(world);
  const first = await world.connection.readOrders({ sinceMs: 0, page: null });
  expect(onlyOrder(squareAdapter, first.payloads[0]).silentOn).toEqual(["payment_disputed"]);
  world.pass(3_600_000);
  const sinceMs = (first.newestMs ?? 0) + 1_000;
  const poll = () => world.connection.readOrders({ sinceMs, page: null });
  return { world, shop, id, poll };
}

const OPEN = { id: "Q7mDyFu7yo1E2S5lQGGpY", state: "EVIDENCE_REQUIRED" } as const;

test("an order of which only a dispute changed is read with the poll, and by the dispute that a webhook names", async () => {
  const { world, shop, id, poll } = await disputedShop();
  expect((await poll()).payloads).toEqual([]);
  const standing = async () => {
    world.pass(1_000);
    const page = await poll();
    expect(page.payloads.length).toBe(1);
    expect(page.newestMs).toBeGreaterThan(0);
    const order = onlyOrder(squareAdapter, page.payloads[0]);
    const byDispute = await world.connection.readOrder(`dispute.${OPEN.id}`);
    const byOrder = await world.connection.readOrder(id);
    for (const payload of [byDispute, byOrder])
      expect(onlyOrder(squareAdapter, payload ?? "").holdReasons).toEqual(order.holdReasons);
    return [order.externalId, order.silentOn, ...order.holdReasons.map(({ detail }) => detail)];
  };
  shop.disputePayment(id, OPEN);
  expect(await standing()).toEqual([id, undefined, expect.stringContaining("needs an answer")]);
  shop.disputePayment(id, { ...OPEN, state: "PROCESSING" });
  expect(await standing()).toEqual([id, undefined, expect.stringContaining("is being decided")]);
  shop.disputePayment(id, { ...OPEN, state: "LOST" });
  expect(await standing()).toEqual([id, undefined, expect.stringContaining("is lost")]);
  shop.disputePayment(id, { ...OPEN, state: "WON" });
  expect(await standing()).toEqual([id, undefined]);
  examined(world);
});

test("what of a dispute was read once is not read anew, and a range has its two ends", async () => {
  const { world, shop, id, poll } = await disputedShop();
  shop.disputePayment(id, OPEN);
  const { newestMs } = await poll();
  const later = { sinceMs: (newestMs ?? 0) + 1_000, page: null };
  expect((await world.connection.readOrders(later)).payloads).toEqual([]);
  expect((await world.connection.readOrders({ sinceMs: 0, untilMs: 1_000, page: null })).payloads).toEqual(
    [],
  );
  // With the order itself it comes once.
  const all = await world.connection.readOrders({ sinceMs: 0, page: null });
  expect(all.payloads.length).toBe(1);
  expect(onlyOrder(squareAdapter, all.payloads[0]).holdReasons.length).toBe(1);
});

test("more disputes than fit on a page are all listed, and orders of another till are none of ours", async () => {
  const { world, shop, id, poll } = await disputedShop();
  for (let number = 0; number < 120; number += 1) shop.disputePayment(id, { ...OPEN, id: `D${number}` });
  expect(onlyOrder(squareAdapter, (await poll()).payloads[0]).holdReasons.length).toBe(120);
  const other = await openShop(square);
  const elsewhere = await square.api?.connect({ ...world.shop.account, SQUARE_LOCATION_ID: "L2HARBOUR" });
  expect(await elsewhere?.readOrder(id)).toBeNull();
  expect(await elsewhere?.readOrder("dispute.D7")).toBeNull();
  expect(await other.connection.readOrder("dispute.D7")).toBeNull();
  examined(world);
});

test("a list of disputes serves a minute of orders that are named one by one", async () => {
  const { world, shop, id } = await disputedShop();
  const lists = () => world.exchanges.filter(({ request }) => request.path === "/v2/disputes").length;
  await world.connection.readOrder(id);
  const before = lists();
  for (let time = 0; time < 5; time += 1) await world.connection.readOrder(id);
  expect(lists()).toBe(before);
  shop.disputePayment(id, OPEN);
  await world.connection.readOrder(`dispute.${OPEN.id}`);
  expect(lists()).toBe(before + 1);
  // What a webhook brought is not taken back by an order's own.
  expect(onlyOrder(squareAdapter, (await world.connection.readOrder(id)) ?? "").holdReasons.length).toBe(1);
  world.pass(61_000);
  await world.connection.readOrder(id);
  expect(lists()).toBe(before + 2);
});

test("without the permission orders are read, nothing is said of disputes, and what is missing is said", async () => {
  const { world, shop, id, poll } = await disputedShop();
  expect(await world.connection.readShortfalls?.()).toEqual([]);
  shop.disputePayment(id, OPEN);
  shop.permitDisputes(false);
  world.pass(61_000);
  const order = onlyOrder(squareAdapter, (await world.connection.readOrder(id)) ?? "");
  expect([order.silentOn, order.holdReasons]).toEqual([["payment_disputed"], []]);
  const asked = () => world.exchanges.filter(({ request }) => request.path.startsWith("/v2/disputes")).length;
  const before = asked();
  expect((await poll()).payloads).toEqual([]);
  expect(await world.connection.readOrder(`dispute.${OPEN.id}`)).toBeNull();
  expect(asked()).toBe(before);
  expect((await world.connection.tryConnection()).works).toBe(true);
  expect(await world.connection.readShortfalls?.()).toEqual([
    expect.stringMatching(/lacks the permission DISPUTES_READ.*enter its new access token here\.$/),
  ]);
  // What is granted meanwhile is found after an hour at the latest.
  shop.permitDisputes(true);
  world.pass(3_600_001);
  expect((await poll()).payloads.length).toBe(1);
});

test("a payment that is disputed is not refunded, in Square's words", async () => {
  const world = await openShop(square);
  const shop = world.shop as SquareSimulator;
  const order = await placedOrder(world);
  shop.disputePayment(order.externalId, OPEN);
  expect(await world.connection.tell(wordOf("refund", order))).toMatchObject({
    status: "refused",
    code: "payment_not_refundable_due_to_dispute",
    message: expect.stringContaining("disputed"),
  });
  shop.disputePayment(order.externalId, { ...OPEN, state: "WON" });
  expect(await world.connection.tell(wordOf("refund", order, "2"))).toMatchObject({ status: "told" });
});
