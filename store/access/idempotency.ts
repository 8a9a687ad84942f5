/**
 * Idempotency keys of the REST API. A key is claimed before its request runs. So of two equal requests at the
 * same time one runs, and the other is told so. The answer is stored with the claim and given again to every
 * repeat. A claim whose process died is taken over after `IDEMPOTENCY_CLAIM_MS`. Each request behind a key is
 * idempotent by itself, so running it again is safe; the key makes every answer the same. Answers may tell of
 * shoppers, and are kept sealed.
 */
import { IDEMPOTENCY_CLAIM_MS, IDEMPOTENCY_RETENTION_MS } from "../../config/limits.ts";
import { vaultOf } from "../personal-data/vault.ts";
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
  const { rows } = await database.query<{
    same: boolean;
    status: number | null;
    response: unknown;
    sealed: string | null;
  }>(
    "select fingerprint = $3 as same, status, response, sealed from idempotency_key where scope = $1 and key = $2",
    [claim.scope, claim.key, claim.fingerprint],
  );
  const row = rows[0];
  // Released between the two statements: its request failed, and the caller may try again.
  if (row === undefined) return { kind: "in_flight" };
  if (!row.same) return { kind: "reused" };
  return row.status === null
    ? { kind: "in_flight" }
    : { kind: "replay", reply: { status: row.status, body: bodyOf(database, claim, row) } };
}

export async function storeIdempotentReply(
  database: Queryable,
  claim: { readonly scope: string; readonly key: string },
  reply: StoredReply,
): Promise<void> {
  const text = JSON.stringify(reply.body);
  const sealed = vaultOf(database)?.sealReply(purposeOf(claim), text) ?? null;
  await database.query(
    "update idempotency_key set status = $3, response = $4, sealed = $5 where scope = $1 and key = $2",
    [claim.scope, claim.key, reply.status, sealed === null ? text : null, sealed],
  );
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
