/** Returns as staff reads them. */
import type { Disposition } from "../../orders/return-authorization.ts";
import type { TrackingStatus } from "../../ports/carriers.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, decodeCursor, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { fromMicroseconds, microseconds, RETURN_JSON, SHIPMENT_JSON } from "../sql/view-sql.ts";

type ReturnSummaryJson = {
  readonly id: string;
  readonly orderId: string;
  readonly status: string;
  readonly reason: string;
  readonly requestedAt: string;
  readonly refundMinor: number;
  readonly currency: string;
  readonly units: number;
};

/** Newest first. */
export async function listReturns(
  database: Queryable,
  filter: {
    readonly status?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
) {
  const [requestedAt, id] =
    filter.cursor === undefined ? [] : decodeCursor(filter.cursor, [CURSOR_MICROSECONDS, CURSOR_TEXT]);
  const { rows } = await database.query<{ summary: ReturnSummaryJson; position: string }>(
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

/** @returns null where there is no such return */
export async function readReturn(database: Queryable, returnId: string) {
  const { rows } = await database.query<{
    summary: ReturnSummaryJson;
    comment: string;
    lines: readonly {
      readonly lineId: string;
      readonly sku: string;
      readonly title: string;
      readonly requested: number;
      readonly received: number;
      readonly disposition: Disposition | null;
    }[];
    shipment: {
      readonly id: string;
      readonly carrier: string;
      readonly service: string;
      readonly trackingNumber: string;
      readonly trackingStatus: TrackingStatus;
      readonly costMinor: number;
      readonly currency: string;
      readonly shippedAt: string | null;
      readonly deliveredAt: string | null;
      readonly reports: readonly {
        readonly status: TrackingStatus;
        readonly message: string;
        readonly place: string;
        readonly at: string;
      }[];
    } | null;
  }>(
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
