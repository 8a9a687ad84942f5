import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeSgtin96, encodeSgtin96, type Sgtin } from "./epc.ts";

/** `urn:epc:id:sgtin:<prefix>.<item>.<serial>`, the pure identity. */
function sgtinUrn(sgtin: Sgtin): string {
  const end = 1 + sgtin.companyPrefixLength;
  const item = `${sgtin.gtin[0]}${sgtin.gtin.slice(end, 13)}`;
  return `urn:epc:id:sgtin:${sgtin.gtin.slice(1, end)}.${item}.${sgtin.serial}`;
}

import { gtin14, isGtin } from "./gtin.ts";
import { gs1CheckDigit } from "./handling-unit.ts";

test("a GTIN has 8, 12, 13 or 14 digits of which the last checks the others", () => {
  expect(isGtin("6291041500213")).toBe(true);
  expect(isGtin("80614141123458")).toBe(true);
  expect(isGtin("80614141123457")).toBe(false);
  expect(isGtin("123")).toBe(false);
  expect(gtin14("6291041500213")).toBe("06291041500213");
  expect(gtin14("6291041500214")).toBeUndefined();
});

test("the tag of the Tag Data Standard's example decodes to its identity and back", () => {
  const tag = "3074257BF7194E4000001A85";
  const read = decodeSgtin96(tag);
  expect(read).toEqual({ gtin: "80614141123458", serial: 6789, filter: 3, companyPrefixLength: 7 });
  expect(read && sgtinUrn(read)).toBe("urn:epc:id:sgtin:0614141.812345.6789");
  expect(encodeSgtin96("80614141123458", 6789, 7, 3)).toBe(tag);
});

test("every GTIN, prefix length, serial and filter survives the tag", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^\d{13}$/),
      fc.integer({ min: 6, max: 12 }),
      fc.integer({ min: 0, max: 2 ** 38 - 1 }),
      fc.integer({ min: 0, max: 7 }),
      (body, companyPrefixLength, serial, filter) => {
        const gtin = body + gs1CheckDigit(body);
        const tag = encodeSgtin96(gtin, serial, companyPrefixLength, filter);
        expect(tag).toMatch(/^30[0-9A-F]{22}$/);
        expect(decodeSgtin96(tag)).toEqual({ gtin, serial, filter, companyPrefixLength });
      },
    ),
  );
});

test.each([
  ["23 digits", "3074257BF7194E400000185"],
  ["an unknown header", "3174257BF7194E4000001A85"],
  ["partition 7", "307C257BF7194E4000001A85"],
  ["a company prefix beyond its digits", "3077FFFFFFFFFE4000001A85"],
  ["no hex", "urn:epc:id:sgtin:0614141"],
])("a foreign tag (%s) is no SGTIN-96", (_, hex) => {
  expect(decodeSgtin96(hex)).toBeUndefined();
});

test("a tag is never made of something that is no GTIN-14", () => {
  expect(() => encodeSgtin96("80614141123457", 1)).toThrow(RangeError);
  expect(() => encodeSgtin96("6291041500213", 1)).toThrow(RangeError);
  expect(() => encodeSgtin96("80614141123458", 2 ** 38)).toThrow(RangeError);
  expect(() => encodeSgtin96("80614141123458", 1, 13)).toThrow(RangeError);
  expect(() => encodeSgtin96("80614141123458", 1, 7, 8)).toThrow(RangeError);
});
