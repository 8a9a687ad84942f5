/**
 * The simulated database: what survives every crash, and the fence in its append statement.
 *
 * Does at one instant what PostgreSQL does in one transaction. The way of an owner to this instant, and what
 * goes wrong there, is in `disk-connection.ts`.
 */
import type { EngineNodeRow, ShardLease } from "../../../store/journal/engine-nodes.ts";
import type { JournalRow } from "../../../store/journal/journal.ts";
import type { SnapshotRow } from "../../../store/journal/snapshot.ts";
import type { RecoverySource } from "../../storage/recovery.ts";

/** What an owner commits beside its journal rows, as the simulation's clients attach it. */
export type SimulatedRecord = { readonly id: string; readonly poison: boolean };

/** Told of everything that becomes durable, at the instant at which it does. */
export type DiskWitness = {
  landed(owner: string, rows: readonly JournalRow[], records: readonly SimulatedRecord[]): void;
  snapshotWritten(snapshot: SnapshotRow): void;
};

const KEPT_SNAPSHOTS = 2;

export class SimulatedDisk {
  readonly shardCount: number;
  readonly journals: JournalRow[][];
  readonly snapshots: SnapshotRow[][];
  readonly records = new Set<string>();
  private readonly leases: { epoch: number; owner: string }[];
  private readonly nodes = new Map<string, { readonly isDraining: boolean; readonly seenAtMs: number }>();
  /** Set before the first owner starts; `null`: there is no audit. */
  witness: DiskWitness | null = null;

  constructor(shardCount: number) {
    this.shardCount = shardCount;
    this.journals = Array.from({ length: shardCount }, () => []);
    this.snapshots = Array.from({ length: shardCount }, () => []);
    this.leases = Array.from({ length: shardCount }, () => ({ epoch: 0, owner: "" }));
  }

  isHeldBy(owner: string, shard: number): boolean {
    return this.leases[shard]?.owner === owner;
  }

  ownerOf(shard: number): string {
    return this.leases[shard]?.owner ?? "";
  }

  readLeases(): readonly ShardLease[] {
    return this.leases.map((lease, shard) => ({ shard, ...lease }));
  }

  /** Those that are as they were seen. */
  takeSeen(owner: string, seen: readonly ShardLease[]): ReadonlyMap<number, number> {
    const taken = new Map<number, number>();
    for (const { shard, epoch } of seen) {
      const lease = this.leases[shard];
      if (lease?.epoch !== epoch) continue;
      Object.assign(lease, { epoch: epoch + 1, owner });
      taken.set(shard, epoch + 1);
    }
    return taken;
  }

  release(owner: string, epochs: ReadonlyMap<number, number>): void {
    for (const [shard, epoch] of epochs) {
      const lease = this.leases[shard];
      if (lease?.owner === owner && lease.epoch === epoch)
        Object.assign(lease, { epoch: epoch + 1, owner: "" });
    }
  }

  /** @param nowMs by the server's clock */
  tellOfNode(owner: string, isDraining: boolean, nowMs: number): void {
    this.nodes.set(owner, { isDraining, seenAtMs: nowMs });
  }

  forgetNode(owner: string): void {
    this.nodes.delete(owner);
  }

  readNodes(nowMs: number): readonly EngineNodeRow[] {
    return [...this.nodes].map(([owner, { isDraining, seenAtMs }]) => ({
      owner,
      name: owner,
      isDraining,
      silentMs: nowMs - seenAtMs,
    }));
  }

  epochOf(shard: number): number {
    return this.leases[shard]?.epoch ?? 0;
  }

  /** Takes every shard from whoever has it. */
  takeLeases(owner: string): ReadonlyMap<number, number> {
    const epochs = new Map<number, number>();
    for (const [shard, lease] of this.leases.entries()) {
      lease.epoch += 1;
      lease.owner = owner;
      epochs.set(shard, lease.epoch);
    }
    return epochs;
  }

  renewLeases(owner: string, shards: readonly number[]): ReadonlyMap<number, number> {
    const renewed = new Map<number, number>();
    for (const shard of shards) {
      const lease = this.leases[shard];
      if (lease?.owner !== owner) continue;
      lease.epoch += 1;
      renewed.set(shard, lease.epoch);
    }
    return renewed;
  }

  /** Writes all rows and records, or none where a lease no longer has the epoch of its row. */
  append(
    owner: string,
    rows: readonly JournalRow[],
    records: readonly SimulatedRecord[],
  ): "committed" | "fenced" {
    if (!rows.every((row) => this.epochOf(row.shard) === row.epoch)) return "fenced";
    for (const row of rows) {
      const journal = this.journals[row.shard];
      if (journal === undefined || row.sequence !== journal.length + 1) {
        throw new Error(
          `duplicate key: shard ${row.shard} has a row ${row.sequence} or lacks the one before`,
        );
      }
    }
    for (const row of rows) this.journals[row.shard]?.push(row);
    for (const record of records) this.records.add(record.id);
    this.witness?.landed(owner, rows, records);
    return "committed";
  }

  /** Returns whether it was written: only under the epoch that it was begun under. */
  writeSnapshot(snapshot: SnapshotRow): boolean {
    if (this.epochOf(snapshot.shard) !== snapshot.epoch) return false;
    const kept = this.snapshots[snapshot.shard] ?? [];
    if (kept.some((other) => other.sequence === snapshot.sequence)) return false;
    kept.push(snapshot);
    kept.sort((a, b) => a.sequence - b.sequence);
    kept.splice(0, kept.length - KEPT_SNAPSHOTS);
    this.witness?.snapshotWritten(snapshot);
    return true;
  }

  /** What is stored of a shard, read at one instant and without a fault. */
  recoverySource(shard: number): RecoverySource {
    const snapshots = this.snapshots[shard] ?? [];
    const journal = this.journals[shard] ?? [];
    return {
      snapshots: async function* () {
        yield* [...snapshots].reverse();
      },
      rows: async function* (sequence: number) {
        if (sequence < journal.length) yield journal.slice(sequence);
      },
    };
  }
}
