/** What places have to ship, and the parcels that left them. */
import Type from "typebox";
import {
  FLOOR_STAGES,
  FULFILLMENT_ORDER_ACTIONS,
  FULFILLMENT_ORDER_STATUSES,
} from "../orders/fulfillment-order.ts";
import { TRACKING_STATUSES } from "../ports/carriers.ts";
import { Count, closed, Done, Nullable, oneOf, type Shape, Text, Time, text } from "./shapes.ts";
import { HoldId, Serials } from "./stock-commands.ts";

export const FulfillmentOrderStatusName = oneOf(FULFILLMENT_ORDER_STATUSES);
export const FloorStageName = oneOf(FLOOR_STAGES);

export const FulfillmentOrderView = Type.Object({
  id: Text,
  locationId: Text,
  locationName: Text,
  status: FulfillmentOrderStatusName,
  stage: FloorStageName,
  handlingUnit: Nullable(Text),
  supportedActions: Type.Array(oneOf(FULFILLMENT_ORDER_ACTIONS)),
  lines: Type.Array(
    Type.Object({ lineId: Text, sku: Text, quantity: Count, picked: Count, verified: Count }),
  ),
});
export type FulfillmentOrderView = Shape<typeof FulfillmentOrderView>;

/** A fulfillment order on a place's list, with the hold ids that the packer confirms. */
export const WaitingFulfillmentOrder = Type.Object({
  id: Text,
  orderId: Text,
  locationId: Text,
  status: FulfillmentOrderStatusName,
  stage: FloorStageName,
  handlingUnit: Nullable(Text),
  lines: Type.Array(Type.Object({ holdId: Text, lineId: Text, sku: Text, quantity: Count, picked: Count })),
});
export type WaitingFulfillmentOrder = Shape<typeof WaitingFulfillmentOrder>;

/** What a person picked and packed; without `lines`, all of it. */
export const PackBody = Type.Object(
  {
    lines: Type.Optional(
      Type.Array(
        Type.Object(
          {
            holdId: HoldId,
            picked: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
            // For a SKU that is tracked by serial number: which
            // units were taken, and which of the rest are missing.
            serials: Serials,
            missingSerials: Serials,
          },
          closed,
        ),
        { minItems: 1, maxItems: 1_000 },
      ),
    ),
    // Why units are missing, see config/short-pick-reasons.ts.
    shortReason: Type.Optional(Type.String({ pattern: "^[a-z_]{1,32}$" })),
  },
  closed,
);
export type PackBody = Shape<typeof PackBody>;

/** What the customer shows in the store. */
export const CollectBody = Type.Object(
  {
    code: text(32),
    // Whether somebody looked at a document with the customer's name.
    idChecked: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type CollectBody = Shape<typeof CollectBody>;

/** `short`: units were missing; what was found is packed, and the rest comes from elsewhere. */
export const Packed = Type.Object({ ...Done.properties, short: Type.Boolean() });

export const TrackingStatusName = oneOf(TRACKING_STATUSES);

/** What the carrier said of a parcel, oldest first. */
export const ParcelReports = Type.Array(
  Type.Object({ status: TrackingStatusName, message: Text, place: Text, at: Time }),
);

export const ShipmentView = Type.Object({
  id: Text,
  carrier: Text,
  service: Text,
  trackingNumber: Text,
  trackingStatus: TrackingStatusName,
  costMinor: Count,
  currency: Text,
  shippedAt: Nullable(Time),
  deliveredAt: Nullable(Time),
  reports: ParcelReports,
});
export type ShipmentView = Shape<typeof ShipmentView>;
