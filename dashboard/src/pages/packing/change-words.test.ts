import { expect, test } from "vitest";
import type { OrderRevisionView } from "../../../../contract/orders.ts";
import { changeWords } from "./change-words.ts";

const revision = (number: number, changes: OrderRevisionView["changes"]): OrderRevisionView => ({
  revision: number,
  document: {
    lines: [{ lineId: "1", sku: "TENT", title: "Tent" }],
  } as unknown as OrderRevisionView["document"],
  by: "staff:1",
  at: "2026-11-29T00:00:00.000Z",
  changes,
});

test("a packer reads what is wanted now, the oldest change first, and of money only that it changed", () => {
  const newestFirst = [
    revision(3, [{ what: "address" }, { what: "note", to: "ring twice" }, { what: "shipping_service" }]),
    revision(2, [
      { what: "quantity", lineId: "1", from: 3, to: 1 },
      { what: "line_removed", lineId: "2", from: 1 },
      { what: "tax" },
      { what: "total" },
    ]),
  ];
  expect(changeWords(newestFirst)).toEqual([
    "TENT: 1 wanted, not 3",
    "line 2 is not wanted any more",
    "amounts have changed",
    "it goes to another address",
    "the note is: ring twice",
    "shipping service changed",
  ]);
});
