/** Returns that are not over are asked for, once for each id that they had; the order has to be here. */
import { RETURN_METHODS, RETURN_REASONS } from "../../../orders/return-authorization.ts";
import { readOrderProgress } from "../../../store/orders/order-progress.ts";
import { findKnownOrder } from "../../../store/orders/orders.ts";
import { readEntryData } from "../../../store/orders/timeline.ts";
import { requestReturn } from "../../returns/request-return.ts";
import type { ReturnItem } from "../../tables/entry.ts";
import { type Bookable, type Booker, type Decision, faultOf, type ImportRun, turnedAway } from "../booker.ts";

const keyOf = (id: string): string => `imported:${id}`;

export const returns: Booker<ReturnItem> = {
  kind: "returns",
  decide: async (run, entries) => {
    // All at once; those of orders that are here one by one.
    const orders = await Promise.all(
      entries.map(({ item }) => findKnownOrder(run.context.database, item.orderId)),
    );
    const decisions: Decision[] = [];
    for (const [index, entry] of entries.entries())
      decisions.push(orders[index] === undefined ? orderUnknown(entry) : await decide(run, entry));
    return decisions;
  },
  book: async (run, entries) => {
    const faults = [];
    for (const entry of entries) {
      const { item } = entry;
      const lines = await linesOf(run, entry);
      if ("do" in lines) {
        faults.push(lines.faults[0] ?? null);
        continue;
      }
      const { id, orderId, reason, method, comment } = item;
      const asked = await requestReturn(run.context, {
        orderId,
        lines,
        reason: reason as (typeof RETURN_REASONS)[number],
        method: method as (typeof RETURN_METHODS)[number],
        comment,
        by: run.starter.by,
        key: keyOf(id),
      });
      faults.push(asked.status === "refused" ? faultOf(entry, asked) : null);
    }
    return faults;
  },
};

async function decide(run: ImportRun, entry: Bookable<ReturnItem>): Promise<Decision> {
  const { id, orderId, reason, method } = entry.item;
  if (!RETURN_REASONS.some((each) => each === reason))
    return turnedAway(entry, "reason", "return_reason_unknown", `one of ${RETURN_REASONS.join(", ")}`);
  if (!RETURN_METHODS.some((each) => each === method))
    return turnedAway(entry, "method", "return_method_unavailable", `one of ${RETURN_METHODS.join(", ")}`);
  // As `requestReturn` names what was asked for under a key.
  const earlier = await readEntryData(run.context.database, orderId, `return-requested:${keyOf(id)}`);
  if (earlier !== null) return { do: "skip" };
  const lines = await linesOf(run, entry);
  return "do" in lines ? lines : { do: "book" };
}

function orderUnknown(entry: Bookable<ReturnItem>): Decision {
  return turnedAway(entry, "order", "order_not_found", "the id of an order that is here");
}

type Line = { readonly lineId: string; readonly quantity: number };
type Refused = Extract<Decision, { readonly do: "refuse" }>;

/** The order's lines that are meant, by their ids or by what they are of. */
async function linesOf(
  { context }: ImportRun,
  entry: Bookable<ReturnItem>,
): Promise<readonly Line[] | Refused> {
  const order = await readOrderProgress(context.database, entry.item.orderId);
  if (order === undefined) return orderUnknown(entry) as Refused;
  const lines: Line[] = [];
  for (const { lineId, sku, quantity } of entry.item.lines) {
    const line = order.lines.find((each) => (lineId === null ? each.sku === sku : each.lineId === lineId));
    if (line === undefined)
      return turnedAway(
        entry,
        "lineId",
        "line_not_found",
        "a line of the order, by its id or its SKU",
      ) as Refused;
    lines.push({ lineId: line.lineId, quantity });
  }
  return lines;
}
