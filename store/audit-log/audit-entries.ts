/** The audit log as people read it: pages, exports, and whether the chain is whole. */
import { AUDIT_EXPORT_ROWS } from "../../config/limits.ts";
import type { AuditEntry, AuditVerification } from "../../contract/audit.ts";
import type { Page } from "../../contract/shapes.ts";
import { toPage } from "../sql/cursor.ts";
import { type Database, inTransaction, type Queryable } from "../sql/database.ts";
import { readingOrder } from "../sql/reading-order.ts";
import { CHAIN_START, checkChain, checkEnd, type Link, type StoredEntry } from "./audit-chain.ts";
import { AT_TEXT } from "./record-audit.ts";

export type AuditFilter = {
  /** Entries of other companies are not shown. Those of nobody's company are. */
  readonly companyId: string;
  readonly by?: string | undefined;
  readonly act?: string | undefined;
  readonly subject?: string | undefined;
  readonly q?: string | undefined;
  /** ISO 8601; inclusive, and exclusive. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
};

const COLUMNS = `e.position, to_char(e.at at time zone 'UTC', ${AT_TEXT}) as at, e.acted_by as by,
  coalesce(s.name, k.name) as "byName", e.address, e.request_id as "requestId", e.act, e.subject,
  e.before, e.after, e.previous_hash as "previousHash", e.hash`;

const NAMES = `left join staff s on e.acted_by = 'staff:' || s.id
  left join api_key k on e.acted_by = 'api-key:' || k.id`;

/** `$1` to `$7`. */
const MATCHES = `(e.company_id is null or e.company_id = $1)
  and ($2::text is null or e.acted_by = $2)
  and ($3::text is null or e.act = $3)
  and ($4::text is null or e.subject = $4)
  and ($5::timestamptz is null or e.at >= $5)
  and ($6::timestamptz is null or e.at < $6)
  and ($7::text is null or position(lower($7) in lower(concat_ws(' ', e.acted_by, s.name, k.name, e.act, e.subject,
        e.address, e.request_id, e.before::text, e.after::text))) > 0)`;

function filterValues({ companyId, by, act, subject, from, to, q }: AuditFilter): readonly unknown[] {
  return [companyId, by ?? null, act ?? null, subject ?? null, from ?? null, to ?? null, q ?? null];
}

/** Newest first, unless `page.sort` is `at`. */
export async function listAudit(
  database: Queryable,
  filter: AuditFilter,
  page: { readonly cursor?: string | undefined; readonly sort?: string | undefined; readonly limit: number },
): Promise<Page<AuditEntry>> {
  const order = readingOrder("-at", page.sort);
  const [last] = order.placeIn(page.cursor, [/^\d{1,15}$/]);
  const { rows } = await database.query<AuditEntry>(
    `select ${COLUMNS} from audit_entry e ${NAMES}
      where ${MATCHES} and ($8::bigint is null or e.position ${order.further} $8)
      order by e.position ${order.direction} limit $9`,
    [...filterValues(filter), last ?? null, page.limit + 1],
  );
  return toPage(
    rows,
    page.limit,
    (row) => row,
    (row) => order.placeOf(String(row.position)),
  );
}

/** Oldest first, those after a position. */
export async function exportAudit(
  database: Queryable,
  filter: AuditFilter,
  part: { readonly after: number; readonly limit: number },
): Promise<readonly AuditEntry[]> {
  const { rows } = await database.query<AuditEntry>(
    `select ${COLUMNS} from audit_entry e ${NAMES}
      where ${MATCHES} and e.position > $8
      order by e.position limit $9`,
    [...filterValues(filter), part.after, part.limit],
  );
  return rows;
}

/** One entry; null: there is none at this position, or not for this company. */
export async function readAuditEntry(
  database: Queryable,
  companyId: string,
  position: number,
): Promise<AuditEntry | null> {
  const { rows } = await database.query<AuditEntry>(
    `select ${COLUMNS} from audit_entry e ${NAMES} where ${MATCHES} and e.position = $8`,
    [...filterValues({ companyId }), position],
  );
  return rows[0] ?? null;
}

/** Holds one part of the log, of every company, against its chain: the entries after a position. */
export async function verifyAudit(database: Database, after: number): Promise<AuditVerification> {
  // Head and entries of one moment: others go on adding.
  const { head, from, entries } = await inTransaction(database, async (client) => {
    await client.query("set transaction isolation level repeatable read read only");
    return {
      head: await readHead(client),
      from: await linkAt(client, after),
      entries: await storedEntries(client, after),
    };
  });
  const { last, faults } = checkChain(from, entries);
  const done = entries.length < AUDIT_EXPORT_ROWS;
  const atEnd = done ? checkEnd(last, head) : null;
  return {
    checked: entries.length,
    position: last.position,
    hash: last.hash,
    done,
    faults: atEnd === null ? [...faults] : [...faults, atEnd],
  };
}

async function readHead(client: Queryable): Promise<Link> {
  const { rows } = await client.query<Link>("select position, hash from audit_head");
  return rows[0] ?? CHAIN_START;
}

/** Its place is in the part before, which tells where it is missing. */
async function linkAt(client: Queryable, position: number): Promise<Link> {
  if (position === 0) return CHAIN_START;
  const { rows } = await client.query<Link>(
    "select position, hash from audit_entry where position <= $1 order by position desc limit 1",
    [position],
  );
  return rows[0] ?? CHAIN_START;
}

async function storedEntries(client: Queryable, after: number): Promise<readonly StoredEntry[]> {
  const { rows } = await client.query<StoredEntry>(
    `select position, to_char(at at time zone 'UTC', ${AT_TEXT}) as at, company_id as "companyId", acted_by as by,
            address, request_id as "requestId", act, subject, before::text, after::text,
            previous_hash as "previousHash", hash
       from audit_entry where position > $1 order by position limit $2`,
    [after, AUDIT_EXPORT_ROWS],
  );
  return rows;
}
