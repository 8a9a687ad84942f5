/**
 * Second factors: the secret of an authenticator app, sealed, and recovery codes. A code of the app counts
 * once, because the time step of the last one is kept; of recovery codes only SHA-256 is kept.
 */
import { createHash } from "node:crypto";
import type { SecretBox } from "../../config/secret-box.ts";
import { type Database, inTransaction, type Queryable } from "../sql/database.ts";

export type SecondFactor = { readonly secret: Buffer; readonly confirmed: boolean };

/** What a former version kept in clear text has exactly so many bytes; a sealed text has more. */
const CLEAR_BYTES = 20;

const purposeOf = (staffId: string): string => `second factor of ${staffId}`;

/** As the column holds it: the bytes of the sealed text. */
function sealed(box: SecretBox, staffId: string, secret: Uint8Array): Buffer {
  return Buffer.from(box.seal(Buffer.from(secret).toString("base64"), purposeOf(staffId)));
}

function opened(box: SecretBox, staffId: string, stored: Buffer): Buffer {
  return Buffer.from(box.open(stored.toString(), purposeOf(staffId)), "base64");
}

/** Keeps a secret that does not count yet. False: the person has one that does. */
export async function writeSecondFactor(
  client: Queryable,
  box: SecretBox,
  staffId: string,
  secret: Uint8Array,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into staff_second_factor as factor (staff_id, secret) values ($1, $2)
     on conflict (staff_id) do update set secret = excluded.secret, created_at = now(), last_step = 0
       where factor.confirmed_at is null`,
    [staffId, sealed(box, staffId, secret)],
  );
  return rowCount === 1;
}

/** @throws SealedSecretError where the secret cannot be opened */
export async function readSecondFactor(
  client: Queryable,
  box: SecretBox,
  staffId: string,
): Promise<SecondFactor | null> {
  const { rows } = await client.query<SecondFactor>(
    "select secret, confirmed_at is not null as confirmed from staff_second_factor where staff_id = $1",
    [staffId],
  );
  const [row] = rows;
  return row === undefined ? null : { ...row, secret: opened(box, staffId, row.secret) };
}

/**
 * Seals what a former version kept in clear text, and what is sealed under a key that is to go.
 *
 * @returns how many were sealed
 * @throws SealedSecretError where one cannot be opened; then nothing has changed
 */
export function sealSecondFactors(database: Database, box: SecretBox): Promise<number> {
  return inTransaction(database, async (client) => {
    const { rows } = await client.query<{ staffId: string; secret: Buffer }>(
      'select staff_id as "staffId", secret from staff_second_factor order by staff_id for update',
    );
    let count = 0;
    for (const { staffId, secret } of rows) {
      const isClear = secret.length === CLEAR_BYTES;
      const clear = isClear ? secret : opened(box, staffId, secret);
      if (!isClear && box.isCurrent(secret.toString())) continue;
      await client.query("update staff_second_factor set secret = $2 where staff_id = $1", [
        staffId,
        sealed(box, staffId, clear),
      ]);
      count += 1;
    }
    return count;
  });
}

/** From now on the factor is asked for, and these codes are in its place. */
export async function confirmSecondFactor(
  client: Queryable,
  staffId: string,
  recoveryCodes: readonly string[],
): Promise<void> {
  await client.query("update staff_second_factor set confirmed_at = now() where staff_id = $1", [staffId]);
  await writeRecoveryCodes(client, staffId, recoveryCodes);
}

/** In place of those that the person had. */
export async function writeRecoveryCodes(
  client: Queryable,
  staffId: string,
  recoveryCodes: readonly string[],
): Promise<void> {
  await client.query("delete from staff_recovery_code where staff_id = $1", [staffId]);
  await client.query("insert into staff_recovery_code (staff_id, code_hash) select $1, unnest($2::bytea[])", [
    staffId,
    recoveryCodes.map(hashCode),
  ]);
}

/** Takes a time step's code. False: this one, or a later one, was taken before. */
export async function takeStep(client: Queryable, staffId: string, step: number): Promise<boolean> {
  const { rowCount } = await client.query(
    "update staff_second_factor set last_step = $2 where staff_id = $1 and last_step < $2",
    [staffId, step],
  );
  return rowCount === 1;
}

/** False: it is none of the person's codes, or was used before. */
export async function spendRecoveryCode(client: Queryable, staffId: string, code: string): Promise<boolean> {
  const { rowCount } = await client.query(
    "update staff_recovery_code set used_at = now() where staff_id = $1 and code_hash = $2 and used_at is null",
    [staffId, hashCode(code)],
  );
  return rowCount === 1;
}

export async function countRecoveryCodes(client: Queryable, staffId: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    "select count(*)::int as count from staff_recovery_code where staff_id = $1 and used_at is null",
    [staffId],
  );
  return rows[0]?.count ?? 0;
}

/** Takes the app's secret away. */
export async function removeSecondFactor(client: Queryable, staffId: string): Promise<void> {
  await client.query("delete from staff_second_factor where staff_id = $1", [staffId]);
  await dropUnneededCodes(client, staffId);
}

/** Takes the recovery codes away where they are in the place of nothing any more. */
export async function dropUnneededCodes(client: Queryable, staffId: string): Promise<void> {
  await client.query(
    `delete from staff_recovery_code where staff_id = $1
        and not exists (select from staff_second_factor f where f.staff_id = $1 and f.confirmed_at is not null)
        and not exists (select from staff_passkey p where p.staff_id = $1)`,
    [staffId],
  );
}

function hashCode(code: string): Buffer {
  return createHash("sha256").update(code).digest();
}
