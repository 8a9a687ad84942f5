/** What channels say that they have given back. */
import { expect, test } from "vitest";
import { holdfastAdapter } from "./holdfast/adapter.ts";
import { shopifyAdapter } from "./shopify/adapter.ts";

const own = (document: object) => holdfastAdapter.read(JSON.stringify(document), "order.refunded");
const shopify = (payload: string) => shopifyAdapter.read(payload, "refunds/create");

test("a refund in our own format names order, refund and amount", () => {
  expect(own({ id: "7001", refundId: "r-1", amount: "12.50", currency: "usd" })).toEqual([
    {
      kind: "refund",
      externalId: "7001",
      refundId: "r-1",
      amount: { minor: 1250, currency: "USD", exponent: 2 },
    },
  ]);
});

test.each([
  { id: "7001", amount: "12.50", currency: "USD" },
  { refundId: "r-1", amount: "12.50", currency: "USD" },
  { id: "7001", refundId: "r-1", amount: "lots", currency: "USD" },
])("%j is refused", (document) => {
  expect(own(document)).toMatchObject([{ kind: "refused" }]);
});

test("of a Shopify refund the transactions count that went through, and long ids stay whole", () => {
  const payload = `{"id":929361463000000001,"admin_graphql_api_id":"gid://shopify/Refund/929361463000000001",
    "order_id":820982911946154508,"transactions":[
      {"kind":"refund","status":"success","amount":"30.00","currency":"USD"},
      {"kind":"refund","status":"failure","amount":"99.00","currency":"USD"},
      {"kind":"refund","status":"success","amount":"11.94","currency":"USD"}]}`;
  expect(shopify(payload)).toEqual([
    {
      kind: "refund",
      externalId: "820982911946154508",
      refundId: "929361463000000001",
      amount: { minor: 4194, currency: "USD", exponent: 2 },
    },
  ]);
});

test("a Shopify refund that has moved no money is none", () => {
  const document = { id: 1, order_id: 2, transactions: [{ kind: "refund", status: "pending", amount: "1" }] };
  expect(shopify(JSON.stringify(document))).toMatchObject([
    { kind: "refused", refusal: { code: "not_an_order" } },
  ]);
});
