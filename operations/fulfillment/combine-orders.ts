/**
 * Open orders of one customer leave in one parcel: asked for by staff, an integrator or the rule of a
 * channel, taken back by them or by what happens to one of the orders.
 *
 * Owns the request, the rule and the standing review. Who may leave together is
 * `orders/fulfillment/combined-parcel.ts`; the label, and with it the moment at which they have left, is a
 * step of the saga of the first of them. Each fulfillment order is picked, packed and verified on its own.
 */
import { createHash } from "node:crypto";
import { companionsFor, whyNotCombined } from "../../orders/fulfillment/combined-parcel.ts";
import { isPacked } from "../../orders/fulfillment-order.ts";
import {
  addCombinedParcel,
  type Candidate,
  type CombinedMember,
  companionOf,
  endWaits,
  isCombinedParcelKnown,
  lockCombinedParcel,
  lockMembers,
  openCombinedParcels,
  openParcelOf,
  parcelScale,
  type ReviewedParcel,
  readCandidates,
  readWaitsEnding,
  takeOutOfParcel,
} from "../../store/floor/combined-parcels.ts";
import { orderOfFulfillmentOrder, readPart } from "../../store/floor/fulfillment-changes.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { type DatabaseClient, inTransaction, type Queryable } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { tellOrderSaga } from "../tell-saga.ts";

type CombineRequest = {
  /** Two or more, each of another order. */
  readonly fulfillmentOrders: readonly string[];
  readonly by: string;
  /** Repeating a request under its key changes nothing. */
  readonly key: string;
};

type Combined = { readonly status: "done"; readonly combinedParcelId: string };

export function combineOrders(
  context: OperationContext,
  { fulfillmentOrders, by, key }: CombineRequest,
): Promise<Combined | Refusal> {
  const ids = [...new Set(fulfillmentOrders)].sort();
  const combinedParcelId = createHash("sha256")
    .update(`combine\n${ids.join("\n")}\n${key}`)
    .digest("hex")
    .slice(0, 24);
  return inTransaction(context.database, async (client): Promise<Combined | Refusal> => {
    const members = await lockMembers(client, ids);
    const missing = ids.find((id) => !members.some(({ part }) => part.id === id));
    if (missing !== undefined)
      return refuse("fulfillment_order_not_found", `There is no fulfillment order ${missing}.`);
    if (await isCombinedParcelKnown(client, combinedParcelId)) return { status: "done", combinedParcelId };
    const refusal = await refuseTogether(client, members, context.parcelLimit);
    if (refusal !== null) return refusal;
    const [first] = members;
    const address = first?.order.document.shippingAddress;
    if (first === undefined || address === null || address === undefined)
      throw new Error("what was found to go to one address has none");
    const parcel = {
      id: combinedParcelId,
      orderId: first.order.orderId,
      locationId: first.part.locationId,
      address,
      requestedBy: by,
    };
    await addCombinedParcel(client, parcel, ids);
    for (const member of members) {
      await recordCombined(client, member, members, combinedParcelId, by);
      // One that waited for company need not any more.
      await tellOrderSaga(client, member.order.orderId, {
        key: `combined:${combinedParcelId}`,
        type: "fulfillment-changed",
      });
    }
    return { status: "done", combinedParcelId };
  });
}

async function refuseTogether(
  client: Queryable,
  members: readonly CombinedMember[],
  parcelLimit: OperationContext["parcelLimit"],
): Promise<Refusal | null> {
  if (members.length < 2)
    return refuse("combine_same_order", "Name fulfillment orders of two orders or more.");
  const companions = members.map(companionOf);
  const why = whyNotCombined(companions);
  if (why !== null) return refuse(why.code, why.detail);
  const scale = await parcelScale(client, parcelLimit, companions);
  if (!scale.fits(companions))
    return refuse("parcel_too_heavy", `Together they would weigh ${scale.text(companions)}.`);
  for (const { part } of members)
    if ((await openParcelOf(client, part.id)) !== undefined)
      return refuse("combined_already", `${part.id} shares a parcel already: take it out of that first.`);
  return null;
}

async function recordCombined(
  client: DatabaseClient,
  { part, order }: CombinedMember,
  members: readonly CombinedMember[],
  combinedParcelId: string,
  by: string,
): Promise<void> {
  const others = members.filter((other) => other.part.id !== part.id);
  const names = others.map((other) => `${other.part.id} (order ${other.order.externalNumber})`);
  await recordEntry(client, {
    orderId: order.orderId,
    key: `combined:${combinedParcelId}`,
    type: "fulfillment.combined",
    summary: `${part.id} is to leave in one parcel with ${names.join(", ")}.`,
    cause: by,
    data: { fulfillmentOrderId: part.id, combinedParcelId, with: others.map((other) => other.part.id) },
  });
}

/** What could leave in one parcel with this fulfillment order now; `null` where there is none such. */
export async function combinableWith(
  { database, parcelLimit }: OperationContext,
  fulfillmentOrderId: string,
): Promise<readonly Candidate[] | null> {
  const found = await readPart(database, fulfillmentOrderId);
  if (found === undefined) return null;
  if ((await openParcelOf(database, fulfillmentOrderId)) !== undefined) return [];
  const mine = companionOf(found);
  const candidates = await readCandidates(database, fulfillmentOrderId);
  const { fits } = await parcelScale(database, parcelLimit, [mine, ...candidates]);
  return candidates.filter(
    (candidate) => whyNotCombined([mine, candidate]) === null && fits([mine, candidate]),
  );
}

/** Somebody looks every two seconds: company is found before a wait is over. */
const JUST_BEFORE_MS = 5_000;
const CAUSE_OF_REVIEW = "floor:combined-parcel";
/** Fulfillment orders of one parcel. */
const MOST_TOGETHER = 20;

/**
 * The rule of channels whose orders wait for others of their customer: as the time of the first is about to
 * end, all that wait and can leave with it do, as many as one parcel takes. Then it waits no longer, alone or
 * not; those that the parcel had no room for wait on, and are a parcel of their own in their turn. Anybody
 * may run it, any number of times.
 *
 * @returns parcels that orders are to share
 */
export async function combineByRule(context: OperationContext): Promise<number> {
  let parcels = 0;
  for (const id of await readWaitsEnding(context.database, JUST_BEFORE_MS)) {
    const found = await readPart(context.database, id);
    const waiting = (await combinableWith(context, id))?.filter(({ waits }) => waits) ?? [];
    if (found === undefined || waiting.length === 0) continue;
    const mine = companionOf(found);
    const { fits } = await parcelScale(context.database, context.parcelLimit, [mine, ...waiting]);
    const company = companionsFor(mine, waiting, MOST_TOGETHER - 1, fits);
    const fulfillmentOrders = [id, ...company.map((other) => other.id)];
    // Those that a person has parted stay so: the request is known. Who was faster is refused here.
    const outcome = await combineOrders(context, { fulfillmentOrders, by: "rule:combine", key: "rule" });
    if (outcome.status === "done") parcels += 1;
  }
  await inTransaction(context.database, async (client) => {
    for (const { id, orderId } of await endWaits(client))
      await tellOrderSaga(client, orderId, { key: `combine-over:${id}`, type: "fulfillment-changed" });
  });
  return parcels;
}

/** Takes a fulfillment order out of the parcel that it was to share. What shares none changes nothing. */
export function leaveCombined(
  context: OperationContext,
  { fulfillmentOrderId, by }: { readonly fulfillmentOrderId: string; readonly by: string },
): Promise<{ readonly status: "done" } | Refusal> {
  return inTransaction(context.database, async (client) => {
    if ((await orderOfFulfillmentOrder(client, fulfillmentOrderId)) === undefined)
      return refuse("fulfillment_order_not_found", `There is no fulfillment order ${fulfillmentOrderId}.`);
    const id = await openParcelOf(client, fulfillmentOrderId);
    const parcel = id === undefined ? undefined : await lockCombinedParcel(client, id);
    if (parcel === undefined) return { status: "done" };
    const asked = { id: fulfillmentOrderId, why: "so it was asked" };
    await tellChanged(client, await takeOutOfParcel(client, parcel, context.parcelLimit, by, asked));
    return { status: "done" };
  });
}

/**
 * Looks at every parcel that is to be shared: who was halted, cancelled or changed meanwhile leaves on its
 * own, and where all are packed, the sagas are told. Anybody may run it, any number of times.
 *
 * @returns parcels from which something was taken
 */
export async function reviewCombinedParcels(context: OperationContext): Promise<number> {
  let changed = 0;
  for (const id of await openCombinedParcels(context.database))
    changed += await inTransaction(context.database, async (client) => {
      const parcel = await lockCombinedParcel(client, id);
      if (parcel === undefined) return 0;
      const reviewed = await takeOutOfParcel(client, parcel, context.parcelLimit, CAUSE_OF_REVIEW);
      await tellChanged(client, reviewed);
      const { members } = reviewed;
      if (members.every(({ part }) => isPacked(part.stage)))
        for (const { order } of members)
          await tellOrderSaga(client, order.orderId, {
            key: `combined-packed:${id}:${members.length}`,
            type: "fulfillment-changed",
          });
      return reviewed.changed.length > 0 ? 1 : 0;
    });
  return changed;
}

async function tellChanged(client: Queryable, { changed }: ReviewedParcel): Promise<void> {
  for (const { orderId, key } of changed)
    await tellOrderSaga(client, orderId, { key, type: "fulfillment-changed" });
}
