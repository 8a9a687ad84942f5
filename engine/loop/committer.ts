/**
 * Group commit: takes the rounds that wait, writes them in one transaction, settles their callers, begins
 * again.
 *
 * No timer: the next commit starts as soon as the last one is back, so batches grow with the load by
 * themselves.
 *
 * C1 A caller is told nothing before the transaction that carries its round has committed.
 * C2 Every transaction has at least one journal row, so that its outcome can always be read back.
 * C3 After an outcome that is not "committed" nothing more is written until the engine has found out what
 *    happened (`resume`); a commit is never repeated blindly.
 * C4 A record that its writer cannot take fails alone: the holds of its order are given back in the very
 *    transaction that would have brought them.
 */
import type { Logger } from "pino";
import type { JournalRow } from "../../store/journal/journal.ts";
import { EngineError } from "../errors.ts";
import { failpoint } from "../failpoints.ts";
import { chainRow } from "../journal/checksum.ts";
import { encodeEntries } from "../journal/journal-codec.ts";
import {
  type Attachment,
  bytesOfRound,
  failRound,
  isAnythingPlaced,
  type Round,
  type Waiter,
} from "../rounds/round.ts";
import type { ShardDirectory, ShardEntry } from "../rounds/shard-directory.ts";
import type { ShardChanges } from "../stock-view/stock-changes.ts";
import type { EngineDisk, RejectedRecord, WriterBatch } from "../storage/engine-disk.ts";

/** Journal bytes of one transaction at most: PostgreSQL takes so much with ease, and no batch needs more. */
const MAX_COMMIT_BYTES = 16 * 1024 * 1024;

/**
 * Work that may be applied and not yet committed. Beyond it rounds wait for the disk, and callers for rounds.
 */
const MAX_UNCOMMITTED_UNITS = 32_768;
const MAX_UNCOMMITTED_BYTES = 64 * 1024 * 1024;

/** How often a commit may be rejected, each time for other records, before it counts as failed. */
const MAX_REJECTIONS = 5;

const LOCKED_RETRY_MS = 500;

/** For an order that was taken back: the caller may ask for it again at once. */
const FALLEN_RETRY_MS = 50;

/** A commit whose outcome is not "committed". */
export type CommitFault = {
  readonly cause: unknown;
  /** True: certainly nothing was written. */
  readonly fenced: boolean;
  readonly rows: readonly JournalRow[];
  readonly commit: Commit;
};

/** Rounds that share a transaction, and what was found wrong with their records. */
type Commit = {
  readonly rounds: Round[];
  readonly rejected: Map<Attachment, RejectedRecord>;
  /** Callers without a record of their own that were answered from an order whose record was refused. */
  readonly fallen: Set<Waiter>;
};

type CommitterOptions = {
  readonly disk: EngineDisk;
  readonly directory: ShardDirectory;
  readonly logger: Logger;
  /** So many units of work were committed: there is room for more. */
  readonly onProgress: (units: number) => void;
  readonly onFault: (fault: CommitFault) => void;
  /**
   * Gives the holds of these attachments' orders back in their shards and submits that as the last round.
   * Resolves to whether all of them could be given back.
   */
  readonly undo: (attachments: readonly Attachment[]) => Promise<boolean>;
  readonly onCommitted: (rows: readonly JournalRow[]) => void;
  /** Shows what a commit changed, before its callers are told of it. */
  readonly publish: (changes: readonly ShardChanges[]) => void;
};

export class Committer {
  private readonly options: CommitterOptions;
  private queue: Round[] = [];
  private inFlight: Commit | null = null;
  private faulted = false;
  /** Shards with a row in the transaction under way, whether or not a round has effects on them. */
  private writing: ReadonlySet<number> = new Set();
  /** Units of work that are not committed yet. */
  uncommitted = 0;
  private uncommittedBytes = 0;

  constructor(options: CommitterOptions) {
    this.options = options;
  }

  get idle(): boolean {
    return this.queue.length === 0 && this.inFlight === null && !this.faulted;
  }

  get isFull(): boolean {
    return this.uncommitted >= MAX_UNCOMMITTED_UNITS || this.uncommittedBytes >= MAX_UNCOMMITTED_BYTES;
  }

  /** Whether a row of this shard is still on its way to the disk. */
  carries(shard: number): boolean {
    return (
      this.writing.has(shard) ||
      this.queue.some((round) => round.blobs.has(shard)) ||
      (this.inFlight?.rounds.some((round) => round.blobs.has(shard)) ?? false)
    );
  }

  submit(round: Round): void {
    this.queue.push(round);
    round.bytes = bytesOfRound(round);
    this.countRound(round, 1);
    if (this.inFlight === null && !this.faulted) void this.run();
  }

  /** After a fault: takes back everything that was never sent. */
  takeQueued(): readonly Round[] {
    const queued = this.queue;
    this.queue = [];
    for (const round of queued) this.countRound(round, -1);
    return queued;
  }

  private countRound(round: Round, sign: 1 | -1): void {
    this.uncommitted += sign * round.size;
    this.uncommittedBytes += sign * round.bytes;
  }

  /** After a fault, once its outcome is known and settled. */
  resume(): void {
    this.faulted = false;
    if (this.queue.length > 0 && this.inFlight === null) void this.run();
  }

  /** Tells the callers of a commit that it is durable. */
  settle(commit: Commit): void {
    this.options.publish(commit.rounds.flatMap((round) => round.changes));
    for (const round of commit.rounds) {
      for (const waiter of round.waiters) {
        if (commit.fallen.has(waiter)) waiter.failed(fallenError());
        else waiter.committed();
      }
      for (const attachment of round.attachments) {
        const rejected = commit.rejected.get(attachment);
        if (rejected === undefined) attachment.waiter.committed();
        else attachment.waiter.failed(rejectionError(attachment.writer.name, rejected));
      }
      failpoint("commit-in-settle");
    }
  }

  private async run(): Promise<void> {
    while (this.queue.length > 0 && !this.faulted) {
      const commit: Commit = { rounds: this.take(), rejected: new Map(), fallen: new Set() };
      this.inFlight = commit;
      const fault = await this.write(commit);
      this.inFlight = null;
      this.writing = new Set();
      let units = 0;
      for (const round of commit.rounds) {
        this.countRound(round, -1);
        units += round.size;
      }
      if (fault === null) {
        this.settle(commit);
        failpoint("commit-after-settle");
        this.options.onProgress(units);
      } else {
        this.faulted = true;
        this.options.onFault(fault);
      }
    }
  }

  /** The rounds that wait, up to a size. */
  private take(): Round[] {
    let count = 0;
    let bytes = 0;
    for (const round of this.queue) {
      count += 1;
      for (const blobs of round.blobs.values()) for (const blob of blobs) bytes += blob.length;
      if (bytes >= MAX_COMMIT_BYTES) break;
    }
    return this.queue.splice(0, count);
  }

  private async write(commit: Commit): Promise<CommitFault | null> {
    let rows: readonly JournalRow[] = [];
    try {
      for (let attempt = 1; ; attempt += 1) {
        const attachments = commit.rounds.flatMap((round) =>
          round.attachments.filter((attachment) => !commit.rejected.has(attachment)),
        );
        rows = this.rowsOf(commit.rounds, attachments.length > 0);
        this.writing = new Set(rows.map((row) => row.shard));
        if (rows.length === 0) return null;
        const grouped = groupByWriter(attachments);
        const batches = grouped.map(toBatch);
        failpoint("commit-before-append");
        const result = await this.options.disk.commit(rows, batches);
        if (result.status === "committed") {
          failpoint("commit-before-settle");
          this.advance(rows);
          this.options.onCommitted(rows);
          return null;
        }
        if (result.status === "fenced") return { cause: null, fenced: true, rows, commit };
        if (attempt > MAX_REJECTIONS) throw result.cause;
        const found = await this.options.disk.findRejected(batches);
        await this.reject(commit, grouped, found);
      }
    } catch (cause) {
      return { cause, fenced: false, rows, commit };
    }
  }

  private async reject(
    commit: Commit,
    grouped: readonly (readonly Attachment[])[],
    found: readonly RejectedRecord[],
  ): Promise<void> {
    const rejected: Attachment[] = [];
    for (const record of found) {
      const attachment = grouped[record.batch]?.[record.record];
      if (attachment === undefined) continue;
      commit.rejected.set(attachment, record);
      rejected.push(attachment);
      this.options.logger.warn(
        { writer: attachment.writer.name, err: record.cause },
        "a record was refused by its writer",
      );
    }
    const placed = rejected.filter(({ order }) => order !== null && isAnythingPlaced(order));
    if (placed.length === 0) return;
    if (!(await this.options.undo(placed))) {
      throw new Error("the holds of a refused record could not be given back: a shard was lost meanwhile");
    }
    // The round that gives the holds back comes after every round that ran since; all of them commit
    // together.
    commit.rounds.push(...this.queue.splice(0));
    this.rejectRepeats(commit, placed);
  }

  /** A repeat of the same order was answered from holds that are given back now: the repeat fails with it. */
  private rejectRepeats(commit: Commit, undone: readonly Attachment[]): void {
    const causes = new Map(
      undone.map((attachment) => [attachment.order?.orderId, commit.rejected.get(attachment)]),
    );
    for (const { attachments, waiters } of commit.rounds) {
      for (const attachment of attachments) {
        const cause = attachment.order === null ? undefined : causes.get(attachment.order.orderId);
        if (cause !== undefined && !commit.rejected.has(attachment)) commit.rejected.set(attachment, cause);
      }
      for (const waiter of waiters) {
        const { orderId, amends } = waiter;
        if (orderId === undefined || !causes.has(orderId)) continue;
        if (amends === true) throw new Error(`order ${orderId} was amended before its record was refused`);
        commit.fallen.add(waiter);
      }
    }
  }

  private rowsOf(rounds: readonly Round[], hasRecords: boolean): readonly JournalRow[] {
    const blobs = new Map<number, Uint8Array[]>();
    for (const round of rounds) {
      for (const [shard, ofShard] of round.blobs) {
        const all = blobs.get(shard);
        if (all === undefined) blobs.set(shard, [...ofShard]);
        else all.push(...ofShard);
      }
    }
    if (blobs.size === 0 && hasRecords) {
      const bearer = this.options.directory.entries.find((entry) => entry.status === "live");
      if (bearer === undefined) throw new Error("no shard is live");
      blobs.set(bearer.shard, []);
    }
    // In shard order: every committer locks the leases in the same order.
    return [...blobs]
      .sort(([a], [b]) => a - b)
      .map(([shard, ofShard]) => rowAfter(this.options.directory.entry(shard), encodeEntries(ofShard)));
  }

  private advance(rows: readonly JournalRow[]): void {
    for (const row of rows) {
      const entry = this.options.directory.entry(row.shard);
      entry.sequence = row.sequence;
      entry.hash = row.hash;
    }
  }
}

/** Fails all callers of a commit alike. */
export function failCommit(commit: Commit, error: EngineError): void {
  for (const round of commit.rounds) failRound(round, error);
}

function fallenError(): EngineError {
  return new EngineError("shard_unavailable", "the order fell with its record; nothing was done", {
    retryAfterMs: FALLEN_RETRY_MS,
  });
}

function rejectionError(writer: string, { cause, locked }: RejectedRecord): EngineError {
  return locked
    ? new EngineError("shard_unavailable", `${writer} met rows that are locked for long; nothing was done`, {
        retryAfterMs: LOCKED_RETRY_MS,
        cause,
      })
    : new EngineError("attachment_rejected", `${writer} refused the record; nothing was done`, { cause });
}

function rowAfter(entry: ShardEntry, entries: Buffer): JournalRow {
  return chainRow(
    { shard: entry.shard, sequence: entry.sequence + 1, epoch: entry.epoch },
    entry.hash,
    entries,
  );
}

function groupByWriter(attachments: readonly Attachment[]): readonly (readonly Attachment[])[] {
  const groups = new Map<unknown, Attachment[]>();
  for (const attachment of attachments) {
    const group = groups.get(attachment.writer);
    if (group === undefined) groups.set(attachment.writer, [attachment]);
    else group.push(attachment);
  }
  return [...groups.values()];
}

function toBatch(group: readonly Attachment[]): WriterBatch {
  const [first] = group;
  if (first === undefined) throw new Error("a writer without records");
  return { writer: first.writer, records: group.map((attachment) => attachment.record) };
}
