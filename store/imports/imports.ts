/**
 * Imports: what each is of, how its file is read, how far it is, and what came of it.
 *
 * I1 What was done is written down where it was left, by who has read that: two processes that do it by
 *    mistake at once count nothing twice.
 */
import { IMPORTS_AT_ONCE } from "../../config/limits.ts";
import type { ImportReport, ImportState, ImportView, TableLayout } from "../../contract/imports/imports.ts";
import type { TableKind } from "../../contract/imports/table-kinds.ts";
import type { Page } from "../../contract/shapes.ts";
import { CURSOR_MICROSECONDS, CURSOR_TEXT, toPage } from "../sql/cursor.ts";
import type { Database, Queryable } from "../sql/database.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { containing, fromMicroseconds, iso, microseconds } from "../sql/view-sql.ts";
import { openText, sealText } from "./sealed.ts";

const NO_SUMS = { read: 0, booked: 0, skipped: 0, refused: 0 };
export const EMPTY_REPORT: ImportReport = { rows: NO_SUMS, units: NO_SUMS, money: {}, onHand: null };

/** Who had it run, as far as limits go by it. */
export type ImportStarter = {
  readonly by: string;
  readonly address: string | null;
  readonly isPerson: boolean;
  /** Whether they may say how units of a SKU are told apart; absent: begun by an older version. */
  readonly setsTracking?: boolean;
  /** In whose name store credit is given: role, and what its members may give. */
  readonly giver: unknown;
};

export type ImportProblem = { readonly code: string; readonly detail: string; readonly line: number | null };

export type StoredImport = {
  readonly id: string;
  readonly companyId: string;
  readonly kind: TableKind;
  readonly state: ImportState;
  readonly fileName: string;
  readonly size: number | null;
  readonly bytes: number;
  readonly digest: string | null;
  readonly layout: TableLayout | null;
  readonly starter: ImportStarter | null;
  readonly by: string;
  readonly position: number;
  readonly report: ImportReport;
  readonly decided: unknown;
  readonly problem: ImportProblem | null;
  /** Whether it has been run: some of its file may be booked. */
  readonly wasRun: boolean;
};

const COLUMNS = `id, company_id as "companyId", kind, state, file_name as "fileName", size, bytes, digest, layout,
  starter, created_by as "by", position, report, decided, problem, started_at is not null as "wasRun"`;

const purposeOf = (id: string): string => `layout of import ${id}`;

type Row = Omit<StoredImport, "layout"> & { readonly layout: string | null };

function opened(database: object, row: Row): StoredImport {
  const { layout } = row;
  return {
    ...row,
    layout: layout === null ? null : layoutOf(openText(database, purposeOf(row.id), layout)),
  };
}

/** What an older version has stored says nothing of dates. */
function layoutOf(text: string): TableLayout {
  return { dates: "year", ...(JSON.parse(text) as Omit<TableLayout, "dates">) };
}

/** @returns false: there is one of this id, which stays as it is */
export async function insertImport(
  client: Queryable,
  given: Pick<StoredImport, "id" | "companyId" | "kind" | "fileName" | "size" | "by">,
): Promise<boolean> {
  const { id, companyId, kind, fileName, size, by } = given;
  const { rowCount } = await client.query(
    `insert into import (id, company_id, kind, state, file_name, size, created_by, report)
     values ($1, $2, $3, 'uploading', $4, $5, $6, $7) on conflict (id) do nothing`,
    [id, companyId, kind, fileName, size, by, EMPTY_REPORT],
  );
  return rowCount === 1;
}

/** @returns null where there is none */
export async function readImport(database: Queryable, id: string): Promise<StoredImport | null> {
  const { rows } = await database.query<Row>(`select ${COLUMNS} from import where id = $1`, [id]);
  return rows[0] === undefined ? null : opened(database, rows[0]);
}

/** Nobody else changes it until the transaction ends. */
export async function lockImport(client: Queryable, id: string): Promise<StoredImport | null> {
  const { rows } = await client.query<Row>(`select ${COLUMNS} from import where id = $1 for update`, [id]);
  return rows[0] === undefined ? null : opened(client, rows[0]);
}

type ViewRow = Omit<ImportView, "layout" | "missing"> & {
  readonly layout: string | null;
  readonly cursor: string;
};

const ACTIVE = "('checking', 'running')";

/** Who asked first goes first. @param row the table's alias */
const turnOf = (row: string): string =>
  `coalesce(${row}.queued_at, '-infinity'), ${row}.created_at, ${row}.id`;

/** The oldest of each kind, one of which is read at a time. */
const FIRST_OF_KINDS = `select distinct on (first.kind) first.id, first.kind, first.queued_at, first.created_at from import first
  where first.state in ${ACTIVE} order by first.kind, ${turnOf("first")}`;

/**
 * Of one that is asked for: the one of its kind that goes first, or else those of other kinds of which as many
 * as may be are being read.
 */
const WAITS_FOR = `case when i.state in ${ACTIVE} then coalesce(
    (select array[first.id] from (${FIRST_OF_KINDS}) first where first.kind = i.kind and first.id <> i.id),
    (select (array_agg(other.id order by ${turnOf("other")}))[1:${IMPORTS_AT_ONCE}] from (${FIRST_OF_KINDS}) other
      where (${turnOf("other")}) < (${turnOf("i")}) having count(*) >= ${IMPORTS_AT_ONCE})) end`;

const VIEW = `i.id, i.kind, i.state, i.file_name as "fileName", i.bytes, i.size, i.created_by as "by",
  ${iso("i.created_at")} as "createdAt", ${iso("i.started_at")} as "startedAt", ${iso("i.ended_at")} as "endedAt",
  i.layout, i.report, i.problem,
  case when i.state in ${ACTIVE}
    then least(100, 100 * i.read_bytes / greatest(1, i.bytes))::integer end as percent, ${microseconds("i.created_at")} as cursor,
  (select other.id from import other
    where other.digest = i.digest and other.id <> i.id and other.started_at is not null and other.kind = i.kind
    order by other.created_at limit 1) as "sameFileAs",
  coalesce(${WAITS_FOR}, '{}') as "waitsFor"`;

export type ImportRowView = Omit<ImportView, "missing">;

function viewOf(database: object, { layout, cursor: _, ...row }: ViewRow): ImportRowView {
  return {
    ...row,
    layout: layout === null ? null : layoutOf(openText(database, purposeOf(row.id), layout)),
  };
}

/** The newest first, unless `sort` is `createdAt`. */
export async function listImports(
  database: Queryable,
  companyId: string,
  filter: {
    readonly kind?: string | undefined;
    readonly state?: string | undefined;
    /** Part of the file's name. */
    readonly text?: string | undefined;
    readonly sort?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  },
): Promise<Page<ImportRowView>> {
  const order = readingOrder("-createdAt", filter.sort);
  const [at, id] = order.placeIn(filter.cursor, [CURSOR_MICROSECONDS, CURSOR_TEXT]);
  const { rows } = await database.query<ViewRow>(
    `select ${VIEW} from import i
      where i.company_id = $1 and ($5::text is null or i.kind = $5) and ($6::text is null or i.state = $6)
        and ($7::text is null or i.file_name ilike $7)
        and ($2::text is null or (i.created_at, i.id) ${order.further} (${fromMicroseconds("$2")}, $3))
      order by i.created_at ${order.direction}, i.id ${order.direction} limit $4`,
    [
      companyId,
      at ?? null,
      id ?? null,
      filter.limit + 1,
      filter.kind ?? null,
      filter.state ?? null,
      filter.text === undefined ? null : containing(filter.text),
    ],
  );
  return toPage(
    rows,
    filter.limit,
    (row) => viewOf(database, row),
    (row) => order.placeOf(row.cursor, row.id),
  );
}

export async function findImport(
  database: Queryable,
  companyId: string,
  id: string,
): Promise<ImportRowView | null> {
  const { rows } = await database.query<ViewRow>(
    `select ${VIEW} from import i where i.company_id = $1 and i.id = $2`,
    [companyId, id],
  );
  return rows[0] === undefined ? null : viewOf(database, rows[0]);
}

/** How its file is read from now on; what was counted before counts no more. */
export async function writeLayout(
  client: Queryable,
  id: string,
  next: { readonly kind: TableKind; readonly layout: TableLayout },
): Promise<void> {
  await client.query(
    `update import set kind = $2, layout = $3, state = 'ready', position = 0, report = $4, decided = null,
            problem = null, changed_at = now() where id = $1`,
    [id, next.kind, sealText(client, purposeOf(id), JSON.stringify(next.layout)), EMPTY_REPORT],
  );
  await client.query("delete from import_fault where import_id = $1", [id]);
}

export async function setDigest(client: Queryable, id: string, digest: string): Promise<void> {
  await client.query("update import set digest = $2, size = bytes, changed_at = now() where id = $1", [
    id,
    digest,
  ]);
}

/**
 * Has it read from its beginning, or where it was stopped go on.
 *
 * @param afresh whether counts and faults begin anew
 */
export async function startImport(
  client: Queryable,
  id: string,
  next: { readonly state: "checking" | "running"; readonly starter: ImportStarter; readonly afresh: boolean },
): Promise<void> {
  await client.query(
    `update import set state = $2, starter = $3, ended_at = null, problem = null, changed_at = now(), queued_at = now(),
            started_at = case when $2 = 'running' then coalesce(started_at, now()) else started_at end
      where id = $1`,
    [id, next.state, next.starter],
  );
  if (!next.afresh) return;
  await client.query(
    "update import set position = 0, read_bytes = 0, report = $2, decided = null where id = $1",
    [id, EMPTY_REPORT],
  );
  await client.query("delete from import_fault where import_id = $1", [id]);
}

/** Those that a standing job is to go on with, the first of each kind, in the order in which they were asked for. */
export async function importsToDo(client: Queryable): Promise<readonly Pick<StoredImport, "id" | "kind">[]> {
  const { rows } = await client.query<Pick<StoredImport, "id" | "kind">>(
    `select i.id, i.kind from (${FIRST_OF_KINDS}) i order by ${turnOf("i")}`,
  );
  return rows;
}

/**
 * Before anything is done of the rows that follow. @returns false: somebody else has gone on, or stopped it
 */
export async function keepDecided(
  client: Queryable,
  { id, state, position }: Pick<StoredImport, "id" | "state" | "position">,
  decided: unknown,
): Promise<boolean> {
  const { rowCount } = await client.query(
    "update import set decided = $4, changed_at = now() where id = $1 and state = $2 and position = $3",
    [id, state, position, JSON.stringify(decided)],
  );
  return rowCount === 1;
}

/** What was done of the rows up to `next.position`. @returns false: somebody else has written that already */
export async function moveImport(
  client: Queryable,
  { id, position }: Pick<StoredImport, "id" | "position">,
  next: { readonly position: number; readonly report: ImportReport; readonly readBytes: number },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update import set position = $3, report = $4, read_bytes = $5, decided = null, changed_at = now()
      where id = $1 and position = $2`,
    [id, position, next.position, next.report, next.readBytes],
  );
  return rowCount === 1;
}

/** From one state to the next. @returns false: it is in another one by now */
export async function setImportState(
  client: Queryable,
  id: string,
  from: readonly ImportState[],
  to: ImportState,
  problem: ImportProblem | null = null,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update import set state = $3, problem = $4, ended_at = now(), changed_at = now()
      where id = $1 and state = any($2)`,
    [id, from, to, problem],
  );
  return rowCount === 1;
}

export async function deleteImport(client: Queryable, id: string): Promise<void> {
  await client.query("delete from import where id = $1", [id]);
}

/** Bytes of files that are kept, of every import. */
export async function bytesKept(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ bytes: number }>(
    "select coalesce(sum(length), 0)::bigint as bytes from import_part",
  );
  return rows[0]?.bytes ?? 0;
}

/**
 * Files of imports at which nothing has happened for so long are thrown away; so are imports that never
 * became whole.
 */
export async function forgetFiles(database: Database, days: number): Promise<void> {
  const old = `changed_at < now() - $1 * interval '1 day'`;
  await database.query(`delete from import where state = 'uploading' and ${old}`, [days]);
  await database.query(
    `delete from import_part p using import i where i.id = p.import_id and i.${old}
       and i.state not in ('checking', 'running')`,
    [days],
  );
}
