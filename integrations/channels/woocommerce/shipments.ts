/**
 * What Holdfast writes into a WooCommerce order: its parcels, by line. WooCommerce itself knows an order only
 * as completed or not.
 */
import { markIn } from "../../vendor-kit/own-mark.ts";
import { countAt, listAt, textAt } from "../../vendor-kit/vendor-json.ts";

/** Of meta data. Without the underscore that hides it: the shop's people may see it. */
export const SHIPMENTS = "holdfast_shipments";
export const CANCELLED = "holdfast_cancelled";
export const INVOICE = "holdfast_invoice";

export type Recorded = {
  readonly id: string;
  readonly lines: readonly { readonly id: string; readonly quantity: number }[];
};

/** Parcels, or cancelled units, that Holdfast has told of; none where somebody has changed the text. */
export function recordedIn(order: unknown, key: string): readonly Recorded[] {
  const text = metaAt(order, key);
  if (text === "") return [];
  try {
    return listAt({ list: JSON.parse(text) }, "list").map((entry) => ({
      id: textAt(entry, "id"),
      lines: listAt(entry, "lines").map((line) => ({
        id: textAt(line, "id"),
        quantity: countAt(line, "quantity") || 0,
      })),
    }));
  } catch {
    return [];
  }
}

export function metaAt(order: unknown, key: string): string {
  return textAt(
    listAt(order, "meta_data").find((meta) => textAt(meta, "key") === key),
    "value",
  );
}

/** Units of a line in all that is recorded. */
export function unitsOf(recorded: readonly Recorded[], lineId: string): number {
  return recorded
    .flatMap(({ lines }) => lines)
    .filter(({ id }) => id === lineId)
    .reduce((sum, { quantity }) => sum + quantity, 0);
}

/** Holdfast's number of a refund; null: the shop made it. */
export function ourRefund(refund: unknown): string | null {
  return markIn(textAt(refund, "reason"));
}
