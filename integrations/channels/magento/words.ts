/**
 * What a Magento shop is told of an order. It has no idempotency keys, and answers a shipment or a credit
 * memo with its bare number: both are looked for first, by our mark in a comment of theirs.
 *
 * Not told: the cancellation of a part. Invoices are where the shop does not make them itself.
 */
import { decimalText } from "../../../orders/money.ts";
import type { OrderWord, OrderWordKind, Told } from "../../../ports/channel-connection.ts";
import { withMark } from "../../vendor-kit/own-mark.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { countAt, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { markOf } from "./adapter.ts";
import { type Filter, found, isId, refusalOf, searchOf } from "./api.ts";
import { hold, isHeldByUs, releaseOurs } from "./holds.ts";
import { tellInvoice } from "./invoices.ts";
import { partsOf } from "./parts.ts";

const TELLS: readonly OrderWordKind[] = ["ship", "cancel", "refund", "hold", "release"];

/** @param makesInvoices whether Holdfast makes them at the shop */
export function wordsOf(makesInvoices: boolean): ReadonlySet<OrderWordKind> {
  return new Set(makesInvoices ? [...TELLS, "invoice"] : TELLS);
}

const CARRIERS = ["ups", "usps", "fedex", "dhl"];

type Word<Kind extends OrderWordKind> = Extract<OrderWord, { readonly kind: Kind }>;

/** @param isOnline whether a refund goes through the gateway of the order's invoice, or is only recorded */
export function createTeller(
  call: RestClient,
  sourceCode: string,
  isOnline: boolean,
): (word: OrderWord) => Promise<Told> {
  async function ship(word: Word<"ship">, order: unknown): Promise<Told> {
    const { externalId } = word.order;
    const made = await partsOf(call, "/V1/shipments", [externalId]);
    const ours = made.find((shipment) => markOf(shipment) === word.shipmentId);
    if (ours !== undefined) return { status: "already", reference: textAt(ours, "entity_id") };
    if (["canceled", "closed", "complete"].includes(textAt(order, "state"))) return isClosed(order);
    const reply = await call({
      method: "POST",
      path: `/V1/order/${externalId}/ship`,
      json: {
        items: word.lines.map((line) => ({
          order_item_id: Number(line.externalLineId),
          qty: line.quantity,
        })),
        notify: true,
        appendComment: true,
        comment: { comment: withMark("Sent", word.shipmentId), is_visible_on_front: 0 },
        tracks: [
          {
            track_number: word.trackingNumber,
            title: `${word.carrier} ${word.service}`.trim(),
            carrier_code: carrierOf(word.carrier),
          },
        ],
        arguments: { extension_attributes: { source_code: sourceCode } },
      },
    });
    if (reply.status !== 200) return refusalOf(reply);
    return { status: "told", reference: textAt({ id: reply.json }, "id") };
  }

  async function cancel(word: Word<"cancel">, order: unknown): Promise<Told> {
    if (!word.isWhole) {
      const message = "Magento cancels orders as a whole: a part's money is given back by the refund.";
      return { status: "refused", code: "part_not_cancelled", message };
    }
    const state = textAt(order, "state");
    if (state === "canceled") return { status: "already", reference: null };
    if (state === "complete" || state === "closed") return isClosed(order);
    const reply = await call({ method: "POST", path: `/V1/orders/${word.order.externalId}/cancel` });
    if (reply.status === 200 && reply.json === true) return { status: "told", reference: null };
    if (reply.status !== 200) return refusalOf(reply);
    const message = "Magento does not cancel the order: what is invoiced has to be refunded.";
    return { status: "refused", code: "not_cancelled", message };
  }

  async function refund(word: Word<"refund">, order: unknown): Promise<Told> {
    const { externalId } = word.order;
    const made = await partsOf(call, "/V1/creditmemos", [externalId]);
    const ours = made.find((memo) => markOf(memo) === word.refundId);
    if (ours !== undefined) return { status: "already", reference: textAt(ours, "entity_id") };
    const invoiceId = isOnline ? await invoiceOf(externalId) : "";
    const reply = await call({
      method: "POST",
      path: invoiceId === "" ? `/V1/order/${externalId}/refund` : `/V1/invoice/${invoiceId}/refund`,
      json: {
        // Without items Magento would refund all of them: each is named, with nothing of it.
        items: listAt(order, "items")
          .filter((item) => textAt(item, "parent_item_id") === "")
          .map((item) => ({ order_item_id: countAt(item, "item_id"), qty: 0 })),
        ...(invoiceId === "" ? {} : { isOnline: true }),
        notify: true,
        appendComment: true,
        comment: { comment: withMark(word.reason, word.refundId), is_visible_on_front: 0 },
        arguments: {
          shipping_amount: 0,
          adjustment_positive: Number(decimalText(word.amount)),
          adjustment_negative: 0,
        },
      },
    });
    if (reply.status !== 200) return refusalOf(reply);
    return { status: "told", reference: textAt({ id: reply.json }, "id") };
  }

  /** Of the paid invoice, through whose payment money can be given back; empty: there is none. */
  async function invoiceOf(orderId: string): Promise<string> {
    const filters: Filter[] = [
      ["order_id", "eq", orderId],
      ["state", "eq", 2],
    ];
    const query = searchOf(filters, "entity_id", 1);
    const reply = await call({ method: "GET", path: "/V1/invoices", query });
    return textAt(listAt(found(reply, "read invoices"), "items")[0], "entity_id");
  }

  return async (word) => {
    const { externalId } = word.order;
    const order = isId(externalId)
      ? found(await call({ method: "GET", path: `/V1/orders/${externalId}` }), "read an order")
      : null;
    if (order === null)
      return { status: "refused", code: "order_unknown", message: "The shop has no such order." };
    if (word.kind === "hold") return hold(call, word, order);
    if (word.kind === "release" && !isHeldByUs(order)) return { status: "already", reference: null };
    const problem = await releaseOurs(call, word, order);
    if (problem !== null) return problem;
    switch (word.kind) {
      case "release":
        return { status: "told", reference: null };
      case "invoice":
        return tellInvoice(call, word, order);
      case "ship":
        return ship(word, order);
      case "cancel":
        return cancel(word, order);
      case "refund":
        return refund(word, order);
      default:
        return { status: "refused", code: "not_told", message: `Magento is not told of ${word.kind}.` };
    }
  };
}

/** Magento makes tracking links for its own carriers; others are `custom`. */
function carrierOf(carrier: string): string {
  const word = carrier.toLowerCase().replace(/[^a-z]/g, "");
  return CARRIERS.find((known) => word.startsWith(known)) ?? "custom";
}

function isClosed(order: unknown): Told {
  const message = `The order is ${textAt(order, "state")} at the shop.`;
  return { status: "refused", code: "order_closed", message };
}
