/**
 * How many shards each node should have, and which of them it gives or takes. Pure: every node works this out
 * for itself from the same rows, and acts only on its own part.
 *
 * N1 Each node that takes part has the same number, or one more.
 * N2 No other even spread needs fewer shards to move: where some have one more, it is those that have most.
 * N3 Once it is even nothing moves. So nodes that see different moments of a move do not send shards to and fro.
 */

export type SpreadNode = {
  readonly owner: string;
  readonly isDraining: boolean;
  /** The shards that it has now. */
  readonly has: number;
};

/** @returns the number of shards that each node should have, by owner */
export function sharesOf(shardCount: number, nodes: readonly SpreadNode[]): ReadonlyMap<string, number> {
  const taking = nodes
    .filter(({ isDraining }) => !isDraining)
    .sort((a, b) => b.has - a.has || (a.owner < b.owner ? -1 : 1));
  const least = Math.floor(shardCount / Math.max(1, taking.length));
  const withOneMore = shardCount - least * taking.length;
  const shares = new Map(nodes.map(({ owner }) => [owner, 0]));
  for (const [place, { owner }] of taking.entries()) {
    shares.set(owner, place < withOneMore ? least + 1 : least);
  }
  return shares;
}

/** Which of its shards a node gives up: always one of the thread that has most of those that stay. */
export function shardsToGive(
  has: readonly number[],
  count: number,
  threadOf: (shard: number) => number,
): readonly number[] {
  const staying = [...has].sort((a, b) => a - b);
  const given: number[] = [];
  while (given.length < count && staying.length > 0) {
    const load = countByThread(staying, threadOf);
    const most = Math.max(...load.values());
    const at = staying.findLastIndex((shard) => load.get(threadOf(shard)) === most);
    given.push(...staying.splice(at, 1));
  }
  return given;
}

/** Which of the free shards a node takes: always one of the thread that has least. */
export function shardsToTake(
  has: readonly number[],
  free: readonly number[],
  count: number,
  threadOf: (shard: number) => number,
): readonly number[] {
  const left = [...free].sort((a, b) => a - b);
  const taken: number[] = [];
  while (taken.length < count && left.length > 0) {
    const load = countByThread([...has, ...taken], threadOf);
    const loadOf = (shard: number) => load.get(threadOf(shard)) ?? 0;
    const least = Math.min(...left.map(loadOf));
    taken.push(
      ...left.splice(
        left.findIndex((shard) => loadOf(shard) === least),
        1,
      ),
    );
  }
  return taken;
}

function countByThread(
  shards: readonly number[],
  threadOf: (shard: number) => number,
): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const shard of shards) counts.set(threadOf(shard), (counts.get(threadOf(shard)) ?? 0) + 1);
  return counts;
}
