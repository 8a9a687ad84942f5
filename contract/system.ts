/** The start page's numbers, and whether the process is well. */
import Type from "typebox";
import { Count, oneOf, type Shape, Text, Time } from "./shapes.ts";

const OrdersAt = Type.Object({ at: Time, captured: Count, shipped: Count });

/** How far back a chart goes: 60 minutes, 24 hours, or 30 days of the company. */
export const OVERVIEW_RANGES = ["hour", "day", "month"] as const;
export type OverviewRange = (typeof OVERVIEW_RANGES)[number];

/** Orders captured and shipped in each minute, hour or day of a range, oldest first. */
export const Throughput = Type.Object({ range: oneOf(OVERVIEW_RANGES), points: Type.Array(OrdersAt) });
export type Throughput = Shape<typeof Throughput>;

/** Days are those of the company's time zone. */
export const Overview = Type.Object({
  ordersToday: Count,
  open: Count,
  onHold: Count,
  shippedToday: Count,
  deliveredToday: Count,
  returnsOpen: Count,
  devicesOnline: Count,
  devices: Count,
  /** The company's, in which today begins; IANA name. */
  timeZone: Text,
  /** The company's, in which a new price is meant; ISO 4217. */
  currency: Text,
  /** Orders captured and shipped in each of the last 60 minutes, oldest first. */
  perMinute: Type.Array(OrdersAt),
});
export type Overview = Shape<typeof Overview>;

export const Health = Type.Object({ status: Type.Literal("alive") });

export const Readiness = Type.Object({
  ready: Type.Boolean(),
  dependencies: Type.Array(Type.Object({ name: Text, ready: Type.Boolean(), detail: Type.Optional(Text) })),
});
