/**
 * What an HTTP status means to whoever calls again: the same at every vendor, unless its adapter knows better.
 *
 * Owns: which statuses are faults, which of them are worth repeating, and when. Leaves refusals (400, 404,
 * 409, 422) to the adapter. No message holds a header, a query or a body: they may hold secrets.
 */
import { ServiceFault } from "../../ports/service-fault.ts";

/** Longer pauses than a day are a mistake of the sender's, or of its clock. */
const LONGEST_PAUSE_MS = 86_400_000;

/**
 * `Retry-After`, in seconds or as a date, in milliseconds from now. Null where it is absent or says nothing.
 *
 * @param nowMs the service's `Date` is preferred where it sends one: its clock and ours differ
 */
export function retryAfterMs(headers: Headers, nowMs = Date.now()): number | null {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^\d{1,9}(\.\d+)?$/.test(value)) return bounded(Number(value) * 1000);
  const at = Date.parse(value);
  if (Number.isNaN(at)) return null;
  const there = Date.parse(headers.get("date") ?? "");
  return bounded(at - (Number.isNaN(there) ? nowMs : there));
}

function bounded(ms: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(0, Math.ceil(ms)));
}

/**
 * The fault that a status is, or null where it is none: an answer, or a refusal.
 *
 * Codes: `rate_limited` (429, with the pause that the service asks for), `unauthorized` (401, 403: somebody
 * has to look after the account), `timeout` (408), `unavailable` (5xx, 425).
 *
 * @param pauseMs a vendor's own word about when to come again, where it is not `Retry-After`
 */
export function faultOf(
  service: string,
  what: string,
  reply: { readonly status: number; readonly headers: Headers },
  pauseMs: number | null = null,
): ServiceFault | null {
  const { status, headers } = reply;
  const known = codeOf(status);
  if (known === null) return null;
  return new ServiceFault(`${service} answered ${what} with ${status}`, {
    service,
    ...known,
    status,
    retryAfterMs: known.retryable ? (pauseMs ?? retryAfterMs(headers)) : null,
  });
}

function codeOf(status: number): { readonly code: string; readonly retryable: boolean } | null {
  if (status === 429) return { code: "rate_limited", retryable: true };
  if (status === 401 || status === 403) return { code: "unauthorized", retryable: false };
  if (status === 408) return { code: "timeout", retryable: true };
  if (status === 425 || status >= 500) return { code: "unavailable", retryable: true };
  return null;
}
