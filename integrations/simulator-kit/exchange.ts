import { parseJson } from "../vendor-kit/vendor-json.ts";

/** One HTTP request and reply as the simulators see them, apart from sockets. */
export type SimulatedRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** `http://127.0.0.1:7410`, as the caller addressed it, for links in replies. */
  readonly origin: string;
};

export type SimulatedReply = {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
};

export function jsonReply(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): SimulatedReply {
  return {
    status,
    contentType: "application/json; charset=utf-8",
    body: `${JSON.stringify(body)}\n`,
    headers,
  };
}

/** The body as JSON; `undefined` where it is none. */
export function jsonOf(request: SimulatedRequest): unknown {
  try {
    return parseJson(request.body.toString("utf8"));
  } catch {
    return undefined;
  }
}

export function htmlReply(body: string): SimulatedReply {
  return { status: 200, contentType: "text/html; charset=utf-8", body };
}
