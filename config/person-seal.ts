/**
 * What identifies a shopper, as it is stored: AES-256-GCM under the data key of the order that it belongs to.
 *
 * Owns the form of a sealed text, of sealed bytes and of a wrapped key. Which columns hold them, and where
 * the keys are, is the store's (`store/personal-data/`); that they are opened wherever they are read is its
 * door's (`store/sql/sealed-results.ts`).
 *
 * P1 A sealed value names its order and its kind, and both are bound in: it opens under no other order's key,
 *    and not as another kind.
 * P2 A key that is destroyed cannot be made again: it is 32 random bytes that are stored nowhere else.
 * P3 What is sealed twice differs: each has its own random nonce.
 */
import { createCipheriv, createDecipheriv, randomFillSync } from "node:crypto";

/** What every sealed text begins with. */
export const SEALED_MARK = "hfpd1.";
const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Ends the head of sealed bytes; no order's id has it. */
const HEAD_END = 0x0a;

/**
 * `t`: a text. `j`: any JSON value, as a JSON string. `m`: the personal part of a document, beside what is in
 * clear. `b`: bytes.
 */
type SealKind = "t" | "j" | "m" | "b";

/** The field of a document that has its personal part. */
export const SEALED_FIELD = "sealed";

/** In the place of what was erased. */
export const ERASED = "(erased)";

/** Sealed data that its own key does not open: it was altered. */
export class PersonalDataDamagedError extends Error {
  override readonly name = "PersonalDataDamagedError";
  readonly code = "personal_data_damaged";
}

/** 256 nonces at a time: to ask the system for each would cost as much as the encryption. */
const drawn = Buffer.alloc(NONCE_BYTES * 256);
let used = drawn.length;

function nextNonce(): Buffer {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  used += NONCE_BYTES;
  return Buffer.from(drawn.subarray(used - NONCE_BYTES, used));
}

function encrypt(key: Uint8Array, bound: string, clear: Uint8Array | string): Buffer {
  const nonce = nextNonce();
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(Buffer.from(bound, "utf8"));
  const sealed = typeof clear === "string" ? cipher.update(clear, "utf8") : cipher.update(clear);
  return Buffer.concat([nonce, sealed, cipher.final(), cipher.getAuthTag()]);
}

/** @returns undefined where it is not what was sealed under the key */
function decrypt(key: Uint8Array, bound: string, bytes: Buffer): Buffer | undefined {
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(bound, "utf8"));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    const clear = decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES));
    return Buffer.concat([clear, decipher.final()]);
  } catch {
    return undefined;
  }
}

export function newDataKey(): Buffer {
  return randomFillSync(Buffer.alloc(KEY_BYTES));
}

/** @param wrappingKey 32 bytes */
export function wrapKey(wrappingKey: Uint8Array, orderId: string, dataKey: Uint8Array): Buffer {
  return encrypt(wrappingKey, `${SEALED_MARK}key.${orderId}`, dataKey);
}

/** @throws PersonalDataDamagedError */
export function unwrapKey(wrappingKey: Uint8Array, orderId: string, wrapped: Buffer): Buffer {
  const key = decrypt(wrappingKey, `${SEALED_MARK}key.${orderId}`, wrapped);
  if (key === undefined) throw new PersonalDataDamagedError(`the data key of order ${orderId} is damaged`);
  return key;
}

/** @param kind of the result: what `openSealed` makes of it */
export function sealText(
  dataKey: Uint8Array,
  orderId: string,
  kind: Exclude<SealKind, "b">,
  clear: string,
): string {
  const bound = `${SEALED_MARK}${kind}.${orderId}`;
  return `${bound}.${encrypt(dataKey, bound, clear).toString("base64url")}`;
}

export function sealBytes(dataKey: Uint8Array, orderId: string, clear: Uint8Array): Buffer {
  const bound = `${SEALED_MARK}b.${orderId}`;
  return Buffer.concat([Buffer.from(`${bound}\n`, "utf8"), encrypt(dataKey, bound, clear)]);
}

/** A sealed value, taken apart. */
export type Sealed = { readonly kind: SealKind; readonly orderId: string; readonly bytes: Buffer };

export function mayHoldSealedText(json: string): boolean {
  return json.includes(`"${SEALED_MARK}`);
}

export function isSealedText(value: string): boolean {
  return value.startsWith(SEALED_MARK);
}

/** @returns undefined where it is no sealed text */
export function readSealedText(text: string): Sealed | undefined {
  if (!text.startsWith(SEALED_MARK)) return undefined;
  const kind = text[SEALED_MARK.length];
  const from = SEALED_MARK.length + 2;
  const dot = text.lastIndexOf(".");
  if ((kind !== "t" && kind !== "j" && kind !== "m") || text[from - 1] !== "." || dot <= from)
    return undefined;
  return { kind, orderId: text.slice(from, dot), bytes: Buffer.from(text.slice(dot + 1), "base64url") };
}

/** @returns undefined where they are no sealed bytes */
export function readSealedBytes(bytes: Buffer): Sealed | undefined {
  const head = `${SEALED_MARK}b.`;
  if (bytes.length < head.length || bytes.toString("latin1", 0, head.length) !== head) return undefined;
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return undefined;
  return {
    kind: "b",
    orderId: bytes.toString("utf8", head.length, end),
    bytes: bytes.subarray(end + 1),
  };
}

/** @throws PersonalDataDamagedError where it is not what was sealed under this key */
export function openSealed({ kind, orderId, bytes }: Sealed, dataKey: Uint8Array): Buffer {
  const clear = decrypt(dataKey, `${SEALED_MARK}${kind}.${orderId}`, bytes);
  if (clear === undefined)
    throw new PersonalDataDamagedError(
      `what is sealed of order ${orderId} was altered, or its key is another`,
    );
  return clear;
}

/**
 * For what belongs to no single order, as the replies that are kept for idempotency: under the wrapping key
 * itself.
 */
export function sealUnderWrap(wrappingKey: Uint8Array, purpose: string, clear: string): string {
  return encrypt(wrappingKey, `${SEALED_MARK}w.${purpose}`, clear).toString("base64url");
}

/** @throws PersonalDataDamagedError */
export function openUnderWrap(wrappingKey: Uint8Array, purpose: string, sealed: string): string {
  const clear = decrypt(wrappingKey, `${SEALED_MARK}w.${purpose}`, Buffer.from(sealed, "base64url"));
  if (clear === undefined) throw new PersonalDataDamagedError(`what is sealed as ${purpose} was altered`);
  return clear.toString("utf8");
}

/** The same of bytes: of what was uploaded. */
export function sealBytesUnderWrap(wrappingKey: Uint8Array, purpose: string, clear: Uint8Array): Buffer {
  return encrypt(wrappingKey, `${SEALED_MARK}w.${purpose}`, clear);
}

/** @throws PersonalDataDamagedError */
export function openBytesUnderWrap(wrappingKey: Uint8Array, purpose: string, sealed: Buffer): Buffer {
  const clear = decrypt(wrappingKey, `${SEALED_MARK}w.${purpose}`, sealed);
  if (clear === undefined) throw new PersonalDataDamagedError(`what is sealed as ${purpose} was altered`);
  return clear;
}
