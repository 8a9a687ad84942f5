/** What was wrong with rows of files that are imported. */
import type { Queryable } from "../sql/database.ts";
import { openText, sealText } from "./sealed.ts";

export type StoredFault = {
  readonly line: number;
  readonly column: string | null;
  readonly code: string;
  readonly expected: string;
};

const purposeOf = (id: string): string => `faults of import ${id}`;

/** @param first number of the first of them; numbers that are there stay as they are */
export async function addFaults(
  client: Queryable,
  id: string,
  first: number,
  faults: readonly StoredFault[],
): Promise<void> {
  if (faults.length === 0) return;
  await client.query(
    `insert into import_fault (import_id, number, line, column_name, code, expected)
     select $1, $2 + f.number - 1, f.line, f.column_name, f.code, f.expected
       from unnest($3::bigint[], $4::text[], $5::text[], $6::text[])
         with ordinality as f(line, column_name, code, expected, number)
     on conflict do nothing`,
    [
      id,
      first,
      faults.map(({ line }) => line),
      faults.map(({ column }) => column?.replaceAll("\0", "") ?? null),
      faults.map(({ code }) => code),
      faults.map(({ expected }) => sealText(client, purposeOf(id), expected.replaceAll("\0", ""))),
    ],
  );
}

export async function countFaults(client: Queryable, id: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    "select coalesce(max(number) + 1, 0)::bigint as count from import_fault where import_id = $1",
    [id],
  );
  return rows[0]?.count ?? 0;
}

/** In the order of the file, part by part. */
export async function* readFaults(
  database: Queryable,
  id: string,
  partSize = 1_000,
): AsyncGenerator<readonly StoredFault[]> {
  for (let from = 0; ; from += partSize) {
    const { rows } = await database.query<StoredFault>(
      `select line, column_name as "column", code, expected from import_fault
        where import_id = $1 and number >= $2 and number < $3 order by number`,
      [id, from, from + partSize],
    );
    if (rows.length === 0) return;
    yield rows.map((row) => ({ ...row, expected: openText(database, purposeOf(id), row.expected) }));
  }
}
