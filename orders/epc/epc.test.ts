import fc from "fast-check";
import { expect, test } from "vitest";
import { isBesideTheProject, readBesideTheProject } from "../../test-support/beside-the-project.ts";
import { gs1CheckDigit } from "../handling-unit.ts";
import { decodeEpc, type Epc, encodeEpc } from "./epc.ts";

/** Of the standard, or worked out by hand from its tables. */
const KNOWN: readonly [string, Epc][] = [
  [
    "3074257BF7194E4000001A85",
    { encoding: "sgtin-96", filter: 3, companyPrefix: "0614141", gtin: "80614141123458", serial: "6789" },
  ],
  [
    "3114257BF4499602D2000000",
    { encoding: "sscc-96", filter: 0, companyPrefix: "0614141", sscc: "106141412345678908" },
  ],
  [
    "3314257BF40C0E400000162E",
    { encoding: "grai-96", filter: 0, companyPrefix: "0614141", grai: "006141411234525678" },
  ],
  [
    "3414257BF40000000000162E",
    { encoding: "giai-96", filter: 0, companyPrefix: "0614141", giai: "06141415678" },
  ],
  [
    "3674257BF7194E7C000000000000000000000000000000000000",
    { encoding: "sgtin-198", filter: 3, companyPrefix: "0614141", gtin: "80614141123458", serial: "x" },
  ],
];

test.each(KNOWN)("tag %s is what the standard's tables say, and back", (hex, epc) => {
  expect(decodeEpc(hex)).toEqual(epc);
  expect(decodeEpc(hex.toLowerCase())).toEqual(epc);
  expect(encodeEpc(epc)).toBe(hex);
});

const digits = (length: number) => fc.stringMatching(new RegExp(`^\\d{${length}}$`));
const number = (most: bigint) => fc.bigInt({ min: 0n, max: most }).map(String);
const checked = (body: string) => body + gs1CheckDigit(body);
const prefixLength = fc.integer({ min: 6, max: 12 });
const filter = fc.integer({ min: 0, max: 7 });
const serial = number(2n ** 38n - 1n);

const anyEpc: fc.Arbitrary<Epc> = fc.oneof(
  fc.record({ body: digits(13), length: prefixLength, filter, serial }).map(
    ({ body, length, filter, serial }): Epc => ({
      encoding: "sgtin-96",
      filter,
      companyPrefix: body.slice(1, 1 + length),
      gtin: checked(body),
      serial,
    }),
  ),
  fc
    .record({
      body: digits(13),
      length: prefixLength,
      filter,
      serial: fc.stringMatching(/^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}$/),
    })
    .map(
      ({ body, length, filter, serial }): Epc => ({
        encoding: "sgtin-198",
        filter,
        companyPrefix: body.slice(1, 1 + length),
        gtin: checked(body),
        serial,
      }),
    ),
  fc.record({ body: digits(17), length: prefixLength, filter }).map(
    ({ body, length, filter }): Epc => ({
      encoding: "sscc-96",
      filter,
      companyPrefix: body.slice(1, 1 + length),
      sscc: checked(body),
    }),
  ),
  fc.record({ body: digits(12), length: prefixLength, filter, serial }).map(
    ({ body, length, filter, serial }): Epc => ({
      encoding: "grai-96",
      filter,
      companyPrefix: body.slice(0, length),
      grai: `0${checked(body)}${serial}`,
    }),
  ),
  fc.record({ body: digits(12), length: prefixLength, filter, own: number(2n ** 42n - 1n) }).map(
    ({ body, length, filter, own }): Epc => ({
      encoding: "giai-96",
      filter,
      companyPrefix: body.slice(0, length),
      giai: body.slice(0, length) + own,
    }),
  ),
);

test("every key, prefix length, serial and filter survives the tag", () => {
  fc.assert(
    fc.property(anyEpc, (epc) => {
      expect(decodeEpc(encodeEpc(epc))).toEqual(epc);
    }),
    { numRuns: 2_000 },
  );
});

test("whatever a reader reports is decoded or is not, and what is decoded is the only tag of its kind", () => {
  const headers = fc.constantFrom("30", "31", "33", "34", "36", "E2");
  const hex = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[0-9A-F]{0,60}$/),
    fc.tuple(headers, fc.stringMatching(/^[0-9A-F]{22}$/)).map(([header, rest]) => header + rest),
    fc.stringMatching(/^[0-9A-F]{50}$/).map((rest) => `36${rest}`),
  );
  fc.assert(
    fc.property(hex, (text) => {
      const epc = decodeEpc(text);
      if (epc !== undefined) expect(encodeEpc(epc)).toBe(text.toUpperCase());
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  ["no bytes", ""],
  ["23 digits", "3074257BF7194E400000185"],
  ["a blank tag", "000000000000000000000000"],
  ["an unknown header", "E28011606000020A1234ABCD"],
  ["partition 7", "307C257BF7194E4000001A85"],
  ["a company prefix beyond its digits", "3077FFFFFFFFFE4000001A85"],
  ["an SSCC with something in its reserved bits", "3114257BF4499602D2000001"],
  ["an asset type where the prefix has all twelve digits", "33020000000040400000162E"],
  ["two tags' length", "3074257BF7194E4000001A853074257BF7194E4000001A85"],
  ["no hex", "urn:epc:id:sgtin:0614141"],
])("a foreign tag (%s) is none of ours", (_, hex) => {
  expect(decodeEpc(hex)).toBeUndefined();
});

test("an SGTIN-198 without a serial, or with a character behind its end, is none", () => {
  const epc: Epc = {
    encoding: "sgtin-198",
    filter: 1,
    companyPrefix: "0614141",
    gtin: "80614141123458",
    serial: "A",
  };
  const hex = encodeEpc(epc);
  expect(decodeEpc(hex)).toEqual(epc);
  expect(decodeEpc(`${hex.slice(0, 14)}${"0".repeat(38)}`)).toBeUndefined();
  expect(decodeEpc(`${hex.slice(0, -2)}40`)).toBeUndefined();
});

test("a tag is never made of what is no key", () => {
  const sgtin = {
    encoding: "sgtin-96",
    filter: 1,
    companyPrefix: "0614141",
    gtin: "80614141123458",
  } as const;
  for (const wrong of [
    { ...sgtin, serial: "1", gtin: "80614141123457" },
    { ...sgtin, serial: "1", gtin: "6291041500213" },
    { ...sgtin, serial: "1", companyPrefix: "0614142" },
    { ...sgtin, serial: "1", companyPrefix: "06141" },
    { ...sgtin, serial: "1", filter: 8 },
    { ...sgtin, serial: "01" },
    { ...sgtin, serial: "274877906944" },
    { ...sgtin, encoding: "sgtin-198", serial: "" },
    { ...sgtin, encoding: "sgtin-198", serial: "a b" },
    { encoding: "sscc-96", filter: 0, companyPrefix: "0614141", sscc: "106141412345678907" },
    { encoding: "grai-96", filter: 0, companyPrefix: "0614141", grai: "006141411234515678" },
    { encoding: "giai-96", filter: 0, companyPrefix: "0614141", giai: "061414105678" },
  ] as const) {
    expect(() => encodeEpc(wrong)).toThrow(RangeError);
  }
});

type Vectors = {
  readonly cases: readonly {
    kind: string;
    filter: number;
    hex: string;
    gs1_element_string: string;
    pure: string;
  }[];
  readonly mustReject: readonly { hex: string; why: string }[];
};

const VECTORS = "data/standards/epc-tds/vectors.json";

test.skipIf(!isBesideTheProject(VECTORS))("two other implementations make and read the same tags", () => {
  const { cases, mustReject } = JSON.parse(readBesideTheProject(VECTORS)) as Vectors;
  const ours = cases.filter(({ kind }) => kind !== "sgln-96");
  expect(new Set(ours.map(({ kind }) => kind)).size).toBe(5);
  for (const vector of ours) {
    const epc = decodeEpc(vector.hex);
    expect(epc, vector.pure).toMatchObject({ encoding: vector.kind, filter: vector.filter });
    if (epc === undefined) continue;
    expect(elementString(epc)).toBe(vector.gs1_element_string);
    expect(encodeEpc(epc)).toBe(vector.hex);
  }
  for (const { hex, why } of mustReject) expect(decodeEpc(hex), why).toBeUndefined();
});

function elementString(epc: Epc): string {
  if ("gtin" in epc) return `(01)${epc.gtin}(21)${epc.serial}`;
  if ("sscc" in epc) return `(00)${epc.sscc}`;
  return "grai" in epc ? `(8003)${epc.grai}` : `(8004)${epc.giai}`;
}
