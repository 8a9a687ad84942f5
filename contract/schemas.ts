/**
 * TypeBox schemas of what the API takes and gives. What comes in is checked against them and refused where it has a
 * field that is not known, because a misspelt field that is ignored is an order that goes wrong quietly. What goes out
 * is described by them in `/openapi.json`; the compiler holds them equal to the types of `api.ts` (`schemas.test.ts`).
 */
import Type, { type Static, type TSchema } from "typebox";
import { DISPOSITIONS, type StockCommand } from "../actors/commands.ts";
import { MAX_SERIALS } from "../actors/rules/command-validity.ts";
import { MAX_STOCK_COMMANDS, PAGE_MAX } from "../config/limits.ts";
import { HOLD_CODES, type HoldCode } from "../orders/order.ts";
import { RETURN_REASONS } from "../orders/return-authorization.ts";

const closed = { additionalProperties: false } as const;

/**
 * Printable text of a bounded length, without control characters and halves of surrogate pairs: PostgreSQL takes no NUL,
 * logs no line breaks, and UTF-8 no half, which would come back from the store as another text than was sent.
 */
export const text = (maxLength: number, minLength = 1) =>
  Type.String({ minLength, maxLength, pattern: "^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$" });

const oneOf = <const V extends string>(values: readonly V[]) =>
  Type.Unsafe<V>({ type: "string", enum: values });

export const Id = text(200);
export const Sku = text(200);
/** A quantity that one position can hold, see actors/. */
export const Quantity = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });

export const PageQuery = {
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_MAX })),
};

const mutation = {
  commandId: Type.String({ minLength: 1, maxLength: 128, pattern: "^[\\x20-\\x7e]*$" }),
  atMs: Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }),
  cause: text(200),
  sku: Sku,
  locationId: Id,
};
const holdId = Type.String({ minLength: 1, maxLength: 200, pattern: "^[\\x20-\\x7e]*$" });
const expiresAtMs = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 });
const reason = text(200);
const name = Type.String({ minLength: 1, maxLength: 128, pattern: "^[\\x20-\\x7e]*$" });
const time = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 });
const Units = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });
const lot = Type.Optional(name);
const lotExpiresAtMs = Type.Optional(time);
const serials = Type.Optional(Type.Array(name, { maxItems: MAX_SERIALS }));
const pool = Type.Optional(name);

/** One schema a command type, so that the one that applies is found by `type` and not by trying all. */
export const STOCK_COMMAND_SCHEMAS = {
  receive: Type.Object(
    {
      type: Type.Literal("receive"),
      ...mutation,
      quantity: Quantity,
      reference: Type.Optional(name),
      lot,
      lotExpiresAtMs,
      serials,
    },
    closed,
  ),
  expect: Type.Object(
    { type: Type.Literal("expect"), ...mutation, reference: name, quantity: Quantity, dueAtMs: time },
    closed,
  ),
  "cancel-expected": Type.Object(
    { type: Type.Literal("cancel-expected"), ...mutation, reference: name },
    closed,
  ),
  adjust: Type.Object(
    {
      type: Type.Literal("adjust"),
      ...mutation,
      delta: Type.Integer({ minimum: -1_000_000_000, maximum: 1_000_000_000 }),
      reason,
      unavailableReason: Type.Optional(reason),
      expectedOnHand: Type.Optional(Type.Integer()),
      lot,
      lotExpiresAtMs,
      serials,
    },
    closed,
  ),
  // Without `threshold`: how much of a discrepancy needs approval is not for whoever counted to say.
  count: Type.Object(
    {
      type: Type.Literal("count"),
      ...mutation,
      countId: name,
      counted: Units,
      reason,
      expectedOnHand: Type.Optional(Type.Integer()),
      lot,
      serials,
    },
    closed,
  ),
  "approve-count": Type.Object({ type: Type.Literal("approve-count"), ...mutation, countId: name }, closed),
  "reject-count": Type.Object({ type: Type.Literal("reject-count"), ...mutation, countId: name }, closed),
  "set-pool": Type.Object(
    {
      type: Type.Literal("set-pool"),
      ...mutation,
      pool: name,
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
      transferId: name,
      toLocationId: name,
      quantity: Quantity,
      dueAtMs: time,
      lot,
      serials,
    },
    closed,
  ),
  "transfer-in": Type.Object(
    {
      type: Type.Literal("transfer-in"),
      ...mutation,
      transferId: name,
      quantity: Units,
      close: Type.Optional(Type.Boolean()),
      lot,
      serials,
    },
    closed,
  ),
  quarantine: Type.Object(
    { type: Type.Literal("quarantine"), ...mutation, quantity: Quantity, reason, lot, serials },
    closed,
  ),
  "release-quarantine": Type.Object(
    { type: Type.Literal("release-quarantine"), ...mutation, quantity: Quantity, reason, lot, serials },
    closed,
  ),
  "set-safety-stock": Type.Object(
    {
      type: Type.Literal("set-safety-stock"),
      ...mutation,
      quantity: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
    },
    closed,
  ),
  reserve: Type.Object(
    { type: Type.Literal("reserve"), ...mutation, holdId, quantity: Quantity, expiresAtMs, pool },
    closed,
  ),
  claim: Type.Object(
    {
      type: Type.Literal("claim"),
      ...mutation,
      lane: name,
      number: Type.Integer({ minimum: 1, maximum: 4_294_967_295 }),
      holdId,
      orderId: Type.Optional(name),
      lineId: Type.Optional(name),
    },
    closed,
  ),
  extend: Type.Object({ type: Type.Literal("extend"), ...mutation, holdId, expiresAtMs }, closed),
  release: Type.Object(
    { type: Type.Literal("release"), ...mutation, holdId, quantity: Type.Optional(Quantity) },
    closed,
  ),
  allocate: Type.Object({ type: Type.Literal("allocate"), ...mutation, holdId }, closed),
  deallocate: Type.Object(
    { type: Type.Literal("deallocate"), ...mutation, holdId, quantity: Type.Optional(Quantity) },
    closed,
  ),
  pick: Type.Object({ type: Type.Literal("pick"), ...mutation, holdId, quantity: Quantity, serials }, closed),
  "short-pick": Type.Object(
    {
      type: Type.Literal("short-pick"),
      ...mutation,
      holdId,
      missing: Quantity,
      reason,
      effect: oneOf(["none", "write-off", "quarantine"]),
      serials,
    },
    closed,
  ),
  ship: Type.Object({ type: Type.Literal("ship"), ...mutation, holdId, quantity: Quantity, serials }, closed),
  "return-receive": Type.Object(
    {
      type: Type.Literal("return-receive"),
      ...mutation,
      quantity: Quantity,
      disposition: oneOf(DISPOSITIONS),
      lot,
      lotExpiresAtMs,
      serials,
    },
    closed,
  ),
  "enqueue-demand": Type.Object(
    {
      type: Type.Literal("enqueue-demand"),
      ...mutation,
      holdId,
      orderId: Type.String({ maxLength: 128, pattern: "^[\\x20-\\x7e]*$" }),
      lineId: Type.String({ maxLength: 128, pattern: "^[\\x20-\\x7e]*$" }),
      quantity: Quantity,
      priority: Type.Integer({ minimum: -1_000_000_000, maximum: 1_000_000_000 }),
      kind: oneOf(["backorder", "pre-order"]),
      notBeforeMs: time,
      pool,
    },
    closed,
  ),
  "cancel-demand": Type.Object({ type: Type.Literal("cancel-demand"), ...mutation, holdId }, closed),
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

export const Login = Type.Object(
  { email: text(320), password: Type.String({ minLength: 1, maxLength: 256 }) },
  closed,
);

export const CancelBody = Type.Object({ reason: text(500) }, closed);

export const ReleaseHoldBody = Type.Object(
  {
    codes: Type.Optional(
      Type.Array(oneOf(Object.keys(HOLD_CODES) as HoldCode[]), { minItems: 1, maxItems: 20 }),
    ),
  },
  closed,
);

export const ProductBody = Type.Object(
  {
    sku: Sku,
    name: text(500),
    weightGrams: Type.Integer({ minimum: 1, maximum: 10_000_000 }),
    lengthMm: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    widthMm: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    heightMm: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    priceMinor: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    currency: Type.String({ pattern: "^[A-Z]{3}$" }),
    hsCode: Type.String({ pattern: "^[0-9.]{4,14}$" }),
    originCountry: Type.String({ pattern: "^[A-Z]{2}$" }),
    gtin: Type.String({ pattern: "^[0-9]{8,14}$" }),
  },
  closed,
);

export const SkuMappingBody = Type.Object({ channel: Id, channelSku: Sku, sku: Sku }, closed);

export const ReceiveReturnBody = Type.Object(
  {
    lines: Type.Optional(
      Type.Array(
        Type.Object({ lineId: Id, quantity: Type.Integer({ minimum: 0, maximum: 1_000_000 }) }, closed),
        { minItems: 1, maxItems: 1_000 },
      ),
    ),
  },
  closed,
);

export const InspectReturnBody = Type.Object(
  {
    lines: Type.Array(
      Type.Object({ lineId: Id, disposition: oneOf(["restocked", "damaged", "missing"]) }, closed),
      { minItems: 1, maxItems: 1_000 },
    ),
  },
  closed,
);

export const PackBody = Type.Object(
  {
    lines: Type.Optional(
      Type.Array(
        Type.Object(
          {
            holdId,
            picked: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
            // For a SKU that is tracked by serial number: which units were taken, and which of the rest are missing.
            serials,
            missingSerials: serials,
          },
          closed,
        ),
        { minItems: 1, maxItems: 1_000 },
      ),
    ),
    // Why units are missing, see config/short-pick-effects.ts.
    shortReason: Type.Optional(Type.String({ pattern: "^[a-z_]{1,32}$" })),
  },
  closed,
);

export const ReturnRequestBody = Type.Object(
  {
    lines: Type.Array(Type.Object({ lineId: Id, quantity: Quantity }, closed), {
      minItems: 1,
      maxItems: 1_000,
    }),
    reason: oneOf(RETURN_REASONS),
    comment: Type.Optional(Type.String({ maxLength: 2_000, pattern: "^[^\\u0000\\ud800-\\udfff]*$" })),
  },
  closed,
);

// What goes out. Open objects: a client must not break when a later version adds a field.

const Time = Type.String({ format: "date-time" });
const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const Text = Type.String();
const Count = Type.Integer();

export const pageOf = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), next: Nullable(Type.String()) });

export const SessionReply = Type.Object({ staffId: Text, name: Text, email: Text, role: Text });

const HoldReasonReply = Type.Object({ code: oneOf(Object.keys(HOLD_CODES) as HoldCode[]), detail: Text });

export const CaptureReply = Type.Object({
  order: Nullable(Text),
  channel: Text,
  externalId: Nullable(Text),
  outcome: oneOf(["accepted", "duplicate", "held", "refused"]),
  lines: Type.Array(Type.Object({ lineId: Text, sku: Nullable(Text), channelSku: Text, quantity: Count })),
  promise: Nullable(Type.Object({ shipBy: Text, deliverBy: Text })),
  holdReasons: Type.Optional(Type.Array(HoldReasonReply)),
  code: Type.Optional(Text),
  detail: Type.Optional(Text),
});

export const OrderSummaryReply = Type.Object({
  id: Text,
  channelId: Text,
  externalNumber: Text,
  status: Text,
  paymentStatus: Text,
  fulfillmentStatus: Text,
  returnStatus: Text,
  holdReasons: Type.Array(HoldReasonReply),
  customerName: Text,
  currency: Text,
  totalMinor: Count,
  exponent: Count,
  unitCount: Count,
  placedAt: Time,
  capturedAt: Time,
  updatedAt: Time,
  shipBy: Nullable(Text),
  deliverBy: Nullable(Text),
});

export const TimelineEntryReply = Type.Object({
  key: Text,
  type: Text,
  summary: Text,
  cause: Text,
  data: Type.Record(Type.String(), Type.Unknown()),
  at: Time,
});

const FULFILLMENT_STATUS = [
  "open",
  "in_progress",
  "scheduled",
  "on_hold",
  "incomplete",
  "closed",
  "cancelled",
] as const;
const STAGE = [
  "waiting",
  "picking",
  "picked",
  "conveying",
  "verifying",
  "packed",
  "labelled",
  "shipped",
] as const;
export const FulfillmentStatusName = oneOf(FULFILLMENT_STATUS);
export const StageName = oneOf(STAGE);

const TrackingStatusName = oneOf([
  "pre_transit",
  "in_transit",
  "out_for_delivery",
  "available_for_pickup",
  "delivered",
  "return_to_sender",
  "failure",
  "unknown",
]);
const Reports = Type.Array(Type.Object({ status: TrackingStatusName, message: Text, place: Text, at: Time }));

const ShipmentReply = Type.Object({
  id: Text,
  carrier: Text,
  service: Text,
  trackingNumber: Text,
  trackingStatus: TrackingStatusName,
  costMinor: Count,
  currency: Text,
  shippedAt: Nullable(Time),
  deliveredAt: Nullable(Time),
  reports: Reports,
});

export const WaitingFulfillmentOrderReply = Type.Object({
  id: Text,
  orderId: Text,
  locationId: Text,
  status: FulfillmentStatusName,
  stage: StageName,
  handlingUnit: Nullable(Text),
  lines: Type.Array(Type.Object({ holdId: Text, lineId: Text, sku: Text, quantity: Count, picked: Count })),
});

const FulfillmentOrderReply = Type.Object({
  id: Text,
  locationId: Text,
  locationName: Text,
  status: FulfillmentStatusName,
  stage: StageName,
  handlingUnit: Nullable(Text),
  supportedActions: Type.Array(
    oneOf(["hold", "release_hold", "move", "cancel_fulfillment_order", "create_fulfillment"]),
  ),
  lines: Type.Array(
    Type.Object({ lineId: Text, sku: Text, quantity: Count, picked: Count, verified: Count }),
  ),
});

export const ReturnSummaryReply = Type.Object({
  id: Text,
  orderId: Text,
  status: Text,
  reason: Text,
  requestedAt: Time,
  refundMinor: Count,
  currency: Text,
  units: Count,
});

export const ReturnReply = Type.Object({
  ...ReturnSummaryReply.properties,
  comment: Text,
  lines: Type.Array(
    Type.Object({
      lineId: Text,
      sku: Text,
      title: Text,
      requested: Count,
      received: Count,
      disposition: Nullable(oneOf(["restocked", "damaged", "missing"])),
    }),
  ),
  shipment: Nullable(ShipmentReply),
});

export const OrderReply = Type.Object({
  summary: OrderSummaryReply,
  document: Type.Object(
    {},
    { description: "The order as captured; amounts are {minor, currency, exponent}." },
  ),
  lines: Type.Array(
    Type.Object({
      lineId: Text,
      sku: Nullable(Text),
      channelSku: Text,
      title: Text,
      ordered: Count,
      cancelled: Count,
      allocated: Count,
      fulfilled: Count,
      shipped: Count,
      delivered: Count,
      returnRequested: Count,
      returnReceived: Count,
      unitPriceMinor: Count,
      discountMinor: Count,
      taxMinor: Count,
    }),
  ),
  sourcing: Type.Array(Text),
  fulfillmentOrders: Type.Array(FulfillmentOrderReply),
  shipments: Type.Array(ShipmentReply),
  payment: Nullable(
    Type.Object({
      provider: Text,
      reference: Text,
      status: Text,
      currency: Text,
      authorizedMinor: Count,
      capturedMinor: Count,
      refundedMinor: Count,
      transactions: Type.Array(
        Type.Object({ key: Text, type: Text, amountMinor: Count, status: Text, at: Time }),
      ),
    }),
  ),
  returns: Type.Array(ReturnSummaryReply),
  trackingUrl: Text,
  supportedActions: Type.Array(oneOf(["cancel", "release_hold"])),
});

const buckets = {
  onHand: Count,
  reserved: Count,
  allocated: Count,
  picked: Count,
  unavailable: Count,
  safetyStock: Count,
  incoming: Count,
  fenced: Count,
};

export const StockRowReply = Type.Object({
  sku: Text,
  name: Text,
  locationId: Text,
  locationName: Text,
  ...buckets,
  availableToPromise: Count,
});

export const StockAvailabilityReply = Type.Object({
  sku: Text,
  available: Count,
  byLocation: Type.Array(Type.Object({ locationId: Text, available: Count })),
});

export const StockPromiseReply = Type.Object({ sku: Text, quantity: Count, promisedAt: Nullable(Time) });

export const StockExplanationReply = Type.Object({
  position: StockRowReply,
  movements: Type.Array(
    Type.Object({
      at: Time,
      kind: Text,
      ...buckets,
      holdId: Nullable(Text),
      cause: Text,
      reason: Nullable(Text),
      pool: Nullable(Text),
      lot: Nullable(Text),
      reference: Nullable(Text),
      onHandAfter: Count,
      availableAfter: Count,
    }),
  ),
  holds: Type.Array(
    Type.Object({ holdId: Text, state: Text, quantity: Count, expiresAt: Nullable(Time), cause: Text }),
  ),
  reconciles: Type.Boolean(),
});

export const StockOutcomesReply = Type.Object({
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

export const ProductReply = Type.Object({
  sku: Text,
  name: Text,
  weightGrams: Count,
  priceMinor: Count,
  currency: Text,
  hsCode: Text,
  originCountry: Text,
  gtin: Text,
  components: Type.Optional(Type.Array(Type.Object({ sku: Text, quantity: Count }))),
});

export const SkuMappingReply = Type.Object({ channel: Text, channelSku: Text, sku: Text });
export const UnmappedSkuReply = Type.Object({ channel: Text, channelSku: Text, title: Text, orders: Count });
export const LocationReply = Type.Object({ id: Text, name: Text, kind: Text, city: Text, country: Text });
export const ChannelReply = Type.Object({
  id: Text,
  name: Text,
  kind: Text,
  active: Type.Boolean(),
  onShortage: Text,
});

export const DeviceReply = Type.Object({
  id: Text,
  name: Text,
  kind: oneOf(["robot", "conveyor", "rfid_portal"]),
  protocol: Text,
  locationId: Text,
  connection: oneOf(["online", "offline", "broken"]),
  activity: Text,
  state: Type.Record(Type.String(), Type.Unknown()),
  lastSeenAt: Nullable(Time),
});

export const OverviewReply = Type.Object({
  ordersToday: Count,
  open: Count,
  onHold: Count,
  shippedToday: Count,
  deliveredToday: Count,
  returnsOpen: Count,
  devicesOnline: Count,
  devices: Count,
  perMinute: Type.Array(Type.Object({ at: Time, captured: Count, shipped: Count })),
});

export const TrackingReply = Type.Object({
  orderNumber: Text,
  shopName: Text,
  status: oneOf([
    "received",
    "on_hold",
    "preparing",
    "shipped",
    "out_for_delivery",
    "delivered",
    "cancelled",
  ]),
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
    Type.Object({ carrier: Text, trackingNumber: Text, status: TrackingStatusName, reports: Reports }),
  ),
  returns: Type.Array(
    Type.Object({ id: Text, status: Text, reason: Text, refundMinor: Count, labelUrl: Nullable(Text) }),
  ),
});

/** Answer of an action that has nothing to show but that it was done. */
export const DoneReply = Type.Object({ status: Type.Literal("done") });

export type Replies = {
  readonly session: Static<typeof SessionReply>;
  readonly capture: Static<typeof CaptureReply>;
  readonly orderSummary: Static<typeof OrderSummaryReply>;
  readonly order: Omit<Static<typeof OrderReply>, "document">;
  readonly timelineEntry: Static<typeof TimelineEntryReply>;
  readonly waitingFulfillmentOrder: Static<typeof WaitingFulfillmentOrderReply>;
  readonly return: Static<typeof ReturnReply>;
  readonly stockRow: Static<typeof StockRowReply>;
  readonly stockAvailability: Static<typeof StockAvailabilityReply>;
  readonly stockPromise: Static<typeof StockPromiseReply>;
  readonly stockExplanation: Static<typeof StockExplanationReply>;
  readonly product: Static<typeof ProductReply>;
  readonly skuMapping: Static<typeof SkuMappingReply>;
  readonly unmappedSku: Static<typeof UnmappedSkuReply>;
  readonly location: Static<typeof LocationReply>;
  readonly channel: Static<typeof ChannelReply>;
  readonly device: Static<typeof DeviceReply>;
  readonly overview: Static<typeof OverviewReply>;
  readonly tracking: Static<typeof TrackingReply>;
};
