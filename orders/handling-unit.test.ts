import { expect, test } from "vitest";
import {
  gs1CheckDigit,
  handlingUnitNumber,
  handlingUnitSerials,
  isGs1Prefix,
  isHandlingUnitNumber,
} from "./handling-unit.ts";

test("the check digit is that of GS1's own example", () => {
  // GS1 General Specifications, section 7.9: SSCC 37610425002123456 has check digit 9.
  expect(gs1CheckDigit("37610425002123456")).toBe("9");
});

test("every serial gives another SSCC-18 with a right check digit", () => {
  const serials = [0, 1, 9, 10, 999_999_999, 1_000_000_000, 9_999_999_999];
  const numbers = serials.map((serial) => handlingUnitNumber(serial));
  expect(new Set(numbers).size).toBe(serials.length);
  for (const number of numbers) expect(isHandlingUnitNumber(number)).toBe(true);
});

test("a check digit of ten is a nought, and no nineteenth digit", () => {
  expect(handlingUnitNumber(1_123_459, "5430000001")).toBe("154300000011234590");
});

test("a number with a changed digit is recognised as wrong", () => {
  const number = handlingUnitNumber(1234);
  const changed = number.slice(0, 5) + ((Number(number[5]) + 1) % 10) + number.slice(6);
  expect(isHandlingUnitNumber(changed)).toBe(false);
});

test("a serial with more than ten digits is refused", () => {
  expect(() => handlingUnitNumber(10_000_000_000)).toThrow(RangeError);
});

test("a company's own prefix of any length is in it, and leaves the rest for the serial", () => {
  expect(handlingUnitNumber(1_234_567_890, "0614141")).toBe("106141412345678908");
  for (const prefix of ["061414", "0614141", "061414112", "061414112345"]) {
    const last = handlingUnitSerials(prefix) - 1;
    for (const serial of [0, 7, last]) {
      const number = handlingUnitNumber(serial, prefix);
      expect(isHandlingUnitNumber(number)).toBe(true);
      expect(number.startsWith(prefix, 1)).toBe(true);
    }
    expect(handlingUnitNumber(0, prefix)).not.toBe(handlingUnitNumber(last, prefix));
    expect(() => handlingUnitNumber(last + 1, prefix)).toThrow(RangeError);
  }
  expect(["12345", "1234567890123", "06141a1", ""].some(isGs1Prefix)).toBe(false);
});
