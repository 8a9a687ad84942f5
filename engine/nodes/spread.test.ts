import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shardsToGive, shardsToTake, sharesOf } from "./spread.ts";

const owners = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f", "g"), { minLength: 1 });

/** Nodes of which each has some of the shards; some shards are free. */
const worlds = owners.chain((names) =>
  fc.record({
    leases: fc.array(fc.constantFrom(null, ...names), { minLength: 1, maxLength: 40 }),
    draining: fc.subarray(names),
    names: fc.constant(names),
  }),
);

type World = {
  readonly leases: readonly (string | null)[];
  readonly draining: readonly string[];
  readonly names: readonly string[];
};

function countOf(leases: World["leases"], owner: string): number {
  return leases.filter((one) => one === owner).length;
}

function nodesOf({ leases, draining, names }: World) {
  return names.map((owner) => ({
    owner,
    isDraining: draining.includes(owner),
    has: countOf(leases, owner),
  }));
}

/** Shards that leave a node for it to have its share. */
function leaving(world: World, shares: ReadonlyMap<string, number>): number {
  return world.names.reduce(
    (sum, owner) => sum + Math.max(0, countOf(world.leases, owner) - (shares.get(owner) ?? 0)),
    0,
  );
}

describe("the shares of nodes", () => {
  it("are even, cover every shard, and leave nothing to a node that drains", () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const shares = sharesOf(world.leases.length, nodesOf(world));
        const taking = world.names.filter((owner) => !world.draining.includes(owner));
        for (const owner of world.draining) expect(shares.get(owner)).toBe(0);
        if (taking.length === 0) return;
        const counts = taking.map((owner) => shares.get(owner) ?? 0);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(world.leases.length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("need as few moves as any even spread", () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const nodes = nodesOf(world);
        const taking = nodes.filter(({ isDraining }) => !isDraining);
        if (taking.length === 0) return;
        const shares = sharesOf(world.leases.length, nodes);
        const least = Math.floor(world.leases.length / taking.length);
        const withOneMore = world.leases.length - least * taking.length;
        // Every choice of those that have one more.
        for (let choice = 0; choice < 1 << taking.length; choice += 1) {
          const chosen = taking.filter((_, place) => (choice >> place) & 1);
          if (chosen.length !== withOneMore) continue;
          const other = new Map(
            nodes.map((node) => [
              node.owner,
              node.isDraining ? 0 : chosen.includes(node) ? least + 1 : least,
            ]),
          );
          expect(leaving(world, shares)).toBeLessThanOrEqual(leaving(world, other));
        }
      }),
    );
  });

  it("are come to, whoever acts first and however little each does at a time, and then nothing moves", () => {
    fc.assert(
      fc.property(worlds, fc.infiniteStream(fc.nat(1_000)), (world, choices) => {
        const leases: (string | null)[] = [...world.leases];
        const next = () => choices.next().value as number;
        const settled = () => {
          const shares = sharesOf(leases.length, nodesOf({ ...world, leases }));
          return world.names.every((owner) => shares.get(owner) === countOf(leases, owner));
        };
        for (let step = 0; !settled(); step += 1) {
          expect(step).toBeLessThan(2_000);
          const owner = world.names[next() % world.names.length] as string;
          const has = countOf(leases, owner);
          const share = sharesOf(leases.length, nodesOf({ ...world, leases })).get(owner) ?? 0;
          if (has > share) leases[leases.indexOf(owner)] = null;
          else if (has < share && leases.includes(null)) leases[leases.indexOf(null)] = owner;
        }
        const before = [...leases];
        for (const owner of world.names) {
          const share = sharesOf(leases.length, nodesOf({ ...world, leases })).get(owner) ?? 0;
          expect(countOf(before, owner)).toBe(share);
        }
      }),
    );
  });

  it("are all of the shards for a node that is alone, and none where every node drains", () => {
    expect(sharesOf(16, [{ owner: "a", isDraining: false, has: 0 }])).toEqual(new Map([["a", 16]]));
    expect(sharesOf(16, [{ owner: "a", isDraining: true, has: 16 }])).toEqual(new Map([["a", 0]]));
  });
});

describe("the shards that a node gives and takes", () => {
  const threadOf = (shard: number) => shard % 2;
  const sets = fc.uniqueArray(fc.nat(31), { maxLength: 32 });

  it("keep the node's threads evenly busy", () => {
    expect(shardsToGive([0, 1, 2, 3, 4, 5, 6, 7], 4, threadOf)).toHaveLength(4);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(16), (threads, count) => {
        const all = Array.from({ length: 2 * 8 }, (_, shard) => shard);
        const given = shardsToGive(all, count, (shard) => shard % threads);
        expect(new Set(given).size).toBe(Math.min(count, all.length));
        const load = Array.from(
          { length: threads },
          (_, thread) => all.filter((shard) => !given.includes(shard) && shard % threads === thread).length,
        );
        expect(Math.max(...load) - Math.min(...load)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("are among those that are there, as many as asked for", () => {
    fc.assert(
      fc.property(sets, sets, fc.nat(40), (has, others, count) => {
        const free = others.filter((shard) => !has.includes(shard));
        const taken = shardsToTake(has, free, count, threadOf);
        expect(new Set(taken).size).toBe(Math.min(count, free.length));
        expect(taken.every((shard) => free.includes(shard))).toBe(true);
      }),
    );
  });

  it("are of the thread that has least", () => {
    expect(shardsToTake([0, 2, 4], [6, 8, 1, 3], 2, threadOf)).toEqual([1, 3]);
  });
});
