/** Refunds as staff and finance read them. */
import type { RefundView } from "../../contract/refunds.ts";
import type { Page } from "../../contract/shapes.ts";
import { currencyExponent } from "../../orders/money.ts";
import { type OrderSearch, ordersOfShopper } from "../orders/order-search.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { type Parameters, parameters } from "../sql/parameters.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { containing, fromMicroseconds, iso, microseconds } from "../sql/view-sql.ts";

type RefundRow = Omit<RefundView, "exponent" | "supportedActions"> & { readonly isReopened: boolean };

const COLUMNS = `r.id, r.order_id as "orderId", o.external_number as "orderNumber",
  o.customer_name as "customerName", o.channel_id as "channelId", c.name as "channelName", r.reason, r.status,
  r.currency, r.asked_minor as "askedMinor", r.amount_minor as "amountMinor",
  r.payment_minor as "paymentMinor", r.store_credit_minor as "storeCreditMinor",
  r.channel_minor as "channelMinor", r.exchange_minor as "exchangeMinor", r.confirmed_minor as "confirmedMinor", r.bonus_minor as "bonusMinor",
  r.to_store_credit as "toStoreCredit", r.note, r.failure, r.return_id as "returnId", r.claim_id as "claimId",
  r.requested_by as "requestedBy", ${iso("r.requested_at")} as "requestedAt",
  ${iso("r.settled_at")} as "settledAt", r.reopened_at is not null as "isReopened"`;

const FROM = "from refund r join orders o on o.id = r.order_id join channel c on c.id = o.channel_id";

export type RefundFilter = {
  readonly status?: string | undefined;
  readonly reason?: string | undefined;
  readonly channelId?: string | undefined;
  readonly orderId?: string | undefined;
  /** A part of a number: the order's, the refund's, the channel's for it; or what tells of the shopper. */
  readonly search?: OrderSearch | undefined;
};

/** Newest first, unless `sort` is `requestedAt`. */
export async function listRefunds(
  database: Queryable,
  filter: RefundFilter & {
    readonly sort?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<RefundView>> {
  const order = readingOrder("-requestedAt", filter.sort);
  const [requestedAt, id] = order.placeIn(filter.cursor, [CURSOR_MICROSECONDS, CURSOR_TEXT]);
  const statement = parameters([
    filter.status ?? null,
    filter.reason ?? null,
    filter.channelId ?? null,
    filter.orderId ?? null,
    requestedAt ?? null,
    id ?? null,
    filter.limit + 1,
  ]);
  const { rows } = await database.query<RefundRow & { position: string }>(
    `select ${COLUMNS}, ${microseconds("r.requested_at")} as position ${FROM}
      where ($1::text is null or r.status = $1) and ($2::text is null or r.reason = $2)
        and ($3::text is null or o.channel_id = $3) and ($4::text is null or r.order_id = $4)
        and ($5::text is null or (r.requested_at, r.id) ${order.further} (${fromMicroseconds("$5")}, $6))
        and ${foundBy(database, filter.search, statement)}
      order by r.requested_at ${order.direction}, r.id ${order.direction} limit $7`,
    [...statement.values],
  );
  return toPage(
    rows,
    filter.limit,
    ({ position: _position, ...row }) => shown(row),
    (row) => order.placeOf(row.position, row.id),
  );
}

function foundBy(database: Queryable, search: OrderSearch | undefined, statement: Parameters): string {
  const text = search?.text.trim() ?? "";
  if (search === undefined || text === "") return "true";
  const part = statement.add(containing(text));
  return `(r.id::text ilike ${part} or r.order_id ilike ${part} or o.external_number ilike ${part}
    or exists (select from channel_refund told where told.order_id = r.order_id and told.external_id ilike ${part})
    or r.order_id in (${ordersOfShopper(database, search, statement)}))`;
}

/** @returns null where there is no such refund, or where it is of another channel */
export async function readRefundView(
  database: Queryable,
  refundId: string,
  channelId: string | null,
): Promise<RefundView | null> {
  const { rows } = await database.query<RefundRow>(
    `select ${COLUMNS} ${FROM} where r.id = $1 and ($2::text is null or o.channel_id = $2)`,
    [refundId, channelId],
  );
  return rows[0] === undefined ? null : shown(rows[0]);
}

function shown(row: RefundRow): RefundView {
  const { isReopened: _isReopened, ...view } = row;
  return { ...view, exponent: currencyExponent(row.currency) ?? 2, supportedActions: actionsOf(row) };
}

function actionsOf(row: RefundRow): RefundView["supportedActions"] {
  const { status, returnId, isReopened, paymentMinor, amountMinor } = row;
  if (status === "due_at_channel" || status === "owed_by_customer") return ["confirm"];
  if (status !== "failed") return [];
  const isWithdrawable = isReopened ? paymentMinor === amountMinor : returnId === null;
  return isWithdrawable ? ["retry", "withdraw"] : ["retry"];
}
