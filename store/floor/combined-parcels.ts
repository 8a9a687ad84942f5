/**
 * Parcels that fulfillment orders of several orders share.
 *
 * Whoever works on one locks all of its orders, in the order of their ids, and then the parcel; so two that
 * do never wait for each other, and what is read is what is written. Members only ever become fewer.
 *
 * Decides nothing: `orders/fulfillment/combined-parcel.ts` says who stays.
 */
import type { Address } from "../../orders/address.ts";
import { type Companion, tooMuchFor, whyLeavesAlone } from "../../orders/fulfillment/combined-parcel.ts";
import { gramsOf, overweightText } from "../../orders/fulfillment/parcels.ts";
import { readUnitWeights } from "../catalog/catalog.ts";
import { parcelLimitAt } from "../catalog/parcel-limit.ts";
import { lockOrder, type OrderProgress } from "../orders/order-progress.ts";
import { recordEntry } from "../orders/timeline.ts";
import { samePerson } from "../personal-data/same-person.ts";
import { sealerOf } from "../personal-data/vault.ts";
import type { Queryable } from "../sql/database.ts";
import { type FulfillmentOrder, readFulfillmentOrders } from "./fulfillment.ts";

export type CombinedMember = { readonly part: FulfillmentOrder; readonly order: OrderProgress };

export type CombinedParcel = {
  readonly id: string;
  readonly locationId: string;
  readonly address: Address;
  /** By id of their fulfillment orders. */
  readonly members: readonly CombinedMember[];
};

export function companionOf({ part, order }: CombinedMember): Companion {
  const { id, orderId, locationId, status, stage, lines: goods } = part;
  const { document, holdReasons, status: orderStatus } = order;
  return { id, orderId, locationId, status, stage, document, holdReasons, orderStatus, goods };
}

/** Locks the orders of these fulfillment orders. @returns those that there are, by id */
export async function lockMembers(
  client: Queryable,
  ids: readonly string[],
): Promise<readonly CombinedMember[]> {
  const { rows } = await client.query<{ orderId: string }>(
    `select distinct order_id as "orderId" from fulfillment_order where id = any($1)`,
    [ids],
  );
  const orderIds = rows.map(({ orderId }) => orderId).sort();
  const members: CombinedMember[] = [];
  for (const orderId of orderIds) {
    const order = await lockOrder(client, orderId);
    if (order === undefined) continue;
    for (const part of await readFulfillmentOrders(client, orderId))
      if (ids.includes(part.id)) members.push({ part, order });
  }
  return members.sort((a, b) => (a.part.id < b.part.id ? -1 : 1));
}

export async function addCombinedParcel(
  client: Queryable,
  parcel: Omit<CombinedParcel, "members"> & { readonly requestedBy: string; readonly orderId: string },
  ids: readonly string[],
): Promise<void> {
  const sealer = await sealerOf(client, parcel.orderId);
  await client.query(
    "insert into combined_parcel (id, location_id, address, requested_by) values ($1, $2, $3, $4)",
    [parcel.id, parcel.locationId, sealer.json(parcel.address), parcel.requestedBy],
  );
  await client.query("update fulfillment_order set combined_parcel_id = $1 where id = any($2)", [
    parcel.id,
    ids,
  ]);
}

/** Grams that a carrier takes of such an order in one parcel; `null`: any weight. */
type ParcelLimitOf = (document: Companion["document"]) => number | null;

/** What fulfillment orders weigh together, and whether one parcel may. */
type ParcelScale = {
  fits(together: readonly Companion[]): boolean;
  /** Their weight beside what is allowed, for people. */
  text(together: readonly Companion[]): string;
};

/** @param companions all that may come together; the most careful limit among them counts */
export async function parcelScale(
  client: Queryable,
  limit: ParcelLimitOf,
  companions: readonly Companion[],
): Promise<ParcelScale> {
  const limits = companions.flatMap(({ document }) => limit(document) ?? []);
  if (limits.length === 0) return { fits: () => true, text: () => "any weight" };
  const places = [...new Set(companions.map(({ locationId }) => locationId))];
  const carriersGrams = Math.min(...limits);
  const maxGrams = (await parcelLimitAt(client, carriersGrams, places)) ?? carriersGrams;
  const skus = new Set(companions.flatMap(({ goods }) => goods.map(({ sku }) => sku)));
  const weights = await readUnitWeights(client, [...skus]);
  const grams = (together: readonly Companion[]) =>
    gramsOf(
      together.flatMap(({ goods }) => goods),
      weights,
    );
  return {
    fits: (together) => grams(together) <= maxGrams,
    text: (together) => overweightText(grams(together), maxGrams),
  };
}

/** Whether it was made, whatever has become of it. */
export async function isCombinedParcelKnown(client: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await client.query("select from combined_parcel where id = $1", [id]);
  return rowCount === 1;
}

/** The parcel that this fulfillment order is to share, as long as that has not left. */
export async function openParcelOf(
  client: Queryable,
  fulfillmentOrderId: string,
): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string }>(
    `select c.id from fulfillment_order f join combined_parcel c on c.id = f.combined_parcel_id
     where f.id = $1 and c.ended_at is null`,
    [fulfillmentOrderId],
  );
  return rows[0]?.id;
}

/** A fulfillment order of another order, as people tell it apart. */
export type Candidate = Companion & {
  readonly orderNumber: string;
  readonly service: string;
  /** By the rule of its channel, it waits for orders to leave with. */
  readonly waits: boolean;
};

/**
 * What waits at the same place for what may be the same customer: other orders' fulfillment orders, the
 * oldest orders first.
 */
export async function readCandidates(
  client: Queryable,
  fulfillmentOrderId: string,
): Promise<readonly Candidate[]> {
  const { rows } = await client.query<Candidate>(
    `select f.id, f.order_id as "orderId", f.location_id as "locationId", f.status, f.stage, o.status as "orderStatus",
       o.hold_reasons as "holdReasons", o.document, o.external_number as "orderNumber",
       o.document->>'shippingService' as service, f.combine_until is not null as waits,
       (select coalesce(jsonb_agg(jsonb_build_object('sku', l.sku, 'quantity', l.quantity)), '[]')
          from fulfillment_order_line l where l.fulfillment_order_id = f.id) as goods
     from fulfillment_order mine join orders m on m.id = mine.order_id
     join fulfillment_order f on f.location_id = mine.location_id and f.status in ('open', 'in_progress')
       and f.stage = 'waiting' and f.combined_parcel_id is null and f.order_id <> mine.order_id
     join orders o on o.id = f.order_id and o.company_id = m.company_id
       and (${samePerson("o", "m")} or (o.channel_id = m.channel_id
         and o.document->'customer'->>'externalId' = m.document->'customer'->>'externalId'))
     where mine.id = $1 order by o.placed_at, f.id limit 50`,
    [fulfillmentOrderId],
  );
  return rows;
}

export async function openCombinedParcels(client: Queryable): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    "select id from combined_parcel where ended_at is null order by created_at, id",
  );
  return rows.map(({ id }) => id);
}

/** @returns undefined where it has ended */
export async function lockCombinedParcel(client: Queryable, id: string): Promise<CombinedParcel | undefined> {
  const { rows: named } = await client.query<{ id: string }>(
    "select id from fulfillment_order where combined_parcel_id = $1",
    [id],
  );
  const members = await lockMembers(
    client,
    named.map((row) => row.id),
  );
  const { rows } = await client.query<Omit<CombinedParcel, "members">>(
    `select id, location_id as "locationId", address from combined_parcel where id = $1 and ended_at is null for update`,
    [id],
  );
  const [parcel] = rows;
  if (parcel === undefined) return undefined;
  const { rows: still } = await client.query<{ id: string }>(
    "select id from fulfillment_order where combined_parcel_id = $1",
    [id],
  );
  const ids = new Set(still.map((row) => row.id));
  return { ...parcel, members: members.filter(({ part }) => ids.has(part.id)) };
}

/** What has become of a parcel. */
export type ReviewedParcel = {
  readonly members: readonly CombinedMember[];
  /** Orders whose way has changed, and whose sagas are to look again; each time under a key of its own. */
  readonly changed: readonly { readonly orderId: string; readonly key: string }[];
};

/**
 * Takes out who cannot stay, and who is asked to leave. One that remains alone leaves alone. Both sides read
 * it on their timelines.
 */
export async function takeOutOfParcel(
  client: Queryable,
  parcel: CombinedParcel,
  limit: ParcelLimitOf,
  by: string,
  asked?: { readonly id: string; readonly why: string },
): Promise<ReviewedParcel> {
  const isStaying = (member: CombinedMember) =>
    member.part.id !== asked?.id && whyLeavesAlone(parcel, companionOf(member)) === null;
  const companions = parcel.members.filter(isStaying).map(companionOf);
  const scale = await parcelScale(client, limit, companions);
  const tooMuch = new Set(tooMuchFor(companions, scale.fits).map(({ id }) => id));
  const reasonOf = (member: CombinedMember) => {
    if (member.part.id === asked?.id) return asked.why;
    const why = whyLeavesAlone(parcel, companionOf(member));
    if (why !== null || !tooMuch.has(member.part.id)) return why;
    return `with it the parcel would weigh ${scale.text(companions)}`;
  };
  const gone = parcel.members.filter((member) => reasonOf(member) !== null);
  const left = parcel.members.filter((member) => reasonOf(member) === null);
  if (gone.length === 0) return { members: left, changed: [] };
  const isOver = left.length < 2;
  const leaving = isOver ? parcel.members : gone;
  await client.query("update fulfillment_order set combined_parcel_id = null where id = any($1)", [
    leaving.map(({ part }) => part.id),
  ]);
  if (isOver) await endCombinedParcel(client, parcel.id);
  for (const member of gone)
    await recordEntry(client, {
      orderId: member.order.orderId,
      key: `uncombined:${parcel.id}:${member.part.id}`,
      type: "fulfillment.uncombined",
      summary: `${member.part.id} leaves on its own: ${reasonOf(member)}.`,
      cause: by,
      data: { fulfillmentOrderId: member.part.id, combinedParcelId: parcel.id },
    });
  const names = gone.map(({ part }) => part.id).join(", ");
  for (const { part, order } of left)
    await recordEntry(client, {
      orderId: order.orderId,
      key: `uncombined:${parcel.id}:${part.id}:${left.length}`,
      type: "fulfillment.uncombined",
      summary: `${part.id} leaves without ${names}${isOver ? ", on its own" : ""}.`,
      cause: by,
      data: { fulfillmentOrderId: part.id, combinedParcelId: parcel.id },
    });
  return {
    members: isOver ? [] : left,
    changed: parcel.members.map(({ order }) => ({
      orderId: order.orderId,
      key: `uncombined:${parcel.id}:${left.length}`,
    })),
  };
}

/** By the rule of their channel, these wait for other orders of their customer before their pick begins. */
export async function waitForCompanions(client: Queryable, ids: readonly string[]): Promise<void> {
  await client.query(
    `update fulfillment_order f set combine_until = now() + make_interval(mins => c.combine_minutes)
     from orders o join channel c on c.id = o.channel_id
     where f.id = any($1) and o.id = f.order_id and f.status = 'open' and c.combine_minutes is not null`,
    [ids],
  );
}

/** Those whose time is over within so many milliseconds, or is over; who waits longest comes first. */
export async function readWaitsEnding(client: Queryable, withinMs: number): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `select id from fulfillment_order where combine_until <= now() + $1 * interval '1 millisecond'
     order by combine_until, id limit 500`,
    [withinMs],
  );
  return rows.map(({ id }) => id);
}

/** @returns those that wait no longer, each once */
export async function endWaits(
  client: Queryable,
): Promise<readonly { readonly id: string; readonly orderId: string }[]> {
  const { rows } = await client.query<{ id: string; orderId: string }>(
    `update fulfillment_order f set combine_until = null
     from (select id from fulfillment_order where combine_until <= now()
           order by combine_until, id limit 500 for update skip locked) over
     where f.id = over.id returning f.id, f.order_id as "orderId"`,
  );
  return rows;
}

/** It has left, or it came to nothing. */
export async function endCombinedParcel(client: Queryable, id: string): Promise<void> {
  await client.query("update combined_parcel set ended_at = now() where id = $1 and ended_at is null", [id]);
}
