/**
 * What happened to devices: connections, errors, refused work, messages put aside, changed registrations. The
 * bridge writes them in batches; the newest are kept. They are listed, newest first, and they are a feed.
 */
import type { DeviceEvent } from "../../contract/devices.ts";
import type { Page } from "../../contract/shapes.ts";
import { toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { type FeedCursor, type FeedPage, type FeedRow, feedPage } from "../sql/feed-cursor.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { iso } from "../sql/view-sql.ts";

export type NewDeviceEvent = {
  readonly deviceId: string | null;
  readonly kind: DeviceEvent["kind"];
  readonly detail: string;
  readonly count: number;
};

export async function writeDeviceEvents(client: Queryable, events: readonly NewDeviceEvent[]): Promise<void> {
  await client.query(
    `insert into device_event (device_id, kind, detail, count)
     select e."deviceId", e.kind, e.detail, e.count
       from rows from (jsonb_to_recordset($1)
         as ("deviceId" text, kind text, detail text, count integer)) with ordinality
         as e("deviceId", kind, detail, count, nth)
      order by e.nth`,
    [JSON.stringify(events)],
  );
}

/** Deletes all but about the newest `most`. */
export async function trimDeviceEvents(client: Queryable, most: number): Promise<void> {
  await client.query("delete from device_event where id <= (select max(id) from device_event) - $1::bigint", [
    most,
  ]);
}

/** The location is where the device is registered now. */
const COLUMNS = `e.id::text, e.device_id as "deviceId", d.location_id as "locationId", e.kind, e.detail, e.count,
  ${iso("e.at")} as at`;

/** Newest first, unless `sort` is `at`. */
export async function listDeviceEvents(
  client: Queryable,
  filter: {
    readonly device?: string | undefined;
    readonly kind?: string | undefined;
    readonly location?: string | undefined;
    readonly sort?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<DeviceEvent>> {
  const order = readingOrder("-at", filter.sort);
  const [last] = order.placeIn(filter.cursor, [/^\d{1,18}$/]);
  const { rows } = await client.query<DeviceEvent>(
    `select ${COLUMNS} from device_event e left join device d on d.id = e.device_id
      where ($1::text is null or e.device_id = $1) and ($2::text is null or e.kind = $2)
        and ($3::bigint is null or e.id ${order.further} $3) and ($5::text is null or d.location_id = $5)
      order by e.id ${order.direction} limit $4`,
    [filter.device ?? null, filter.kind ?? null, last ?? null, filter.limit + 1, filter.location ?? null],
  );
  return toPage(
    rows,
    filter.limit,
    (row) => row,
    (row) => order.placeOf(row.id),
  );
}

export type DeviceFeedEntry = DeviceEvent & { readonly cursor: FeedCursor };

/** Events after `after`, oldest first. Those that were deleted meanwhile are passed over. */
export async function readDeviceFeed(
  client: Queryable,
  after: FeedCursor,
  limit: number,
): Promise<FeedPage<DeviceFeedEntry>> {
  const { rows } = await client.query<FeedRow<DeviceEvent>>(
    `with horizon as materialized (select feed_horizon() as xmin)
     select horizon.xmin::text as horizon, e.tx::text as tx, ${COLUMNS}
       from horizon
       left join lateral (
         select * from device_event
          where (tx, id) > ($1::text::xid8, $2::bigint) and tx < horizon.xmin
          order by tx, id limit $3) e on true
       left join device d on d.id = e.device_id
      order by e.tx, e.id`,
    [after.transaction.toString(), after.id.toString(), limit],
  );
  return feedPage(rows, after, limit, ({ horizon: _horizon, tx: _tx, ...event }, cursor) => ({
    ...event,
    cursor,
  }));
}
