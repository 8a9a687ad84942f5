import { expect, test } from "vitest";
import { countScan } from "./count-scan.ts";

const line = (lineId: string, sku: string, requested: number) => ({
  lineId,
  sku,
  title: sku,
  requested,
  received: 0,
  disposition: null,
});
const view = { id: "R-7", lines: [line("1", "MUG", 2), line("2", "MUG", 1), line("3", "LAMP", 1)] };

test("each scan of a SKU counts one unit, the second line of it only when the first is full", () => {
  let counts: Readonly<Record<string, number>> = {};
  for (let scan = 0; scan < 3; scan += 1) ({ counts } = countScan(view, counts, "mug"));
  expect(counts).toEqual({ "1": 2, "2": 1 });
});

test("one unit more than announced is a problem and is not counted", () => {
  const result = countScan(view, { "3": 1 }, "LAMP");
  expect(result.counts).toEqual({ "3": 1 });
  expect(result.problem).toMatch(/counted already/);
});

test("the return's own number counts everything that was announced", () => {
  expect(countScan(view, {}, "r-7")).toEqual({ counts: { "1": 2, "2": 1, "3": 1 }, problem: null });
});

test("an item of somebody else's order is a problem and changes nothing", () => {
  const result = countScan(view, { "1": 1 }, "CHAIR");
  expect(result.counts).toEqual({ "1": 1 });
  expect(result.problem).toMatch(/does not belong/);
});
