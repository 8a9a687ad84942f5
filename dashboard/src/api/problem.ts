import type { Problem } from "../../../contract/shapes.ts";

/**
 * A request that did not succeed, as text that can be shown: what went wrong and, where known, what to do.
 */
export class RequestError extends Error {
  /** Stable code of the gateway's problem document; `unreachable` where no answer came. */
  readonly code: string;
  /** HTTP status; 0 where no answer came. */
  readonly status: number;

  constructor(code: string, status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RequestError";
    this.code = code;
    this.status = status;
  }
}

/**
 * Turns any failed answer into a `RequestError`, even one that did not come from the gateway (a proxy's error
 * page).
 */
export async function problemOf(response: Response): Promise<RequestError> {
  const type = response.headers.get("content-type") ?? "";
  if (type.includes("json")) {
    try {
      const problem = (await response.json()) as Partial<Problem>;
      const text = problem.detail || problem.title || `The server answered ${response.status}.`;
      return new RequestError(problem.code ?? "unknown", response.status, text);
    } catch (cause) {
      return new RequestError("unreadable", response.status, "The server's answer could not be read.", {
        cause,
      });
    }
  }
  return new RequestError(
    "unknown",
    response.status,
    `The server answered ${response.status}. Try again in a moment.`,
  );
}

/** One line that a person can read, from anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong. Try again.";
}

/**
 * Whether a change may have happened although it failed: no answer came, or the server failed while doing it.
 */
export function outcomeUnknown(error: unknown): boolean {
  return error instanceof RequestError && (error.status === 0 || error.status >= 500);
}
