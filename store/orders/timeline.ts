/**
 * The timeline of an order. An entry's key makes it happen once. A caller that inserts an entry may do what
 * goes with it in the same transaction; the entry is then also the mark that its step is done.
 */
import { type Sealer, sealerOf } from "../personal-data/vault.ts";
import type { Queryable } from "../sql/database.ts";

export type TimelineEntry = {
  readonly key: string;
  /** Dotted, lower case, past tense: `payment.authorized`. */
  readonly type: string;
  /** One sentence for a person. */
  readonly summary: string;
  /** Who or what made it happen: `saga:authorize-payment`, `device:robot-3`, `staff:…`. */
  readonly cause: string;
  readonly data?: Readonly<Record<string, unknown>>;
};

/**
 * For a statement that does more: inserts the entries of every row of the relation `orders`, which has an
 * `id` and `entries`, an array of `TimelineEntry` in JSON. They are numbered in the order of `by`, and within
 * a row in their own order.
 */
export function insertEntries(orders: string, by = "o.id"): string {
  return `insert into order_event (order_id, key, type, summary, cause, data)
    select o.id, e.value->>'key', e.value->>'type', e.value->>'summary', e.value->>'cause',
      coalesce(e.value->'data', '{}')
    from ${orders} o cross join lateral jsonb_array_elements(o.entries) with ordinality as e(value, position)
    order by ${by}, e.position
    on conflict do nothing`;
}

const RECORD_ENTRY = `
with told as (select $1::text as id, $2::jsonb as entries)
${insertEntries("told")}`;

/** @returns whether the entry is new; false: it was there already. */
export async function recordEntry(
  client: Queryable,
  entry: TimelineEntry & { readonly orderId: string },
): Promise<boolean> {
  const { orderId, ...told } = entry;
  const { rowCount } = await client.query({
    name: "record-entry",
    text: RECORD_ENTRY,
    values: [orderId, JSON.stringify([told])],
  });
  return rowCount === 1;
}

/**
 * The same for an entry that quotes a shopper, a carrier, a channel or staff: its sentence is kept under the
 * order's key.
 */
export async function recordQuote(
  client: Queryable,
  entry: TimelineEntry & { readonly orderId: string },
): Promise<boolean> {
  const sealer = await sealerOf(client, entry.orderId);
  return recordEntry(client, { ...entry, summary: sealer.words(entry.summary) });
}

const RECORD_ENTRIES = `
with told as (
  select e.value->>'orderId' as id, jsonb_build_array(e.value - 'orderId') as entries, e.place
  from jsonb_array_elements($1::jsonb) with ordinality as e(value, place)
)
${insertEntries("told", "o.id, o.place")}`;

/** Several entries, those of an order in their order. */
export async function recordEntries(
  client: Queryable,
  entries: readonly (TimelineEntry & { readonly orderId: string })[],
): Promise<void> {
  if (entries.length === 0) return;
  await client.query({ name: "record-entries", text: RECORD_ENTRIES, values: [JSON.stringify(entries)] });
}

/** The same for entries that quote somebody. `sealers` has those of all their orders. */
export function recordQuotes(
  client: Queryable,
  entries: readonly (TimelineEntry & { readonly orderId: string })[],
  sealers: ReadonlyMap<string, Sealer>,
): Promise<void> {
  const sealed = entries.map((entry) => {
    const sealer = sealers.get(entry.orderId);
    if (sealer === undefined) throw new Error(`the key of order ${entry.orderId} was not read`);
    return { ...entry, summary: sealer.words(entry.summary) };
  });
  return recordEntries(client, sealed);
}

/** What an entry carries; `null` where there is no such entry. */
export async function readEntryData(
  client: Queryable,
  orderId: string,
  key: string,
): Promise<Readonly<Record<string, unknown>> | null> {
  const { rows } = await client.query<{ data: Readonly<Record<string, unknown>> }>(
    "select data from order_event where order_id = $1 and key = $2",
    [orderId, key],
  );
  return rows[0]?.data ?? null;
}
