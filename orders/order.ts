/**
 * The order as captured: what was bought, by whom, where it goes and why it may have to wait.
 *
 * The captured document never changes; what moves afterwards lives beside it: the ledger of each
 * line (`line-ledger.ts`) and the four status axes that roll up from it.
 */
import type { Address } from "./address.ts";
import type { Money } from "./money.ts";

/** Life of the whole order. */
export type OrderStatus = "open" | "on_hold" | "completed" | "cancelled";

export type PaymentStatus =
  | "pending"
  | "authorized"
  | "partially_paid"
  | "paid"
  | "partially_refunded"
  | "refunded"
  | "voided"
  | "failed"
  | "paid_at_channel";

export type FulfillmentStatus =
  | "unfulfilled"
  | "in_progress"
  | "partially_fulfilled"
  | "fulfilled"
  | "partially_delivered"
  | "delivered"
  | "cancelled";

export type ReturnStatus = "none" | "requested" | "in_progress" | "partially_returned" | "returned";

/**
 * What of an order is reserved where stock does not cover it; `engine/allocator-client.ts` says what each one
 * means.
 */
export const ALLOCATION_POLICIES = [
  "all_or_nothing",
  "line_by_line",
  "ship_available",
  "ship_available_backorder_rest",
] as const;

export type AllocationPolicy = (typeof ALLOCATION_POLICIES)[number];

/** Why an order waits for a person. Codes are stable. */
export const HOLD_CODES = {
  unknown_sku: "A line's SKU is not in the catalog: map it or create the product.",
  insufficient_stock: "Stock does not cover the order: it goes on when stock arrives.",
  backordered: "Units of the order wait for the next stock, in their turn: it goes on when it has them all.",
  lines_missing: "The channel has sent the order without its lines.",
  address_missing: "The order has no usable shipping address.",
  cancelled_at_channel: "The channel says that the order is cancelled.",
  fulfilled_at_channel: "The channel says that the order is already fulfilled.",
  payment_pending: "The channel says that the payment is still pending.",
  payment_failed: "The payment was declined.",
  floor_exception: "The warehouse could not finish the order.",
} as const;

export type HoldCode = keyof typeof HOLD_CODES;

export type HoldReason = {
  readonly code: HoldCode;
  /** One sentence with the facts, e.g. which SKU on which line. */
  readonly detail: string;
};

export type OrderLine = {
  /** Unique within the order: `1`, `2`, … in the channel's order. */
  readonly lineId: string;
  readonly externalLineId: string;
  /** The catalog's SKU, or `null` as long as the channel's SKU is not mapped. */
  readonly sku: string | null;
  readonly channelSku: string;
  readonly title: string;
  readonly quantity: number;
  readonly unitPrice: Money;
  readonly discount: Money;
  readonly tax: Money;
  readonly taxes: readonly { readonly name: string; readonly amount: Money }[];
  readonly attributes: Readonly<Record<string, string>>;
};

/** When the customer was told to expect the goods. Dates are ISO 8601 calendar days. */
export type DeliveryPromise = {
  readonly shipBy: string;
  readonly deliverBy: string;
};

/** The immutable document that is stored with the order. */
export type OrderDocument = {
  /**
   * `<channel>-<external id>`: identity, order number and workflow id in one. Two captures of one order meet
   * in it.
   */
  readonly orderId: string;
  readonly companyId: string;
  readonly channelId: string;
  readonly externalId: string;
  readonly externalNumber: string;
  readonly externalIds: Readonly<Record<string, string>>;
  readonly placedAt: string;
  /** When the channel last changed it, as the channel says; absent where it does not. */
  readonly channelUpdatedAt?: string;
  readonly capturedAt: string;
  readonly currency: string;
  readonly lines: readonly OrderLine[];
  readonly shippingPrice: Money;
  readonly discount: Money;
  readonly tax: Money;
  readonly total: Money;
  readonly shippingAddress: Address | null;
  readonly billingAddress: Address | null;
  readonly customer: {
    readonly name: string;
    readonly email?: string;
    readonly phone?: string;
    readonly externalId?: string;
  };
  readonly shippingService: string;
  readonly paymentBy: "channel" | "merchant";
  /** The payment provider's token of the means of payment, where the merchant charges; never card data. */
  readonly paymentMethod?: string;
  /** Prices contain the taxes; absent: taxes come on top. */
  readonly taxesIncluded?: true;
  /** What to reserve where stock does not cover the order; absent: all or nothing. */
  readonly allocation?: AllocationPolicy;
  readonly note?: string;
  /** What the channel says of the order beyond that; kept as text. */
  readonly attributes?: Readonly<Record<string, string>>;
};
