/** REST calls of the command line: JSON in, JSON out, problem+json turned into an error with its code. */
import { randomUUID } from "node:crypto";
import type { Page, Problem } from "../../gateway/api.ts";
import { errorCode, reasonOf, UserProblem } from "../problem.ts";
import type { Access } from "./credentials.ts";

/** The gateway answered, and refused. */
export class RequestRefused extends UserProblem {
  readonly status: number;
  constructor(status: number, code: string, detail: string) {
    super(code, `${detail} (${code})`, adviceFor(code));
    this.status = status;
  }
}

export class RestClient {
  private readonly access: Access;
  private readonly patienceMs: number;

  /** @param options.patienceMs how long to go on asking a system that does not answer, because it is being restarted */
  constructor(access: Access, options: { readonly patienceMs?: number } = {}) {
    this.access = access;
    this.patienceMs = options.patienceMs ?? 0;
  }

  get<T>(path: string): Promise<T> {
    return this.request<T>("GET", path, undefined);
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.request<T>("POST", path, body);
  }

  /** Every item of a paged collection. */
  async *all<T>(path: string, limit = 200): AsyncGenerator<T> {
    let cursor: string | null = null;
    do {
      const separator = path.includes("?") ? "&" : "?";
      const from: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Page<T> = await this.get<Page<T>>(`${path}${separator}limit=${limit}${from}`);
      yield* page.items;
      cursor = page.next;
    } while (cursor !== null);
  }

  private async request<T>(method: string, path: string, body: unknown): Promise<T> {
    // One key for all attempts: a repeat of a request whose answer was lost is answered, not run again.
    const headers: Record<string, string> = {
      authorization: `Bearer ${this.access.key}`,
      accept: "application/json",
    };
    if (body !== undefined) {
      headers["content-type"] = "application/json";
      headers["idempotency-key"] = randomUUID();
    }
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.attempt(`${this.access.url}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.ok) {
        const parsed: T = text === "" ? undefined : JSON.parse(text);
        return parsed;
      }
      const problem = readProblem(text);
      const busy = response.status === 429 || response.status === 503 || problem?.retryAfterMs !== undefined;
      if (busy && attempt < 10) {
        await new Promise((resolve) => setTimeout(resolve, problem?.retryAfterMs ?? 100 * attempt));
        continue;
      }
      throw new RequestRefused(
        response.status,
        problem?.code ?? `http_${response.status}`,
        problem?.detail ?? `The gateway answered ${response.status} to ${method} ${path}`,
      );
    }
  }

  private async attempt(url: string, init: RequestInit): Promise<Response> {
    const deadline = Date.now() + this.patienceMs;
    for (;;) {
      try {
        return await fetch(url, { ...init, signal: AbortSignal.timeout(60_000) });
      } catch (error) {
        if (Date.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, 250));
          continue;
        }
        const cause = error instanceof Error ? (error.cause ?? error) : error;
        throw new UserProblem(
          "unreachable",
          `Holdfast does not answer at ${this.access.url} (${errorCode(cause) ?? reasonOf(cause)}).`,
          "Start it with `npm start`, or name another address with --url.",
          { cause: error },
        );
      }
    }
  }
}

function readProblem(text: string): Partial<Problem> | undefined {
  try {
    const problem: Partial<Problem> = JSON.parse(text);
    return problem;
  } catch {
    return undefined;
  }
}

function adviceFor(code: string): string {
  if (code === "unauthorized" || code === "unauthenticated" || code === "http_401") {
    return "Check --key or HOLDFAST_KEY.";
  }
  if (code.includes("not_found")) return "Check the name; `holdfast --help` lists the commands.";
  return "docs/errors.md explains the code.";
}
