/**
 * Carries a queue of the outbox out.
 *
 * At least once, whatever dies when: rows are read, carried out, then marked. One relay works at a queue at a
 * time; others stand by and take over within a poll. What each row means, and which come next, is its queue's
 * (`saga-relay.ts`, `mail-relay.ts`), and doing it again must do no harm.
 *
 * Rows about one subject keep their order within a batch; after a failure the rest of them waits with it.
 */
import type { Logger } from "pino";
import {
  becomeRelay,
  type DueOutboxRow,
  finishOutbox,
  type OutboxQueue,
  postponeOutbox,
} from "../../store/outbox.ts";
import type { Database } from "../../store/sql/database.ts";
import { startListener } from "../../store/sql/listener.ts";
import type { RelayCount } from "./saga-meter.ts";

/** Rows under way at a time: the Temporal server is quickest with some twenty. */
const CONCURRENCY = 20;
/** How long a row may wait at most when its NOTIFY was lost. */
const POLL_MS = 500;
const FIRST_RETRY_MS = 200;

type Result =
  | { readonly id: number; readonly done: true; readonly note: string | null }
  | { readonly id: number; readonly done: false; readonly error: string; readonly delayMs: number };

export type OutboxRelay = { stop(): Promise<void> };

type RelayOptions = {
  readonly database: Database;
  readonly logger: Logger;
  readonly queue: OutboxQueue;
  /** Absent: nobody asks how many rows were carried out. */
  readonly count?: RelayCount;
  /** Rows that are carried out next; and whether there is more to do once they are. */
  readonly next: () => Promise<{ readonly rows: readonly DueOutboxRow[]; readonly isMore: boolean }>;
  readonly longestRetryMs: number;
  /** What the row is about: its rows are carried out in their order. */
  readonly subjectOf: (row: DueOutboxRow) => string;
  /** Carries a row out, or throws, and is asked again later. @returns a note where there was nothing to do */
  readonly deliver: (row: DueOutboxRow) => Promise<string | null>;
};

export function startOutboxRelay(options: RelayOptions): OutboxRelay {
  const { database, queue, logger } = options;
  const relay = new Relay(options);
  return startListener({
    database,
    channel: queue.channel,
    everyMs: POLL_MS,
    admit: (client) => becomeRelay(client, queue),
    work: () => relay.carryOut(),
    onFault: (error) => logger.warn({ err: error, queue: queue.channel }, "outbox not read; trying again"),
  });
}

class Relay {
  private readonly options: RelayOptions;

  constructor(options: RelayOptions) {
    this.options = options;
  }

  /** @returns whether there is more to do at once */
  async carryOut(): Promise<boolean> {
    const { database, next, subjectOf } = this.options;
    const { rows, isMore } = await next();
    const subjects = bySubject(rows, subjectOf);
    const results: Result[] = [];
    const work = async () => {
      for (let subject = subjects.shift(); subject !== undefined; subject = subjects.shift())
        results.push(...(await this.deliverInOrder(subject)));
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    const done = results.filter((result) => result.done);
    const failed = results.filter((result) => !result.done);
    if (this.options.count !== undefined) {
      this.options.count.delivered += done.length;
      this.options.count.failed += failed.length;
    }
    await finishOutbox(database, done);
    await postponeOutbox(database, failed);
    return isMore;
  }

  private async deliverInOrder(rows: readonly DueOutboxRow[]): Promise<readonly Result[]> {
    const { logger, longestRetryMs, deliver } = this.options;
    const results: Result[] = [];
    for (const [index, row] of rows.entries()) {
      try {
        results.push({ id: row.id, done: true, note: await deliver(row) });
      } catch (error) {
        logger.warn({ err: error, key: row.key, attempts: row.attempts }, "outbox message failed");
        const text = error instanceof Error ? error.message : String(error);
        const delayMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(row.attempts - 1, 20), longestRetryMs);
        return [
          ...results,
          ...rows.slice(index).map(({ id }) => ({ id, done: false, error: text, delayMs }) as const),
        ];
      }
    }
    return results;
  }
}

function bySubject(
  rows: readonly DueOutboxRow[],
  subjectOf: RelayOptions["subjectOf"],
): (readonly DueOutboxRow[])[] {
  const subjects = new Map<string, DueOutboxRow[]>();
  for (const row of rows) {
    const subject = subjectOf(row);
    const before = subjects.get(subject);
    if (before === undefined) subjects.set(subject, [row]);
    else before.push(row);
  }
  return [...subjects.values()];
}
