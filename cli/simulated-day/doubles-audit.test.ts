import { describe, expect, it } from "vitest";
import { type Charge, doubledMoney } from "./doubles-audit.ts";

const payment = {
  orderId: "web-1",
  authorizations: 2,
  authorizedMinor: 28_018,
  capturedMinor: 28_018,
  refundedMinor: 0,
};
const charge: Charge = {
  orderId: "web-1",
  authorizations: 2,
  authorized: 28_018,
  captured: 28_018,
  refunded: 0,
};

describe("the audit of what the payment provider was asked to do", () => {
  it("lets an order that a change has made dearer have two authorisations", () => {
    expect(doubledMoney([payment], [charge])).toEqual([]);
  });

  it.each<[string, Partial<Charge>]>([
    ["an authorisation", { authorizations: 3, authorized: 42_000 }],
    ["a capture", { captured: 42_000 }],
    ["a refund", { refunded: 100 }],
  ])("finds %s that we do not know of", (_what, more) => {
    expect(doubledMoney([payment], [{ ...charge, ...more }])).toHaveLength(1);
  });

  it("finds a charge of an order that has no payment here", () => {
    expect(doubledMoney([], [charge])).toHaveLength(1);
  });
});
