import { expect, test } from "vitest";
import { calendarDay, relativeTime } from "./time.ts";

const NOW = Date.parse("2026-11-23T12:00:00Z");

test.each([
  ["2026-11-23T11:59:58Z", "now"],
  ["2026-11-23T11:59:18Z", "42 s ago"],
  ["2026-11-23T11:54:30Z", "5 min ago"],
  ["2026-11-23T15:00:00Z", "in 3 h"],
  ["2026-11-20T12:00:00Z", "3 d ago"],
])("%s is %s", (iso, shown) => {
  expect(relativeTime(iso, NOW)).toBe(shown);
});

test("what is not a time is shown as it came", () => {
  expect(relativeTime("soon", NOW)).toBe("soon");
});

test("a promised day is the same day in every time zone", () => {
  expect(calendarDay("2026-11-24")).toMatch(/24/);
});
