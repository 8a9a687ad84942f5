/**
 * A quote: what an order would cost, what there is of its goods and where, and when they would be there,
 * before it is sent. It reserves nothing and is kept nowhere; `POST /v1/orders` decides anew.
 */
import Type from "typebox";
import { CanonicalLine, canonicalOrderSchema, PostalAddress } from "../canonical-order.ts";
import { HoldReasons } from "../fulfillment.ts";
import { Count, closed, Nullable, oneOf, type Shape, Text, Time } from "../shapes.ts";

const {
  id: _,
  customer,
  lines: __,
  shippingAddress: ___,
  billingAddress: ____,
  ...rest
} = canonicalOrderSchema.properties;

/** A canonical order as far as it is known: a line without a price is taken at the catalog's. */
export const OrderQuoteBody = Type.Object(
  {
    ...rest,
    customer: Type.Optional(customer),
    lines: Type.Array(
      Type.Object(
        { ...CanonicalLine.properties, unitPrice: Type.Optional(CanonicalLine.properties.unitPrice) },
        closed,
      ),
      { minItems: 1, maxItems: 200 },
    ),
    shippingAddress: Type.Optional(Type.Partial(PostalAddress, closed)),
  },
  closed,
);
export type OrderQuoteBody = Shape<typeof OrderQuoteBody>;

/** As `paymentBy` of an order. */
const PAYERS = ["merchant", "channel", "on_delivery"] as const;

const UnitsAt = Type.Object({ locationId: Text, locationName: Text, units: Count });

export const QuotedLine = Type.Object({
  lineId: Text,
  /** Null: it is not in the catalog, by its SKU or by the channel's own. */
  sku: Nullable(Text),
  channelSku: Text,
  name: Nullable(Text),
  quantity: Count,
  /** Of one, in the order's currency, in minor units of `sums.exponent`; null: the catalog has none in it. */
  listPriceMinor: Nullable(Count),
  /**
   * What the channel may promise now; null: it has no stock anywhere, or none is reserved for such a line.
   */
  available: Nullable(Count),
  /** The same by location. */
  stock: Type.Array(UnitsAt),
  /** Where it would ship from. */
  from: Type.Array(UnitsAt),
  /** Units that are not there. */
  missing: Count,
  /** When these could be had from what is on its way; null: all that is known of is not enough. */
  missingAt: Nullable(Time),
  /** Those of the missing units that would wait for the next stock, in their turn. */
  queued: Count,
});
export type QuotedLine = Shape<typeof QuotedLine>;

export const OrderQuote = Type.Object({
  channel: Text,
  currency: Text,
  /** What would become of the order as it stands. */
  outcome: Type.Union([Type.Literal("accepted"), Type.Literal("held"), Type.Literal("refused")]),
  /** Why it would be refused, by the code of `POST /v1/orders`. */
  problem: Nullable(Type.Object({ code: Text, detail: Text })),
  /** Why it would wait. */
  holdReasons: HoldReasons,
  lines: Type.Array(QuotedLine),
  /** Who takes the money, and who could: the channel's setting decides. */
  paymentBy: oneOf(PAYERS),
  payers: Type.Array(oneOf(PAYERS)),
  /** In units of the currency by `exponent` decimals. Discounts are positive. */
  sums: Type.Object({
    exponent: Count,
    linesMinor: Count,
    shippingMinor: Count,
    chargesMinor: Count,
    /** On top of the prices; 0 where the prices contain them. */
    taxesMinor: Count,
    discountsMinor: Count,
    totalMinor: Count,
  }),
  /** Calendar days; null: not all of it is there, or it would wait. */
  promise: Nullable(Type.Object({ shipBy: Text, deliverBy: Text })),
  /** Why each location was chosen or passed over. */
  sourcing: Type.Array(Text),
});
export type OrderQuote = Shape<typeof OrderQuote>;
