/** Returns: what is asked for, what staff see of it and do about it, and the rules that decide. */
import Type from "typebox";
import {
  INSPECTION_RESULTS,
  RETURN_METHODS,
  RETURN_REASONS,
  RETURN_STATUSES,
} from "../orders/return-authorization.ts";
import { REFUND_WAYS } from "../orders/returns/refund-way.ts";
import { REASON_ANSWERS } from "../orders/returns/return-rules.ts";
import { ShipmentView } from "./fulfillment.ts";
import { Percent, RefundState } from "./refunds.ts";
import { CustomValuesView } from "./settings/custom-fields.ts";
import {
  AmountByCurrency,
  Count,
  closed,
  Id,
  Nullable,
  oneOf,
  Quantity,
  type Shape,
  Sku,
  Text,
  Time,
  text,
  Version,
} from "./shapes.ts";

const Remark = Type.String({ maxLength: 2_000, pattern: "^[^\\u0000\\ud800-\\udfff]*$" });

/** How a return pays out; absent: as it is, at first to the way the order was paid. */
const refundWay = {
  refundTo: Type.Optional(oneOf(REFUND_WAYS)),
  /** Staff only: we give the credit although a channel has the money, which it then keeps. */
  insteadOfChannel: Type.Optional(Type.Boolean()),
};

export const ReturnRequest = Type.Object(
  {
    lines: Type.Array(Type.Object({ lineId: Id, quantity: Quantity }, closed), {
      minItems: 1,
      maxItems: 1_000,
    }),
    reason: oneOf(RETURN_REASONS),
    comment: Type.Optional(Remark),
    /** Default: `label`. */
    method: Type.Optional(oneOf(RETURN_METHODS)),
    /** The store that the goods are brought to; by staff also another place that they are sent to. */
    locationId: Type.Optional(Id),
    ...refundWay,
  },
  closed,
);
export type ReturnRequest = Shape<typeof ReturnRequest>;

/** What was in a parcel that came; without `lines`, all that is awaited. */
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

/** `restock` is another word for `restocked`. */
const Disposition = oneOf([...INSPECTION_RESULTS, "restock"] as const);

/** What becomes of the units of a line; of all that wait, or of so many, with an Idempotency-Key. */
export const InspectReturnBody = Type.Object(
  {
    lines: Type.Array(
      Type.Object(
        {
          lineId: Id,
          disposition: Disposition,
          quantity: Type.Optional(Quantity),
          /** Where they go. Default: where the return goes. */
          locationId: Type.Optional(Id),
          lot: Type.Optional(text(64)),
          lotExpiresAt: Type.Optional(Time),
          serials: Type.Optional(Type.Array(text(64), { minItems: 1, maxItems: 1_000 })),
        },
        closed,
      ),
      { minItems: 1, maxItems: 1_000 },
    ),
    note: Type.Optional(Remark),
    ...refundWay,
  },
  closed,
);
export type InspectReturnBody = Shape<typeof InspectReturnBody>;

export const ReasonedBody = Type.Object({ reason: Type.Optional(Remark) }, closed);
export const ApproveReturnBody = Type.Object({ reason: Type.Optional(Remark), ...refundWay }, closed);
export const DeclineReturnBody = Type.Object({ reason: text(500) }, closed);
export const ReopenInspectionBody = Type.Object({ inspectionId: Id, reason: Type.Optional(Remark) }, closed);

export const UnknownItemBody = Type.Object(
  {
    /** What was read or seen on it. */
    code: text(200),
    quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    note: Type.Optional(Remark),
  },
  closed,
);
export const AttachItemBody = Type.Object({ returnId: Id, lineId: Id }, closed);

export const UNKNOWN_ITEM_STATUSES = ["aside", "attached", "discarded"] as const;

export const UnknownItem = Type.Object({
  id: Text,
  /** With whose parcel it came. */
  returnId: Nullable(Text),
  code: Text,
  quantity: Count,
  note: Text,
  status: oneOf(UNKNOWN_ITEM_STATUSES),
  putAsideBy: Text,
  at: Time,
  attachedReturnId: Nullable(Text),
  attachedLineId: Nullable(Text),
});
export type UnknownItem = Shape<typeof UnknownItem>;

/** In which order returns are listed: by when they were asked for. */
export const RETURN_SORTS = ["-requested", "requested"] as const;
export type ReturnSort = (typeof RETURN_SORTS)[number];

export const ReturnSummary = Type.Object({
  id: Text,
  orderId: Text,
  orderNumber: Text,
  customerName: Text,
  status: oneOf(RETURN_STATUSES),
  reason: Text,
  method: oneOf(RETURN_METHODS),
  /** Whether a person has to approve or decline it. */
  waitsForPerson: Type.Boolean(),
  requestedAt: Time,
  refundMinor: Count,
  /** Who pays the refund, and how far that is; null: nothing was refunded. */
  refund: Nullable(RefundState),
  currency: Text,
  units: Count,
  /** The order that the customer gets in exchange; null: none. */
  exchangeOrderId: Nullable(Text),
});
export type ReturnSummary = Shape<typeof ReturnSummary>;

/** What an inspection found of some units; `kept`: the customer keeps them. */
const FoundResult = oneOf([...INSPECTION_RESULTS, "kept"] as const);

export const ReturnView = Type.Object({
  ...ReturnSummary.properties,
  comment: Text,
  requestedBy: Text,
  /** Why it was approved or declined, or what a person has to decide. */
  decision: Text,
  /** Where the goods go, where that was said. */
  locationId: Nullable(Text),
  /** How what is not refunded yet pays out, and what comes on top of store credit. */
  refundTo: oneOf(REFUND_WAYS),
  bonusPercent: Count,
  /** The company's own fields. */
  customFields: CustomValuesView,
  lines: Type.Array(
    Type.Object({
      lineId: Text,
      sku: Text,
      title: Text,
      /** What was ordered, where this was sent in its place. */
      insteadOf: Nullable(Text),
      gtin: Nullable(Text),
      requested: Count,
      received: Count,
      /** Will not come, or was missing; may come late. */
      dismissed: Count,
      awaited: Count,
      uninspected: Count,
      /** Where all inspected units have the same. */
      disposition: Nullable(FoundResult),
    }),
  ),
  inspections: Type.Array(
    Type.Object({
      id: Text,
      by: Text,
      at: Time,
      note: Text,
      reopenedAt: Nullable(Time),
      /** Its goods are in the stock, and what it brought is refunded. */
      settled: Type.Boolean(),
      pieces: Type.Array(
        Type.Object({
          lineId: Text,
          sku: Text,
          quantity: Count,
          disposition: FoundResult,
          locationId: Nullable(Text),
          serials: Type.Array(Text),
        }),
      ),
    }),
  ),
  unknownItems: Type.Array(UnknownItem),
  shipment: Nullable(ShipmentView),
});
export type ReturnView = Shape<typeof ReturnView>;

/** What a code is that was scanned at the desk. */
export const SCAN_KINDS = ["return", "tracking", "order", "item", "unknown"] as const;

export const ScanResult = Type.Object({
  code: Text,
  kind: oneOf(SCAN_KINDS),
  /** The one return that it leads to. */
  returnId: Nullable(Text),
  orderId: Nullable(Text),
  sku: Nullable(Text),
  serial: Nullable(Text),
  /** Returns that it may be about; those that await it first. */
  matches: Type.Array(
    Type.Object({
      returnId: Nullable(Text),
      orderId: Text,
      orderNumber: Text,
      customerName: Text,
      status: Nullable(Text),
      lineId: Nullable(Text),
      title: Nullable(Text),
      awaited: Count,
    }),
  ),
});
export type ScanResult = Shape<typeof ScanResult>;

function optionalAnswer() {
  return Type.Optional(oneOf(REASON_ANSWERS));
}

/** A channel's own rules; what is left out is as by default. */
export const ReturnRulesBody = Type.Object(
  {
    /** That this was made from; left out: it counts whatever somebody else has set since. */
    version: Type.Optional(Version),
    windowDays: Type.Optional(Type.Integer({ minimum: 0, maximum: 3_650 })),
    waitDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
    notReturnable: Type.Optional(Type.Array(Sku, { maxItems: 1_000 })),
    reasons: Type.Optional(
      Type.Object(
        Object.fromEntries(RETURN_REASONS.map((reason) => [reason, optionalAnswer()] as const)) as Record<
          (typeof RETURN_REASONS)[number],
          ReturnType<typeof optionalAnswer>
        >,
        closed,
      ),
    ),
    askAboveMinor: Type.Optional(AmountByCurrency),
    keepUpToMinor: Type.Optional(AmountByCurrency),
    askFromReturns: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 1_000 }))),
    methods: Type.Optional(Type.Array(oneOf(RETURN_METHODS), { minItems: 1, maxItems: 4 })),
    /** Whether shoppers may choose store credit. */
    offerStoreCredit: Type.Optional(Type.Boolean()),
    storeCreditBonusPercent: Type.Optional(Percent),
  },
  closed,
);

export const ReturnRulesView = Type.Object({
  version: Count,
  windowDays: Count,
  waitDays: Count,
  notReturnable: Type.Array(Text),
  reasons: Type.Record(Text, oneOf(REASON_ANSWERS)),
  askAboveMinor: Type.Record(Text, Count),
  keepUpToMinor: Type.Record(Text, Count),
  askFromReturns: Nullable(Count),
  methods: Type.Array(oneOf(RETURN_METHODS)),
  offerStoreCredit: Type.Boolean(),
  storeCreditBonusPercent: Count,
});
export type ReturnRulesView = Shape<typeof ReturnRulesView>;
