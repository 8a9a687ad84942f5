/**
 * Tells Walmart what becomes of an order. Walmart has no keys: each word reads the order first.
 *
 * T1 A parcel is known by its tracking number on a line, a refund by its number in its comment.
 * T2 Of a line's units, what is cancelled is never cancelled again: a word about units that are cancelled
 *    already counts as told, even where it is another word about others. Too few cancelled are a difference
 *    that reconciliation finds; too many are a customer without goods.
 */
import { apportion } from "../../../orders/apportion.ts";
import type { OrderWord, Told, ToldLine } from "../../../ports/channel-connection.ts";
import { at, textAt } from "../../vendor-kit/vendor-json.ts";
import { type Ask, errorOf, type Market, type WalmartApi } from "./api.ts";
import { chargesOf } from "./lines.ts";
import { chargeSum, type LineState, linesOf, readOrder, refundsOf } from "./orders-api.ts";

type Word<Kind extends OrderWord["kind"]> = Extract<OrderWord, { kind: Kind }>;

/** In Mexico money is given back for a return only, which is Walmart's own. */
export function toldTo(market: Market): ReadonlySet<OrderWord["kind"]> {
  return new Set(["acknowledge", "ship", "cancel", ...(market === "mx" ? [] : (["refund"] as const))]);
}

export async function tellOrder(api: WalmartApi, word: OrderWord): Promise<Told> {
  const { ask, market } = api;
  const { externalId } = word.order;
  const order = await readOrder(api, externalId);
  if (order === null) return refused("order_not_found", `Walmart has no order ${externalId}.`);
  const lines = linesOf(order);
  switch (word.kind) {
    case "acknowledge":
      return acknowledge(ask, externalId, lines);
    case "ship":
      return ship(api, word, lines);
    case "cancel":
      return cancel(api, word, lines);
    case "refund":
      if (market === "mx")
        return refused("not_told_here", "Walmart Mexico gives money back for returns only.");
      return refund(ask, word, lines);
    default:
      return refused("not_told_here", `Walmart is not told of this: ${word.kind}.`);
  }
}

function refused(code: string, message: string): Told {
  return { status: "refused", code, message };
}

async function post(ask: Ask, externalId: string, act: string, body?: unknown): Promise<Told> {
  const reply = await ask({
    method: "POST",
    path: `/v3/orders/${encodeURIComponent(externalId)}/${act}`,
    ...(body === undefined ? {} : { body }),
  });
  if (reply.status < 300) return { status: "told", reference: null };
  const { code, message } = errorOf(reply);
  return refused(code, message);
}

async function acknowledge(ask: Ask, externalId: string, lines: readonly LineState[]): Promise<Told> {
  return lines.every(({ created }) => created === 0)
    ? { status: "already", reference: null }
    : post(ask, externalId, "acknowledge");
}

const units = (quantity: number) => ({ unitOfMeasurement: "EACH", amount: String(quantity) });

/** In Walmart's own spelling; others go as another carrier, by name. */
const CARRIERS = {
  us: ["UPS", "USPS", "FedEx", "Airborne", "OnTrac", "DHL", "LS", "UDS", "UPSMI", "FDX", "Estafeta"],
  ca: ["UPS", "USPS", "FedEx", "Airborne", "OnTrac", "DHL", "LS", "UDS", "UPSMI", "FDX"],
  mx: ["FedEx", "DHL", "Estafeta", "SFC", "PaqueteExpress", "Tracusa", "UPS", "99min", "17Track"],
} as const satisfies Record<Market, readonly string[]>;

function carrierOf(market: Market, name: string): Readonly<Record<string, string>> {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  const known = CARRIERS[market].find((one) => plain(one) === plain(name));
  return known === undefined ? { otherCarrier: name } : { carrier: known };
}

async function ship(
  { ask, market }: WalmartApi,
  word: Word<"ship">,
  lines: readonly LineState[],
): Promise<Told> {
  const { trackingNumber } = word;
  if (lines.some((line) => line.trackingNumbers.includes(trackingNumber)))
    return { status: "already", reference: trackingNumber };
  const wrong = notOpen(word.lines, lines);
  if (wrong !== null) return wrong;
  if (lines.some(({ created }) => created > 0)) {
    // Walmart ships nothing that was not acknowledged.
    const acknowledged = await post(ask, word.order.externalId, "acknowledge");
    if (acknowledged.status === "refused") return acknowledged;
  }
  const told = await post(ask, word.order.externalId, "shipping", {
    orderShipment: {
      orderLines: {
        orderLine: word.lines.map(({ externalLineId, quantity }) => {
          const line = lines.find(({ number }) => number === externalLineId);
          const isAskedToCancel = textAt(line?.raw, "intentToCancel").toLowerCase() === "true";
          return {
            lineNumber: externalLineId,
            ...(isAskedToCancel ? { intentToCancelOverride: true } : {}),
            sellerOrderId: word.order.orderId,
            orderLineStatuses: {
              orderLineStatus: [
                {
                  status: "Shipped",
                  statusQuantity: units(quantity),
                  trackingInfo: {
                    shipDateTime: Date.parse(word.shippedAt),
                    carrierName: carrierOf(market, word.carrier),
                    methodCode: methodOf(word.service),
                    trackingNumber,
                    ...(word.trackingUrl === null ? {} : { trackingURL: word.trackingUrl }),
                  },
                },
              ],
            },
          };
        }),
      },
    },
  });
  return told.status === "told" ? { ...told, reference: trackingNumber } : told;
}

function methodOf(service: string): string {
  if (/overnight|one ?day|next day/i.test(service)) return "OneDay";
  if (/express|expedited|priority|2 ?day|second day/i.test(service)) return "Express";
  return /freight/i.test(service) ? "Freight" : "Standard";
}

function notOpen(told: readonly ToldLine[], lines: readonly LineState[]): Told | null {
  for (const { externalLineId, channelSku, quantity } of told) {
    const open = lines.find(({ number }) => number === externalLineId)?.open ?? 0;
    if (open < quantity)
      return refused("not_open", `Walmart has ${open} of ${channelSku} to be shipped, not ${quantity}.`);
  }
  return null;
}

type Reasons = { readonly other: string } & Readonly<Record<string, string>>;

const CANCEL_REASONS: Readonly<Record<Market, Reasons>> = {
  us: {
    out_of_stock: "SELLER_CANCEL_OUT_OF_STOCK",
    customer_request: "CUSTOMER_REQUESTED_SELLER_TO_CANCEL",
    fraud: "SELLER_CANCEL_FRAUD_STOP_SHIPMENT",
    address: "SELLER_CANCEL_ADDRESS_NOT_SERVICEABLE",
    other: "SELLER_CANCEL_OUT_OF_STOCK",
  },
  ca: { customer_request: "CUSTOMER_REQUESTED_SELLER_TO_CANCEL", other: "CANCEL_BY_SELLER" },
  mx: { out_of_stock: "MIRAKL_REFUND_15", other: "SELLER_REJECTION" },
};

async function cancel(
  { ask, market }: WalmartApi,
  word: Word<"cancel">,
  lines: readonly LineState[],
): Promise<Told> {
  const wanted = word.isWhole
    ? lines.map(({ number, sku, open, cancelled }) => ({
        externalLineId: number,
        channelSku: sku,
        quantity: open + cancelled,
      }))
    : word.lines;
  const missing = wanted.flatMap((line) => {
    const cancelled = lines.find(({ number }) => number === line.externalLineId)?.cancelled ?? 0;
    return cancelled >= line.quantity ? [] : [{ ...line, quantity: line.quantity - cancelled }];
  });
  if (missing.length === 0) {
    const isAny = lines.some(({ cancelled }) => cancelled > 0);
    return isAny
      ? { status: "already", reference: null }
      : refused("too_late", "Walmart: nothing of the order is left to be cancelled.");
  }
  const wrong = notOpen(missing, lines);
  if (wrong !== null) return wrong;
  return post(ask, word.order.externalId, "cancel", {
    orderCancellation: {
      orderLines: {
        orderLine: missing.map(({ externalLineId, quantity }) => ({
          lineNumber: externalLineId,
          orderLineStatuses: {
            orderLineStatus: [
              {
                status: "Cancelled",
                cancellationReason: CANCEL_REASONS[market][word.reason] ?? CANCEL_REASONS[market].other,
                statusQuantity: units(quantity),
              },
            ],
          },
        })),
      },
    },
  });
}

/** What a line was charged with and may be given back: price, its tax, shipping, its tax. */
type Pool = {
  readonly line: string;
  readonly type: "PRODUCT" | "SHIPPING";
  readonly part: "amount" | "tax";
  readonly minor: number;
};

async function refund(ask: Ask, word: Word<"refund">, lines: readonly LineState[]): Promise<Told> {
  const mark = `Holdfast ${word.refundId}`;
  const isThere = lines.some(({ raw }) =>
    refundsOf(raw).some((one) => textAt(one, "refundComments").includes(mark)),
  );
  if (isThere) return { status: "already", reference: word.refundId };
  const { currency, minor, exponent } = word.amount;
  const named = new Set(word.lines.map(({ externalLineId }) => externalLineId));
  const pools = lines
    .filter(({ number }) => named.size === 0 || named.has(number))
    .flatMap((line) => poolsOf(line, currency));
  const most = pools.reduce((sum, pool) => sum + pool.minor, 0);
  if (minor > most) {
    const message = `Walmart charged ${most / 10 ** exponent} ${currency} for these lines, less than is refunded.`;
    return refused("too_much", message);
  }
  const shares = apportion(
    minor,
    pools.map((pool) => pool.minor),
  );
  const given = pools.map((pool, index) => ({ ...pool, minor: shares[index] ?? 0 }));
  const money = (value: number) => ({ currency, amount: -value / 10 ** exponent });
  const chargesFor = (number: string) =>
    (["PRODUCT", "SHIPPING"] as const).flatMap((type) => {
      const of = (part: Pool["part"]) =>
        given
          .filter((pool) => pool.line === number && pool.type === type && pool.part === part)
          .reduce((sum, pool) => sum + pool.minor, 0);
      if (of("amount") === 0 && of("tax") === 0) return [];
      return [
        {
          refundReason: reasonOf(word.reason),
          charge: {
            chargeType: type,
            chargeName: type === "PRODUCT" ? "Item Price" : "Shipping Price",
            chargeAmount: money(of("amount")),
            ...(of("tax") === 0 ? {} : { tax: { taxName: "Tax", taxAmount: money(of("tax")) } }),
          },
        },
      ];
    });
  const told = lines
    .map(({ number }) => ({ number, charges: chargesFor(number) }))
    .filter(({ charges }) => charges.length > 0);
  const outcome = await post(ask, word.order.externalId, "refund", {
    orderRefund: {
      purchaseOrderId: word.order.externalId,
      orderLines: {
        orderLine: told.map(({ number, charges }) => ({
          lineNumber: number,
          isFullRefund: false,
          refunds: { refund: [{ refundComments: mark, refundCharges: { refundCharge: charges } }] },
        })),
      },
    },
  });
  return outcome.status === "told" ? { ...outcome, reference: word.refundId } : outcome;
}

function poolsOf(line: LineState, currency: string): readonly Pool[] {
  return chargesOf(line.raw).flatMap((charge) => {
    const type = textAt(charge, "chargeType").toUpperCase() === "SHIPPING" ? "SHIPPING" : "PRODUCT";
    const whole = chargeSum([charge], currency).minor;
    const tax = chargeSum([{ tax: at(charge, "tax") }], currency).minor;
    const pool = (part: Pool["part"], minor: number): Pool => ({ line: line.number, type, part, minor });
    return [pool("amount", Math.max(0, whole - tax)), pool("tax", Math.max(0, tax))];
  });
}

function reasonOf(reason: string): string {
  if (/damag|broken/i.test(reason)) return "DamagedItem";
  if (/defect/i.test(reason)) return "DefectiveItem";
  if (/return/i.test(reason)) return "Customer returned item";
  if (/lost|not received|not arrived/i.test(reason)) return "ItemNotReceivedByCustomer";
  return "General adjustment";
}
