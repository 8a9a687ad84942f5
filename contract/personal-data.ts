/** Personal data of shoppers: found, exported, erased, and how long it is kept. */
import Type from "typebox";
import {
  Count,
  closed,
  Email,
  Id,
  Nullable,
  pageOf,
  type Shape,
  Text,
  Time,
  text,
  Version,
} from "./shapes.ts";

/** One of them: an e-mail address never goes into a URL, so all of these are bodies. */
export const PersonBody = Type.Union([
  Type.Object({ email: Email }, closed),
  Type.Object({ phone: text(40, 6) }, closed),
  /** Of the person who gave this order. */
  Type.Object({ order: Id }, closed),
]);
export type PersonBody = Shape<typeof PersonBody>;

export const PersonsOrders = Type.Object({
  orders: Type.Array(
    Type.Object({
      orderId: Text,
      orderNumber: Text,
      erasedAt: Nullable(Time),
      /**
       * Why it cannot be erased yet: `order_open`, `return_open`, `claim_open`, `refund_open`,
       * `dispute_open`, `store_credit_left`, `retention_runs`; null: it can, or it is.
       */
      neededFor: Nullable(Text),
      /** Of `retention_runs`: the first day on which it can be. */
      until: Nullable(Text),
    }),
  ),
});
export type PersonsOrders = Shape<typeof PersonsOrders>;

/** What is in it is said in docs/personal-data.md. */
export const PersonExport = Type.Object({
  exportedAt: Time,
  orders: Type.Array(Type.Unknown()),
  storeCredit: Type.Array(Type.Unknown()),
});
export type PersonExport = Shape<typeof PersonExport>;

export const ErasureView = Type.Object({
  id: Text,
  orders: Type.Array(Text),
  requestedBy: Text,
  requestedAt: Time,
  /** Null: it is under way. */
  doneAt: Nullable(Time),
  /** Of one that is under way: its orders that cannot be erased yet, and why, as in `PersonsOrders`. */
  waiting: Type.Array(Type.Object({ orderId: Text, neededFor: Nullable(Text), until: Nullable(Text) })),
});
export type ErasureView = Shape<typeof ErasureView>;

export const ErasureList = pageOf(ErasureView);

/** Ten years and a little: no law wants more of a shop. */
const DAYS = Nullable(Type.Integer({ minimum: 1, maximum: 4_000 }));

const RETENTION_FIELDS = {
  /** After its end an order has to be kept whole for so long, and nobody can have it erased. */
  keepWhole: DAYS,
  /** What the channel sent, after the order's end. */
  payloads: DAYS,
  /** Labels of parcels. */
  labels: DAYS,
  /** To whom mails went. */
  mails: DAYS,
  /** Everything that identifies the order's people, after its end. */
  persons: DAYS,
};

/** Days; null: as long as the order is kept. */
export const Retention = Type.Object({ version: Count, ...RETENTION_FIELDS });
export type Retention = Shape<typeof Retention>;

export const RetentionBody = Type.Object(
  { version: Version, ...Type.Partial(Type.Object(RETENTION_FIELDS)).properties },
  closed,
);
export type RetentionBody = Shape<typeof RetentionBody>;

/** Rows of each kind that are older than they are kept, or that were taken out. */
export const RetentionReport = Type.Object({ payloads: Count, labels: Count, mails: Count, persons: Count });
export type RetentionReport = Shape<typeof RetentionReport>;
