/**
 * The products of a WooCommerce order.
 *
 * Totals are those of the whole line, after coupons (`total`) and before (`subtotal`), and never contain tax.
 * `price` is a computed float and not used.
 *
 * A bundle is a line of its own, with the lines of its parts below it. What is posted are the parts; where
 * all of them say that they travel inside the bundle, it is the bundle. Either may bear the price.
 */
import type { IncomingLine } from "../../../orders/incoming-order.ts";
import { type Money, zeroMoney } from "../../../orders/money.ts";
import type { LineKind } from "../../../orders/order.ts";
import { amount, at, countAt, firstText, listAt, textAt, textRecord } from "../../vendor-kit/vendor-json.ts";
import { negated, perUnit, quantityAt, sum } from "../reading.ts";
import { recordedIn, SHIPMENTS, unitsOf } from "./shipments.ts";
import { type TaxReader, taxReaderOf, taxSum } from "./taxes.ts";
import { metaOf, wordsAt } from "./text.ts";

/** Where the plugins for bundles write which line is a bundle, as a field of the line or as meta data. */
const BUNDLE_MARKS = ["bundled_items", "composite_children", "mnm_child_items", "_woosb_ids"];
const PART_MARKS = ["bundled_by", "composite_parent", "mnm_container", "_woosb_parent_id"];
/** What a part says that travels inside its bundle. */
const INSIDE_MARK = "_bundled_item_needs_shipping";
const GIFT_CARD_MARK = /^_?(wc_gc_giftcard_|pw_gift_card_)/;

type LineItems = { readonly lines: readonly IncomingLine[]; readonly discount: Money };

/** @returns the lines, and what lines below zero take off the order: some shops write discounts so */
export function readLineItems(order: unknown, currency: string): LineItems {
  const lines = listAt(order, "line_items").filter((line) => countAt(line, "quantity") !== 0);
  const parts = lines.filter((line) => hasMark(line, PART_MARKS));
  const partsTravelInside = parts.length > 0 && parts.every((part) => markAt(part, INSIDE_MARK) === "no");
  const isContainer = (line: unknown) =>
    partsTravelInside ? hasMark(line, PART_MARKS) : parts.length > 0 && hasMark(line, BUNDLE_MARKS);
  const taxesOf = taxReaderOf(order, currency);
  const isDone = textAt(order, "status") === "completed";
  const ours = recordedIn(order, SHIPMENTS);
  // What Holdfast has sent itself, and told the shop of, was not fulfilled elsewhere.
  const elsewhere = (line: IncomingLine) => Math.max(0, line.quantity - unitsOf(ours, line.externalLineId));
  const off: Money[] = [];
  const read = lines.map((line): IncomingLine => {
    const kind = isContainer(line) ? "custom" : kindOf(order, line);
    const asWritten = readLine(line, currency, taxesOf);
    if (asWritten.unitPrice.minor < 0) {
      off.push(amount(textAt(line, "total"), currency, "a discount"), taxSum(asWritten.taxes, currency));
      return { ...asWritten, kind: "custom", unitPrice: zeroMoney(currency), taxes: [] };
    }
    return {
      ...asWritten,
      ...(kind === "goods" ? {} : { kind }),
      ...(isDone && elsewhere(asWritten) > 0 ? { fulfilledElsewhere: elsewhere(asWritten) } : {}),
    };
  });
  return { lines: read, discount: negated(sum(off, currency)) };
}

function readLine(line: unknown, currency: string, taxesOf: TaxReader): IncomingLine {
  const id = textAt(line, "id");
  const quantity = quantityAt(line, "quantity");
  const total = amount(textAt(line, "total"), currency, `the total of line ${id}`);
  const before = amount(
    firstText(textAt(line, "subtotal"), textAt(line, "total")),
    currency,
    `the subtotal of line ${id}`,
  );
  const discount = sum([before, negated(total)], currency);
  const isRaised = discount.minor < 0;
  const variation = textAt(line, "variation_id");
  return {
    externalLineId: id,
    channelSku: firstText(
      textAt(line, "sku"),
      variation === "" || variation === "0" ? "" : `variation_id:${variation}`,
      `product_id:${textAt(line, "product_id")}`,
    ),
    title: wordsAt(line, "name"),
    quantity,
    unitPrice: perUnit(isRaised ? total : before, quantity),
    discount: isRaised ? sum([], currency) : discount,
    taxes: taxesOf(line),
    attributes: textRecord({
      product_id: textAt(line, "product_id"),
      variation_id: variation,
      tax_class: textAt(line, "tax_class"),
      ...metaOf(line),
    }),
  };
}

/**
 * WooCommerce itself says of a whole order only, whether there is anything to process; shops that extend
 * their lines say it of each.
 */
function kindOf(order: unknown, line: unknown): LineKind {
  if (listAt(line, "meta_data").some((meta) => GIFT_CARD_MARK.test(textAt(meta, "key")))) return "gift_card";
  const virtual = flagAt(line, "virtual") ?? flagAt(line, "downloadable");
  if (virtual ?? flagAt(order, "needs_processing") === false) return "digital";
  return "goods";
}

function hasMark(line: unknown, names: readonly string[]): boolean {
  return names.some((name) => markAt(line, name) !== "");
}

/** A field of the line or of its meta data, as text; a list that is not empty counts as some. */
function markAt(line: unknown, name: string): string {
  const meta = listAt(line, "meta_data").find((entry) => [name, `_${name}`].includes(textAt(entry, "key")));
  const found = [at(line, name), at(meta, "value")];
  const isList = found.some(
    (value) => typeof value === "object" && value !== null && Object.keys(value).length > 0,
  );
  return firstText(...found.map((value) => textAt({ value }, "value")), isList ? "some" : "");
}

/** Yes or no, as a field or as WordPress's `_virtual: "yes"`; `undefined` where neither is there. */
function flagAt(holder: unknown, name: string): boolean | undefined {
  const text = firstText(textAt(holder, name), markAt(holder, name)).toLowerCase();
  return text === "" ? undefined : ["true", "yes", "1"].includes(text);
}
