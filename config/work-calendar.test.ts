import { describe, expect, test } from "vitest";
import {
  dayOfIso,
  dispatchDay,
  isoDay,
  isTimeZone,
  openDayFrom,
  type WorkCalendar,
} from "./work-calendar.ts";

const leaves = (place: WorkCalendar, at: string) => isoDay(dispatchDay(place, Date.parse(at)));
const everyDay = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({
  weekday,
  opensMinute: 8 * 60,
  closesMinute: 20 * 60,
  cutOffMinute: null,
}));

describe("without anything set", () => {
  const kentucky = { longitude: -85.7 };
  test("an order before 14:00 by longitude leaves on the same weekday, else on the next", () => {
    expect(leaves(kentucky, "2026-03-03T19:59:00Z")).toBe("2026-03-03");
    expect(leaves(kentucky, "2026-03-03T20:00:00Z")).toBe("2026-03-04");
    expect(leaves(kentucky, "2026-03-06T21:00:00Z")).toBe("2026-03-09");
    expect(leaves(kentucky, "2026-03-07T15:00:00Z")).toBe("2026-03-09");
  });
});

describe("in a time zone", () => {
  test("the wall clock decides, before and after it is changed", () => {
    const berlin = { longitude: 13.4, timeZone: "Europe/Berlin" };
    // 13:59 and 14:00 in winter, then in summer time.
    expect(leaves(berlin, "2026-03-27T12:59:59Z")).toBe("2026-03-27");
    expect(leaves(berlin, "2026-03-27T13:00:00Z")).toBe("2026-03-30");
    expect(leaves(berlin, "2026-03-30T11:59:59Z")).toBe("2026-03-30");
    expect(leaves(berlin, "2026-03-30T12:00:00Z")).toBe("2026-03-31");
  });

  test("the local day counts, on either side of the date line and at odd offsets", () => {
    expect(leaves({ longitude: 174, timeZone: "Pacific/Auckland" }, "2026-06-01T20:00:00Z")).toBe(
      "2026-06-02",
    );
    expect(leaves({ longitude: -157, timeZone: "Pacific/Honolulu" }, "2026-06-02T05:00:00Z")).toBe(
      "2026-06-02",
    );
    // 13:59 and 14:00 in Kathmandu, 5 hours 45 minutes ahead.
    const kathmandu = { longitude: 85, timeZone: "Asia/Kathmandu" };
    expect(leaves(kathmandu, "2026-06-02T08:14:59Z")).toBe("2026-06-02");
    expect(leaves(kathmandu, "2026-06-02T08:15:00Z")).toBe("2026-06-03");
  });

  test("only known ones are zones", () => {
    expect(["Europe/Berlin", "UTC", "America/Los_Angeles"].map(isTimeZone)).toEqual([true, true, true]);
    for (const name of ["Mars/Olympus", "", "Berlin", "../etc", "+02:00"])
      expect(isTimeZone(name), name).toBe(false);
  });
});

describe("with hours of its own", () => {
  const shop = { longitude: 0, timeZone: "UTC", week: everyDay };
  test("a place that works on Sunday sends on Sunday, with the cut-off of that day", () => {
    expect(leaves(shop, "2026-03-08T13:59:00Z")).toBe("2026-03-08");
    const early = everyDay.map((day) => (day.weekday === 7 ? { ...day, cutOffMinute: 600 } : day));
    expect(leaves({ ...shop, week: early }, "2026-03-08T09:59:00Z")).toBe("2026-03-08");
    expect(leaves({ ...shop, week: early }, "2026-03-08T10:00:00Z")).toBe("2026-03-09");
  });

  test("nothing leaves after it closes, however late the cut-off", () => {
    const week = everyDay.map((day) => ({ ...day, closesMinute: 12 * 60 }));
    expect(leaves({ ...shop, week, cutOffMinute: 18 * 60 }, "2026-03-04T12:00:00Z")).toBe("2026-03-05");
  });

  test("days on which it is closed are passed over, also by its days of lead time", () => {
    const closedDays = ["2026-12-25", "2026-12-26", "2026-12-28"].map(dayOfIso);
    expect(leaves({ ...shop, closedDays }, "2026-12-25T09:00:00Z")).toBe("2026-12-27");
    expect(leaves({ ...shop, closedDays, leadTimeDays: 2 }, "2026-12-25T09:00:00Z")).toBe("2026-12-30");
    expect(isoDay(openDayFrom({ ...shop, closedDays }, dayOfIso("2026-12-26")))).toBe("2026-12-27");
  });

  test("a place that works on Mondays only, and is closed on 400 of them, works on the one after", () => {
    const monday = dayOfIso("2026-01-05");
    const closedDays = Array.from({ length: 400 }, (_, week) => monday + 7 * week);
    const mondays = { longitude: 0, week: everyDay.slice(0, 1), closedDays };
    expect(openDayFrom(mondays, monday)).toBe(monday + 7 * 400);
  });
});
