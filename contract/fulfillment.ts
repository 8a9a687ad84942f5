/** What places have to ship, and the parcels that left them. */
import Type from "typebox";
import { PACKING_SLIPS_MOST } from "../config/limits.ts";
import { PACKING_CHECKS } from "../orders/fulfillment/packing-check.ts";
import {
  FLOOR_STAGES,
  FULFILLMENT_ORDER_ACTIONS,
  FULFILLMENT_ORDER_STATUSES,
} from "../orders/fulfillment-order.ts";
import { DELIVERY_METHODS, HOLD_CODES, type HoldCode } from "../orders/order.ts";
import { TRACKING_STATUSES } from "../ports/carriers.ts";
import {
  Count,
  closed,
  Day,
  Done,
  Id,
  Nullable,
  oneOf,
  pageOf,
  type Shape,
  Sku,
  Text,
  Time,
  text,
} from "./shapes.ts";
import { HoldId, Serials } from "./stock-commands.ts";

export const FulfillmentOrderStatusName = oneOf(FULFILLMENT_ORDER_STATUSES);
export const FloorStageName = oneOf(FLOOR_STAGES);

export const HoldCodeName = oneOf(Object.keys(HOLD_CODES) as HoldCode[]);

/** Why an order, or a part of it, waits. */
export const HoldReasons = Type.Array(
  Type.Object({
    code: HoldCodeName,
    detail: Text,
    /** Tells reasons of one code apart: a release may name it. */
    id: Type.Optional(Text),
    /** The fulfillment order that waits; absent: the whole order. */
    fulfillmentOrderId: Type.Optional(Text),
    by: Type.Optional(Text),
    /** The company's own reason, by its code, where it is one. */
    ownReason: Type.Optional(Text),
  }),
);

export const FulfillmentOrderView = Type.Object({
  id: Text,
  locationId: Text,
  locationName: Text,
  status: FulfillmentOrderStatusName,
  stage: FloorStageName,
  handlingUnit: Nullable(Text),
  /** Calendar day; of a scheduled one: when it begins. */
  releaseOn: Nullable(Text),
  /** What halts this fulfillment order, and not the whole of its order. */
  holdReasons: HoldReasons,
  /** Of other orders, in whose company it is to leave, or has left, in one parcel. */
  combinedWith: Type.Array(
    Type.Object({
      fulfillmentOrderId: Text,
      orderId: Text,
      orderNumber: Text,
      stage: FloorStageName,
      /** Its packing slip bears this as a code; without one, its own id. */
      handlingUnit: Nullable(Text),
    }),
  ),
  supportedActions: Type.Array(oneOf(FULFILLMENT_ORDER_ACTIONS)),
  lines: Type.Array(
    Type.Object({
      /** What a packer names. */
      holdId: Text,
      lineId: Text,
      sku: Text,
      quantity: Count,
      picked: Count,
      verified: Count,
      /** How whoever packs verifies its units; `null`: they have tags, or are taken as picked. */
      check: Nullable(oneOf(PACKING_CHECKS)),
    }),
  ),
});
export type FulfillmentOrderView = Shape<typeof FulfillmentOrderView>;
export type FulfillmentOrderActionName = FulfillmentOrderView["supportedActions"][number];

/** A fulfillment order on a place's list. */
export const WaitingFulfillmentOrder = Type.Object({
  ...FulfillmentOrderView.properties,
  orderId: Text,
  orderNumber: Text,
  /** Of the order: what whoever packs it has seen. */
  revision: Count,
  channelId: Text,
  createdAt: Time,
  // Its place in the floor's queue: the earliest is to be picked first.
  queueAt: Time,
  // Calendar day.
  shipBy: Nullable(Text),
  service: Text,
  customerName: Text,
  delivery: oneOf(DELIVERY_METHODS),
  // While the store keeps it for the customer.
  collection: Nullable(
    Type.Object({ readyAt: Time, until: Text, arrivedAt: Nullable(Time), arrivalNote: Nullable(Text) }),
  ),
});
export type WaitingFulfillmentOrder = Shape<typeof WaitingFulfillmentOrder>;

/** Units that somebody else has handed over. */
export const DoneElsewhereView = Type.Object({
  lines: Type.Array(Type.Object({ lineId: Text, quantity: Count })),
  carrier: Nullable(Text),
  trackingNumber: Nullable(Text),
  trackingUrl: Nullable(Text),
  by: Text,
  at: Time,
});

const Units = Type.Integer({ minimum: 1, maximum: 1_000_000 });
const LineUnits = Type.Array(Type.Object({ lineId: text(64), quantity: Units }, closed), {
  minItems: 1,
  maxItems: 1_000,
});

/** What the actions on a fulfillment order take. */
export const HoldPartBody = Type.Object({ reason: text(500) }, closed);
/** Without `holds`, all that hold it. */
export const ReleasePartBody = Type.Object(
  { holds: Type.Optional(Type.Array(text(64), { minItems: 1, maxItems: 30 })) },
  closed,
);
export const MovePartBody = Type.Object({ locationId: Id }, closed);
/** What gets a fulfillment order of its own. */
export const SplitPartBody = Type.Object({ lines: LineUnits }, closed);
/** What becomes part of it; without, all that can. */
export const MergePartsBody = Type.Object(
  { fulfillmentOrders: Type.Optional(Type.Array(text(160), { minItems: 1, maxItems: 100 })) },
  closed,
);
export const ReschedulePartBody = Type.Object({ releaseOn: Day }, closed);
export const NothingBody = Type.Object({}, closed);
export const FulfilledElsewhereBody = Type.Object(
  {
    carrier: Type.Optional(text(100)),
    trackingNumber: Type.Optional(text(100)),
    trackingUrl: Type.Optional(Type.String({ maxLength: 500, pattern: "^https?://[^\\s]+$" })),
  },
  closed,
);
export const CancelPartBody = Type.Object({ reason: text(500) }, closed);

/** `fulfillmentOrders`: those that the action has changed or made. */
export const PartChanged = Type.Object({ ...Done.properties, fulfillmentOrders: Type.Array(Text) });

/** Fulfillment orders of two orders or more that are to leave in one parcel. */
export const CombineBody = Type.Object(
  { fulfillmentOrders: Type.Array(text(160), { minItems: 2, maxItems: 20, uniqueItems: true }) },
  closed,
);
export const Combined = Type.Object({ ...Done.properties, combinedParcelId: Text });

/** What could leave in one parcel with a fulfillment order now. */
export const Combinable = pageOf(
  Type.Object({ fulfillmentOrderId: Text, orderId: Text, orderNumber: Text, service: Text }),
);
export type Combinable = Shape<typeof Combinable>;

/** As the scanner gives it: GS1 data may hold its separator. */
const Scan = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: "^[^\\u0000-\\u001c\\u001e-\\u001f\\u007f\\ud800-\\udfff]*$",
});

/** What a person picked and packed; without `lines`, all of it. */
export const PackBody = Type.Object(
  {
    /** Of the order, as whoever packs has seen it; another one is refused. Absent: whichever there is. */
    revision: Type.Optional(Type.Integer({ minimum: 1 })),
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
    // Of lines with a `check`: one code a unit, units by SKU, the weight of all that goes into the parcel.
    checked: Type.Optional(
      Type.Object(
        {
          scans: Type.Optional(Type.Array(Scan, { maxItems: 10_000 })),
          counts: Type.Optional(
            Type.Array(
              Type.Object({ sku: Sku, quantity: Type.Integer({ minimum: 0, maximum: 1_000_000 }) }, closed),
              { maxItems: 1_000 },
            ),
          ),
          grams: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000_000 })),
        },
        closed,
      ),
    ),
    // Why units are missing, see config/short-pick-reasons.ts.
    shortReason: Type.Optional(Type.String({ pattern: "^[a-z_]{1,32}$" })),
  },
  closed,
);
export type PackBody = Shape<typeof PackBody>;

/** Whose packing slips are printed: of these fulfillment orders, or of all of these orders that are not cancelled. */
export const PackingSlipsBody = Type.Object(
  {
    fulfillmentOrders: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: PACKING_SLIPS_MOST })),
    orders: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: PACKING_SLIPS_MOST })),
  },
  closed,
);
export type PackingSlipsBody = Shape<typeof PackingSlipsBody>;

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
