/** Claims as staff read them. */
import type { ClaimView } from "../../contract/claims.ts";
import type { Page } from "../../contract/shapes.ts";
import { CARRIER_STEPS, isUndecided } from "../../orders/claim.ts";
import { type OrderSearch, ordersOfShopper } from "../orders/order-search.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { type Parameters, parameters } from "../sql/parameters.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { containing, fromMicroseconds, iso, microseconds } from "../sql/view-sql.ts";

type ClaimRow = Omit<ClaimView, "supportedActions">;

const CLAIM = `c.id, c.order_id as "orderId", o.external_number as "orderNumber",
  o.customer_name as "customerName", c.shipment_id as "shipmentId", s.carrier,
  s.tracking_number as "trackingNumber", c.kind, c.status, c.note, c.opened_by as "openedBy",
  ${iso("c.opened_at")} as "openedAt", c.decision, c.decided_by as "decidedBy",
  ${iso("c.decided_at")} as "decidedAt", c.carrier_status as "carrierStatus",
  c.carrier_reference as "carrierReference", c.carrier_paid_minor as "carrierPaidMinor", o.currency,
  (select coalesce(jsonb_agg(jsonb_build_object('lineId', l.line_id, 'sku', l.sku,
      'title', coalesce(ordered.title, l.sku), 'quantity', l.quantity, 'restocked', l.restocked,
      'damaged', l.damaged) order by length(l.line_id), l.line_id), '[]')
    from claim_line l left join order_line ordered on ordered.order_id = c.order_id and ordered.line_id = l.line_id
    where l.claim_id = c.id) as lines`;

const FROM = "from claim c join orders o on o.id = c.order_id join shipment s on s.id = c.shipment_id";

/** Newest first, unless `sort` is `openedAt`. `carrierStatus`: the list of what is to be asked of carriers. */
export async function listClaims(
  database: Queryable,
  filter: {
    readonly status?: string | undefined;
    readonly carrierStatus?: string | undefined;
    readonly orderId?: string | undefined;
    readonly channelId?: string | null;
    /** A part of a number: the order's, the parcel's, the carrier's for the claim; or what tells of the shopper. */
    readonly search?: OrderSearch | undefined;
    readonly sort?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<ClaimView>> {
  const order = readingOrder("-openedAt", filter.sort);
  const [openedAt, id] = order.placeIn(filter.cursor, [CURSOR_MICROSECONDS, CURSOR_TEXT]);
  const statement = parameters([
    filter.status ?? null,
    filter.carrierStatus ?? null,
    filter.orderId ?? null,
    filter.channelId ?? null,
    openedAt ?? null,
    id ?? null,
    filter.limit + 1,
  ]);
  const { rows } = await database.query<ClaimRow & { position: string }>(
    `select ${CLAIM}, ${microseconds("c.opened_at")} as position ${FROM}
      where ($1::text is null or c.status = $1) and ($2::text is null or c.carrier_status = $2)
        and ($3::text is null or c.order_id = $3) and ($4::text is null or o.channel_id = $4)
        and ($5::text is null or (c.opened_at, c.id) ${order.further} (${fromMicroseconds("$5")}, $6))
        and ${foundBy(database, filter.search, statement)}
      order by c.opened_at ${order.direction}, c.id ${order.direction} limit $7`,
    [...statement.values],
  );
  return toPage(
    rows,
    filter.limit,
    ({ position: _position, ...row }) => withActions(row),
    (row) => order.placeOf(row.position, row.id),
  );
}

function foundBy(database: Queryable, search: OrderSearch | undefined, statement: Parameters): string {
  const text = search?.text.trim() ?? "";
  if (search === undefined || text === "") return "true";
  const part = statement.add(containing(text));
  return `(c.id ilike ${part} or c.order_id ilike ${part} or o.external_number ilike ${part}
    or s.tracking_number ilike ${part} or c.carrier_reference ilike ${part}
    or c.order_id in (${ordersOfShopper(database, search, statement)}))`;
}

/** @returns null where there is no such claim, or where it is of another channel */
export async function readClaimView(
  database: Queryable,
  claimId: string,
  channelId: string | null,
): Promise<ClaimView | null> {
  const { rows } = await database.query<ClaimRow>(
    `select ${CLAIM} ${FROM} where c.id = $1 and ($2::text is null or o.channel_id = $2)`,
    [claimId, channelId],
  );
  return rows[0] === undefined ? null : withActions(rows[0]);
}

function withActions(row: ClaimRow): ClaimView {
  const isHere = row.lines.some((line) => line.restocked + line.damaged > 0) || row.status === "received";
  const canReceive = row.kind === "return_to_sender" && row.status !== "rejected" && !isHere;
  return {
    ...row,
    supportedActions: [
      ...(canReceive ? (["receive"] as const) : []),
      ...(isUndecided(row.status) ? (["refund", "reship", "reject"] as const) : []),
      ...(CARRIER_STEPS[row.carrierStatus].length > 0 ? (["carrier"] as const) : []),
    ],
  };
}
