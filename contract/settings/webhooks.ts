/** Webhooks out: who is told what happens to orders, and what became of each message. */
import Type from "typebox";
import { Count, closed, Id, Nullable, oneOf, type Shape, Text, Time, text, Version } from "../shapes.ts";

const SubscriptionId = Type.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,62}$" });
const Address = Type.String({ minLength: 8, maxLength: 2_000, pattern: "^https?://[\\x21-\\x7e]+$" });
/** A type of timeline entries, or an area of them: `shipment.delivered`, `shipment.*`. */
const EventPattern = Type.String({ maxLength: 100, pattern: "^[a-z][a-z0-9_-]*(\\.[a-z0-9_-]+)*(\\.\\*)?$" });
const Events = Nullable(Type.Array(EventPattern, { minItems: 1, maxItems: 100, uniqueItems: true }));

export const WebhookSubscriptionView = Type.Object({
  id: Text,
  version: Count,
  name: Text,
  url: Text,
  /** Null: everything that happens to orders. */
  events: Nullable(Type.Array(Text)),
  /** Null: orders of every channel. */
  channel: Nullable(Text),
  active: Type.Boolean(),
  /** Null: only the newest secret counts. */
  formerSecretCountsUntil: Nullable(Time),
  /** Of the message that is to be delivered next; 0: it was not tried yet. */
  attempts: Count,
  /** When it is tried again; null: as soon as there is something. */
  dueAt: Nullable(Time),
  /** Messages that were put aside. */
  dead: Count,
  createdAt: Time,
});
export type WebhookSubscriptionView = Shape<typeof WebhookSubscriptionView>;

export const CreateWebhookBody = Type.Object(
  {
    id: SubscriptionId,
    name: Type.Optional(text(100)),
    url: Address,
    events: Type.Optional(Events),
    channel: Type.Optional(Nullable(Id)),
  },
  closed,
);
export type CreateWebhookBody = Shape<typeof CreateWebhookBody>;

/** What is left out stays as it is. */
export const ChangeWebhookBody = Type.Object(
  {
    version: Version,
    name: Type.Optional(text(100)),
    url: Type.Optional(Address),
    events: Type.Optional(Events),
    channel: Type.Optional(Nullable(Id)),
    active: Type.Optional(Type.Boolean()),
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

export const WebhookDeliveryView = Type.Object({
  messageId: Text,
  orderId: Text,
  type: Text,
  state: oneOf(DELIVERY_STATES),
  attempts: Count,
  httpStatus: Nullable(Count),
  /** What went wrong last. */
  problem: Nullable(Text),
  firstTriedAt: Time,
  lastTriedAt: Time,
});
export type WebhookDeliveryView = Shape<typeof WebhookDeliveryView>;

export const WebhookTried = Type.Object({
  delivered: Type.Boolean(),
  httpStatus: Nullable(Count),
  problem: Nullable(Text),
});
export type WebhookTried = Shape<typeof WebhookTried>;
