/** What robots took from a shelf and no fulfillment order has. */
import Type from "typebox";
import { ADRIFT_CAUSES, LOAD_ENDINGS, LOAD_STATUSES } from "../orders/fulfillment/robot-load.ts";
import { Count, closed, Nullable, oneOf, type Shape, Text, Time } from "./shapes.ts";

/** Of a load that is or was adrift. */
export const FloorLoadStatus = oneOf(LOAD_STATUSES.filter((status) => status !== "carried"));

export const FloorLoad = Type.Object({
  id: Text,
  orderId: Text,
  /** For which it was taken. */
  fulfillmentOrderId: Text,
  locationId: Text,
  locationName: Text,
  deviceId: Nullable(Text),
  deviceName: Nullable(Text),
  handlingUnit: Nullable(Text),
  sku: Text,
  quantity: Count,
  /** That the robot has read. */
  serials: Type.Array(Text),
  cause: oneOf(ADRIFT_CAUSES),
  /**
   * Where a person looks for it: `on Robot 4`, `tote lost at conveyor-2`, `second tote of <fulfillment
   * order>`.
   */
  place: Text,
  status: FloorLoadStatus,
  /** Whether the stock counts the units as unavailable. */
  isSetApart: Type.Boolean(),
  /** Why it never will; `null`: it does, or will as soon as so many are free. */
  notSetApart: Nullable(Text),
  takenAt: Time,
  /** Since when it is adrift. */
  since: Time,
  settledBy: Nullable(Text),
  settledAt: Nullable(Time),
});
export type FloorLoad = Shape<typeof FloorLoad>;

/** `packed`: the units went into the parcel after all. */
export const SettleLoadBody = Type.Object({ as: oneOf(LOAD_ENDINGS) }, closed);
export type SettleLoadBody = Shape<typeof SettleLoadBody>;
