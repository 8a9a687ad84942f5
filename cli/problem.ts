/**
 * A failure that the user can do something about: one line says what is wrong, one says what to do.
 * Everything else that is thrown is a defect and shows its stack.
 */
export class UserProblem extends Error {
  readonly code: string;
  /** What to do about it, as a full sentence. */
  readonly advice: string;
  /** 1: something went wrong. 2: the command line itself is wrong. 3: another process has taken over. */
  readonly exitStatus: 1 | 2 | 3;

  constructor(
    code: string,
    message: string,
    advice: string,
    options: { cause?: unknown; exitStatus?: 2 | 3 } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "UserProblem";
    this.code = code;
    this.advice = advice;
    this.exitStatus = options.exitStatus ?? 1;
  }
}

/** The text of anything that was thrown, on one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s+/g, " ").trim();
}

/** The `code` of an operating error (`ENOSPC`, `EADDRINUSE`, a PostgreSQL state), or `undefined`. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
