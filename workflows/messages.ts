/**
 * The messages between the rest of the system and the sagas: workflow names, ids, arguments and signals.
 *
 * Nobody calls Temporal directly. A message is an outbox row, written in the transaction of its cause, and
 * the relay (`runtime/outbox-relay.ts`) delivers it at least once. So signals carry a key, and sagas drop
 * repeats.
 */
import type { NoticeKind } from "../orders/notices/notices.ts";

/** Every saga's task queue. */
export const TASK_QUEUE = "holdfast";

/** Of the saga of an order, as the relay begins it: which ways it goes (`saga/versions.ts`). */
export const ORDER_SAGA_VERSION = 2;

/** Workflow ids: an order's saga bears the order id, a return's the return id, a refund's the refund id. */
export type WorkflowStart =
  | {
      readonly workflow: "orderFulfillment";
      readonly workflowId: string;
      readonly args: readonly [OrderFulfillmentInput];
    }
  | {
      readonly workflow: "returnAuthorization";
      readonly workflowId: string;
      readonly args: readonly [ReturnInput];
    }
  | {
      readonly workflow: "refundPayment";
      readonly workflowId: string;
      readonly args: readonly [RefundInput];
    }
  | {
      readonly workflow: "resendNotice";
      readonly workflowId: string;
      readonly args: readonly [ResendInput];
    }
  | {
      readonly workflow: "claimReceipt";
      readonly workflowId: string;
      readonly args: readonly [ClaimReceiptInput];
    };

/**
 * Of a saga that is started anew, because what Temporal knew of it is lost (`runtime/saga-home.ts`). What it
 * had done is in the store.
 */
export type Again<Message> = {
  /** How often this database's sagas were started anew; counts from 1. */
  readonly run: number;
  /** Everything that it was ever told: what it had not acted upon is known from nowhere else. */
  readonly messages: readonly Message[];
};

export type ClaimReceiptInput = {
  readonly claimId: string;
  readonly orderId: string;
  readonly channelId: string;
};

export type OrderFulfillmentInput = {
  readonly orderId: string;
  readonly channelId: string;
  /** Whether the order was captured with open hold reasons. */
  readonly onHold: boolean;
  /** `ORDER_SAGA_VERSION` of the code that began the saga; absent: it is older than that. */
  readonly version?: number;
  readonly again?: Again<OrderMessage>;
};

export type ReturnInput = {
  readonly returnId: string;
  readonly orderId: string;
  readonly channelId: string;
  readonly again?: Again<ReturnMessage>;
};

export type RefundInput = {
  readonly refundId: string;
  readonly orderId: string;
  readonly channelId: string;
  /** The attempt that it begins with, where an earlier run has made others; absent: the first. */
  readonly attempt?: number;
  readonly again?: Again<RefundMessage>;
};

export type ResendInput = {
  readonly orderId: string;
  readonly channelId: string;
  readonly kind: NoticeKind;
  /** What the mail is about: the order's, shipment's, return's or refund's id. */
  readonly about: string;
  /** Counts the order's mails that were sent again, from 1. */
  readonly copy: number;
};

/** Delivered with signal name `orderMessage`. */
export type OrderMessage =
  /** Staff or the catalog cleared hold reasons: look again whether the order can go on. */
  | { readonly key: string; readonly type: "hold-released" }
  | {
      readonly key: string;
      readonly type: "cancel-requested";
      readonly reason: string;
      readonly by: string;
    }
  /** The floor has packed and verified a fulfillment order. */
  | { readonly key: string; readonly type: "packed"; readonly fulfillmentOrderId: string }
  /** The floor could not pack it: units are short or cannot be verified. */
  | {
      readonly key: string;
      readonly type: "floor-exception";
      readonly fulfillmentOrderId: string;
      readonly code: "short_pick" | "verification_failed" | "device_failure" | "provider_refused";
      readonly detail: string;
    }
  /** A fulfillment order was split, moved, merged, added, cancelled, rescheduled, or closed elsewhere. */
  | { readonly key: string; readonly type: "fulfillment-changed" }
  /** Something happened that the shopper is to hear of. */
  | {
      readonly key: string;
      readonly type: "tell-shopper";
      readonly kind: NoticeKind;
      /** As `sendMail` takes it. */
      readonly about: string;
    }
  /** A new revision of the order was accepted. */
  | { readonly key: string; readonly type: "order-changed" }
  /** Of a former version. */
  | { readonly key: string; readonly type: "out-for-delivery"; readonly shipmentId: string }
  | { readonly key: string; readonly type: "delivered"; readonly shipmentId: string };

/** Delivered with signal name `returnMessage`. What they are about is in the store. */
export type ReturnMessage =
  /** Goods of the return came in at the dock. */
  | { readonly key: string; readonly type: "received" }
  /** An inspection was written down. */
  | { readonly key: string; readonly type: "inspected" }
  /** An inspection was taken back. */
  | { readonly key: string; readonly type: "reopened" }
  /** A person has approved or declined the request. */
  | { readonly key: string; readonly type: "decided" }
  /** The rest is no longer awaited. */
  | { readonly key: string; readonly type: "closed" }
  | { readonly key: string; readonly type: "cancelled" }
  /** An operator has fixed the cause of a step's refusal: try the step again. */
  | { readonly key: string; readonly type: "retry" };

/** Delivered with signal name `refundMessage`. */
export type RefundMessage =
  /** A person wants a refund that was declined to be tried again. */
  | { readonly key: string; readonly type: "retry" }
  /** A person gives up a refund that was declined. */
  | { readonly key: string; readonly type: "withdrawn" };

export type WorkflowSignal =
  | { readonly workflowId: string; readonly signal: "orderMessage"; readonly message: OrderMessage }
  | {
      readonly workflowId: string;
      readonly signal: "returnMessage";
      readonly message: ReturnMessage;
      /** Starts the saga again where it has ended. */
      readonly start?: ReturnInput;
    }
  | {
      readonly workflowId: string;
      readonly signal: "refundMessage";
      readonly message: RefundMessage;
      /** Starts the saga again where it has ended. */
      readonly start?: RefundInput;
    };

/** The outbox row that starts a saga; at most one a saga. */
export function startRow(start: WorkflowStart) {
  return { key: `start:${start.workflowId}`, topic: "workflow.start", payload: start } as const;
}

/** The same for a saga that is started anew; at most one a saga and run. */
export function startAgainRow(start: WorkflowStart, run: number) {
  return { key: `again:${run}:${start.workflowId}`, topic: "workflow.start", payload: start } as const;
}

/** The outbox row that signals a saga; at most one a message key. */
export function signalRow(signal: WorkflowSignal) {
  return { key: signalKey(signal), topic: "workflow.signal", payload: signal } as const;
}

/**
 * A row's key must never change: a message that is repeated across an upgrade finds its first row by it. The
 * keys of these messages name their order already, and their rows have always borne them unchanged.
 */
const NAMED_BY_ITSELF: ReadonlySet<string> = new Set<OrderMessage["type"]>([
  "hold-released",
  "cancel-requested",
  "packed",
  "floor-exception",
]);

function signalKey({ workflowId, message: { key, type } }: WorkflowSignal): string {
  return NAMED_BY_ITSELF.has(type) && key.includes(workflowId) ? key : `signal:${workflowId}:${key}`;
}
