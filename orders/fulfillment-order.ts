/**
 * A fulfillment order is the part of an order that one location is asked to ship. Statuses and actions carry
 * the names of Shopify's FulfillmentOrder so that integrators need to learn no second vocabulary.
 */
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

export const FULFILLMENT_ORDER_ACTIONS = [
  "hold",
  "release_hold",
  "move",
  "cancel_fulfillment_order",
  "create_fulfillment",
] as const;

type FulfillmentOrderAction = (typeof FULFILLMENT_ORDER_ACTIONS)[number];

/**
 * What a client may do with a fulfillment order now; served with each record so that no client needs a state
 * table.
 */
export function supportedActions(
  status: FulfillmentOrderStatus,
  stage: FloorStage,
): readonly FulfillmentOrderAction[] {
  switch (status) {
    case "open":
    case "scheduled":
      return ["hold", "move", "cancel_fulfillment_order", "create_fulfillment"];
    case "in_progress":
      return stage === "waiting" ? ["hold", "cancel_fulfillment_order"] : [];
    case "on_hold":
      return ["release_hold", "cancel_fulfillment_order"];
    case "incomplete":
      return ["cancel_fulfillment_order"];
    case "closed":
    case "cancelled":
      return [];
    default: {
      const unreachable: never = status;
      return unreachable;
    }
  }
}
