import { expect, test } from "vitest";
import type { OrderSummary } from "../../../gateway/api.ts";
import { appendPage, mergeFirstPage, replaceRows } from "./order-merge.ts";

/** Captured at minute `minute`. */
function order(id: string, minute: number, status = "open"): OrderSummary {
  const at = `2026-11-23T10:${String(minute).padStart(2, "0")}:00.000Z`;
  return {
    id,
    channelId: "shop",
    externalNumber: id,
    status,
    paymentStatus: "pending",
    fulfillmentStatus: "unfulfilled",
    returnStatus: "none",
    holdReasons: [],
    customerName: "",
    currency: "USD",
    totalMinor: 0,
    exponent: 2,
    unitCount: 1,
    placedAt: at,
    capturedAt: at,
    updatedAt: at,
    shipBy: null,
    deliverBy: null,
  };
}

const ids = (rows: readonly OrderSummary[]): readonly string[] => rows.map((row) => row.id);

test("a new order comes in on top and the rows below the first page stay", () => {
  const rows = [order("c", 3), order("b", 2), order("a", 1)];
  expect(ids(mergeFirstPage(rows, [order("d", 4), order("c", 3)], false))).toEqual(["d", "c", "b", "a"]);
});

test("a row that has left the filter goes, where the first page should have had it", () => {
  const rows = [order("c", 3), order("b", 2), order("a", 1)];
  expect(ids(mergeFirstPage(rows, [order("d", 4), order("b", 2)], false))).toEqual(["d", "b", "a"]);
});

test("where the first page is everything, nothing else stays", () => {
  expect(mergeFirstPage([order("b", 2), order("a", 1)], [order("b", 2)], true)).toHaveLength(1);
  expect(mergeFirstPage([order("a", 1)], [], true)).toEqual([]);
});

test("orders captured in the same instant keep the API's order and are not shown twice", () => {
  const rows = [order("y", 1), order("x", 1), order("w", 1)];
  expect(ids(mergeFirstPage(rows, [order("z", 1), order("y", 1)], false))).toEqual(["z", "y", "x", "w"]);
});

test("a moved order is shown as it is now, in its place", () => {
  const rows = [order("b", 2), order("a", 1)];
  expect(replaceRows(rows, [order("a", 1, "completed")]).map((row) => row.status)).toEqual([
    "open",
    "completed",
  ]);
});

test("the next page does not repeat a row that is already there", () => {
  expect(ids(appendPage([order("b", 2)], [order("b", 2), order("a", 1)]))).toEqual(["b", "a"]);
});
