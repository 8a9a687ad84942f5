import { describe, expect, test } from "vitest";
import { ownSample } from "../../../test-support/vendors/channel-samples.ts";
import { cornershopAdapter } from "./adapter.ts";

const FOLDER = "connector-template";

function orderOf(payload: string) {
  const [reading] = cornershopAdapter.read(payload, null);
  if (reading?.kind !== "order") throw new Error(`no order: ${JSON.stringify(reading)}`);
  return reading.order;
}

/** The sample with some fields set otherwise. */
function changed(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...JSON.parse(ownSample(FOLDER, "order.json")), ...fields });
}

describe("a Cornershop order", () => {
  test("is read with its lines, its taxes and its alphabet", () => {
    expect(orderOf(ownSample(FOLDER, "order.json"))).toMatchObject({
      externalId: "700041",
      currency: "EUR",
      customer: { name: "Łucja Wójcik" },
      lines: [
        {
          channelSku: "CAP-W",
          quantity: 2,
          unitPrice: { minor: 2_000 },
          taxes: [{ amount: { minor: 760 } }],
        },
      ],
      total: { minor: 5_250 },
      holdReasons: [],
    });
  });

  // Fill in: each state in which the vendor's order may not be sent.
  test("waits where it is not paid, cancelled, or refunded by somebody else, and says why", () => {
    const codes = (fields: Readonly<Record<string, unknown>>) =>
      orderOf(changed(fields)).holdReasons.map(({ code }) => code);
    expect(codes({ is_paid: false })).toEqual(["payment_pending"]);
    expect(codes({ status: "cancelled" })).toEqual(["cancelled_at_channel"]);
    expect(codes({ refunds: [{ id: "1", reference: "", amount: "5.00" }] })).toEqual(["refunded_at_channel"]);
    expect(codes({ refunds: [{ id: "1", reference: "RF-1", amount: "5.00" }] })).toEqual([]);
  });

  test("keeps a quantity that is no count for a person to see, and an amount that is none holds it", () => {
    const [line] = JSON.parse(ownSample(FOLDER, "order.json")).lines;
    expect(orderOf(changed({ lines: [{ ...line, quantity: 1.5 }] })).lines[0]?.quantity).toBe(1.5);
    expect(orderOf(changed({ total: "a lot" })).holdReasons).toMatchObject([{ code: "price_missing" }]);
  });
});
