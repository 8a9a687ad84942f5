/**
 * One owner's way to the simulated database, and all that can go wrong on it.
 *
 * A commit may be slow. It may be lost before it was carried out, or be carried out and lose its answer. It
 * may be carried out late: after its owner was told that it is lost, and until a raised epoch stops it. It
 * may be refused because of a record. Storage may be out of reach for any question, and what is read may have
 * a bit flipped.
 */

import type { Random } from "../../../config/seeded-random.ts";
import type { JournalRow } from "../../../store/journal/journal.ts";
import type { SnapshotRow } from "../../../store/journal/snapshot.ts";
import { compact } from "../../storage/compaction.ts";
import type {
  CommitResult,
  CompactionResult,
  EngineDisk,
  RejectedRecord,
  WriterBatch,
} from "../../storage/engine-disk.ts";
import type { RecoverySource } from "../../storage/recovery.ts";
import type { FaultCount } from "./fault-count.ts";
import type { SimulatedDisk, SimulatedRecord } from "./simulated-disk.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { Story } from "./story.ts";
import type { Weather } from "./weather.ts";

/** A commit on a healthy disk, in virtual milliseconds. */
const MIN_COMMIT_MS = 0.5;
const MAX_COMMIT_MS = 4;
const MAX_SLOW_COMMIT_MS = 2_000;

/** After this long a connection that is silent is taken for dead. */
export const STATEMENT_TIMEOUT_MS = 20_000;

const PAGE_ROWS = 7;

/** A damaged snapshot only costs time, so there may be many; a damaged row stops its shard. */
const SNAPSHOT_DECAY = 30;
const ROW_DECAY = 8;

export class DiskConnection implements EngineDisk {
  private readonly disk: SimulatedDisk;
  private readonly process: SimulatedProcess;
  private readonly random: Random;
  private readonly weather: () => Weather;
  private readonly faults: FaultCount;
  private readonly story: Story | null;

  constructor(
    disk: SimulatedDisk,
    process: SimulatedProcess,
    options: {
      readonly random: Random;
      readonly weather: () => Weather;
      readonly faults: FaultCount;
      readonly story: Story | null;
    },
  ) {
    this.disk = disk;
    this.process = process;
    this.random = options.random;
    this.weather = options.weather;
    this.faults = options.faults;
    this.story = options.story;
  }

  commit(rows: readonly JournalRow[], batches: readonly WriterBatch[]): Promise<CommitResult> {
    const { random } = this;
    const weather = this.weather();
    const records = batches.flatMap((batch) => batch.records as readonly SimulatedRecord[]);
    let takesMs = MIN_COMMIT_MS + random.next() * (MAX_COMMIT_MS - MIN_COMMIT_MS);
    if (random.chance(weather.commitSlow)) takesMs += random.next() ** 3 * MAX_SLOW_COMMIT_MS;
    if (random.chance(weather.commitLost)) return this.loseCommit(takesMs, rows, records);
    const answerMs = random.chance(weather.commitNeverAnswered) ? STATEMENT_TIMEOUT_MS : takesMs * 0.2;
    const isLocked = records.some(() => random.chance(weather.recordLocked));
    return new Promise((resolve, reject) => {
      // The server carries it out whether or not its client still lives.
      this.process.time.after(takesMs, () => {
        let act: () => void;
        try {
          const result = isLocked ? rejection("a row is locked") : this.carryOut(rows, records);
          act = () => resolve(result);
        } catch (cause) {
          act = () => reject(cause);
        }
        if (answerMs === STATEMENT_TIMEOUT_MS) {
          this.faults.commitsLost += 1;
          act = () => reject(new Error("the commit was not answered in time"));
        }
        this.process.after(answerMs, act);
      });
    });
  }

  findRejected(batches: readonly WriterBatch[]): Promise<readonly RejectedRecord[]> {
    const weather = this.weather();
    const found: RejectedRecord[] = [];
    for (const [batch, { records }] of batches.entries()) {
      for (const [record, value] of records.entries()) {
        const { poison } = value as SimulatedRecord;
        const locked = !poison && this.random.chance(weather.recordLocked);
        if (!poison && !locked) continue;
        this.faults.recordsRejected += 1;
        found.push({ batch, record, cause: new Error(poison ? "poison" : "locked"), locked });
      }
    }
    return this.answer(() => found);
  }

  renew(held: readonly number[]): Promise<ReadonlyMap<number, number>> {
    return this.answer(() => this.disk.renewLeases(this.process.name, held));
  }

  raiseEpochs(shards: readonly number[]): Promise<ReadonlyMap<number, number>> {
    return this.answer(() => this.disk.renewLeases(this.process.name, shards));
  }

  landed(rows: readonly JournalRow[]): Promise<ReadonlySet<JournalRow>> {
    return this.answer(
      () =>
        new Set(
          rows.filter((row) => this.disk.journals[row.shard]?.[row.sequence - 1]?.hash.equals(row.hash)),
        ),
    );
  }

  recoverySource(shard: number): RecoverySource {
    const { disk } = this;
    const ask = <T>(read: () => T) => this.answer(read);
    const readRow = (row: JournalRow) => this.maybeFlipped(row, "entries", ROW_DECAY);
    const readSnapshot = (snapshot: SnapshotRow) => this.maybeFlipped(snapshot, "state", SNAPSHOT_DECAY);
    return {
      snapshots: async function* () {
        const kept = await ask(() => disk.snapshots[shard]?.map(readSnapshot) ?? []);
        yield* kept.reverse();
      },
      rows: async function* (sequence: number) {
        for (let from = sequence; ; ) {
          const rows = await ask(
            () => disk.journals[shard]?.slice(from, from + PAGE_ROWS).map(readRow) ?? [],
          );
          if (rows.length === 0) return;
          yield rows;
          from += rows.length;
        }
      },
    };
  }

  /** What the snapshot task does in a thread of its own. */
  async compact(shard: number, epoch: number): Promise<CompactionResult> {
    const { snapshot, damaged } = await compact(shard, epoch, this.recoverySource(shard));
    if (snapshot === null) return { writtenBytes: 0, damaged };
    if (this.random.chance(this.weather().snapshotFails))
      throw new Error("the snapshot could not be written");
    const written = await this.answer(() => this.disk.writeSnapshot(snapshot));
    return { writtenBytes: written ? snapshot.state.length : 0, damaged };
  }

  /** Not carried out, carried out without an answer, or carried out some time after it seems lost. */
  private loseCommit(
    takesMs: number,
    rows: readonly JournalRow[],
    records: readonly SimulatedRecord[],
  ): Promise<CommitResult> {
    this.faults.commitsLost += 1;
    const fate = this.random.below(3);
    if (fate > 0) {
      const landsAfterMs = fate === 1 ? takesMs : takesMs + this.random.next() * 20;
      this.process.time.after(landsAfterMs, () => {
        try {
          if (this.carryOut(rows, records).status === "committed" && fate === 2) this.faults.commitsLate += 1;
        } catch {
          // The row's sequence is taken. The connection is gone, so no client is told.
        }
      });
    }
    const end = ["lost before", "lost after", "lost and carried out late"][fate];
    this.story?.tell(`${this.process.name}'s commit will be ${end}`);
    return new Promise((_, reject) => {
      this.process.after(takesMs * 1.1, () => reject(new Error("the connection was lost during a commit")));
    });
  }

  private carryOut(rows: readonly JournalRow[], records: readonly SimulatedRecord[]): CommitResult {
    if (records.some((record) => record.poison)) return rejection("poison");
    const status = this.disk.append(this.process.name, rows, records);
    if (status === "fenced") this.faults.fenced += 1;
    const names = rows.map((row) => `${row.shard}:${row.sequence}@${row.epoch}`);
    this.story?.tell(`disk: ${this.process.name} ${status} ${names.join(" ")}`);
    return { status };
  }

  /** Asks the database; rejects where it cannot be reached. */
  private answer<T>(read: () => T): Promise<T> {
    const unreachable = this.random.chance(this.weather().storageUnreachable);
    return new Promise((resolve, reject) => {
      this.process.after(this.random.next() * 2, () => {
        if (unreachable) {
          this.faults.storageUnreachable += 1;
          reject(new Error("storage cannot be reached"));
          return;
        }
        const value = read();
        this.process.after(this.random.next(), () => resolve(value));
      });
    });
  }

  private maybeFlipped<K extends string, T extends { readonly [key in K]: Buffer }>(
    stored: T,
    field: K,
    times: number,
  ): T {
    const bytes = stored[field];
    if (bytes.length === 0 || !this.random.chance(times * this.weather().corruptRead)) return stored;
    this.faults.bitsFlipped += 1;
    const flipped = Buffer.from(bytes);
    const at = this.random.below(flipped.length);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << this.random.below(8));
    this.story?.tell(`${this.process.name} reads ${field} with a flipped bit`);
    return { ...stored, [field]: flipped };
  }
}

function rejection(why: string): CommitResult {
  return { status: "rejected", cause: new Error(why) };
}
