import fc from "fast-check";
import { expect, test } from "vitest";
import { LANE_WORDS } from "../../actors/lanes/lane-operations.ts";
import { gatherCodes, handleOf, partsOf } from "./lane-routing.ts";

test("every lane operation comes to its shard in order, and every code back to its lane operation", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.tuple(fc.nat(40), fc.nat(1_000_000)), { minLength: 1, maxLength: 60 }),
      fc.boolean(),
      (shardCount, places, ofOneShard) => {
        const known = places.map(([shard, ordinal]) => ({
          shard: ofOneShard ? 0 : shard % shardCount,
          ordinal,
        }));
        const operations = new Uint32Array(known.length * LANE_WORDS);
        for (const [index, { shard, ordinal }] of known.entries()) {
          operations.set(
            [index, handleOf(shard, ordinal, shardCount), index + 7, index + 9],
            index * LANE_WORDS,
          );
        }
        let codes: Uint8Array | null = null;
        const seen: number[] = [];
        for (const part of partsOf(operations, shardCount)) {
          const words = new Uint32Array(part.operations.slice().buffer);
          const ofPart = new Uint8Array(words.length / LANE_WORDS);
          for (let at = 0; at < words.length; at += LANE_WORDS) {
            const index = words[at] as number;
            expect([...words.subarray(at, at + LANE_WORDS)]).toEqual([
              index,
              known[index]?.ordinal,
              index + 7,
              index + 9,
            ]);
            expect(part.shard).toBe(known[index]?.shard);
            ofPart[at / LANE_WORDS] = index % 251;
            seen.push(index);
          }
          expect([...words.filter((_, at) => at % LANE_WORDS === 0)]).toEqual(
            known.flatMap(({ shard }, index) => (shard === part.shard ? [index] : [])),
          );
          codes = gatherCodes(codes, known.length, part, ofPart);
        }
        expect(seen.sort((a, b) => a - b)).toEqual(known.map((_, index) => index));
        expect([...(codes ?? [])]).toEqual(known.map((_, index) => index % 251));
      },
    ),
  );
});

test("parts that were wholly applied leave the others' codes alone", () => {
  const operations = new Uint32Array(3 * LANE_WORDS);
  for (const [index, shard] of [1, 0, 1].entries())
    operations[index * LANE_WORDS + 1] = handleOf(shard, 5, 2);
  const [first, second] = partsOf(operations, 2);
  if (first === undefined || second === undefined) throw new Error("two shards are concerned");
  expect(gatherCodes(gatherCodes(null, 3, first, null), 3, second, null)).toBeNull();
  expect([...(gatherCodes(null, 3, second, Uint8Array.of(0, 4)) ?? [])]).toEqual([0, 0, 4]);
});

test("a handle of a shard that does not exist names no position anywhere", () => {
  const operations = new Uint32Array(2 * LANE_WORDS);
  operations[1] = handleOf(1, 9, 3);
  operations[LANE_WORDS + 1] = 3;
  const parts = partsOf(operations, 3);
  const strays = parts.flatMap((part) =>
    [...new Uint32Array(part.operations.slice().buffer)].filter((word) => word !== 0),
  );
  expect(strays.sort((a, b) => a - b)).toEqual([9, 0xffff_ffff]);
  expect(parts.every((part) => part.shard < 3)).toBe(true);
});
