/** What a shopper sees: no internal ids, no stock, nobody else's data. */
import Type from "typebox";
import { SHOPPER_STATUSES } from "../orders/order-status.ts";
import { RETURN_METHODS } from "../orders/return-authorization.ts";
import { REFUND_WAYS } from "../orders/returns/refund-way.ts";
import { ParcelReports, TrackingStatusName } from "./fulfillment.ts";
import { RefundState } from "./refunds.ts";
import { Count, closed, Nullable, oneOf, type Shape, Text, Time, text } from "./shapes.ts";

/** "I am here": which car, which parking space. */
export const ArrivalBody = Type.Object({ note: Type.Optional(text(200)) }, closed);
export type ArrivalBody = Shape<typeof ArrivalBody>;

export const TrackingView = Type.Object({
  orderNumber: Text,
  shopName: Text,
  status: oneOf(SHOPPER_STATUSES),
  placedAt: Time,
  deliverBy: Nullable(Text),
  shipTo: Nullable(Type.Object({ name: Text, city: Text, country: Text })),
  lines: Type.Array(
    Type.Object({
      lineId: Text,
      title: Text,
      /** What was ordered, where this is sent in its place. */
      insteadOf: Nullable(Text),
      /** The line that was ordered, where this is sent in its place. */
      insteadOfLine: Nullable(Text),
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
  /** What the total is made of, in units of `exponent`; discounts are positive. */
  sums: Type.Object({
    goodsMinor: Count,
    discountMinor: Count,
    charges: Type.Array(Type.Object({ name: Text, amountMinor: Count })),
    shippingMinor: Count,
    taxMinor: Count,
    taxesIncluded: Type.Boolean(),
  }),
  // Where the order is collected, where it is; `until` once it waits there.
  collection: Nullable(
    Type.Object({
      place: Text,
      street: Text,
      curbside: Type.Boolean(),
      until: Nullable(Text),
      arrived: Type.Boolean(),
      collected: Type.Boolean(),
    }),
  ),
  /** The payment that the order waits for; null: it waits for none. */
  payment: Nullable(
    Type.Object({
      /**
       * `confirm`: one was given, and its bank wants the shopper to confirm the payment. `checking`: the
       * bank's answer is still to come.
       */
      state: oneOf(["needed", "confirm", "checking"]),
      /** What is to be paid with it, in the currency's own minor units. */
      amountMinor: Count,
      /** Why the last one was declined, for the shopper; null: there was none yet. */
      declined: Nullable(Text),
      /** How many were declined so far. */
      attempts: Count,
      /** Where a card is given to the payment provider itself; null: the shop has to be asked. */
      form: Nullable(Type.Object({ provider: Text, scriptUrl: Text, publishableKey: Text })),
    }),
  ),
  parcels: Type.Array(
    Type.Object({ carrier: Text, trackingNumber: Text, status: TrackingStatusName, reports: ParcelReports }),
  ),
  returns: Type.Array(
    Type.Object({
      id: Text,
      status: Text,
      reason: Text,
      refundMinor: Count,
      refund: Nullable(RefundState),
      method: oneOf(RETURN_METHODS),
      /** How what is not refunded yet pays out. */
      refundTo: oneOf(REFUND_WAYS),
      /** Why it was declined. */
      decision: Nullable(Text),
      /** Whether it can still be withdrawn. */
      cancellable: Type.Boolean(),
      labelUrl: Nullable(Text),
      /** A picture of the code for the counter. */
      codeUrl: Nullable(Text),
    }),
  ),
  /** How goods may come back. */
  returnMethods: Type.Array(oneOf(RETURN_METHODS)),
  /** Whether a return may become store credit, and what comes on top; null: it may not. */
  storeCreditOffer: Nullable(Type.Object({ bonusPercent: Count })),
  /** Stores that goods can be brought to. */
  returnStores: Type.Array(Type.Object({ id: Text, name: Text, city: Text })),
  /** What goes back without a return. */
  refunds: Type.Array(RefundState),
});
export type TrackingView = Shape<typeof TrackingView>;

/**
 * What the provider's script on the page needs, so that the bank asks the shopper; null: nothing to confirm.
 */
export const PaymentConfirmation = Type.Object({
  confirmation: Nullable(
    Type.Object({
      clientSecret: Text,
      /** To try it with once more; null: the bank is waiting already. */
      paymentMethod: Nullable(Text),
    }),
  ),
});
export type PaymentConfirmation = Shape<typeof PaymentConfirmation>;
