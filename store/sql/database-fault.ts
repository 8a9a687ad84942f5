/**
 * Tells a database that cannot be reached from a statement that was wrong.
 *
 * Owns that one distinction, and leaves to its callers what to do about it: the engine must not take silence
 * for a refusal, and the gateway asks its callers to come back.
 */
import pg from "pg";

/** Classes of SQLSTATE that are about the server or the session, not about the data that was sent. */
const OPERATING_CLASSES = new Set(["08", "25", "53", "55", "57", "58", "XX"]);

/**
 * What the driver and its pool say of a connection that is silent, gone or cannot be had; they have no code
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

/** What `isDatabaseFault` said of an error in the process that carried a request out for this one. */
export class OtherProcessDatabaseFault extends Error {
  override readonly name = "OtherProcessDatabaseFault";
}

/**
 * Whether `error`, thrown by a statement or by the attempt to connect, is about the server or the connection.
 * The same statement may succeed later. If it was a commit, nobody knows whether it has happened.
 */
export function isDatabaseFault(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    return OPERATING_CLASSES.has((error.code ?? "XX").slice(0, 2)) && !isLockTimeout(error);
  }
  if (!(error instanceof Error)) return false;
  if (error instanceof OtherProcessDatabaseFault) return true;
  if ("code" in error && typeof error.code === "string") return NETWORK_CODES.has(error.code);
  return CONNECTION_FAULT.test(error.message);
}

/** Whether a statement was given up because no answer came in its time. */
export function isSilence(error: unknown): error is Error {
  return error instanceof Error && error.message === "Query read timeout";
}

/** Whether the statement waited longer than `lock_timeout` for a row that another transaction has locked. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "55P03";
}
