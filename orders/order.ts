/**
 * The order: what was bought, by whom, where it goes and why it may have to wait.
 *
 * A document never changes: a change of the order makes the next revision of it. What moves lives beside it:
 * the ledger of each line (`line-ledger.ts`) and the four status axes that roll up from it.
 */
import type { Address } from "./address.ts";
import type { OwnFields } from "./custom-fields/custom-fields.ts";
import type { Money } from "./money.ts";

/** Life of the whole order. */
export const ORDER_STATUSES = ["open", "on_hold", "completed", "cancelled"] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

export const PAYMENT_STATUSES = [
  "pending",
  "authorized",
  "partially_paid",
  "paid",
  "partially_refunded",
  "refunded",
  "voided",
  "failed",
  "paid_at_channel",
  /** Cash on delivery: who brings the parcel takes the money. */
  "due_on_delivery",
] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

/** What moves money of an order. */
export const PAYMENT_TRANSACTION_TYPES = [
  "authorization",
  "capture",
  "void",
  "refund",
  /** Taken by somebody else for us, e.g. who brought the parcel; a correction may be negative. */
  "cash",
] as const;

export type PaymentTransactionType = (typeof PAYMENT_TRANSACTION_TYPES)[number];

export const FULFILLMENT_STATUSES = [
  "unfulfilled",
  "in_progress",
  "partially_fulfilled",
  "fulfilled",
  "partially_delivered",
  "delivered",
  "cancelled",
] as const;
export type FulfillmentStatus = (typeof FULFILLMENT_STATUSES)[number];

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

/** Who can clear a hold. `channel`: it clears by what the channel sends next. */
export const HOLD_OWNERS = ["catalog", "warehouse", "service", "finance", "channel", "nobody"] as const;

export type HoldOwner = (typeof HOLD_OWNERS)[number];

type HoldMeaning = { readonly owner: HoldOwner; readonly meaning: string };

/** Why an order waits, and who clears it. Codes are stable. `nobody`: it clears by itself. */
export const HOLD_CODES = {
  unknown_sku: {
    owner: "catalog",
    meaning: "A line's SKU is not in the catalog: map it or create the product.",
  },
  insufficient_stock: {
    owner: "warehouse",
    meaning: "Stock does not cover the order: it goes on when stock arrives.",
  },
  backordered: {
    owner: "nobody",
    meaning: "Units of the order wait for the next stock, in their turn: it goes on when it has them all.",
  },
  lines_missing: { owner: "channel", meaning: "The channel has sent the order without its lines." },
  address_missing: { owner: "service", meaning: "The order has no usable shipping address." },
  address_unusable: {
    owner: "service",
    meaning: "No parcel can be sent to the address as it is: correct it.",
  },
  email_unusable: {
    owner: "service",
    meaning: "No mail can be sent to the customer's e-mail address as it is.",
  },
  pickup_place_unknown: {
    owner: "service",
    meaning: "The customer collects the order, and it is not known in which store: say where.",
  },
  sum_mismatch: { owner: "finance", meaning: "The order's amounts do not add up to its total." },
  price_missing: { owner: "finance", meaning: "An amount that the order needs is not stated." },
  currency_unusable: { owner: "finance", meaning: "The order's currency is not an ISO 4217 currency." },
  quantity_unusable: { owner: "service", meaning: "A line orders something that is no count of units." },
  custom_field_unusable: {
    owner: "service",
    meaning: "A custom field of the order is missing, or came with a value that it cannot have: set it.",
  },
  payment_pending: { owner: "channel", meaning: "The channel says that the payment is still pending." },
  payment_missing: {
    owner: "service",
    meaning: "We are to charge the order, and it has no means of payment.",
  },
  payment_unconfirmed: {
    owner: "service",
    meaning: "The bank wants the shopper to confirm the payment, on the order's page.",
  },
  payment_failed: { owner: "finance", meaning: "The payment was declined." },
  payment_disputed: {
    owner: "finance",
    meaning: "The payment was disputed, refunded or taken back outside of Holdfast.",
  },
  cancelled_at_channel: { owner: "service", meaning: "The channel says that the order is cancelled." },
  refunded_at_channel: { owner: "service", meaning: "The channel has refunded some of the order." },
  changed_at_channel: {
    owner: "service",
    meaning: "The channel has changed the order, and the change cannot be applied as it is.",
  },
  held_at_channel: {
    owner: "channel",
    meaning: "The channel holds some of the order, or has given it to somebody else to send.",
  },
  fulfilled_at_channel: {
    owner: "service",
    meaning: "The channel says that the order is already fulfilled.",
  },
  partly_fulfilled_at_channel: {
    owner: "service",
    meaning: "The channel says that some of the order is already fulfilled.",
  },
  awaiting_return: {
    owner: "warehouse",
    meaning: "The order is in exchange for a return that has not come back yet: it goes on by itself.",
  },
  parcel_too_heavy: {
    owner: "warehouse",
    meaning:
      "One unit is heavier than any carrier takes: correct its weight, send it otherwise, or cancel it.",
  },
  floor_exception: { owner: "warehouse", meaning: "The warehouse could not finish the order." },
  held_by_rule: {
    owner: "service",
    meaning: "A rule of its channel has a person look at the order before it goes on.",
  },
  put_by_staff: { owner: "service", meaning: "A person has put the order on hold." },
} as const satisfies Readonly<Record<string, HoldMeaning>>;

export type HoldCode = keyof typeof HOLD_CODES;

export type HoldReason = {
  readonly code: HoldCode;
  /** One sentence with the facts, e.g. which SKU on which line. */
  readonly detail: string;
  /** Tells reasons of one code apart. */
  readonly id?: string;
  /** The fulfillment order that waits; absent: the whole order. */
  readonly fulfillmentOrderId?: string;
  /** Who has put it, where that was a person. */
  readonly by?: string;
  /** The company's own reason, by its code, where it is one. */
  readonly ownReason?: string;
};

/** What a line sells. Only goods are reserved, picked and posted. */
export const LINE_KINDS = ["goods", "digital", "gift_card", "service", "tip", "custom"] as const;

export type LineKind = (typeof LINE_KINDS)[number];

/** Who hands a line over: we, the marketplace, or another provider of the merchant's. */
export const FULFILLERS = ["us", "channel", "provider"] as const;

export type Fulfiller = (typeof FULFILLERS)[number];

/** What is charged beside the goods and their shipping. */
export const CHARGE_KINDS = ["fee", "handling", "gift_wrap", "duty", "tip"] as const;

/** An amount beside prices and shipping, of a line or of the order. */
export type Charge = {
  readonly kind: (typeof CHARGE_KINDS)[number];
  /** As the channel words it. Several charges may bear one name. */
  readonly name: string;
  /** Without tax, unless the order's prices contain it. */
  readonly amount: Money;
  readonly tax: Money;
};

/** How the customer gets the goods. */
export const DELIVERY_METHODS = ["parcel", "local_delivery", "pickup", "curbside"] as const;

export type Delivery = {
  readonly method: (typeof DELIVERY_METHODS)[number];
  /** Our location where the goods are collected; absent: not known yet, or a parcel. */
  readonly locationId?: string;
  /** The place as the channel names it. */
  readonly place?: string;
};

/** Largest orders seen at marketplaces have some 200 lines. */
export const MAX_LINES = 500;

export type OrderLine = OwnFields & {
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
  /** Absent: goods. */
  readonly kind?: LineKind;
  /** Absent: us. */
  readonly fulfilledBy?: Fulfiller;
  /** Of the whole line. */
  readonly charges?: readonly Charge[];
  /** Units that somebody had handed over when the order was captured. Absent: 0. */
  readonly fulfilledElsewhere?: number;
  /** Whether a substitute may be sent where no place has it. Absent: as the channel's setting says. */
  readonly allowSubstitutes?: boolean;
  /** The line that the customer ordered and in whose place this one is sent; absent: none. */
  readonly substituteFor?: string;
};

/** Whether we reserve, pick and post the line. */
export function isOurs(line: Pick<OrderLine, "kind" | "fulfilledBy">): boolean {
  return (line.kind ?? "goods") === "goods" && (line.fulfilledBy ?? "us") === "us";
}

/** When the customer was told to expect the goods. Dates are ISO 8601 calendar days. */
export type DeliveryPromise = {
  readonly shipBy: string;
  readonly deliverBy: string;
};

/** One revision of an order; never changed once it is stored. */
export type OrderDocument = OwnFields & {
  /** Absent: 1, as captured. */
  readonly revision?: number;
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
  /** Discount on the order that no line carries. */
  readonly discount: Money;
  /** Of the order; lines carry their own. */
  readonly charges?: readonly Charge[];
  /** All taxes: of lines, shipping and charges. */
  readonly tax: Money;
  /** Lines + shipping + charges + taxes on top - discounts; an order where that is not so is held. */
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
  /** Absent: a parcel. */
  readonly delivery?: Delivery;
  /** Calendar days, ISO 8601: asked for by the customer; not to leave before. */
  readonly deliverOn?: string;
  readonly releaseOn?: string;
  readonly tags?: readonly string[];
  /** Who takes the money; `on_delivery`: who brings the parcel. */
  readonly paymentBy: "channel" | "merchant" | "on_delivery";
  /** The payment provider's token of the means of payment, where the merchant charges; never card data. */
  readonly paymentMethod?: string;
  /**
   * Store credit that pays for the order before the payment provider is asked for the rest. Without an
   * amount: as much as the order costs and the account holds.
   */
  readonly storeCredit?: { readonly code: string; readonly amount?: Money };
  /** Prices contain the taxes; absent: taxes come on top. */
  readonly taxesIncluded?: true;
  /** What to reserve where stock does not cover the order; absent: all or nothing. */
  readonly allocation?: AllocationPolicy;
  readonly note?: string;
  /** That the shopper reads, BCP 47: `de`, `pt-BR`; absent: the channel does not say. */
  readonly language?: string;
  /** What the channel says of the order beyond that; kept as text. */
  readonly attributes?: Readonly<Record<string, string>>;
};
