/** Dates as other programs write them. */
import { describe, expect, test } from "vitest";
import { detectDates, readTime } from "./times.ts";

describe("a time is read to the second, and no day becomes another", () => {
  test.each([
    ["2026-09-03 10:15:00 -0400", "2026-09-03T14:15:00.000Z"],
    ["2026-09-03T10:15:00.123Z", "2026-09-03T10:15:00.000Z"],
    ["2026/9/3", "2026-09-03T00:00:00.000Z"],
    ["3.9.2026 10:15", "2026-09-03T10:15:00.000Z"],
    ["03.09.26", "2026-09-03T00:00:00.000Z"],
    ["3-Sep-2026", "2026-09-03T00:00:00.000Z"],
    ["3rd September 2026", "2026-09-03T00:00:00.000Z"],
    ["Sep 3, 2026 10:15 PM", "2026-09-03T22:15:00.000Z"],
    ["September 3, 2026 12:05 am", "2026-09-03T00:05:00.000Z"],
    ["2026-09-03 10:15 UTC", "2026-09-03T10:15:00.000Z"],
    ["2026-02-30", undefined],
    ["30 Feb 2026", undefined],
    ["31.4.2026", undefined],
    ["3 Foo 2026", undefined],
    ["2026-09-03 13:15 pm", undefined],
    ["2026-13-01", undefined],
    ["2026-09-03 25:00", undefined],
    ["soon", undefined],
    ["46268", undefined],
  ])("%s", (text, expected) => {
    expect(readTime(text, "year")).toBe(expected);
  });

  test.each([
    ["year", "03/04/2026", "untold"],
    ["day", "03/04/2026", "2026-04-03T00:00:00.000Z"],
    ["month", "3/4/2026 1:05 pm", "2026-03-04T13:05:00.000Z"],
    ["month", "31/12/2026", undefined],
    ["day", "3-4-26", "2026-04-03T00:00:00.000Z"],
  ] as const)("with the %s first, %s", (dates, text, expected) => {
    expect(readTime(text, dates)).toBe(expected);
  });

  test("what stands first is told only where the dates agree", () => {
    expect(detectDates(["03/04/2026", "31/12/2026"])).toBe("day");
    expect(detectDates(["3/4/26", "12/31/2026 10:00 AM"])).toBe("month");
    expect(detectDates(["13/04/2026", "04/13/2026"])).toBe("year");
    expect(detectDates(["03/04/2026", "2026-12-31", ""])).toBe("year");
  });
});
