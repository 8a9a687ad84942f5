/** A company's own reasons to put an order on hold. Read with each use: what is set counts in every process. */
import type { HoldReasonView } from "../../contract/settings/hold-reasons.ts";
import type { Queryable } from "../sql/database.ts";

export type OwnHoldReason = Omit<HoldReasonView, "version">;

export const holdReasonSubject = (code: string): string => `hold-reason:${code}`;

const COLUMNS = `code, label, guidance, released_by as "releasedBy", keeps_stock as "keepsStock", active`;

/** In the order in which they were made. */
export async function readHoldReasons(
  client: Queryable,
  companyId: string,
): Promise<readonly OwnHoldReason[]> {
  const { rows } = await client.query<OwnHoldReason>(
    `select ${COLUMNS} from hold_reason where company_id = $1 order by created_at, code`,
    [companyId],
  );
  return rows;
}

export async function writeHoldReason(
  client: Queryable,
  companyId: string,
  { code, label, guidance, releasedBy, keepsStock, active }: OwnHoldReason,
): Promise<void> {
  await client.query(
    `insert into hold_reason (company_id, code, label, guidance, released_by, keeps_stock, active)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (company_id, code) do update
       set label = excluded.label, guidance = excluded.guidance, released_by = excluded.released_by,
           keeps_stock = excluded.keeps_stock, active = excluded.active`,
    [companyId, code, label, guidance, releasedBy, keepsStock, active],
  );
}

/**
 * The reason that a company's orders can be held for under this code: that of an order, or of a channel.
 *
 * @returns undefined where there is none, or it is off
 */
export async function findHoldReason(
  client: Queryable,
  of: { readonly orderId: string } | { readonly channelId: string },
  code: string,
): Promise<OwnHoldReason | undefined> {
  const [table, id] = "orderId" in of ? ["orders", of.orderId] : ["channel", of.channelId];
  const { rows } = await client.query<OwnHoldReason>(
    `select ${COLUMNS} from hold_reason
      where code = $2 and active and company_id = (select company_id from ${table} where id = $1)`,
    [id, code],
  );
  return rows[0];
}

/** Codes of reasons that a role's members may not let an order go from. */
export async function reasonsBarredFrom(
  client: Queryable,
  orderId: string,
  role: string,
): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ code: string }>(
    `select code from hold_reason
      where released_by is not null and $2 <> 'admin' and not $2 = any(released_by)
        and company_id = (select company_id from orders where id = $1)`,
    [orderId, role],
  );
  return new Set(rows.map(({ code }) => code));
}
