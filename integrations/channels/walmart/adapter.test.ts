/** Walmart orders that were read wrongly, or easily could be. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimalText, rescale } from "../../../orders/money.ts";
import { captured, onlyOrder, sumAndTotal } from "../../../test-support/vendors/channel-orders.ts";
import { walmartAdapter } from "./adapter.ts";

type Fields = Readonly<Record<string, unknown>>;

const usd = (amount: number) => ({ currency: "USD", amount });

const charge = (chargeType: string, amount: number, tax?: number, chargeName = chargeType) => ({
  chargeType,
  chargeName,
  chargeAmount: usd(amount),
  tax: tax === undefined ? null : { taxName: "Tax1", taxAmount: usd(tax) },
});

/** @param statuses units by status */
function line(fields: Fields = {}, statuses: Readonly<Record<string, number>> = { Acknowledged: 1 }): Fields {
  const units = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  return {
    lineNumber: "1",
    item: { sku: "LAMP", productName: "Lamp" },
    charges: { charge: [charge("PRODUCT", 40, 3.3)] },
    orderLineQuantity: { unitOfMeasurement: "EACH", amount: String(units) },
    statusDate: 1_795_190_400_000,
    orderLineStatuses: {
      orderLineStatus: Object.entries(statuses).map(([status, count]) => ({
        status,
        statusQuantity: { unitOfMeasurement: "EACH", amount: String(count) },
      })),
    },
    fulfillment: { fulfillmentOption: "S2H", shipMethod: "VALUE" },
    ...fields,
  };
}

function read(lines: readonly Fields[] = [line()], fields: Fields = {}) {
  return onlyOrder(walmartAdapter, {
    purchaseOrderId: "5790000000001",
    customerOrderId: "2000000000009",
    customerEmailId: "relay@relay.example",
    orderType: "REGULAR",
    orderDate: 1_795_190_400_000,
    shippingInfo: {
      phone: "7755550140",
      methodCode: "Value",
      postalAddress: {
        name: "Mara Holm",
        address1: "12 Quay St",
        city: "Reno",
        state: "NV",
        postalCode: "89501",
        country: "USA",
      },
    },
    orderLines: { orderLine: lines },
    shipNode: { type: "SellerFulfilled", name: "Example Goods" },
    ...fields,
  });
}

const holds = (incoming: ReturnType<typeof read>) => incoming.holdReasons.map((reason) => reason.code);

describe("who fulfils", () => {
  test.each([
    ["SellerFulfilled", undefined],
    ["WFSFulfilled", "channel"],
    ["3PLFulfilled", "provider"],
    ["a new type", undefined],
  ])("an order of a node of type %s is fulfilled by %s", (type, fulfilledBy) => {
    const incoming = read([line()], { shipNode: { type } });
    expect(incoming.lines[0]?.fulfilledBy).toBe(fulfilledBy);
    expect(incoming.holdReasons).toEqual([]);
  });

  test("units that are shipped are done; of the others none is held up", () => {
    const incoming = read([
      line({}, { Shipped: 1, Acknowledged: 2 }),
      line({ lineNumber: "2" }, { Delivered: 1 }),
    ]);
    expect(incoming.lines).toMatchObject([
      { quantity: 3, fulfilledElsewhere: 1 },
      { quantity: 1, fulfilledElsewhere: 1 },
    ]);
    expect(incoming.holdReasons).toEqual([]);
  });

  test("what Walmart's customers collect is no parcel", () => {
    const collected = (option: string) =>
      line({ fulfillment: { fulfillmentOption: option, shipMethod: "STANDARD", storeId: "2041" } });
    expect(read([collected("PICKUP")]).delivery).toEqual({ method: "pickup", place: "2041" });
    expect(read([collected("CURBSIDE_PICKUP")]).delivery?.method).toBe("curbside");
    expect(read([collected("DELIVERY")]).delivery).toBeUndefined();
    expect(read([collected("PICKUP"), line({ lineNumber: "2" })]).delivery).toBeUndefined();
  });
});

describe("cancelled units", () => {
  const charges = {
    charge: [
      charge("PRODUCT", 30, 2.5),
      charge("PRODUCT", -3, -0.25, "Promotion"),
      charge("RECYCLING", 1, 0.1, "Recycling fee"),
      charge("SHIPPING", 4.5, 0.4),
    ],
  };

  test("take their part of every amount with them, but not the shipping of the others", () => {
    const incoming = read([line({ charges }, { Cancelled: 1, Acknowledged: 2 })]);
    expect(incoming.lines).toMatchObject([
      {
        quantity: 2,
        unitPrice: { minor: 1_000 },
        discount: { minor: 217 },
        taxes: [{ amount: { minor: 167 } }],
        charges: [{ kind: "fee", name: "Recycling fee", amount: { minor: 67 }, tax: { minor: 7 } }],
      },
    ]);
    expect(decimalText(incoming.shippingPrice)).toBe("4.50");
    const expected = 2_000 - 217 + 167 + 67 + 7 + 450 + 40;
    expect(sumAndTotal(incoming)).toEqual([expected, expected]);
  });

  test("of a whole line leave nothing of it, its shipping neither", () => {
    const incoming = read([line({ charges }, { Cancelled: 2 }), line({ lineNumber: "2" })]);
    expect(incoming.lines.map((each) => each.externalLineId)).toEqual(["2"]);
    expect(decimalText(incoming.shippingPrice)).toBe("0.00");
    expect(sumAndTotal(incoming)).toEqual([4_330, 4_330]);
  });

  test("of every line cancel the order, which is kept as it was", () => {
    const incoming = read([line({ charges }, { Cancelled: 2 })]);
    expect(holds(incoming)).toEqual(["cancelled_at_channel"]);
    expect(incoming.lines).toMatchObject([{ quantity: 2, discount: { minor: 325 } }]);
    expect(sumAndTotal(incoming)).toEqual([3_525, 3_525]);
  });

  test("and kept ones make up the whole, whatever the amounts", () => {
    const cents = fc.integer({ min: 1, max: 99_999 });
    fc.assert(
      fc.property(
        cents,
        cents,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 7 }),
        (price, tax, kept, cancelled) => {
          const charged = { charge: [charge("PRODUCT", price / 100, tax / 100)] };
          const taxOf = (statuses: Readonly<Record<string, number>>) => {
            const [read1] = read([line({ charges: charged }, statuses)]).lines;
            return read1?.taxes[0] === undefined ? 0 : rescale(read1.taxes[0].amount, 2);
          };
          const parts =
            taxOf({ Created: kept, Cancelled: cancelled }) + taxOf({ Created: cancelled, Cancelled: kept });
          expect(Math.abs(parts - tax)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe("money", () => {
  test("fees and their taxes are charges of the line", () => {
    const charges = {
      charge: [charge("PRODUCT", 40, 3.3), charge("FEE", 2, 0.15, "Battery fee"), charge("FEE", 2)],
    };
    const incoming = read([line({ charges })]);
    expect(incoming.lines[0]?.charges).toMatchObject([
      { kind: "fee", name: "Battery fee", amount: { minor: 200 }, tax: { minor: 15 } },
      { kind: "fee", name: "FEE", amount: { minor: 200 }, tax: { minor: 0 } },
    ]);
    expect(sumAndTotal(incoming)).toEqual([4_745, 4_745]);
  });

  test("free shipping that is written as a charge below zero takes no more than it should", () => {
    const charges = {
      charge: [charge("PRODUCT", 40), charge("SHIPPING", 5), charge("SHIPPING", -6, undefined, "Promo")],
    };
    const incoming = read([line({ charges })]);
    expect([incoming.shippingPrice, incoming.discount].map(decimalText)).toEqual(["0.00", "1.00"]);
    expect(sumAndTotal(incoming)).toEqual([3_900, 3_900]);
  });

  test("a total that Walmart states counts, also where the lines come to another", () => {
    const summary = (amount: number) => ({
      orderSummary: { totalAmount: { currencyAmount: amount, currencyUnit: "USD" } },
    });
    expect(sumAndTotal(read([line()], summary(43.3)))).toEqual([4_330, 4_330]);
    expect(sumAndTotal(read([line()], summary(50)))).toEqual([4_330, 5_000]);
  });

  test("what has no price is not free but waits, unless it replaces something", () => {
    const unpriced = line({ charges: { charge: [charge("SHIPPING", 4)] } });
    expect(read([unpriced]).holdReasons).toEqual([
      { code: "price_missing", detail: "Walmart has not stated the price of LAMP." },
    ]);
    expect(holds(read([line({ charges: null })]))).toEqual(["price_missing"]);
    expect(captured(read([unpriced], { orderType: "REPLACEMENT" })).holds).toEqual([]);
    expect(holds(read([line({ charges: { charge: charge("PRODUCT", 0) } })]))).toEqual([]);
  });

  test("an amount in another currency is in no sum, and the order waits and says which it is", () => {
    const foreign = { ...charge("FEE", 0), chargeAmount: { currency: "CAD", amount: 1.99 } };
    const incoming = read([line({ charges: { charge: [charge("PRODUCT", 40), foreign] } })]);
    expect(incoming.holdReasons).toEqual([
      { code: "sum_mismatch", detail: "Amounts in another currency than the order's: FEE 1.99 CAD." },
    ]);
    expect(sumAndTotal(incoming)).toEqual([4_000, 4_000]);
  });
});

describe("what happened since", () => {
  const refund = {
    refund: [
      {
        refundCharges: {
          refundCharge: [{ refundReason: "General adjustment", charge: charge("PRODUCT", -10, -0.83) }],
        },
      },
    ],
  };

  test("a refund of units that are still to ship holds the order and says how much", () => {
    const expected = [
      {
        code: "refunded_at_channel",
        detail: "Walmart: 10.83 USD of units that are not shipped were refunded.",
      },
    ];
    expect(read([line({ refunds: refund })]).holdReasons).toEqual(expected);
    expect(read([line({ refund: refund.refund })]).holdReasons).toEqual(expected);
  });

  test("a refund of units that are shipped or cancelled changes nothing that is to ship", () => {
    expect(holds(read([line({ refunds: refund }, { Shipped: 1 })]))).toEqual([]);
    expect(holds(read([line({ refunds: refund }, { Cancelled: 1, Created: 1 })]))).toEqual([]);
    expect(holds(read([line({ refunds: null, refund: null })]))).toEqual([]);
  });

  test("a customer who asks to cancel some lines does not cancel the others", () => {
    const asks = line({ intentToCancel: "TRUE" });
    expect(holds(read([asks]))).toEqual(["cancelled_at_channel"]);
    expect(read([asks, line({ lineNumber: "2", item: { sku: "DESK" } })]).holdReasons).toEqual([
      { code: "changed_at_channel", detail: "Walmart: the customer asks to cancel LAMP." },
    ]);
  });
});

test("a list of one that Walmart writes as the element itself is read", () => {
  const incoming = read([], { orderLines: { orderLine: line() } });
  expect(incoming.lines).toHaveLength(1);
});
