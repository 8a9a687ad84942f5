/**
 * The ways of signing a webhook that several vendors share. Both are checked over the raw body and in
 * constant time. With an empty secret no signature is valid.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** Compares a base64 HMAC-SHA256 of the raw body in constant time. */
export function isBase64HmacOf(rawBody: Buffer, secret: string, signature: string | undefined): boolean {
  if (signature === undefined || secret === "") return false;
  return equalInConstantTime(createHmac("sha256", secret).update(rawBody).digest("base64"), signature);
}

/** The same of a vendor that does not say how the HMAC is written: in base64, or in hexadecimal. */
export function isHmacOf(rawBody: Buffer, secret: string, signature: string): boolean {
  if (secret === "") return false;
  const digest = createHmac("sha256", secret).update(rawBody).digest();
  const isHex = equalInConstantTime(digest.toString("hex"), signature.toLowerCase());
  return isHex || equalInConstantTime(digest.toString("base64"), signature);
}

/** How far a sender's clock may be from ours: the tolerance of the Standard Webhooks specification. */
const TIMESTAMP_TOLERANCE_S = 300;

/**
 * Standard Webhooks: `webhook-id`, `webhook-timestamp` (Unix seconds) and `webhook-signature`: `v1,` and the
 * base64 HMAC-SHA256 of "id.timestamp.body", several separated by spaces while keys are exchanged. A secret
 * may start with `whsec_`; the rest is then base64.
 */
export function isStandardWebhook(
  headers: Readonly<Record<string, string>>,
  rawBody: Buffer,
  secret: string,
  nowMs = Date.now(),
): boolean {
  const id = headers["webhook-id"];
  const timestamp = headers["webhook-timestamp"];
  const signatures = headers["webhook-signature"];
  if (id === undefined || timestamp === undefined || signatures === undefined || secret === "") return false;
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > TIMESTAMP_TOLERANCE_S) return false;
  const expected = standardDigest(id, timestamp, rawBody, secret);
  return signatures.split(" ").some((signature) => equalInConstantTime(`v1,${expected}`, signature));
}

/** The headers of a webhook that is signed this way, for its sender. The body has its id as `id`. */
export function signStandardWebhook(
  body: string,
  secret: string,
  nowMs = Date.now(),
): Readonly<Record<"webhook-id" | "webhook-timestamp" | "webhook-signature", string>> {
  const { id }: { readonly id: string } = JSON.parse(body);
  const timestamp = String(Math.floor(nowMs / 1000));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${standardDigest(id, timestamp, Buffer.from(body), secret)}`,
  };
}

function standardDigest(id: string, timestamp: string, body: Buffer, secret: string): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : secret;
  return createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64");
}

function equalInConstantTime(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
