/** Claims about parcels that did not arrive as they should have. */
import Type from "typebox";
import { CARRIER_STATUSES, CLAIM_KINDS, CLAIM_STATUSES } from "../orders/claim.ts";
import { MinorAmount } from "./refunds.ts";
import { Count, closed, Id, Nullable, oneOf, Quantity, type Shape, Text, Time, text } from "./shapes.ts";

export const ClaimView = Type.Object({
  id: Text,
  orderId: Text,
  orderNumber: Text,
  customerName: Text,
  shipmentId: Text,
  carrier: Text,
  trackingNumber: Text,
  kind: oneOf(CLAIM_KINDS),
  status: oneOf(CLAIM_STATUSES),
  note: Text,
  openedBy: Text,
  openedAt: Time,
  decision: Text,
  decidedBy: Nullable(Text),
  decidedAt: Nullable(Time),
  /** The claim against the carrier. */
  carrierStatus: oneOf(CARRIER_STATUSES),
  carrierReference: Nullable(Text),
  carrierPaidMinor: Nullable(Count),
  currency: Text,
  lines: Type.Array(
    Type.Object({
      lineId: Text,
      sku: Text,
      title: Text,
      quantity: Count,
      restocked: Count,
      damaged: Count,
    }),
  ),
  supportedActions: Type.Array(oneOf(["receive", "refund", "reship", "reject", "carrier"])),
});
export type ClaimView = Shape<typeof ClaimView>;

/** Without `lines`, everything in the parcel that is in no other claim. */
export const OpenClaimBody = Type.Object(
  {
    shipmentId: Id,
    kind: oneOf(CLAIM_KINDS),
    lines: Type.Optional(
      Type.Array(Type.Object({ lineId: Id, quantity: Quantity }, closed), { minItems: 1, maxItems: 1_000 }),
    ),
    note: Type.Optional(text(500)),
  },
  closed,
);

/** `refund`: without `amountMinor`, what the units are worth. */
export const ApproveClaimBody = Type.Object(
  { resolution: oneOf(["refund", "reship"]), amountMinor: Type.Optional(MinorAmount) },
  closed,
);

export const RejectClaimBody = Type.Object({ note: text(500) }, closed);

const Back = Type.Integer({ minimum: 0, maximum: 1_000_000 });

/** Without `lines`, everything came back and can be sold again. */
export const ReceiveClaimBody = Type.Object(
  {
    lines: Type.Optional(
      Type.Array(Type.Object({ lineId: Id, restocked: Back, damaged: Back }, closed), {
        minItems: 1,
        maxItems: 1_000,
      }),
    ),
  },
  closed,
);

export const CarrierClaimBody = Type.Object(
  {
    status: oneOf(CARRIER_STATUSES),
    reference: Type.Optional(text(200)),
    paidMinor: Type.Optional(MinorAmount),
  },
  closed,
);
