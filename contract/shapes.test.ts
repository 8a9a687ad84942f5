import { Compile } from "typebox/compile";
import { expect, test } from "vitest";
import { OrderEditBody } from "./order-changes.ts";
import { Time } from "./shapes.ts";

const edit = Compile(OrderEditBody);

test.each([
  ["2026-02-28", true],
  ["2028-02-29", true],
  ["2026-02-31", false],
  ["0000-01-01", false],
  ["2026-13-01", false],
  ["28.02.2026", false],
])("an order can be wished for %s: %s", (deliverOn, isDay) => {
  expect(edit.Check({ kind: "deliver_on", deliverOn })).toBe(isDay);
});

const time = Compile(Time);

test.each([
  ["2026-11-30T10:00:00Z", true],
  ["2026-11-30t10:00:00.123456z", true],
  ["2026-11-30T10:00:00+14:00", true],
  ["2026-11-30T10:00:00-15:59", true],
  // What PostgreSQL does not take for an offset, a year or, in JavaScript, a second.
  ["2026-11-30T10:00:00-17:42", false],
  ["2026-11-30T10:00:00+16:00", false],
  ["0000-01-01T00:00:00Z", false],
  ["2026-12-31T23:59:60Z", false],
  ["2026-11-30 10:00:00Z", false],
  ["2026-11-30T10:00:00", false],
  ["2026-13-30T10:00:00Z", false],
])("%s is an instant: %s", (text, isInstant) => {
  expect(time.Check(text)).toBe(isInstant);
});
