/**
 * Stripe, as far as an order needs it: PaymentIntents with manual capture, several captures, cancelling,
 * refunds, disputes, cards that become payment methods, and idempotency keys, in Stripe's own requests,
 * replies and errors; and what happens there without a call (`incidents`). Leaves to `events.ts` which
 * webhooks follow and how they are sent, and to `card-form.ts` what a shopper's page loads.
 *
 * Invariants:
 * S1 one call is one line of the log, which holds its effect and its idempotency key together, and is written
 *    before the reply;
 * S2 the same key with the same call gets the first reply, with another call an `idempotency_error`;
 * S3 captured never exceeds authorised, refunded never exceeds captured;
 * S4 the events of a call are in its line, and are sent until they were taken, also after a restart;
 * S5 card numbers are neither kept nor shown.
 */
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { currencyExponent } from "../../../../orders/money.ts";
import { jsonReply, type SimulatedReply, type SimulatedRequest } from "../../../simulator-kit/exchange.ts";
import { type LogPosition, openExchangeLog } from "../../../simulator-kit/exchange-log.ts";
import type {
  OrderCharges,
  PaymentIncident,
  PaymentSimulator,
  PaymentSimulatorKind,
  PaymentSimulatorOptions,
} from "../../../simulator-kit/vendor-simulators.ts";
import { cardFormFile } from "./card-form.ts";
import { createEventLog, type Happening, type StripeEvent } from "./events.ts";
import type { Dispute, Effect, PaymentIntent, Refund } from "./objects.ts";
import {
  checkStripeKey,
  invalidRequest,
  readStripeForm,
  StripeError,
  type StripeForm,
} from "./parameters.ts";
import { createPaymentMethod, type PaymentMethod } from "./payment-methods.ts";
import { type CardOutcome, chargeTestCard } from "./test-cards.ts";

type Entry = {
  readonly at: string;
  readonly key: string | null;
  readonly fingerprint: string;
  readonly status: number;
  readonly reply: unknown;
  readonly effect: Effect;
  /** Absent in lines of a former version, and where no webhooks are sent. */
  readonly events?: readonly StripeEvent[];
};

/** A webhook was taken. */
type Delivery = { readonly delivered: string };

/** Amounts are Stripe's integers. */
type Charges = { -readonly [Field in keyof OrderCharges]: OrderCharges[Field] };

export const stripeSimulator: PaymentSimulatorKind = {
  start: createStripeSimulator,
  goodPaymentMethod: "pm_card_visa",
  declinedPaymentMethod: "pm_card_chargeDeclined",
};

function createStripeSimulator(options: PaymentSimulatorOptions): PaymentSimulator {
  const intents = new Map<string, PaymentIntent>();
  const refunds = new Map<string, Refund>();
  const disputes = new Map<string, Dispute>();
  const methods = new Map<string, PaymentMethod>();
  const refundedOf = new Map<string, number>();
  /** By idempotency key; the reply itself stays in the log. */
  const firstReplies = new Map<string, { readonly fingerprint: string; readonly position: LogPosition }>();
  const orders = new Map<string, Charges>();

  const events = createEventLog(options, (delivered) => log.append({ delivered }));
  const replay = (entry: Entry | Delivery, position: LogPosition) => {
    if ("delivered" in entry) {
      events.forget(entry.delivered);
      return;
    }
    if (entry.key !== null) firstReplies.set(entry.key, { fingerprint: entry.fingerprint, position });
    apply(entry.effect);
    events.remember(entry.events ?? []);
  };
  const log = openExchangeLog<Entry | Delivery>(join(options.dataFolder, "payments.jsonl"), replay);
  events.resume();

  /** Writes down what has happened, and sends what follows. */
  function happen(entry: Omit<Entry, "at" | "events">): void {
    const line: Entry = {
      ...entry,
      at: new Date().toISOString(),
      events: events.of(happening(entry.effect)),
    };
    replay(line, log.append(line));
    events.send(line.events ?? []);
  }

  /** An effect with what Stripe's events show of it, as it is once the effect has taken place. */
  function happening(effect: Effect): Happening {
    const about =
      "intent" in effect
        ? effect.intent
        : "refund" in effect
          ? intents.get(effect.refund.payment_intent)
          : "dispute" in effect
            ? intents.get(effect.dispute.payment_intent)
            : undefined;
    if (about === undefined) return { effect, intent: null, refundedAmount: 0 };
    const change =
      effect.type === "refunded"
        ? effect.refund.amount
        : effect.type === "refund_failed"
          ? -effect.refund.amount
          : 0;
    return { effect, intent: about, refundedAmount: (refundedOf.get(about.id) ?? 0) + change };
  }

  function apply(effect: Effect): void {
    if ("refund" in effect) {
      const { refund } = effect;
      const sign = effect.type === "refunded" ? 1 : -1;
      refunds.set(refund.id, refund);
      refundedOf.set(
        refund.payment_intent,
        (refundedOf.get(refund.payment_intent) ?? 0) + sign * refund.amount,
      );
      const intent = intents.get(refund.payment_intent);
      if (intent === undefined) return;
      const order = orderOf(intent);
      order.refunds += sign;
      order.refunded += sign * refund.amount;
      return;
    }
    if ("method" in effect) {
      methods.set(effect.method.id, effect.method);
      return;
    }
    if ("dispute" in effect) {
      disputes.set(effect.dispute.id, effect.dispute);
      return;
    }
    const { intent } = effect;
    const before = intents.get(intent.id);
    intents.set(intent.id, intent);
    const order = orderOf(intent);
    if (effect.type === "action_required") return;
    if (effect.type === "authorized" || effect.type === "confirmed") {
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
    const outcome = outcomeOf(method);
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
    return confirmed(base, method, outcome, form.flag("off_session") === true);
  }

  function outcomeOf(method: string): CardOutcome {
    const outcome = chargeTestCard(methods.get(method)?.charged_as ?? method);
    if (outcome !== undefined) return outcome;
    throw invalidRequest(`No such PaymentMethod: '${method}'`, {
      code: "resource_missing",
      param: "payment_method",
    });
  }

  /** What the bank makes of a payment. */
  function confirmed(
    base: PaymentIntent,
    method: string,
    outcome: CardOutcome,
    isOffSession: boolean,
  ): Outcome {
    if (outcome.kind === "approved") {
      const intent = authorized(base);
      return { reply: intent, effect: { type: "authorized", intent } };
    }
    if (outcome.kind === "requires_action" && !isOffSession) {
      const intent: PaymentIntent = {
        ...base,
        status: "requires_action",
        next_action: { type: "use_stripe_sdk", use_stripe_sdk: { type: "three_d_secure_redirect" } },
      };
      return { reply: intent, effect: { type: "action_required", intent } };
    }
    const { code, declineCode, message } = outcome.kind === "declined" ? outcome : AUTHENTICATION_REQUIRED;
    const facts = { charge: `ch_3${token(23)}`, code, decline_code: declineCode };
    const intent = failed(base, method, { ...facts, message, type: "card_error" });
    const error = new StripeError(402, "card_error", message, { ...facts, payment_intent: intent });
    return { reply: error.body, status: 402, effect: { type: "declined", intent } };
  }

  function authorized(base: PaymentIntent): PaymentIntent {
    return {
      ...base,
      amount_capturable: base.amount,
      last_payment_error: null,
      latest_charge: `ch_3${token(23)}`,
      next_action: null,
      status: "requires_capture",
    };
  }

  function failed(
    base: PaymentIntent,
    method: string | null,
    error: { readonly charge?: string; readonly [name: string]: unknown },
  ): PaymentIntent {
    const tried = { id: method, object: "payment_method", type: "card" };
    return {
      ...base,
      status: "requires_payment_method",
      next_action: null,
      payment_method: null,
      latest_charge: error.charge ?? null,
      last_payment_error: { ...error, payment_method: tried },
    };
  }

  /** Stripe.js confirms a payment, which it opens with its secret. */
  function confirmIntent(intent: PaymentIntent, form: StripeForm): Outcome {
    if (intent.status !== "requires_payment_method")
      throw unexpectedState(intent, "confirmed", ["requires_payment_method", "requires_confirmation"]);
    const method = form.required("payment_method");
    const base = { ...intent, payment_method: method, last_payment_error: null };
    return confirmed(base, method, outcomeOf(method), false);
  }

  /** The bank's page tells how the shopper has answered it. */
  function bankAnswer(request: SimulatedRequest): SimulatedReply | undefined {
    if (request.method !== "POST" || request.path !== "/js/authenticate") return undefined;
    const form = new URLSearchParams(request.body.toString("utf8"));
    const intent = [...intents.values()].find((one) => one.client_secret === form.get("client_secret"));
    if (intent?.status !== "requires_action") return jsonReply(409, { error: "nothing waits for this" });
    const isConfirmed = form.get("answer") === "complete";
    const after = isConfirmed
      ? authorized(intent)
      : failed(intent, intent.payment_method, {
          code: "payment_intent_authentication_failure",
          message:
            "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
          type: "invalid_request_error",
        });
    happen({
      key: null,
      fingerprint: "",
      status: 200,
      reply: null,
      effect: { type: isConfirmed ? "confirmed" : "declined", intent: after },
    });
    return jsonReply(200, {});
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
    if ([...disputes.values()].some((dispute) => dispute.payment_intent === id && dispute.status !== "won")) {
      throw invalidRequest(`Charge ${intent.latest_charge} has been charged back; cannot issue a refund.`, {
        code: "charge_disputed",
      });
    }
    const refund = refundOf(intent, amount, reason ?? null, form.group("metadata"));
    return { reply: refund, effect: { type: "refunded", refund } };
  }

  /** What happens at Stripe without a call of ours. @returns what is wrong, or `null` where it happened */
  function incident({ orderId, what, amount }: PaymentIncident): string | null {
    const own = [...intents.values()].filter(({ metadata }) => metadata["order_id"] === orderId);
    const note = (effect: Effect): null => {
      happen({ key: null, fingerprint: "", status: 200, reply: null, effect });
      return null;
    };
    const captured = own.findLast((intent) => intent.amount_received > 0);
    switch (what) {
      case "authorization_expired": {
        const intent = own.findLast(({ status }) => status === "requires_capture");
        if (intent === undefined) return "the order has no open authorization";
        const isPartlyCaptured = intent.amount_received > 0;
        return note({
          type: "canceled",
          intent: {
            ...intent,
            amount_capturable: 0,
            canceled_at: isPartlyCaptured ? null : unixSeconds(),
            cancellation_reason: isPartlyCaptured ? null : "automatic",
            status: isPartlyCaptured ? "succeeded" : "canceled",
          },
        });
      }
      case "refund_failed": {
        const ids = own.map(({ id }) => id);
        const refund = [...refunds.values()].findLast(
          ({ payment_intent, status }) => status === "succeeded" && ids.includes(payment_intent),
        );
        if (refund === undefined) return "the order has no refund";
        return note({
          type: "refund_failed",
          refund: { ...refund, status: "failed", failure_reason: "expired_or_canceled_card" },
        });
      }
      case "refunded_at_provider": {
        const left =
          captured === undefined ? 0 : captured.amount_received - (refundedOf.get(captured.id) ?? 0);
        if (captured === undefined || left < 1) return "the order has nothing to refund";
        return note({
          type: "refunded",
          refund: refundOf(captured, Math.min(amount ?? left, left), null, {}),
        });
      }
      case "disputed": {
        if (captured === undefined) return "nothing was captured for the order";
        return note({ type: "disputed", dispute: disputeOf(captured, amount ?? captured.amount_received) });
      }
      case "dispute_won":
      case "dispute_lost": {
        const ids = own.map(({ id }) => id);
        const dispute = [...disputes.values()].findLast(
          ({ payment_intent, status }) => status === "needs_response" && ids.includes(payment_intent),
        );
        if (dispute === undefined) return "the order has no open dispute";
        return note({
          type: "dispute_closed",
          dispute: { ...dispute, status: what === "dispute_won" ? "won" : "lost" },
        });
      }
      default: {
        const unreachable: never = what;
        return `there is no ${String(unreachable)}`;
      }
    }
  }

  /** A page of a list, oldest last, as Stripe gives it. */
  function listOf(request: SimulatedRequest, all: readonly (Refund | Dispute)[]): Outcome {
    const of = request.query.get("payment_intent");
    const limit = Math.min(100, Math.max(1, Number(request.query.get("limit") ?? 10) || 10));
    const newestFirst = all.filter((one) => of === null || one.payment_intent === of).reverse();
    const after = request.query.get("starting_after");
    const from = after === null ? 0 : newestFirst.findIndex(({ id }) => id === after) + 1;
    const data = newestFirst.slice(from, from + limit);
    return {
      reply: { object: "list", data, has_more: newestFirst.length > from + limit, url: request.path },
      effect: null,
    };
  }

  function route(request: SimulatedRequest): (() => Outcome) | undefined {
    const [, , resource, id, action, ...more] = request.path.split("/");
    if (more.length > 0) return undefined;
    if (request.method === "GET" && id === undefined) {
      if (resource === "refunds") return () => listOf(request, [...refunds.values()]);
      if (resource === "disputes") return () => listOf(request, [...disputes.values()]);
    }
    if (request.method === "GET" && id !== undefined && action === undefined) {
      if (resource === "payment_intents")
        return () => ({
          reply: opened(request, findIntent(id), request.query.get("client_secret")),
          effect: null,
        });
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
    if (resource === "payment_methods" && id === undefined) {
      return () => {
        const method = createPaymentMethod(request, `pm_1${token(23)}`, unixSeconds());
        const { charged_as: _chargedAs, ...reply } = method;
        return { reply, effect: { type: "payment_method", method } };
      };
    }
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
    if (action === "confirm") {
      return () => {
        const form = readStripeForm(request, ["client_secret", "payment_method"]);
        return confirmIntent(opened(request, findIntent(id), form.text("client_secret") ?? null), form);
      };
    }
    if (action === "cancel") {
      return () => cancelIntent(findIntent(id), readStripeForm(request, ["cancellation_reason"]));
    }
    return undefined;
  }

  return {
    handle(request) {
      if (!request.path.startsWith("/v1/")) return cardFormFile(request) ?? bankAnswer(request);
      const headers = { "request-id": `req_${token(14)}` };
      try {
        checkStripeKey(request, isForBrowsers(request));
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
          const { status, reply } = log.read(first.position) as Entry;
          return jsonReply(status, reply, { ...headers, "idempotent-replayed": "true" });
        }
        const outcome = run();
        const status = outcome.status ?? 200;
        if (outcome.effect !== null) {
          const { reply, effect } = outcome;
          // A card's number is in the fingerprint of its call.
          happen({
            key,
            fingerprint: effect.type === "payment_method" ? "" : fingerprint,
            status,
            reply,
            effect,
          });
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
    incident,
    deliverWebhooks: (way) => events.deliver(way),
    webhooks: () => events.status(),
    async stop() {
      await events.stop();
      log.close();
    },
  };
}

function refundOf(
  intent: PaymentIntent,
  amount: number,
  reason: string | null,
  metadata: Readonly<Record<string, string>>,
): Refund {
  return {
    id: `re_3${token(23)}`,
    object: "refund",
    amount,
    balance_transaction: null,
    charge: intent.latest_charge,
    created: unixSeconds(),
    currency: intent.currency,
    metadata,
    payment_intent: intent.id,
    reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: "succeeded",
    transfer_reversal: null,
  };
}

function disputeOf(intent: PaymentIntent, amount: number): Dispute {
  const created = unixSeconds();
  return {
    id: `dp_1${token(23)}`,
    object: "dispute",
    amount,
    balance_transactions: [],
    charge: intent.latest_charge ?? "",
    created,
    currency: intent.currency,
    evidence_details: {
      due_by: created + ANSWER_WITHIN_S,
      has_evidence: false,
      past_due: false,
      submission_count: 0,
    },
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: intent.id,
    reason: "fraudulent",
    status: "needs_response",
  };
}

/** Card networks give a shop a week and more to answer a dispute. */
const ANSWER_WITHIN_S = 8 * 24 * 60 * 60;

type Outcome = { readonly reply: unknown; readonly status?: number; readonly effect: Effect | null };

const INTENT_PARAMETERS = [
  "amount",
  "currency",
  "capture_method",
  "confirm",
  "payment_method",
  "payment_method_types[]",
  "payment_method_options[card][request_multicapture]",
  "off_session",
  "description",
  "receipt_email",
  "metadata[]",
];

/** What a card that has to be confirmed answers where its shopper is not there. */
const AUTHENTICATION_REQUIRED = {
  code: "authentication_required",
  declineCode: "authentication_required",
  message: "Your card was declined. This transaction requires authentication.",
} as const;

/** What Stripe.js may do with the publishable key. */
function isForBrowsers({ method, path }: SimulatedRequest): boolean {
  if (path === "/v1/payment_methods") return true;
  return (
    /^\/v1\/payment_intents\/[^/]+(\/confirm)?$/.test(path) && (method === "GET" || path.endsWith("/confirm"))
  );
}

/** A publishable key opens a payment only together with its secret. */
function opened(request: SimulatedRequest, intent: PaymentIntent, secret: string | null): PaymentIntent {
  const isPublishable = request.headers["authorization"]?.startsWith("Bearer pk_") === true;
  if (!isPublishable || secret === intent.client_secret) return intent;
  throw invalidRequest(
    `No such payment_intent: '${intent.id}'`,
    { code: "resource_missing", param: "intent" },
    404,
  );
}

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
