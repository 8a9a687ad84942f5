import { Compile } from "typebox/compile";
import { expect, test } from "vitest";
import { OrderEditBody } from "./order-changes.ts";

const edit = Compile(OrderEditBody);

test.each([
  ["2026-02-28", true],
  ["2028-02-29", true],
  ["2026-02-31", false],
  ["2026-13-01", false],
  ["28.02.2026", false],
])("an order can be wished for %s: %s", (deliverOn, isDay) => {
  expect(edit.Check({ kind: "deliver_on", deliverOn })).toBe(isDay);
});
