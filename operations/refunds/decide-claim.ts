/**
 * What is decided about a claim: the goods are paid back, or sent again, or the claim is rejected; and what
 * the carrier pays for it. Units that are paid back or sent again are written off: they will not arrive any
 * more.
 */

import { CARRIER_STEPS, type CarrierStatus, isUndecided } from "../../orders/claim.ts";
import { adding, returnable } from "../../orders/line-ledger.ts";
import { valueOfUnits } from "../../orders/line-value.ts";
import { multiplyMoney, zeroMoney } from "../../orders/money.ts";
import type { OrderDocument, OrderLine } from "../../orders/order.ts";
import { replacementIds } from "../../orders/order-identity.ts";
import { minorText } from "../../orders/refund.ts";
import { unitsText } from "../../orders/units-text.ts";
import { readShipment } from "../../store/floor/shipments.ts";
import { changeOrder, lockOrder, type OrderProgress } from "../../store/orders/order-progress.ts";
import { findKnownOrder } from "../../store/orders/orders.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import {
  type ClaimRecord,
  decideClaim,
  readClaim,
  setCarrierStatus,
  setClaimReceived,
} from "../../store/refunds/claims.ts";
import { writeGift } from "../../store/refunds/gifts.ts";
import { addRefund, readRefundable } from "../../store/refunds/refunds.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { startSaga, tellOrderSaga } from "../tell-saga.ts";
import { type Giver, refuseGift } from "./gift-limit.ts";
import { placeReplacement, replacementDocument } from "./replacement-order.ts";

type Done = { readonly status: "done" };

type Asked = Done & { readonly document: OrderDocument; readonly lines: ClaimRecord["lines"] };

/**
 * Pays back what the units are worth, or another amount that was paid and is left. What is more than they are
 * worth is given away.
 */
export function refundClaim(
  context: OperationContext,
  input: { readonly claimId: string; readonly amountMinor?: number; readonly giver: Giver },
): Promise<Done | Refusal> {
  return onClaim(context, input.claimId, async (client, order, claim) => {
    if (claim.status === "refunded") return { status: "done" };
    const unfit = await refuseUnfit(client, order, claim);
    if (unfit !== null) return unfit;
    const ids = replacementIds(order.document, claim.claimId);
    const again = ids === undefined ? undefined : await findKnownOrder(context.database, ids.orderId);
    if (again !== undefined && again.status !== "cancelled")
      return refuse("claim_decided", `The goods of ${claim.claimId} are sent again by ${again.orderId}.`);
    const { orderId, currency } = order;
    const value = worthOf(order, claim);
    const asked = input.amountMinor ?? value;
    const from = await readRefundable(client, order);
    const left = Math.max(0, from.left - from.unmatched);
    if (input.amountMinor !== undefined && asked > left) {
      const detail = `${minorText(asked, currency)} are asked for; ${minorText(left, currency)} are left.`;
      return refuse("refund_exceeds_paid", detail);
    }
    const { giver } = input;
    const gift = { orderId, currency, minor: Math.max(0, asked - value) };
    const tooMuch = await refuseGift(client, giver, { ...gift, companyId: order.document.companyId });
    if (tooMuch !== null) return tooMuch;
    await writeGift(client, {
      ...gift,
      key: `${claim.claimId}:refund`,
      kind: "claim",
      role: giver.role,
      by: giver.by,
    });
    const { refundId } = await addRefund(client, {
      orderId,
      key: `${claim.claimId}:refund`,
      reason: "claim",
      currency,
      askedMinor: asked,
      claimId: claim.claimId,
      requestedBy: giver.by,
    });
    await startSaga(client, {
      workflow: "refundPayment",
      workflowId: refundId,
      args: [{ refundId, orderId, channelId: order.channelId }],
    });
    await settle(client, order, claim, {
      status: "refunded",
      text: `${minorText(asked, currency)} are paid back (${refundId}).`,
      by: giver.by,
    });
    return { status: "done" };
  });
}

/** Sends the goods again, free of charge, once their stock is reserved. */
export async function reshipClaim(
  context: OperationContext,
  input: { readonly claimId: string; readonly by: string },
): Promise<(Done & { readonly orderId: string }) | Refusal> {
  const { claimId, by } = input;
  const asked = await onClaim<Asked>(context, claimId, async (client, order, claim) => {
    const unfit = claim.status === "reshipped" ? null : await refuseUnfit(client, order, claim);
    return unfit ?? { status: "done", document: order.document, lines: claim.lines };
  });
  if (asked.status === "refused") return asked;
  const replaced = { document: asked.document, id: claimId };
  const ids = replacementIds(asked.document, claimId);
  if (ids === undefined) return refuse("invalid_order", `${claimId} leaves no room for another order's id.`);
  const zero = zeroMoney(asked.document.currency);
  const placed = await placeReplacement(context, {
    replaced,
    order: {
      document: replacementDocument(
        replaced,
        ids,
        {
          lines: asked.document.lines.flatMap((line) => freeLine(line, asked.lines)),
          shippingPrice: zero,
          discount: zero,
          tax: zero,
          total: zero,
        },
        context.now(),
      ),
      holdReasons: [],
      summary: `Sends again what claim ${claimId} is about, free of charge.`,
      by,
    },
  });
  if (placed.status === "refused") return placed;
  const { orderId } = placed;
  return onClaim<Done & { readonly orderId: string }>(context, claimId, async (client, order, claim) => {
    if (isUndecided(claim.status))
      await settle(client, order, claim, { status: "reshipped", text: `Sent again by ${orderId}.`, by });
    return { status: "done", orderId };
  });
}

export function rejectClaim(
  context: OperationContext,
  input: { readonly claimId: string; readonly note: string; readonly by: string },
): Promise<Done | Refusal> {
  return onClaim(context, input.claimId, async (client, order, claim) => {
    if (claim.status === "rejected") return { status: "done" };
    if (!isUndecided(claim.status)) return decided(claim);
    await decideClaim(client, claim, {
      status: "rejected",
      text: input.note,
      by: input.by,
      carrierStatus: "none",
    });
    await tell(client, order, claim, "rejected", `Claim ${claim.claimId} rejected: ${input.note}`, input.by);
    return { status: "done" };
  });
}

/**
 * A parcel that came back is at the dock: with so many units that can be sold again, and so many that cannot.
 */
export function receiveClaim(
  context: OperationContext,
  input: {
    readonly claimId: string;
    /** Absent: everything, and all of it can be sold again. */
    readonly lines?: readonly {
      readonly lineId: string;
      readonly restocked: number;
      readonly damaged: number;
    }[];
    readonly by: string;
  },
): Promise<Done | Refusal> {
  return onClaim(context, input.claimId, async (client, order, claim) => {
    const { claimId, orderId } = claim;
    if (claim.kind !== "return_to_sender")
      return refuse("claim_not_returned", `${claimId} is about a parcel that does not come back.`);
    if (claim.lines.some((line) => line.restocked + line.damaged > 0) || claim.status === "received")
      return { status: "done" };
    if (claim.status === "rejected") return decided(claim);
    const lines =
      input.lines ?? claim.lines.map(({ lineId, quantity }) => ({ lineId, restocked: quantity, damaged: 0 }));
    for (const { lineId, restocked, damaged } of lines) {
      const line = claim.lines.find((candidate) => candidate.lineId === lineId);
      if (line === undefined) return refuse("line_not_found", `Line ${lineId} is not part of ${claimId}.`);
      if (restocked + damaged > line.quantity)
        return refuse("quantity_exceeds_line", `${unitsText(line.quantity)} of line ${lineId} left.`);
    }
    await setClaimReceived(client, claimId, lines, isUndecided(claim.status));
    await startSaga(client, {
      workflow: "claimReceipt",
      workflowId: `${claimId}:receipt`,
      args: [{ claimId, orderId, channelId: order.channelId }],
    });
    const back = lines.reduce((sum, line) => sum + line.restocked + line.damaged, 0);
    await tell(
      client,
      order,
      claim,
      "received",
      `The parcel of claim ${claimId} is back, with ${unitsText(back)}.`,
      input.by,
    );
    return { status: "done" };
  });
}

/** How far we are with the carrier. */
export function moveCarrierClaim(
  context: OperationContext,
  input: {
    readonly claimId: string;
    readonly to: CarrierStatus;
    readonly reference?: string;
    readonly paidMinor?: number;
    readonly by: string;
  },
): Promise<Done | Refusal> {
  return onClaim(context, input.claimId, async (client, order, claim) => {
    if (claim.carrierStatus === input.to) return { status: "done" };
    if (!CARRIER_STEPS[claim.carrierStatus].includes(input.to)) {
      const { claimId, carrierStatus } = claim;
      const detail = `The carrier's part of ${claimId} is ${words(carrierStatus)}: it cannot become ${words(input.to)}.`;
      return refuse("carrier_claim_impossible", detail);
    }
    const paidMinor = input.to === "paid" ? (input.paidMinor ?? null) : null;
    await setCarrierStatus(client, claim.claimId, {
      status: input.to,
      reference: input.reference ?? null,
      paidMinor,
    });
    const paid = paidMinor === null ? "" : `, ${minorText(paidMinor, order.currency)}`;
    const summary = `Claim ${claim.claimId} with the carrier: ${words(input.to)}${paid}.`;
    await tell(client, order, claim, `carrier_${input.to}`, summary, input.by);
    return { status: "done" };
  });
}

/** Units are written off once; from a parcel that has arrived, only units that are not on their way back. */
async function refuseUnfit(
  client: DatabaseClient,
  order: OrderProgress,
  claim: ClaimRecord,
): Promise<Refusal | null> {
  if (!isUndecided(claim.status)) return decided(claim);
  const shipment = await readShipment(client, claim.shipmentId);
  if (shipment?.deliveredAt == null) return null;
  for (const { lineId, quantity } of claim.lines) {
    const line = order.lines.find((candidate) => candidate.lineId === lineId);
    const left = line === undefined ? 0 : returnable(line);
    if (quantity > left)
      return refuse(
        "not_returnable",
        `Of "${line?.title ?? lineId}", with the customer and in no return: ${unitsText(left)}; claimed: ${quantity}.`,
      );
  }
  return null;
}

async function settle(
  client: DatabaseClient,
  order: OrderProgress,
  claim: ClaimRecord,
  decision: { readonly status: "refunded" | "reshipped"; readonly text: string; readonly by: string },
): Promise<void> {
  // The carrier pays for what it has lost or broken, not for what it has brought back.
  const carrierStatus = claim.kind === "return_to_sender" ? "none" : "to_file";
  await decideClaim(client, claim, { ...decision, carrierStatus });
  await changeOrder(client, order, { ledger: adding(claim.lines, "writtenOff") });
  await tell(
    client,
    order,
    claim,
    decision.status,
    `Claim ${claim.claimId} approved: ${decision.text}`,
    decision.by,
  );
  // Units that will not arrive are nothing to wait for.
  await tellOrderSaga(client, order.orderId, { key: `claim:${claim.claimId}`, type: "order-changed" });
}

async function tell(
  client: DatabaseClient,
  order: OrderProgress,
  { claimId }: ClaimRecord,
  what: string,
  summary: string,
  cause: string,
): Promise<void> {
  await recordEntry(client, {
    orderId: order.orderId,
    key: `claim-${what}:${claimId}`,
    type: `claim.${what}`,
    summary,
    cause,
    data: { claimId },
  });
}

/** What the claimed units are worth, after those that came back or were written off before. */
function worthOf(order: OrderProgress, claim: ClaimRecord): number {
  return claim.lines.reduce((total, { lineId, quantity }) => {
    const line = order.lines.find((candidate) => candidate.lineId === lineId);
    if (line === undefined) return total;
    const from = Math.min(line.returnReceived + line.writtenOff, line.ordered - quantity);
    return total + valueOfUnits(line, from, from + quantity, order.currency, order.exponent);
  }, 0);
}

/** The line as it was, its price given away. */
function freeLine(line: OrderLine, claimed: ClaimRecord["lines"]): readonly OrderLine[] {
  const units = claimed.find(({ lineId }) => lineId === line.lineId);
  if (units === undefined) return [];
  const { charges: _charges, fulfilledElsewhere: _elsewhere, ...rest } = line;
  const zero = zeroMoney(line.unitPrice.currency);
  return [
    {
      ...rest,
      sku: units.sku,
      quantity: units.quantity,
      discount: multiplyMoney(line.unitPrice, units.quantity),
      tax: zero,
      taxes: [],
    },
  ];
}

function decided({ claimId, status }: ClaimRecord): Refusal {
  return refuse("claim_decided", `${claimId} is ${words(status)}.`);
}

function words(code: string): string {
  return code.replaceAll("_", " ");
}

async function onClaim<T extends { readonly status: string }>(
  context: OperationContext,
  claimId: string,
  act: (client: DatabaseClient, order: OrderProgress, claim: ClaimRecord) => Promise<T | Refusal>,
): Promise<T | Refusal> {
  return inTransaction(context.database, async (client) => {
    const orderId = (await readClaim(client, claimId))?.orderId;
    const order = orderId === undefined ? undefined : await lockOrder(client, orderId);
    const claim = await readClaim(client, claimId);
    if (order === undefined || claim === undefined)
      return refuse("claim_not_found", `There is no claim ${claimId}.`);
    return act(client, order, claim);
  });
}
