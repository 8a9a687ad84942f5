import { expect, test } from "vitest";
import { batched } from "./batched.ts";

test("look-ups of one moment share one query, and those that come meanwhile share the next", async () => {
  const queries: (readonly string[])[] = [];
  const lookUp = batched(async (keys) => {
    queries.push(keys);
    await new Promise((resolve) => setImmediate(resolve));
    return new Map(keys.map((key) => [key, key.toUpperCase()]));
  });
  const first = Promise.all([lookUp("a"), lookUp("b"), lookUp("a")]);
  await new Promise((resolve) => setImmediate(resolve));
  const second = Promise.all([lookUp("c"), lookUp("d")]);
  expect(await first).toEqual(["A", "B", "A"]);
  expect(await second).toEqual(["C", "D"]);
  expect(queries).toEqual([
    ["a", "b"],
    ["c", "d"],
  ]);
});

test("a query that fails fails those who waited for it and nobody after them", async () => {
  let broken = true;
  const lookUp = batched(async (keys) => {
    if (broken) throw new Error("connection lost");
    return new Map(keys.map((key) => [key, 1]));
  });
  await expect(Promise.all([lookUp("a"), lookUp("b")])).rejects.toThrow("connection lost");
  broken = false;
  expect(await lookUp("a")).toBe(1);
});

test("a query that never comes back holds up nobody but those who asked by it", async () => {
  const lookUp = batched(async (keys) =>
    keys.includes("silent") ? new Promise<never>(() => {}) : new Map(keys.map((key) => [key, 1])),
  );
  let answered = false;
  void lookUp("silent").finally(() => {
    answered = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(await lookUp("a")).toBe(1);
  expect(answered).toBe(false);
});
