/**
 * The audit log: who did what, from where, when, and what was there before and after. Entries are only added.
 * Each has the hash of the one before in its own, so that one that is altered, removed or put in later is
 * found.
 *
 * A1 No entry holds a secret: no password, key, token, or link that acts for a shopper.
 */
import Type from "typebox";
import { AUDIT_EXPORT_ROWS } from "../config/limits.ts";
import { Count, Id, Nullable, oneOf, type Shape, sortedPages, Text, Time, text } from "./shapes.ts";

/**
 * What is recorded, by its code. Those of `security` are lines of the log as well, with the code as the
 * line's `event`. A published code keeps its meaning.
 */
export const AUDIT_ACTS = {
  "session.opened": { security: true, meaning: "Somebody signed in." },
  "session.refused": { security: true, meaning: "A wrong e-mail address or password was given." },
  "session.slowed": { security: true, meaning: "An attempt to sign in came too soon after wrong ones." },
  "session.proved": { security: true, meaning: "Who is signed in proved again who they are." },
  "session.closed": { security: true, meaning: "Somebody signed out." },
  "session.ended": { security: false, meaning: "Sessions were ended by their owner or an administrator." },
  "password.refused": { security: true, meaning: "Who is signed in did not know the password or the code." },
  "passkey.refused": { security: true, meaning: "A passkey's answer was not taken." },
  "passkey.counter-fell": {
    security: true,
    meaning: "A passkey's counter has not gone on: there may be a copy of it.",
  },
  "single-sign-on.linked": {
    security: false,
    meaning: "A person was tied to the account of an identity provider by which they sign in.",
  },
  "single-sign-on.refused": {
    security: true,
    meaning: "An identity provider's answer was not taken, or led to nobody here.",
  },
  "password-link.asked": { security: true, meaning: "Somebody asked for a link to set a new password." },
  "access.unknown": {
    security: true,
    meaning: "A key or session was presented that is not, or no longer, valid.",
  },
  "access.denied": { security: true, meaning: "A known caller asked for what they may not do." },
  "webhook.refused": { security: true, meaning: "A webhook's signature did not match its body." },
  "setting.changed": {
    security: false,
    meaning: "A setting was changed, or a channel, place, person, key, role or device.",
  },
  "webhook.replayed": {
    security: false,
    meaning: "What happened in a range of time was asked to be told once more by webhook.",
  },
  "product.created": { security: false, meaning: "A product was added to the catalog." },
  "product.changed": { security: false, meaning: "A product's tagging, check or substitutes were changed." },
  "channel.told-again": {
    security: false,
    meaning: "A channel is to be told once more what it would not take.",
  },
  "channel.telling-dropped": {
    security: false,
    meaning: "A channel is not to be told something of an order.",
  },
  "channel.backfill-asked": {
    security: false,
    meaning: "Orders of a stretch of time are to be read at a channel once more.",
  },
  "channel.difference-accepted": {
    security: false,
    meaning: "A difference between a channel's books and ours is left as it is.",
  },
  "sku.mapped": { security: false, meaning: "A channel's SKU was mapped to one of ours." },
  "stock.commanded": {
    security: false,
    meaning:
      "A stock position was to be adjusted, counted, or ruled otherwise; its movements show the outcome.",
  },
  "tracking-link.shown": { security: false, meaning: "The link to a shopper's page was given out." },
  "personal-data.read": {
    security: false,
    meaning: "A member of staff looked at a person's address, phone or e-mail.",
  },
  "orders.exported": { security: false, meaning: "Orders were exported as a table." },
  "stock.exported": { security: false, meaning: "Movements of a stock position were exported as a table." },
  "data.import-started": { security: false, meaning: "An import was checked or run." },
  "data.imported": { security: false, meaning: "An import has come to its end; with what it booked." },
  "data.exported": {
    security: false,
    meaning: "Products, stock, locations, orders, customers or returns were exported as a table.",
  },
  "personal-data.exported": {
    security: false,
    meaning: "Everything that is stored of a shopper was exported.",
  },
  "personal-data.erasure-asked": {
    security: false,
    meaning: "A channel passed on that a shopper wants to be forgotten: their orders are on the list.",
  },
  "personal-data.erased": { security: false, meaning: "The personal data of a shopper's orders was erased." },
  "audit.exported": { security: false, meaning: "Entries of this log were exported." },
} as const satisfies Readonly<Record<string, { readonly security: boolean; readonly meaning: string }>>;
export type AuditAct = keyof typeof AUDIT_ACTS;

export const AuditEntry = Type.Object({
  /** From 1, without gaps. */
  position: Count,
  at: Time,
  /** `staff:<id>`, `api-key:<id>`, `channel:<id>`, `public`, … */
  by: Text,
  /** What the member of staff, or the key, is called now; null: it has no name. */
  byName: Nullable(Text),
  /** Of the caller; null: no request was behind it. */
  address: Nullable(Text),
  requestId: Nullable(Text),
  act: Text,
  /** What it was done to: `order:<id>`, `channel:<id>`, `stock:<sku>@<location>`, … */
  subject: Text,
  before: Type.Unknown(),
  after: Type.Unknown(),
  previousHash: Text,
  hash: Text,
});
export type AuditEntry = Shape<typeof AuditEntry>;

const AuditFilter = {
  by: Type.Optional(Id),
  act: Type.Optional(Id),
  subject: Type.Optional(text(300)),
  /** Part of who, what, on what, from where, or of what was there before or after. */
  q: Type.Optional(text(100)),
  from: Type.Optional(Time),
  to: Type.Optional(Time),
};

/** Newest first. */
export const AuditQuery = Type.Object({ ...AuditFilter, ...sortedPages("at") });

/** Oldest first, by position: the next part follows `after` the last position of this one. */
export const AuditExportQuery = Type.Object({
  ...AuditFilter,
  format: Type.Optional(oneOf(["jsonl", "csv"])),
  after: Type.Optional(Type.Integer({ minimum: 0 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: AUDIT_EXPORT_ROWS })),
});

export const AuditVerificationQuery = Type.Object({ after: Type.Optional(Type.Integer({ minimum: 0 })) });

export const AuditFault = Type.Object({
  position: Count,
  /** `altered`, `removed` or `inserted`. */
  kind: oneOf(["altered", "removed", "inserted"]),
  detail: Text,
});
export type AuditFault = Shape<typeof AuditFault>;

/** What was found in one part of the chain. */
export const AuditVerification = Type.Object({
  /** Entries that were looked at. */
  checked: Count,
  /** The last of them, and its hash: to be kept elsewhere, and held against the chain later. */
  position: Count,
  hash: Text,
  /** Nothing follows: the whole chain has been looked at. */
  done: Type.Boolean(),
  faults: Type.Array(AuditFault),
});
export type AuditVerification = Shape<typeof AuditVerification>;
