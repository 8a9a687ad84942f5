/**
 * The result of one round: the unit of atomicity on the way to the disk.
 *
 * Everything that a round did on all of its shards, and every record attached to it, commits in one
 * transaction; the callers' promises are settled only then. Several rounds may share a commit, in their
 * order.
 */
import type { CommitWriter } from "../allocator-client.ts";
import type { EngineError } from "../errors.ts";
import type { DemandToQueue, Placement, WholeOrder } from "../shard/shard-request.ts";
import type { ShardChanges } from "../stock-view/stock-changes.ts";
import { approximateBytes } from "./approximate-bytes.ts";

/** A caller that waits for the commit. */
export type Waiter = {
  committed(): void;
  failed(error: EngineError): void;
  /** The order that it was answered from; if that order's record is refused, the answer fails, too. */
  readonly orderId?: string;
  /** Whether it has amended that order, which cannot be taken back alone. */
  readonly amends?: boolean;
};

/** What a round has done for an order, to be taken back if it was not to be. */
export type PlacedParts = {
  readonly orderId: string;
  readonly placements: readonly Placement[];
  readonly queue: readonly DemandToQueue[];
  /** As its home remembers it; `null`: it has none, or has known the order before. */
  readonly whole: WholeOrder | null;
};

export function isAnythingPlaced({ placements, queue, whole }: PlacedParts): boolean {
  return placements.length + queue.length > 0 || whole !== null;
}

/** A record to commit with the round. */
export type Attachment = {
  readonly writer: CommitWriter<unknown>;
  readonly record: unknown;
  readonly waiter: Waiter;
  /** The order whose parts are taken back if the record is refused. */
  readonly order: PlacedParts | null;
};

export type Round = {
  /** Journal blobs in order, by shard. */
  readonly blobs: Map<number, Uint8Array[]>;
  /** What is published of positions once it is committed, in order. */
  readonly changes: ShardChanges[];
  readonly attachments: Attachment[];
  readonly waiters: Waiter[];
  /** Units of work in it, which the bound on uncommitted work counts. */
  size: number;
  /** Bytes of memory that it takes from its submission until it is committed, roughly. */
  bytes: number;
};

export function newRound(): Round {
  return { blobs: new Map(), changes: [], attachments: [], waiters: [], size: 0, bytes: 0 };
}

export function addBlob(round: Round, shard: number, blob: Uint8Array | null): void {
  if (blob === null) return;
  const blobs = round.blobs.get(shard);
  if (blobs === undefined) round.blobs.set(shard, [blob]);
  else blobs.push(blob);
}

export function bytesOfRound(round: Round): number {
  let bytes = 0;
  for (const blobs of round.blobs.values()) for (const blob of blobs) bytes += blob.length;
  for (const { record } of round.attachments) bytes += approximateBytes(record);
  return bytes;
}

export function failRound(round: Round, error: EngineError): void {
  for (const waiter of round.waiters) waiter.failed(error);
  for (const attachment of round.attachments) attachment.waiter.failed(error);
}
