/**
 * Units that were reserved for an order in a commit that then could not write them down as its own: somebody
 * else has moved the order, or holds it. That they go back is written in that very commit (`stock_errand`),
 * so that a crash right after it leaves no unit held for nobody.
 *
 * The timeline counts the attempt as a reservation, so that the next one has other ids: under those of this
 * one the stock would answer with what was given back.
 */
import type { Transaction } from "../sql/database.ts";
import type { StoredHold } from "./order-rows.ts";
import { insertEntries, type TimelineEntry } from "./timeline.ts";

export type ReservedInVain = {
  readonly id: string;
  /** Of the order's timeline: `stock.reserved:<n>`. */
  readonly key: string;
  readonly holds: readonly StoredHold[];
};

export function reservedInVain(record: {
  readonly orderId: string;
  readonly holds: readonly StoredHold[];
  /** The first one counts the order's reservations. */
  readonly entries: readonly TimelineEntry[];
}): ReservedInVain {
  const { orderId, holds, entries } = record;
  const [counted] = entries;
  if (counted === undefined) throw new Error(`a reservation of ${orderId} has no entry`);
  return { id: orderId, key: counted.key, holds };
}

const RESERVED_IN_VAIN = `
with input as materialized (
  select * from json_to_recordset($1::json) as r(id text, key text, holds jsonb)
), told as (
  select id, jsonb_build_array(jsonb_build_object('key', key, 'type', 'stock.reserved',
    'summary', 'Reserved in vain, and given back.', 'cause', $2::text)) as entries from input
), noted as (
  ${insertEntries("told")} returning order_id, key
)
insert into stock_errand (command_id, order_id, kind, hold_id, sku, location_id)
select h."holdId" || ':in-vain', i.id, 'deallocate', h."holdId", h.sku, h."locationId"
from input i join noted n on n.order_id = i.id and n.key = i.key
  cross join lateral jsonb_to_recordset(i.holds) as h("holdId" text, sku text, "locationId" text)
on conflict do nothing`;

export async function noteReservedInVain(
  transaction: Transaction,
  reservations: readonly ReservedInVain[],
  cause: string,
): Promise<void> {
  if (reservations.length > 0)
    await transaction.query(RESERVED_IN_VAIN, [JSON.stringify(reservations), cause]);
}
