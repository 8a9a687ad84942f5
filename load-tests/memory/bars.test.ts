import { expect, it } from "vitest";
import { barsOf, type Measured, median } from "./bars.ts";
import type { EngineFigures } from "./engine-main.ts";
import type { StallFigures } from "./stall.ts";

const MEMORY = "a million positions within 500 MB";
const RECOVERY = "a million positions and a million events recovered within 10 s on 2 threads";
const STALL = "a snapshot holds its shard up for 20 ms at most";

function figures(some: Partial<EngineFigures>): EngineFigures {
  return { startMs: 1, startCpuMs: 1, rssMb: 100, positions: 0, holds: 0, stall: null, ...some };
}

function stall(some: Partial<StallFigures>): StallFigures {
  return {
    answers: 10,
    snapshotMs: [1_000],
    questionGapsWith: [3],
    questionGapsWithout: [2],
    commitGapsWith: [50],
    commitGapsWithout: [40],
    ...some,
  };
}

function measured(some: Partial<Measured>): Measured {
  return {
    empty: figures({}),
    positions: figures({ rssMb: 550, positions: 1_000_016 }),
    recoveries: [9_000, 11_000, 8_000].map((startMs) => figures({ startMs, positions: 1_000_016 })),
    events: 1_000_000,
    sameAfterRecovery: true,
    laneReservations: figures({ rssMb: 650, holds: 1_000_000 }),
    namedHolds: figures({ rssMb: 1_100, holds: 2_000_000, stall: stall({}) }),
    ...some,
  };
}

it("says of every bar whether it is met, by its own count and its own part of the memory", () => {
  const bars = barsOf(measured({}));
  expect(Object.values(bars).map(({ met }) => met)).toEqual([true, true, true, true, true]);
  expect(bars[MEMORY]).toMatchObject({ count: 1_000_016, mb: 450 });
  expect(bars["a million lane reservations within 500 MB more"]).toMatchObject({ count: 1_000_000, mb: 100 });
  expect(bars["a million named holds within 500 MB more"]).toMatchObject({ count: 1_000_000, mb: 450 });
  const large = barsOf(measured({ positions: figures({ rssMb: 601, positions: 1_000_000 }) }));
  expect(large[MEMORY]).toMatchObject({ met: false, mb: 501 });
});

it("does not take a thousand for a million", () => {
  const bars = barsOf(measured({ positions: figures({ positions: 1_000 }) }));
  expect(bars[MEMORY]).toMatchObject({ met: null, why: "there were only 1000 positions" });
  expect(barsOf(measured({ events: 999_999 }))[RECOVERY]?.met).toBeNull();
});

it("goes by the median start, and by whether the state that comes back is the same", () => {
  expect(barsOf(measured({}))[RECOVERY]).toMatchObject({ met: true, wall_ms: 9_000 });
  const slow = measured({
    recoveries: [9_000, 11_000, 12_000].map((startMs) => figures({ startMs, positions: 1_000_016 })),
  });
  expect(barsOf(slow)[RECOVERY]).toMatchObject({ met: false, wall_ms: 11_000 });
  expect(barsOf(measured({ sameAfterRecovery: false }))[RECOVERY]?.met).toBe(false);
});

it("blames a snapshot for a gap only where there is none without it", () => {
  const withStall = (some: Partial<StallFigures>) =>
    barsOf(measured({ namedHolds: figures({ stall: stall(some) }) }))[STALL];
  expect(withStall({ questionGapsWith: [90, 20, 19] })).toMatchObject({
    met: true,
    longest_gap_with_a_snapshot_ms: 20,
  });
  expect(withStall({ questionGapsWith: [21, 22, 23] })?.met).toBe(false);
  expect(withStall({ commitGapsWith: [61], commitGapsWithout: [41] })?.met).toBe(true);
  expect(withStall({ commitGapsWith: [61.5], commitGapsWithout: [41] })?.met).toBe(false);
  const anyway = withStall({ questionGapsWith: [60], questionGapsWithout: [20.1] });
  expect(anyway?.met).toBeNull();
  expect(anyway?.why).toContain("60 ms with a snapshot and 20.1 ms without: this machine");
  expect(barsOf(measured({ namedHolds: figures({}) }))[STALL]?.met).toBeNull();
});

it("takes the middle figure of an odd number, and half way between the two middle ones of an even", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});
