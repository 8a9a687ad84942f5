import { expect, test } from "vitest";
import type { ReturnView, ScanResult } from "../../../../contract/returns.ts";
import { countScan } from "./count-scan.ts";

const line = (lineId: string, sku: string, awaited: number, dismissed = 0): ReturnView["lines"][number] => ({
  lineId,
  sku,
  title: sku,
  insteadOf: null,
  gtin: null,
  requested: awaited + dismissed,
  received: 0,
  dismissed,
  awaited,
  uninspected: 0,
  disposition: null,
});
const view = { id: "R-7", lines: [line("1", "MUG", 2), line("2", "MUG", 1), line("3", "LAMP", 1, 1)] };
const scanned = (code: string, kind: ScanResult["kind"], more: Partial<ScanResult> = {}): ScanResult => ({
  code,
  kind,
  returnId: null,
  orderId: null,
  sku: null,
  serial: null,
  matches: [],
  ...more,
});
const mug = scanned("09521234002819", "item", { sku: "MUG" });
const lamp = scanned("LAMP", "item", { sku: "LAMP" });
const match = (returnId: string) => ({
  returnId,
  orderId: "o",
  orderNumber: "#1",
  customerName: "Ada",
  status: "approved",
  lineId: null,
  title: null,
  awaited: 0,
});

test("each scan of an item counts one unit, the second line of it only when the first is full", () => {
  let counts: Readonly<Record<string, number>> = {};
  for (let scan = 0; scan < 3; scan += 1) ({ counts } = countScan(view, counts, mug));
  expect(counts).toEqual({ "1": 2, "2": 1 });
});

test("a unit that is no longer awaited comes late, and is counted", () => {
  expect(countScan(view, { "3": 1 }, lamp)).toEqual({ counts: { "3": 2 }, problem: null });
});

test("one unit more than announced is a problem and is not counted", () => {
  const result = countScan(view, { "3": 2 }, lamp);
  expect(result.counts).toEqual({ "3": 2 });
  expect(result.problem).toMatch(/counted already/);
});

test.each(["return", "tracking", "order"] as const)(
  "the return's own %s number counts everything that is awaited",
  (kind) => {
    const own = scanned("r-7", kind, { returnId: "R-7", matches: [match("R-7")] });
    expect(countScan(view, {}, own)).toEqual({ counts: { "1": 2, "2": 1, "3": 1 }, problem: null });
  },
);

test("another return's number says which one it is", () => {
  const other = scanned("R-8", "return", { returnId: "R-8", matches: [match("R-8")] });
  expect(countScan(view, { "1": 1 }, other)).toEqual({
    counts: { "1": 1 },
    problem: "This is return R-8.",
  });
});

test.each([scanned("CHAIR", "item", { sku: "CHAIR" }), scanned("???", "unknown")])(
  "an item of somebody else's order is a problem and changes nothing",
  (found) => {
    const result = countScan(view, { "1": 1 }, found);
    expect(result.counts).toEqual({ "1": 1 });
    expect(result.problem).toMatch(/does not belong/);
  },
);
