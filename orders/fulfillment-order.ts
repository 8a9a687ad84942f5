/**
 * A fulfillment order is the part of an order that one location is asked to ship. Statuses and actions carry
 * the names of Shopify's FulfillmentOrder so that integrators need to learn no second vocabulary.
 */
import type { HoldCode, HoldReason } from "./order.ts";

export const FULFILLMENT_ORDER_STATUSES = [
  "open",
  "in_progress",
  "scheduled",
  "on_hold",
  "incomplete",
  "closed",
  "cancelled",
] as const;

export type FulfillmentOrderStatus = (typeof FULFILLMENT_ORDER_STATUSES)[number];

/** Where the goods are in the warehouse while the fulfillment order is in progress. */
export const FLOOR_STAGES = [
  "waiting",
  "picking",
  "picked",
  "conveying",
  "verifying",
  "packed",
  "labelled",
  /** In the store, for the customer to collect. */
  "ready",
  "shipped",
] as const;

export type FloorStage = (typeof FLOOR_STAGES)[number];

/** In its parcel: the floor is done with it. */
export function isPacked(stage: FloorStage): boolean {
  return stage === "packed" || stage === "labelled" || stage === "ready" || stage === "shipped";
}

/** Nothing more happens to it. */
export function isEnded(status: FulfillmentOrderStatus): boolean {
  return status === "closed" || status === "cancelled";
}

/** What a person or an integrator may ask for: `POST /v1/fulfillment-orders/{id}/{action}`. */
export const FULFILLMENT_ORDER_ACTIONS = [
  "hold",
  "release_hold",
  "move",
  "split",
  "merge",
  "reschedule",
  "mark_as_open",
  "create_fulfillment",
  "mark_fulfilled_elsewhere",
  "cancel_fulfillment_order",
] as const;

export type FulfillmentOrderAction = (typeof FULFILLMENT_ORDER_ACTIONS)[number];

/** What decides which actions are possible. */
export type ActionFacts = {
  readonly id: string;
  readonly locationId: string;
  readonly status: FulfillmentOrderStatus;
  readonly stage: FloorStage;
  readonly lines: readonly { readonly quantity: number; readonly picked: number }[];
};

/**
 * What may be done with a fulfillment order now; served with each record so that no client needs a state
 * table. What is not in it is refused, by the same function.
 *
 * @param holdReasons of its order
 * @param others fulfillment orders of its order
 * @param isCollected whether its customer comes to its location for it
 */
export function supportedActions(
  part: ActionFacts,
  holdReasons: readonly HoldReason[],
  others: readonly ActionFacts[],
  isCollected: boolean,
): readonly FulfillmentOrderAction[] {
  const { status, stage } = part;
  if (isEnded(status) || status === "incomplete" || stage === "shipped") return [];
  const isUntouched = notBegun(part);
  const canMerge = isUntouched && others.some((other) => canJoin(part, other));
  const possible: Readonly<Record<FulfillmentOrderAction, boolean>> = {
    hold: true,
    release_hold: status === "on_hold" && holdReasons.some((reason) => holds(reason, part.id)),
    move: isUntouched && !isCollected,
    split: canSplit(part),
    merge: canMerge,
    reschedule: isUntouched && status !== "on_hold",
    mark_as_open: status === "scheduled",
    create_fulfillment: !isPacked(stage) && status !== "scheduled" && !isHeldByPerson(part, holdReasons),
    mark_fulfilled_elsewhere: isUntouched,
    cancel_fulfillment_order: isUntouched,
  };
  return FULFILLMENT_ORDER_ACTIONS.filter((action) => possible[action]);
}

/** Nothing has been taken off the shelf for it, and nobody is about to. */
export function notBegun({ status, stage }: Pick<ActionFacts, "status" | "stage">): boolean {
  // A halted pick has been recalled.
  return stage === "waiting" || (stage === "picking" && status === "on_hold");
}

/** Whether the two can become one. */
export function canJoin(part: ActionFacts, other: ActionFacts): boolean {
  return (
    other.id !== part.id && other.locationId === part.locationId && !isEnded(other.status) && notBegun(other)
  );
}

/**
 * Not while somebody is picking, nor once it has its label; of what was picked short, nobody knows which
 * part.
 */
function canSplit({ status, stage, lines }: ActionFacts): boolean {
  const units = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  if (units < 2) return false;
  if (notBegun({ status, stage })) return true;
  const isWhole = lines.every(({ quantity, picked }) => quantity === picked);
  return isWhole && stage !== "picking" && stage !== "labelled" && stage !== "ready";
}

/** Whether the reason halts this fulfillment order, and not the whole of its order. */
export function holds({ code, fulfillmentOrderId }: HoldReason, id: string): boolean {
  return fulfillmentOrderId === undefined ? code === "floor_exception" : fulfillmentOrderId === id;
}

/** Reasons that concern a part of the order; the rest of it goes on. */
const CONCERNS_A_PART: ReadonlySet<HoldCode> = new Set([
  "floor_exception",
  "insufficient_stock",
  "backordered",
]);

/** Whether the reason stops everything of its order. */
export function stopsOrder({ code, fulfillmentOrderId }: HoldReason): boolean {
  return fulfillmentOrderId === undefined && !CONCERNS_A_PART.has(code);
}

/**
 * Whether a person has halted it, or its whole order waits: then it is not packed either. What the floor has
 * given up may be packed by hand.
 */
export function isHeldByPerson(
  { id, status }: Pick<ActionFacts, "id" | "status">,
  holdReasons: readonly HoldReason[],
): boolean {
  if (holdReasons.some(stopsOrder)) return status === "on_hold" || status === "open";
  return (
    status === "on_hold" && holdReasons.some((reason) => reason.code === "put_by_staff" && holds(reason, id))
  );
}
