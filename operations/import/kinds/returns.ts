/** Returns that are not over are asked for, once for each id that they had; the order has to be here. */
import { RETURN_METHODS, RETURN_REASONS } from "../../../orders/return-authorization.ts";
import { readOrderProgress } from "../../../store/orders/order-progress.ts";
import { findKnownOrder } from "../../../store/orders/orders.ts";
import { readEntryData } from "../../../store/orders/timeline.ts";
import { inTurns } from "../../capture/in-turns.ts";
import { requestReturn } from "../../returns/request-return.ts";
import type { ReturnItem } from "../../tables/entry.ts";
import type { RowFault } from "../../tables/read-rows.ts";
import { type Bookable, type Booker, type Decision, faultOf, type ImportRun, turnedAway } from "../booker.ts";

/** Under way at a time: each is a transaction of its own, and those of one order wait for each other. */
const AT_ONCE = 8;

const keyOf = (id: string): string => `imported:${id}`;

export const returns: Booker<ReturnItem> = {
  kind: "returns",
  decide: async (run, entries) => {
    // All at once; those of orders that are here a few at a time.
    const orders = await Promise.all(
      entries.map(({ item }) => findKnownOrder(run.context.database, item.orderId)),
    );
    return inTurns([...entries.entries()], AT_ONCE, async ([index, entry]) =>
      orders[index] === undefined ? orderUnknown(entry) : decide(run, entry),
    );
  },
  book: (run, entries) => inTurns(entries, AT_ONCE, (entry) => request(run, entry)),
};

async function request(run: ImportRun, entry: Bookable<ReturnItem>): Promise<RowFault | null> {
  const lines = await linesOf(run, entry);
  if ("do" in lines) return lines.faults[0] ?? null;
  const { id, orderId, reason, method, comment } = entry.item;
  const asked = await requestReturn(run.context, {
    orderId,
    lines,
    reason: reason as (typeof RETURN_REASONS)[number],
    method: method as (typeof RETURN_METHODS)[number],
    comment,
    by: run.starter.by,
    key: keyOf(id),
  });
  return asked.status === "refused" ? faultOf(entry, asked) : null;
}

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
