/**
 * A TikTok Shop order: what was bought, what it costs, and what it waits for.
 *
 * S1 TikTok has a line item for each unit. Units of one SKU at one price are one line here, whose id is that of
 *    the first of them by id; the connection knows the others again by the SKU.
 * S2 What TikTok takes off the price itself it pays to the seller: the order costs what buyer and TikTok pay,
 *    and `platform_discount` is kept as an attribute.
 */
import type { IncomingLine, IncomingOrder } from "../../../orders/incoming-order.ts";
import { addMoney, decimalText, type Money, zeroMoney } from "../../../orders/money.ts";
import type { Charge, HoldReason } from "../../../orders/order.ts";
import { amount, at, countAt, firstText, listAt, textAt, textRecord } from "../../vendor-kit/vendor-json.ts";
import { addressOf, computedTotal, negated } from "../reading.ts";

/** Units of an order that are one line. */
export type UnitGroup = { readonly lineId: string; readonly units: readonly unknown[] };

/** In the order of their first units. Cancelled units are groups of their own: they are no part of a line. */
export function groupsOf(order: unknown): readonly UnitGroup[] {
  const groups = new Map<string, unknown[]>();
  for (const unit of listAt(order, "line_items")) {
    const key = ["sku_id", "seller_sku", "sale_price", "original_price"]
      .map((name) => textAt(unit, name))
      .join("|");
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [unit]);
    else known.push(unit);
  }
  return [...groups.values()].map((units) => {
    const sorted = [...units].sort((a, b) => compareIds(textAt(a, "id"), textAt(b, "id")));
    return { lineId: textAt(sorted[0], "id"), units: sorted };
  });
}

/** Ids have 18 digits and more. */
function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

export function isCancelledUnit(unit: unknown): boolean {
  return textAt(unit, "display_status") === "CANCELLED";
}

const LEFT: ReadonlySet<string> = new Set(["IN_TRANSIT", "DELIVERED", "COMPLETED"]);

/** It has left, or has its parcel and waits for the carrier. */
export function isShippedUnit(unit: unknown): boolean {
  const status = textAt(unit, "display_status");
  return LEFT.has(status) || (status === "AWAITING_COLLECTION" && textAt(unit, "tracking_number") !== "");
}

export function toIncoming(order: unknown): IncomingOrder {
  const payment = at(order, "payment");
  const currency = firstText(
    textAt(payment, "currency"),
    ...listAt(order, "line_items").map((unit) => textAt(unit, "currency")),
    "XXX",
  ).toUpperCase();
  const money = (name: string): Money => amount(textAt(payment, name), currency, name);
  const isCancelled = textAt(order, "status") === "CANCELLED";
  const lines = groupsOf(order).flatMap((group) => lineOf(order, group, currency, isCancelled));
  const platformDiscounts = lines.map(({ platform }) => platform).reduce(addMoney, zeroMoney(currency));
  const tax = money("tax");
  const shippingTax = money("shipping_fee_tax");
  const productTax =
    textAt(payment, "product_tax") === "" ? addMoney(tax, negated(shippingTax)) : money("product_tax");
  const charges: Charge[] = [
    {
      kind: "fee" as const,
      name: "Small order fee",
      amount: money("small_order_fee"),
      tax: zeroMoney(currency),
    },
    {
      kind: "fee" as const,
      name: "Buyer service fee",
      amount: money("buyer_service_fee"),
      tax: zeroMoney(currency),
    },
    {
      kind: "handling" as const,
      name: "Handling fee",
      amount: money("handling_fee"),
      tax: zeroMoney(currency),
    },
    {
      kind: "fee" as const,
      name: "Retail delivery fee",
      amount: money("retail_delivery_fee"),
      tax: zeroMoney(currency),
    },
  ].filter((charge) => charge.amount.minor !== 0);
  const sums = {
    currency,
    lines: lines.map(({ line }, index) =>
      index === 0 && productTax.minor > 0 ? { ...line, taxes: [{ name: "tax", amount: productTax }] } : line,
    ),
    shippingPrice: money(
      textAt(payment, "original_shipping_fee") === "" ? "shipping_fee" : "original_shipping_fee",
    ),
    shippingTaxes: shippingTax.minor === 0 ? [] : [{ name: "tax", amount: shippingTax }],
    discount: addMoney(money("shipping_fee_seller_discount"), money("shipping_fee_platform_discount")),
    ...(charges.length === 0 ? {} : { charges }),
  };
  const stated = textAt(payment, "total_amount");
  const paid = amount(stated, currency, "payment.total_amount");
  const address = at(order, "recipient_address");
  const shippingAddress = addressFor(address);
  const email = textAt(order, "buyer_email");
  const note = textAt(order, "buyer_message");
  return {
    ...sums,
    externalId: textAt(order, "id"),
    externalNumber: textAt(order, "id"),
    externalIds: textRecord({ id: textAt(order, "id"), user_id: textAt(order, "user_id") }),
    placedAt: momentOf(order, "create_time"),
    updatedAt: momentOf(order, "update_time"),
    total: stated === "" ? computedTotal(sums) : addMoney(paid, platformDiscounts),
    ...(shippingAddress === undefined ? {} : { shippingAddress }),
    customer: {
      name: firstText(textAt(address, "name"), "TikTok buyer"),
      ...(email === "" ? {} : { email }),
      ...(shippingAddress?.phone === undefined ? {} : { phone: shippingAddress.phone }),
    },
    shippingService: firstText(textAt(order, "delivery_option_name"), textAt(order, "shipping_type")),
    paymentBy: textAt(order, "is_cod") === "true" ? "on_delivery" : "channel",
    ...(note === "" ? {} : { note }),
    holdReasons: holdsOf(order, sums.lines, stated !== ""),
    attributes: textRecord({
      status: textAt(order, "status"),
      shippingType: textAt(order, "shipping_type"),
      fulfillmentType: textAt(order, "fulfillment_type"),
      warehouseId: textAt(order, "warehouse_id"),
      packages: listAt(order, "packages")
        .map((one) => textAt(one, "id"))
        .join(","),
      shipBy: momentOf(order, "rts_sla_time"),
      platformDiscount: platformDiscounts.minor === 0 ? "" : `${decimalText(platformDiscounts)} ${currency}`,
      isSampleOrder: textAt(order, "is_sample_order"),
    }),
  };
}

function momentOf(order: unknown, name: string): string {
  const seconds = countAt(order, name);
  return seconds > 0 && seconds < 32_503_680_000 ? new Date(seconds * 1_000).toISOString() : "";
}

function lineOf(
  order: unknown,
  { lineId, units }: UnitGroup,
  currency: string,
  isWhole: boolean,
): readonly { readonly line: IncomingLine; readonly platform: Money }[] {
  // An order that is cancelled as a whole is kept as it was.
  const kept = isWhole ? units : units.filter((unit) => !isCancelledUnit(unit));
  const [first] = kept;
  if (first === undefined) return [];
  const price = firstText(textAt(first, "original_price"), textAt(first, "sale_price"));
  const sumOf = (name: string) =>
    kept.map((unit) => amount(textAt(unit, name), currency, name)).reduce(addMoney, zeroMoney(currency));
  const shipped = isWhole ? 0 : kept.filter(isShippedUnit).length;
  const byTikTok = /FULFILLMENT_BY_TIKTOK|FBT/.test(textAt(order, "fulfillment_type"));
  return [
    {
      line: {
        externalLineId: lineId,
        channelSku: firstText(textAt(first, "seller_sku"), `sku_id:${textAt(first, "sku_id")}`),
        title: firstText(textAt(first, "product_name"), textAt(first, "seller_sku")),
        quantity: kept.length,
        unitPrice: amount(price, currency, "original_price"),
        discount: sumOf("seller_discount"),
        taxes: [],
        attributes: textRecord({
          skuId: textAt(first, "sku_id"),
          productId: textAt(first, "product_id"),
          skuName: textAt(first, "sku_name"),
          status: textAt(first, "display_status"),
        }),
        ...(byTikTok ? { fulfilledBy: "channel" as const } : {}),
        ...(shipped > 0 ? { fulfilledElsewhere: shipped } : {}),
      },
      platform: sumOf("platform_discount"),
    },
  ];
}

function addressFor(address: unknown) {
  const level = (name: RegExp) =>
    textAt(
      listAt(address, "district_info").find((one) => name.test(textAt(one, "address_level_name"))),
      "address_name",
    );
  const [line1 = "", ...more] = ["address_line1", "address_line2", "address_line3", "address_line4"]
    .map((name) => textAt(address, name))
    .filter((text) => text !== "");
  return addressOf({
    name: textAt(address, "name"),
    line1: firstText(line1, textAt(address, "address_detail")),
    line2: more.join(", "),
    city: firstText(level(/city/i), level(/district|town/i)),
    region: level(/state|province/i),
    postalCode: textAt(address, "postal_code"),
    country: firstText(textAt(address, "region_code"), level(/country/i)),
    phone: textAt(address, "phone_number"),
  });
}

function holdsOf(order: unknown, lines: readonly IncomingLine[], isStated: boolean): readonly HoldReason[] {
  const status = textAt(order, "status");
  const reason = firstText(textAt(order, "cancel_reason"), "no reason given");
  if (status === "CANCELLED")
    return [{ code: "cancelled_at_channel", detail: `TikTok Shop: the order is cancelled (${reason}).` }];
  if (lines.length === 0)
    return [{ code: "lines_missing", detail: "TikTok Shop sent the order without lines." }];
  const reasons: HoldReason[] = [];
  if (status === "UNPAID")
    reasons.push({ code: "payment_pending", detail: "TikTok Shop: the order is not paid." });
  // For an hour the buyer may cancel, and no address is told.
  if (status === "ON_HOLD")
    reasons.push({ code: "payment_pending", detail: "TikTok Shop: the buyer may still cancel the order." });
  if (textAt(order, "is_buyer_request_cancel") === "true")
    reasons.push({ code: "changed_at_channel", detail: "TikTok Shop: the buyer asks to cancel." });
  if (!isStated)
    reasons.push({ code: "price_missing", detail: "TikTok Shop has not stated the order's total." });
  return reasons;
}
