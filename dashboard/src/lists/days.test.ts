import { expect, test } from "vitest";
import { addDays, dayIn } from "./days.ts";

test("today is the day of the time zone, not of the reader", () => {
  const at = new Date("2026-11-30T03:00:00Z");
  expect(dayIn("America/Los_Angeles", at)).toBe("2026-11-29");
  expect(dayIn("Asia/Tokyo", at)).toBe("2026-11-30");
  expect(dayIn("Nowhere/Land", at)).toBe("2026-11-30");
});

test("days are added over the ends of months and years, whatever the clocks do", () => {
  expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
  expect(addDays("2028-03-01", -1)).toBe("2028-02-29");
  expect(addDays("2026-03-29", 1)).toBe("2026-03-30");
});
