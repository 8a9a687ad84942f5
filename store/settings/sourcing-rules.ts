/** The rules by which orders are sourced, as people write them, in all of their versions. */

import type { Page } from "../../contract/shapes.ts";
import type { SourcingRulesView } from "../../contract/sourcing-rules.ts";
import { toPage } from "../sql/cursor.ts";
import type { Queryable } from "../sql/database.ts";
import { readingOrder } from "../sql/reading-order.ts";

export const SOURCING_RULES_SUBJECT = "sourcing-rules";

const VIEW = `r.version, r.rules, coalesce(s.name, r.set_by) as "setBy", r.set_at as "setAt"
  from sourcing_rules r left join staff s on r.set_by = 'staff:' || s.id`;

type Row = Omit<SourcingRulesView, "setAt"> & { readonly setAt: Date };

/** @param version absent: the one that counts. @returns null where there is no such version */
export async function readSourcingRulesVersion(
  client: Queryable,
  version?: number,
): Promise<SourcingRulesView | null> {
  const { rows } = await client.query<Row>(
    `select ${VIEW} where $1::integer is null or r.version = $1 order by r.version desc limit 1`,
    [version ?? null],
  );
  const [row] = rows;
  return row === undefined ? null : viewOf(row);
}

/** The newest first, unless `sort` is `version`. */
export async function listSourcingRules(
  client: Queryable,
  filter: {
    readonly sort?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<SourcingRulesView>> {
  const order = readingOrder("-version", filter.sort);
  const [last] = order.placeIn(filter.cursor, [/^\d{1,9}$/]);
  const { rows } = await client.query<Row>(
    `select ${VIEW} where $1::integer is null or r.version ${order.further} $1
      order by r.version ${order.direction} limit $2`,
    [last ?? null, filter.limit + 1],
  );
  return toPage(rows, filter.limit, viewOf, (row) => order.placeOf(String(row.version)));
}

function viewOf({ setAt, ...rest }: Row): SourcingRulesView {
  return { ...rest, setAt: setAt.toISOString() };
}

export async function insertSourcingRules(
  client: Queryable,
  version: number,
  rules: SourcingRulesView["rules"],
  by: string,
): Promise<void> {
  await client.query("insert into sourcing_rules (version, rules, set_by) values ($1, $2, $3)", [
    version,
    JSON.stringify(rules),
    by,
  ]);
}

const NOBODY_HAD_SET = `version = 1 and set_by = 'standard'
  and not exists (select from sourcing_rules where version > 1)`;

/** Whether the file's rules would count: nobody has set any. */
export async function isSourcingUnset(client: Queryable): Promise<boolean> {
  const { rowCount } = await client.query(`select from sourcing_rules where ${NOBODY_HAD_SET}`);
  return rowCount === 1;
}

/** Makes the file's rules the first version, where nobody has set any. @returns whether nobody had */
export async function seedSourcingRules(client: Queryable, rules: readonly unknown[]): Promise<boolean> {
  const { rowCount } = await client.query(
    `update sourcing_rules set rules = $1, set_by = 'file', set_at = now() where ${NOBODY_HAD_SET}`,
    [JSON.stringify(rules)],
  );
  return rowCount === 1;
}
