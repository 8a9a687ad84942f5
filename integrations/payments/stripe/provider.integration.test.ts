import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PaymentResult } from "../../../ports/payments.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import {
  STRIPE_KEY,
  startTestSandbox,
  type TestSandbox,
  untilAnswered,
} from "../../../test-support/vendors/simulator-sandbox.ts";
import { createStripeProvider } from "./provider.ts";

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.stop());

let orders = 0;
const newOrder = () => `order-${++orders}`;

const authorize = (orderId: string, paymentMethod = "pm_card_visa", amountMinor = 5_000) =>
  sandbox.payments.authorize({
    idempotencyKey: `${orderId}:authorize`,
    orderId,
    amountMinor,
    currency: "USD",
    paymentMethod,
    customerEmail: "jane@example.com",
  });

const capture = (orderId: string, reference: string, amountMinor: number, final = true, step = "capture") =>
  sandbox.payments.capture({
    idempotencyKey: `${orderId}:${step}`,
    reference,
    amountMinor,
    currency: "USD",
    final,
  });

const cancel = (orderId: string, reference: string) =>
  sandbox.payments.cancel({ idempotencyKey: `${orderId}:cancel`, reference });

const refund = (orderId: string, reference: string, amountMinor: number, step = "refund") =>
  sandbox.payments.refund({
    idempotencyKey: `${orderId}:${step}`,
    reference,
    amountMinor,
    currency: "USD",
    reason: "return R-1",
  });

const referenceOf = (result: PaymentResult) => {
  if (result.status !== "succeeded") throw new Error(`declined: ${result.code}`);
  return result.reference;
};

const chargesOf = async (orderId: string) => {
  const { orders: charges } = (await sandbox.audit("charges")) as { orders: { orderId: string }[] };
  return charges.find((charge) => charge.orderId === orderId);
};

describe("an order's money", () => {
  it("is authorised, captured and refunded once each, and counted so", async () => {
    const order = newOrder();
    const reference = referenceOf(await authorize(order));
    expect(reference).toMatch(/^pi_3\w{23}$/);
    expect(referenceOf(await capture(order, reference, 4_200))).toBe(reference);
    expect(referenceOf(await refund(order, reference, 1_200))).toMatch(/^re_3\w{23}$/);
    expect(await chargesOf(order)).toMatchObject({
      authorizations: 1,
      authorized: 5_000,
      captures: 1,
      captured: 4_200,
      refunds: 1,
      refunded: 1_200,
      live: 1,
    });
  });

  it("is captured in parts where the order ships in parts", async () => {
    const order = newOrder();
    const reference = referenceOf(await authorize(order));
    await capture(order, reference, 1_000, false, "first");
    await capture(order, reference, 2_000, false, "second");
    await capture(order, reference, 1_500, true, "last");
    expect(await chargesOf(order)).toMatchObject({ captures: 3, captured: 4_500 });
    expect(
      await capture(order, reference, 500, true, "more").catch((error: unknown) => error),
    ).toBeInstanceOf(ServiceFault);
  });

  it("is the same money when a call is repeated with its key", async () => {
    const order = newOrder();
    const reference = referenceOf(await authorize(order));
    expect(referenceOf(await authorize(order))).toBe(reference);
    await capture(order, reference, 5_000);
    await capture(order, reference, 5_000);
    const first = await refund(order, reference, 700);
    expect(await refund(order, reference, 700)).toEqual(first);
    expect(await chargesOf(order)).toMatchObject({
      authorizations: 1,
      captures: 1,
      captured: 5_000,
      refunds: 1,
      refunded: 700,
    });
  });

  it("is found captured already when the capture's key has been forgotten", async () => {
    const order = newOrder();
    const reference = referenceOf(await authorize(order));
    await capture(order, reference, 2_000, false, "first");
    await capture(order, reference, 3_000);
    await sandbox.simulate({ forgetKeys: true });
    expect(await capture(order, reference, 3_000)).toEqual({ status: "succeeded", reference });
    expect(await chargesOf(order)).toMatchObject({ captures: 2, captured: 5_000 });
  });

  it("goes back when the order is cancelled, also the second time", async () => {
    const order = newOrder();
    const reference = referenceOf(await authorize(order));
    expect((await cancel(order, reference)).status).toBe("succeeded");
    expect((await cancel(`${order}-again`, reference)).status).toBe("succeeded");
    expect(await chargesOf(order)).toMatchObject({ cancellations: 1, live: 0, captured: 0 });
    expect(await capture(order, reference, 5_000)).toMatchObject({
      status: "declined",
      code: "authorization_expired",
    });
  });

  it("need not go back where it was never taken", async () => {
    expect(await cancel(newOrder(), "pi_3neverWasThere")).toMatchObject({ status: "succeeded" });
    expect(await cancel(newOrder(), "")).toMatchObject({ status: "succeeded" });
    const order = newOrder();
    const reference = referenceOf(await authorize(order));
    await capture(order, reference, 5_000);
    expect(await cancel(order, reference)).toMatchObject({ status: "declined", code: "already_captured" });
  });

  it("is not refunded twice or beyond what was captured", async () => {
    const order = newOrder();
    const reference = referenceOf(await authorize(order));
    await capture(order, reference, 3_000);
    await expect(refund(order, reference, 3_001, "too much")).rejects.toMatchObject({
      service: "stripe",
      retryable: false,
      status: 400,
    });
    await refund(order, reference, 3_000);
    expect(await refund(order, reference, 1, "more")).toMatchObject({
      status: "declined",
      code: "charge_already_refunded",
    });
    expect(await chargesOf(order)).toMatchObject({ refunds: 1, refunded: 3_000 });
  });
});

describe("a decline", () => {
  it.each([
    ["pm_card_chargeDeclined", "generic_decline"],
    ["pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"],
    ["pm_card_chargeDeclinedExpiredCard", "expired_card"],
    ["pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"],
    ["pm_card_chargeDeclinedProcessingError", "processing_error"],
    ["pm_card_radarBlock", "fraudulent"],
  ])("of %s is a value with the code %s", async (paymentMethod, code) => {
    const order = newOrder();
    const declined = await authorize(order, paymentMethod);
    expect(declined).toEqual({ status: "declined", code, message: expect.stringMatching(/\w/) });
    expect(await authorize(order, paymentMethod)).toEqual(declined);
    expect(await chargesOf(order)).toMatchObject({ declines: 1, live: 0, authorized: 0 });
  });
});

describe("a payment that the bank wants confirmed", () => {
  /** What Stripe.js sends, with the key that everybody may know. */
  const asBrowser = async (
    path: string,
    form?: Readonly<Record<string, string>>,
    key = "pk_test_sandbox",
  ) => {
    const response = await fetch(`${sandbox.url}${path}`, {
      method: form === undefined ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${key}`,
        ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
      },
      ...(form === undefined ? {} : { body: new URLSearchParams(form).toString() }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: replies of many shapes
    return { status: response.status, json: (await response.json()) as any };
  };

  const read = (reference: string) => sandbox.payments.readPayment(reference, "payment");

  const unconfirmed = async (order: string): Promise<string> => {
    const answer = await authorize(order, "pm_card_authenticationRequired");
    expect(answer).toEqual({
      status: "declined",
      code: "authentication_required",
      message: expect.stringMatching(/\w/),
      unconfirmed: expect.stringMatching(/^pi_/),
    });
    expect(await authorize(order, "pm_card_authenticationRequired")).toEqual(answer);
    return (answer.status === "declined" && answer.unconfirmed) || "";
  };

  const answerBank = (secret: string, answer: string) =>
    asBrowser("/js/authenticate", { client_secret: secret, answer });

  it("is no decline, and is authorised once its shopper has confirmed it", async () => {
    const order = newOrder();
    const reference = await unconfirmed(order);
    const waiting = await read(reference);
    expect(waiting).toMatchObject({ status: "none", decline: null, confirmation: { paymentMethod: null } });
    const secret = waiting?.confirmation?.clientSecret ?? "";
    await answerBank(secret, "complete");
    expect(await read(reference)).toMatchObject({ status: "open", confirmation: null, decline: null });
    expect((await answerBank(secret, "complete")).status).toBe(409);
    await capture(order, reference, 5_000);
    expect(await chargesOf(order)).toMatchObject({ declines: 0, authorizations: 1, captured: 5_000 });
  });

  it("is declined by the code of its bank where its shopper fails it", async () => {
    const reference = await unconfirmed(newOrder());
    await answerBank((await read(reference))?.confirmation?.clientSecret ?? "", "fail");
    expect(await read(reference)).toMatchObject({
      status: "none",
      confirmation: null,
      decline: { code: "payment_intent_authentication_failure" },
    });
  });

  it("is opened to a publishable key by its secret only, and to no other call", async () => {
    const reference = await unconfirmed(newOrder());
    const path = `/v1/payment_intents/${reference}`;
    const secret = (await read(reference))?.confirmation?.clientSecret ?? "";
    expect((await asBrowser(`${path}?client_secret=${secret}`)).json).toMatchObject({
      status: "requires_action",
      next_action: { type: "use_stripe_sdk" },
    });
    expect((await asBrowser(`${path}?client_secret=${secret}x`)).status).toBe(404);
    expect((await asBrowser(path)).status).toBe(404);
    expect((await asBrowser(`${path}/cancel`, {})).status).toBe(401);
  });

  it("is confirmed anew where its shopper was not there, with the same means of payment", async () => {
    const form = {
      amount: "5000",
      currency: "usd",
      capture_method: "manual",
      confirm: "true",
      off_session: "true",
      payment_method: "pm_card_authenticationRequired",
    };
    const { status, json } = await asBrowser("/v1/payment_intents", form, STRIPE_KEY);
    expect([status, json.error.code]).toEqual([402, "authentication_required"]);
    const { id: reference } = json.error.payment_intent;
    const confirmation = (await read(reference))?.confirmation;
    expect(confirmation).toMatchObject({ paymentMethod: "pm_card_authenticationRequired" });
    const secret = confirmation?.clientSecret ?? "";
    const again = { client_secret: secret, payment_method: confirmation?.paymentMethod ?? "" };
    expect((await asBrowser(`/v1/payment_intents/${reference}/confirm`, again)).json).toMatchObject({
      status: "requires_action",
    });
    await answerBank(secret, "complete");
    expect(await read(reference)).toMatchObject({ status: "open", confirmation: null });
  });
});

describe("a fault", () => {
  const faultOf = async (call: Promise<unknown>): Promise<ServiceFault> => {
    const outcome = await call.catch((error: unknown) => error);
    if (!(outcome instanceof ServiceFault)) throw new Error(`no fault: ${JSON.stringify(outcome)}`);
    return outcome;
  };

  it("of a wrong key is not worth repeating, and its message does not hold the key", async () => {
    const provider = createStripeProvider({ baseUrl: sandbox.url, secretKey: "sk_live_wrongwrongwrong" });
    const fault = await faultOf(provider.cancel({ idempotencyKey: "k", reference: "pi_1" }));
    expect(fault).toMatchObject({ code: "invalid_request_error", status: 401, retryable: false });
    expect(fault.message).not.toContain("wrong");
  });

  it("of a key used for another call is not worth repeating", async () => {
    const order = newOrder();
    await authorize(order);
    expect(await faultOf(authorize(order, "pm_card_visa", 6_000))).toMatchObject({
      code: "idempotency_error",
      retryable: false,
    });
  });

  it("of an unknown means of payment names it", async () => {
    expect(await faultOf(authorize(newOrder(), "pm_unknown"))).toMatchObject({
      code: "resource_missing",
      status: 400,
      retryable: false,
    });
  });

  it("of an amount that the currency cannot have is raised before any call", async () => {
    const request = {
      idempotencyKey: "k",
      orderId: "o",
      amountMinor: 12_345,
      currency: "KWD",
      paymentMethod: "pm_card_visa",
    };
    expect(await faultOf(sandbox.payments.authorize(request))).toMatchObject({
      code: "amount_not_chargeable",
      retryable: false,
      status: null,
    });
  });

  it("of a service that is not there is worth repeating, with the cause", async () => {
    const provider = createStripeProvider({ baseUrl: "http://127.0.0.1:1", secretKey: STRIPE_KEY });
    const fault = await faultOf(provider.cancel({ idempotencyKey: "k", reference: "pi_1" }));
    expect(fault).toMatchObject({ code: "network_error", retryable: true, status: null });
    expect(fault.cause).toBeInstanceOf(Error);
  });

  it("of an overloaded service is worth repeating", async () => {
    await sandbox.simulate({ faults: { errorRate: 1 } });
    expect(await faultOf(authorize(newOrder()))).toMatchObject({ status: 503, retryable: true });
    await sandbox.simulate({ faults: {} });
  });
});

it("no money moves twice while a third of all requests and replies are lost", async () => {
  await sandbox.simulate({ faults: { dropRequestRate: 0.15, dropReplyRate: 0.2 }, seed: 7 });
  const counter = { attempts: 0 };
  const lossy = Array.from({ length: 40 }, newOrder);
  await Promise.all(
    lossy.map(async (order, index) => {
      const reference = referenceOf(await untilAnswered(() => authorize(order), counter));
      if (index % 4 === 0) {
        await untilAnswered(() => cancel(order, reference), counter);
        return;
      }
      await untilAnswered(() => capture(order, reference, 5_000), counter);
      if (index % 4 === 1) await untilAnswered(() => refund(order, reference, 1_000), counter);
    }),
  );
  await sandbox.simulate({ faults: {} });
  // 40 authorizations, 30 captures, 10 cancellations, 10 refunds: more attempts show that calls were lost.
  expect(counter.attempts).toBeGreaterThan(100);
  expect(await sandbox.audit("charges")).toMatchObject({ doubled: [] });
  for (const [index, order] of lossy.entries()) {
    const kind = index % 4;
    expect(await chargesOf(order)).toMatchObject({
      authorizations: 1,
      captures: kind === 0 ? 0 : 1,
      captured: kind === 0 ? 0 : 5_000,
      cancellations: kind === 0 ? 1 : 0,
      refunded: kind === 1 ? 1_000 : 0,
    });
  }
});
