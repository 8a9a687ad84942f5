import { expect, it } from "vitest";
import { createFaults, NO_FAULTS } from "./faults.ts";

const drawMany = (seed: number) => {
  const faults = createFaults();
  faults.rates = { ...NO_FAULTS, dropRequestRate: 0.1, dropReplyRate: 0.2, errorRate: 0.3 };
  faults.seed(seed);
  return Array.from({ length: 2_000 }, () => faults.draw());
};

it("the same seed gives the same faults, another seed others", () => {
  expect(drawMany(7)).toEqual(drawMany(7));
  expect(drawMany(7)).not.toEqual(drawMany(8));
});

it("faults come as often as asked", () => {
  const fates = drawMany(1);
  const share = (fate: string) => fates.filter((drawn) => drawn === fate).length / fates.length;
  expect(share("request-lost")).toBeCloseTo(0.1, 1);
  expect(share("reply-lost")).toBeCloseTo(0.2, 1);
  expect(share("unavailable")).toBeCloseTo(0.3, 1);
});

it("nothing fails unless asked to", () => {
  const faults = createFaults();
  expect(Array.from({ length: 100 }, () => faults.draw()).every((fate) => fate === "answered")).toBe(true);
});
