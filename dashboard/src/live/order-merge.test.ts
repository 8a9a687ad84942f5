import { expect, test } from "vitest";
import type { OrderSummary } from "../../../contract/orders.ts";
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
  const list = { rows: [order("c", 3), order("b", 2), order("a", 1)], next: "after-a" };
  const merged = mergeFirstPage(list, { items: [order("d", 4), order("c", 3)], next: "after-c" });
  expect(ids(merged.rows)).toEqual(["d", "c", "b", "a"]);
  expect(merged.next).toBe("after-a");
});

test("a row that has left the filter goes, where the first page should have had it", () => {
  const list = { rows: [order("c", 3), order("b", 2), order("a", 1)], next: null };
  const merged = mergeFirstPage(list, { items: [order("d", 4), order("b", 2)], next: "after-b" });
  expect(ids(merged.rows)).toEqual(["d", "b", "a"]);
});

test("where the first page is everything, nothing else stays", () => {
  const list = { rows: [order("b", 2), order("a", 1)], next: null };
  expect(mergeFirstPage(list, { items: [order("b", 2)], next: null }).rows).toHaveLength(1);
  expect(mergeFirstPage(list, { items: [], next: null }).rows).toEqual([]);
});

test("orders captured in the same instant keep the API's order and are not shown twice", () => {
  const list = { rows: [order("y", 1), order("z", 1), order("w", 1)], next: null };
  const merged = mergeFirstPage(list, { items: [order("x", 1), order("y", 1)], next: "after-y" });
  expect(ids(merged.rows)).toEqual(["x", "y", "z", "w"]);
});

test("after more new orders than a page holds, the list starts anew instead of hiding those in between", () => {
  const list = { rows: [order("b", 2), order("a", 1)], next: "after-a" };
  const merged = mergeFirstPage(list, { items: [order("z", 30), order("y", 29)], next: "after-y" });
  expect(ids(merged.rows)).toEqual(["z", "y"]);
  expect(merged.next).toBe("after-y");
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
