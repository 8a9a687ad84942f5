/**
 * What is left to do for an order that is being fulfilled: what its saga can do now, and what it waits for.
 *
 * Owns the answer, as a function of what the store says. Leaves doing it to the saga
 * (`workflows/order/order-fulfillment.ts`), which asks again after every step and every message. So whoever
 * splits, moves or cancels a part of the order only has to say that something has changed.
 *
 * An order for which there is nothing to do and nothing to wait for is at its end.
 */
import {
  type FloorStage,
  type FulfillmentOrderStatus,
  holds,
  isEnded,
  stopsOrder,
} from "./fulfillment-order.ts";
import type { LineLedger } from "./line-ledger.ts";
import type { HoldCode, HoldReason } from "./order.ts";
import { openUnits } from "./order-status.ts";

export type WorkFacts = {
  readonly holdReasons: readonly HoldReason[];
  readonly fulfillmentOrders: readonly {
    readonly id: string;
    readonly status: FulfillmentOrderStatus;
    readonly stage: FloorStage;
    /** Of a scheduled one: the calendar day on which it goes to the floor. */
    readonly releaseOn: string | null;
  }[];
  /** Fulfillment orders that wait for others of the parcel that they are to share. */
  readonly waitingForOthers: readonly string[];
  /** Open ones that wait for other orders of their customer, to leave with them. */
  readonly waitingForCompanions: readonly string[];
  /** Whether the stock is still to be told of a change that was committed. */
  readonly hasStockErrands: boolean;
  readonly lines: readonly (LineLedger & { readonly lineId: string; readonly title: string })[];
  /** Whether the customer collects the order. */
  readonly isCollected: boolean;
  /** Whether the order holds units that are in no fulfillment order. */
  readonly isUnsourced: boolean;
  /** Parcels that have left and have not arrived. */
  readonly underWay: readonly string[];
  /** What has to happen with the money before the order can end, in words; `null`: it agrees. */
  readonly money: string | null;
  /** Whether that can happen now. */
  readonly moneyToMove: boolean;
};

export type WorkLeft = {
  /** The stock is to be told of a change before anything else. */
  readonly tellStock: boolean;
  /** Units that the order holds can be put into fulfillment orders. */
  readonly source: boolean;
  /** Money is to be captured, authorised or given back. */
  readonly charge: boolean;
  /** Fulfillment orders that the floor can begin, or go on with. */
  readonly release: readonly string[];
  /** Packed fulfillment orders that can get their label. */
  readonly label: readonly string[];
  /** Packed ones that the store keeps for its customer from now on. */
  readonly keep: readonly string[];
  /** Labelled ones that can leave, and collected ones that have left. */
  readonly send: readonly string[];
  /** Hold reasons that are gone: what they held goes on, or has ended. */
  readonly resolved: readonly HoldReason[];
  /** Who has to do what before anything else happens; empty at the end of the order. */
  readonly waitsFor: readonly string[];
  /** Nothing of the order is wanted any more: it ends as cancelled. */
  readonly isCancelled: boolean;
  /** Something of it has been handed over, by us or by others: it can no longer be cancelled as a whole. */
  readonly isHandedOver: boolean;
  /** Something of it has left our stock for the shopper. */
  readonly hasShipped: boolean;
  /** Where the order stands meanwhile. */
  readonly standing: "on_hold" | "in_progress" | "shipped";
};

/** Reasons to wait for stock. */
const WAITS_FOR_STOCK: ReadonlySet<HoldCode> = new Set(["insufficient_stock", "backordered"]);

export function waitsForStock({ code }: HoldReason): boolean {
  return WAITS_FOR_STOCK.has(code);
}

/**
 * Reasons for which nothing of the order may begin. Units that are still to come stop the others only where
 * the order is to leave whole and none of it has been allocated yet.
 */
export function stoppingReasons(order: {
  readonly holdReasons: readonly HoldReason[];
  readonly shipsParts: boolean;
  readonly lines: readonly Pick<LineLedger, "allocated" | "shipped">[];
}): readonly HoldReason[] {
  const goesOn = order.shipsParts || order.lines.some((line) => line.allocated + line.shipped > 0);
  return goesOn ? order.holdReasons.filter((reason) => !waitsForStock(reason)) : order.holdReasons;
}

export function workLeft(facts: WorkFacts): WorkLeft {
  const { holdReasons, fulfillmentOrders } = facts;
  const isStopped = holdReasons.some(stopsOrder);
  const inStatus = (status: FulfillmentOrderStatus) =>
    fulfillmentOrders.filter((part) => part.status === status);
  const halted = inStatus("on_hold");
  const startable = [
    ...inStatus("open").filter(({ id }) => !facts.waitingForCompanions.includes(id)),
    ...halted.filter(({ id }) => !holdReasons.some((reason) => holds(reason, id))),
  ];
  const inStage = (...stages: readonly FloorStage[]) =>
    inStatus("in_progress").filter(({ stage }) => stages.includes(stage));
  const waits = (id: string) => facts.waitingForOthers.includes(id);
  return {
    tellStock: facts.hasStockErrands,
    source: facts.isUnsourced && !isStopped,
    charge: facts.moneyToMove,
    release: isStopped ? [] : idsOf(startable),
    label: isStopped || facts.isCollected ? [] : idsOf(inStage("packed")).filter((id) => !waits(id)),
    keep: isStopped || !facts.isCollected ? [] : idsOf(inStage("packed")),
    // What leaves in a parcel of several orders is past stopping before its own saga knows.
    send: isStopped ? idsOf(inStage("shipped")) : idsOf(inStage("labelled", "shipped")),
    resolved: holdReasons.filter((reason) => isResolved(reason, idsOf(halted))),
    waitsFor: awaited(facts),
    isCancelled:
      facts.lines.length > 0 &&
      facts.lines.every((line) => line.cancelled === line.ordered) &&
      fulfillmentOrders.every(({ status }) => isEnded(status)),
    isHandedOver: facts.lines.some((line) => line.shipped + line.fulfilledElsewhere > 0),
    hasShipped: facts.lines.some((line) => line.shipped > 0),
    standing:
      holdReasons.length > 0
        ? "on_hold"
        : fulfillmentOrders.every(({ status }) => isEnded(status))
          ? "shipped"
          : "in_progress",
  };
}

/** A person may have packed what the floor had given up, or sent it otherwise. */
function isResolved({ code, fulfillmentOrderId }: HoldReason, halted: readonly string[]): boolean {
  if (fulfillmentOrderId !== undefined) return !halted.includes(fulfillmentOrderId);
  return code === "floor_exception" && halted.length === 0;
}

function awaited(facts: WorkFacts): readonly string[] {
  const { holdReasons, fulfillmentOrders, lines, underWay, money, waitingForOthers } = facts;
  const open = lines.filter((line) => openUnits(line) > 0);
  const scheduled = fulfillmentOrders.filter(({ status }) => status === "scheduled");
  const begun = fulfillmentOrders.filter(({ status }) => !isEnded(status) && status !== "scheduled");
  const isPackedFirst = ({ id, stage }: { readonly id: string; readonly stage: FloorStage }) =>
    stage === "packed" && waitingForOthers.includes(id);
  const together = idsOf(begun.filter(isPackedFirst));
  const unsent = idsOf(begun.filter((part) => part.stage !== "ready" && !isPackedFirst(part)));
  const kept = idsOf(begun.filter(({ stage }) => stage === "ready"));
  const sent = [
    ...scheduled.map(({ id, releaseOn }) => `${releaseOn ?? "its day"} to begin ${id}`),
    ...(unsent.length > 0 ? [`the floor to pack ${unsent.join(", ")}`] : []),
    ...(together.length > 0 ? [`the other orders in the parcel of ${together.join(", ")}`] : []),
    ...(kept.length > 0 ? [`the customer to collect ${kept.join(", ")}`] : []),
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
