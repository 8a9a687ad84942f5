import { expect, test } from "vitest";
import { ticksOf } from "./ticks.ts";

test.each([
  [0, [0, 1]],
  [1, [0, 1]],
  [3, [0, 1, 2, 3]],
  [7, [0, 2, 4, 6, 8]],
  [103, [0, 50, 100, 150]],
  [4_000, [0, 1_000, 2_000, 3_000, 4_000]],
])("an axis up to %i has the numbers %j", (most, ticks) => {
  expect(ticksOf(most)).toEqual(ticks);
});
