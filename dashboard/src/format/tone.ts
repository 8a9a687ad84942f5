/** Which colour a status has. One table for all pages, so that a colour means the same everywhere. */
export type Tone = "plain" | "info" | "good" | "warn" | "bad";

const TONES: Readonly<Record<string, Tone>> = {
  // orders
  open: "info",
  on_hold: "warn",
  completed: "good",
  cancelled: "plain",
  // payment
  pending: "plain",
  authorized: "info",
  partially_paid: "info",
  paid: "good",
  paid_at_channel: "good",
  partially_refunded: "plain",
  refunded: "plain",
  voided: "plain",
  failed: "bad",
  // fulfillment and floor
  unfulfilled: "plain",
  in_progress: "info",
  partially_fulfilled: "info",
  fulfilled: "good",
  partially_delivered: "good",
  delivered: "good",
  incomplete: "bad",
  scheduled: "plain",
  closed: "good",
  waiting: "plain",
  picking: "info",
  picked: "info",
  conveying: "info",
  verifying: "info",
  packed: "info",
  labelled: "info",
  shipped: "good",
  // parcels
  pre_transit: "plain",
  in_transit: "info",
  out_for_delivery: "info",
  available_for_pickup: "info",
  return_to_sender: "bad",
  failure: "bad",
  exception: "bad",
  delayed: "warn",
  // refunds and claims
  done: "good",
  withdrawn: "plain",
  due_at_channel: "warn",
  confirmed_by_channel: "good",
  owed_by_customer: "warn",
  settled_by_customer: "good",
  reshipped: "good",
  rejected: "plain",
  // returns
  none: "plain",
  requested: "warn",
  approved: "info",
  received: "info",
  inspected: "info",
  partially_returned: "info",
  returned: "good",
  declined: "bad",
  restocked: "good",
  damaged: "warn",
  missing: "bad",
  // devices
  online: "good",
  offline: "plain",
  broken: "bad",
  // payment transactions and holds
  succeeded: "good",
  requires_action: "warn",
  reserved: "warn",
  allocated: "info",
};

export function toneOf(status: string): Tone {
  return TONES[status] ?? "plain";
}
