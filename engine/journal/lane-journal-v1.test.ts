import { expect, test } from "vitest";
import { LANE_RECORD, readLaneBlob } from "./lane-journal.ts";
import { lanesOfVersion1 } from "./lane-journal-v1.ts";

const AT_MS = 1_795_441_137_747;

/** Sixteen bytes a record, little-endian, as version 1 wrote them. */
function records(...ofWords: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(16 * ofWords.length));
  for (const [at, word] of ofWords.flat().entries()) bytes.setUint32(4 * at, word >>> 0, true);
  return new Uint8Array(bytes.buffer);
}

const run = (place: number) => [place, AT_MS % 2 ** 32, (14 << 28) | Math.floor(AT_MS / 2 ** 32), 0] as const;

test("a row of version 1 tells the same lane operations, lanes, times and places among the events", () => {
  const blob = lanesOfVersion1({
    names: ["shop", "app"],
    records: records(
      run(1),
      [2 ** 32 - 2, 40, 3, 600_000],
      [2 ** 32 - 1, 41, 70_000, 0],
      [2, 0, 15 << 28, 0],
      run(0),
      [7, 40, (1 << 28) | 2, 0],
      [8, 40, (2 << 28) | 5, 60_000],
      [9, 12, (3 << 28) | 4, 1],
    ),
  });
  const told: unknown[] = [];
  readLaneBlob(blob, {
    after: (events) => told.push(["after", events]),
    operation: (kind, place, number, ordinal, quantity, expiresInMs, atMs) =>
      told.push([kind, blob.names[place], number, ordinal, quantity, expiresInMs, atMs]),
  });
  expect(told).toEqual([
    [LANE_RECORD.reserve, "app", 2 ** 32 - 2, 40, 3, 600_000, AT_MS],
    [LANE_RECORD.reserve, "app", 2 ** 32 - 1, 41, 70_000, 0, AT_MS],
    ["after", 2],
    [LANE_RECORD.release, "shop", 7, 40, 2, 0, AT_MS],
    [LANE_RECORD.extend, "shop", 8, 40, 5, 60_000, AT_MS],
    [LANE_RECORD.expire, "app", 9, 12, 4, 0, 0],
  ]);
});

test("what version 1 never wrote is refused", () => {
  const blob = (...words: readonly [number, number, number, number]) => ({
    names: ["shop"],
    records: records(words),
  });
  expect(() => lanesOfVersion1(blob(1, 1, 9 << 28, 0))).toThrow("kind 9");
  expect(() => lanesOfVersion1(blob(1, 0, 14 << 28, 0))).toThrow("no lane 1");
});
