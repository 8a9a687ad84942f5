/** One notice of each kind, for previews of mail templates and for tests of what they say. */
import type { Notice, NoticeFacts, NoticeKind } from "./notices.ts";

const usd = (minor: number) => ({ minor, currency: "USD", exponent: 2 });

/** Of an order that nobody has placed. */
export const EXAMPLE_FACTS: NoticeFacts = {
  shopName: "Northwind Outfitters",
  orderNumber: "#9999",
  customerName: "Jane Smith",
  lines: [
    { title: "Trail running shoe", quantity: 1, total: usd(12_900) },
    { title: "Merino sock", quantity: 3, total: usd(4_497) },
  ],
  total: usd(17_397),
  shipTo: {
    name: "Jane Smith",
    line1: "123 Main St",
    city: "New York",
    region: "NY",
    postalCode: "10001",
    country: "US",
  },
  orderUrl: "https://shop.example/orders/1",
};

const promise = { shipBy: "2026-11-24", deliverBy: "2026-11-27" };

/** One notice of each kind about it, with everything that it can tell. */
export const EXAMPLE_NOTICES: { readonly [Kind in NoticeKind]: Extract<Notice, { kind: Kind }> } = {
  order_confirmed: { kind: "order_confirmed", promise },
  order_delayed: { kind: "order_delayed", explanation: "One item is late.", promise },
  shipped: {
    kind: "shipped",
    carrier: "UPS",
    trackingNumber: "1Z999AA10123456784",
    trackingUrl: "https://shop.example/track/1",
    parcelLines: [{ title: "Merino sock", quantity: 3 }],
    deliverBy: "2026-11-27",
  },
  out_for_delivery: {
    kind: "out_for_delivery",
    carrier: "UPS",
    trackingNumber: "1Z999AA10123456784",
    trackingUrl: "https://shop.example/track/1",
  },
  delivered: {
    kind: "delivered",
    place: "New York",
    returnUrl: "https://shop.example/return/1",
    isCollected: false,
  },
  units_cancelled: {
    kind: "units_cancelled",
    unitLines: [{ title: "Merino sock", quantity: 1 }],
    payer: "Big Market",
  },
  units_substituted: {
    kind: "units_substituted",
    substitutes: [
      { title: "Merino sock, blue", quantity: 2, total: usd(2_798), insteadOf: "Merino sock, green" },
    ],
    newTotal: usd(17_197),
    money: { kind: "not_charged" },
    isCheaper: true,
  },
  order_changed: {
    kind: "order_changed",
    author: { kind: "channel", name: "Big Market" },
    changes: [
      { label: "Merino sock", was: "3 × $14.99", is: "1 × $14.99" },
      { label: "Delivery date", was: null, is: "Friday, November 27" },
      { label: "Total", was: "$173.97", is: "$143.99" },
    ],
    changedLines: [{ title: "Merino sock", quantity: 1, total: usd(1_499) }],
    newTotal: usd(14_399),
    money: { kind: "to_refund", amount: usd(2_998), payer: "Big Market" },
  },
  payment_needed: {
    kind: "payment_needed",
    isToConfirm: false,
    amount: usd(17_397),
    declined: "This card has expired. Please use another one.",
  },
  pickup_ready: {
    kind: "pickup_ready",
    code: "K7WQ2M",
    place: "Store Fifth Avenue",
    street: "500 5th Ave, New York",
    until: "2026-12-04",
    isCurbside: false,
  },
  pickup_reminder: {
    kind: "pickup_reminder",
    code: "P3XN9A",
    place: "Store Fifth Avenue",
    street: "500 5th Ave, New York",
    until: "2026-12-04",
    isCurbside: true,
  },
  return_approved: {
    kind: "return_approved",
    returnId: "R-1",
    labelUrl: "https://shop.example/returns/R-1/label.pdf",
    way: { kind: "label", carrier: "USPS" },
    isStoreCredit: false,
    returnLines: [{ title: "Merino sock", quantity: 1 }],
  },
  return_declined: { kind: "return_declined", returnId: "R-1", explanation: "Announced too late." },
  refund_issued: {
    kind: "refund_issued",
    amount: usd(4_497),
    storeCredit: { amount: usd(1_000), balance: usd(1_500), code: "SC-7F3K-9Q2M-X4TD-PW8E" },
    explanation: "Return R-1",
  },
  refund_at_channel: {
    kind: "refund_at_channel",
    amount: usd(4_497),
    payer: "Big Market",
    explanation: "Return R-1",
  },
  order_cancelled: {
    kind: "order_cancelled",
    explanation: "You asked us to cancel.",
    refund: { amount: usd(17_397), payer: "Big Market" },
  },
};
