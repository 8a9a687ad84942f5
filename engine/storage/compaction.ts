/**
 * The next snapshot of a shard, made of what is stored: its last snapshot and the committed journal rows
 * after it.
 *
 * A living shard takes no part. So a snapshot holds nothing that is not committed, costs its shard no time,
 * and every one of them is a recovery that has been tried: the chain is verified again each time.
 */
import type { SnapshotRow } from "../../store/journal/snapshot.ts";
import { checksumOf, snapshotHash } from "../journal/checksum.ts";
import { type DamagedSnapshot, type RecoverySource, recoverShard } from "./recovery.ts";

type Compaction = {
  /** Null where there is nothing to write down that is not in a sound snapshot already. */
  readonly snapshot: SnapshotRow | null;
  /** Snapshots that failed their verification, by name; they are of no use any more. */
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
