/** Returns: what a shopper asks for, and what staff see of it and do about it. */
import Type from "typebox";
import { INSPECTION_RESULTS, RETURN_REASONS } from "../orders/return-authorization.ts";
import { ShipmentView } from "./fulfillment.ts";
import { RefundState } from "./refunds.ts";
import { Count, closed, Id, Nullable, oneOf, Quantity, type Shape, Text, Time } from "./shapes.ts";

export const ReturnRequest = Type.Object(
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
export type ReturnRequest = Shape<typeof ReturnRequest>;

/** What was scanned in at the dock; without `lines`, all that was announced. */
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
    lines: Type.Array(Type.Object({ lineId: Id, disposition: oneOf(INSPECTION_RESULTS) }, closed), {
      minItems: 1,
      maxItems: 1_000,
    }),
  },
  closed,
);

export const ReturnSummary = Type.Object({
  id: Text,
  orderId: Text,
  status: Text,
  reason: Text,
  requestedAt: Time,
  refundMinor: Count,
  /** Who pays the refund, and how far that is; null: nothing was refunded. */
  refund: Nullable(RefundState),
  currency: Text,
  units: Count,
});
export type ReturnSummary = Shape<typeof ReturnSummary>;

export const ReturnView = Type.Object({
  ...ReturnSummary.properties,
  comment: Text,
  lines: Type.Array(
    Type.Object({
      lineId: Text,
      sku: Text,
      title: Text,
      requested: Count,
      received: Count,
      disposition: Nullable(oneOf(INSPECTION_RESULTS)),
    }),
  ),
  shipment: Nullable(ShipmentView),
});
export type ReturnView = Shape<typeof ReturnView>;
