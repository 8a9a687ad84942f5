/** Codes of an authenticator app, by the values of RFC 6238, appendix B (of its eight digits the last six). */
import { expect, test } from "vitest";
import { stepOfCode } from "./second-factor.ts";

const SECRET = Buffer.from("12345678901234567890");
const VALUES = [
  [59, "287082"],
  [1_111_111_109, "081804"],
  [1_111_111_111, "050471"],
  [1_234_567_890, "005924"],
  [2_000_000_000, "279037"],
  [20_000_000_000, "353130"],
] as const;

test.each(VALUES)("at %d s the code is %s, however it is typed", (seconds, code) => {
  const step = Math.floor(seconds / 30);
  expect(stepOfCode(SECRET, code, seconds * 1_000)).toBe(step);
  expect(stepOfCode(SECRET, ` ${code.slice(0, 3)} ${code.slice(3)}`, seconds * 1_000)).toBe(step);
});

test("it is taken from the first millisecond of its step to the last of the next, and in no other", () => {
  for (const [seconds, code] of VALUES) {
    const step = Math.floor(seconds / 30);
    const at = (ms: number) => stepOfCode(SECRET, code, step * 30_000 + ms);
    expect([at(-1), at(0), at(29_999), at(30_000), at(59_999), at(60_000)]).toEqual([
      null,
      step,
      step,
      step,
      step,
      null,
    ]);
  }
});

test("what is no code of six digits is none", () => {
  for (const text of ["", "28708", "0287082", "28708a", "२८७०८२"])
    expect(stepOfCode(SECRET, text, 59_000)).toBeNull();
});
