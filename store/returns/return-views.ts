/** Returns as staff reads them. */
import type { ReturnSummary, ReturnView } from "../../contract/returns.ts";
import type { Page } from "../../contract/shapes.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, decodeCursor, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { fromMicroseconds, microseconds, RETURN_JSON, SHIPMENT_JSON } from "../sql/view-sql.ts";

/** Newest first. */
export async function listReturns(
  database: Queryable,
  filter: {
    readonly status?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<ReturnSummary>> {
  const [requestedAt, id] =
    filter.cursor === undefined ? [] : decodeCursor(filter.cursor, [CURSOR_MICROSECONDS, CURSOR_TEXT]);
  const { rows } = await database.query<{ summary: ReturnSummary; position: string }>(
    `select ${RETURN_JSON} as summary, ${microseconds("r.requested_at")} as position
       from return_authorization r
      where ($1::text is null or r.status = $1)
        and ($2::text is null or (r.requested_at, r.id) < (${fromMicroseconds("$2")}, $3))
      order by r.requested_at desc, r.id desc limit $4`,
    [filter.status ?? null, requestedAt ?? null, id ?? null, filter.limit + 1],
  );
  return toPage(
    rows,
    filter.limit,
    (row) => row.summary,
    (row) => [row.position, row.summary.id],
  );
}

type ReturnRow = Pick<ReturnView, "comment" | "lines" | "shipment"> & { readonly summary: ReturnSummary };

/** @returns null where there is no such return */
export async function readReturnView(database: Queryable, returnId: string): Promise<ReturnView | null> {
  const { rows } = await database.query<ReturnRow>(
    `select ${RETURN_JSON} as summary, r.comment,
       (select coalesce(jsonb_agg(jsonb_build_object('lineId', line.line_id, 'sku', line.sku,
            'title', coalesce(ordered.title, line.sku), 'requested', line.requested, 'received', line.received,
            'disposition', line.disposition) order by length(line.line_id), line.line_id), '[]')
          from return_line line
          left join order_line ordered on ordered.order_id = r.order_id and ordered.line_id = line.line_id
         where line.return_id = r.id) as lines,
       (select ${SHIPMENT_JSON} from shipment where shipment.return_id = r.id
         order by shipment.created_at desc limit 1) as shipment
     from return_authorization r where r.id = $1`,
    [returnId],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { summary, ...rest } = row;
  return { ...summary, ...rest };
}
