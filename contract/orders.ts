/** Orders: the answer to a capture, the list, the whole order page, and its timeline. */
import Type from "typebox";
import {
  FULFILLERS,
  FULFILLMENT_STATUSES,
  LINE_KINDS,
  ORDER_STATUSES,
  type OrderDocument,
  PAYMENT_STATUSES,
  PAYMENT_TRANSACTION_TYPES,
} from "../orders/order.ts";
import { COMPLETION_CODES, type CompletionCode } from "../orders/payment/order-completion.ts";
import {
  DoneElsewhereView,
  FulfillmentOrderView,
  HoldCodeName,
  HoldReasons,
  ShipmentView,
} from "./fulfillment.ts";
import { ReturnSummary } from "./returns.ts";
import { OwnHoldCode } from "./settings/hold-reasons.ts";
import { Count, closed, Day, Done, Id, Nullable, oneOf, type Shape, Text, Time, text } from "./shapes.ts";

/** The answer to one captured order, over every transport. */
export const CaptureResult = Type.Object({
  /** Holdfast's order id; null where nothing was captured. */
  order: Nullable(Text),
  channel: Text,
  externalId: Nullable(Text),
  /** `ignored`: no order, and nothing to be done or sent again. */
  outcome: oneOf(["accepted", "duplicate", "held", "ignored", "refused"]),
  lines: Type.Array(Type.Object({ lineId: Text, sku: Nullable(Text), channelSku: Text, quantity: Count })),
  /** Calendar days. */
  promise: Nullable(Type.Object({ shipBy: Text, deliverBy: Text })),
  holdReasons: Type.Optional(HoldReasons),
  /** Only where refused or ignored. */
  code: Type.Optional(Text),
  detail: Type.Optional(Text),
});
export type CaptureResult = Shape<typeof CaptureResult>;

/** Sends a notice again; `notice` is its key in the order's `notices`. */
export const ResendNoticeBody = Type.Object({ notice: text(300) }, closed);

/** Puts an order on hold, in addition to what holds it already. One of the two is needed. */
export const HoldOrderBody = Type.Object(
  {
    /** Default: the label of the company's own reason. */
    reason: Type.Optional(text(500)),
    /** The company's own reason, by its code. */
    ownReason: Type.Optional(OwnHoldCode),
  },
  closed,
);
export const HoldPut = Type.Object({ ...Done.properties, holdId: Text });
/** `holdReasons` are those that are left; with none the order goes on. */
export const HoldReleased = Type.Object({ ...Done.properties, holdReasons: HoldReasons });

/**
 * Clears holds that a person may clear: those of `codes`, or those with these ids; without both, all of them.
 */
export const ReleaseHoldBody = Type.Object(
  {
    codes: Type.Optional(Type.Array(HoldCodeName, { minItems: 1, maxItems: 30 })),
    ids: Type.Optional(Type.Array(text(64), { minItems: 1, maxItems: 30 })),
  },
  closed,
);

/** The payment provider's token; a card number has no letters, and is turned away at the door. */
export const PaymentMethodBody = Type.Object(
  { paymentMethod: Type.String({ maxLength: 200, pattern: "^[A-Za-z][A-Za-z0-9_-]*$" }) },
  closed,
);

/** What was taken on delivery, in all. */
export const CashBody = Type.Object({ takenMinor: Count, note: Type.Optional(text(500)) }, closed);

export const OrderSummary = Type.Object({
  id: Text,
  channelId: Text,
  externalNumber: Text,
  status: Text,
  paymentStatus: Text,
  fulfillmentStatus: Text,
  returnStatus: Text,
  holdReasons: HoldReasons,
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
export type OrderSummary = Shape<typeof OrderSummary>;

/** In which order orders are listed; a minus is for descending. Without a day to ship by they come last. */
export const ORDER_SORTS = [
  "-captured",
  "captured",
  "-updated",
  "updated",
  "ship-by",
  "-total",
  "total",
] as const;
export type OrderSort = (typeof ORDER_SORTS)[number];

/** Which orders are listed, or exported. */
export const OrderFilterQuery = {
  status: Type.Optional(oneOf(ORDER_STATUSES)),
  fulfillment: Type.Optional(oneOf(FULFILLMENT_STATUSES)),
  payment: Type.Optional(oneOf(PAYMENT_STATUSES)),
  channel: Type.Optional(Id),
  /** A place that has, or had, something of the order to send. */
  location: Type.Optional(Id),
  /** A hold's code, or that of the company's own reason. */
  hold: Type.Optional(text(64)),
  tag: Type.Optional(text(64)),
  /** `key:value` of one of the company's own fields of orders that is not personal data. */
  field: Type.Optional(
    Type.String({
      maxLength: 1_100,
      pattern: "^[a-z][a-z0-9_]{0,49}:[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]+$",
    }),
  ),
  /** First and last day of capture, in the company's time zone. */
  from: Type.Optional(Day),
  to: Type.Optional(Day),
  /**
   * A part of the order's id or number or of the customer's name, the beginning of a SKU, or a whole tracking
   * number, GTIN, serial or number of a return. With `personal-data.read` also a part of the e-mail address,
   * a telephone number or a postcode.
   */
  q: Type.Optional(text(100)),
  sort: Type.Optional(oneOf(ORDER_SORTS)),
  /** `true`: of the orders that are archived, and of no others. */
  archived: Type.Optional(oneOf(["true", "false"])),
};

export const OrderLineView = Type.Object({
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
  /** Units that can be announced for return now. */
  returnable: Count,
  unitPriceMinor: Count,
  discountMinor: Count,
  taxMinor: Count,
  /** What the line bears of the order's discount and duties, with its own charges; may be negative. */
  shareMinor: Type.Integer(),
  kind: oneOf(LINE_KINDS),
  fulfilledBy: oneOf(FULFILLERS),
  /** Units that the marketplace, another provider or the shop itself has handed over. */
  fulfilledElsewhere: Count,
  /** What the customer ordered, of a line that is sent in its place. */
  substituteFor: Nullable(Type.Object({ lineId: Text, sku: Nullable(Text), title: Text })),
});
export type OrderLineView = Shape<typeof OrderLineView>;

/** Amounts in ISO 4217 minor units, unlike those of the lines. */
const PaymentView = Type.Object({
  provider: Text,
  reference: Text,
  status: Text,
  currency: Text,
  authorizedMinor: Count,
  capturedMinor: Count,
  refundedMinor: Count,
  authorizations: Type.Array(
    Type.Object({
      key: Text,
      reference: Text,
      state: oneOf(["open", "captured", "released", "expired"]),
      amountMinor: Count,
      capturedMinor: Count,
      refundedMinor: Count,
    }),
  ),
  /** What the customer's bank has taken back, or asks back. */
  disputes: Type.Array(
    Type.Object({
      reference: Text,
      status: oneOf(["open", "won", "lost", "refunded"]),
      amountMinor: Count,
      /** In the provider's words. */
      reason: Text,
      /** Until when the shop may answer. */
      respondBy: Nullable(Time),
      openedAt: Time,
    }),
  ),
  transactions: Type.Array(
    Type.Object({
      key: Text,
      type: oneOf(PAYMENT_TRANSACTION_TYPES),
      /** A correction of cash may be negative. */
      amountMinor: Type.Integer(),
      status: Text,
      at: Time,
    }),
  ),
});

/**
 * The order's sums as its document has them, in units of its exponent: `lines + shipping + charges + taxes -
 * discounts = sum`; and what it costs as it is now, in ISO 4217 minor units.
 */
const AmountsView = Type.Object({
  /** Of the sums from `lines` to `total`. What ends in `Minor` is in ISO 4217 minor units of the currency. */
  exponent: Count,
  lines: Type.Integer(),
  shipping: Type.Integer(),
  charges: Type.Integer(),
  /** On top of the prices. */
  taxes: Type.Integer(),
  discounts: Type.Integer(),
  sum: Type.Integer(),
  /** As the order states it. */
  total: Type.Integer(),
  /** Without what was cancelled. */
  costMinor: Count,
  /** Of it, what was handed over. */
  earnedMinor: Count,
  /** Paid, by whatever means, before refunds. */
  paidMinor: Count,
  /** Still to be paid. */
  dueMinor: Count,
});

const MissingView = Type.Object({
  code: oneOf(Object.keys(COMPLETION_CODES) as CompletionCode[]),
  detail: Text,
});

const CompletionView = Type.Object({ done: Type.Boolean(), waitsFor: Type.Array(MissingView) });

/** A completed order whose units or money do not agree. */
export const EndedWrong = Type.Object({ order: Text, missing: Type.Array(MissingView) });
export type EndedWrong = Shape<typeof EndedWrong>;

export const EndedOrdersAudit = Type.Object({
  /** Completed orders that were looked at. */
  checked: Count,
  wrong: Type.Array(EndedWrong),
  /** Where to go on; null: that were all. */
  next: Nullable(Text),
});
export type EndedOrdersAudit = Shape<typeof EndedOrdersAudit>;

export const OrderView = Type.Object({
  summary: OrderSummary,
  document: Type.Unsafe<OrderDocument>(
    Type.Object({}, { description: "The order as captured; amounts are {minor, currency, exponent}." }),
  ),
  lines: Type.Array(OrderLineView),
  /** Sentences on where the order was placed and why. */
  sourcing: Type.Array(Text),
  fulfillmentOrders: Type.Array(FulfillmentOrderView),
  shipments: Type.Array(ShipmentView),
  /** What somebody else has handed over, oldest first. */
  doneElsewhere: Type.Array(DoneElsewhereView),
  amounts: AmountsView,
  payment: Nullable(PaymentView),
  /** Whether everything is handed over and the money agrees; else what is missing. */
  completion: CompletionView,
  returns: Type.Array(ReturnSummary),
  /** Mails to the shopper, in the order that they were sent. */
  notices: Type.Array(Type.Object({ key: Text, kind: Text, recipient: Text, subject: Text, sentAt: Time })),
  supportedActions: Type.Array(oneOf(["cancel", "hold", "release_hold"])),
});
export type OrderView = Shape<typeof OrderView>;

/** A secret: the shopper's page asks for no login. */
export const TrackingLink = Type.Object({ url: Text });
export type TrackingLink = Shape<typeof TrackingLink>;

/** One revision of an order: its document, who made it and when, and what was changed. */
export const OrderRevisionView = Type.Object({
  revision: Count,
  document: Type.Unsafe<OrderDocument>(Type.Object({})),
  /** `capture` for the first one. */
  by: Text,
  at: Time,
  changes: Type.Array(
    Type.Object({
      what: Text,
      lineId: Type.Optional(Text),
      from: Type.Optional(Type.Unknown()),
      to: Type.Optional(Type.Unknown()),
    }),
  ),
});
export type OrderRevisionView = Shape<typeof OrderRevisionView>;

export const TimelineEntry = Type.Object({
  key: Text,
  /** Dotted, lower case, past tense: `order.captured`, `payment.authorized`, `shipment.delivered`. */
  type: Text,
  summary: Text,
  /** Who or what made it: `channel:shopify`, `saga:authorize-payment`, `device:robot-3`, `staff:…`. */
  cause: Text,
  data: Type.Record(Type.String(), Type.Unknown()),
  at: Time,
});
export type TimelineEntry = Shape<typeof TimelineEntry>;

/** An entry of any order's timeline. */
export const OrderEvent = Type.Object({
  ...TimelineEntry.properties,
  orderId: Text,
  channelId: Text,
  /** The order's, now. */
  status: Text,
});

/** The store where the customer collects the order. */
export const PickupPlaceBody = Type.Object({ locationId: Id }, closed);
export type PickupPlaceBody = Shape<typeof PickupPlaceBody>;
