/**
 * Idempotency keys of the REST API. A key is claimed before its request runs. So of two equal requests at the
 * same time one runs, and the other is told so. The answer is stored with the claim and given again to every
 * repeat. A claim whose process died is taken over after `IDEMPOTENCY_CLAIM_MS`. Each request behind a key is
 * idempotent by itself, so running it again is safe; the key makes every answer the same.
 */
import { IDEMPOTENCY_CLAIM_MS, IDEMPOTENCY_RETENTION_MS } from "../../config/limits.ts";
import type { Queryable } from "../sql/database.ts";

type StoredReply = { readonly status: number; readonly body: unknown };

type Claim =
  | { readonly kind: "claimed" }
  | { readonly kind: "replay"; readonly reply: StoredReply }
  | { readonly kind: "in_flight" }
  | { readonly kind: "reused" };

/** @param scope the caller and the route: two callers' keys never meet */
export async function claimIdempotencyKey(
  database: Queryable,
  claim: { readonly scope: string; readonly key: string; readonly fingerprint: Buffer },
): Promise<Claim> {
  const claimed = await database.query(
    `insert into idempotency_key as existing (scope, key, fingerprint) values ($1, $2, $3)
     on conflict (scope, key) do update set created_at = now()
       where existing.status is null and existing.fingerprint = excluded.fingerprint
         and existing.created_at < now() - $4 * interval '1 millisecond'
     returning true`,
    [claim.scope, claim.key, claim.fingerprint, IDEMPOTENCY_CLAIM_MS],
  );
  if (claimed.rowCount === 1) return { kind: "claimed" };
  const { rows } = await database.query<{ same: boolean; status: number | null; response: unknown }>(
    "select fingerprint = $3 as same, status, response from idempotency_key where scope = $1 and key = $2",
    [claim.scope, claim.key, claim.fingerprint],
  );
  const row = rows[0];
  // Released between the two statements: its request failed, and the caller may try again.
  if (row === undefined) return { kind: "in_flight" };
  if (!row.same) return { kind: "reused" };
  return row.status === null
    ? { kind: "in_flight" }
    : { kind: "replay", reply: { status: row.status, body: row.response } };
}

export async function storeIdempotentReply(
  database: Queryable,
  claim: { readonly scope: string; readonly key: string },
  reply: StoredReply,
): Promise<void> {
  await database.query(
    "update idempotency_key set status = $3, response = $4 where scope = $1 and key = $2",
    [claim.scope, claim.key, reply.status, JSON.stringify(reply.body)],
  );
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
