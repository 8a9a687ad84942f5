import { expect, test } from "vitest";
import { keptReading } from "./kept-reading.ts";

test("whoever asks within a moment gets the same reading, and after it a new one", async () => {
  let nowMs = 0;
  let readings = 0;
  const read = keptReading(
    async () => ++readings,
    1_000,
    () => nowMs,
  );
  expect(await Promise.all([read(), read()])).toEqual([1, 1]);
  nowMs = 1_999;
  expect(await read()).toBe(1);
  nowMs = 2_000;
  expect(await read()).toBe(2);
});

test("one that takes long is done without, and is not begun a second time while it runs", async () => {
  let readings = 0;
  let end: (value: number) => void = () => {};
  const read = keptReading(
    () => {
      readings += 1;
      return new Promise<number>((resolve) => {
        end = resolve;
      });
    },
    5,
    () => 0,
  );
  expect([await read(), await read()]).toEqual([null, null]);
  expect(readings).toBe(1);
  end(7);
  expect(await read()).toBe(7);
});

test("one that fails is nothing, and the next is tried again", async () => {
  let nowMs = 0;
  let isAway = true;
  const read = keptReading(
    async () => {
      if (isAway) throw new Error("away");
      return "here";
    },
    1_000,
    () => nowMs,
  );
  expect(await read()).toBeNull();
  isAway = false;
  nowMs = 2_000;
  expect(await read()).toBe("here");
});
