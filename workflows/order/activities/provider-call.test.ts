import { expect, test, vi } from "vitest";
import type { PaymentState, ProviderRefund } from "../../../ports/payments.ts";
import type { PaymentTransaction } from "../../../store/orders/payments.ts";
import { askProvider } from "./provider-call.ts";

const HOUR_MS = 60 * 60_000;

const call = (change: Partial<PaymentTransaction>): PaymentTransaction => ({
  provider: "stripe",
  account: "default",
  key: "order-1:money:2",
  orderId: "order-1",
  type: "capture",
  amountMinor: 500,
  currency: "USD",
  status: "pending",
  reference: null,
  detail: null,
  authorizationKey: "order-1:authorize:1",
  paymentMethod: null,
  ageMs: 0,
  ...change,
});

const refund = (change: Partial<ProviderRefund>): ProviderRefund => ({
  reference: "re_1",
  amountMinor: 500,
  status: "succeeded",
  failure: null,
  isOf: (key) => key === "order-1:money:2",
  ...change,
});

const state = (change: Partial<PaymentState>): PaymentState => ({
  reference: "pi_1",
  orderId: "order-1",
  currency: "USD",
  status: "open",
  capturedMinor: 500,
  confirmation: null,
  decline: null,
  isCaptured: () => false,
  refunds: [],
  disputes: [],
  ...change,
});

async function ask(transaction: Partial<PaymentTransaction>, found: Partial<PaymentState> | null) {
  const run = vi.fn(async () => ({ status: "succeeded", reference: "made now" }) as const);
  const read = vi.fn(async () => (found === null ? null : state(found)));
  const answer = await askProvider(call(transaction), run, read);
  return { answer, made: run.mock.calls.length, read: read.mock.calls };
}

test("a call is made once its row is written, without a look", async () => {
  const { made, read } = await ask({ ageMs: HOUR_MS }, { isCaptured: () => true });
  expect([made, read]).toEqual([1, []]);
});

test("an old capture that was carried out is not made again", async () => {
  const old = await ask({ ageMs: 13 * HOUR_MS }, { isCaptured: (key) => key === "order-1:money:2" });
  expect(old).toEqual({
    answer: { status: "succeeded", reference: "pi_1" },
    made: 0,
    read: [["payment"]],
  });
});

test("an old refund that was made is not made again, and one that failed is declined", async () => {
  const old = { type: "refund", ageMs: 30 * HOUR_MS } as const;
  expect(await ask(old, { refunds: [refund({ isOf: () => false }), refund({ reference: "re_2" })] })).toEqual(
    {
      answer: { status: "succeeded", reference: "re_2" },
      made: 0,
      read: [["refunds"]],
    },
  );
  const failed = await ask(old, { refunds: [refund({ status: "failed", failure: "lost_or_stolen_card" })] });
  expect([failed.answer.status, failed.made]).toEqual(["declined", 0]);
});

test("an old call that has left no mark is made", async () => {
  for (const type of ["capture", "refund", "void", "authorization"] as const) {
    expect((await ask({ type, ageMs: 99 * HOUR_MS }, {})).made, type).toBe(1);
    expect((await ask({ type, ageMs: 99 * HOUR_MS }, null)).made, type).toBe(1);
  }
});

test("what was answered is asked nobody", async () => {
  const answered = await ask({ status: "succeeded", reference: "pi_9", ageMs: 99 * HOUR_MS }, {});
  expect(answered).toMatchObject({ answer: { reference: "pi_9" }, made: 0, read: [] });
});
