import { expect, test } from "vitest";
import { batched, byDatabase, inBatches } from "./batched.ts";

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

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test("works of one moment are done together, those that come meanwhile in the next batches of so many", async () => {
  const batches: (readonly number[])[] = [];
  const double = inBatches(
    async (works: readonly number[]) => {
      batches.push(works);
      await nextTurn();
      return works.map((work) => 2 * work);
    },
    { most: 2 },
  );
  const first = Promise.all([double(1), double(1)]);
  await nextTurn();
  const second = Promise.all([3, 4, 5].map(double));
  expect(await first).toEqual([2, 2]);
  expect(await second).toEqual([6, 8, 10]);
  expect(batches).toEqual([[1, 1], [3, 4], [5]]);
});

test("apart, a work that fails takes nobody of its batch with it", async () => {
  const batches: (readonly number[])[] = [];
  const half = inBatches(
    async (works: readonly number[]) => {
      batches.push(works);
      for (const work of works) if (work % 2 === 1) throw new Error(`${work} is odd`);
      return works.map((work) => work / 2);
    },
    { apart: true },
  );
  const answers = await Promise.allSettled([2, 3, 4].map(half));
  expect(
    answers.map((answer) => (answer.status === "fulfilled" ? answer.value : answer.reason.message)),
  ).toEqual([1, "3 is odd", 2]);
  expect(batches).toEqual([[2, 3, 4], [2], [3], [4]]);
  await expect(half(5)).rejects.toThrow("5 is odd");
});

test("a batch that never ends holds up nobody but its own", async () => {
  const ask = inBatches((works: readonly string[]) =>
    works.includes("silent") ? new Promise<never>(() => {}) : Promise.resolve(works),
  );
  let answered = false;
  void ask("silent").finally(() => {
    answered = true;
  });
  await nextTurn();
  expect(await ask("a")).toBe("a");
  expect(answered).toBe(false);
});

test("who has the same database shares its batches, and nobody else", async () => {
  const batches: string[] = [];
  const ask = byDatabase((database: { readonly name: string }) =>
    inBatches(async (works: readonly string[]) => {
      batches.push(`${database.name}: ${works.join("")}`);
      return works;
    }),
  );
  const [one, two] = [{ name: "one" }, { name: "two" }];
  await Promise.all([ask(one, "a"), ask(two, "b"), ask(one, "c")]);
  expect(batches.sort()).toEqual(["one: ac", "two: b"]);
});

test("where the database is away, nobody of a batch is tried again", async () => {
  let tries = 0;
  const ask = inBatches(
    async (_works: readonly string[]): Promise<readonly string[]> => {
      tries += 1;
      throw new Error("Query read timeout");
    },
    { apart: true },
  );
  const answers = await Promise.allSettled([ask("a"), ask("b")]);
  expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(tries).toBe(1);
});
