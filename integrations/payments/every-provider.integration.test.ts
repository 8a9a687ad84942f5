/**
 * The contract of the payment provider port, for every adapter in the registry, against its simulator over
 * HTTP.
 */
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { PaymentProvider, PaymentResult, PaymentSubject } from "../../ports/payments.ts";
import { eventually } from "../../test-support/saga-world.ts";
import { type EveryVendor, startEveryVendor } from "../../test-support/vendors/every-vendor.ts";
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

    test("a signed webhook tells of each payment, and an account takes only its own", async () => {
      const reference = referenceOf(await payments.authorize(authorize()));
      const about = await eventually("a webhook about it", async () =>
        world.webhooks
          .filter(({ path }) => path === `/v1/webhooks/payments/${provider}/default`)
          .map((sent) => ({ sent, event: payments.openWebhook(sent.headers, sent.body, Date.now()) }))
          .find(({ event }) => typeof event !== "string" && event.about?.reference === reference),
      );
      expect(about.event).toMatchObject({
        eventId: expect.any(String),
        type: expect.any(String),
        at: expect.any(String),
      });
      const { headers, body } = about.sent;
      const altered = Buffer.concat([body, Buffer.from(" ")]);
      expect(payments.openWebhook(headers, altered, Date.now())).toBe("bad_signature");
      expect(payments.openWebhook({}, body, Date.now())).toBe("bad_signature");
      expect(payments.openWebhook(headers, body, Date.now() + 24 * 60 * 60_000)).toBe("bad_signature");
      const another = await vendor.create(world.settings("payments", provider, "another account"));
      expect(another.openWebhook(headers, body, Date.now())).toBe("bad_signature");
      const { values, ...account } = world.settings("payments", provider);
      const secrets = vendor.variables
        .filter(({ isMadeUp }) => isMadeUp === true)
        .map(({ name }) => [name, ""]);
      const without = await vendor.create({
        ...account,
        values: { ...values, ...Object.fromEntries(secrets) },
      });
      expect(without.openWebhook(headers, body, Date.now())).toBe("no_secret");
    });

    test("webhooks come again and in another order on request, under the same ids", async () => {
      await world.simulate({ paymentWebhooks: { copies: 3, shuffled: true } });
      const reference = referenceOf(await payments.authorize(authorize()));
      const ids = await eventually("three of each", async () => {
        const own = world.webhooks.filter(({ body }) => body.includes(reference));
        const all = own.map(({ body }) => (JSON.parse(body.toString("utf8")) as { readonly id: string }).id);
        return all.length > 0 && all.length === 3 * new Set(all).size ? all : undefined;
      });
      expect(ids.length).toBeGreaterThanOrEqual(3);
      await world.simulate({ paymentWebhooks: {} });
    });

    test("a payment is read as it is: open, captured in part, refunded, closed", async () => {
      const request = authorize();
      const reference = referenceOf(await payments.authorize(request));
      const read = async (subject: PaymentSubject = "payment") => payments.readPayment(reference, subject);
      expect(await read()).toMatchObject({
        reference,
        orderId: request.orderId,
        currency: "USD",
        status: "open",
        capturedMinor: 0,
      });
      const part = { reference, amountMinor: 2_000, currency: "USD" };
      await payments.capture({ ...part, idempotencyKey: `${orderId}:part`, final: false });
      const captured = await read();
      expect(captured).toMatchObject({ status: "open", capturedMinor: 2_000 });
      expect(captured?.isCaptured(`${orderId}:part`)).toBe(true);
      expect(captured?.isCaptured(`${orderId}:other`)).toBe(false);
      const key = `${orderId}:refund`;
      const refund = await payments.refund({
        ...part,
        amountMinor: 500,
        idempotencyKey: key,
        reason: "back",
      });
      const [refunded, ...more] = (await read("refunds"))?.refunds ?? [];
      expect(more).toEqual([]);
      expect(refunded).toMatchObject({
        reference: referenceOf(refund),
        amountMinor: 500,
        status: "succeeded",
        failure: null,
      });
      expect([refunded?.isOf(key), refunded?.isOf("another")]).toEqual([true, false]);
      await payments.cancel({ idempotencyKey: `${orderId}:void`, reference });
      expect(await read()).toMatchObject({ status: "closed", capturedMinor: 2_000 });
      expect((await read("disputes"))?.disputes).toEqual([]);
      expect(await payments.readPayment("none", "payment")).toBeNull();
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
