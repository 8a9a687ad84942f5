/**
 * Stripe, as far as an order needs it: PaymentIntents with manual capture, several captures, cancelling,
 * refunds and idempotency keys, in Stripe's own requests, replies and errors.
 *
 * Invariants:
 * S1 one call is one line of the log, which holds its effect and its idempotency key together, and is written
 *    before the reply;
 * S2 the same key with the same call gets the first reply, with another call an `idempotency_error`;
 * S3 captured never exceeds authorised, refunded never exceeds captured.
 */
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { currencyExponent } from "../../../../orders/money.ts";
import { jsonReply, type SimulatedRequest } from "../../../simulator-kit/exchange.ts";
import { type LogPosition, openExchangeLog } from "../../../simulator-kit/exchange-log.ts";
import type {
  OrderCharges,
  PaymentSimulator,
  PaymentSimulatorKind,
  PaymentSimulatorOptions,
} from "../../../simulator-kit/vendor-simulators.ts";
import {
  checkStripeKey,
  invalidRequest,
  readStripeForm,
  StripeError,
  type StripeForm,
} from "./parameters.ts";
import { chargeTestCard } from "./test-cards.ts";

type PaymentIntent = {
  readonly id: string;
  readonly object: "payment_intent";
  readonly amount: number;
  readonly amount_capturable: number;
  readonly amount_received: number;
  readonly canceled_at: number | null;
  readonly cancellation_reason: string | null;
  readonly capture_method: string;
  readonly client_secret: string;
  readonly confirmation_method: "automatic";
  readonly created: number;
  readonly currency: string;
  readonly customer: null;
  readonly description: string | null;
  readonly last_payment_error: Readonly<Record<string, unknown>> | null;
  readonly latest_charge: string | null;
  readonly livemode: false;
  readonly metadata: Readonly<Record<string, string>>;
  readonly next_action: Readonly<Record<string, unknown>> | null;
  readonly payment_method: string | null;
  readonly payment_method_options: {
    readonly card: {
      readonly request_multicapture?: "if_available";
      readonly request_three_d_secure: string;
    };
  };
  readonly payment_method_types: readonly string[];
  readonly receipt_email: string | null;
  readonly status:
    | "requires_payment_method"
    | "requires_action"
    | "requires_capture"
    | "canceled"
    | "succeeded";
};

type Refund = {
  readonly id: string;
  readonly object: "refund";
  readonly amount: number;
  readonly charge: string | null;
  readonly created: number;
  readonly currency: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payment_intent: string;
  readonly reason: string | null;
  readonly status: "succeeded";
};

type Effect =
  | { readonly type: "authorized" | "declined" | "canceled"; readonly intent: PaymentIntent }
  | { readonly type: "captured"; readonly intent: PaymentIntent; readonly amount: number }
  | { readonly type: "refunded"; readonly refund: Refund };

type Entry = {
  readonly at: string;
  readonly key: string | null;
  readonly fingerprint: string;
  readonly status: number;
  readonly reply: unknown;
  readonly effect: Effect;
};

/** Amounts are Stripe's integers. */
type Charges = { -readonly [Field in keyof OrderCharges]: OrderCharges[Field] };

export const stripeSimulator: PaymentSimulatorKind = {
  start: createStripeSimulator,
  goodPaymentMethod: "pm_card_visa",
  declinedPaymentMethod: "pm_card_chargeDeclined",
};

function createStripeSimulator({ dataFolder }: PaymentSimulatorOptions): PaymentSimulator {
  const intents = new Map<string, PaymentIntent>();
  const refunds = new Map<string, Refund>();
  const refundedOf = new Map<string, number>();
  /** By idempotency key; the reply itself stays in the log. */
  const firstReplies = new Map<string, { readonly fingerprint: string; readonly position: LogPosition }>();
  const orders = new Map<string, Charges>();

  const replay = (entry: Entry, position: LogPosition) => {
    if (entry.key !== null) firstReplies.set(entry.key, { fingerprint: entry.fingerprint, position });
    apply(entry.effect);
  };
  const log = openExchangeLog<Entry>(join(dataFolder, "payments.jsonl"), replay);

  function apply(effect: Effect): void {
    if (effect.type === "refunded") {
      const { refund } = effect;
      refunds.set(refund.id, refund);
      refundedOf.set(refund.payment_intent, (refundedOf.get(refund.payment_intent) ?? 0) + refund.amount);
      const intent = intents.get(refund.payment_intent);
      if (intent === undefined) return;
      const order = orderOf(intent);
      order.refunds += 1;
      order.refunded += refund.amount;
      return;
    }
    const { intent } = effect;
    const before = intents.get(intent.id);
    intents.set(intent.id, intent);
    const order = orderOf(intent);
    if (effect.type === "authorized") {
      order.authorizations += 1;
      order.authorized += intent.amount;
      order.live += 1;
    } else if (effect.type === "declined") {
      order.declines += 1;
    } else if (effect.type === "captured") {
      order.captures += 1;
      order.captured += effect.amount;
    } else {
      order.cancellations += 1;
      if (before?.status === "requires_capture") order.live -= 1;
    }
  }

  function orderOf(intent: PaymentIntent): Charges {
    const orderId = intent.metadata["order_id"] ?? intent.id;
    let order = orders.get(orderId);
    if (order === undefined) {
      order = {
        orderId,
        currency: intent.currency.toUpperCase(),
        authorizations: 0,
        declines: 0,
        captures: 0,
        refunds: 0,
        cancellations: 0,
        authorized: 0,
        captured: 0,
        refunded: 0,
        live: 0,
      };
      orders.set(orderId, order);
    }
    return order;
  }

  function findIntent(id: string): PaymentIntent {
    const intent = intents.get(id);
    if (intent === undefined) {
      throw invalidRequest(
        `No such payment_intent: '${id}'`,
        { code: "resource_missing", param: "intent" },
        404,
      );
    }
    return intent;
  }

  function createIntent(form: StripeForm): Outcome {
    const amount = form.integer("amount");
    if (amount === undefined) form.required("amount");
    const currency = form.required("currency").toLowerCase();
    if (currencyExponent(currency.toUpperCase()) === undefined) {
      throw invalidRequest(`Invalid currency: ${currency}.`, { param: "currency" });
    }
    const total = amount ?? 0;
    if (total < 1) {
      throw invalidRequest("This value must be greater than or equal to 1.", {
        code: "parameter_invalid_integer",
        param: "amount",
      });
    }
    if (currency === "usd" && total < 50) {
      throw invalidRequest("Amount must be at least $0.50 usd", {
        code: "amount_too_small",
        param: "amount",
      });
    }
    const method = form.required("payment_method");
    const outcome = chargeTestCard(method);
    if (outcome === undefined) {
      throw invalidRequest(`No such PaymentMethod: '${method}'`, {
        code: "resource_missing",
        param: "payment_method",
      });
    }
    if (form.text("capture_method") !== "manual" || form.flag("confirm") !== true) {
      throw invalidRequest("The sandbox serves capture_method=manual with confirm=true only.", {
        param: "capture_method",
      });
    }
    const id = `pi_3${token(23)}`;
    const multicapture = form.text("payment_method_options[card][request_multicapture]");
    if (multicapture !== undefined && multicapture !== "if_available" && multicapture !== "never") {
      throw invalidRequest(
        "Invalid payment_method_options[card][request_multicapture]: must be one of if_available or never",
        { param: "payment_method_options[card][request_multicapture]" },
      );
    }
    const base: PaymentIntent = {
      id,
      object: "payment_intent",
      amount: total,
      amount_capturable: 0,
      amount_received: 0,
      canceled_at: null,
      cancellation_reason: null,
      capture_method: "manual",
      client_secret: `${id}_secret_${token(25)}`,
      confirmation_method: "automatic",
      created: unixSeconds(),
      currency,
      customer: null,
      description: form.text("description") ?? null,
      last_payment_error: null,
      latest_charge: null,
      livemode: false,
      metadata: form.group("metadata"),
      next_action: null,
      payment_method: method,
      payment_method_options: {
        card: {
          ...(multicapture === "if_available" ? { request_multicapture: "if_available" } : {}),
          request_three_d_secure: "automatic",
        },
      },
      payment_method_types: ["card"],
      receipt_email: form.text("receipt_email") ?? null,
      status: "requires_capture",
    };
    if (outcome.kind === "approved") {
      const intent = { ...base, amount_capturable: total, latest_charge: `ch_3${token(23)}` };
      return { reply: intent, effect: { type: "authorized", intent } };
    }
    if (outcome.kind === "requires_action") {
      const intent: PaymentIntent = {
        ...base,
        status: "requires_action",
        next_action: { type: "use_stripe_sdk", use_stripe_sdk: { type: "three_d_secure_redirect" } },
      };
      return { reply: intent, effect: { type: "declined", intent } };
    }
    const facts = { charge: `ch_3${token(23)}`, code: outcome.code, decline_code: outcome.declineCode };
    const intent: PaymentIntent = {
      ...base,
      status: "requires_payment_method",
      payment_method: null,
      latest_charge: facts.charge,
      last_payment_error: { ...facts, message: outcome.message, type: "card_error" },
    };
    const error = new StripeError(402, "card_error", outcome.message, { ...facts, payment_intent: intent });
    return { reply: error.body, status: 402, effect: { type: "declined", intent } };
  }

  function captureIntent(intent: PaymentIntent, form: StripeForm): Outcome {
    if (intent.status !== "requires_capture") throw unexpectedState(intent, "captured", ["requires_capture"]);
    const amount = form.integer("amount_to_capture") ?? intent.amount_capturable;
    const final = form.flag("final_capture") ?? true;
    if (amount < 1) {
      throw invalidRequest("This value must be greater than or equal to 1.", {
        code: "parameter_invalid_integer",
        param: "amount_to_capture",
      });
    }
    if (amount > intent.amount_capturable) {
      throw invalidRequest(
        "The requested capture amount is greater than the amount you can capture for this charge.",
        { code: "amount_too_large", param: "amount_to_capture" },
      );
    }
    if (!final && intent.payment_method_options.card.request_multicapture === undefined) {
      throw invalidRequest(
        "You cannot set final_capture to false because multicapture is not available for this PaymentIntent.",
        { param: "final_capture" },
      );
    }
    const left = final ? 0 : intent.amount_capturable - amount;
    const captured: PaymentIntent = {
      ...intent,
      amount_capturable: left,
      amount_received: intent.amount_received + amount,
      metadata: { ...intent.metadata, ...form.group("metadata") },
      status: left === 0 ? "succeeded" : "requires_capture",
    };
    return { reply: captured, effect: { type: "captured", intent: captured, amount } };
  }

  function cancelIntent(intent: PaymentIntent, form: StripeForm): Outcome {
    if (intent.status === "canceled" || intent.status === "succeeded") {
      throw unexpectedState(intent, "canceled", [
        "requires_payment_method",
        "requires_capture",
        "requires_confirmation",
        "requires_action",
        "processing",
      ]);
    }
    const canceled: PaymentIntent = {
      ...intent,
      amount_capturable: 0,
      canceled_at: unixSeconds(),
      cancellation_reason: form.text("cancellation_reason") ?? null,
      status: "canceled",
    };
    return { reply: canceled, effect: { type: "canceled", intent: canceled } };
  }

  function createRefund(form: StripeForm): Outcome {
    const id = form.required("payment_intent");
    const intent = intents.get(id);
    if (intent === undefined) {
      throw invalidRequest(`No such payment_intent: '${id}'`, {
        code: "resource_missing",
        param: "payment_intent",
      });
    }
    const reason = form.text("reason");
    if (reason !== undefined && !["duplicate", "fraudulent", "requested_by_customer"].includes(reason)) {
      throw invalidRequest("Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer", {
        param: "reason",
      });
    }
    if (intent.amount_received === 0) {
      throw invalidRequest(`This PaymentIntent (${id}) does not have a successful charge to refund.`, {
        code: "charge_not_refundable",
        param: "payment_intent",
      });
    }
    const left = intent.amount_received - (refundedOf.get(id) ?? 0);
    if (left === 0) {
      throw invalidRequest(`Charge ${intent.latest_charge} has already been refunded.`, {
        code: "charge_already_refunded",
      });
    }
    const amount = form.integer("amount") ?? left;
    if (amount < 1 || amount > left) {
      throw invalidRequest(
        `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`,
        { param: "amount" },
      );
    }
    const refund: Refund = {
      id: `re_3${token(23)}`,
      object: "refund",
      amount,
      charge: intent.latest_charge,
      created: unixSeconds(),
      currency: intent.currency,
      metadata: form.group("metadata"),
      payment_intent: id,
      reason: reason ?? null,
      status: "succeeded",
    };
    return { reply: refund, effect: { type: "refunded", refund } };
  }

  function route(request: SimulatedRequest): (() => Outcome) | undefined {
    const [, , resource, id, action, ...more] = request.path.split("/");
    if (more.length > 0) return undefined;
    if (request.method === "GET" && id !== undefined && action === undefined) {
      if (resource === "payment_intents") return () => ({ reply: findIntent(id), effect: null });
      if (resource === "refunds") {
        return () => {
          const refund = refunds.get(id);
          if (refund === undefined) {
            throw invalidRequest(
              `No such refund: '${id}'`,
              { code: "resource_missing", param: "refund" },
              404,
            );
          }
          return { reply: refund, effect: null };
        };
      }
    }
    if (request.method !== "POST") return undefined;
    if (resource === "refunds" && id === undefined) {
      const known = ["payment_intent", "amount", "reason", "metadata[]"];
      return () => createRefund(readStripeForm(request, known));
    }
    if (resource !== "payment_intents") return undefined;
    if (id === undefined) return () => createIntent(readStripeForm(request, INTENT_PARAMETERS));
    if (action === "capture") {
      const known = ["amount_to_capture", "final_capture", "metadata[]"];
      return () => captureIntent(findIntent(id), readStripeForm(request, known));
    }
    if (action === "cancel") {
      return () => cancelIntent(findIntent(id), readStripeForm(request, ["cancellation_reason"]));
    }
    return undefined;
  }

  return {
    handle(request) {
      if (!request.path.startsWith("/v1/")) return undefined;
      const headers = { "request-id": `req_${token(14)}` };
      try {
        checkStripeKey(request);
        const run = route(request);
        if (run === undefined) {
          throw invalidRequest(
            `Unrecognized request URL (${request.method}: ${request.path}). If you are trying to list objects, remove the trailing slash.`,
            {},
            404,
          );
        }
        const key = request.method === "POST" ? (request.headers["idempotency-key"] ?? null) : null;
        if (key !== null && (key.length === 0 || key.length > 255)) {
          throw new StripeError(
            400,
            "idempotency_error",
            "Idempotency keys must be 1 to 255 characters long.",
          );
        }
        const fingerprint = fingerprintOf(request);
        const first = key === null ? undefined : firstReplies.get(key);
        if (first !== undefined) {
          if (first.fingerprint !== fingerprint) {
            throw new StripeError(
              400,
              "idempotency_error",
              `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
            );
          }
          const { status, reply } = log.read(first.position);
          return jsonReply(status, reply, { ...headers, "idempotent-replayed": "true" });
        }
        const outcome = run();
        const status = outcome.status ?? 200;
        if (outcome.effect !== null) {
          const entry: Entry = {
            at: new Date().toISOString(),
            key,
            fingerprint,
            status,
            reply: outcome.reply,
            effect: outcome.effect,
          };
          replay(entry, log.append(entry));
        }
        return jsonReply(status, outcome.reply, headers);
      } catch (error) {
        if (!(error instanceof StripeError)) throw error;
        return jsonReply(error.status, error.body, headers);
      }
    },
    charges: () => [...orders.values()],
    orders: () => orders.size,
    forgetKeys: () => firstReplies.clear(),
    close: () => log.close(),
  };
}

type Outcome = { readonly reply: unknown; readonly status?: number; readonly effect: Effect | null };

const INTENT_PARAMETERS = [
  "amount",
  "currency",
  "capture_method",
  "confirm",
  "payment_method",
  "payment_method_types[]",
  "payment_method_options[card][request_multicapture]",
  "description",
  "receipt_email",
  "metadata[]",
];

function unexpectedState(intent: PaymentIntent, done: string, wanted: readonly string[]): StripeError {
  return invalidRequest(
    `This PaymentIntent could not be ${done} because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be ${done}: ${wanted.join(", ")}.`,
    { code: "payment_intent_unexpected_state", payment_intent: intent },
  );
}

function fingerprintOf(request: SimulatedRequest): string {
  const form = [...new URLSearchParams(request.body.toString("utf8"))].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([request.method, request.path, form]))
    .digest("hex");
}

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function token(length: number): string {
  let text = "";
  for (const byte of randomBytes(length)) text += ALPHABET[byte % ALPHABET.length];
  return text;
}

function unixSeconds(): number {
  return Math.floor(Date.now() / 1_000);
}
