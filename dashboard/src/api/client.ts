/**
 * The public REST API as functions. Owns requests, their errors and the loss of a session; leaves caching and
 * live updates to `live/`. Every change carries an `Idempotency-Key`, so a repeated click or request cannot
 * do anything twice. Where the server wants to know again who is there, the person is asked, and the same
 * request is sent once more.
 */
import { problemOf, RequestError } from "./problem.ts";
import { askForProof } from "./proof.ts";
import { demandSecondFactor, forgetSession } from "./session.ts";

type Query = Readonly<Record<string, string | number | null | undefined>>;

export function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return send<T>("GET", withQuery(path, query), undefined, undefined, signal);
}

/** @param key names the intent: pass the same key when the same form is sent again. */
export function post<T>(path: string, body: unknown, key: string = crypto.randomUUID()): Promise<T> {
  return send<T>("POST", path, body, key);
}

/**
 * A file, or a part of one, as it is.
 *
 * @param key names what is begun with it; absent: what it is added to tells a repeat by itself
 */
export function postBytes<T>(path: string, query: Query, content: Blob, key?: string): Promise<T> {
  return send<T>("POST", withQuery(path, query), content, key);
}

/** What is made of a request and is no JSON: a document. */
export function postForFile(path: string, body: unknown): Promise<Blob> {
  return send("POST", path, body, undefined, undefined, (response) => response.blob());
}

/** The same for a change of what is there. */
export function patch<T>(path: string, body: unknown, key: string = crypto.randomUUID()): Promise<T> {
  return send<T>("PATCH", path, body, key);
}

/** What there is from now on. */
export function put<T>(path: string, body: unknown, key: string = crypto.randomUUID()): Promise<T> {
  return send<T>("PUT", path, body, key);
}

export function remove<T = void>(path: string): Promise<T> {
  return send<T>("DELETE", path, undefined, crypto.randomUUID());
}

/** A path from parts, each of them escaped: ids of channels may hold any character. */
export function pathOf(...parts: readonly string[]): string {
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

async function send<T>(
  method: string,
  path: string,
  body: unknown,
  key: string | undefined,
  signal?: AbortSignal,
  read: (response: Response) => Promise<T> = (response) => response.json(),
): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  const isFile = body instanceof Blob;
  if (body !== undefined) headers["content-type"] = isFile ? "application/octet-stream" : "application/json";
  if (key !== undefined) headers["idempotency-key"] = key;
  let response: Response;
  try {
    response = await fetch(`/v1${path}`, {
      method,
      headers,
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: isFile ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new RequestError(
      "unreachable",
      0,
      "Holdfast cannot be reached. Check the network, then try again.",
      {
        cause,
      },
    );
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.code === "unauthenticated") forgetSession();
    if (problem.code === "second_factor_demanded") demandSecondFactor();
    if (problem.code !== "reauthentication_needed") throw problem;
    await askForProof();
    return send<T>(method, path, body, key, signal, read);
  }
  if (response.status === 204) return undefined as T;
  return read(response);
}
