import { expect, test } from "vitest";
import { byDatabase, inRounds } from "./rounds.ts";

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test("works of one moment are done together, those that come meanwhile in the next rounds of so many", async () => {
  const rounds: (readonly number[])[] = [];
  const double = inRounds(
    async (works: readonly number[]) => {
      rounds.push(works);
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
  expect(rounds).toEqual([[1, 1], [3, 4], [5]]);
});

test("apart, a work that fails takes nobody of its round with it", async () => {
  const rounds: (readonly number[])[] = [];
  const half = inRounds(
    async (works: readonly number[]) => {
      rounds.push(works);
      for (const work of works) if (work % 2 === 1) throw new Error(`${work} is odd`);
      return works.map((work) => work / 2);
    },
    { apart: true },
  );
  const answers = await Promise.allSettled([2, 3, 4].map(half));
  expect(
    answers.map((answer) => (answer.status === "fulfilled" ? answer.value : answer.reason.message)),
  ).toEqual([1, "3 is odd", 2]);
  expect(rounds).toEqual([[2, 3, 4], [2], [3], [4]]);
  await expect(half(5)).rejects.toThrow("5 is odd");
});

test("a round that never ends holds up nobody but its own", async () => {
  const rounds = inRounds((works: readonly string[]) =>
    works.includes("silent") ? new Promise<never>(() => {}) : Promise.resolve(works),
  );
  let answered = false;
  void rounds("silent").finally(() => {
    answered = true;
  });
  await nextTurn();
  expect(await rounds("a")).toBe("a");
  expect(answered).toBe(false);
});

test("who has the same database shares its rounds, and nobody else", async () => {
  const rounds: string[] = [];
  const ask = byDatabase((database: { readonly name: string }) =>
    inRounds(async (works: readonly string[]) => {
      rounds.push(`${database.name}: ${works.join("")}`);
      return works;
    }),
  );
  const [one, two] = [{ name: "one" }, { name: "two" }];
  await Promise.all([ask(one, "a"), ask(two, "b"), ask(one, "c")]);
  expect(rounds.sort()).toEqual(["one: ac", "two: b"]);
});
