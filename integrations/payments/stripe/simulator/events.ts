/**
 * Which of Stripe's events follow from what happened, and their delivery: signed, again and again until they
 * were taken, on request several times and out of order, as Stripe does without being asked.
 *
 * Leaves keeping them to the simulator's log, which hands over what was not taken before a restart.
 */
import { randomBytes } from "node:crypto";
import type { PaymentSimulatorOptions, WebhookDelivery } from "../../../simulator-kit/vendor-simulators.ts";
import { createWebhookSender, type WebhookSender } from "../../../simulator-kit/webhook-sender.ts";
import { signStripeWebhook } from "../webhook.ts";
import type { Effect, PaymentIntent } from "./objects.ts";

export type StripeEvent = {
  readonly id: string;
  readonly object: "event";
  readonly api_version: string;
  readonly created: number;
  readonly data: { readonly object: unknown };
  readonly livemode: false;
  readonly pending_webhooks: 1;
  readonly request: { readonly id: null; readonly idempotency_key: null };
  readonly type: string;
};

/** What has happened, with its payment as it is afterwards. */
export type Happening = {
  readonly effect: Effect;
  readonly intent: PaymentIntent | null;
  /** Of what was captured, as it is now. */
  readonly refundedAmount: number;
};

type EventLog = {
  /** The events of what happened; none where no webhooks are sent. */
  of(happening: Happening): readonly StripeEvent[];
  remember(events: readonly StripeEvent[]): void;
  forget(eventId: string): void;
  send(events: readonly StripeEvent[]): void;
  /** Sends everything that is remembered. */
  resume(): void;
  deliver(way: WebhookDelivery): void;
  status(): ReturnType<WebhookSender["status"]>;
  stop(): Promise<void>;
};

/** How much later a webhook may come that is sent out of order. */
const MOST_SHUFFLED_MS = 400;

const API_VERSION = "2026-02-25.clover";

/** @param taken is told of each event that was taken, once */
export function createEventLog(options: PaymentSimulatorOptions, taken: (eventId: string) => void): EventLog {
  const secret = options.settings.values["STRIPE_WEBHOOK_SECRET"] ?? "";
  const untaken = new Map<string, StripeEvent>();
  const later = new Set<NodeJS.Timeout>();
  let way: WebhookDelivery = { copies: 1, shuffled: false };
  const sender = createWebhookSender({
    url: options.webhookUrl,
    headers: (body) => ({
      "stripe-signature": signStripeWebhook(body, secret, Date.now()),
      "user-agent": "Stripe/1.0 (simulated)",
    }),
    logger: options.logger,
  });

  function sendOne(event: StripeEvent): void {
    const body = JSON.stringify(event);
    for (let copy = 1; copy <= way.copies; copy += 1)
      sender.send({ id: event.id, body }, () => {
        if (untaken.delete(event.id)) taken(event.id);
      });
  }

  function send(events: readonly StripeEvent[]): void {
    for (const event of events) {
      if (!way.shuffled) {
        sendOne(event);
        continue;
      }
      const timer = setTimeout(() => {
        later.delete(timer);
        sendOne(event);
      }, Math.random() * MOST_SHUFFLED_MS);
      later.add(timer);
    }
  }

  return {
    of: (happening) =>
      secret === "" ? [] : eventsOf(happening).map(([type, object]) => eventOf(type, object)),
    remember: (events) => {
      for (const event of events) untaken.set(event.id, event);
    },
    forget: (eventId) => untaken.delete(eventId),
    send,
    resume: () => send([...untaken.values()]),
    deliver: (next) => {
      way = next;
    },
    status: () => {
      const { waiting, ...status } = sender.status();
      return { ...status, waiting: waiting + later.size };
    },
    stop: () => {
      for (const timer of later) clearTimeout(timer);
      later.clear();
      return sender.stop();
    },
  };
}

type Told = readonly (readonly [type: string, object: unknown])[];

function eventsOf(happening: Happening): Told {
  const { effect, intent } = happening;
  const charge = intent === null ? null : chargeOf(happening, intent);
  switch (effect.type) {
    case "authorized":
      return [
        ["payment_intent.created", effect.intent],
        ["charge.succeeded", charge],
        ["payment_intent.amount_capturable_updated", effect.intent],
      ];
    case "action_required":
      return [
        ["payment_intent.created", effect.intent],
        ["payment_intent.requires_action", effect.intent],
      ];
    case "confirmed":
      return [
        ["charge.succeeded", charge],
        ["payment_intent.amount_capturable_updated", effect.intent],
      ];
    case "declined":
      return [["payment_intent.payment_failed", effect.intent]];
    case "captured":
      return [
        ["charge.captured", charge],
        [
          effect.intent.status === "succeeded"
            ? "payment_intent.succeeded"
            : "payment_intent.amount_capturable_updated",
          effect.intent,
        ],
      ];
    case "canceled":
      return effect.intent.status === "succeeded"
        ? [["payment_intent.succeeded", effect.intent]]
        : [
            ["charge.expired", charge],
            ["payment_intent.canceled", effect.intent],
          ];
    case "refunded":
      return [
        ["refund.created", effect.refund],
        ["charge.refunded", charge],
        ["refund.updated", effect.refund],
      ];
    case "refund_failed":
      return [
        ["refund.updated", effect.refund],
        ["refund.failed", effect.refund],
      ];
    case "disputed":
      return [
        ["charge.dispute.created", effect.dispute],
        ["charge.dispute.funds_withdrawn", effect.dispute],
      ];
    case "dispute_closed":
      return [["charge.dispute.closed", effect.dispute]];
    default:
      return [];
  }
}

function chargeOf({ effect, refundedAmount }: Happening, intent: PaymentIntent): unknown {
  return {
    id: intent.latest_charge,
    object: "charge",
    amount: intent.amount,
    amount_captured: intent.amount_received,
    amount_refunded: refundedAmount,
    captured: intent.amount_received > 0,
    created: intent.created,
    currency: intent.currency,
    customer: null,
    description: intent.description,
    disputed: "dispute" in effect,
    livemode: false,
    metadata: intent.metadata,
    paid: true,
    payment_intent: intent.id,
    payment_method: intent.payment_method,
    refunded: refundedAmount > 0 && refundedAmount === intent.amount_received,
    status: "succeeded",
  };
}

function eventOf(type: string, object: unknown): StripeEvent {
  return {
    id: `evt_3${randomBytes(12).toString("hex")}`,
    object: "event",
    api_version: API_VERSION,
    created: Math.floor(Date.now() / 1_000),
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
}
