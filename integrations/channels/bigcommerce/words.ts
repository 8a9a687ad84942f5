/**
 * What a BigCommerce store is told of an order. It has no idempotency keys: parcels and refunds are known
 * again by our mark in their texts, statuses by themselves.
 *
 * Not told: a cancellation of a part, which a store keeps no record of but a refund; holds, for the store's
 * *Manual Verification Required* comes back as a hold of its own; invoices, for which it has no field.
 */
import { decimalText } from "../../../orders/money.ts";
import type { OrderWord, OrderWordKind, Told } from "../../../ports/channel-connection.ts";
import { markIn, withMark } from "../../vendor-kit/own-mark.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { at, countAt, firstText, listAt, numberAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { found, readOne, readRefunds, refusalOf } from "./api.ts";
import { STATUS } from "./statuses.ts";

export const TELLS: ReadonlySet<OrderWordKind> = new Set(["acknowledge", "ship", "cancel", "refund"]);

/** Carriers that BigCommerce makes tracking links for; of others it is told the link. */
const PROVIDERS = ["auspost", "canadapost", "usps", "fedex", "ups", "royalmail"];
/** Statuses before which an order is not yet in work. */
const NEW: readonly string[] = [STATUS.pending, STATUS.awaitingPayment, STATUS.awaitingFulfillment];
const GONE: readonly string[] = [STATUS.cancelled, STATUS.refunded, STATUS.declined];

type Word<Kind extends OrderWordKind> = Extract<OrderWord, { readonly kind: Kind }>;

export function createTeller(call: RestClient): (word: OrderWord) => Promise<Told> {
  async function setStatus(word: OrderWord, status: string): Promise<Told> {
    const path = `/v2/orders/${word.order.externalId}`;
    const reply = await call({ method: "PUT", path, json: { status_id: Number(status) } });
    return reply.status === 200 ? { status: "told", reference: null } : refusalOf(reply);
  }

  async function ship(word: Word<"ship">, order: unknown): Promise<Told> {
    const path = `/v2/orders/${word.order.externalId}`;
    const parcels = listOf(found(await call({ method: "GET", path: `${path}/shipments` }), "list shipments"));
    const products = listOf(
      found(await call({ method: "GET", path: `${path}/products`, query: { limit: 250 } }), "list products"),
    );
    const ours = parcels.filter((parcel) => markIn(textAt(parcel, "comments")) === word.shipmentId);
    if (GONE.includes(textAt(order, "status_id")) && ours.length === 0) return isClosed(order);
    // A parcel of BigCommerce's goes to one address; ours may hold lines that it has at several.
    const byAddress = new Map<string, typeof word.lines>();
    for (const line of word.lines) {
      const product = products.find((one) => textAt(one, "id") === line.externalLineId);
      const address = textAt(product, "order_address_id");
      byAddress.set(address, [...(byAddress.get(address) ?? []), line]);
    }
    let reference = textAt(ours[0], "id");
    let isNew = false;
    for (const [address, lines] of byAddress) {
      if (ours.some((parcel) => textAt(parcel, "order_address_id") === address)) continue;
      const reply = await call({
        method: "POST",
        path: `${path}/shipments`,
        json: {
          order_address_id: Number(address),
          tracking_number: word.trackingNumber,
          shipping_method: firstText(`${word.carrier} ${word.service}`.trim(), "None").slice(0, 100),
          shipping_provider: providerOf(word.carrier),
          ...(word.trackingUrl === null ? {} : { tracking_link: word.trackingUrl }),
          comments: withMark("Sent", word.shipmentId),
          items: lines.map((line) => ({
            order_product_id: Number(line.externalLineId),
            quantity: line.quantity,
          })),
        },
      });
      if (reply.status !== 201 && reply.status !== 200) return refusalOf(reply);
      isNew = true;
      reference = firstText(reference, textAt(reply.json, "id"));
    }
    return { status: isNew ? "told" : "already", reference };
  }

  async function cancel(word: Word<"cancel">, order: unknown): Promise<Told> {
    if (!word.isWhole) {
      const message = "BigCommerce cannot cancel a part of an order: its money is given back by the refund.";
      return { status: "refused", code: "part_not_cancelled", message };
    }
    if (GONE.includes(textAt(order, "status_id"))) return { status: "already", reference: null };
    if ((countAt(order, "items_shipped") || 0) > 0) return isClosed(order);
    return setStatus(word, STATUS.cancelled);
  }

  async function refund(word: Word<"refund">): Promise<Told> {
    const path = `/v3/orders/${word.order.externalId}/payment_actions`;
    const made = await readRefunds(call, word.order.externalId);
    const ours = made.find((one) => markIn(textAt(one, "reason")) === word.refundId);
    if (ours !== undefined) return { status: "already", reference: textAt(ours, "id") };
    const sought = Number(decimalText(word.amount));
    const items = [
      {
        item_type: "ORDER",
        item_id: Number(word.order.externalId),
        amount: sought,
        reason: withMark(word.reason, word.refundId),
      },
    ];
    const quote = await call({ method: "POST", path: `${path}/refund_quotes`, json: { items } });
    if (quote.status !== 201 && quote.status !== 200) return refusalOf(quote);
    const options = listAt(quote.json, "data", "refund_methods").map((way) => listOf(way));
    // The way the order was paid comes first; store credit and offline follow.
    const payments = options.find((way) => way.length > 0);
    if (payments === undefined) {
      const message = "BigCommerce offers no way to give this money back.";
      return { status: "refused", code: "no_refund_method", message };
    }
    const reply = await call({
      method: "POST",
      path: `${path}/refunds`,
      json: {
        items,
        payments: payments.map((payment) => ({
          provider_id: textAt(payment, "provider_id"),
          amount: numberAt(payment, "amount") ?? sought,
          offline: at(payment, "offline") === true,
        })),
      },
    });
    if (reply.status !== 201 && reply.status !== 200) return refusalOf(reply);
    return { status: "told", reference: textAt(reply.json, "data", "id") };
  }

  return async (word) => {
    const order = await readOne(call, word.order.externalId);
    if (order === null)
      return { status: "refused", code: "order_unknown", message: "The store has no such order." };
    switch (word.kind) {
      case "acknowledge":
        return NEW.includes(textAt(order, "status_id"))
          ? setStatus(word, STATUS.awaitingShipment)
          : { status: "already", reference: null };
      case "ship":
        return ship(word, order);
      case "cancel":
        return cancel(word, order);
      case "refund":
        return refund(word);
      default:
        return { status: "refused", code: "not_told", message: `BigCommerce is not told of ${word.kind}.` };
    }
  };
}

function listOf(value: unknown): readonly unknown[] {
  return listAt({ value }, "value");
}

/** Empty: a carrier that BigCommerce has no word for. */
function providerOf(carrier: string): string {
  const word = carrier.toLowerCase().replace(/[^a-z]/g, "");
  return PROVIDERS.find((provider) => word.startsWith(provider)) ?? "";
}

function isClosed(order: unknown): Told {
  const message = `The order is ${firstText(textAt(order, "status"), "closed")} at the store.`;
  return { status: "refused", code: "order_closed", message };
}
