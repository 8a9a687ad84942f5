/** Webhooks out: who is told what happens, what became of each message, and what is told once more. */
import Type from "typebox";
import {
  Count,
  closed,
  Id,
  Name,
  Nullable,
  oneOf,
  type Shape,
  Text,
  Time,
  text,
  Version,
} from "../shapes.ts";

const SubscriptionId = Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,62}$" });
const Address = Type.String({ minLength: 8, maxLength: 2_000, pattern: "^https?://[\\x21-\\x7e]+$" });
/** A type of events, or an area of them: `shipment.delivered`, `shipment.*`. */
const EventPattern = Type.String({ maxLength: 100, pattern: "^[a-z][a-z0-9_-]*(\\.[a-z0-9_-]+)*(\\.\\*)?$" });
const Events = Nullable(Type.Array(EventPattern, { minItems: 1, maxItems: 100, uniqueItems: true }));
const Locations = Nullable(Type.Array(Id, { minItems: 1, maxItems: 1_000, uniqueItems: true }));

export const WEBHOOK_ORDERINGS = ["none", "key"] as const;
export const PAUSE_REASONS = ["failing", "gone"] as const;

export const WebhookSubscriptionView = Type.Object({
  id: Text,
  version: Count,
  name: Text,
  url: Text,
  /** Null: everything that happens. */
  events: Nullable(Type.Array(Text)),
  /** Null: of every channel; else what is not of a channel is not told. */
  channel: Nullable(Text),
  /** Null: at every place; else of what happens at a place only what happens at one of these. */
  locations: Nullable(Type.Array(Text)),
  /**
   * `key`: messages about one order, product, place or device come one after the other, and one that is not
   * taken holds up those behind it. `none`: each comes as soon as it can.
   */
  ordering: oneOf(WEBHOOK_ORDERINGS),
  active: Type.Boolean(),
  /** Since when nothing is sent, because nothing was taken; null: it is not paused. */
  pausedAt: Nullable(Time),
  /** `failing`: nothing was taken for three days. `gone`: it answered 410. */
  pauseReason: Nullable(oneOf(PAUSE_REASONS)),
  /** Null: only the newest secret counts. */
  formerSecretCountsUntil: Nullable(Time),
  /** Tries in a row that were not taken, of any message. */
  attempts: Count,
  /** Since its last message that was taken; null: the last one was. */
  failingSince: Nullable(Time),
  /** When it is tried again; null: as soon as there is something. */
  dueAt: Nullable(Time),
  /** Messages that are tried again, or wait for one that is. */
  waiting: Count,
  /** Messages that were put aside. */
  dead: Count,
  createdAt: Time,
});
export type WebhookSubscriptionView = Shape<typeof WebhookSubscriptionView>;

const SETTABLE = {
  name: Type.Optional(text(100)),
  events: Type.Optional(Events),
  channel: Type.Optional(Nullable(Id)),
  locations: Type.Optional(Locations),
  ordering: Type.Optional(oneOf(WEBHOOK_ORDERINGS)),
};

/** `ordering` is `none` where it is left out. */
export const CreateWebhookBody = Type.Object({ id: SubscriptionId, url: Address, ...SETTABLE }, closed);
export type CreateWebhookBody = Shape<typeof CreateWebhookBody>;

/** What is left out stays as it is. `active: true` also ends a pause. */
export const ChangeWebhookBody = Type.Object(
  {
    version: Version,
    url: Type.Optional(Address),
    active: Type.Optional(Type.Boolean()),
    ...SETTABLE,
  },
  closed,
);
export type ChangeWebhookBody = Shape<typeof ChangeWebhookBody>;

/** How long the secret before signs beside the new one. Default: 24. */
export const RotateWebhookBody = Type.Object(
  { overlapHours: Type.Optional(Type.Integer({ minimum: 0, maximum: 720 })) },
  closed,
);

/** `secret`: in the answer that makes it, and nowhere else. */
export const IssuedWebhook = Type.Object({ webhook: WebhookSubscriptionView, secret: Nullable(Text) });
export type IssuedWebhook = Shape<typeof IssuedWebhook>;

export const DELIVERY_STATES = ["waiting", "delivered", "dead", "again"] as const;

/** One try to deliver a message. */
export const WebhookTry = Type.Object({
  at: Time,
  /** Null: there was no answer. */
  status: Nullable(Count),
  /** From the first byte of the request to the end of the answer, in milliseconds. */
  ms: Count,
  /** The first 256 bytes of the answer; null: it had none. */
  answer: Nullable(Text),
  problem: Nullable(Text),
});
export type WebhookTry = Shape<typeof WebhookTry>;

export const WebhookDeliveryView = Type.Object({
  messageId: Text,
  /** What it is about: an order, a SKU, a place, a device. */
  subject: Text,
  orderId: Nullable(Text),
  type: Text,
  /** `again`: somebody wants it sent once more. */
  state: oneOf(DELIVERY_STATES),
  attempts: Count,
  /** Of the last try. */
  httpStatus: Nullable(Count),
  /** What went wrong last. */
  problem: Nullable(Text),
  firstTriedAt: Time,
  lastTriedAt: Time,
  /** Null: at once, or as soon as those before it are taken. */
  dueAt: Nullable(Time),
  tries: Type.Array(WebhookTry),
});
export type WebhookDeliveryView = Shape<typeof WebhookDeliveryView>;

/** `type`: of which an example is sent. Default: `webhook.test`, which tells of nothing. */
export const TryWebhookBody = Type.Object({ type: Type.Optional(Name) }, closed);
export type TryWebhookBody = Shape<typeof TryWebhookBody>;

export const WebhookTried = Type.Object({
  delivered: Type.Boolean(),
  httpStatus: Nullable(Count),
  problem: Nullable(Text),
  ms: Count,
  answer: Nullable(Text),
});
export type WebhookTried = Shape<typeof WebhookTried>;

/** What happened from `from` up to `to` is told once more, under the same ids. `events`: only of these. */
export const ReplayWebhookBody = Type.Object({ from: Time, to: Time, events: Type.Optional(Events) }, closed);
export type ReplayWebhookBody = Shape<typeof ReplayWebhookBody>;

export const WebhookReplayView = Type.Object({
  id: Text,
  from: Time,
  to: Time,
  events: Nullable(Type.Array(Text)),
  state: oneOf(["running", "done", "cancelled"]),
  /** Messages found so far. */
  found: Count,
  askedBy: Text,
  createdAt: Time,
  doneAt: Nullable(Time),
});
export type WebhookReplayView = Shape<typeof WebhookReplayView>;
