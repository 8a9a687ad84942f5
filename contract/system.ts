/** The start page's numbers, and whether the process is well. */
import Type from "typebox";
import { Count, type Shape, Text, Time } from "./shapes.ts";

/** Days are UTC days. */
export const Overview = Type.Object({
  ordersToday: Count,
  open: Count,
  onHold: Count,
  shippedToday: Count,
  deliveredToday: Count,
  returnsOpen: Count,
  devicesOnline: Count,
  devices: Count,
  /** Orders captured and shipped in each of the last 60 minutes, oldest first. */
  perMinute: Type.Array(Type.Object({ at: Time, captured: Count, shipped: Count })),
});
export type Overview = Shape<typeof Overview>;

export const Health = Type.Object({ status: Type.Literal("alive") });

export const Readiness = Type.Object({
  ready: Type.Boolean(),
  dependencies: Type.Array(Type.Object({ name: Text, ready: Type.Boolean(), detail: Type.Optional(Text) })),
});
