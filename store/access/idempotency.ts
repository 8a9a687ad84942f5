/**
 * Idempotency keys of the REST API. A key is claimed before its request runs. So of two equal requests at the
 * same time one runs, and the other is told so. The answer is stored with the claim and given again to every
 * repeat. A claim whose process died is taken over after `IDEMPOTENCY_CLAIM_MS`. Each request behind a key is
 * idempotent by itself, so running it again is safe; the key makes every answer the same. Answers may tell of
 * shoppers, and are kept sealed.
 */
import { IDEMPOTENCY_CLAIM_MS, IDEMPOTENCY_RETENTION_MS } from "../../config/limits.ts";
import { vaultOf } from "../personal-data/vault.ts";
import { byDatabase, inBatches } from "../sql/batched.ts";
import type { Database, Queryable } from "../sql/database.ts";

type StoredReply = { readonly status: number; readonly body: unknown };

type Claim =
  | { readonly kind: "claimed" }
  | { readonly kind: "replay"; readonly reply: StoredReply }
  | { readonly kind: "in_flight" }
  | { readonly kind: "reused" };

type ClaimedKey = {
  /** The caller and the route: two callers' keys never meet. */
  readonly scope: string;
  readonly key: string;
  readonly fingerprint: Buffer;
};

/** Claims of many requests at once share a transaction. */
export const claimIdempotencyKey = byDatabase((database: Database) =>
  inBatches((claims: readonly ClaimedKey[]) => claimKeys(database, claims), { apart: true }),
);

async function claimKeys(database: Database, claims: readonly ClaimedKey[]): Promise<readonly Claim[]> {
  // Of equal keys the first has its turn now; what the others get, it decides.
  const first = new Map<string, ClaimedKey>();
  for (const claim of claims) {
    const name = purposeOf(claim);
    if (!first.has(name)) first.set(name, claim);
  }
  const columns = columnsOf([...first.values()]);
  const { rows } = await database.query<{ scope: string; key: string }>(
    `insert into idempotency_key as existing (scope, key, fingerprint)
     select * from unnest($1::text[], $2::text[], $3::bytea[]) as c(scope, key, fingerprint) order by scope, key
     on conflict (scope, key) do update set created_at = now()
       where existing.status is null and existing.fingerprint = excluded.fingerprint
         and existing.created_at < now() - $4 * interval '1 millisecond'
     returning scope, key`,
    [...columns, IDEMPOTENCY_CLAIM_MS],
  );
  const claimed = new Set(rows.map(purposeOf));
  const isClaimed = (claim: ClaimedKey): boolean =>
    claimed.has(purposeOf(claim)) && first.get(purposeOf(claim)) === claim;
  const others = claims.filter((claim) => !isClaimed(claim));
  const stored = others.length === 0 ? new Map<string, StoredKey>() : await readKeys(database, others);
  return claims.map((claim) => {
    if (isClaimed(claim)) return { kind: "claimed" };
    const row = stored.get(purposeOf(claim));
    // Released between the two statements: its request failed, and the caller may try again.
    if (row === undefined) return { kind: "in_flight" };
    if (!row.fingerprint.equals(claim.fingerprint)) return { kind: "reused" };
    return row.status === null
      ? { kind: "in_flight" }
      : { kind: "replay", reply: { status: row.status, body: bodyOf(database, claim, row) } };
  });
}

type StoredKey = KeptReply & { readonly fingerprint: Buffer; readonly status: number | null };

async function readKeys(
  database: Database,
  claims: readonly ClaimedKey[],
): Promise<ReadonlyMap<string, StoredKey>> {
  const { rows } = await database.query<StoredKey & { readonly scope: string; readonly key: string }>(
    `select scope, key, fingerprint, status, response, sealed
       from unnest($1::text[], $2::text[]) as c(scope, key) join idempotency_key using (scope, key)`,
    columnsOf(claims).slice(0, 2),
  );
  return new Map(rows.map((row) => [purposeOf(row), row]));
}

function columnsOf(claims: readonly ClaimedKey[]): readonly (readonly unknown[])[] {
  return [
    claims.map(({ scope }) => scope),
    claims.map(({ key }) => key),
    claims.map(({ fingerprint }) => fingerprint),
  ];
}

/** Keeps the reply for the repeats of its request. Replies of many requests at once share a transaction. */
export async function storeIdempotentReply(
  database: Database,
  claim: { readonly scope: string; readonly key: string },
  { status, body }: StoredReply,
): Promise<void> {
  const text = JSON.stringify(body);
  const sealed = vaultOf(database)?.sealReply(purposeOf(claim), text) ?? null;
  await storeReply(database, { ...claim, status, response: sealed === null ? text : null, sealed });
}

type ReplyRow = {
  readonly scope: string;
  readonly key: string;
  readonly status: number;
  readonly response: string | null;
  readonly sealed: string | null;
};

const storeReply = byDatabase((database: Database) =>
  inBatches((replies: readonly ReplyRow[]) => storeReplies(database, replies), { apart: true }),
);

async function storeReplies(database: Database, replies: readonly ReplyRow[]): Promise<readonly undefined[]> {
  await database.query(
    // Locked in the order in which claims lock them.
    `with reply as materialized (
       select r.* from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::text[])
           as r(scope, key, status, response, sealed)
         join idempotency_key using (scope, key) order by scope, key for update of idempotency_key
     )
     update idempotency_key k set status = r.status, response = r.response::json, sealed = r.sealed
       from reply r where k.scope = r.scope and k.key = r.key`,
    [
      replies.map(({ scope }) => scope),
      replies.map(({ key }) => key),
      replies.map(({ status }) => status),
      replies.map(({ response }) => response),
      replies.map(({ sealed }) => sealed),
    ],
  );
  return replies.map(() => undefined);
}

type KeptReply = { readonly response: unknown; readonly sealed: string | null };

function bodyOf(
  database: Queryable,
  claim: { readonly scope: string; readonly key: string },
  { response, sealed }: KeptReply,
): unknown {
  if (sealed === null) return response;
  const vault = vaultOf(database);
  if (vault === undefined) throw new Error("a kept reply is sealed, and this process has no key of it");
  return JSON.parse(vault.openReply(purposeOf(claim), sealed));
}

/** A reply opens for the request that it answered. */
function purposeOf({ scope, key }: { readonly scope: string; readonly key: string }): string {
  return `reply\n${scope}\n${key}`;
}

/** Replies that are looked at in one read. */
const LOOKED_AT = 500;

/**
 * Forgets kept replies that tell of these orders. They are sealed, so each is opened; they are kept for a day
 * or so. A repeat of such a request runs again, and is recognised by what it is about.
 */
export async function forgetRepliesAbout(database: Queryable, orderIds: readonly string[]): Promise<void> {
  const names = orderIds.map((orderId) => JSON.stringify(orderId).slice(1, -1));
  let [scope, key] = ["", ""];
  for (;;) {
    const { rows } = await database.query<KeptReply & { scope: string; key: string }>(
      `select scope, key, response, sealed from idempotency_key
        where (scope, key) > ($1, $2) and status is not null order by scope, key limit $3`,
      [scope, key, LOOKED_AT],
    );
    for (const row of rows) {
      const text = JSON.stringify(bodyOf(database, row, row)) ?? "";
      if (names.some((name) => text.includes(name) || row.scope.includes(name)))
        await database.query("delete from idempotency_key where scope = $1 and key = $2", [
          row.scope,
          row.key,
        ]);
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < LOOKED_AT) return;
    [scope, key] = [last.scope, last.key];
  }
}

/** Gives a key back whose request got no answer (a fault, an overload), so that a repeat runs. */
export async function releaseIdempotencyKey(
  database: Queryable,
  claim: { readonly scope: string; readonly key: string },
): Promise<void> {
  await database.query("delete from idempotency_key where scope = $1 and key = $2 and status is null", [
    claim.scope,
    claim.key,
  ]);
}

/** Forgets keys past their retention. */
export async function forgetIdempotencyKeys(database: Queryable): Promise<void> {
  await database.query(
    "delete from idempotency_key where created_at < now() - $1 * interval '1 millisecond'",
    [IDEMPOTENCY_RETENTION_MS],
  );
}
