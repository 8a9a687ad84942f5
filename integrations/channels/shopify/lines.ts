/**
 * Lines of a Shopify order: what each sells, who fulfils it, and what is left of it after edits.
 *
 * Who fulfils: `fulfillment_service`; what `fulfillable_quantity` leaves out has been handed over already.
 */
import type { IncomingLine, IncomingTax } from "../../../orders/incoming-order.ts";
import type { Money } from "../../../orders/money.ts";
import type { Fulfiller, LineKind } from "../../../orders/order.ts";
import { amount, at, countAt, firstText, listAt, textAt, textRecord } from "../../vendor-kit/vendor-json.ts";
import { partOf, quantityAt, sum } from "../reading.ts";
import { gidNumber } from "./ids.ts";

/** A line, and how many units it had before any edit. */
export type ReadLine = { readonly line: IncomingLine; readonly ordered: number };

export function readLine(line: unknown, order: unknown, currency: string): readonly ReadLine[] {
  const ordered = quantityAt(line, "quantity");
  const current = countAt(line, "current_quantity");
  // An edit that removed units leaves `quantity` as it was. A cancellation sets `current_quantity` to 0 on
  // every line.
  const quantity = isEdited(order) && current < ordered ? current : ordered;
  if (quantity === 0) return [];
  /** Amounts of a line are those of the units that it had at first. */
  const part = (whole: Money): Money => (quantity < ordered ? partOf(whole, quantity, ordered) : whole);
  const fulfillable = countAt(line, "fulfillable_quantity");
  const handedOver = hasFulfillments(order, line) ? Math.max(0, quantity - fulfillable) : 0;
  const kind = kindOf(line, order);
  const fulfilledBy = fulfillerOf(line);
  const id = firstText(gidNumber(textAt(line, "admin_graphql_api_id")), textAt(line, "id"));
  const what = `the price of line ${id}`;
  const variant = textAt(line, "variant_id");
  const read: IncomingLine = {
    externalLineId: id,
    channelSku: firstText(
      textAt(line, "sku"),
      variant === "" ? "" : `variant_id:${variant}`,
      textAt(line, "product_id") === "" ? "" : `product_id:${textAt(line, "product_id")}`,
      // A custom item has no product: it goes by its own name.
      textAt(line, "title"),
      `line:${id}`,
    ),
    title: firstText(textAt(line, "name"), textAt(line, "title")),
    quantity,
    unitPrice: amount(textAt(line, "price"), currency, what),
    discount: part(
      sum(
        listAt(line, "discount_allocations").map((d) => amount(textAt(d, "amount"), currency, "discount")),
        currency,
      ),
    ),
    taxes: readTaxes(line, currency).map((tax) => ({ ...tax, amount: part(tax.amount) })),
    ...(kind === "goods" ? {} : { kind }),
    ...(fulfilledBy === "us" ? {} : { fulfilledBy }),
    ...(handedOver === 0 ? {} : { fulfilledElsewhere: handedOver }),
    attributes: textRecord({
      id: textAt(line, "id"),
      admin_graphql_api_id: textAt(line, "admin_graphql_api_id"),
      product_id: textAt(line, "product_id"),
      variant_id: variant,
      variant_title: textAt(line, "variant_title"),
      vendor: textAt(line, "vendor"),
      grams: textAt(line, "grams"),
      requires_shipping: textAt(line, "requires_shipping"),
      gift_card: textAt(line, "gift_card"),
      sales_line_item_group_id: textAt(line, "sales_line_item_group_id"),
      presentment_price: setMoney(line, "price_set"),
      ...Object.fromEntries(
        listAt(line, "properties").map((p) => [`property:${textAt(p, "name")}`, textAt(p, "value")]),
      ),
    }),
  };
  return [{ line: read, ordered }];
}

function kindOf(line: unknown, order: unknown): LineKind {
  if (textAt(line, "gift_card") === "true") return "gift_card";
  const hasProduct = textAt(line, "product_id") !== "" || textAt(line, "variant_id") !== "";
  if (hasProduct || textAt(line, "sku") !== "") {
    return textAt(line, "requires_shipping") === "false" ? "digital" : "goods";
  }
  if (textAt(line, "tip_payment_gateway") !== "" || at(line, "tip", "payment_gateway") !== undefined)
    return "tip";
  const tip = Number(textAt(order, "total_tip_received"));
  const price = Number(textAt(line, "price")) * countAt(line, "quantity");
  return tip > 0 && tip === price ? "tip" : "custom";
}

/** Services that stand for the shop itself, whose goods are ours to send. */
const OWN_SERVICES = new Set(["", "manual", "holdfast", "gift_card"]);

/** A service that has been given the line, or we. */
function fulfillerOf(line: unknown): Fulfiller {
  return isOwnService(textAt(line, "fulfillment_service")) ? "us" : "provider";
}

/** @param handle of a fulfillment service; empty: the shop itself */
export function isOwnService(handle: string): boolean {
  return OWN_SERVICES.has(handle);
}

/** Without any, `fulfillable_quantity` says something else: 0 on a cancelled order. */
export function hasFulfillments(order: unknown, line: unknown): boolean {
  return (
    textAt(order, "cancelled_at") === "" &&
    (listAt(order, "fulfillments").length > 0 || textAt(line, "fulfillment_status") !== "") &&
    !Number.isNaN(countAt(line, "fulfillable_quantity"))
  );
}

export function isEditedLine({ line, ordered }: ReadLine): boolean {
  return line.quantity < ordered;
}

/** Whether units were removed. Without that, Shopify's first amounts are those of the lines. */
export function isEdited(order: unknown): boolean {
  if (textAt(order, "cancelled_at") !== "") return false;
  return listAt(order, "line_items").some(
    (line) => countAt(line, "current_quantity") < countAt(line, "quantity"),
  );
}

export function readTaxes(line: unknown, currency: string): readonly IncomingTax[] {
  return listAt(line, "tax_lines").map((tax) => ({
    name: firstText(textAt(tax, "title"), "tax"),
    amount: amount(textAt(tax, "price"), currency, "tax"),
  }));
}

/** A presentment amount as `<amount> <currency>`. */
export function setMoney(holder: unknown, field: string): string {
  const text = textAt(holder, field, "presentment_money", "amount");
  const currency = textAt(holder, field, "presentment_money", "currency_code");
  return text === "" ? "" : `${text} ${currency}`;
}
