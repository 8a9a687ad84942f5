/**
 * A replica of each shard that replays its journal from the first row and never sees a snapshot. A recovery,
 * a snapshot and the books must equal it. It replays the production code, so it proves nothing about the
 * rules themselves.
 */
import type { JournalBlob } from "../../journal/journal-codec.ts";
import { Shard } from "../../shard/shard.ts";
import { emptyRequest } from "../../shard/shard-request.ts";
import type { BookedPosition } from "./booked-position.ts";
import { BUCKETS } from "./booked-position.ts";
import type { StockBook } from "./stock-book.ts";
import { Violation } from "./violation.ts";

type Replica = {
  readonly shard: Shard;
  sequence: number;
  /** Its state; `null` until it is asked for. */
  state: Buffer | null;
};

export class ShardReplicas {
  /** By shard and row. */
  private readonly blobs: (readonly JournalBlob[])[][];
  private readonly replicas: Replica[];

  constructor(shardCount: number) {
    this.blobs = Array.from({ length: shardCount }, () => []);
    this.replicas = Array.from({ length: shardCount }, (_, shard) => newReplica(shard));
  }

  append(shard: number, blobs: readonly JournalBlob[]): void {
    this.blobs[shard]?.push(blobs);
  }

  /** The shard's state after its first `sequence` rows. */
  stateAt(shard: number, sequence: number): Buffer {
    const replica = this.at(shard, sequence);
    replica.state ??= Buffer.from(replica.shard.encodeState());
    return replica.state;
  }

  /** The shard, made of all of its rows, shows what the books add up to. */
  checkAgainst(book: StockBook, shard: number, positions: readonly BookedPosition[]): void {
    const replica = this.at(shard, this.blobs[shard]?.length ?? 0).shard;
    // On a copy, because a shard that is asked expires what is due.
    const copy = Shard.decodeState(shard, replica.encodeState());
    const reply = copy.run({
      ...emptyRequest(shard, 0),
      skus: [...new Set(positions.map((position) => position.sku))],
      addresses: positions.map(({ sku, locationId }) => ({ sku, locationId })),
    });
    for (const view of reply.positions) {
      const position = positions.find((one) => one.sku === view.sku && one.locationId === view.locationId);
      if (position === undefined || BUCKETS.some((bucket) => position[bucket] !== view[bucket])) {
        throw new Violation(
          "conservation",
          `${view.sku} at ${view.locationId} is not the sum of its movements`,
        );
      }
    }
    for (const [index, position] of positions.entries()) {
      checkHeld(position, reply.holds[index] ?? [], book);
    }
  }

  private at(shard: number, sequence: number): Replica {
    const rows = this.blobs[shard] ?? [];
    let replica = this.replicas[shard];
    // A former owner may still show an older state.
    if (replica === undefined || replica.sequence > sequence) replica = newReplica(shard);
    while (replica.sequence < sequence) {
      for (const blob of rows[replica.sequence] ?? []) replica.shard.replay(blob);
      replica.sequence += 1;
      replica.state = null;
    }
    return replica;
  }
}

function newReplica(shard: number): Replica {
  return { shard: new Shard(shard), sequence: 0, state: null };
}

/** What the shard shows as held of a position is the sum of its holds and the lanes' reservations. */
function checkHeld(
  position: BookedPosition,
  views: readonly { readonly holdId: string; readonly quantity: number }[],
  book: StockBook,
): void {
  const seen = new Map<string, number>();
  for (const view of views) seen.set(view.holdId, (seen.get(view.holdId) ?? 0) + view.quantity);
  for (const hold of position.holds.values()) {
    const held = hold.reserved + hold.allocated + hold.picked;
    if (seen.get(hold.holdId) === held) seen.delete(hold.holdId);
    else throw new Violation("conservation", `hold ${hold.holdId} is not the sum of its movements`);
  }
  for (const [holdId, quantity] of seen) {
    const reservation = book.lanes.ofHold(holdId);
    if (reservation?.isOpen === true && reservation.quantity === quantity) continue;
    throw new Violation("conservation", `${position.name} has holds that nobody journaled`);
  }
}
