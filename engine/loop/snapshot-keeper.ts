/**
 * Decides when a snapshot of a shard is made, and has it made: one shard at a time, beside the work and never
 * in it.
 *
 * A snapshot only shortens the next recovery. So nothing waits for one, except the stop of the engine, and
 * that only where the replay would be long. Making one reads the stored journal again. Damage found there is
 * reported at once, while the shard's memory is still right.
 */
import type { Logger } from "pino";
import type { JournalRow } from "../../store/journal/journal.ts";
import { EngineError } from "../errors.ts";
import type { ShardDirectory } from "../rounds/shard-directory.ts";
import type { EngineDisk } from "../storage/engine-disk.ts";
import type { DamagedSnapshot } from "../storage/recovery.ts";

/** The stop waits for a snapshot once this part of the usual distance is reached. */
const LONG_REPLAY = 1 / 4;

/** Journal since the last snapshot. */
type Distance = { rows: number; bytes: number };

export class SnapshotKeeper {
  private readonly disk: EngineDisk;
  private readonly directory: ShardDirectory;
  private readonly logger: Logger;
  private readonly every: Readonly<Distance>;
  private readonly onCorrupt: (shard: number) => void;
  private readonly distances: readonly Distance[];
  /** Bytes of each shard's last snapshot, as far as it was made here. */
  private readonly sizes: number[];
  private readonly leaving = new Set<number>();
  private running: { readonly shard: number; readonly done: Promise<void> } | null = null;
  /** The part of `every` from which a shard is due. */
  private part = 1;

  constructor(options: {
    readonly disk: EngineDisk;
    readonly directory: ShardDirectory;
    readonly logger: Logger;
    /**
     * Rows or bytes of a shard's journal between two snapshots, whichever come first. If the state is larger
     * than these bytes, its own size counts instead: otherwise a shard would be written over and over for few
     * changes.
     */
    readonly every: Readonly<Distance>;
    /** The stored journal of this shard is damaged. */
    readonly onCorrupt: (shard: number) => void;
  }) {
    this.disk = options.disk;
    this.directory = options.directory;
    this.logger = options.logger;
    this.every = options.every;
    this.onCorrupt = options.onCorrupt;
    this.distances = options.directory.entries.map(() => ({ rows: 0, bytes: 0 }));
    this.sizes = options.directory.entries.map(() => 0);
  }

  committed(rows: readonly JournalRow[]): void {
    for (const row of rows) {
      const distance = this.distances[row.shard];
      if (distance === undefined) continue;
      distance.rows += 1;
      distance.bytes += row.entries.length;
    }
    this.begin();
  }

  /** A shard was rebuilt: so much of its journal was read. */
  recovered(shard: number, read: Readonly<Distance>): void {
    const distance = this.distances[shard];
    if (distance !== undefined) Object.assign(distance, read);
    this.begin();
  }

  /** Logs snapshots that were passed over. */
  report(damaged: readonly DamagedSnapshot[]): void {
    for (const { damage } of damaged) {
      this.logger.error({ damage }, "a snapshot is damaged and was passed over");
    }
  }

  /**
   * The shards are to leave: makes a snapshot of each whose replay would take long, so that whoever has them
   * next need not replay it. Resolves after them, or once `late` does.
   */
  async beforeLeaving(shards: readonly number[], late: Promise<void>): Promise<void> {
    let isLate = false;
    const until = late.then(() => {
      isLate = true;
    });
    for (const shard of shards) this.leaving.add(shard);
    for (this.begin(); this.running !== null && !isLate; ) {
      const isOfOthers = !shards.includes(this.running.shard);
      if (isOfOthers && shards.every((shard) => this.partOf(shard) < LONG_REPLAY)) break;
      await Promise.race([this.running.done, until]);
    }
    for (const shard of shards) this.leaving.delete(shard);
  }

  /** Nothing is committed any more: makes snapshots where a replay would take long, and ends. */
  async finish(): Promise<void> {
    this.part = LONG_REPLAY;
    this.begin();
    while (this.running !== null) await this.running.done;
  }

  private begin(): void {
    if (this.running !== null) return;
    const shard = this.mostDue();
    if (shard === undefined) return;
    const done = this.take(shard).finally(() => {
      this.running = null;
      this.begin();
    });
    this.running = { shard, done };
  }

  private mostDue(): number | undefined {
    let most = this.part;
    let found: number | undefined;
    for (const shard of this.distances.keys()) {
      // What is to leave goes first: somebody waits for it.
      const part = this.partOf(shard) / (this.leaving.has(shard) ? LONG_REPLAY : 1);
      if (part >= most && this.directory.isLive(shard)) {
        most = part;
        found = shard;
      }
    }
    return found;
  }

  /** The way to the shard's next snapshot that its journal has gone already; 1: all of it. */
  private partOf(shard: number): number {
    const distance = this.distances[shard] ?? { rows: 0, bytes: 0 };
    const bytes = Math.max(this.every.bytes, this.sizes[shard] ?? 0);
    return Math.max(distance.rows / this.every.rows, distance.bytes / bytes);
  }

  private async take(shard: number): Promise<void> {
    // The count begins anew whatever the result: a failed snapshot is not tried again without a pause.
    Object.assign(this.distances[shard] ?? {}, { rows: 0, bytes: 0 });
    const { epoch } = this.directory.entry(shard);
    try {
      const { writtenBytes, damaged } = await this.disk.compact(shard, epoch);
      if (writtenBytes > 0) this.sizes[shard] = writtenBytes;
      this.report(damaged);
    } catch (cause) {
      if (cause instanceof EngineError && cause.code === "journal_corrupt") {
        this.logger.error({ shard, err: cause }, "the stored journal of a shard is damaged");
        this.onCorrupt(shard);
      } else {
        // Recovery reads more journal without it; the next one comes by itself.
        this.logger.warn({ shard, err: cause }, "a snapshot was not made");
      }
    }
  }
}
