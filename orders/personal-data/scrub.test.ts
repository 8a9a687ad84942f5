import fc from "fast-check";
import { expect, test } from "vitest";
import { scrubber, textsIn } from "./scrub.ts";

test("values go wherever they stand as a whole, the longest first, and nothing else", () => {
  const scrub = scrubber(["Ann", "Ann Lee", "ann@lee.test", "a+b (x)", "NY"]);
  expect(
    scrub({ a: ["To ANN LEE, Ann and Annex", "mail ann@lee.test."], n: 3, b: "a+b (x)!", c: "NY" }),
  ).toEqual({
    a: ["To (erased), (erased) and Annex", "mail (erased)."],
    n: 3,
    b: "(erased)!",
    c: "NY",
  });
});

test("what is quoted goes, whatever is known", () => {
  expect(scrubber([])({ a: '"89X" is no postal code of US.', b: "text" })).toEqual({
    a: "(erased) is no postal code of US.",
    b: "text",
  });
});

test("texts are found however deep", () => {
  expect(textsIn({ a: ["x", { b: "y" }], c: null, d: 4 })).toEqual(["x", "y"]);
});

test("whatever was written is taken out, with every character that means something in a pattern", () => {
  const written = fc
    .string({ minLength: 3, maxLength: 20, unit: "grapheme" })
    .filter((text) => text.trim().length >= 3);
  fc.assert(
    fc.property(written, (text) => {
      expect(scrubber([text])(`: ${text.trim()} .`)).toBe(": (erased) .");
    }),
  );
});
