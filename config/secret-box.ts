/**
 * Secrets that must be read back, such as the secret with which a channel signs its webhooks: a hash of them
 * would be of no use. They are stored sealed, by AES-256-GCM under a key that is never in the database.
 *
 * Owns the form of a sealed text and of the list of keys. Where the list comes from is the composition
 * root's; which columns hold sealed texts is the store's.
 *
 * B1 A sealed text names its key. The first key of the list seals, all of them open: a key is exchanged by
 *    putting the new one first, and left out once nothing is sealed under it any more.
 * B2 A sealed text opens only for the purpose that it was sealed for: whoever can write to the database
 *    cannot give one row the secret of another.
 * B3 No error and no description names a key or a secret.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const VERSION = "v1";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;
/** Of 32 random bytes some 30 differ; fewer than this are typed in, not drawn. */
const LEAST_DIFFERENT_BYTES = 16;

export type SecretKey = { readonly id: string; readonly key: Buffer };

type KeysReading =
  | { readonly status: "ok"; readonly keys: readonly SecretKey[] }
  | { readonly status: "invalid"; readonly problem: string };

/** A stored secret cannot be opened: its key is not in the list, or the text was altered. */
export class SealedSecretError extends Error {
  override readonly name = "SealedSecretError";
  readonly code: "secret_key_missing" | "sealed_secret_damaged";

  constructor(code: SealedSecretError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Reads a list of keys, the one that seals first: `id:key`, a line or a comma between them; `#` begins a
 * comment. A key is 32 random bytes in base64.
 */
export function readSecretKeys(text: string): KeysReading {
  const entries = text
    .split(/[\n,]/)
    .map((line) => line.replace(/#.*$/, "").trim())
    .filter((line) => line !== "");
  const invalid = (problem: string): KeysReading => ({ status: "invalid", problem });
  if (entries.length === 0) return invalid("must hold at least one key, as id:base64");
  const keys: SecretKey[] = [];
  for (const [index, entry] of entries.entries()) {
    const colon = entry.indexOf(":");
    const id = entry.slice(0, Math.max(colon, 0));
    // The number, not the text: where the colon is missing that is the key itself.
    if (!KEY_ID.test(id)) return invalid(`must hold keys as id:base64; entry ${index + 1} has no id`);
    const encoded = entry.slice(colon + 1).trim();
    const key = Buffer.from(encoded, "base64");
    if (key.length !== KEY_BYTES || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(encoded))
      return invalid(`must hold 32 bytes in base64 as key "${id}"`);
    if (new Set(key).size < LEAST_DIFFERENT_BYTES) return invalid(`must hold random bytes as key "${id}"`);
    if (keys.some((other) => other.id === id)) return invalid(`has two keys of the id "${id}"`);
    keys.push({ id, key });
  }
  return { status: "ok", keys };
}

/** A new key as a line of the list. @param id 1 to 32 letters, digits, - and _ */
export function newSecretKeyLine(id: string): string {
  return `${id}:${randomBytes(KEY_BYTES).toString("base64")}`;
}

/** A box whose key ends with the process: for a system that keeps no secret longer. */
export function passingSecretBox(): SecretBox {
  return new SecretBox([{ id: "passing", key: randomBytes(KEY_BYTES) }]);
}

export class SecretBox {
  private readonly keys: ReadonlyMap<string, Buffer>;
  private readonly current: SecretKey;

  /** @param keys at least one; the first one seals */
  constructor(keys: readonly SecretKey[]) {
    const [current] = keys;
    if (current === undefined) throw new Error("a secret box needs a key");
    this.current = current;
    this.keys = new Map(keys.map(({ id, key }) => [id, key]));
  }

  /** @param purpose which secret of which row it is, such as `channel:web`; the same is needed to open it */
  seal(clearText: string, purpose: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.current.key, nonce);
    cipher.setAAD(aadOf(this.current.id, purpose));
    const sealed = Buffer.concat([cipher.update(clearText, "utf8"), cipher.final()]);
    const bytes = Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    return `${VERSION}.${this.current.id}.${bytes.toString("base64url")}`;
  }

  /** @throws SealedSecretError where its key is not in the list, or it is not what was sealed */
  open(sealed: string, purpose: string): string {
    const [version, id = "", encoded = "", ...rest] = sealed.split(".");
    const bytes = Buffer.from(encoded, "base64url");
    if (version !== VERSION || rest.length > 0 || bytes.length < NONCE_BYTES + TAG_BYTES)
      throw new SealedSecretError(
        "sealed_secret_damaged",
        `the stored secret of ${purpose} is no sealed text`,
      );
    const key = this.keys.get(id);
    if (key === undefined)
      throw new SealedSecretError(
        "secret_key_missing",
        `the secret of ${purpose} is sealed under the key "${id}", which is not in the list`,
      );
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES));
    decipher.setAAD(aadOf(id, purpose));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      return (
        decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, "utf8") + decipher.final("utf8")
      );
    } catch {
      throw new SealedSecretError(
        "sealed_secret_damaged",
        `the stored secret of ${purpose} is not what was sealed, or the key "${id}" is another one`,
      );
    }
  }

  /** Whether it was sealed under the key that seals now. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`${VERSION}.${this.current.id}.`);
  }
}

/** The key's id is bound in, too, so that a text cannot be passed off as one of another key. */
function aadOf(keyId: string, purpose: string): Buffer {
  return Buffer.from(`${VERSION}\n${keyId}\n${purpose}`, "utf8");
}
