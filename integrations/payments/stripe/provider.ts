/**
 * The payment provider port over Stripe's own API (form-encoded requests, JSON replies), without an SDK.
 *
 * Owns: authorise, capture, cancel and refund as PaymentIntents with manual capture, and which of Stripe's
 * errors is a decline (a value) and which a fault. Leaves to the caller: repeating a retryable fault with the
 * same key. Leaves what a webhook says to `webhook.ts`, and what is read of a payment to `payment-state.ts`.
 *
 * Stripe keeps an idempotency key for at least 24 hours. A cancel or a final capture that is repeated later
 * gets `payment_intent_unexpected_state` from the PaymentIntent's state. It counts as done where that state
 * says so; for a capture, where the PaymentIntent's metadata names this key. Who repeats a refund, or a
 * capture that is not the last one, after those hours looks with `readPayment` whether it was carried out.
 */
import {
  AUTHENTICATION_REQUIRED,
  AUTHORIZATION_EXPIRED,
  type CardForm,
  type PaymentProvider,
  type PaymentResult,
} from "../../../ports/payments.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { callJson, type JsonReply } from "../../vendor-kit/vendor-http.ts";
import {
  at,
  isObject,
  type JsonObject,
  listAt,
  objectAt,
  optionalTextAt,
} from "../../vendor-kit/vendor-json.ts";
import { stripeStep, toStripeAmount } from "./amount.ts";
import { captureMark, declineOf, markOf, paymentStateOf, REFUND_MARK } from "./payment-state.ts";
import { openStripeWebhook } from "./webhook.ts";

const SERVICE = "stripe";

/** Pinned, so that a new default version of the account never changes what replies look like. */
const API_VERSION = "2026-02-25.clover";

/** Stripe advises no less: a card network may take most of a minute. */
const TIMEOUT_MS = 60_000;

/** A read passes no card network, and a webhook's sender waits for it. */
const READ_TIMEOUT_MS = 8_000;

export function createStripeProvider(options: {
  /** `https://api.stripe.com`, or the simulator's. */
  readonly baseUrl: string;
  readonly secretKey: string;
  /** Of the account's webhook endpoint; empty: none. */
  readonly webhookSecret?: string;
  /** Absent or empty: shoppers are shown no form. */
  readonly publishableKey?: string;
}): PaymentProvider {
  const { baseUrl, webhookSecret = "", publishableKey = "" } = options;
  const headers = { authorization: `Bearer ${options.secretKey}`, "stripe-version": API_VERSION };

  /** A reply that must be an object of Stripe's; null: it has none of this name. */
  const get = async (path: string, step: string): Promise<JsonObject | null> => {
    const url = new URL(path, baseUrl).toString();
    const call = { service: SERVICE, method: "GET", url, headers, timeoutMs: READ_TIMEOUT_MS } as const;
    const reply = await callJson(call);
    if (reply.status === 404) return null;
    if (reply.status === 200 && isObject(reply.json)) return reply.json;
    const refused = declineOrThrow(reply, step);
    throw new Error(`Stripe answered a read with ${JSON.stringify(refused)}`);
  };

  /** Every object of a list, page by page. */
  const list = async (path: string, step: string): Promise<readonly JsonObject[]> => {
    const all: JsonObject[] = [];
    for (let after = ""; ; ) {
      const page = await get(`${path}&limit=100${after}`, step);
      const objects = listAt(page, "data").filter(isObject);
      all.push(...objects);
      const last = optionalTextAt(objects.at(-1), "id");
      if (at(page, "has_more") !== true || last === undefined) return all;
      after = `&starting_after=${encodeURIComponent(last)}`;
    }
  };

  const post = (path: string, idempotencyKey: string, form: Readonly<Record<string, string>>) =>
    callJson({
      service: SERVICE,
      method: "POST",
      url: new URL(path, baseUrl).toString(),
      headers: {
        ...headers,
        "content-type": "application/x-www-form-urlencoded",
        "idempotency-key": idempotencyKey,
      },
      body: new URLSearchParams(form).toString(),
      timeoutMs: TIMEOUT_MS,
    });

  return {
    smallestChargeable: stripeStep,
    cardForm: publishableKey === "" ? null : cardForm(baseUrl, publishableKey),

    openWebhook: (of, rawBody, nowMs) => openStripeWebhook(of, rawBody, webhookSecret, nowMs),

    async readPayment(reference, subject) {
      const intent = await get(`/v1/payment_intents/${encodeURIComponent(reference)}`, "read a payment");
      if (intent === null) return null;
      const of = `payment_intent=${encodeURIComponent(reference)}`;
      const about = subject === "payment" ? [] : await list(`/v1/${subject}?${of}`, `read ${subject}`);
      return paymentStateOf(intent, subject, about);
    },

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
      const form = {
        payment_intent: request.reference,
        amount: stripeAmount(request.amountMinor, request.currency),
        reason: "requested_by_customer",
        // Stripe limits a metadata value to 500 characters.
        "metadata[reason]": request.reason.slice(0, 500),
      };
      const marked = { ...form, [`metadata[${REFUND_MARK}]`]: markOf(request.idempotencyKey) };
      let reply = await post("/v1/refunds", request.idempotencyKey, marked);
      // A former version has made this call, without a mark: only the same call finds its answer again.
      if (optionalTextAt(reply.json, "error", "type") === "idempotency_error")
        reply = await post("/v1/refunds", request.idempotencyKey, form);
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

/** Where Stripe's own script and frames are; a simulator has its own beside its API. */
function cardForm(baseUrl: string, publishableKey: string): CardForm {
  const key = { provider: SERVICE, publishableKey };
  const { origin, host } = new URL(baseUrl);
  if (host !== "api.stripe.com")
    return {
      ...key,
      scriptUrl: `${origin}/js/stripe.js`,
      scripts: [origin],
      frames: [origin],
      calls: [origin],
    };
  return {
    ...key,
    scriptUrl: "https://js.stripe.com/v3/",
    scripts: ["https://js.stripe.com"],
    frames: ["https://js.stripe.com", "https://hooks.stripe.com"],
    calls: ["https://api.stripe.com"],
  };
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
      code: AUTHENTICATION_REQUIRED,
      message: "The bank asks the shopper to confirm the payment.",
      ...(reference === undefined ? {} : { unconfirmed: reference }),
    };
  }
  if (status === "requires_payment_method") return { status: "declined", ...declineOf(json) };
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
    const unconfirmed = optionalTextAt(error, "payment_intent", "id");
    return {
      status: "declined",
      code:
        code === "charge_expired_for_capture"
          ? AUTHORIZATION_EXPIRED
          : (optionalTextAt(error, "decline_code") ?? code ?? "card_declined"),
      message,
      ...(code === AUTHENTICATION_REQUIRED && unconfirmed !== undefined ? { unconfirmed } : {}),
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
