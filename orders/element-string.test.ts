import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isBesideTheProject, readBesideTheProject } from "../test-support/beside-the-project.ts";
import { readElements } from "./element-string.ts";

const pairs = (scan: string) => readElements(scan).map(({ ai, value }) => [ai, value]);

describe("element strings", () => {
  test.each([
    ["one AI of fixed length", "0106141411234561", [["01", "06141411234561"]]],
    [
      "fixed ones behind each other",
      "]C1010614141123456117271231",
      [
        ["01", "06141411234561"],
        ["17", "271231"],
      ],
    ],
    [
      "a variable one at the end",
      "010614141123456110LOT7",
      [
        ["01", "06141411234561"],
        ["10", "LOT7"],
      ],
    ],
    [
      "variable ones with FNC1 between them",
      "]d210LOT7\u001d21SN(1)\u001d3712",
      [
        ["10", "LOT7"],
        ["21", "SN(1)"],
        ["37", "12"],
      ],
    ],
    ["FNC1 first and last", "\u001d10LOT7\u001d", [["10", "LOT7"]]],
    [
      "AIs of three and four digits",
      "3103001250400PO-1\u001d8008261128",
      [
        ["3103", "001250"],
        ["400", "PO-1"],
        ["8008", "261128"],
      ],
    ],
    [
      "in print",
      "(00) 095212340000000006 (10)LOT7",
      [
        ["00", "095212340000000006"],
        ["10", "LOT7"],
      ],
    ],
    [
      "a Digital Link",
      "https://shop.example/x/00/095212340000000006?10=LOT7",
      [["00", "095212340000000006"]],
    ],
    ["a Digital Link with escapes", "HTTPS://a/8004/0614141A%2F7", [["8004", "0614141A/7"]]],
  ])("are read: %s", (_, scan, expected) => {
    expect(pairs(scan)).toEqual(expected);
  });

  test.each([
    ["nothing", ""],
    ["a symbology that holds no element strings", "]E05901234123457"],
    ["an AI that does not exist", "0512345678"],
    ["an AI without a value", "10"],
    ["a fixed length cut off", "0106141411234"],
    ["letters where digits belong", "01061414112345AB"],
    ["something behind a fixed length that is no AI", "0106141411234561zz"],
    ["a value without end", `10${"A".repeat(91)}`],
    ["a bracket alone", "("],
    ["a link without a key", "https://example.com/00"],
    ["a link with a broken escape", "https://example.com/8004/%E0%A4%A"],
  ])("are none: %s", (_, scan) => {
    expect(readElements(scan)).toEqual([]);
  });

  test("never throw, whatever is scanned", () => {
    const piece = fc.constantFrom(
      "]C1",
      "00",
      "(00)",
      "10",
      "\u001d",
      "https://a/00/",
      "0952",
      "%",
      " ",
      "(",
    );
    const scan = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece).map((each) => each.join("")),
    );
    fc.assert(
      fc.property(scan, (text) => {
        readElements(text);
      }),
      { numRuns: 2_000 },
    );
  });
});

type EngineTests = {
  readonly processAIdata: readonly { ok: boolean; unbracketed: string }[];
  readonly parseAIdata: readonly { ok: boolean; bracketed: string; unbracketed: string }[];
  readonly processScanData: readonly { ok: boolean; scanData: string; dataStr: string }[];
  readonly parseDLuri: readonly { ok: boolean; uri: string; unbracketed: string }[];
};

const ENGINE = "data/standards/gs1/engine-tests.json";

describe.skipIf(!isBesideTheProject(ENGINE))("GS1's own cases", () => {
  const cases = () => JSON.parse(readBesideTheProject(ENGINE)) as EngineTests;
  /** FNC1 stands as `^` there. */
  const scanned = (unbracketed: string) => unbracketed.replaceAll("^", "\u001d");

  test("data that the engine takes is read", () => {
    for (const { ok, unbracketed } of cases().processAIdata) {
      if (ok && unbracketed.startsWith("^"))
        expect(readElements(scanned(unbracketed)), unbracketed).not.toEqual([]);
    }
  });

  test("brackets and FNC1 say the same", () => {
    for (const { ok, bracketed, unbracketed } of cases().parseAIdata) {
      if (ok && !bracketed.includes("\\")) expect(pairs(bracketed)).toEqual(pairs(scanned(unbracketed)));
    }
  });

  test("what a scanner sends is what its data says", () => {
    for (const { ok, scanData, dataStr } of cases().processScanData) {
      if (!ok || !dataStr.startsWith("^") || dataStr.includes("|")) continue;
      expect(pairs(scanData), scanData).toEqual(pairs(scanned(dataStr)));
    }
  });

  test("a Digital Link's key is found", () => {
    for (const { ok, uri, unbracketed } of cases().parseDLuri) {
      const key = pairs(scanned(unbracketed)).find(([ai]) => ["00", "8003", "8004"].includes(ai ?? ""));
      // The names that once stood for numbers (`/gtin/…`) are withdrawn.
      if (ok && key !== undefined && uri.includes(`/${key[0]}/`)) expect(pairs(uri), uri).toEqual([key]);
    }
  });
});
