/**
 * An order that replaces goods of another one: sent again after a claim, or in exchange for a return. Its
 * stock is reserved in the very commit that writes it; where the stock is not to be had, nothing is written.
 *
 * Its id follows from what it replaces, so that a repeat finds it. The channel's hold rules are asked about
 * it as about a change of the order that it replaces: what is as it was there is not looked at again.
 */
import { createHash, randomBytes } from "node:crypto";
import type { HoldReason, OrderDocument } from "../../orders/order.ts";
import { catalogOf } from "../../store/catalog/catalog.ts";
import { type CapturedOrder, capturedOrderWriter } from "../../store/orders/captured-orders.ts";
import { findKnownOrder } from "../../store/orders/orders.ts";
import type { TimelineEntry } from "../../store/orders/timeline.ts";
import { newSealer } from "../../store/personal-data/vault.ts";
import { startRow } from "../../workflows/messages.ts";
import { atEngine } from "../at-engine.ts";
import type { OperationContext } from "../context.ts";
import { poolOf } from "../holds/channel-pool.ts";
import { heldByRule, lookedAt } from "../holds/hold-by-rule.ts";
import { oneAtATime } from "../holds/one-at-a-time.ts";
import { promiseFor, reservationRequest, reservedEntry, shortageReason } from "../holds/reserve-stock.ts";
import { type Refusal, refuse } from "../refusal.ts";

/** What is replaced. */
export type Replaced = {
  /** Of the order that the goods were bought with. */
  readonly document: OrderDocument;
  /** A claim or a return of it; the replacement's id ends with it. */
  readonly id: string;
};

export type Placed = { readonly status: "done"; readonly orderId: string };

type Replacement = {
  readonly document: OrderDocument;
  readonly holdReasons: readonly HoldReason[];
  readonly summary: string;
  readonly by: string;
};

export const placeReplacement = atEngine("place-replacement", ({ order }) => order.document.orderId, place);

async function place(
  context: OperationContext,
  { replaced, order }: { readonly replaced: Replaced; readonly order: Replacement },
): Promise<Placed | Refusal> {
  const { document, by } = order;
  const { orderId, channelId } = document;
  return oneAtATime(context.database, orderId, async () => {
    if ((await findKnownOrder(context.database, orderId)) !== undefined) return { status: "done", orderId };
    const ruled = await heldByRule(
      context.database,
      { channelId, holdReasons: [] },
      lookedAt(replaced.document, []),
      lookedAt(document, []),
    );
    const holdReasons = ruled === null ? order.holdReasons : [...order.holdReasons, ruled];
    const locations = await catalogOf(context.database).locations();
    const atMs = context.now();
    const lines = document.lines.flatMap(({ lineId, sku, quantity }) =>
      sku === null ? [] : [{ lineId, sku, quantity }],
    );
    const entry: TimelineEntry = {
      key: "order.captured",
      type: "order.captured",
      summary: order.summary,
      cause: by,
      data: { replaces: replaced.id },
    };
    const request = reservationRequest(document, lines, 0, atMs, await poolOf(context, channelId));
    const reservation = await context.allocator.reserveOrder(request, {
      writer: capturedOrderWriter,
      record: (outcome): CapturedOrder | null => {
        if (outcome.status === "refused") return null;
        const text = JSON.stringify(document);
        return {
          document,
          rawPayload: text,
          contentHash: createHash("sha256").update(text).digest("hex"),
          sealer: newSealer(context.database, orderId),
          holdReasons,
          holds: outcome.holds,
          sourcing: outcome.explanation,
          promise: promiseFor(document, outcome.holds, locations, atMs),
          trackingToken: randomBytes(16).toString("base64url"),
          entries: [entry, reservedEntry(outcome, 0, by)],
          start: startRow({
            workflow: "orderFulfillment",
            workflowId: orderId,
            args: [{ orderId, channelId, onHold: holdReasons.length > 0 }],
          }),
        };
      },
    });
    return reservation.status === "refused"
      ? refuse("insufficient_stock", shortageReason(reservation.short).detail)
      : { status: "done", orderId };
  });
}

/** A document like the one that is replaced, with other lines and amounts. */
export function replacementDocument(
  replaced: Replaced,
  ids: { readonly orderId: string; readonly externalId: string },
  change: Pick<OrderDocument, "lines" | "shippingPrice" | "discount" | "tax" | "total"> &
    Partial<OrderDocument>,
  atMs: number,
): OrderDocument {
  const { document, id } = replaced;
  const at = new Date(atMs).toISOString();
  const {
    charges: _charges,
    channelUpdatedAt: _updated,
    revision: _revision,
    storeCredit: _credit,
    note: _note,
    deliverOn: _deliverOn,
    releaseOn: _releaseOn,
    allocation: _allocation,
    ...rest
  } = document;
  return {
    ...rest,
    ...ids,
    externalNumber: `${document.externalNumber}${id.slice(document.orderId.length)}-X1`,
    externalIds: {},
    placedAt: at,
    capturedAt: at,
    paymentBy: "merchant",
    attributes: { replaces: document.orderId, because_of: id },
    ...change,
  };
}
