import { expect, it } from "vitest";
import type { StockEvent } from "../../../actors/position/events.ts";
import { REMEMBERED_MS } from "./remembered.ts";
import { TransitBook } from "./transit-book.ts";

const told = (type: "count-pending" | "stock-counted"): StockEvent =>
  ({ type, sku: "dowel", more: { reference: "n-1" } }) as StockEvent;

it("takes a count that is booked twice for a broken promise, approved or not", () => {
  const direct = new TransitBook();
  direct.post(told("stock-counted"), 0);
  expect(() => direct.post(told("stock-counted"), REMEMBERED_MS)).toThrow("count dowel n-1 was booked twice");

  const approved = new TransitBook();
  approved.post(told("count-pending"), 0);
  approved.post(told("stock-counted"), 10);
  expect(() => approved.post(told("stock-counted"), REMEMBERED_MS)).toThrow("was booked twice");
});

it("takes a repeat that comes once its command is forgotten for another count", () => {
  const direct = new TransitBook();
  direct.post(told("stock-counted"), 0);
  direct.post(told("stock-counted"), REMEMBERED_MS + 1);

  const approvedLate = new TransitBook();
  approvedLate.post(told("count-pending"), 0);
  approvedLate.post(told("stock-counted"), REMEMBERED_MS + 1);
  approvedLate.post(told("stock-counted"), REMEMBERED_MS + 2);
});
