/**
 * Walmart Marketplace orders (v3): one `order`, a `list.elements.order[]`, bare or as `{path, body}` of
 * Walmart's published samples. Their lines are read in `lines.ts`.
 *
 * Notifications name the order that changed; what they hold of it is left to who reads the order.
 *
 * The purchase order id identifies the order: one customer order may become several purchase orders.
 */
import type { IncomingOrder } from "../../../orders/incoming-order.ts";
import { decimalText } from "../../../orders/money.ts";
import type { HoldReason } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import {
  amount,
  at,
  countAt,
  firstText,
  isObject,
  parseJson,
  textAt,
  textRecord,
} from "../../vendor-kit/vendor-json.ts";
import { isHmacOf } from "../../vendor-kit/webhook-signature.ts";
import {
  addressOf,
  computedTotal,
  isoFromMs,
  negated,
  openStandardWebhook,
  readDocument,
  readEach,
  refundReadings,
  refused,
  sum,
} from "../reading.ts";
import { chargesOf, fulfillerOf, orList, readLine, theirRefunds, type WalmartLine } from "./lines.ts";

export const walmartAdapter: ChannelAdapter = {
  kind: "walmart",
  read: (payload) => readDocument(payload, readAny),
  join: (documents) => documents,
  openWebhook(headers, rawBody, secret) {
    // Walmart's own is in the header that the subscription names; the rest comes through connectors.
    const signature = headers[SIGNATURE_HEADER];
    if (signature === undefined) return openStandardWebhook(headers, rawBody, secret);
    if (!isHmacOf(rawBody, secret, signature)) return null;
    const source = at(documentOf(rawBody), "source");
    const signedId = textAt(source, "eventId").slice(0, 100) || null;
    return { topic: textAt(source, "eventType").slice(0, 100) || null, eventId: signedId, signedId };
  },
};

/** As the guide has people name it in `authHeaderName`. */
const SIGNATURE_HEADER = "x-walmart-signature";

function documentOf(rawBody: Buffer): unknown {
  try {
    return parseJson(rawBody.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Events about orders, alone (until December 2026) and as kinds of `ORDER_UPDATES`. */
const ORDER_EVENTS: ReadonlySet<string> = new Set([
  "ORDER_UPDATES",
  "PO_CREATED",
  "PO_LINE_AUTOCANCELLED",
  "INTENT_TO_CANCEL",
  "FRAUD_CANCEL",
]);

function readEvent(event: unknown): readonly ChannelReading[] {
  const type = textAt(event, "source", "eventType");
  const externalId = firstText(
    textAt(event, "payload", "order", "purchaseOrderId"),
    textAt(event, "payload", "purchaseOrderId"),
  );
  if (!ORDER_EVENTS.has(type))
    return [refused("not_an_order", `This Walmart event is not about an order: ${type.slice(0, 100)}.`)];
  return externalId === ""
    ? [refused("malformed_payload", `Walmart's event ${type} names no purchaseOrderId.`)]
    : [{ kind: "changed", externalId }];
}

function readAny(document: unknown): readonly ChannelReading[] {
  const body = at(document, "body") ?? document;
  if (at(body, "source", "eventType") !== undefined) return readEvent(body);
  for (const other of ["orderShipment", "orderCancellation", "orderRefund"]) {
    if (at(body, other) !== undefined) {
      return [refused("not_an_order", `This is a Walmart ${other} request, not an order.`)];
    }
  }
  const list = at(body, "list", "elements", "order") ?? at(body, "order") ?? body;
  return readEach(Array.isArray(list) ? list : [list], readOne, (order) => textAt(order, "purchaseOrderId"));
}

function readOne(order: unknown): readonly ChannelReading[] {
  const externalId = textAt(order, "purchaseOrderId");
  if (!isObject(order) || externalId === "" || !isObject(at(order, "orderLines"))) {
    const detail = "A Walmart order needs a purchaseOrderId and orderLines.";
    return [refused("malformed_payload", detail, externalId)];
  }
  const incoming = toIncoming(order, externalId);
  const refunds = orList(at(order, "orderLines", "orderLine")).flatMap((line) =>
    theirRefunds(line, incoming.currency),
  );
  return [{ kind: "order", order: incoming }, ...refundReadings(externalId, refunds)];
}

function toIncoming(order: unknown, externalId: string): IncomingOrder {
  const rawLines = orList(at(order, "orderLines", "orderLine"));
  const currency = firstText(
    ...rawLines.flatMap((line) =>
      chargesOf(line).map((charge) => textAt(charge, "chargeAmount", "currency")),
    ),
    "USD",
  ).toUpperCase();
  const fulfilledBy = fulfillerOf(textAt(order, "shipNode", "type"));
  const read = rawLines.map((line) => readLine(line, currency, fulfilledBy));
  // A wholly cancelled line is left out. If all lines are cancelled, the order is kept as it was, on hold.
  const isCancelled = read.every((line) => line.isCancelled);
  const kept = read.filter((line) => isCancelled || !line.isCancelled);
  const shipping = sum(
    kept.flatMap((line) => line.shipping),
    currency,
  );
  const sums = {
    currency,
    lines: kept.map(({ line }) => line),
    shippingPrice: shipping.minor < 0 ? sum([], currency) : shipping,
    shippingTaxes: kept.flatMap((line) => line.shippingTaxes),
    discount: shipping.minor < 0 ? negated(shipping) : sum([], currency),
  };
  const stated = textAt(order, "orderSummary", "totalAmount", "currencyAmount");
  const postal = at(order, "shippingInfo", "postalAddress");
  const phone = textAt(order, "shippingInfo", "phone");
  const email = textAt(order, "customerEmailId");
  const shippingAddress = addressOf({
    name: textAt(postal, "name"),
    line1: textAt(postal, "address1"),
    line2: textAt(postal, "address2"),
    city: textAt(postal, "city"),
    region: textAt(postal, "state"),
    postalCode: textAt(postal, "postalCode"),
    country: textAt(postal, "country"),
    phone,
  });
  return {
    ...sums,
    externalId,
    externalNumber: externalId,
    externalIds: textRecord({
      purchaseOrderId: externalId,
      customerOrderId: textAt(order, "customerOrderId"),
      sellerOrderId: textAt(order, "sellerOrderId"),
      originalCustomerOrderID: textAt(order, "originalCustomerOrderID"),
    }),
    placedAt: isoFromMs(textAt(order, "orderDate")),
    updatedAt: isoFromMs(
      String(Math.max(0, ...rawLines.map((line) => countAt(line, "statusDate")).filter(Number.isFinite))),
    ),
    // Most orders have no summary. What they cost is what their lines are charged with.
    total: stated === "" ? computedTotal(sums) : amount(stated, currency, "orderSummary.totalAmount"),
    ...(shippingAddress === undefined ? {} : { shippingAddress }),
    customer: {
      name: firstText(textAt(postal, "name"), email),
      ...(email === "" ? {} : { email }),
      ...(phone === "" ? {} : { phone }),
    },
    shippingService: textAt(order, "shippingInfo", "methodCode"),
    ...readDelivery(order, rawLines),
    paymentBy: "channel",
    holdReasons: readHolds(order, read, currency),
    attributes: textRecord({
      orderType: textAt(order, "orderType"),
      estimatedShipDate: isoFromMs(textAt(order, "shippingInfo", "estimatedShipDate")),
      estimatedDeliveryDate: isoFromMs(textAt(order, "shippingInfo", "estimatedDeliveryDate")),
      addressType: textAt(postal, "addressType"),
      shipNode: textAt(order, "shipNode", "name"),
      shipNodeType: textAt(order, "shipNode", "type"),
      paymentTypes: textsAt(order, "paymentTypes"),
      pickupPersons: orList(at(order, "pickupPersons"))
        .map((person) => textAt(person, "name", "completeName"))
        .join(", "),
    }),
  };
}

/**
 * Collected in a store where every line is; Walmart names the way in several fields, and the store in one.
 */
function readDelivery(order: unknown, lines: readonly unknown[]): Pick<IncomingOrder, "delivery"> {
  const ways = lines.map((line) =>
    [
      textAt(line, "fulfillment", "fulfillmentOption"),
      textAt(line, "fulfillment", "shipMethod"),
      textAt(order, "shippingInfo", "methodCode"),
    ]
      .join(" ")
      .toUpperCase(),
  );
  if (ways.length === 0 || !ways.every((way) => /PICK_?UP|CURBSIDE/.test(way))) return {};
  const method = ways.some((way) => way.includes("CURBSIDE")) ? "curbside" : "pickup";
  const place = firstText(...lines.map((line) => textAt(line, "fulfillment", "storeId")));
  return { delivery: { method, ...(place === "" ? {} : { place }) } };
}

function readHolds(order: unknown, lines: readonly WalmartLine[], currency: string): readonly HoldReason[] {
  if (lines.length === 0) return [{ code: "lines_missing", detail: "Walmart sent the order without lines." }];
  if (lines.every((line) => line.isCancelled)) {
    return [{ code: "cancelled_at_channel", detail: "Walmart: every line is cancelled." }];
  }
  const open = lines.filter((line) => !line.isCancelled);
  return [...changeHolds(open, currency), ...moneyHolds(order, open)];
}

function changeHolds(lines: readonly WalmartLine[], currency: string): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  const asked = lines.filter((line) => line.isAskedToCancel);
  if (asked.length > 0) {
    const names = asked.map(({ line }) => line.channelSku).join(", ");
    const code = asked.length === lines.length ? "cancelled_at_channel" : "changed_at_channel";
    reasons.push({ code, detail: `Walmart: the customer asks to cancel ${names}.` });
  }
  const refunded = sum(
    lines.map((line) => line.refunded),
    currency,
  );
  if (refunded.minor !== 0) {
    const detail = `Walmart: ${decimalText(refunded)} ${currency} of units that are not shipped were refunded.`;
    reasons.push({ code: "refunded_at_channel", detail });
  }
  return reasons;
}

function moneyHolds(order: unknown, lines: readonly WalmartLine[]): readonly HoldReason[] {
  const reasons: HoldReason[] = [];
  const unpriced = lines.filter((line) => !line.isPriced).map(({ line }) => line.channelSku);
  if (unpriced.length > 0 && textAt(order, "orderType").toUpperCase() !== "REPLACEMENT") {
    const detail = `Walmart has not stated the price of ${unpriced.join(", ")}.`;
    reasons.push({ code: "price_missing", detail });
  }
  const foreign = lines.flatMap((line) => line.foreign);
  if (foreign.length > 0) {
    reasons.push({
      code: "sum_mismatch",
      detail: `Amounts in another currency than the order's: ${foreign.join(", ")}.`,
    });
  }
  return reasons;
}

function textsAt(order: unknown, name: string): string {
  return orList(at(order, name))
    .map((text) => textAt({ text }, "text"))
    .join(",");
}
