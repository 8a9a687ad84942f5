/**
 * One feed as its reader sees it: batches in order, none lost and none twice, over any number of connections.
 *
 * F1 After a reconnect it resumes after the last batch that came, so that the reader notices nothing.
 * F2 What the reader has not taken yet is bounded: beyond `mostEntries` the feed is unsubscribed, and resumed
 *    from where it stopped once the reader has caught up.
 * F3 `acknowledged` is the place up to which the reader has done its work. It is what a process that starts
 *    anew resumes from, and only the reader moves it.
 */
import type { ServerMessage } from "../contract/stream.ts";
import type { Reply, StreamRequest } from "./requests.ts";
import { StreamError } from "./stream-error.ts";

/** Where a reader keeps its place over restarts of its own process. */
export type CursorStore = {
  /** Null: nothing is kept yet. */
  load(): Promise<string | null>;
  save(cursor: string): Promise<void>;
};

export type Batch<Entry> = {
  readonly entries: readonly Entry[];
  /** The place behind the last entry. */
  readonly cursor: string;
  /** Says that this batch and all before it are done; resolves once that is kept. */
  acknowledge(): Promise<void>;
};

export type FeedMessage = Extract<ServerMessage, { readonly cursor: string }> & { readonly re?: never };

/** What a feed is made of on the wire. */
export type FeedKind<Entry> = {
  readonly events: FeedMessage["type"];
  subscribe(after: string | null): StreamRequest;
  readonly unsubscribe: StreamRequest;
  entriesOf(message: FeedMessage): readonly Entry[];
};

/** What a feed needs of its stream. */
export type FeedDoor = {
  /** The present connection; null: none. */
  connection(): number | null;
  /** Asks on this connection only. */
  ask(
    connection: number,
    message: StreamRequest,
    done: (reply: Reply) => void,
    failed: (error: StreamError) => void,
  ): void;
  closed(): void;
};

type Phase = "off" | "asking" | "on" | "leaving" | "full" | "over";

const MOST_ENTRIES = 5_000;

export class Feed<Entry> implements AsyncIterable<Batch<Entry>> {
  private readonly kind: FeedKind<Entry>;
  private readonly door: FeedDoor;
  private readonly store: CursorStore | null;
  private readonly mostEntries: number;
  /** Behind the last batch that came. */
  private at: string | null;
  private phase: Phase = "off";
  private batches: Batch<Entry>[] = [];
  private entries = 0;
  private wake: (() => void) | null = null;
  private error: StreamError | null = null;
  private begun: { readonly resolve: () => void; readonly reject: (error: StreamError) => void } | null =
    null;
  private number = 0;
  private acknowledgedNumber = 0;
  private acknowledgedAt: string | null;
  private saving: Promise<void> = Promise.resolve();

  constructor(
    kind: FeedKind<Entry>,
    door: FeedDoor,
    options: {
      readonly after: string | null;
      readonly store: CursorStore | null;
      readonly mostEntries?: number;
    },
  ) {
    this.kind = kind;
    this.door = door;
    this.store = options.store;
    this.mostEntries = options.mostEntries ?? MOST_ENTRIES;
    this.at = options.after;
    this.acknowledgedAt = options.after;
  }

  /** The place up to which the reader has acknowledged; null: none yet. */
  get acknowledged(): string | null {
    return this.acknowledgedAt;
  }

  /** Resolves once the server has said where the feed begins: what happens from then on comes. */
  begin(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.begun = { resolve, reject };
      this.connected();
    });
  }

  /** There is a connection; called for each. */
  connected(): void {
    if (this.phase === "over" || this.phase === "full") return;
    const connection = this.door.connection();
    if (connection === null) return;
    this.phase = "asking";
    this.door.ask(
      connection,
      this.kind.subscribe(this.at),
      (reply) => {
        if (this.phase !== "asking" || !("cursor" in reply)) return;
        this.phase = "on";
        this.at ??= reply.cursor;
        this.acknowledgedAt ??= reply.cursor;
        this.begun?.resolve();
        this.begun = null;
      },
      (error) => {
        if (error.code !== "connection_lost") this.fail(error);
      },
    );
  }

  /** The connection is gone, and with it the subscription. */
  lost(): void {
    if (this.phase === "over") return;
    this.phase = this.isFull() ? "full" : "off";
  }

  said(message: FeedMessage): void {
    // Of a subscription that has ended, or a repeat of what came last.
    if (this.phase !== "on" || message.cursor === this.at) return;
    const entries = this.kind.entriesOf(message);
    const { cursor } = message;
    this.number += 1;
    const { number } = this;
    this.at = cursor;
    this.batches.push({ entries, cursor, acknowledge: () => this.acknowledge(number, cursor) });
    this.entries += entries.length;
    this.wake?.();
    if (this.isFull()) this.leave();
  }

  /** There is no more: the stream was closed, or the feed refused. */
  fail(error: StreamError): void {
    if (this.phase === "over") return;
    this.phase = "over";
    this.error = error;
    this.begun?.reject(error);
    this.begun = null;
    this.wake?.();
    this.door.closed();
  }

  /** Ends the feed; whoever reads it gets what has come, and then the end. */
  async close(): Promise<void> {
    if (this.phase === "over") return;
    const { phase } = this;
    const connection = this.door.connection();
    this.phase = "over";
    this.begun?.reject(new StreamError("stream_closed", "The feed was closed."));
    this.wake?.();
    if (connection !== null && (phase === "on" || phase === "asking")) {
      await new Promise<void>((resolve) => {
        this.door.ask(
          connection,
          this.kind.unsubscribe,
          () => resolve(),
          () => resolve(),
        );
      });
    }
    this.door.closed();
    await this.saving.catch(() => {});
  }

  /**
   * Calls `work` with one batch after the other, and acknowledges each when its work is done. Ends when the feed
   * does; what `work` throws ends it, and the batch stays unacknowledged.
   */
  async each(work: (batch: Batch<Entry>) => Promise<void> | void): Promise<void> {
    for await (const batch of this) {
      await work(batch);
      await batch.acknowledge();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Batch<Entry>, void, undefined> {
    try {
      for (;;) {
        const batch = this.batches.shift();
        if (batch !== undefined) {
          this.entries -= batch.entries.length;
          this.refill();
          yield batch;
        } else if (this.error !== null) throw this.error;
        else if (this.phase === "over") return;
        else {
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
          this.wake = null;
        }
      }
    } finally {
      // Whoever breaks off the loop wants no more.
      await this.close();
    }
  }

  private isFull(): boolean {
    return this.entries >= this.mostEntries;
  }

  private leave(): void {
    const connection = this.door.connection();
    if (connection === null) return;
    this.phase = "leaving";
    const left = () => {
      if (this.phase !== "leaving") return;
      this.phase = "full";
      this.refill();
    };
    this.door.ask(connection, this.kind.unsubscribe, left, left);
  }

  private refill(): void {
    if (this.phase !== "full" || this.entries * 2 > this.mostEntries) return;
    this.phase = "off";
    this.connected();
  }

  private acknowledge(number: number, cursor: string): Promise<void> {
    if (number <= this.acknowledgedNumber) return this.saving;
    this.acknowledgedNumber = number;
    this.acknowledgedAt = cursor;
    const { store } = this;
    if (store === null) return Promise.resolve();
    // One after the other, so that an older place never overwrites a newer one.
    this.saving = this.saving.catch(() => {}).then(() => store.save(cursor));
    return this.saving;
  }
}
