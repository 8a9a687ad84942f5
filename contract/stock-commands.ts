/**
 * Stock commands as they come from outside, and their outcomes. Their meaning is in `actors/commands.ts`;
 * here is which of them a caller may send, and within which bounds.
 */
import Type, { type TSchema } from "typebox";
import { DISPOSITIONS, type StockCommand, type StockOutcome } from "../actors/commands.ts";
import { MAX_SERIALS } from "../actors/rules/command-validity.ts";
import { MAX_STOCK_COMMANDS } from "../config/limits.ts";
import { Count, closed, Id, Name, oneOf, Quantity, Sku, Text, text } from "./shapes.ts";
import { buckets } from "./stock.ts";

export const HoldId = Type.String({ minLength: 1, maxLength: 200, pattern: "^[\\x20-\\x7e]*$" });
export const Serials = Type.Optional(Type.Array(Name, { maxItems: MAX_SERIALS }));
/** Milliseconds since 1970, up to the last that a `Date` can hold. */
const EpochMs = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 });
const Units = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });
const Reason = text(200);

const mutation = { commandId: Name, atMs: EpochMs, cause: text(200), sku: Sku, locationId: Id };

/** One schema a command type. It is found by `type`, without trying all. */
export const STOCK_COMMAND_SCHEMAS = {
  receive: Type.Object(
    {
      type: Type.Literal("receive"),
      ...mutation,
      quantity: Quantity,
      reference: Type.Optional(Name),
      lot: Type.Optional(Name),
      lotExpiresAtMs: Type.Optional(EpochMs),
      serials: Serials,
    },
    closed,
  ),
  expect: Type.Object(
    { type: Type.Literal("expect"), ...mutation, reference: Name, quantity: Quantity, dueAtMs: EpochMs },
    closed,
  ),
  "cancel-expected": Type.Object(
    { type: Type.Literal("cancel-expected"), ...mutation, reference: Name },
    closed,
  ),
  adjust: Type.Object(
    {
      type: Type.Literal("adjust"),
      ...mutation,
      delta: Type.Integer({ minimum: -1_000_000_000, maximum: 1_000_000_000 }),
      reason: Reason,
      unavailableReason: Type.Optional(Reason),
      expectedOnHand: Type.Optional(Type.Integer()),
      lot: Type.Optional(Name),
      lotExpiresAtMs: Type.Optional(EpochMs),
      serials: Serials,
    },
    closed,
  ),
  // Without `threshold`: the person who counts does not decide how much of a discrepancy needs approval.
  count: Type.Object(
    {
      type: Type.Literal("count"),
      ...mutation,
      countId: Name,
      counted: Units,
      reason: Reason,
      expectedOnHand: Type.Optional(Type.Integer()),
      lot: Type.Optional(Name),
      serials: Serials,
    },
    closed,
  ),
  "approve-count": Type.Object({ type: Type.Literal("approve-count"), ...mutation, countId: Name }, closed),
  "reject-count": Type.Object({ type: Type.Literal("reject-count"), ...mutation, countId: Name }, closed),
  "set-pool": Type.Object(
    {
      type: Type.Literal("set-pool"),
      ...mutation,
      pool: Name,
      kind: oneOf(["shared", "ring-fenced", "capped"]),
      units: Units,
    },
    closed,
  ),
  "set-tracking": Type.Object(
    { type: Type.Literal("set-tracking"), ...mutation, tracking: oneOf(["none", "lot", "serial"]) },
    closed,
  ),
  "transfer-out": Type.Object(
    {
      type: Type.Literal("transfer-out"),
      ...mutation,
      transferId: Name,
      toLocationId: Name,
      quantity: Quantity,
      dueAtMs: EpochMs,
      lot: Type.Optional(Name),
      serials: Serials,
    },
    closed,
  ),
  "transfer-in": Type.Object(
    {
      type: Type.Literal("transfer-in"),
      ...mutation,
      transferId: Name,
      quantity: Units,
      close: Type.Optional(Type.Boolean()),
      lot: Type.Optional(Name),
      serials: Serials,
    },
    closed,
  ),
  quarantine: Type.Object(
    {
      type: Type.Literal("quarantine"),
      ...mutation,
      quantity: Quantity,
      reason: Reason,
      lot: Type.Optional(Name),
      serials: Serials,
    },
    closed,
  ),
  "release-quarantine": Type.Object(
    {
      type: Type.Literal("release-quarantine"),
      ...mutation,
      quantity: Quantity,
      reason: Reason,
      lot: Type.Optional(Name),
      serials: Serials,
    },
    closed,
  ),
  "set-safety-stock": Type.Object(
    {
      type: Type.Literal("set-safety-stock"),
      ...mutation,
      quantity: Units,
    },
    closed,
  ),
  reserve: Type.Object(
    {
      type: Type.Literal("reserve"),
      ...mutation,
      holdId: HoldId,
      quantity: Quantity,
      expiresAtMs: EpochMs,
      pool: Type.Optional(Name),
    },
    closed,
  ),
  claim: Type.Object(
    {
      type: Type.Literal("claim"),
      ...mutation,
      lane: Name,
      number: Type.Integer({ minimum: 1, maximum: 4_294_967_295 }),
      holdId: HoldId,
      orderId: Type.Optional(Name),
      lineId: Type.Optional(Name),
    },
    closed,
  ),
  extend: Type.Object(
    { type: Type.Literal("extend"), ...mutation, holdId: HoldId, expiresAtMs: EpochMs },
    closed,
  ),
  release: Type.Object(
    { type: Type.Literal("release"), ...mutation, holdId: HoldId, quantity: Type.Optional(Quantity) },
    closed,
  ),
  allocate: Type.Object({ type: Type.Literal("allocate"), ...mutation, holdId: HoldId }, closed),
  deallocate: Type.Object(
    {
      type: Type.Literal("deallocate"),
      ...mutation,
      holdId: HoldId,
      quantity: Type.Optional(Quantity),
      of: Type.Optional(Type.Literal("picked")),
      serials: Serials,
    },
    closed,
  ),
  pick: Type.Object(
    { type: Type.Literal("pick"), ...mutation, holdId: HoldId, quantity: Quantity, serials: Serials },
    closed,
  ),
  "short-pick": Type.Object(
    {
      type: Type.Literal("short-pick"),
      ...mutation,
      holdId: HoldId,
      missing: Quantity,
      reason: Reason,
      effect: oneOf(["none", "write-off", "quarantine"]),
      serials: Serials,
    },
    closed,
  ),
  ship: Type.Object(
    { type: Type.Literal("ship"), ...mutation, holdId: HoldId, quantity: Quantity, serials: Serials },
    closed,
  ),
  "return-receive": Type.Object(
    {
      type: Type.Literal("return-receive"),
      ...mutation,
      quantity: Quantity,
      disposition: oneOf(DISPOSITIONS),
      lot: Type.Optional(Name),
      lotExpiresAtMs: Type.Optional(EpochMs),
      serials: Serials,
    },
    closed,
  ),
  "enqueue-demand": Type.Object(
    {
      type: Type.Literal("enqueue-demand"),
      ...mutation,
      holdId: HoldId,
      orderId: Type.String({ maxLength: 128, pattern: "^[\\x20-\\x7e]*$" }),
      lineId: Type.String({ maxLength: 128, pattern: "^[\\x20-\\x7e]*$" }),
      quantity: Quantity,
      priority: Type.Integer({ minimum: -1_000_000_000, maximum: 1_000_000_000 }),
      kind: oneOf(["backorder", "pre-order"]),
      notBeforeMs: EpochMs,
      pool: Type.Optional(Name),
    },
    closed,
  ),
  "cancel-demand": Type.Object({ type: Type.Literal("cancel-demand"), ...mutation, holdId: HoldId }, closed),
  // `expire`, `expire-lot` and `open-demand` are missing: only a shard's own timer says that a time has come.
} satisfies Readonly<Partial<Record<StockCommand["type"], TSchema>>>;

export const StockCommands = Type.Object(
  {
    commands: Type.Array(Type.Union(Object.values(STOCK_COMMAND_SCHEMAS)), {
      minItems: 1,
      maxItems: MAX_STOCK_COMMANDS,
    }),
  },
  closed,
);

/** Of a command whose position cannot be: it reaches no position. */
export type UnknownPosition = {
  readonly status: "refused";
  readonly code: "unknown_sku" | "unknown_location";
  readonly detail: string;
};

/** What comes of one command from outside. */
export type StockAnswer = StockOutcome | UnknownPosition;

export const StockOutcomes = Type.Object({
  outcomes: Type.Array(
    Type.Union([
      Type.Object({
        status: Type.Literal("applied"),
        position: Type.Object({ ...buckets, availableToPromise: Count }),
      }),
      Type.Object({ status: Type.Literal("refused"), code: Text, detail: Text }),
    ]),
  ),
});
