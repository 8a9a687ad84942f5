/** What columns of files stand for, as people have said and kept it. */
import type { FieldMapping, SavedMapping, TableLayout } from "../../contract/imports/imports.ts";
import type { TableKind } from "../../contract/imports/table-kinds.ts";
import type { Queryable } from "../sql/database.ts";
import { iso } from "../sql/view-sql.ts";

export type StoredMapping = {
  readonly id: string;
  readonly companyId: string;
  readonly name: string;
  readonly kind: TableKind;
  readonly columns: readonly string[];
  readonly fields: readonly Pick<FieldMapping, "field" | "column" | "otherwise">[];
  /** Null: they are told from each file. */
  readonly decimal: TableLayout["decimal"] | null;
  readonly dates: TableLayout["dates"] | null;
  readonly by: string;
};

/** One of the same name is replaced. */
export async function saveMapping(client: Queryable, mapping: StoredMapping): Promise<void> {
  const { id, companyId, name, kind, columns, fields, decimal, dates, by } = mapping;
  await client.query(
    `insert into import_mapping (id, company_id, name, kind, columns, fields, decimal, dates, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (company_id, name) do update
       set kind = excluded.kind, columns = excluded.columns, fields = excluded.fields,
           decimal = excluded.decimal, dates = excluded.dates, created_by = excluded.created_by, created_at = now()`,
    [id, companyId, name, kind, JSON.stringify(columns), JSON.stringify(fields), decimal, dates, by],
  );
}

/** The newest first. */
export async function readMappings(
  client: Queryable,
  companyId: string,
): Promise<readonly Omit<StoredMapping, "companyId" | "by">[]> {
  const { rows } = await client.query<Omit<StoredMapping, "companyId" | "by">>(
    `select id, name, kind, columns, fields, decimal, dates from import_mapping where company_id = $1
      order by created_at desc, id limit 500`,
    [companyId],
  );
  return rows;
}

export async function listMappings(client: Queryable, companyId: string): Promise<readonly SavedMapping[]> {
  const { rows } = await client.query<SavedMapping>(
    `select id, name, kind, columns, created_by as "by", ${iso("created_at")} as at from import_mapping
      where company_id = $1 order by created_at desc, id limit 500`,
    [companyId],
  );
  return rows;
}

export async function deleteMapping(client: Queryable, companyId: string, id: string): Promise<boolean> {
  const { rowCount } = await client.query("delete from import_mapping where company_id = $1 and id = $2", [
    companyId,
    id,
  ]);
  return rowCount === 1;
}
