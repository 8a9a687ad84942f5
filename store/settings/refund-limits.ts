/** What members of each role may give away, as set on the page. */
import type { RefundLimit } from "../../config/refund-limits.ts";
import type { Queryable } from "../sql/database.ts";

export const REFUND_LIMITS_SUBJECT = "refund-limits";

/** @returns null where nobody has set any: those that the process was started with count */
export async function readRefundLimitSetting(client: Queryable): Promise<readonly RefundLimit[] | null> {
  const { rows } = await client.query<{ limits: readonly RefundLimit[] }>(
    "select limits from refund_limit_setting",
  );
  return rows[0]?.limits ?? null;
}

export async function writeRefundLimits(client: Queryable, limits: readonly RefundLimit[]): Promise<void> {
  await client.query(
    `insert into refund_limit_setting (limits) values ($1)
     on conflict (only_row) do update set limits = excluded.limits`,
    [JSON.stringify(limits)],
  );
}
