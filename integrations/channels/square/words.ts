/**
 * What Square is told of an order, by its fulfillment. Writes carry an idempotency key of Square's, made from
 * the word's own; what was told long ago is known again by our mark.
 *
 * An order is written with the version that was read. Where somebody has written meanwhile, Square refuses, and
 * the word is told again from what the order is by then.
 *
 * Not told: the cancellation of a part, holds and invoices, for which Square has no fields.
 */
import { createHash } from "node:crypto";
import { chargeableMinor } from "../../../orders/money.ts";
import type { OrderWord, OrderWordKind, Told } from "../../../ports/channel-connection.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { markIn, withMark } from "../../vendor-kit/own-mark.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { at, countAt, firstText, listAt, numberAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { paymentIdOf } from "./adapter.ts";
import { found, isId, refusalOf, SERVICE } from "./api.ts";
import { moneyOf } from "./money.ts";
import { hasParcel, MOST_PARCELS, parcelsIn, shippedByUs, withParcel } from "./parcels.ts";
import { outcomeOf } from "./refunds.ts";

export const TELLS: ReadonlySet<OrderWordKind> = new Set(["acknowledge", "ship", "cancel", "refund"]);

const CLOSED = ["CANCELED", "FAILED"];
const MOST_REASON = 192;

type Word<Kind extends OrderWordKind> = Extract<OrderWord, { readonly kind: Kind }>;

/** At most 45 characters, the shortest of Square's bounds. */
export function keyOf(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 40);
}

export function createTeller(call: RestClient, locationId: string): (word: OrderWord) => Promise<Told> {
  async function write(word: OrderWord, order: unknown, fulfillment: unknown): Promise<Told> {
    const version = numberAt(order, "version") ?? 1;
    const reply = await call({
      method: "PUT",
      path: `/v2/orders/${word.order.externalId}`,
      json: {
        order: { location_id: locationId, version, fulfillments: [fulfillment] },
        // With the version: after a refusal of an old one the word is another call.
        idempotency_key: keyOf(`${word.key}:${version}`),
      },
    });
    if (reply.status === 200) return { status: "told", reference: null };
    const refusal = refusalOf(reply);
    if (refusal.code !== "version_mismatch" && refusal.code !== "conflict") return refusal;
    throw new ServiceFault("Square's order has changed meanwhile", {
      service: SERVICE,
      code: "version_mismatch",
      retryable: true,
      status: reply.status,
      retryAfterMs: 0,
    });
  }

  async function ship(word: Word<"ship">, order: unknown): Promise<Told> {
    const fulfillment = shipmentOf(order);
    if (fulfillment === undefined) return noFulfillment();
    const uid = textAt(fulfillment, "uid");
    if (hasParcel(fulfillment, word.shipmentId)) return { status: "already", reference: uid };
    if (CLOSED.includes(textAt(fulfillment, "state"))) return isClosed(fulfillment);
    const lines = listAt(order, "line_items");
    const indexOf = (lineId: string) =>
      lines.findIndex((line, index) => firstText(textAt(line, "uid"), String(index)) === lineId);
    const units = word.lines.map(({ externalLineId, quantity }) => ({
      index: indexOf(externalLineId),
      quantity,
    }));
    if (units.some(({ index }) => index < 0))
      return { status: "refused", code: "line_unknown", message: "The order has not all of these lines." };
    const isWhole = lines.every((line, index) => {
      const now = units.filter((unit) => unit.index === index).reduce((sum, unit) => sum + unit.quantity, 0);
      return shippedByUs(order, index) + now >= (countAt(line, "quantity") || 0);
    });
    if (parcelsIn(fulfillment).length >= MOST_PARCELS && !isWhole) {
      const message = `Square keeps ${MOST_PARCELS} parcels of an order; the last one will complete it.`;
      return { status: "refused", code: "too_many_parcels", message };
    }
    const told = await write(word, order, {
      uid,
      ...(isWhole ? { state: "COMPLETED" } : { state: "RESERVED" }),
      metadata: withParcel(fulfillment, { shipmentId: word.shipmentId, units }),
      ...(textAt(fulfillment, "type") === "SHIPMENT"
        ? {
            shipment_details: {
              carrier: word.carrier.slice(0, 50),
              tracking_number: word.trackingNumber.slice(0, 100),
              ...(word.trackingUrl === null ? {} : { tracking_url: word.trackingUrl }),
            },
          }
        : {}),
    });
    return told.status === "told" ? { status: "told", reference: uid } : told;
  }

  async function cancel(word: Word<"cancel">, order: unknown): Promise<Told> {
    if (!word.isWhole) {
      const message = "Square cancels a fulfillment as a whole: a part's money is given back by the refund.";
      return { status: "refused", code: "part_not_cancelled", message };
    }
    const fulfillment = shipmentOf(order);
    if (textAt(order, "state") === "CANCELED") return { status: "already", reference: null };
    if (fulfillment === undefined) return noFulfillment();
    if (textAt(fulfillment, "state") === "CANCELED")
      return { status: "already", reference: textAt(fulfillment, "uid") };
    if (textAt(fulfillment, "state") === "COMPLETED") return isClosed(fulfillment);
    return write(word, order, {
      uid: textAt(fulfillment, "uid"),
      state: "CANCELED",
      ...(textAt(fulfillment, "type") === "SHIPMENT"
        ? { shipment_details: { cancel_reason: word.reason.slice(0, 100) } }
        : {}),
    });
  }

  /** Of which the order may have another id than the refund itself. */
  async function refundBy(id: string): Promise<unknown> {
    const reply = await call({ method: "GET", path: `/v2/refunds/${encodeURIComponent(id)}` });
    return at(found(reply, "read a refund"), "refund");
  }

  async function refund(word: Word<"refund">, order: unknown): Promise<Told> {
    const begun = word.underWay === undefined ? undefined : await refundBy(word.underWay);
    if (begun !== undefined) return outcomeOf(begun, "told");
    const ours = listAt(order, "refunds").find((one) => markIn(textAt(one, "reason")) === word.refundId);
    if (ours !== undefined) return outcomeOf(ours, "already");
    const minor = chargeableMinor(word.amount);
    const tender = listAt(order, "tenders").find(
      (one) => moneyOf(at(one, "amount_money"), "a payment", word.order.currency).minor >= minor,
    );
    const paymentId = paymentIdOf(tender);
    if (paymentId === "") {
      const message = "No payment of the order is as large as the refund.";
      return { status: "refused", code: "payment_unknown", message };
    }
    const mark = withMark("", word.refundId);
    const reply = await call({
      method: "POST",
      path: "/v2/refunds",
      json: {
        idempotency_key: keyOf(word.key),
        payment_id: paymentId,
        amount_money: { amount: minor, currency: word.amount.currency },
        reason: `${word.reason.replace(/[()]/g, "").slice(0, MOST_REASON - mark.length - 1)} ${mark}`.trim(),
      },
    });
    if (reply.status !== 200) return refusalOf(reply);
    const made = at(reply.json, "refund");
    // Most are approved within the moment.
    const isDone = textAt(made, "status") !== "PENDING";
    return outcomeOf(isDone ? made : ((await refundBy(textAt(made, "id"))) ?? made), "told");
  }

  return async (word) => {
    const { externalId } = word.order;
    const reply = isId(externalId) ? await call({ method: "GET", path: `/v2/orders/${externalId}` }) : null;
    const order = reply === null ? undefined : at(found(reply, "read an order"), "order");
    if (order === undefined)
      return { status: "refused", code: "order_unknown", message: "Square has no such order." };
    switch (word.kind) {
      case "acknowledge": {
        const fulfillment = shipmentOf(order);
        if (fulfillment === undefined) return noFulfillment();
        return textAt(fulfillment, "state") === "PROPOSED"
          ? write(word, order, { uid: textAt(fulfillment, "uid"), state: "RESERVED" })
          : { status: "already", reference: textAt(fulfillment, "uid") };
      }
      case "ship":
        return ship(word, order);
      case "cancel":
        return cancel(word, order);
      case "refund":
        return refund(word, order);
      default:
        return { status: "refused", code: "not_told", message: `Square is not told of ${word.kind}.` };
    }
  };
}

/** The fulfillment that is ours to do: the one that is open, else the first. */
function shipmentOf(order: unknown): unknown {
  const all = listAt(order, "fulfillments");
  return all.find((one) => !["COMPLETED", ...CLOSED].includes(textAt(one, "state"))) ?? all[0];
}

function noFulfillment(): Told {
  const message = "The order was handed over at the till: it has no fulfillment.";
  return { status: "refused", code: "no_fulfillment", message };
}

function isClosed(fulfillment: unknown): Told {
  const message = `The fulfillment is ${textAt(fulfillment, "state").toLowerCase()} at Square.`;
  return { status: "refused", code: "order_closed", message };
}
