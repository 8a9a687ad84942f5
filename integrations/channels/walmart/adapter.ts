/**
 * Walmart Marketplace orders (v3): one `order`, a `list.elements.order[]`, bare or as `{path, body}` of
 * Walmart's published samples. Charges are those of the whole line and plain JSON numbers, read exactly.
 *
 * The purchase order id identifies the order: one customer order may become several purchase orders.
 */
import type { IncomingLine, IncomingOrder, IncomingTax } from "../../../orders/incoming-order.ts";
import type { Money } from "../../../orders/money.ts";
import type { HoldReason } from "../../../orders/order.ts";
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import {
  amount,
  at,
  countAt,
  firstText,
  isObject,
  textAt,
  textRecord,
} from "../../vendor-kit/vendor-json.ts";
import {
  addressOf,
  computedTotal,
  isoFromMs,
  negated,
  openStandardWebhook,
  perUnit,
  readDocument,
  readEach,
  refused,
  sum,
} from "../reading.ts";

export const walmartAdapter: ChannelAdapter = {
  kind: "walmart",
  read: (payload) => readDocument(payload, readAny),
  join: (documents) => documents,
  openWebhook: openStandardWebhook,
};

function readAny(document: unknown): readonly ChannelReading[] {
  const body = at(document, "body") ?? document;
  for (const other of ["orderShipment", "orderCancellation", "orderRefund"]) {
    if (at(body, other) !== undefined) {
      return [refused("not_an_order", `This is a Walmart ${other} request, not an order.`)];
    }
  }
  const list = at(body, "list", "elements", "order") ?? at(body, "order") ?? body;
  if (Array.isArray(list)) return readEach(list, readOne);
  return readEach([list], readOne);
}

function readOne(order: unknown): readonly ChannelReading[] {
  const externalId = textAt(order, "purchaseOrderId");
  if (!isObject(order) || externalId === "" || !isObject(at(order, "orderLines"))) {
    const detail = "A Walmart order needs a purchaseOrderId and orderLines.";
    return [refused("malformed_payload", detail, externalId)];
  }
  return [{ kind: "order", order: toIncoming(order, externalId) }];
}

type Line = {
  readonly line: IncomingLine;
  readonly shipping: readonly Money[];
  readonly shippingTaxes: readonly IncomingTax[];
  readonly shipped: boolean;
  readonly cancelled: boolean;
};

function toIncoming(order: unknown, externalId: string): IncomingOrder {
  const rawLines = orList(at(order, "orderLines", "orderLine"));
  const currency = firstText(
    ...rawLines.flatMap((line) => charges(line).map((charge) => textAt(charge, "chargeAmount", "currency"))),
    "USD",
  ).toUpperCase();
  const read = rawLines.map((line) => readLine(line, currency));
  const allCancelled = read.every((line) => line.cancelled);
  // A wholly cancelled line is left out. If all lines are cancelled, the order is kept as it was, on hold.
  const lines = read.filter((line) => allCancelled || !line.cancelled).map(({ line }) => line);
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
  const sums = {
    currency,
    lines,
    shippingPrice: sum(
      read.flatMap((line) => line.shipping),
      currency,
    ),
    shippingTaxes: read.flatMap((line) => line.shippingTaxes),
    discount: sum([], currency),
  };
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
    total: computedTotal(sums),
    ...(shippingAddress === undefined ? {} : { shippingAddress }),
    customer: {
      name: firstText(textAt(postal, "name"), email),
      ...(email === "" ? {} : { email }),
      ...(phone === "" ? {} : { phone }),
    },
    shippingService: textAt(order, "shippingInfo", "methodCode"),
    paymentBy: "channel",
    holdReasons: readHolds(read),
    attributes: textRecord({
      orderType: textAt(order, "orderType"),
      estimatedShipDate: isoFromMs(textAt(order, "shippingInfo", "estimatedShipDate")),
      estimatedDeliveryDate: isoFromMs(textAt(order, "shippingInfo", "estimatedDeliveryDate")),
      addressType: textAt(postal, "addressType"),
      shipNode: textAt(order, "shipNode", "name"),
    }),
  };
}

function readLine(line: unknown, currency: string): Line {
  const number = textAt(line, "lineNumber");
  const ordered = countAt(line, "orderLineQuantity", "amount");
  const statuses = orList(at(line, "orderLineStatuses", "orderLineStatus"));
  const unitsIn = (names: readonly string[]) =>
    statuses
      .filter((status) => names.includes(textAt(status, "status").toLowerCase()))
      .reduce<number>((units, status) => units + (countAt(status, "statusQuantity", "amount") || 0), 0);
  const cancelled = unitsIn(["cancelled", "canceled"]);
  const prices: Money[] = [];
  const discounts: Money[] = [];
  const taxes: IncomingTax[] = [];
  const shipping: Money[] = [];
  const shippingTaxes: IncomingTax[] = [];
  const others: Record<string, string> = {};
  for (const charge of charges(line)) {
    const type = textAt(charge, "chargeType").toUpperCase();
    const text = textAt(charge, "chargeAmount", "amount");
    const chargeCurrency = firstText(textAt(charge, "chargeAmount", "currency"), currency).toUpperCase();
    const value = amount(text, chargeCurrency, `charge ${type} of line ${number}`);
    const tax = readTax(charge, currency);
    if (type === "SHIPPING") {
      shipping.push(value);
      shippingTaxes.push(...tax);
      continue;
    }
    taxes.push(...tax);
    if (value.minor < 0) discounts.push(negated(value));
    else if (type === "PRODUCT") prices.push(value);
    else others[`charge:${textAt(charge, "chargeName") || type}`] = `${text} ${chargeCurrency}`;
  }
  const incoming: IncomingLine = {
    externalLineId: number,
    channelSku: firstText(textAt(line, "item", "sku"), `line:${number}`),
    title: textAt(line, "item", "productName"),
    quantity: cancelled < ordered ? ordered - cancelled : ordered,
    unitPrice: perUnit(sum(prices, currency), ordered),
    discount: sum(discounts, currency),
    taxes,
    attributes: textRecord({
      status: statuses.map((status) => textAt(status, "status")).join(","),
      fulfillmentOption: textAt(line, "fulfillment", "fulfillmentOption"),
      shipMethod: textAt(line, "fulfillment", "shipMethod"),
      ...others,
    }),
  };
  return {
    line: incoming,
    shipping,
    shippingTaxes,
    shipped: unitsIn(["shipped", "delivered"]) > 0,
    cancelled: cancelled >= ordered,
  };
}

function readTax(charge: unknown, currency: string): readonly IncomingTax[] {
  const text = textAt(charge, "tax", "taxAmount", "amount");
  if (text === "") return [];
  const taxCurrency = firstText(textAt(charge, "tax", "taxAmount", "currency"), currency).toUpperCase();
  const name = firstText(textAt(charge, "tax", "taxName"), "tax");
  return [{ name, amount: amount(text, taxCurrency, `tax ${name}`) }];
}

function readHolds(lines: readonly Line[]): readonly HoldReason[] {
  if (lines.length === 0) return [{ code: "lines_missing", detail: "Walmart sent the order without lines." }];
  if (lines.every((line) => line.cancelled)) {
    return [{ code: "cancelled_at_channel", detail: "Walmart: every line is cancelled." }];
  }
  const shipped = lines.filter((line) => line.shipped).length;
  if (shipped === 0) return [];
  const detail = `Walmart: ${shipped} of ${lines.length} lines are shipped.`;
  return [{ code: "fulfilled_at_channel", detail }];
}

function charges(line: unknown): readonly unknown[] {
  return orList(at(line, "charges", "charge"));
}

/** Where a list has one element, Walmart sometimes writes the element itself. */
function orList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}
