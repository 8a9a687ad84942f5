/** How far each shard is: its journal, what is shown of it, its last snapshot, and who has it. */
import type { Queryable } from "../sql/database.ts";

export type ShardFigures = {
  readonly shard: number;
  readonly epoch: number;
  /** Names the process that has it, see `engine/engine.ts`. */
  readonly owner: string;
  readonly leasedAt: Date;
  readonly leaseAgeSeconds: number;
  /** Last row of its journal; 0: it has none. */
  readonly head: number;
  /** Last row that movements were made of. */
  readonly projected: number;
  readonly snapshot: {
    readonly sequence: number;
    readonly takenAt: Date;
    readonly ageSeconds: number;
  } | null;
};

type Row = Omit<ShardFigures, "snapshot"> & {
  readonly snapshotSequence: number | null;
  readonly takenAt: Date | null;
  readonly snapshotSeconds: number | null;
};

export async function readShardFigures(database: Queryable): Promise<readonly ShardFigures[]> {
  const { rows } = await database.query<Row>(
    `select lease.shard, lease.epoch, lease.owner, lease.renewed_at as "leasedAt",
            extract(epoch from now() - lease.renewed_at)::float8 as "leaseAgeSeconds",
            coalesce(last.sequence, 0) as head, coalesce(shown.sequence, 0) as projected,
            taken.sequence as "snapshotSequence", taken.taken_at as "takenAt",
            extract(epoch from now() - taken.taken_at)::float8 as "snapshotSeconds"
       from shard_lease lease
       left join lateral (select sequence from journal where shard = lease.shard
                           order by sequence desc limit 1) last on true
       left join journal_projection shown on shown.shard = lease.shard
       left join lateral (select sequence, taken_at from snapshot where shard = lease.shard
                           order by sequence desc limit 1) taken on true
      order by lease.shard`,
  );
  return rows.map(({ snapshotSequence, takenAt, snapshotSeconds, ...shard }) => ({
    ...shard,
    snapshot:
      snapshotSequence === null || takenAt === null
        ? null
        : { sequence: snapshotSequence, takenAt, ageSeconds: snapshotSeconds ?? 0 },
  }));
}
