/**
 * The payment provider port over Stripe's own API (form-encoded requests, JSON replies), without an SDK.
 *
 * Owns: authorise, capture, cancel and refund as PaymentIntents with manual capture, and which of Stripe's
 * errors is a decline (a value) and which a fault. Leaves to the caller: repeating a retryable fault with the
 * same key.
 *
 * Stripe keeps an idempotency key for at least 24 hours. A cancel or a final capture that is repeated later
 * gets `payment_intent_unexpected_state` from the PaymentIntent's state. It counts as done where that state
 * says so; for a capture, where the PaymentIntent's metadata names this key. A capture that is not the last
 * one has to be repeated within those hours.
 */
import { createHash } from "node:crypto";

import { AUTHORIZATION_EXPIRED, type PaymentProvider, type PaymentResult } from "../../../ports/payments.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { callJson, type JsonReply } from "../../vendor-kit/vendor-http.ts";
import { type JsonObject, objectAt, optionalTextAt } from "../../vendor-kit/vendor-json.ts";
import { stripeStep, toStripeAmount } from "./amount.ts";

const SERVICE = "stripe";

/** Pinned, so that a new default version of the account never changes what replies look like. */
const API_VERSION = "2026-02-25.clover";

/** Stripe advises no less: a card network may take most of a minute. */
const TIMEOUT_MS = 60_000;

export function createStripeProvider(options: {
  /** `https://api.stripe.com`, or the simulator's. */
  readonly baseUrl: string;
  readonly secretKey: string;
}): PaymentProvider {
  const post = (path: string, idempotencyKey: string, form: Readonly<Record<string, string>>) =>
    callJson({
      service: SERVICE,
      method: "POST",
      url: new URL(path, options.baseUrl).toString(),
      headers: {
        authorization: `Bearer ${options.secretKey}`,
        "content-type": "application/x-www-form-urlencoded",
        "idempotency-key": idempotencyKey,
        "stripe-version": API_VERSION,
      },
      body: new URLSearchParams(form).toString(),
      timeoutMs: TIMEOUT_MS,
    });

  return {
    smallestChargeable: stripeStep,

    async authorize(request) {
      const reply = await post("/v1/payment_intents", request.idempotencyKey, {
        amount: stripeAmount(request.amountMinor, request.currency),
        currency: request.currency.toLowerCase(),
        capture_method: "manual",
        confirm: "true",
        payment_method: request.paymentMethod,
        "payment_method_types[]": "card",
        // An order that ships in parts is captured in parts.
        "payment_method_options[card][request_multicapture]": "if_available",
        "metadata[order_id]": request.orderId,
        description: `Order ${request.orderId}`,
        ...(request.customerEmail === undefined ? {} : { "metadata[customer_email]": request.customerEmail }),
      });
      if (reply.status !== 200) return declineOrThrow(reply, "authorize");
      return readIntent(reply.json, ["requires_capture"], "authorize");
    },

    async capture(request) {
      const reply = await post(intentPath(request.reference, "capture"), request.idempotencyKey, {
        amount_to_capture: stripeAmount(request.amountMinor, request.currency),
        [`metadata[${captureMark(request.idempotencyKey)}]`]: String(request.amountMinor),
        ...(request.final ? {} : { final_capture: "false" }),
      });
      if (reply.status !== 200) {
        const intent = unexpectedState(reply);
        if (intent === undefined) return declineOrThrow(reply, "capture");
        const done = optionalTextAt(objectAt(intent, "metadata"), captureMark(request.idempotencyKey));
        if (done !== undefined) return { status: "succeeded", reference: request.reference };
        if (optionalTextAt(intent, "status") === "canceled") {
          return {
            status: "declined",
            code: AUTHORIZATION_EXPIRED,
            message: "The authorization was given back or has expired.",
          };
        }
        return declineOrThrow(reply, "capture");
      }
      return readIntent(
        reply.json,
        request.final ? ["succeeded"] : ["requires_capture", "succeeded"],
        "capture",
      );
    },

    async cancel(request) {
      if (request.reference === "") return { status: "succeeded", reference: "" };
      const reply = await post(intentPath(request.reference, "cancel"), request.idempotencyKey, {
        cancellation_reason: "requested_by_customer",
      });
      // What was captured of it before stays captured.
      if (reply.status === 200) return readIntent(reply.json, ["canceled", "succeeded"], "cancel");
      if (reply.status === 404) return { status: "succeeded", reference: request.reference };
      const state = optionalTextAt(unexpectedState(reply), "status");
      if (state === "canceled") return { status: "succeeded", reference: request.reference };
      if (state === "succeeded") {
        return {
          status: "declined",
          code: "already_captured",
          message: "The payment has been captured: refund it instead.",
        };
      }
      return declineOrThrow(reply, "cancel");
    },

    async refund(request) {
      const reply = await post("/v1/refunds", request.idempotencyKey, {
        payment_intent: request.reference,
        amount: stripeAmount(request.amountMinor, request.currency),
        reason: "requested_by_customer",
        // Stripe limits a metadata value to 500 characters.
        "metadata[reason]": request.reason.slice(0, 500),
      });
      if (reply.status !== 200) return declineOrThrow(reply, "refund");
      const status = optionalTextAt(reply.json, "status");
      const reference = optionalTextAt(reply.json, "id");
      if (reference !== undefined && (status === "succeeded" || status === "pending")) {
        return { status: "succeeded", reference };
      }
      return {
        status: "declined",
        code: optionalTextAt(reply.json, "failure_reason") ?? `refund_${status ?? "unknown"}`,
        message: "The payment provider could not carry out the refund.",
      };
    },
  };
}

function intentPath(reference: string, action: "capture" | "cancel"): string {
  return `/v1/payment_intents/${encodeURIComponent(reference)}/${action}`;
}

/** The name of a capture's mark in the metadata. Stripe takes names of up to 40 characters. */
function captureMark(idempotencyKey: string): string {
  return `captured_${createHash("sha256").update(idempotencyKey).digest("hex").slice(0, 24)}`;
}

function stripeAmount(minor: number, currency: string): string {
  const amount = toStripeAmount(minor, currency);
  if (amount === undefined) {
    throw new ServiceFault(`Stripe cannot charge ${minor} minor units of ${currency}`, {
      service: SERVICE,
      code: "amount_not_chargeable",
      retryable: false,
    });
  }
  return String(amount);
}

function readIntent(json: unknown, wanted: readonly string[], step: string): PaymentResult {
  const status = optionalTextAt(json, "status");
  const reference = optionalTextAt(json, "id");
  if (reference !== undefined && status !== undefined && wanted.includes(status)) {
    return { status: "succeeded", reference };
  }
  if (status === "requires_action") {
    return {
      status: "declined",
      code: "authentication_required",
      message: "The bank asks the shopper to confirm the payment.",
    };
  }
  if (status === "requires_payment_method") {
    const error = objectAt(json, "last_payment_error");
    return {
      status: "declined",
      code: optionalTextAt(error, "decline_code") ?? optionalTextAt(error, "code") ?? "card_declined",
      message: optionalTextAt(error, "message") ?? "The payment was declined.",
    };
  }
  throw new ServiceFault(`Stripe answered ${step} with a payment in state ${status ?? "unknown"}`, {
    service: SERVICE,
    code: "unexpected_state",
    retryable: false,
    status: 200,
  });
}

/** The PaymentIntent inside Stripe's `payment_intent_unexpected_state` error. */
function unexpectedState(reply: JsonReply): JsonObject | undefined {
  const error = objectAt(reply.json, "error");
  return optionalTextAt(error, "code") === "payment_intent_unexpected_state"
    ? objectAt(error, "payment_intent")
    : undefined;
}

/** Refusals of the bank and of Stripe's own records are values. Everything else is a fault. */
const DECLINES_OF_THE_BOOKS = new Set([
  "charge_already_refunded",
  "charge_disputed",
  "charge_expired_for_capture",
  "insufficient_funds",
]);

function declineOrThrow(reply: JsonReply, step: string): PaymentResult {
  const error = objectAt(reply.json, "error");
  const type = optionalTextAt(error, "type") ?? "api_error";
  const code = optionalTextAt(error, "code");
  const message = optionalTextAt(error, "message") ?? "no message";
  if (type === "card_error" || (code !== undefined && DECLINES_OF_THE_BOOKS.has(code))) {
    return {
      status: "declined",
      code:
        code === "charge_expired_for_capture"
          ? AUTHORIZATION_EXPIRED
          : (optionalTextAt(error, "decline_code") ?? code ?? "card_declined"),
      message,
    };
  }
  // Stripe's own advice on repeating a call comes first. 409: a call with this key is under way, or a lock is
  // held.
  const advice = reply.headers.get("stripe-should-retry");
  throw new ServiceFault(`Stripe refused to ${step}: ${message}`, {
    service: SERVICE,
    code: code ?? type,
    retryable:
      advice === null
        ? reply.status >= 500 || reply.status === 429 || reply.status === 409
        : advice === "true",
    status: reply.status,
  });
}
