/**
 * Whether a request was made on this machine itself, which is as good as the permission to read metrics. A
 * proxy on the same machine has a loopback address, too: what it passes on comes from somewhere else. One
 * that adds no header at all cannot be told from a local caller; docs/operations.md says what to do.
 */
import type { HttpRequest } from "../wire/http-message.ts";

const LOOPBACK = /^(127\.|::1$|0000:0000:0000:0000:0000:0000:0000:0001$|0000:0000:0000:0000:0000:ffff:7f)/;

/** Headers that proxies and their networks add; those of the `x-forwarded-` family come on top. */
const PROXY_HEADERS: readonly string[] = [
  "cf-connecting-ip",
  "client-ip",
  "fastly-client-ip",
  "forwarded",
  "true-client-ip",
  "via",
  "x-client-ip",
  "x-cluster-client-ip",
  "x-original-forwarded-for",
  "x-real-ip",
];

/** @returns true where nothing says that the request has come through a proxy or from another machine */
export function isLocalCaller({ remoteAddress, headers }: HttpRequest): boolean {
  if (!LOOPBACK.test(remoteAddress)) return false;
  return !Object.keys(headers).some((name) => name.startsWith("x-forwarded") || PROXY_HEADERS.includes(name));
}
