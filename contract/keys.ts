/**
 * API keys of connectors and integrators. A key's secret is in the answer that makes it and nowhere else; a
 * repeat of that request answers without it.
 */
import Type from "typebox";
import { Count, closed, Id, Nullable, oneOf, type Shape, Text, Time, text } from "./shapes.ts";

export const API_SCOPES = [
  "orders:write",
  "orders:read",
  "stock:read",
  "stock:write",
  "returns:write",
  "refunds:write",
  "admin",
] as const;
export type ApiScope = (typeof API_SCOPES)[number];

/** The longest that a replaced secret counts beside the new one: a month. */
const MOST_OVERLAP_MINUTES = 44_640;

export const KeyView = Type.Object({
  id: Text,
  name: Text,
  /** The only channel that it may send orders for and read orders of; null: every channel. */
  channel: Nullable(Text),
  scopes: Type.Array(oneOf(API_SCOPES)),
  /** `disabled` and `expired` keys are refused, for good. */
  state: oneOf(["active", "expired", "disabled"]),
  createdAt: Time,
  expiresAt: Nullable(Time),
  /** To a minute; null: never, or not since this is kept. */
  lastUsedAt: Nullable(Time),
  rotatedAt: Nullable(Time),
  /** The secret before the last rotation, as long as it counts. */
  previous: Nullable(Type.Object({ countsUntil: Time, lastUsedAt: Nullable(Time) })),
  version: Count,
});
export type KeyView = Shape<typeof KeyView>;

export const IssuedKey = Type.Object({
  key: KeyView,
  /** `hf_<id>_<secret>`, shown once; null: this is a repeat. */
  secret: Nullable(Text),
});
export type IssuedKey = Shape<typeof IssuedKey>;

export const CreateKeyBody = Type.Object(
  {
    name: text(100),
    scopes: Type.Array(oneOf(API_SCOPES), { minItems: 1, maxItems: API_SCOPES.length, uniqueItems: true }),
    channel: Type.Optional(Id),
    /** Left out: it counts until it is disabled. */
    expiresAt: Type.Optional(Time),
  },
  closed,
);
export type CreateKeyBody = Shape<typeof CreateKeyBody>;

export const RotateKeyBody = Type.Object(
  {
    /** How long the old secret counts beside the new one; 0: not at all. Left out: a day. */
    overlapMinutes: Type.Optional(Type.Integer({ minimum: 0, maximum: MOST_OVERLAP_MINUTES })),
  },
  closed,
);
export type RotateKeyBody = Shape<typeof RotateKeyBody>;
