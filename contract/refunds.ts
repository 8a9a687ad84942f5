/** Money after the sale: refunds, who pays them out, and what is left that could go back. */
import Type from "typebox";
import { GIFT_REASONS, REFUND_REASONS, REFUND_STATUSES } from "../orders/refund.ts";
import { Count, closed, Nullable, oneOf, type Shape, Text, Time, text } from "./shapes.ts";

/** No refund comes near; it keeps sums within exact integers. */
export const MinorAmount = Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 });

export const Percent = Type.Integer({ minimum: 0, maximum: 100 });

export const RefundView = Type.Object({
  id: Text,
  orderId: Text,
  orderNumber: Text,
  customerName: Text,
  channelId: Text,
  /** Who took the money that we did not take, and pays it back. */
  channelName: Text,
  reason: oneOf(REFUND_REASONS),
  status: oneOf(REFUND_STATUSES),
  currency: Text,
  exponent: Count,
  /** What it is for. */
  askedMinor: Count,
  /** What goes back: the parts below. */
  amountMinor: Count,
  paymentMinor: Count,
  storeCreditMinor: Count,
  channelMinor: Count,
  /** What paid for an order in exchange. */
  exchangeMinor: Count,
  /** What the channel has confirmed of its part. */
  confirmedMinor: Count,
  /** Store credit on top. */
  bonusMinor: Count,
  toStoreCredit: Type.Boolean(),
  note: Text,
  /** Why the payment provider declined it. */
  failure: Nullable(Text),
  returnId: Nullable(Text),
  claimId: Nullable(Text),
  requestedBy: Text,
  requestedAt: Time,
  settledAt: Nullable(Time),
  supportedActions: Type.Array(oneOf(["confirm", "retry", "withdraw"])),
});
export type RefundView = Shape<typeof RefundView>;

/** What came of money that goes back, and who pays it: as much as a shopper may know. */
export const RefundState = Type.Object({
  status: oneOf(REFUND_STATUSES),
  /** Who took the money that we did not take. */
  payer: Text,
  paymentMinor: Count,
  storeCreditMinor: Count,
  bonusMinor: Count,
  channelMinor: Count,
  confirmedMinor: Count,
  exchangeMinor: Count,
});
export type RefundState = Shape<typeof RefundState>;

/** All of an order's refunds, and what can still go back. */
export const OrderRefunds = Type.Object({
  orderId: Text,
  currency: Text,
  exponent: Count,
  /** What was paid and has not gone back. */
  leftMinor: Count,
  /** Smallest amount that the payment provider takes, in the currency's minor units. */
  stepMinor: Count,
  /** What the caller may give on this order today; null: no limit. */
  limit: Nullable(Type.Object({ role: Text, perDayMinor: Count, givenMinor: Count })),
  /** Whether the order names a customer who can hold store credit. */
  canHoldStoreCredit: Type.Boolean(),
  /** Store credit that was spent on the order. */
  storeCreditUsedMinor: Count,
  refunds: Type.Array(RefundView),
});
export type OrderRefunds = Shape<typeof OrderRefunds>;

export const RequestRefundBody = Type.Object(
  {
    amountMinor: MinorAmount,
    reason: oneOf(GIFT_REASONS),
    to: Type.Optional(oneOf(["original", "store_credit"])),
    bonusPercent: Type.Optional(Percent),
    note: Type.Optional(text(500)),
  },
  closed,
);

/** Without `amountMinor`, all that is still open. */
export const ConfirmRefundBody = Type.Object(
  { externalRefundId: text(200), amountMinor: Type.Optional(MinorAmount) },
  closed,
);

/** What the customer gets instead; prices contain the taxes. Without a price, the catalog's. */
export const ExchangeBody = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          sku: text(200),
          quantity: Type.Integer({ minimum: 1, maximum: 10_000 }),
          unitPriceMinor: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
        },
        closed,
      ),
      { minItems: 1, maxItems: 100 },
    ),
    /** The payment provider's token, for a difference. */
    paymentMethod: Type.Optional(Type.String({ maxLength: 200, pattern: "^[A-Za-z][A-Za-z0-9_-]*$" })),
  },
  closed,
);

export const Exchanged = Type.Object({ status: Type.Literal("done"), orderId: Text });
