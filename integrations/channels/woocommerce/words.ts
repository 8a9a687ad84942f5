/**
 * What a WooCommerce shop is told of an order. It has no idempotency keys: each word is looked for first, by
 * what it left behind (a status, our mark in meta data, in a note or in a refund's reason).
 *
 * Not told: a hold. `on-hold` means at WooCommerce that the payment is awaited, and writes to the shopper.
 */

import { decimalText } from "../../../orders/money.ts";
import type { OrderWord, OrderWordKind, Told } from "../../../ports/channel-connection.ts";
import { withMark } from "../../vendor-kit/own-mark.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { found, refusalOf } from "./api.ts";
import {
  CANCELLED,
  INVOICE,
  metaAt,
  ourRefund,
  type Recorded,
  recordedIn,
  SHIPMENTS,
  unitsOf,
} from "./shipments.ts";

export const TELLS: ReadonlySet<OrderWordKind> = new Set(["ship", "cancel", "refund", "invoice"]);

const REFUND_FAILED = "woocommerce_rest_cannot_create_order_refund";
const GONE = ["cancelled", "refunded", "trash", "failed"];

type Word<Kind extends OrderWordKind> = Extract<OrderWord, { readonly kind: Kind }>;

/** @param throughGateway whether a refund is carried out by the shop's payment gateway, or only recorded */
export function createTeller(call: RestClient, throughGateway: boolean): (word: OrderWord) => Promise<Told> {
  const pathOf = (word: OrderWord) => `/orders/${encodeURIComponent(word.order.externalId)}`;

  async function change(word: OrderWord, json: unknown): Promise<Told> {
    const reply = await call({ method: "PUT", path: pathOf(word), json });
    return reply.status === 200 ? { status: "told", reference: null } : refusalOf(reply);
  }

  async function note(word: OrderWord, text: string, toCustomer: boolean): Promise<Told> {
    const path = `${pathOf(word)}/notes`;
    const list = found(await call({ method: "GET", path }), "read an order's notes");
    if (listAt({ list }, "list").some((one) => textAt(one, "note") === text))
      return { status: "already", reference: null };
    const reply = await call({ method: "POST", path, json: { note: text, customer_note: toCustomer } });
    return reply.status === 201 ? { status: "told", reference: textAt(reply.json, "id") } : refusalOf(reply);
  }

  async function ship(word: Word<"ship">, order: unknown): Promise<Told> {
    const before = recordedIn(order, SHIPMENTS);
    const isKnown = before.some(({ id }) => id === word.shipmentId);
    if (!isKnown) {
      if (GONE.includes(textAt(order, "status"))) return isGone(order);
      const parcels = [...before, recordOf(word.shipmentId, word.lines)];
      const cancelled = recordedIn(order, CANCELLED);
      const isWhole = listAt(order, "line_items").every((line) => {
        const id = textAt(line, "id");
        return unitsOf(parcels, id) + unitsOf(cancelled, id) >= Number(textAt(line, "quantity"));
      });
      const outcome = await change(word, {
        ...(isWhole ? { status: "completed" } : {}),
        meta_data: [{ key: SHIPMENTS, value: JSON.stringify(parcels) }],
      });
      if (outcome.status === "refused") return outcome;
    }
    // Last: it writes to the shopper, and may not do so of a parcel that the order does not have.
    const noted = await note(word, parcelNote(word), true);
    if (noted.status === "refused") return noted;
    const isAgain = isKnown && noted.status === "already";
    return { status: isAgain ? "already" : "told", reference: word.shipmentId };
  }

  async function cancel(word: Word<"cancel">, order: unknown): Promise<Told> {
    const status = textAt(order, "status");
    if (word.isWhole) {
      if (GONE.includes(status)) return { status: "already", reference: null };
      if (status === "completed")
        return { status: "refused", code: "completed", message: "The order is completed at the shop." };
      return change(word, { status: "cancelled" });
    }
    // WooCommerce cannot cancel a part of an order: the shop's people read it, its money is the refund's.
    const before = recordedIn(order, CANCELLED);
    if (before.some(({ id }) => id === word.key)) return { status: "already", reference: null };
    if (GONE.includes(status)) return isGone(order);
    const outcome = await change(word, {
      meta_data: [{ key: CANCELLED, value: JSON.stringify([...before, recordOf(word.key, word.lines)]) }],
    });
    if (outcome.status !== "told") return outcome;
    const units = word.lines.map((line) => `${line.quantity} x ${line.channelSku}`).join(", ");
    await note(word, `Not delivered: ${units} (${word.reason}).`, false);
    return outcome;
  }

  async function refund(word: Word<"refund">): Promise<Told> {
    const path = `${pathOf(word)}/refunds`;
    const query = { per_page: 100 };
    const list = found(await call({ method: "GET", path, query }), "list refunds");
    const ours = listAt({ list }, "list").find((one) => ourRefund(one) === word.refundId);
    if (ours !== undefined) return { status: "already", reference: textAt(ours, "id") };
    const reply = await call({
      method: "POST",
      path,
      json: {
        amount: decimalText(word.amount),
        reason: withMark(word.reason, word.refundId),
        api_refund: throughGateway,
        // Stock is Holdfast's: it says itself what may be sold.
        api_restock: false,
      },
      // WooCommerce says so with a 500 where its gateway will not give the money back.
      answers: ({ json }) => textAt(json, "code") === REFUND_FAILED,
    });
    if (reply.status === 201) return { status: "told", reference: textAt(reply.json, "id") };
    return refusalOf(reply);
  }

  async function invoice(word: Word<"invoice">, order: unknown): Promise<Told> {
    // Each parcel has its own.
    const known = metaAt(order, INVOICE).split(/,\s*/).filter(Boolean);
    if (known.includes(word.number)) return { status: "already", reference: null };
    return change(word, { meta_data: [{ key: INVOICE, value: [...known, word.number].join(", ") }] });
  }

  return async (word) => {
    const isId = /^\d{1,18}$/.test(word.order.externalId);
    const order = isId ? found(await call({ method: "GET", path: pathOf(word) }), "read an order") : null;
    if (order === null)
      return { status: "refused", code: "order_unknown", message: "The shop has no such order." };
    switch (word.kind) {
      case "ship":
        return ship(word, order);
      case "cancel":
        return cancel(word, order);
      case "refund":
        return refund(word);
      case "invoice":
        return invoice(word, order);
      default:
        return { status: "refused", code: "not_told", message: `WooCommerce is not told of ${word.kind}.` };
    }
  };
}

function recordOf(
  id: string,
  lines: readonly { readonly externalLineId: string; readonly quantity: number }[],
): Recorded {
  return { id, lines: lines.map(({ externalLineId, quantity }) => ({ id: externalLineId, quantity })) };
}

function parcelNote(word: Word<"ship">): string {
  const link = word.trackingUrl === null ? "" : ` ${word.trackingUrl}`;
  const by = `${word.carrier} ${word.service}`.trim();
  return `Parcel ${word.shipmentId} was sent with ${by}, tracking number ${word.trackingNumber}.${link}`;
}

function isGone(order: unknown): Told {
  const message = `The order is ${textAt(order, "status")} at the shop.`;
  return { status: "refused", code: "order_closed", message };
}
