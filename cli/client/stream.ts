/**
 * The command line's side of `/v1/stream`: `client/` with what a command wants of it. A server that is gone for
 * longer than a restart takes is a problem to tell of, refusals are shown with the rest, and there is one feed.
 */
import { connect, type Reply, type StreamClient as Stream, StreamError } from "../../client/index.ts";
import type { CallerRequest } from "../../client/requests.ts";
import type { FeedEvent } from "../../contract/stream.ts";
import { UserProblem } from "../problem.ts";
import type { Access } from "./credentials.ts";

/** How long the server may be gone before we give up; a restart takes some 10 s. */
const PATIENCE_MS = 60_000;
/** A command that waits would rather try once too often. */
const MOST_WAIT_MS = 2_000;

type Refused = {
  readonly type: "error";
  readonly code: string;
  readonly detail: string;
  readonly retryAfterMs?: number;
};

export class StreamClient {
  private readonly stream: Stream;

  private constructor(stream: Stream) {
    this.stream = stream;
  }

  /**
   * Resolves once the server has said hello.
   *
   * @throws UserProblem `unauthorized`, `unreachable`
   */
  static async open({ url, key }: Access): Promise<StreamClient> {
    try {
      const stream = await connect({
        url,
        key,
        patienceMs: PATIENCE_MS,
        mostWaitMs: MOST_WAIT_MS,
        // A command has what it sends in memory anyhow.
        mostWaiting: Number.POSITIVE_INFINITY,
        mostWaitingBytes: Number.POSITIVE_INFINITY,
      });
      return new StreamClient(stream);
    } catch (error) {
      throw problemOf(error, url);
    }
  }

  /** Number of messages that wait for a reply. */
  get pending(): number {
    return this.stream.pending;
  }

  /**
   * Resolves with the reply, or with why there is none.
   *
   * @throws StreamError where the stream ends
   */
  async request(message: CallerRequest): Promise<Reply | Refused> {
    try {
      return await this.stream.request(message);
    } catch (error) {
      if (!(error instanceof StreamError) || ENDED.has(error.code)) throw error;
      const { code, detail, retryAfterMs } = error;
      return { type: "error", code, detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    }
  }

  /** Follows the timelines of all orders, or of one, after `cursor` (`null`: from now on). */
  async subscribe(
    options: { readonly after: string | null; readonly order?: string },
    onEvents: (events: readonly FeedEvent[]) => void,
  ): Promise<void> {
    try {
      const feed = await this.stream.orderEvents(options);
      // It ends with the stream, whose requests say why.
      feed.each(({ entries }) => onEvents(entries)).catch(() => {});
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      throw new UserProblem(error.code, error.detail, error.hint);
    }
  }

  /** Ends the connection. Messages without a reply are rejected. */
  close(): void {
    void this.stream.close();
  }
}

const ENDED: ReadonlySet<string> = new Set(["stream_closed", "unreachable"]);

function problemOf(error: unknown, url: string): unknown {
  if (!(error instanceof StreamError)) return error;
  if (error.code === "unreachable") {
    return new UserProblem(
      "unreachable",
      error.detail,
      "Start it with `npm start`, or name another address with --url.",
      { cause: error },
    );
  }
  if (error.code === "unauthenticated" || error.code === "forbidden") {
    return new UserProblem("unauthorized", `${url} does not accept the key.`, "Check --key or HOLDFAST_KEY.");
  }
  return new UserProblem(error.code, error.detail, error.hint, { cause: error });
}
