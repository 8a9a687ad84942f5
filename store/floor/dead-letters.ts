/**
 * Messages of devices that could not be understood or applied: written by the bridge, read by people, and
 * given to their handlers again where somebody asks for it.
 *
 * A letter is retried in two steps: a person asks, and the bridge delivers it and writes what came of it. If
 * the bridge dies between delivering and writing, it delivers once more; effects are keyed.
 */
import type { DeadLetterRow, DeadLetterView } from "../../contract/devices.ts";
import type { Page } from "../../contract/shapes.ts";
import { toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { iso } from "../sql/view-sql.ts";

/** What is kept of a payload, for a person to look at. Bytes. */
export const KEPT_LETTER_BYTES = 16 * 1024;

/** A device says these again by itself, and an old one would contradict a newer one. */
const STATES = "^.*/(state|connection|factsheet|visualization|status)$";

export type NewDeadLetter = {
  readonly deviceId: string | null;
  readonly topic: string;
  readonly payload: Buffer;
  readonly code: string;
  readonly detail: string;
};

export function writeDeadLetter(client: Queryable, letter: NewDeadLetter): Promise<void> {
  return writeDeadLetters(client, [letter]);
}

/** All of them or none, in their order. */
export async function writeDeadLetters(client: Queryable, letters: readonly NewDeadLetter[]): Promise<void> {
  await client.query(
    `insert into device_dead_letter (device_id, topic, payload, size, code, detail)
     select device_id, topic, payload, size, code, detail
       from unnest($1::text[], $2::text[], $3::bytea[], $4::integer[], $5::text[], $6::text[]) with ordinality
         as l(device_id, topic, payload, size, code, detail, nth)
      order by nth`,
    [
      letters.map((letter) => letter.deviceId),
      letters.map((letter) => letter.topic),
      letters.map((letter) => letter.payload.subarray(0, KEPT_LETTER_BYTES)),
      letters.map((letter) => letter.payload.length),
      letters.map((letter) => letter.code),
      letters.map((letter) => letter.detail),
    ],
  );
}

/** Deletes all but about the newest `most`. */
export async function trimDeadLetters(client: Queryable, most: number): Promise<void> {
  await client.query(
    "delete from device_dead_letter where id <= (select max(id) from device_dead_letter) - $1::bigint",
    [most],
  );
}

const COLUMNS = `l.id::text, l.device_id as "deviceId", l.topic, l.code, l.detail, l.size, ${iso("l.at")} as at,
  l.size = octet_length(l.payload) and l.topic !~ '${STATES}' as "canRetry",
  case when l.retry_asked_at is null then 'none' when l.retried_at is null then 'asked'
       else l.retry_outcome end as retry`;

/** Newest first, unless `sort` is `at`. */
export async function listDeadLetters(
  client: Queryable,
  filter: {
    readonly device?: string | undefined;
    readonly code?: string | undefined;
    readonly sort?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<DeadLetterRow>> {
  const order = readingOrder("-at", filter.sort);
  const [last] = order.placeIn(filter.cursor, [/^\d{1,18}$/]);
  const { rows } = await client.query<DeadLetterRow>(
    `select ${COLUMNS} from device_dead_letter l
      where ($1::text is null or l.device_id = $1) and ($2::text is null or l.code = $2)
        and ($3::bigint is null or l.id ${order.further} $3)
      order by l.id ${order.direction} limit $4`,
    [filter.device ?? null, filter.code ?? null, last ?? null, filter.limit + 1],
  );
  return toPage(
    rows,
    filter.limit,
    (row) => row,
    (row) => order.placeOf(row.id),
  );
}

export async function readDeadLetter(client: Queryable, id: string): Promise<DeadLetterView | null> {
  if (!/^\d{1,18}$/.test(id)) return null;
  const { rows } = await client.query<DeadLetterView>(
    `select ${COLUMNS}, translate(encode(l.payload, 'base64'), E'\\n', '') as payload,
            coalesce(s.name, l.retry_asked_by) as "retryAskedBy"
       from device_dead_letter l left join staff s on l.retry_asked_by = 'staff:' || s.id
      where l.id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

/** One that was asked for and is not done yet stays as it is. */
export async function askForRetry(client: Queryable, id: string, by: string): Promise<void> {
  await client.query(
    `with asked as (
       update device_dead_letter set retry_asked_at = now(), retry_asked_by = $2, retried_at = null,
         retry_outcome = null
        where id = $1 and (retry_asked_at is null or retried_at is not null) returning id)
     select pg_notify('devices', '') from asked`,
    [id, by],
  );
}

type LetterToRetry = { readonly id: string; readonly topic: string; readonly payload: Buffer };

/** Locks the oldest letter that is to be retried; another bridge takes the next one. */
/** @param site of the device that has said it, or that its topic names; null: of all sites */
export async function lockLetterToRetry(
  client: Queryable,
  site: string | null,
): Promise<LetterToRetry | undefined> {
  const { rows } = await client.query<LetterToRetry>(
    `select l.id::text, l.topic, l.payload from device_dead_letter l
      where l.retry_asked_at is not null and l.retried_at is null
        and ($1::text is null or exists (
          select from device d where d.location_id = $1
             and (d.id = l.device_id or l.device_id is null and strpos(l.topic || '/', '/' || d.id || '/') > 0)))
      order by l.id limit 1 for update of l skip locked`,
    [site],
  );
  return rows[0];
}

export async function settleRetry(client: Queryable, id: string, outcome: string): Promise<void> {
  await client.query("update device_dead_letter set retried_at = now(), retry_outcome = $2 where id = $1", [
    id,
    outcome,
  ]);
}
