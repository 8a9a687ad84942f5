/**
 * What is left to do for an order that is being fulfilled: what its saga can do now, and what it waits for.
 *
 * Owns the answer, as a function of what the store says. Leaves doing it to the saga
 * (`workflows/order/order-fulfillment.ts`), which asks again after every step and every message. So whoever
 * splits, moves or cancels a part of the order only has to say that something has changed.
 *
 * An order for which there is nothing to do and nothing to wait for is at its end.
 */
import { type FloorStage, type FulfillmentOrderStatus, isEnded, isPacked } from "./fulfillment-order.ts";
import type { LineLedger } from "./line-ledger.ts";
import type { HoldCode, HoldReason } from "./order.ts";
import { openUnits } from "./order-status.ts";

export type WorkFacts = {
  readonly holdReasons: readonly HoldReason[];
  readonly fulfillmentOrders: readonly {
    readonly id: string;
    readonly status: FulfillmentOrderStatus;
    readonly stage: FloorStage;
  }[];
  readonly lines: readonly (LineLedger & { readonly lineId: string; readonly title: string })[];
  /** Parcels that have left and have not arrived. */
  readonly underWay: readonly string[];
  /** What has to happen with the money before the order can end, in words; `null`: it agrees. */
  readonly money: string | null;
};

export type WorkLeft = {
  /** Fulfillment orders that the floor can begin, or go on with. */
  readonly release: readonly string[];
  /** Packed fulfillment orders that can leave. */
  readonly ship: readonly string[];
  /** Hold reasons that are gone. */
  readonly resolved: readonly HoldCode[];
  /** Who has to do what before anything else happens; empty at the end of the order. */
  readonly waitsFor: readonly string[];
  /** Nothing of the order is wanted any more: it ends as cancelled. */
  readonly isCancelled: boolean;
  /** Where the order stands meanwhile. */
  readonly standing: "on_hold" | "in_progress" | "shipped";
};

/** Reasons that concern a part of the order; the rest of it goes on. */
const CONCERNS_A_PART: ReadonlySet<HoldCode> = new Set([
  "floor_exception",
  "insufficient_stock",
  "backordered",
]);

export function workLeft(facts: WorkFacts): WorkLeft {
  const { holdReasons, fulfillmentOrders } = facts;
  const isStopped = holdReasons.some(({ code }) => !CONCERNS_A_PART.has(code));
  const isExceptional = holdReasons.some(({ code }) => code === "floor_exception");
  const inStatus = (...statuses: readonly FulfillmentOrderStatus[]) =>
    fulfillmentOrders.filter(({ status }) => statuses.includes(status));
  const working = inStatus("in_progress");
  // A person who clears the order's exception lets all of its halted parts go on.
  const startable = inStatus("open", ...(isExceptional ? [] : (["on_hold"] as const)));
  return {
    release: isStopped ? [] : idsOf(startable),
    ship: isStopped ? [] : idsOf(working.filter(({ stage }) => isPacked(stage))),
    resolved: isExceptional && inStatus("on_hold").length === 0 ? ["floor_exception"] : [],
    waitsFor: awaited(facts),
    isCancelled:
      facts.lines.length > 0 &&
      facts.lines.every((line) => line.cancelled === line.ordered) &&
      fulfillmentOrders.every(({ status }) => isEnded(status)),
    standing:
      holdReasons.length > 0
        ? "on_hold"
        : fulfillmentOrders.every(({ status }) => isEnded(status))
          ? "shipped"
          : "in_progress",
  };
}

function awaited({ holdReasons, fulfillmentOrders, lines, underWay, money }: WorkFacts): readonly string[] {
  const open = lines.filter((line) => openUnits(line) > 0);
  const unsent = idsOf(fulfillmentOrders.filter(({ status }) => !isEnded(status)));
  const sent = [
    ...(unsent.length > 0 ? [`the floor to pack ${unsent.join(", ")}`] : []),
    ...(underWay.length > 0 && open.length > 0 ? [`the carrier to deliver ${underWay.join(", ")}`] : []),
  ];
  const unsaid =
    sent.length > 0 ? [] : open.map((line) => `${openUnits(line)} of line ${line.lineId} (${line.title})`);
  const left = [...sent, ...unsaid, ...(money === null || open.length > 0 ? [] : [money])];
  // Where everything is done, there is nothing left to hold.
  if (left.length === 0) return [];
  return [...holdReasons.map(({ code, detail }) => `a person (${code}): ${detail}`), ...left];
}

function idsOf(parts: readonly { readonly id: string }[]): readonly string[] {
  return parts.map(({ id }) => id);
}
