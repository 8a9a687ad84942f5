/**
 * What a channel adapter makes of a channel's own payload: one order in Holdfast's words, not yet checked
 * against the catalog and not yet captured.
 */
import type { Address } from "./address.ts";
import type { CustomValues } from "./custom-fields/custom-fields.ts";
import type { Money } from "./money.ts";
import type {
  AllocationPolicy,
  Charge,
  Delivery,
  Fulfiller,
  HoldCode,
  HoldReason,
  LineKind,
} from "./order.ts";

export type IncomingTax = { readonly name: string; readonly amount: Money };

export type IncomingLine = {
  /** The channel's own id of the line, exact, as text. */
  readonly externalLineId: string;
  /**
   * The channel's SKU; where it gives none, a stable stand-in such as `product_id:87`, so that it can be
   * mapped.
   */
  readonly channelSku: string;
  readonly title: string;
  readonly quantity: number;
  readonly unitPrice: Money;
  /** Of the whole line. */
  readonly discount: Money;
  /** Of the whole line. */
  readonly taxes: readonly IncomingTax[];
  /** What the channel says of the line beyond that, e.g. variant or ASIN; kept as text. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Absent: goods. */
  readonly kind?: LineKind;
  /** Absent: us. */
  readonly fulfilledBy?: Fulfiller;
  /** Of the whole line. */
  readonly charges?: readonly Charge[];
  /** The company's own fields, where the channel knows them. */
  readonly customFields?: CustomValues;
  /** Units of `quantity` that somebody has handed over already. */
  readonly fulfilledElsewhere?: number;
  /** Whether a substitute may be sent where no place has it. Absent: as the channel's setting says. */
  readonly allowSubstitutes?: boolean;
};

export type IncomingOrder = {
  /** The channel's own id of the order, exact, as text. With the channel it identifies the order. */
  readonly externalId: string;
  /** The number that the channel shows to its customer, e.g. `#9999`. */
  readonly externalNumber: string;
  /** Every other id that the channel gave, by the channel's field name, exact. */
  readonly externalIds: Readonly<Record<string, string>>;
  /** ISO 8601; empty where the channel has not said yet. */
  readonly placedAt: string;
  readonly updatedAt: string;
  readonly currency: string;
  readonly lines: readonly IncomingLine[];
  readonly shippingPrice: Money;
  readonly shippingTaxes: readonly IncomingTax[];
  /** Discount on the order that no line carries. */
  readonly discount: Money;
  /** Of the order; lines carry their own. */
  readonly charges?: readonly Charge[];
  readonly total: Money;
  readonly shippingAddress?: Address;
  readonly billingAddress?: Address;
  readonly customer: {
    readonly name: string;
    readonly email?: string;
    readonly phone?: string;
    readonly externalId?: string;
  };
  /** Requested service as the channel words it, e.g. `Standard`. */
  readonly shippingService: string;
  /** Absent: a parcel. */
  readonly delivery?: Delivery;
  /** Calendar days, ISO 8601. */
  readonly deliverOn?: string;
  readonly releaseOn?: string;
  readonly tags?: readonly string[];
  /** That the shopper reads, BCP 47; absent: the payload does not say. */
  readonly language?: string;
  /**
   * Who takes the money, as the payload says. The channel's setting decides (`charged_by`); this counts only
   * where that is `order`, or where the money is due on delivery.
   */
  readonly paymentBy: "channel" | "merchant" | "on_delivery";
  /** The payment provider's token of the means of payment, where the merchant charges; never card data. */
  readonly paymentMethod?: string;
  /** Prices contain the taxes; absent: taxes come on top. */
  readonly taxesIncluded?: true;
  /** What to reserve where stock does not cover the order; absent: all or nothing. */
  readonly storeCredit?: { readonly code: string; readonly amount?: Money };
  readonly allocation?: AllocationPolicy;
  /**
   * Reasons that the payload itself gives for not fulfilling the order at once, e.g. cancelled at the
   * channel.
   */
  readonly holdReasons: readonly HoldReason[];
  /**
   * Codes of reasons that this payload does not speak of: those that are there stay. Absent: it speaks of
   * all.
   */
  readonly silentOn?: readonly HoldCode[];
  readonly note?: string;
  /** The company's own fields, where the channel knows them. */
  readonly customFields?: CustomValues;
  /**
   * What the channel says of the order beyond that, e.g. presentment amounts, tags, latest ship date; kept as
   * text.
   */
  readonly attributes?: Readonly<Record<string, string>>;
};
