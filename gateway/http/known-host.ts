/**
 * Whether a request was meant for us. A page of a stranger can have its own name lead to this machine (DNS
 * rebinding), and its browser then counts us as that page's server.
 */
import { isIP } from "node:net";
import { ApiError } from "../wire/problem.ts";

/** @throws ApiError `host_unknown` */
export function requireKnownHost(host: string | undefined, names: ReadonlySet<string>): void {
  if (isKnownHost(host, names)) return;
  throw new ApiError("host_unknown", "Call this server by its public name, or by its address.");
}

/** @param names hosts by which we are reached, without port, in lower case */
export function isKnownHost(host: string | undefined, names: ReadonlySet<string>): boolean {
  if (host === undefined) return false;
  const name = hostname(host);
  // No name leads to an address; probes of orchestrators use it.
  return name !== null && (names.has(name) || isIP(name) !== 0);
}

/** The names of a public URL and of a setting, beside this machine's own. */
export function knownHosts(publicUrl: string, more: readonly string[]): ReadonlySet<string> {
  return new Set(["localhost", new URL(publicUrl).hostname, ...more.map((name) => name.toLowerCase())]);
}

function hostname(host: string): string | null {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:@/?#\s]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  return (bracketed ?? plain)?.toLowerCase().replace(/\.$/, "") ?? null;
}
