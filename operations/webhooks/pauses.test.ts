import { expect, test } from "vitest";
import { GIVE_UP_MS, pauseMs, restMs } from "./pauses.ts";

const middle = () => 0.5;

test("pauses double up to four hours, and differ by a fifth either way", () => {
  expect([1, 2, 3, 13, 20].map((attempts) => pauseMs(attempts, middle))).toEqual([
    5_000, 10_000, 20_000, 14_400_000, 14_400_000,
  ]);
  expect([pauseMs(1, () => 0), pauseMs(1, () => 1)]).toEqual([4_000, 6_000]);
});

test("a message is tried some thirty times in its three days", () => {
  let [at, tries] = [0, 1];
  while (at < GIVE_UP_MS) {
    at += pauseMs(tries, middle);
    tries += 1;
  }
  expect(tries).toBeGreaterThan(25);
  expect(tries).toBeLessThan(35);
});

test("an endpoint rests the longer the longer it takes nothing, a quarter of an hour at most", () => {
  expect([0, 60_000, 600_000, GIVE_UP_MS].map((ms) => restMs(ms, middle))).toEqual([
    5_000, 30_000, 300_000, 900_000,
  ]);
});
