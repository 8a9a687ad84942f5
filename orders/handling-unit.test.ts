import { expect, test } from "vitest";
import { gs1CheckDigit, handlingUnitNumber, isHandlingUnitNumber } from "./handling-unit.ts";

test("the check digit is that of GS1's own example", () => {
  // GS1 General Specifications, section 7.9: SSCC 37610425002123456 has check digit 9.
  expect(gs1CheckDigit("37610425002123456")).toBe("9");
});

test("every serial gives another SSCC-18 with a right check digit", () => {
  const serials = [0, 1, 9, 10, 999_999_999, 1_000_000_000, 9_999_999_999];
  const numbers = serials.map(handlingUnitNumber);
  expect(new Set(numbers).size).toBe(serials.length);
  for (const number of numbers) expect(isHandlingUnitNumber(number)).toBe(true);
});

test("a number with a changed digit is recognised as wrong", () => {
  const number = handlingUnitNumber(1234);
  const changed = number.slice(0, 5) + ((Number(number[5]) + 1) % 10) + number.slice(6);
  expect(isHandlingUnitNumber(changed)).toBe(false);
});

test("a serial with more than ten digits is refused", () => {
  expect(() => handlingUnitNumber(10_000_000_000)).toThrow(RangeError);
});
