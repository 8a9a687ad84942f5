import fc from "fast-check";
import { expect, test } from "vitest";
import { placeOfJsonFault } from "./json-place.ts";

test.each([
  ["{", "its end"],
  ["", "its end"],
  ['{"sku": "A', "its end"],
  ['{"sku":}', "line 1, column 8"],
  ['{"sku": 1,}', "line 1, column 11"],
  ["{not json}", "line 1, column 2"],
  ['{\n  "a": 01\n}', "line 2, column 9"],
  ["[1, 2,, 3]", "line 1, column 7"],
  ['{"a": "b\u0007"}', "line 1, column 7"],
  ['{"a" 1}', "line 1, column 6"],
  ["{} {}", "line 1, column 4"],
  ["\ufeff{}", "line 1, column 1"],
])("%j goes wrong at %s", (text, place) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(placeOfJsonFault(text)).toBe(place);
});

test("what the language reads is read to its end, and what is cut between two words is told at its end", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), fc.nat(), (text, cut) => {
      expect(placeOfJsonFault(text)).toBe("its end");
      // Those that are in a text end no word.
      const marks = [
        ...text.replaceAll(/"(?:[^"\\\\]|\\\\.)*"/g, (part) => "_".repeat(part.length)).matchAll(/[[{,:]/g),
      ];
      const mark = marks[cut % Math.max(1, marks.length)];
      if (mark !== undefined) expect(placeOfJsonFault(text.slice(0, mark.index + 1))).toBe("its end");
    }),
  );
});

test("a text that is nested too deep to be gone through is told where it gets so", () => {
  expect(placeOfJsonFault("[".repeat(200_000))).toBe("line 1, column 502");
  expect(placeOfJsonFault(`${"[".repeat(400)}}`)).toBe("line 1, column 401");
});
