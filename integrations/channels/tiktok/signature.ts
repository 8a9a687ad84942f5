/**
 * TikTok Shop's two signatures, both lower-case hex HMAC-SHA256 with the application's secret.
 *
 * A request's covers path, query and the exact bytes of the body. A webhook's covers the application's key and
 * the raw body, and stands alone in `Authorization`; it has no time.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** Neither in the text that is signed nor, by themselves, a part of it. */
const UNSIGNED: ReadonlySet<string> = new Set(["sign", "access_token", "x-tts-access-token"]);

export function signRequest(
  secret: string,
  path: string,
  query: Readonly<Record<string, string>>,
  body: string,
): string {
  const parameters = Object.keys(query)
    .filter((name) => !UNSIGNED.has(name))
    .sort()
    .map((name) => `${name}${query[name] ?? ""}`)
    .join("");
  return createHmac("sha256", secret).update(`${secret}${path}${parameters}${body}${secret}`).digest("hex");
}

export function signWebhook(appKey: string, secret: string, rawBody: Buffer): string {
  return createHmac("sha256", secret).update(appKey).update(rawBody).digest("hex");
}

/** @param credentials `app_key:app_secret`, as the channel's secret has them */
export function isWebhookOf(credentials: string, rawBody: Buffer, signature: string | undefined): boolean {
  const colon = credentials.indexOf(":");
  const appKey = credentials.slice(0, colon);
  const secret = credentials.slice(colon + 1);
  if (signature === undefined || colon < 1 || secret === "") return false;
  const expected = Buffer.from(signWebhook(appKey, secret, rawBody));
  const given = Buffer.from(signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}
