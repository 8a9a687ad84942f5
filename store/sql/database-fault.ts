/**
 * Tells a database that is away from a statement that was wrong.
 *
 * Owns that one distinction for whoever has to act on it: the engine, which must not take silence for a
 * refusal, and the gateway, which asks its callers to come back. What either does about it is its own affair.
 */
import pg from "pg";

/** Classes of SQLSTATE that speak of the server or the session, not of the data that was sent. */
const OPERATING_CLASSES = new Set(["08", "25", "53", "55", "57", "58", "XX"]);

/**
 * What the driver and its pool say of a connection that is silent, gone or not to be had; they have no code
 * for it.
 */
const CONNECTION_FAULT =
  /^(Query read timeout|Connection terminated|Client (has encountered|was closed)|timeout (expired|exceeded))/;

/** What the operating system says of a peer that cannot be reached, or not any more. */
const NETWORK_CODES = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

/**
 * Whether `error`, thrown by a statement or by the attempt to connect, speaks of the server or the
 * connection. The same statement may succeed later; of one that was to commit nobody knows whether it has.
 */
export function isDatabaseFault(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    return OPERATING_CLASSES.has((error.code ?? "XX").slice(0, 2)) && !isLockTimeout(error);
  }
  if (!(error instanceof Error)) return false;
  if ("code" in error && typeof error.code === "string") return NETWORK_CODES.has(error.code);
  return CONNECTION_FAULT.test(error.message);
}

/** Whether a statement was given up because no answer came in its time. */
export function isSilence(error: unknown): error is Error {
  return error instanceof Error && error.message === "Query read timeout";
}

/** Whether the statement waited for a row that somebody else has locked for longer than `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "55P03";
}
