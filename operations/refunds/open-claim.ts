/**
 * A claim about a parcel is opened: by staff, or by the carrier that brings the parcel back. No unit of a
 * parcel is claimed twice. Nothing else follows before somebody decides (`decide-claim.ts`).
 */
import type { ClaimKind } from "../../orders/claim.ts";
import { unitsText } from "../../orders/units-text.ts";
import { readParcelLines, readShipment, type Shipment } from "../../store/floor/shipments.ts";
import { lockOrder, type OrderProgress } from "../../store/orders/order-progress.ts";
import { recordQuote } from "../../store/orders/timeline.ts";
import { addClaim, findClaim, readClaimsOfShipment } from "../../store/refunds/claims.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

type NewClaim = {
  readonly shipmentId: string;
  readonly kind: ClaimKind;
  /** Absent: everything in the parcel that is in no other claim. */
  readonly lines?: readonly { readonly lineId: string; readonly quantity: number }[];
  readonly note: string;
  readonly by: string;
  /** Repeating it with the same key returns the first claim. */
  readonly key: string;
};

type Opened = { readonly status: "done"; readonly claimId: string };

export async function openClaim(
  context: OperationContext,
  input: NewClaim & { readonly orderId: string },
): Promise<Opened | Refusal> {
  const { orderId } = input;
  return inTransaction(context.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
    const shipment = await readShipment(client, input.shipmentId);
    if (shipment?.orderId !== orderId || shipment.returnId !== null)
      return refuse("shipment_not_found", `${orderId} has no parcel ${input.shipmentId}.`);
    if (shipment.shippedAt === null)
      return refuse("parcel_not_shipped", `${shipment.id} has not left the building.`);
    return openInOrder(client, order, shipment, { ...input, key: `${orderId}:${input.key}` });
  });
}

/** The same for a caller that holds the order's lock. */
export async function openInOrder(
  client: DatabaseClient,
  order: OrderProgress,
  shipment: Shipment,
  input: NewClaim,
): Promise<Opened | Refusal> {
  const earlier = await findClaim(client, input.key);
  if (earlier !== undefined) return { status: "done", claimId: earlier.claimId };
  const lines = await claimedLines(client, order, shipment, input.lines);
  if (!Array.isArray(lines)) return lines;
  const { orderId } = order;
  const { kind, note, by, key } = input;
  const { claimId } = await addClaim(client, {
    orderId,
    shipmentId: shipment.id,
    key,
    kind,
    note,
    by,
    lines,
  });
  const units = unitsText(lines.reduce((sum, line) => sum + line.quantity, 0));
  const what = { return_to_sender: "comes back to us", lost: "is lost", damaged: "arrived damaged" }[kind];
  await recordQuote(client, {
    orderId,
    key: `claim-opened:${claimId}`,
    type: "claim.opened",
    summary: `Claim ${claimId}: ${units} of parcel ${shipment.trackingNumber} ${what}${note === "" ? "." : `: ${note}`}`,
    cause: by,
    data: { claimId, shipmentId: shipment.id, kind },
  });
  return { status: "done", claimId };
}

async function claimedLines(
  client: DatabaseClient,
  order: OrderProgress,
  shipment: Shipment,
  asked: NewClaim["lines"],
): Promise<{ lineId: string; sku: string; quantity: number }[] | Refusal> {
  const claims = await readClaimsOfShipment(client, shipment.id);
  const free = new Map(
    (await readParcelLines(client, shipment.id)).map(({ lineId, quantity }) => {
      const claimed = claims
        .flatMap((claim) => claim.lines)
        .reduce((sum, line) => (line.lineId === lineId ? sum + line.quantity : sum), 0);
      return [lineId, quantity - claimed] as const;
    }),
  );
  const wanted =
    asked ?? [...free].flatMap(([lineId, quantity]) => (quantity > 0 ? [{ lineId, quantity }] : []));
  if (wanted.length === 0) return refuse("nothing_to_claim", `Everything in ${shipment.id} is in a claim.`);
  const lines: { lineId: string; sku: string; quantity: number }[] = [];
  for (const { lineId, quantity } of wanted) {
    const line = order.lines.find((candidate) => candidate.lineId === lineId);
    const left = free.get(lineId);
    if (line === undefined || line.sku === null || left === undefined)
      return refuse("line_not_found", `Parcel ${shipment.id} has nothing of line ${lineId}.`);
    if (quantity > left || lines.some((other) => other.lineId === lineId))
      return refuse("quantity_exceeds_line", `Of "${line.title}", ${left} can be claimed, not ${quantity}.`);
    lines.push({ lineId, sku: line.sku, quantity });
  }
  return lines;
}
