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
