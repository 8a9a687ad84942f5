import { expect, test } from "vitest";
import { compared, figuresOf } from "./figures.ts";
import type { Watched } from "./messages.ts";

const order = (capturedMs: number | null): Watched => ({
  channelId: "one",
  orderId: `one-${capturedMs}`,
  capturedMs,
  toldMs: capturedMs === null ? null : capturedMs * 10,
  floorMs: null,
});
const orders = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => order(from + index));

test("a percentile is the least wait that so many orders do not exceed", () => {
  expect(figuresOf(orders(1, 200)).captured).toEqual({ orders: 200, p50Ms: 100, p99Ms: 198, maxMs: 200 });
  expect(figuresOf(orders(1, 200)).told.p99Ms).toBe(1_980);
});

test("what never came is slower than all that did, and where it is the p99 there is no ratio", () => {
  const { p50, p99, beside } = compared(
    orders(1, 100),
    [...orders(1, 98), order(null), order(null)],
    "captured",
  );
  expect(beside).toEqual({ orders: 100, p50Ms: 50, p99Ms: null, maxMs: null });
  expect([p50, p99]).toEqual([1, null]);
});

test("the ratio is with over without", () => {
  expect(compared(orders(1, 100), orders(101, 200), "captured")).toMatchObject({ p50: 3, p99: 2.01 });
  expect(compared([], [], "captured")).toMatchObject({ p50: null, p99: null });
});
