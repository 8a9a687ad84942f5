import { expect, test } from "vitest";
import { calendarDay, relativeTime, zoneOfPlace } from "./time.ts";

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

test.each([
  [{ timeZone: "America/New_York", longitude: -74 }, "America/New York", "09:30"],
  [{ timeZone: null, longitude: -74 }, "UTC−5, by its longitude", "09:30"],
  [{ timeZone: null, longitude: 151.2 }, "UTC+10, by its longitude", "00:30"],
  [{ timeZone: null, longitude: 1 }, "UTC, by its longitude", "14:30"],
])("the clock of the place %o is that of %s", (place, words, time) => {
  const zone = zoneOfPlace(place);
  expect(zone.words).toBe(words);
  const shown = new Date("2026-12-01T14:30:00Z").toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone.zone,
  });
  expect(shown).toBe(time);
});
