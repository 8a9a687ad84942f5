import { expect, test } from "vitest";
import { markOf, paymentStateOf, REFUND_MARK } from "./payment-state.ts";

const intent = { id: "pi_1", currency: "usd", status: "succeeded", amount_received: 5_000, metadata: {} };

function disputeOf(status: string, amounts: readonly number[] = []) {
  const dispute = {
    id: "dp_1",
    amount: 5_000,
    status,
    reason: "fraudulent",
    evidence_details: { due_by: 1_800_000_000 },
    balance_transactions: amounts.map((amount) => ({ amount })),
  };
  return paymentStateOf(intent, "disputes", [dispute]).disputes[0];
}

test.each([
  ["needs_response", [], "open"],
  ["under_review", [-5_000], "open"],
  ["warning_needs_response", [], "open"],
  ["warning_under_review", [], "open"],
  ["appeal_under_review", [-5_000], "open"],
  ["won", [-5_000, 5_000], "won"],
  ["warning_closed", [], "won"],
  ["lost", [-5_000], "lost"],
  // It is over without a decision: the money is where its transactions have left it.
  ["charge_refunded", [], "refunded"],
  ["charge_refunded", [-5_000, 5_000], "refunded"],
  ["charge_refunded", [-5_000], "lost"],
  ["prevented", [], "won"],
  ["prevented", [-5_000], "lost"],
] as const)("a dispute that is %s, with transactions of %j, is %s", (status, amounts, ours) => {
  const dispute = disputeOf(status, amounts);
  expect(dispute?.status).toBe(ours);
  expect(dispute?.respondBy === null).toBe(ours !== "open");
});

test("a refund is ours by the mark of its call, never by a text that anybody can write", () => {
  const refund = (metadata: object) =>
    paymentStateOf(intent, "refunds", [{ id: "re_1", amount: 500, status: "succeeded", metadata }])
      .refunds[0];
  expect(refund({ [REFUND_MARK]: markOf("key-1") })?.isOf("key-1")).toBe(true);
  expect(refund({ [REFUND_MARK]: markOf("key-1") })?.isOf("key-2")).toBe(false);
  expect(refund({ reason: "key-1" })?.isOf("key-1")).toBe(false);
});
