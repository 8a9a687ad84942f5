/**
 * Documents of orders in US dollars for tests of what changes them: their total is what their parts come to.
 */
import { parseMoney } from "../../orders/money.ts";
import type { OrderDocument, OrderLine } from "../../orders/order.ts";
import { sumsOf } from "../../orders/order-amounts.ts";

export const usd = (text: string) => {
  const amount = parseMoney(text, "USD");
  if (amount === undefined) throw new Error(`no amount: ${text}`);
  return amount;
};

export function lineOf(
  lineId: string,
  quantity: number,
  price: string,
  more: Partial<OrderLine> = {},
): OrderLine {
  return {
    lineId,
    externalLineId: `x${lineId}`,
    sku: `SKU-${lineId}`,
    channelSku: `SKU-${lineId}`,
    title: `Thing ${lineId}`,
    quantity,
    unitPrice: usd(price),
    discount: usd("0"),
    tax: usd("0"),
    taxes: [],
    attributes: {},
    ...more,
  };
}

export const ADDRESS = { name: "A", line1: "1 Main St", city: "Reno", country: "US" };

export function documentOf(lines: readonly OrderLine[], more: Partial<OrderDocument> = {}): OrderDocument {
  const document = {
    orderId: "shop-1",
    externalId: "1",
    currency: "USD",
    lines,
    shippingPrice: usd("5.00"),
    discount: usd("0"),
    tax: usd("0"),
    total: usd("0"),
    shippingAddress: ADDRESS,
    billingAddress: null,
    customer: { name: "Maya", email: "maya@example.com" },
    shippingService: "Standard",
    paymentBy: "merchant",
    ...more,
  } as unknown as OrderDocument;
  const sums = sumsOf(document);
  return { ...document, total: { minor: sums.sum, currency: "USD", exponent: sums.exponent } };
}
