import fc from "fast-check";
import { expect, test } from "vitest";
import { radixSort } from "./radix-sort.ts";

test("sorts by keys of 32 bits, unsigned, and leaves those of equal keys as they came", () => {
  const key = fc.oneof(fc.nat(2 ** 32 - 1), fc.nat(3), fc.constantFrom(0xff, 0x100, 2 ** 31, 2 ** 32 - 1));
  fc.assert(
    fc.property(fc.array(key, { maxLength: 600 }), (keys) => {
      const entries = keys.map((_, index) => index);
      const expected = [...entries].sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
      expect([...radixSort(Int32Array.from(entries), (entry) => keys[entry] ?? 0)]).toEqual(expected);
    }),
  );
});
