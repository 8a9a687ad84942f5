/**
 * eBay's digital signatures, which sellers of the European Union and the United Kingdom owe on calls that
 * give money back: a message signature by RFC 9421 over the body's digest (RFC 9530), eBay's name of the key,
 * and where the call goes, with an Ed25519 key that eBay's Key Management API has made.
 */
import { createHash, createPrivateKey, type KeyObject, sign } from "node:crypto";

export type SigningKey = {
  /** eBay's own name of the public key: the `jwe` that came with the private one. */
  readonly jwe: string;
  readonly privateKey: KeyObject;
};

const COMPONENTS = ["content-digest", "x-ebay-signature-key", "@method", "@path", "@authority"] as const;

/** @param text in PEM, or its base64 alone, as eBay hands it out; null: it is no Ed25519 key */
export function readSigningKey(text: string): KeyObject | null {
  const base64 = text.replace(/-----(BEGIN|END) PRIVATE KEY-----/g, "").replace(/\s/g, "");
  try {
    const key = createPrivateKey({ key: Buffer.from(base64, "base64"), format: "der", type: "pkcs8" });
    return key.asymmetricKeyType === "ed25519" ? key : null;
  } catch {
    return null;
  }
}

/**
 * The headers that a signed call bears.
 *
 * @param call.body exactly as it is sent
 * @param nowMs milliseconds of the Unix epoch
 */
export function signatureHeaders(
  { jwe, privateKey }: SigningKey,
  call: { readonly method: string; readonly url: string; readonly body: string },
  nowMs: number,
): Readonly<Record<string, string>> {
  const { pathname, host } = new URL(call.url);
  const digest = `sha-256=:${createHash("sha256").update(call.body).digest("base64")}:`;
  const values: Readonly<Record<(typeof COMPONENTS)[number], string>> = {
    "content-digest": digest,
    "x-ebay-signature-key": jwe,
    "@method": call.method,
    "@path": pathname,
    "@authority": host,
  };
  const names = COMPONENTS.map((name) => `"${name}"`).join(" ");
  const parameters = `(${names});created=${Math.floor(nowMs / 1_000)}`;
  const base = [
    ...COMPONENTS.map((name) => `"${name}": ${values[name]}`),
    `"@signature-params": ${parameters}`,
  ].join("\n");
  return {
    "content-digest": digest,
    "x-ebay-signature-key": jwe,
    "signature-input": `sig1=${parameters}`,
    signature: `sig1=:${signBase(base, privateKey)}:`,
  };
}

/** @returns base64 */
export function signBase(base: string, key: KeyObject): string {
  return sign(null, Buffer.from(base), key).toString("base64");
}
