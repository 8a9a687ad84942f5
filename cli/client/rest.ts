/** REST calls of the command line: JSON in, JSON out, problem+json turned into an error with its code. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Page, Problem } from "../../contract/shapes.ts";
import { errorCode, reasonOf, UserProblem } from "../problem.ts";
import type { Access } from "./credentials.ts";

const ANSWER_TIMEOUT_MS = 60_000;
const RECONNECT_DELAY_MS = 250;
/** How often a busy system is asked at least, however short the patience. */
const LEAST_ATTEMPTS = 10;

/** The gateway answered, and refused. */
export class RequestRefused extends UserProblem {
  readonly status: number;
  constructor(status: number, code: string, detail: string) {
    super(code, `${detail} (${code})`, adviceFor(code));
    this.status = status;
  }
}

type Written = { readonly text?: string | undefined; readonly key?: string };

export class RestClient {
  private readonly access: Access;
  private readonly patienceMs: number;

  /**
   * @param options.patienceMs how long to repeat a request, from its first attempt, while the system does not
   *   answer or is not able to. 0: a system that is not there is reported at once. A client that is to
   *   survive a crash of the gateway needs more than `IDEMPOTENCY_CLAIM_MS`: for so long the key of the
   *   request that died with the gateway stays claimed.
   */
  constructor(access: Access, options: { readonly patienceMs?: number } = {}) {
    this.access = access;
    this.patienceMs = options.patienceMs ?? 0;
  }

  async get<T>(path: string): Promise<T> {
    return read<T>(await this.text(path));
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    return read<T>((await this.request("POST", path, body)).toString("utf8"));
  }

  /** A body that is JSON already, under a key of the caller's own. */
  async postText<T>(path: string, text: string, key: string): Promise<T> {
    return read<T>((await this.request("POST", path, undefined, { text, key })).toString("utf8"));
  }

  async put<T>(path: string, body: unknown): Promise<T> {
    return read<T>((await this.request("PUT", path, body)).toString("utf8"));
  }

  async patch<T>(path: string, body: unknown): Promise<T> {
    return read<T>((await this.request("PATCH", path, body)).toString("utf8"));
  }

  async delete<T>(path: string): Promise<T> {
    return read<T>((await this.request("DELETE", path, undefined)).toString("utf8"));
  }

  /** What is not JSON, as it came. */
  async text(path: string): Promise<string> {
    return (await this.bytes(path)).toString("utf8");
  }

  /** A page or a label to be printed. */
  bytes(path: string): Promise<Buffer> {
    return this.request("GET", path, undefined);
  }

  /**
   * Sends bytes as they come. Once: whoever has them sends again what did not arrive.
   *
   * @param key under which the same bytes, sent again, make nothing anew; absent: what they are added to
   *   tells
   * @throws UserProblem `unreachable` where the connection broke, `RequestRefused`
   */
  async send<T>(path: string, content: AsyncIterable<Uint8Array> | Uint8Array, key?: string): Promise<T> {
    const isWhole = content instanceof Uint8Array;
    const init: RequestInit & { duplex?: "half" } = {
      method: "POST",
      headers: {
        authorization: `Bearer ${this.access.key}`,
        accept: "application/json",
        "content-type": "application/octet-stream",
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      body: isWhole
        ? Buffer.from(content)
        : (ReadableStream.from(content) as unknown as NonNullable<RequestInit["body"]>),
      ...(isWhole ? {} : { duplex: "half" as const }),
    };
    const response = await fetch(`${this.access.url}${path}`, init).catch((error: unknown) => {
      throw this.unreachable(error instanceof Error ? (error.cause ?? error) : error);
    });
    const text = await response.text();
    if (response.ok) return read<T>(text);
    const problem = readProblem(text);
    throw new RequestRefused(
      response.status,
      problem?.code ?? `http_${response.status}`,
      problem?.detail ?? `The gateway answered ${response.status} to POST ${path}`,
    );
  }

  /** An answer of any length, as it comes. @throws UserProblem, also where it breaks off */
  async *stream(path: string): AsyncGenerator<Uint8Array> {
    try {
      const response = await fetch(`${this.access.url}${path}`, {
        headers: { authorization: `Bearer ${this.access.key}` },
      });
      if (!response.ok || response.body === null) {
        const problem = readProblem(await response.text());
        throw new RequestRefused(
          response.status,
          problem?.code ?? `http_${response.status}`,
          problem?.detail ?? `The gateway answered ${response.status} to GET ${path}`,
        );
      }
      yield* response.body;
    } catch (error) {
      if (error instanceof UserProblem) throw error;
      throw this.unreachable(error instanceof Error ? (error.cause ?? error) : error);
    }
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

  private async request(
    method: string,
    path: string,
    body: unknown,
    { text = body === undefined ? undefined : JSON.stringify(body), key = randomUUID() }: Written = {},
  ): Promise<Buffer> {
    // One key for all attempts: if only the answer was lost, the repeat gets that answer and nothing runs
    // again.
    const headers: Record<string, string> = {
      authorization: `Bearer ${this.access.key}`,
      accept: "application/json",
    };
    if (text !== undefined) {
      headers["content-type"] = "application/json";
      headers["idempotency-key"] = key;
    }
    const init = { method, headers, ...(text === undefined ? {} : { body: text }) };
    const deadline = Date.now() + this.patienceMs;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await answerOf(`${this.access.url}${path}`, init);
      if (answer.kind === "unreachable") {
        if (Date.now() >= deadline) throw this.unreachable(answer.cause);
        await pause(RECONNECT_DELAY_MS);
        continue;
      }
      const { status, bytes } = answer;
      if (status >= 200 && status < 300) return bytes;
      const problem = readProblem(bytes.toString("utf8"));
      const busy = status === 429 || status === 503 || problem?.retryAfterMs !== undefined;
      if (busy && (attempt < LEAST_ATTEMPTS || Date.now() < deadline)) {
        await pause(problem?.retryAfterMs ?? Math.min(100 * attempt, 1_000));
        continue;
      }
      throw new RequestRefused(
        status,
        problem?.code ?? `http_${status}`,
        problem?.detail ?? `The gateway answered ${status} to ${method} ${path}`,
      );
    }
  }

  private unreachable(cause: unknown): UserProblem {
    return new UserProblem(
      "unreachable",
      `Holdfast does not answer at ${this.access.url} (${errorCode(cause) ?? reasonOf(cause)}).`,
      "Start it with `npm start`, or name another address with --url.",
      { cause },
    );
  }
}

function read<T>(text: string): T {
  const parsed: T = text === "" ? undefined : JSON.parse(text);
  return parsed;
}

type HttpAnswer =
  | { readonly kind: "answered"; readonly status: number; readonly bytes: Buffer }
  | { readonly kind: "unreachable"; readonly cause: unknown };

/** A connection that breaks in the middle of an answer gave no answer: the body belongs to the attempt. */
async function answerOf(url: string, init: RequestInit): Promise<HttpAnswer> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return { kind: "answered", status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
  } catch (error) {
    return { kind: "unreachable", cause: error instanceof Error ? (error.cause ?? error) : error };
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
  if (code.includes("not_found")) return "Check the id: the `list` of what it names shows which there are.";
  return "docs/errors.md explains the code.";
}
