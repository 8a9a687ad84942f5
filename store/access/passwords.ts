/**
 * Hashes of passwords. A hash carries its own method and cost, so that both can be raised without a
 * migration: what was hashed otherwise is hashed anew when its owner signs in.
 *
 * New ones are Argon2id (RFC 9106) in PHC text. The scrypt hashes of former versions are still understood.
 */
import { type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";

/** One of OWASP's equivalent minimum settings: 19 MiB, two passes; some 20 ms on a thread of libuv's pool. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const CURRENT = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

/** @returns `$argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<hash>` */
export function hashPassword(password: string): Promise<string> {
  // Argon2id is the library's own default, and its names of the others are constants that types alone have.
  return hash(normal(password), COST);
}

/** Constant-time comparison; false also where `stored` is not one of our hashes. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  if (stored.startsWith("$argon2id$")) return verify(stored, normal(password)).catch(() => false);
  const [scheme, logN, r, p, salt, expected] = stored.split("$");
  if (scheme !== "scrypt" || salt === undefined || expected === undefined) return false;
  const wanted = Buffer.from(expected, "base64url");
  const actual = await derive(
    normal(password),
    Buffer.from(salt, "base64url"),
    wanted.length,
    Number(logN),
    Number(r),
    Number(p),
  );
  return wanted.length === actual.length && timingSafeEqual(wanted, actual);
}

/** Whether a hash was made by another method or cost than new ones are. */
export function isOutdated(stored: string): boolean {
  return !CURRENT.test(stored);
}

/** One Unicode form, so that a password typed on another keyboard or system is the same password. */
function normal(password: string): string {
  return password.normalize("NFKC");
}

function derive(
  password: string,
  salt: Buffer,
  bytes: number,
  logN: number,
  r: number,
  p: number,
): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** logN, r, p, maxmem: 256 * r * 2 ** logN };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, bytes, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
