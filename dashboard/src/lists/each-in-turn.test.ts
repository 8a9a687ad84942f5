import { expect, test } from "vitest";
import { eachInTurn, type Outcome } from "./each-in-turn.ts";

test("one that fails does not stop the others, and each has its own outcome", async () => {
  const told: (readonly Outcome<number>[])[] = [];
  const outcomes = await eachInTurn(
    [1, 2, 3, 4, 5, 6],
    (item) => (item % 2 === 0 ? Promise.reject(new Error(`no ${item}`)) : Promise.resolve()),
    (now) => told.push(now),
  );
  expect(outcomes.map(({ state }) => state)).toEqual(["done", "failed", "done", "failed", "done", "failed"]);
  expect(told[0]?.every(({ state }) => state === "waiting")).toBe(true);
  expect(told).toHaveLength(7);
});

test("no more than four are under way at a time", async () => {
  let underWay = 0;
  let most = 0;
  await eachInTurn(
    Array.from({ length: 20 }, (_, index) => index),
    async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await Promise.resolve();
      underWay -= 1;
    },
    () => undefined,
  );
  expect(most).toBe(4);
});
