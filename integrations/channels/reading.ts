/**
 * What all channel adapters share: the one place where anything that goes wrong while reading becomes a
 * refusal, the arithmetic of line prices, and what their webhooks' headers say.
 */

import { MAX_PAYLOAD_ORDERS } from "../../config/limits.ts";
import { placeOfJsonFault } from "../../contract/faults/json-place.ts";
import type { Address } from "../../orders/address.ts";
import { countryCode } from "../../orders/geography.ts";
import type { IncomingLine, IncomingOrder, IncomingTax } from "../../orders/incoming-order.ts";
import { addMoney, type Money, multiplyMoney, withoutSign, zeroMoney } from "../../orders/money.ts";
import type { ChannelAdapter, ChannelReading, ChannelRefusal, ChannelWebhook } from "../../ports/channels.ts";
import {
  countAt,
  isObject,
  parseJson,
  textAt,
  UnreadableAmount,
  writeJson,
} from "../vendor-kit/vendor-json.ts";
import { isStandardWebhook } from "../vendor-kit/webhook-signature.ts";

/**
 * Control characters and halves of surrogate pairs. A terminal may obey them; a log or a column may not be
 * able to hold them.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/gu;

/**
 * @param detail may quote the payload, as a parser's message does; what cannot be shown is replaced
 */
export function refused(code: ChannelRefusal["code"], detail: string, externalId = ""): ChannelReading {
  const shown = detail.replace(UNPRINTABLE, "\uFFFD");
  return { kind: "refused", refusal: { code, detail: shown, ...(externalId === "" ? {} : { externalId }) } };
}

/** Whether it is an object without any other field. */
export function holdsOnly(document: unknown, fields: readonly string[]): boolean {
  return isObject(document) && Object.keys(document).every((field) => fields.includes(field));
}

/**
 * A whole order came under a topic that ends one. The signature covers the body and not the topic: whoever
 * has seen an order's body would cancel it with that word alone.
 */
export function unsignedWord(topic: string, externalId: string): ChannelReading {
  const detail = `An order came with the topic ${topic}, whose documents hold no order.`;
  return refused("malformed_payload", detail, externalId);
}

/** Parses the payload and hands it to `read`; text that is not JSON is refused. */
export function readDocument(
  payload: string,
  read: (document: unknown) => readonly ChannelReading[],
): readonly ChannelReading[] {
  let document: unknown;
  try {
    document = parseJson(payload);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    const detail = `The payload is no JSON: it goes wrong at ${placeOfJsonFault(payload)}; expected such as {"id":"1001"}`;
    return [refused("malformed_payload", detail)];
  }
  return read(document);
}

/**
 * Reads each order of a list on its own, so that one that cannot be read does not stop the others. Where
 * there are several, each reading carries its own part of the payload.
 *
 * An order with an amount that is none is kept, by its id and its payload, and waits for a person or for the
 * channel to send it again. Whatever else goes wrong with one of them is that order's refusal. Of a payload
 * with more than `MAX_PAYLOAD_ORDERS` none is read.
 *
 * @param idOf the order's own id, where that can be read; empty where not
 */
export function readEach(
  orders: readonly unknown[],
  readOne: (order: unknown) => readonly ChannelReading[],
  idOf: (order: unknown) => string = () => "",
): readonly ChannelReading[] {
  if (orders.length > MAX_PAYLOAD_ORDERS) {
    const detail = `The payload holds ${orders.length} orders; send at most ${MAX_PAYLOAD_ORDERS} at a time.`;
    return [refused("too_many_orders", detail)];
  }
  return orders.flatMap((order) => {
    try {
      const readings = readOne(order);
      if (orders.length === 1) return readings;
      return readings.map((reading) =>
        reading.kind === "order" ? { ...reading, source: writeJson(order) } : reading,
      );
    } catch (cause) {
      const id = idIn(order, idOf);
      const why = cause instanceof Error ? cause.message : String(cause);
      if (!(cause instanceof UnreadableAmount))
        return [refused("invalid_order", `The order cannot be read: ${why.slice(0, 200)}.`, id)];
      if (id === "") return [refused("invalid_order", `${cause.message}.`)];
      return [{ kind: "order", order: unreadOrder(id, `${cause.message}.`), source: writeJson(order) }];
    }
  });
}

/** What cannot be read may have no id, either. */
function idIn(order: unknown, idOf: (order: unknown) => string): string {
  try {
    return idOf(order);
  } catch {
    return "";
  }
}

/** An order of which nothing is known but its id. XXX is ISO 4217's code for no currency. */
function unreadOrder(externalId: string, detail: string): IncomingOrder {
  const nothing = zeroMoney("XXX");
  return {
    externalId,
    externalNumber: externalId,
    externalIds: {},
    placedAt: "",
    updatedAt: "",
    currency: "XXX",
    lines: [],
    shippingPrice: nothing,
    shippingTaxes: [],
    discount: nothing,
    total: nothing,
    customer: { name: "" },
    shippingService: "",
    paymentBy: "channel",
    holdReasons: [{ code: "price_missing", detail }],
  };
}

/**
 * The price of one unit where the channel states that of the whole line. It has up to four more decimal
 * places where the line does not divide evenly. What is left after that is rounded down: for any quantity
 * below 5,000, the price times the quantity, rounded to what can be charged, is the line's price again.
 */
export function perUnit(lineTotal: Money, quantity: number): Money {
  if (quantity <= 1 || !Number.isSafeInteger(quantity)) return lineTotal;
  for (let places = 0; places < MOST_PLACES; places += 1) {
    const minor = lineTotal.minor * 10 ** places;
    if (minor % quantity === 0) {
      return { ...lineTotal, minor: minor / quantity, exponent: lineTotal.exponent + places };
    }
  }
  const minor = Math.floor((lineTotal.minor * 10 ** MOST_PLACES) / quantity);
  return { ...lineTotal, minor, exponent: lineTotal.exponent + MOST_PLACES };
}
const MOST_PLACES = 4;

/** What a line orders: a count or, where it is none, the number as it is written, e.g. 1.5. */
export function quantityAt(line: unknown, ...path: readonly string[]): number {
  const text = textAt(line, ...path);
  const count = countAt(line, ...path);
  return Number.isNaN(count) && text !== "" ? Number(text) : count;
}

/** The sum of amounts, which must all be in `currency`. Throws `UnreadableAmount`. */
export function sum(amounts: readonly Money[], currency: string): Money {
  const foreign = amounts.find((amount) => amount.currency !== currency);
  if (foreign !== undefined)
    throw new UnreadableAmount(`An amount in ${foreign.currency} in an order in ${currency}`);
  return amounts.reduce(addMoney, zeroMoney(currency));
}

export function negated(amount: Money): Money {
  return { ...amount, minor: withoutSign(-amount.minor) };
}

/** Of an amount that is stated for all `ordered` units of a line, what `quantity` of them bear; rounded. */
export function partOf(whole: Money, quantity: number, ordered: number): Money {
  return { ...whole, minor: withoutSign(Math.round((whole.minor * quantity) / ordered)) };
}

/** The order's total, for channels that do not state it. Taxes come on top. */
export function computedTotal(
  order: Pick<IncomingOrder, "currency" | "shippingPrice" | "shippingTaxes" | "discount" | "charges"> & {
    readonly lines: readonly Pick<
      IncomingLine,
      "unitPrice" | "quantity" | "discount" | "taxes" | "charges"
    >[];
  },
): Money {
  const taxes = (list: readonly IncomingTax[]) => list.map((tax) => tax.amount);
  const charges = [...(order.charges ?? []), ...order.lines.flatMap((line) => line.charges ?? [])];
  return sum(
    [
      ...order.lines.flatMap((line) => [
        multiplyMoney(line.unitPrice, line.quantity),
        negated(line.discount),
        ...taxes(line.taxes),
      ]),
      order.shippingPrice,
      ...taxes(order.shippingTaxes),
      ...charges.flatMap((charge) => [charge.amount, charge.tax]),
      negated(order.discount),
    ],
    order.currency,
  );
}

/**
 * What an order says was given back of it, each a refund of its own.
 *
 * @param refunds with the channel's own ids; where it has none, what tells them apart: alike ones are counted
 */
export function refundReadings(
  externalId: string,
  refunds: readonly { readonly id: string; readonly amount: Money }[],
): readonly ChannelReading[] {
  const seen = new Map<string, number>();
  return refunds.flatMap(({ id, amount }): readonly ChannelReading[] => {
    const plain = id.replace(/[^\w.:-]/g, "_").slice(0, 100);
    if (plain === "" || amount.minor === 0) return [];
    const count = (seen.get(plain) ?? 0) + 1;
    seen.set(plain, count);
    const refundId = count === 1 ? plain : `${plain}-${count}`;
    return [{ kind: "refund", externalId, refundId, amount: amount.minor < 0 ? negated(amount) : amount }];
  });
}

/** An address of non-empty texts; `undefined` where the channel gave nothing to make one of. */
export function addressOf(parts: {
  readonly name: string;
  readonly company?: string;
  readonly line1: string;
  readonly line2?: string;
  readonly city: string;
  readonly region?: string;
  readonly postalCode?: string;
  readonly country: string;
  readonly phone?: string;
  readonly email?: string;
}): Address | undefined {
  if (parts.line1 === "" && parts.city === "" && parts.country === "") return undefined;
  const { name, line1, city, country, ...optional } = parts;
  const given = Object.fromEntries(Object.entries(optional).filter(([, text]) => text !== ""));
  return { name, line1, city, country: countryCode(country) ?? country.toUpperCase(), ...given };
}

/** ISO 8601 of milliseconds since the epoch as text; empty where they are none. */
export function isoFromMs(text: string): string {
  const ms = Number(text);
  return /^\d{1,14}$/.test(text) && ms < 32_503_680_000_000 ? new Date(ms).toISOString() : "";
}

/** Reads a webhook that is signed by Standard Webhooks, with the event's name in `webhook-topic`. */
export const openStandardWebhook: ChannelAdapter["openWebhook"] = (headers, rawBody, secret) =>
  isStandardWebhook(headers, rawBody, secret)
    ? {
        ...webhookOf(headers["webhook-topic"], headers["webhook-id"]),
        signedId: headers["webhook-id"] ?? null,
      }
    : null;

/** Longer than any channel's event name or id. What is longer is cut. */
const HEADER_LENGTH = 100;

/** Of a vendor whose signature covers the body alone. */
export function webhookOf(topic: string | undefined, eventId: string | undefined): ChannelWebhook {
  return {
    topic: topic?.slice(0, HEADER_LENGTH) ?? null,
    eventId: eventId?.slice(0, HEADER_LENGTH) ?? null,
    signedId: null,
  };
}
