/**
 * The timeline of an order. An entry's key makes it happen once; whoever inserts it may do what goes with it in the
 * same transaction, so that an entry is also the mark that its step is done.
 */
import type { Queryable } from "../sql/database.ts";

export type NewTimelineEntry = {
  readonly orderId: string;
  readonly key: string;
  /** Dotted, lower case, past tense: `payment.authorized`. */
  readonly type: string;
  /** One sentence for a person. */
  readonly summary: string;
  /** Who or what made it happen: `saga:authorize-payment`, `device:robot-3`, `staff:…`. */
  readonly cause: string;
  readonly data?: Readonly<Record<string, unknown>>;
};

/** @returns whether the entry is new; false: it was there already. */
export async function recordEntry(client: Queryable, entry: NewTimelineEntry): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into order_event (order_id, key, type, summary, cause, data)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [entry.orderId, entry.key, entry.type, entry.summary, entry.cause, JSON.stringify(entry.data ?? {})],
  );
  return rowCount === 1;
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
