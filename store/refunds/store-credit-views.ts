/** Store credit as staff read it: never with the whole code. */

import type { Page } from "../../contract/shapes.ts";
import type { StoreCreditSummary, StoreCreditView } from "../../contract/store-credit.ts";
import { currencyExponent } from "../../orders/money.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { containing, fromMicroseconds, iso, microseconds } from "../sql/view-sql.ts";

const COLUMNS = `a.id, a.holder, a.currency, a.balance_minor as "balanceMinor", right(a.code, 4) as "codeEnd",
  ${iso("a.created_at")} as "createdAt"`;

type AccountRow = Omit<StoreCreditSummary, "exponent">;

/** Newest first, unless `sort` is `createdAt`. `text`: part of the holder, unless `isHolderHidden`, or the end of a code. */
export async function listStoreCredit(
  database: Queryable,
  filter: {
    readonly companyId: string;
    readonly text?: string | undefined;
    readonly isHolderHidden?: boolean;
    readonly sort?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<StoreCreditSummary>> {
  const order = readingOrder("-createdAt", filter.sort);
  const [createdAt, id] = order.placeIn(filter.cursor, [CURSOR_MICROSECONDS, CURSOR_TEXT]);
  const { rows } = await database.query<AccountRow & { position: string }>(
    `select ${COLUMNS}, ${microseconds("a.created_at")} as position from store_credit_account a
      where a.company_id = $1
        and ($2::text is null or not $7 and a.holder ilike $2 or right(a.code, 4) = upper(right($3, 4)))
        and ($4::text is null or (a.created_at, a.id) ${order.further} (${fromMicroseconds("$4")}, $5))
      order by a.created_at ${order.direction}, a.id ${order.direction} limit $6`,
    [
      filter.companyId,
      filter.text === undefined ? null : containing(filter.text),
      filter.text ?? null,
      createdAt ?? null,
      id ?? null,
      filter.limit + 1,
      filter.isHolderHidden === true,
    ],
  );
  return toPage(
    rows,
    filter.limit,
    ({ position: _position, ...row }) => shown(row),
    (row) => order.placeOf(row.position, row.id),
  );
}

/** @returns null where the company has no such account */
export async function readStoreCreditView(
  database: Queryable,
  companyId: string,
  accountId: string,
): Promise<StoreCreditView | null> {
  const { rows } = await database.query<AccountRow & Pick<StoreCreditView, "entries">>(
    `select ${COLUMNS}, (select coalesce(jsonb_agg(jsonb_build_object('kind', e.kind, 'amountMinor', e.amount_minor,
         'balanceMinor', e.balance_minor, 'orderId', e.order_id, 'refundId', e.refund_id, 'note', e.note,
         'by', e.by, 'at', ${iso("e.at")}) order by e.id desc), '[]')
       from (select * from store_credit_entry where account_id = a.id order by id desc limit 200) e) as entries
     from store_credit_account a where a.id = $1 and a.company_id = $2`,
    [accountId, companyId],
  );
  const [row] = rows;
  return row === undefined ? null : { ...shown(row), entries: row.entries };
}

function shown<Row extends AccountRow>(row: Row): Row & { readonly exponent: number } {
  return { ...row, exponent: currencyExponent(row.currency) ?? 2 };
}
