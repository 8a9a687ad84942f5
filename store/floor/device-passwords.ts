/**
 * Passwords of devices at the broker. A secret is 256 random bits; only its hash is kept, in the form in
 * which mosquitto's password file has it (PBKDF2 with SHA-512), so that one hash serves every broker.
 */
import { pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { Queryable } from "../sql/database.ts";

const derive = promisify(pbkdf2);

/**
 * As `mosquitto_passwd` does. The secret cannot be guessed however fast the hash is, and mosquitto hashes
 * on its one thread whenever a device connects.
 */
const ITERATIONS = 101;
const SALT_BYTES = 12;
const HASH_BYTES = 64;
const FORMAT = /^\$7\$(\d{1,7})\$([A-Za-z0-9+/=]{1,64})\$([A-Za-z0-9+/=]{88})$/;

export function newDeviceSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** `$7$iterations$salt$hash`, the part of a line of mosquitto's password file behind the user name. */
export async function hashDeviceSecret(secret: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(secret, salt, ITERATIONS, HASH_BYTES, "sha512");
  return `$7$${ITERATIONS}$${salt.toString("base64")}$${hash.toString("base64")}`;
}

async function isDeviceSecret(secret: string, hashed: string): Promise<boolean> {
  const [, iterations = "", salt = "", hash = ""] = FORMAT.exec(hashed) ?? [];
  if (hash === "") return false;
  const given = await derive(secret, Buffer.from(salt, "base64"), Number(iterations), HASH_BYTES, "sha512");
  return timingSafeEqual(given, Buffer.from(hash, "base64"));
}

/** Whether the device is registered, switched on, and has this secret. */
export async function knowsDeviceSecret(client: Queryable, id: string, secret: string): Promise<boolean> {
  const { rows } = await client.query<{ hash: string | null }>(
    "select password_hash as hash from device where id = $1 and enabled",
    [id],
  );
  const hash = rows[0]?.hash ?? null;
  return hash !== null && isDeviceSecret(secret, hash);
}

/** From now on the device has this password; the one before no longer counts. */
export async function setDevicePassword(
  client: Queryable,
  id: string,
  hash: string,
  at: Date,
): Promise<void> {
  await client.query("update device set password_hash = $2, password_issued_at = $3 where id = $1", [
    id,
    hash,
    at,
  ]);
}

/** Gives passwords to those of the devices that have none. @param secretOf their secrets */
export async function giveMissingPasswords(
  client: Queryable,
  ids: readonly string[],
  secretOf: (id: string) => string,
): Promise<void> {
  const { rows } = await client.query<{ id: string }>(
    "select id from device where id = any($1) and password_hash is null",
    [ids],
  );
  for (const { id } of rows) {
    await setDevicePassword(client, id, await hashDeviceSecret(secretOf(id)), new Date());
  }
}
