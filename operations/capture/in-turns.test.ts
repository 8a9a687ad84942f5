import { expect, it } from "vitest";
import { inTurns } from "./in-turns.ts";

it("gives the results in the items' order, and works on no more than so many at a time", async () => {
  let running = 0;
  let most = 0;
  const results = await inTurns([5, 1, 4, 1, 3, 2], 3, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, item));
    running -= 1;
    return item * 10;
  });
  expect(results).toEqual([50, 10, 40, 10, 30, 20]);
  expect(most).toBe(3);
});

it("begins nothing more once one has failed", async () => {
  const begun: number[] = [];
  const all = inTurns([1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    if (item === 2) throw new Error("two");
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
  await expect(all).rejects.toThrow("two");
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(begun).toEqual([1, 2]);
});
