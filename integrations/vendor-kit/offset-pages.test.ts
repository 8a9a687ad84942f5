import { expect, test } from "vitest";
import { readByOffset } from "./offset-pages.ts";

type Row = { readonly id: number; readonly at: string };

const AT = "2026-11-02T09:00:00Z";

/** Reads to the end, with something happening after each page. */
async function readAll(rows: Row[], between: (page: number) => void, pageSize = 20): Promise<number[]> {
  const seen: number[] = [];
  let page: string | null = null;
  for (let number = 1; number < 100; number += 1) {
    const found: Awaited<ReturnType<typeof readByOffset>> = await readByOffset(
      { sinceMs: 0, page },
      {
        service: "shop",
        pageSize,
        now: () => Date.parse(AT),
        read: async (offset, limit) => ({ rows: rows.slice(offset, offset + limit), headers: new Headers() }),
        idOf: (row) => (row as Row).id,
        changeOf: (row) => (row as Row).at,
      },
    );
    seen.push(...found.payloads.map((payload) => JSON.parse(payload).id as number));
    if (found.next === null) return seen;
    page = found.next;
    between(number);
  }
  throw new Error("no end");
}

const many = (count: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({ id: index + 1, at: AT }));

test("new orders come at the end, and none comes twice", async () => {
  const rows = many(55);
  const seen = await readAll(rows, (page) => {
    if (page < 4) rows.push({ id: 100 + page, at: AT });
  });
  expect(seen).toEqual(rows.map(({ id }) => id));
});

test.each([1, 9, 10, 15, 30])("no order is left out where %i earlier ones leave the range", async (count) => {
  const rows = many(90);
  const stays = rows.slice(count).map(({ id }) => id);
  const seen = await readAll(rows, (page) => {
    if (page === 2) rows.splice(0, count);
  });
  expect(stays.filter((id) => !seen.includes(id))).toEqual([]);
  expect(new Set(seen).size).toBe(seen.length);
});

test("an earlier order that enters the range moves the others, and is the next reading's", async () => {
  const rows = many(60).map((row) => ({ ...row, id: row.id * 10 }));
  const seen = await readAll(rows, (page) => {
    if (page === 1) rows.splice(2, 0, { id: 25, at: AT });
  });
  expect(seen).toEqual(many(60).map(({ id }) => id * 10));
});
