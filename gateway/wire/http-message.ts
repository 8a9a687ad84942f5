/** What a request and a reply are to the gateway, whatever server they came through. */
export type HttpRequest = {
  /** The caller's `X-Request-Id` where it is a sound one, else a new UUID; in every reply and log line. */
  readonly id: string;
  /** Upper case. */
  readonly method: string;
  /** As sent, not decoded. */
  readonly path: string;
  readonly query: string;
  /** By lower-case name; of a repeated header the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly remoteAddress: string;
  readonly body: Buffer;
};

export type HttpReply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
};

export type HttpHandler = (request: HttpRequest) => Promise<HttpReply>;
