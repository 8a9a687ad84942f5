/**
 * Makes the next snapshot of a shard from what is stored: its last snapshot and the committed journal rows
 * after it.
 *
 * The living shard takes no part. So a snapshot has nothing that is not committed and costs its shard no
 * time, and each one is a recovery that has been tried: the chain is verified every time.
 */
import type { SnapshotRow } from "../../store/journal/snapshot.ts";
import { checksumOf, snapshotHash } from "../journal/checksum.ts";
import { type DamagedSnapshot, type RecoverySource, recoverShard } from "./recovery.ts";

type Compaction = {
  /** Null where a sound snapshot has everything already. */
  readonly snapshot: SnapshotRow | null;
  /** Snapshots that failed their verification, by name; they are useless now. */
  readonly damaged: readonly DamagedSnapshot[];
};

/**
 * Rejects with `journal_corrupt` where the journal is damaged.
 *
 * @param epoch the owner's; the writing is fenced by it.
 */
export async function compact(shard: number, epoch: number, source: RecoverySource): Promise<Compaction> {
  let newest = 0;
  const recovered = await recoverShard(shard, {
    rows: (sequence) => source.rows(sequence),
    snapshots: async function* () {
      for await (const snapshot of source.snapshots()) {
        newest = snapshot.sequence;
        yield snapshot;
      }
      newest = 0;
    },
  });
  const { head, damaged } = recovered;
  if (head.sequence === newest) return { snapshot: null, damaged };
  const encoded = recovered.shard.encodeState();
  const state = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const place = { shard, sequence: head.sequence, epoch };
  return {
    snapshot: {
      ...place,
      checksum: checksumOf(state),
      journalHash: Buffer.from(head.hash),
      stateHash: snapshotHash(head.hash, place, state),
      state,
    },
    damaged,
  };
}
