import fc from "fast-check";
import { expect, it } from "vitest";
import type { Hold } from "./hold-book.ts";
import { HoldBook } from "./hold-book.ts";

function hold(holdId: string): Hold {
  return {
    holdId,
    orderId: "",
    lineId: "",
    cause: "",
    pool: "",
    reserved: 1,
    allocated: 0,
    picked: 0,
    expiresAtMs: 0,
    lots: null,
  };
}

it("finds, lists and drops holds as a map would, whether there are few or many", () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(25)), { maxLength: 120 });
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(25), { minLength: 1, maxLength: 12 }), steps, (first, rest) => {
      const expected = new Map(first.map((number) => [`h${number}`, hold(`h${number}`)]));
      const book = HoldBook.of([...expected.values()]);
      for (const [opens, number] of rest) {
        const id = `h${number}`;
        if (!opens) {
          expected.delete(id);
          book?.delete(id);
        } else if (!expected.has(id)) {
          const opened = hold(id);
          expected.set(id, opened);
          book?.add(opened);
        }
        expect(book?.get(id)).toBe(expected.get(id));
        expect(book?.has(id)).toBe(expected.has(id));
        expect(book?.size).toBe(expected.size);
      }
      expect([...(book?.values() ?? [])]).toEqual([...expected.values()]);
    }),
  );
});

it("is no book where there are no holds", () => {
  expect(HoldBook.of([])).toBeNull();
});
