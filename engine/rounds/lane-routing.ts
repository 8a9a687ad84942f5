/**
 * Handles, and the way of one call's lane operations to the shards that they concern, and of the codes back.
 *
 * A handle is the position's ordinal with its shard in the lowest bits, so nothing is looked up on the way.
 * Works on typed arrays throughout: this runs in the engine's main thread for every lane operation.
 */
import { LANE_WORDS } from "../../actors/lanes/lane-operations.ts";

/** The lane operations of a call that concern one shard. */
export type LanePart = {
  readonly shard: number;
  /** With ordinals in place of handles. */
  readonly operations: Uint8Array;
  /** The place of each lane operation in the call; `null`: the part is the whole call. */
  readonly origins: Uint16Array | null;
};

/** Names no position in any shard. */
const NO_ORDINAL = 0xffff_ffff;

export function handleOf(shard: number, ordinal: number, shardCount: number): number {
  return ((ordinal << shardBits(shardCount)) | shard) >>> 0;
}

/** A handle of a shard that does not exist goes to any other shard, where it is unknown, too. */
export function shardOfHandle(handle: number, shardCount: number): number {
  return (handle & ((1 << shardBits(shardCount)) - 1)) % shardCount;
}

/**
 * Cuts a call apart, keeping the order within each shard. Where one shard is concerned, the call's own array
 * becomes the part.
 */
export function partsOf(operations: Uint32Array, shardCount: number): readonly LanePart[] {
  const bits = shardBits(shardCount);
  const mask = (1 << bits) - 1;
  const ends = new Int32Array(mask + 1);
  let shard = 0;
  for (let at = 1; at < operations.length; at += LANE_WORDS) {
    shard = (operations[at] as number) & mask;
    ends[shard] = (ends[shard] as number) + 1;
  }
  const count = operations.length / LANE_WORDS;
  if (ends[shard] === count) {
    for (let at = 1; at < operations.length; at += LANE_WORDS) {
      operations[at] = shard < shardCount ? (operations[at] as number) >>> bits : NO_ORDINAL;
    }
    return [{ shard: shard % shardCount, operations: bytesOf(operations), origins: null }];
  }
  return scattered(operations, ends, bits, shardCount);
}

function scattered(
  operations: Uint32Array,
  counts: Int32Array,
  bits: number,
  shardCount: number,
): readonly LanePart[] {
  const sorted = new Uint32Array(operations.length);
  const origins = new Uint16Array(operations.length / LANE_WORDS);
  const next = new Int32Array(counts.length);
  for (let shard = 1; shard < counts.length; shard += 1) {
    next[shard] = (next[shard - 1] as number) + (counts[shard - 1] as number);
  }
  const mask = counts.length - 1;
  for (let at = 0; at < operations.length; at += LANE_WORDS) {
    const handle = operations[at + 1] as number;
    const shard = handle & mask;
    const place = next[shard] as number;
    next[shard] = place + 1;
    const to = place * LANE_WORDS;
    sorted[to] = operations[at] as number;
    sorted[to + 1] = shard < shardCount ? handle >>> bits : NO_ORDINAL;
    sorted[to + 2] = operations[at + 2] as number;
    sorted[to + 3] = operations[at + 3] as number;
    origins[place] = at / LANE_WORDS;
  }
  const parts: LanePart[] = [];
  for (const [shard, count] of counts.entries()) {
    if (count === 0) continue;
    const end = next[shard] as number;
    parts.push({
      shard: shard % shardCount,
      operations: bytesOf(sorted.subarray((end - count) * LANE_WORDS, end * LANE_WORDS)),
      origins: origins.subarray(end - count, end),
    });
  }
  return parts;
}

/** Puts the codes of a part in their places. @returns `codes`, made where there was none and one is needed */
export function gatherCodes(
  codes: Uint8Array | null,
  count: number,
  part: LanePart,
  ofPart: Uint8Array | null,
): Uint8Array | null {
  if (ofPart === null || part.origins === null) return ofPart ?? codes;
  const gathered = codes ?? new Uint8Array(count);
  for (let index = 0; index < ofPart.length; index += 1) {
    gathered[part.origins[index] as number] = ofPart[index] as number;
  }
  return gathered;
}

function shardBits(shardCount: number): number {
  return 32 - Math.clz32(shardCount - 1);
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
