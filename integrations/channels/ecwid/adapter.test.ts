import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { ecwidAdapter } from "./adapter.ts";
import { fieldsOf, isRecorded, shippedByUs } from "./parcels.ts";

function orderOf(payload: string) {
  const [reading] = ecwidAdapter.read(payload, null);
  if (reading?.kind !== "order") throw new Error(`no order: ${JSON.stringify(reading)}`);
  return reading.order;
}

/** The sample with some fields set otherwise. */
function changed(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...JSON.parse(ownSample("ecwid", "order.json")), ...fields });
}

describe("an Ecwid order", () => {
  test("adds up: prices, two discounts, handling, and the tax of goods and of shipping apart", () => {
    expect(orderOf(ownSample("ecwid", "order.json"))).toMatchObject({
      externalId: "293225803",
      externalNumber: "RA1SD",
      placedAt: "2026-10-04T07:05:09.000Z",
      updatedAt: "2026-10-04T07:05:40.000Z",
      lines: [{ channelSku: "CAP-W", unitPrice: { minor: 2_000 }, taxes: [{ amount: { minor: 731 } }] }],
      shippingPrice: { minor: 490 },
      shippingTaxes: [{ amount: { minor: 92 } }],
      charges: [{ kind: "handling", amount: { minor: 200 } }],
      discount: { minor: 150 },
      total: { minor: 5_363, currency: "EUR" },
      shippingAddress: { line1: "ul. Lipowa 8", line2: "m. 3", city: "Kraków" },
      holdReasons: [],
    });
  });

  test("waits while it is not paid, and says what happened to it at Ecwid", () => {
    const codes = (fields: Readonly<Record<string, unknown>>) =>
      orderOf(changed(fields)).holdReasons.map(({ code }) => code);
    expect(codes({ paymentStatus: "AWAITING_PAYMENT" })).toEqual(["payment_pending"]);
    expect(codes({ paymentStatus: "A_NEW_STATUS" })).toEqual(["payment_pending"]);
    expect(codes({ paymentStatus: "CANCELLED" })).toEqual(["cancelled_at_channel"]);
    expect(codes({ paymentStatus: "REFUNDED", refundedAmount: 53.63 })).toEqual(["cancelled_at_channel"]);
    expect(codes({ fulfillmentStatus: "WILL_NOT_DELIVER" })).toEqual(["cancelled_at_channel"]);
    expect(
      orderOf(changed({ paymentStatus: "PARTIALLY_REFUNDED", refundedAmount: 3.5 })).holdReasons,
    ).toEqual([{ code: "refunded_at_channel", detail: "Ecwid has refunded 3.50 EUR of the order." }]);
    expect(ecwidAdapter.read(changed({ paymentStatus: "INCOMPLETE" }), null)).toMatchObject([
      { refusal: { code: "not_an_order" } },
    ]);
  });

  test("that names no currency is refused with what to add", () => {
    expect(ecwidAdapter.read(changed({ currency: undefined }), null)).toMatchObject([
      { refusal: { code: "malformed_payload", detail: expect.stringContaining("add it as currency") } },
    ]);
  });

  test("whose prices contain the taxes says so, and one with both kinds says those on top", () => {
    const [line] = JSON.parse(ownSample("ecwid", "order.json")).items;
    const withTaxes = (kinds: readonly boolean[]) =>
      orderOf(
        changed({
          taxesOnShipping: [],
          items: [
            {
              ...line,
              taxes: kinds.map((includeInPrice) => ({
                name: "T",
                taxOnDiscountedSubtotal: 2,
                includeInPrice,
              })),
            },
          ],
        }),
      );
    expect(withTaxes([true])).toMatchObject({
      taxesIncluded: true,
      lines: [{ taxes: [{ amount: { minor: 200 } }] }],
    });
    expect(withTaxes([true, false]).taxesIncluded).toBeUndefined();
    expect(withTaxes([true, false]).lines[0]?.taxes.length).toBe(1);
  });

  test("that is collected has the place and no address", () => {
    const order = orderOf(changed({ shippingOption: { shippingMethodName: "Shop Kraków", isPickup: true } }));
    expect(order.delivery).toEqual({ method: "pickup", place: "Shop Kraków" });
    expect(order.shippingAddress).toBeUndefined();
  });

  test("that somebody else has shipped is done elsewhere, less what Holdfast has recorded", () => {
    const elsewhere = (fields: Readonly<Record<string, unknown>>) =>
      orderOf(changed({ fulfillmentStatus: "SHIPPED", ...fields })).lines[0]?.fulfilledElsewhere;
    expect(elsewhere({})).toBe(2);
    expect(elsewhere({ extraFields: fieldsOf("SH-1", [{ externalLineId: "901", quantity: 1 }]) })).toBe(1);
    expect(
      elsewhere({ extraFields: fieldsOf("SH-1", [{ externalLineId: "901", quantity: 2 }]) }),
    ).toBeUndefined();
  });
});

describe("the record of a parcel", () => {
  test("of many lines takes several fields of at most 255 characters", () => {
    const lines = Array.from({ length: 60 }, (_, index) => ({
      externalLineId: `${140_273_000 + index}`,
      quantity: 3,
    }));
    const fields = fieldsOf("SH-9", lines);
    expect(Object.keys(fields).length).toBeGreaterThan(2);
    for (const value of Object.values(fields)) expect(value.length).toBeLessThanOrEqual(255);
    const order = { extraFields: { lang: "en", ...fields } };
    expect(isRecorded(order, "SH-9")).toBe(true);
    expect(isRecorded(order, "SH-90")).toBe(false);
    for (const { externalLineId } of lines) expect(shippedByUs(order, externalLineId)).toBe(3);
  });

  test("that somebody has written over counts for nothing", () => {
    expect(shippedByUs({ extraFields: { "holdfast_SH-1.1": "901:many,x", other: "901:4" } }, "901")).toBe(0);
  });
});

describe("an Ecwid webhook", () => {
  const event = (fields: Readonly<Record<string, unknown>> = {}) =>
    Buffer.from(JSON.stringify({ ...JSON.parse(ownSample("ecwid", "changed-order-event.json")), ...fields }));
  const signature = createHmac("sha256", "app-secret")
    .update("1791097540.95ed494f-362d-4fca-933d-f5c7064b04bb")
    .digest("base64");
  const headers = { "x-ecwid-webhook-signature": signature };

  test("is opened by the signature over its time and id, and by no other secret, time or id", () => {
    expect(ecwidAdapter.openWebhook(headers, event(), "app-secret")).toEqual({
      topic: "order.updated",
      eventId: "95ed494f-362d-4fca-933d-f5c7064b04bb",
      signedId: "95ed494f-362d-4fca-933d-f5c7064b04bb",
    });
    expect(ecwidAdapter.openWebhook(headers, event(), "another")).toBeNull();
    expect(ecwidAdapter.openWebhook(headers, event({ eventCreated: 1 }), "app-secret")).toBeNull();
    expect(ecwidAdapter.openWebhook(headers, event({ eventId: "other" }), "app-secret")).toBeNull();
    expect(ecwidAdapter.openWebhook(headers, Buffer.from("no json"), "app-secret")).toBeNull();
  });

  test("whose unsigned rest was forged leads to no more than a look at the order that it names", () => {
    const forged = { entityId: 77, data: { newPaymentStatus: "CANCELLED" }, eventType: "order.deleted" };
    expect(ecwidAdapter.read(event(forged).toString(), "order.deleted")).toEqual([
      { kind: "changed", externalId: "77" },
    ]);
    expect(ecwidAdapter.read(event({ entityId: "../profile" }).toString(), null)).toMatchObject([
      { kind: "refused" },
    ]);
  });
});
