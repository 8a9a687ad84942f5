import { expect, test } from "vitest";
import type { Money } from "../../orders/money.ts";
import type { OrderDocument } from "../../orders/order.ts";
import type { AuditedLine, AuditedMoney } from "../../store/audit/money-audit.ts";
import { auditMoney } from "./money-audit.ts";

const usd = (minor: number): Money => ({ minor, currency: "USD", exponent: 2 });

const ORDERED = 3;

/** Three units at 10.00 with 1.00 tax in all, and 5.00 for shipping: 36.00. */
function line(change: Partial<AuditedLine> = {}): AuditedLine {
  return {
    lineId: "1",
    kind: "goods",
    fulfilledBy: "us",
    ordered: ORDERED,
    cancelled: 0,
    shipped: ORDERED,
    delivered: ORDERED,
    elsewhere: 0,
    cameBack: 0,
    unitPriceMinor: 1_000,
    discountMinor: 0,
    taxMinor: 100,
    shareMinor: 0,
    ...change,
  };
}

function order(
  change: Partial<AuditedMoney> = {},
  lines: Partial<AuditedLine> = {},
  document: Partial<OrderDocument> = {},
): AuditedMoney {
  return {
    orderId: "web-1",
    status: "completed",
    revision: 1,
    exponent: 2,
    document: {
      lines: [{ unitPrice: usd(1_000), quantity: ORDERED, discount: usd(0), tax: usd(100) }],
      shippingPrice: usd(500),
      discount: usd(0),
      tax: usd(100),
      total: usd(3_600),
      paymentBy: "merchant",
      ...document,
    } as unknown as OrderDocument,
    lines: [line(lines)],
    capturedMinor: 3_600,
    refundedMinor: 0,
    cashMinor: 0,
    creditMinor: 0,
    refunds: [],
    isComingBack: false,
    ...change,
  };
}

const findings = (audited: AuditedMoney) => auditMoney([audited], new Map([["web-1", 3_600]])).findings;

test("an order that was shipped and charged in full is sound", () => {
  expect(auditMoney([order()], new Map([["web-1", 3_600]]))).toEqual({
    takenMinor: 3_600,
    refundedMinor: 0,
    findings: [],
  });
});

test("a cent too little or too much is found", () => {
  expect(findings(order({ capturedMinor: 3_599 }))).toEqual([
    "web-1: it is completed, 3600 was to be taken, and 3599 was.",
  ]);
  expect(findings(order({ capturedMinor: 3_601 }))).toHaveLength(1);
});

test("what was cancelled is not charged, or was given back", () => {
  const short = { shipped: 1, delivered: 1, cancelled: 2 };
  expect(findings(order({ capturedMinor: 1_000 + 33 + 500 }, short))).toEqual([]);
  expect(findings(order({}, short))).toEqual(["web-1: it is completed, 1533 was to be taken, and 3600 was."]);
  const back = { reason: "overpayment", status: "done", amountMinor: 2_067, paymentMinor: 2_067 };
  expect(findings(order({ refunds: [back], refundedMinor: 2_067 }, short))).toEqual([]);
});

test("an order that was cancelled whole brings nothing, not even its shipping", () => {
  const gone = { shipped: 0, delivered: 0, cancelled: 3 };
  expect(findings(order({ status: "cancelled", capturedMinor: 0 }, gone))).toEqual([]);
  expect(findings(order({ status: "cancelled", capturedMinor: 500 }, gone))).toHaveLength(1);
});

test("an order that has not ended may have brought less, never more", () => {
  expect(findings(order({ status: "open", capturedMinor: 0 }, { shipped: 1, delivered: 0 }))).toEqual([]);
  expect(findings(order({ status: "open", capturedMinor: 1_600 }, { shipped: 1, delivered: 0 }))).toEqual([
    "web-1: 1600 was taken, and only 1533 was handed over.",
  ]);
});

test("what the channel charges, we do not; what is paid at the door is paid there", () => {
  const byChannel = { paymentBy: "channel" } as const;
  expect(findings(order({ capturedMinor: 0 }, {}, byChannel))).toEqual([]);
  expect(findings(order({}, {}, byChannel))).toHaveLength(2);
  const atTheDoor = { paymentBy: "on_delivery" } as const;
  expect(findings(order({ capturedMinor: 0, cashMinor: 3_600 }, {}, atTheDoor))).toEqual([]);
  expect(findings(order({ capturedMinor: 0 }, {}, atTheDoor))).toEqual([
    "web-1: it is completed, 3600 was to be taken, and 0 was.",
  ]);
});

test("store credit pays like money", () => {
  expect(findings(order({ capturedMinor: 600, creditMinor: 3_000 }))).toEqual([]);
  expect(findings(order({ creditMinor: 3_000 }))).toHaveLength(1);
});

test("what came back is refunded at what it had cost", () => {
  const back = (amountMinor: number) => ({
    refunds: [{ reason: "return", status: "done", amountMinor, paymentMinor: amountMinor }],
    refundedMinor: amountMinor,
  });
  expect(findings(order(back(2_067), { cameBack: 2 }))).toEqual([]);
  expect(findings(order(back(2_066), { cameBack: 2 }))).toEqual([
    "web-1: 2067 came back, 2066 was refunded for it.",
  ]);
  expect(findings(order({ isComingBack: true }, { cameBack: 2 }))).toEqual([]);
  expect(findings(order({ refundedMinor: 5 }))).toEqual([
    "web-1: its refunds say that 0 went back, its payment says 5.",
  ]);
});

test("an order whose parts are not its total, or not what was planned, is found", () => {
  expect(findings(order({ capturedMinor: 3_600 }, {}, { total: usd(3_700) }))).toEqual([
    "web-1: its parts come to 3600, its total is 3700.",
    "web-1: it costs 3700, and 3600 was planned.",
  ]);
  expect(findings(order({ revision: 2 }))).toEqual([]);
});

test("what needs no parcel is owed with the first one, or where none is to come", () => {
  const digital = line({ lineId: "2", kind: "digital", ordered: 1, shipped: 0, delivered: 0, taxMinor: 0 });
  const document = {
    lines: [
      { unitPrice: usd(1_000), quantity: ORDERED, discount: usd(0), tax: usd(100) },
      { unitPrice: usd(1_000), quantity: 1, discount: usd(0), tax: usd(0) },
    ] as unknown as OrderDocument["lines"],
    total: usd(4_600),
  };
  const both = (goods: Partial<AuditedLine>, change: Partial<AuditedMoney>) =>
    auditMoney([{ ...order(change, {}, document), lines: [line(goods), digital] }], new Map()).findings;
  expect(both({}, { capturedMinor: 4_600 })).toEqual([]);
  expect(both({ shipped: 0, delivered: 0 }, { status: "open", capturedMinor: 1_500 })).toHaveLength(1);
  expect(both({ shipped: 0, delivered: 0, cancelled: 3 }, { capturedMinor: 1_500 })).toEqual([]);
});
