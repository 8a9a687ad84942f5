/** The start page's numbers, the devices, and whether the process is well. */
import Type from "typebox";
import { Count, Nullable, oneOf, type Shape, Text, Time } from "./shapes.ts";

export const DeviceView = Type.Object({
  id: Text,
  name: Text,
  kind: oneOf(["robot", "conveyor", "rfid_portal"]),
  protocol: Text,
  locationId: Text,
  connection: oneOf(["online", "offline", "broken"]),
  /** One phrase for a person: `picking shopify-123-F1`, `idle`, `diverting`. */
  activity: Text,
  state: Type.Record(Type.String(), Type.Unknown()),
  lastSeenAt: Nullable(Time),
});
export type DeviceView = Shape<typeof DeviceView>;

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
