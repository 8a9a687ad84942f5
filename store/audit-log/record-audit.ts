/**
 * Adds entries to the audit log. In the transaction of what they tell of: either both are there, or neither.
 *
 * Entries follow each other, so whoever adds one holds the log's head until the transaction ends. It is
 * therefore the last thing that a transaction does: two transactions that lock other rows behind the head
 * would wait for each other.
 */
import { AUDIT_DETAIL_BYTES } from "../../config/limits.ts";
import type { AuditAct } from "../../contract/audit.ts";
import { type Database, inTransaction, type Queryable } from "../sql/database.ts";
import { hashOf, type Link, type StoredEntry } from "./audit-chain.ts";

/** Who acts, and from where. */
export type Caller = {
  /** `staff:<id>`, `api-key:<id>`, `channel:<id>`, `shopper`, `public`, … */
  readonly by: string;
  readonly companyId: string | null;
  /** Null: no request is behind it. */
  readonly address: string | null;
  readonly requestId: string | null;
};

export type Act = {
  readonly act: AuditAct;
  /** What it is done to: `product:<sku>`, `order:<id>`, … */
  readonly subject: string;
  /** What was there; absent: nothing, or it is not known. Never a secret. */
  readonly before?: unknown;
  /** What is there now. Never a secret. */
  readonly after?: unknown;
};

/** PostgreSQL's microseconds as they go into the hash. */
export const AT_TEXT = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;

const MAX_SUBJECT = 300;

/** @param client of the transaction that does what the acts say */
export async function recordAudit(client: Queryable, caller: Caller, ...acts: readonly Act[]): Promise<Link> {
  const { rows } = await client.query<Link & { at: string }>(
    `select position, hash, to_char(clock_timestamp() at time zone 'UTC', ${AT_TEXT}) as at
       from audit_head for update`,
  );
  const head = rows[0];
  if (head === undefined) throw new Error("the audit log has lost its head");
  let last: Link = head;
  const entries = acts.map((act): StoredEntry => {
    const entry = {
      position: last.position + 1,
      at: head.at,
      companyId: caller.companyId,
      by: storable(caller.by),
      address: caller.address,
      requestId: caller.requestId,
      act: act.act,
      subject: storable(act.subject),
      before: detail(act.before),
      after: detail(act.after),
      previousHash: last.hash,
    };
    last = { position: entry.position, hash: hashOf(entry) };
    return { ...entry, hash: last.hash };
  });
  await client.query(
    `with added as (
       insert into audit_entry (position, at, company_id, acted_by, address, request_id, act, subject,
                                before, after, previous_hash, hash)
       select position, at::timestamptz, "companyId", "by", address, "requestId", act, subject,
              before::json, after::json, "previousHash", hash
         from json_to_recordset($1) as entry (position bigint, at text, "companyId" text, "by" text, address text,
                "requestId" text, act text, subject text, before text, after text, "previousHash" text, hash text))
     update audit_head set position = $2, hash = $3`,
    [JSON.stringify(entries), last.position, last.hash],
  );
  return last;
}

/** The same where nothing else is written. */
export function recordAuditAlone(database: Database, caller: Caller, ...acts: readonly Act[]): Promise<Link> {
  return inTransaction(database, (client) => recordAudit(client, caller, ...acts));
}

function detail(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  return bytes <= AUDIT_DETAIL_BYTES ? text : JSON.stringify({ leftOut: `${bytes} bytes` });
}

/** What callers send may hold what PostgreSQL's texts cannot. */
function storable(text: string): string {
  return Buffer.from(text.replaceAll("\0", "").slice(0, MAX_SUBJECT)).toString("utf8");
}
