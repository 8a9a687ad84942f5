/** A PaymentIntent, its refunds and its disputes, as they are at Stripe now, in the words of our port. */
import { createHash } from "node:crypto";
import {
  AUTHENTICATION_REQUIRED,
  type PaymentConfirmation,
  type PaymentState,
  type PaymentSubject,
  type ProviderDispute,
  type ProviderRefund,
} from "../../../ports/payments.ts";
import { type JsonObject, listAt, numberAt, objectAt, optionalTextAt } from "../../vendor-kit/vendor-json.ts";
import { fromStripeAmount } from "./amount.ts";

/** The name of a call's mark in the metadata of what it made. Stripe takes names of up to 40 characters. */
export function captureMark(idempotencyKey: string): string {
  return `captured_${markOf(idempotencyKey)}`;
}

/** Where a refund bears the mark of the call that made it. */
export const REFUND_MARK = "refund_call";

export function markOf(idempotencyKey: string): string {
  return createHash("sha256").update(idempotencyKey).digest("hex").slice(0, 24);
}

/**
 * @param intent as Stripe gives it
 * @param about objects of the list that belongs to `subject`
 */
export function paymentStateOf(
  intent: JsonObject,
  subject: PaymentSubject,
  about: readonly JsonObject[],
): PaymentState {
  const currency = (optionalTextAt(intent, "currency") ?? "").toUpperCase();
  const metadata = objectAt(intent, "metadata");
  const minor = (json: JsonObject, name: string) => fromStripeAmount(numberAt(json, name) ?? 0, currency);
  const status = optionalTextAt(intent, "status") ?? "";
  const confirmation = confirmationOf(intent, status);
  return {
    reference: optionalTextAt(intent, "id") ?? "",
    orderId: optionalTextAt(metadata, "order_id") ?? null,
    currency,
    status: statusOf(status),
    capturedMinor: minor(intent, "amount_received"),
    isCaptured: (key) => optionalTextAt(metadata, captureMark(key)) !== undefined,
    confirmation,
    decline: confirmation === null && status === "requires_payment_method" ? declineOf(intent) : null,
    refunds: subject === "refunds" ? about.map((refund) => refundOf(refund, minor(refund, "amount"))) : [],
    disputes:
      subject === "disputes" ? about.map((dispute) => disputeOf(dispute, minor(dispute, "amount"))) : [],
  };
}

function statusOf(status: string): PaymentState["status"] {
  if (status === "requires_capture") return "open";
  return status === "succeeded" || status === "canceled" ? "closed" : "none";
}

/**
 * A PaymentIntent whose bank waits for the shopper is in `requires_action`. One that was declined because its
 * shopper was not there is confirmed anew, with the means of payment that it was declined with.
 */
function confirmationOf(intent: JsonObject, status: string): PaymentConfirmation | null {
  const clientSecret = optionalTextAt(intent, "client_secret");
  if (clientSecret === undefined) return null;
  if (status === "requires_action") return { clientSecret, paymentMethod: null };
  const paymentMethod = optionalTextAt(intent, "last_payment_error", "payment_method", "id");
  return status === "requires_payment_method" &&
    declineOf(intent).code === AUTHENTICATION_REQUIRED &&
    paymentMethod !== undefined
    ? { clientSecret, paymentMethod }
    : null;
}

/** Why the last try to confirm a PaymentIntent failed. */
export function declineOf(intent: unknown): { readonly code: string; readonly message: string } {
  const error = objectAt(intent, "last_payment_error");
  return {
    code: optionalTextAt(error, "decline_code") ?? optionalTextAt(error, "code") ?? "card_declined",
    message: optionalTextAt(error, "message") ?? "The payment was declined.",
  };
}

function refundOf(json: JsonObject, amountMinor: number): ProviderRefund {
  const status = optionalTextAt(json, "status");
  const mark = optionalTextAt(objectAt(json, "metadata"), REFUND_MARK);
  const isFailed = status === "failed" || status === "canceled";
  return {
    reference: optionalTextAt(json, "id") ?? "",
    amountMinor,
    status: isFailed ? "failed" : status === "succeeded" ? "succeeded" : "pending",
    failure: isFailed ? (optionalTextAt(json, "failure_reason") ?? status ?? null) : null,
    isOf: (key) => mark === markOf(key),
  };
}

function disputeOf(json: JsonObject, amountMinor: number): ProviderDispute {
  const status = disputeStatusOf(json);
  const dueBy = numberAt(json, "evidence_details", "due_by");
  return {
    reference: optionalTextAt(json, "id") ?? "",
    amountMinor,
    status,
    reason: (optionalTextAt(json, "reason") ?? "general").replaceAll("_", " "),
    respondBy: status !== "open" || dueBy === undefined ? null : new Date(dueBy * 1_000).toISOString(),
  };
}

/**
 * `prevented` and, of former versions of the API, `charge_refunded` say that a dispute went no further, not
 * where the money is: what the dispute has taken, and not given back, is in its balance transactions.
 */
function disputeStatusOf(json: JsonObject): ProviderDispute["status"] {
  const status = optionalTextAt(json, "status");
  switch (status) {
    case "lost":
      return "lost";
    case "won":
    case "warning_closed":
      return "won";
    case "prevented":
    case "charge_refunded": {
      const moved = listAt(json, "balance_transactions").reduce<number>(
        (sum, transaction) => sum + (numberAt(transaction, "amount") ?? 0),
        0,
      );
      if (moved < 0) return "lost";
      return status === "prevented" ? "won" : "refunded";
    }
    default:
      return "open";
  }
}
