/**
 * Stripe's webhooks: how they are signed, and what an event is about.
 *
 * `Stripe-Signature: t=<Unix seconds>,v1=<hex>` signs `t.body` with HMAC-SHA256. While a secret is being
 * exchanged there are several `v1`; other schemes (`v0`) count for nothing. What happened is not taken from
 * the event: it only says which payment to read (`payment-state.ts`).
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { NoPaymentEvent, PaymentEvent, PaymentSubject } from "../../../ports/payments.ts";
import { numberAt, objectAt, optionalTextAt, parseJson } from "../../vendor-kit/vendor-json.ts";

/** How far Stripe's clock may be from ours: the tolerance of its own libraries. */
const TOLERANCE_S = 300;

/** No event has more; a longer list is only there to cost time. */
const MOST_SIGNATURES = 16;

/** Events that mean something to an order. All others are recorded, and nothing is done. */
const SUBJECTS: ReadonlyMap<string, PaymentSubject> = new Map([
  ["payment_intent.succeeded", "payment"],
  ["payment_intent.payment_failed", "payment"],
  ["payment_intent.canceled", "payment"],
  ["payment_intent.amount_capturable_updated", "payment"],
  ["charge.refunded", "refunds"],
  ["refund.created", "refunds"],
  ["refund.updated", "refunds"],
  ["refund.failed", "refunds"],
  // The former names of the same.
  ["charge.refund.updated", "refunds"],
  ["charge.dispute.created", "disputes"],
  ["charge.dispute.updated", "disputes"],
  ["charge.dispute.closed", "disputes"],
] as const);

export function openStripeWebhook(
  headers: Readonly<Record<string, string>>,
  rawBody: Buffer,
  secret: string,
  nowMs: number,
): PaymentEvent | NoPaymentEvent {
  if (secret === "") return "no_secret";
  if (!isSigned(headers["stripe-signature"], rawBody, secret, nowMs)) return "bad_signature";
  let json: unknown;
  try {
    json = parseJson(rawBody.toString("utf8"));
  } catch {
    return "unreadable";
  }
  const eventId = optionalTextAt(json, "id") ?? "";
  const type = optionalTextAt(json, "type") ?? "";
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(eventId) || !/^[a-z0-9_.]{1,100}$/.test(type)) return "unreadable";
  const object = objectAt(json, "data", "object");
  const subject = SUBJECTS.get(type);
  const reference = optionalTextAt(object, subject === "payment" ? "id" : "payment_intent");
  const seconds = numberAt(json, "created") ?? nowMs / 1_000;
  const date = new Date(seconds * 1_000);
  return {
    eventId,
    type,
    at: (Number.isNaN(date.getTime()) ? new Date(nowMs) : date).toISOString(),
    // A charge that no PaymentIntent has made is none of ours.
    about: subject === undefined || !isReference(reference) ? null : { subject, reference },
  };
}

/** The header of a webhook, for its sender. */
export function signStripeWebhook(body: string | Buffer, secret: string, nowMs: number): string {
  const timestamp = String(Math.floor(nowMs / 1_000));
  return `t=${timestamp},v1=${digest(timestamp, Buffer.from(body), secret).toString("hex")}`;
}

function isSigned(header: string | undefined, rawBody: Buffer, secret: string, nowMs: number): boolean {
  const parts = (header ?? "").split(",").map((part) => part.trim().split("="));
  const valuesOf = (name: string) => parts.flatMap(([key, value]) => (key === name && value ? [value] : []));
  const [timestamp, ...more] = valuesOf("t");
  if (timestamp === undefined || more.length > 0 || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > TOLERANCE_S) return false;
  const expected = digest(timestamp, rawBody, secret);
  return valuesOf("v1")
    .slice(0, MOST_SIGNATURES)
    .filter((signature) => /^[0-9a-f]{64}$/.test(signature))
    .some((signature) => timingSafeEqual(Buffer.from(signature, "hex"), expected));
}

function digest(timestamp: string, body: Buffer, secret: string): Buffer {
  return createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest();
}

function isReference(text: string | undefined): text is string {
  return text !== undefined && /^[A-Za-z0-9_]{1,200}$/.test(text);
}
