/**
 * The contract of the payment provider port, for every adapter in the registry, against its simulator over
 * HTTP.
 */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { PaymentProvider, PaymentResult } from "../../ports/payments.ts";
import { type EveryVendor, startEveryVendor } from "../../test-support/every-vendor.ts";
import { NO_FAULTS } from "../simulator-kit/faults.ts";
import type { OrderCharges } from "../simulator-kit/vendor-simulators.ts";
import { paymentVendors } from "./registry.ts";

let world: EveryVendor;
beforeAll(async () => {
  world = await startEveryVendor();
});
afterAll(() => world?.stop());
afterEach(() => world.simulate({ faults: NO_FAULTS }));

describe.each(paymentVendors.map((vendor) => [vendor.provider, vendor] as const))(
  "%s",
  (provider, vendor) => {
    let payments: PaymentProvider;
    let orderId: string;
    beforeAll(async () => {
      payments = await vendor.create(world.settings("payments", provider));
      ({ goodPaymentMethod } = await vendor.simulator());
    });

    let goodPaymentMethod: string;
    const authorize = (amountMinor = 5_000, currency = "USD", paymentMethod = goodPaymentMethod) => {
      orderId = `order-${randomUUID()}`;
      return {
        idempotencyKey: `${orderId}:authorize`,
        orderId,
        amountMinor,
        currency,
        paymentMethod,
      };
    };
    const referenceOf = (result: PaymentResult): string => {
      if (result.status !== "succeeded") throw new Error(`${result.code}: ${result.message}`);
      return result.reference;
    };
    const money = async (): Promise<OrderCharges | undefined> => {
      const { orders } = await world.audit<{ orders: OrderCharges[] }>("charges");
      return orders.find((order) => order.orderId === orderId);
    };

    test("money moves once, however often each call is repeated", async () => {
      const request = authorize();
      const first = await payments.authorize(request);
      expect(await payments.authorize(request)).toEqual(first);
      const reference = referenceOf(first);
      const part = {
        idempotencyKey: `${orderId}:1`,
        reference,
        amountMinor: 2_000,
        currency: "USD",
        final: false,
      };
      const rest = { ...part, idempotencyKey: `${orderId}:2`, amountMinor: 3_000, final: true };
      for (const capture of [part, part, rest, rest]) {
        expect(await payments.capture(capture)).toMatchObject({ status: "succeeded" });
      }
      const refund = {
        idempotencyKey: `${orderId}:r`,
        reference,
        amountMinor: 1_250,
        currency: "USD",
        reason: "",
      };
      const refunded = await payments.refund({ ...refund, reason: "came back" });
      expect(await payments.refund({ ...refund, reason: "came back" })).toEqual(refunded);
      expect(await money()).toMatchObject({ live: 1, authorized: 5_000, captured: 5_000, refunded: 1_250 });
    });

    test("an authorisation is given back, also twice, and also where it was never made", async () => {
      const reference = referenceOf(await payments.authorize(authorize()));
      for (const key of ["void", "void", "void again"]) {
        const voided = await payments.cancel({ idempotencyKey: `${orderId}:${key}`, reference });
        expect(voided.status).toBe("succeeded");
      }
      expect(await money()).toMatchObject({ live: 0, captured: 0 });
      expect(await payments.cancel({ idempotencyKey: randomUUID(), reference: "" })).toMatchObject({
        status: "succeeded",
      });
    });

    test("a decline is a value with a code, and takes nothing", async () => {
      const { declinedPaymentMethod } = await vendor.simulator();
      const declined = await payments.authorize(authorize(5_000, "USD", declinedPaymentMethod));
      expect(declined).toMatchObject({ status: "declined", code: expect.stringMatching(/^[a-z_]+$/) });
      expect(await money()).toMatchObject({ live: 0, captured: 0 });
    });

    test("more than was captured is not refunded", async () => {
      const reference = referenceOf(await payments.authorize(authorize()));
      const key = (name: string) => `${orderId}:${name}`;
      await payments.capture({
        idempotencyKey: key("c"),
        reference,
        amountMinor: 5_000,
        currency: "USD",
        final: true,
      });
      const refund = { reference, currency: "USD", reason: "came back" };
      await payments.refund({ ...refund, idempotencyKey: key("all"), amountMinor: 5_000 });
      const more = payments.refund({ ...refund, idempotencyKey: key("more"), amountMinor: 1 });
      expect(await more.catch((fault: unknown) => fault)).not.toMatchObject({ status: "succeeded" });
      expect(await money()).toMatchObject({ captured: 5_000, refunded: 5_000 });
    });

    test("the step of each currency can be charged", async () => {
      for (const currency of ["USD", "JPY", "KWD", "MGA", "ISK"]) {
        const minor = payments.smallestChargeable(currency) * 700;
        expect(await payments.authorize(authorize(minor, currency))).toMatchObject({ status: "succeeded" });
        expect(await money(), currency).toMatchObject({ live: 1 });
      }
    });

    test.each([
      ["JPY", 5_000],
      ["USD", 1_234],
      ["KWD", 12_340],
    ])("amounts in %s arrive exactly", async (currency, minor) => {
      await payments.authorize(authorize(minor, currency));
      expect(await money()).toMatchObject({ currency, authorized: minor });
    });

    test("a reply that was lost is given when the call is repeated, and nothing happens twice", async () => {
      const request = authorize();
      await world.simulate({ faults: { dropReplyRate: 1 } });
      await expect(payments.authorize(request)).rejects.toMatchObject({ retryable: true });
      await world.simulate({ faults: NO_FAULTS });
      expect(await payments.authorize(request)).toMatchObject({ status: "succeeded" });
      expect(await money()).toMatchObject({ authorizations: 1, live: 1 });
    });

    test("slow is an answer; unreachable or overloaded is a fault to repeat", async () => {
      await world.simulate({ faults: { delayMs: 400 } });
      expect(await payments.authorize(authorize())).toMatchObject({ status: "succeeded" });
      await world.simulate({ faults: { errorRate: 1 } });
      const fault = { name: "ServiceFault", service: provider, retryable: true };
      await expect(payments.authorize(authorize())).rejects.toMatchObject(fault);
      const nobody = await vendor.create(world.settings("payments", provider, "nobody there"));
      await expect(nobody.authorize(authorize())).rejects.toMatchObject({ ...fault, code: "network_error" });
    });
  },
);
