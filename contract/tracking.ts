/** What a shopper sees: no internal ids, no stock, nobody else's data. */
import Type from "typebox";
import { SHOPPER_STATUSES } from "../orders/order-status.ts";
import { ParcelReports, TrackingStatusName } from "./fulfillment.ts";
import { RefundState } from "./refunds.ts";
import { Count, Nullable, oneOf, type Shape, Text, Time } from "./shapes.ts";

export const TrackingView = Type.Object({
  orderNumber: Text,
  shopName: Text,
  status: oneOf(SHOPPER_STATUSES),
  placedAt: Time,
  deliverBy: Nullable(Text),
  shipTo: Nullable(Type.Object({ name: Text, city: Text, country: Text })),
  lines: Type.Array(
    Type.Object({
      lineId: Text,
      title: Text,
      ordered: Count,
      shipped: Count,
      delivered: Count,
      returnable: Count,
      unitPriceMinor: Count,
    }),
  ),
  currency: Text,
  exponent: Count,
  totalMinor: Count,
  parcels: Type.Array(
    Type.Object({ carrier: Text, trackingNumber: Text, status: TrackingStatusName, reports: ParcelReports }),
  ),
  returns: Type.Array(
    Type.Object({
      id: Text,
      status: Text,
      reason: Text,
      refundMinor: Count,
      refund: Nullable(RefundState),
      labelUrl: Nullable(Text),
    }),
  ),
  /** What goes back without a return. */
  refunds: Type.Array(RefundState),
});
export type TrackingView = Shape<typeof TrackingView>;
