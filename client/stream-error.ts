/**
 * What goes wrong between a client and Holdfast, as one kind of error. Codes of the server are those of
 * docs/errors.md; the client's own are in `OWN`.
 */

/** Codes that come from the client and not from the server. */
const OWN = {
  stream_closed: "close() was called while this was under way; open the stream again and repeat it.",
  aborted: "The caller gave it up.",
  too_many_waiting: "Wait for room() before each request, or use requestAll(), which does so.",
  frame_too_large: "Send fewer commands or a smaller payload in one message.",
  unreachable: "Is Holdfast running at this address, and may this machine reach it?",
  connection_lost: "The connection ended; what is bound to it has to be asked for again.",
  feed_open: "Close the feed of this kind first: a connection follows one of each.",
  unexpected_reply: "Client and server speak different versions of the protocol.",
} as const;

/** What to do about the server's codes that a client meets most. */
const HINTS: Readonly<Record<string, string>> = {
  ...OWN,
  unauthenticated: "Send a key that is not disabled: hf_<id>_<secret>, made on the page API keys.",
  credential_ended: "The key was disabled or the session ended; connect with another.",
  second_factor_demanded: "The account's role demands a second factor; set one up on the dashboard.",
  forbidden: "Give the key the scope that this message needs.",
  channel_forbidden: "Use a key of this channel, or one that is bound to none.",
  unsupported_subprotocol: 'Open the stream with encoding: "msgpack".',
  invalid_cursor: "Pass a cursor of this feed as it was given, or null for from now on.",
  idempotency_key_reused: "Use a new key for another change.",
  unknown_sku: "Add the product first, then send the command again under the same id.",
  unknown_location: "Add the location first, then send the command again under the same id.",
  commit_outcome_unknown: "Repeat it with the same id: what was done is not done twice.",
  storage_unavailable: "Repeat it with the same id once the database is back.",
};

export class StreamError extends Error {
  readonly code: string;
  /** What happened, in a sentence. */
  readonly detail: string;
  /** What to do about it, in a sentence. */
  readonly hint: string;
  /** Milliseconds after which the server asked to try again. */
  readonly retryAfterMs: number | undefined;
  /** Whether it may have been done all the same. Repeat it with the same id, and it is done once. */
  readonly outcomeUnknown: boolean;

  constructor(
    code: string,
    detail: string,
    options: {
      readonly retryAfterMs?: number | undefined;
      readonly outcomeUnknown?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(`${code}: ${detail}`, { cause: options.cause });
    this.name = "StreamError";
    this.code = code;
    this.detail = detail;
    this.hint = HINTS[code] ?? `docs/errors.md#${code} says what it means.`;
    this.retryAfterMs = options.retryAfterMs;
    this.outcomeUnknown = options.outcomeUnknown ?? false;
  }
}

/** The same error for a message that had been sent: it may have been done. */
export function asUnknown(error: StreamError): StreamError {
  const { code, detail, retryAfterMs, cause } = error;
  return new StreamError(code, detail, { retryAfterMs, outcomeUnknown: true, cause });
}
