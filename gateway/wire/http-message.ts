/** What a request and a reply are to the gateway, independent of the server beneath. */
export type HttpRequest = {
  /** The caller's `X-Request-Id` where it is well-formed, else a new UUID; in every reply and log line. */
  readonly id: string;
  /** Upper case. */
  readonly method: string;
  /** As sent, not decoded. */
  readonly path: string;
  readonly query: string;
  /**
   * By lower-case name. Of a repeated header the last one counts; what proxies add is put together. With a
   * repeated length none gets here.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the client: past the proxies that are trusted to tell of it. */
  readonly remoteAddress: string;
  /**
   * Aborted, with the code `caller_gone`, when nobody waits for the reply any more. Absent where nobody can
   * say.
   */
  readonly gone?: AbortSignal;
  readonly body: Buffer;
  /**
   * Of a route that takes its body as it comes: `body` is empty then. Read once; ends in an error where the
   * sender goes.
   */
  readonly stream?: AsyncIterable<Uint8Array>;
};

export type HttpReply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** In the place of `body`, of any length: written as fast as it is read. */
  readonly stream?: AsyncIterable<string | Uint8Array>;
};

export type HttpHandler = (request: HttpRequest) => Promise<HttpReply>;
