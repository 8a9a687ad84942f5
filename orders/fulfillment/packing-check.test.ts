import { describe, expect, it } from "vitest";
import { type CheckedLine, checkPacking, type PackingFindings, scannedSerials } from "./packing-check.ts";

const TIN: CheckedLine = { sku: "TIN", gtin: "09521234000013", unitGrams: 500, picked: 2, check: "scan" };
const OIL: CheckedLine = { sku: "OIL", gtin: "00614141999996", unitGrams: 1_000, picked: 1, check: "weigh" };
const NUT: CheckedLine = { sku: "NUT", gtin: "04006381333931", unitGrams: 2, picked: 30, check: "count" };
const TEE: CheckedLine = { sku: "TEE", gtin: "80614141123458", unitGrams: 200, picked: 1, check: null };

describe("goods without tags", () => {
  it.each<[string, readonly CheckedLine[], PackingFindings]>([
    ["nothing is to be checked", [TEE], {}],
    ["nothing of it was picked", [{ ...TIN, picked: 0 }], {}],
    [
      "every unit was scanned, in whichever form",
      [TIN, TEE],
      { scans: ["9521234000013", "]C10109521234000013"] },
    ],
    ["every unit bears the same code", [TIN], { scans: ["9521234000013", "9521234000013"] }],
    ["units were scanned that need not be", [TIN, TEE], { scans: ["TIN", "TIN", "80614141123458"] }],
    [
      "lines of one SKU were scanned together",
      [{ ...TIN, picked: 1 }, TIN],
      { scans: ["TIN", "TIN", "TIN"] },
    ],
    ["the weight is that of all that goes in", [OIL, TEE], { grams: 1_230 }],
    ["light goods weigh a little more", [{ ...OIL, unitGrams: 10 }], { grams: 30 }],
    [
      "the count is right",
      [NUT, TEE],
      {
        counts: [
          { sku: "NUT", quantity: 20 },
          { sku: "NUT", quantity: 10 },
        ],
      },
    ],
    [
      "all three are right",
      [TIN, OIL, NUT],
      { scans: ["TIN", "TIN"], grams: 2_060, counts: [{ sku: "NUT", quantity: 30 }] },
    ],
  ])("are packed where %s", (_, lines, found) => {
    expect(checkPacking(lines, found)).toEqual({ status: "right" });
  });

  it("are known by the serial numbers that were scanned", () => {
    const scans = [
      "9521234000013",
      "(01)09521234000013(21)7",
      "]C10109521234000013217",
      "TIN",
      "(01)00614141999996(21)1",
    ];
    expect(scannedSerials([TIN, TEE], { scans })).toEqual([{ sku: "TIN", serial: "7" }]);
  });

  it.each<[string, readonly CheckedLine[], PackingFindings]>([
    ["scan TIN", [TIN, TEE], {}],
    ["scan TIN, weigh OIL, count NUT", [TIN, OIL, NUT], {}],
    ["weigh OIL", [TIN, OIL], { scans: [] }],
  ])("wait until somebody has done this: %s", (detail, lines, found) => {
    expect(checkPacking(lines, found)).toEqual({ status: "to_do", detail });
  });

  it.each<[string, readonly CheckedLine[], PackingFindings]>([
    ["missing 1 × TIN", [TIN], { scans: ["TIN"] }],
    ["missing 1 × TIN", [TIN], { scans: ["]C10109521234000013217", "(01)09521234000013(21)7"] }],
    ["extra 1 × TIN", [TIN], { scans: ["TIN", "TIN", "TIN"] }],
    ["extra 1 × GTIN 00614141999996, missing 1 × TIN", [TIN], { scans: ["TIN", "614141999996"] }],
    ["extra 1 × SOCK", [TIN], { scans: ["TIN", "TIN", "SOCK"] }],
    ["1000 g instead of 1200 g", [OIL, TEE], { grams: 1_000 }],
    ["missing 2 × NUT", [NUT], { counts: [{ sku: "NUT", quantity: 28 }] }],
    ["missing 30 × NUT", [NUT], { counts: [{ sku: "TEE", quantity: 30 }] }],
  ])("are not packed, and it is said why: %s", (detail, lines, found) => {
    expect(checkPacking(lines, found)).toEqual({ status: "wrong", detail });
  });
});
