import { expect, test } from "vitest";
import { GrowableWords } from "./growable-words.ts";

test("grows where it is to all that was reserved, beyond 2 GiB too, and not further", () => {
  const maxLength = 2 ** 30;
  const memory = new GrowableWords(1_024, maxLength);
  const first = memory.all();
  first[7] = 4_711;
  let words = first;
  for (let length = 2_048; length <= maxLength; length *= 2) {
    words = memory.grow();
    expect(words.length).toBe(length);
  }
  expect(words[7]).toBe(4_711);
  words[maxLength - 1] = 1;
  expect(memory.all()[maxLength - 1]).toBe(1);
  expect(() => memory.grow()).toThrow(RangeError);
});
