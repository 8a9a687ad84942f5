/**
 * Invoices at a Magento shop: made by units, with the shop's own amounts, and captured through the order's
 * payment. Our number stands in a comment, by which one is found again.
 */
import type { OrderWord, Told } from "../../../ports/channel-connection.ts";
import { withMark } from "../../vendor-kit/own-mark.ts";
import type { RestClient } from "../../vendor-kit/rest-client.ts";
import { countAt, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { markOf } from "./adapter.ts";
import { refusalOf } from "./api.ts";
import { partsOf } from "./parts.ts";

type Invoice = Extract<OrderWord, { readonly kind: "invoice" }>;

/** @param order as the shop has it */
export async function tellInvoice(call: RestClient, word: Invoice, order: unknown): Promise<Told> {
  const { externalId } = word.order;
  const items = word.lines.flatMap(({ externalLineId, quantity }) =>
    externalLineId !== "" && quantity > 0 ? [{ order_item_id: Number(externalLineId), qty: quantity }] : [],
  );
  if (items.length === 0) {
    // Without items Magento would invoice all of them.
    const message = `The invoice ${word.number} corrects an amount; Magento invoices units of the order's items.`;
    return { status: "refused", code: "no_units", message };
  }
  const made = await partsOf(call, "/V1/invoices", [externalId]);
  const ours = made.find((invoice) => markOf(invoice) === word.number);
  if (ours !== undefined) return { status: "already", reference: textAt(ours, "entity_id") };
  const openOf = new Map(
    listAt(order, "items").map((item) => [
      countAt(item, "item_id"),
      (countAt(item, "qty_ordered") || 0) - (countAt(item, "qty_invoiced") || 0),
    ]),
  );
  // Some payment methods have the shop invoice the whole order when it is placed.
  if (items.every(({ order_item_id: id, qty }) => (openOf.get(id) ?? 0) < qty))
    return { status: "already", reference: null };
  const reply = await call({
    method: "POST",
    path: `/V1/order/${externalId}/invoice`,
    json: {
      capture: true,
      items,
      notify: false,
      appendComment: true,
      comment: { comment: withMark("Invoiced", word.number), is_visible_on_front: 0 },
    },
  });
  if (reply.status !== 200) return refusalOf(reply);
  return { status: "told", reference: textAt({ id: reply.json }, "id") };
}
