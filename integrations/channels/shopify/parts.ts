/**
 * Shopify's fulfillment orders of an order: what Holdfast may send of it, and what it leaves to others.
 *
 * One that an app or a person at Shopify holds waits here as well; our own holds come back and are none. One
 * that is assigned to a fulfillment service is that service's to send. One that was moved to another location
 * of the shop's own stays ours: where it ships from is Holdfast's to choose. Webhooks of orders do not have
 * them.
 */
import type { HoldReason } from "../../../orders/order.ts";
import { at, countAt, firstText, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { isOwnService } from "./lines.ts";

/** Under which our holds are put there. */
export const HOLD_HANDLE = "holdfast";

const OPEN = new Set(["open", "in_progress", "scheduled", "on_hold"]);

/** Whether the payload has them at all. */
export function speaksOfParts(order: unknown): boolean {
  return Array.isArray(at(order, "fulfillment_orders"));
}

export function readParts(order: unknown): readonly HoldReason[] {
  const parts = listAt(order, "fulfillment_orders").filter((part) => OPEN.has(textAt(part, "status")));
  return parts.flatMap((part) => {
    const names = namesIn(order, part);
    if (names === "") return [];
    const service = textAt(part, "fulfillment_service");
    if (!isOwnService(service)) {
      const who = firstText(textAt(part, "assigned_location", "name"), service);
      const detail = `Shopify has given ${names} to ${who} to send.`;
      return [{ code: "held_at_channel" as const, detail, id: `service:${textAt(part, "id")}` }];
    }
    const theirs = listAt(part, "fulfillment_holds").filter((hold) => textAt(hold, "handle") !== HOLD_HANDLE);
    if (textAt(part, "status") !== "on_hold" || theirs.length === 0) return [];
    const why = theirs
      .map((hold) =>
        [textAt(hold, "reason"), textAt(hold, "reason_notes")].filter((text) => text !== "").join(": "),
      )
      .join("; ");
    const detail = `Shopify holds ${names} (${firstText(why, "no reason given")}).`;
    return [{ code: "held_at_channel" as const, detail, id: `hold:${textAt(part, "id")}` }];
  });
}

/** Lines of ours that have units left in the part; those of a service were never ours. */
function namesIn(order: unknown, part: unknown): string {
  const lines = listAt(order, "line_items");
  return listAt(part, "line_items")
    .filter((item) => countAt(item, "fulfillable_quantity") > 0)
    .flatMap((item) => {
      const id = textAt(item, "line_item_id");
      const line = lines.find((one) => textAt(one, "id") === id);
      if (line === undefined || !isOwnService(textAt(line, "fulfillment_service"))) return [];
      const name = firstText(textAt(line, "sku"), textAt(line, "title"), id);
      return [`${countAt(item, "fulfillable_quantity")} of ${name}`];
    })
    .join(", ");
}
