/** Things that came to the returns desk and that nobody announced: put aside, and known. */
import type { UnknownItem } from "../../contract/returns.ts";
import type { Page } from "../../contract/shapes.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { fromMicroseconds, iso, microseconds } from "../sql/view-sql.ts";

/** A row `return_unknown_item` named `u` as the API's item. */
export const UNKNOWN_ITEM_JSON = `jsonb_build_object('id', u.id, 'returnId', u.return_id, 'code', u.code,
  'quantity', u.quantity, 'note', u.note, 'status', u.status, 'putAsideBy', u.put_aside_by, 'at', ${iso("u.at")},
  'attachedReturnId', u.attached_return_id, 'attachedLineId', u.attached_line_id)`;

/** Adds an item `U1`, `U2`, …; where its key is known, it is the first one of that key. */
export async function addUnknownItem(
  client: Queryable,
  item: {
    readonly key: string;
    readonly returnId: string | null;
    readonly code: string;
    readonly quantity: number;
    readonly note: string;
    readonly by: string;
  },
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const { rows } = await client.query<{ id: string }>(
    `insert into return_unknown_item (id, key, return_id, code, quantity, note, put_aside_by)
     values ('U' || nextval('return_unknown_item_number'), $1, $2, $3, $4, $5, $6)
     on conflict (key) do nothing returning id`,
    [item.key, item.returnId, item.code, item.quantity, item.note, item.by],
  );
  const added = rows[0]?.id;
  if (added !== undefined) return { id: added, isNew: true };
  const known = await client.query<{ id: string }>("select id from return_unknown_item where key = $1", [
    item.key,
  ]);
  return { id: known.rows[0]?.id as string, isNew: false };
}

type UnknownItemRecord = Pick<
  UnknownItem,
  "id" | "returnId" | "code" | "quantity" | "status" | "attachedReturnId" | "attachedLineId"
>;

/** Locks the item, so that it is settled once. */
export async function lockUnknownItem(client: Queryable, id: string): Promise<UnknownItemRecord | undefined> {
  const { rows } = await client.query<UnknownItemRecord>(
    `select id, return_id as "returnId", code, quantity, status, attached_return_id as "attachedReturnId",
       attached_line_id as "attachedLineId"
     from return_unknown_item where id = $1 for update`,
    [id],
  );
  return rows[0];
}

export async function settleUnknownItem(
  client: Queryable,
  id: string,
  settled: {
    readonly status: "attached" | "discarded";
    readonly returnId?: string;
    readonly lineId?: string;
    readonly by: string;
  },
): Promise<void> {
  await client.query(
    `update return_unknown_item set status = $2, attached_return_id = $3, attached_line_id = $4, settled_by = $5,
       settled_at = now()
     where id = $1`,
    [id, settled.status, settled.returnId ?? null, settled.lineId ?? null, settled.by],
  );
}

/** What is still put aside, or everything; newest first, unless `sort` is `at`. */
export async function listUnknownItems(
  database: Queryable,
  filter: {
    readonly status?: string | undefined;
    readonly sort?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<UnknownItem>> {
  const order = readingOrder("-at", filter.sort);
  const [at, id] = order.placeIn(filter.cursor, [CURSOR_MICROSECONDS, CURSOR_TEXT]);
  const { rows } = await database.query<{ item: UnknownItem; position: string }>(
    `select ${UNKNOWN_ITEM_JSON} as item, ${microseconds("u.at")} as position from return_unknown_item u
      where ($1::text is null or u.status = $1)
        and ($2::text is null or (u.at, u.id) ${order.further} (${fromMicroseconds("$2")}, $3))
      order by u.at ${order.direction}, u.id ${order.direction} limit $4`,
    [filter.status ?? null, at ?? null, id ?? null, filter.limit + 1],
  );
  return toPage(
    rows,
    filter.limit,
    (row) => row.item,
    (row) => order.placeOf(row.position, row.item.id),
  );
}

export async function readUnknownItem(database: Queryable, id: string): Promise<UnknownItem | null> {
  const { rows } = await database.query<{ item: UnknownItem }>(
    `select ${UNKNOWN_ITEM_JSON} as item from return_unknown_item u where u.id = $1`,
    [id],
  );
  return rows[0]?.item ?? null;
}
