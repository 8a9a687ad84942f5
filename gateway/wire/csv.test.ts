import { expect, test } from "vitest";
import { csvOf } from "./csv.ts";

test("cells with commas, quotes and line breaks are quoted", () => {
  expect(
    csvOf(
      ["a", "b"],
      [
        ['say "hi"', "1,2"],
        ["two\nlines", null],
      ],
    ),
  ).toBe('a,b\r\n"say ""hi""","1,2"\r\n"two\nlines",\r\n');
});

test("a name that a spreadsheet would run as a formula is text, a negative number is a number", () => {
  expect(csvOf(["n"], [["=HYPERLINK(1)"], ["@SUM(A1)"], ["-1"], [-1]])).toBe(
    "n\r\n'=HYPERLINK(1)\r\n'@SUM(A1)\r\n'-1\r\n-1\r\n",
  );
});
