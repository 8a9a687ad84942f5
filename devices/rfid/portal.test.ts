import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedMessage } from "../mqtt/json-reader.ts";
import { BarrierPortal } from "./portal.ts";
import { PORTAL_DEFAULTS, type PortalSettings, readPortalSettings } from "./portal-settings.ts";
import { SilencePortal } from "./silence-portal.ts";
import type { ReaderEvent } from "./tag-events.ts";

const tag = (epc: string, atMs: number, rssiDbm = -40): ReaderEvent => ({ kind: "tag", epc, rssiDbm, atMs });
const input = (isHigh: boolean, atMs: number, pin = 1): ReaderEvent => ({ kind: "input", pin, isHigh, atMs });

const over = PORTAL_DEFAULTS.graceMs;
const sorted = (passages: readonly { readonly epcs: readonly string[] }[]) =>
  passages.map(({ epcs }) => [...epcs].sort());

describe("a portal with a light barrier", () => {
  const passage = [
    input(true, 1000),
    tag("AA", 1100),
    tag("BB", 1150, -60),
    tag("AA", 1160, -50),
    tag("WEAK", 1170, -78),
    input(false, 1200),
  ];
  const next = [input(true, 1201), tag("CC", 1250), input(false, 1300)];
  const build = (settings: Partial<PortalSettings> = {}) => {
    const all = { ...PORTAL_DEFAULTS, ...settings };
    return new BarrierPortal(all, all.lightBarrier ?? { pin: 1, brokenWhen: "high" });
  };

  it("keeps each tote's tags apart in whatever order and however often the messages come", () => {
    const all = [...passage, ...next];
    fc.assert(
      fc.property(fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length }), (events) => {
        const portal = build();
        for (const event of events) portal.add(event, 0);
        expect(sorted(portal.take(over))).toEqual([["AA", "BB"], ["CC"]]);
        // The same messages once more are no further passages.
        for (const event of events) portal.add(event, over);
        expect(portal.take(over * 2)).toEqual([]);
      }),
    );
  });

  it("gives a passage out only after the grace time, or without its second edge after the longest time", () => {
    const portal = build();
    for (const event of passage) portal.add(event, 0);
    expect(portal.take(over - 1)).toEqual([]);
    expect(portal.take(over)).toHaveLength(1);
    portal.add(input(true, 5000), 5000);
    expect(portal.take(5000 + PORTAL_DEFAULTS.longestMs - 1)).toEqual([]);
    expect(portal.take(5000 + PORTAL_DEFAULTS.longestMs)).toEqual([{ enteredAtMs: 5000, epcs: [] }]);
  });

  it("listens to the pin and the level that it is wired with, and to no other", () => {
    const portal = build({ lightBarrier: { pin: 3, brokenWhen: "low" } });
    const events = [
      input(true, 900),
      input(false, 1000, 3),
      tag("AA", 1100),
      input(false, 1150),
      input(true, 1200, 3),
      tag("LATER", 1250),
    ];
    for (const event of events) portal.add(event, 0);
    expect(portal.take(over)).toEqual([{ enteredAtMs: 1000, epcs: ["AA"] }]);
  });

  it("lets no departure from far ahead, by a clock that is wrong, end the passages that follow", () => {
    const portal = build();
    portal.add(input(false, 1_000_000), 0);
    portal.add(input(true, 1000), 10);
    expect(portal.take(10 + over)).toEqual([]);
    portal.add(tag("AA", 1200), 20 + over);
    portal.add(input(false, 1300), 30 + over);
    expect(portal.take(30 + over + over)).toEqual([{ enteredAtMs: 1000, epcs: ["AA"] }]);
  });

  it("hears as far as its threshold says", () => {
    const portal = build({ weakestDbm: -80 });
    for (const event of passage) portal.add(event, 0);
    expect(sorted(portal.take(over))).toEqual([["AA", "BB", "WEAK"]]);
  });
});

describe("a portal without a light barrier", () => {
  const settings = { ...PORTAL_DEFAULTS, lightBarrier: null };
  const quiet = settings.silenceMs + settings.graceMs;

  it("ends a passage by silence", () => {
    const portal = new SilencePortal(settings);
    portal.add(tag("AA", 1000), 0);
    portal.add(tag("BB", 1400), 400);
    portal.add(tag("WEAK", 1500, -78), 500);
    expect(portal.take(400 + quiet - 1)).toEqual([]);
    expect(portal.take(400 + quiet)).toEqual([{ enteredAtMs: 1000, epcs: ["AA", "BB"] }]);
    expect(portal.open).toBe(false);
    expect(portal.take(60_000)).toEqual([]);
  });

  it("tells totes apart by the reader's clock in whatever order their reads come together", () => {
    const reads = [tag("AA", 1000), tag("BB", 1900), tag("CC", 3000), tag("DD", 3100)];
    fc.assert(
      fc.property(fc.shuffledSubarray([...reads, ...reads], { minLength: 2 * reads.length }), (events) => {
        const portal = new SilencePortal(settings);
        for (const event of events) portal.add(event, 0);
        expect(sorted(portal.take(quiet))).toEqual([
          ["AA", "BB"],
          ["CC", "DD"],
        ]);
        for (const event of events) portal.add(event, quiet);
        expect(portal.open).toBe(false);
      }),
    );
  });

  it("is not held up by a tag that stands in its field", () => {
    const portal = new SilencePortal(settings);
    let passages = 0;
    for (let now = 0; now <= 2 * settings.longestMs + 100; now += 100) {
      portal.add(tag("AA", now), now);
      passages += portal.take(now).length;
    }
    expect(passages).toBe(2);
  });

  it("goes on when the reader's clock is set back", () => {
    const portal = new SilencePortal(settings);
    portal.add(tag("AA", 9_000_000), 0);
    expect(portal.take(quiet)).toHaveLength(1);
    portal.add(tag("AA", 1_000), 20_000);
    expect(portal.take(20_000 + quiet)).toEqual([{ enteredAtMs: 1_000, epcs: ["AA"] }]);
  });
});

describe("a portal's settings", () => {
  it("are as usual where they are left out", () => {
    expect(readPortalSettings({})).toEqual(PORTAL_DEFAULTS);
    expect(readPortalSettings({ lightBarrier: { brokenWhen: "low" }, weakestDbm: -55 })).toEqual({
      ...PORTAL_DEFAULTS,
      lightBarrier: { pin: 1, brokenWhen: "low" },
      weakestDbm: -55,
    });
    expect(readPortalSettings({ lightBarrier: null, silenceMs: 400 })).toMatchObject({
      lightBarrier: null,
      silenceMs: 400,
    });
  });

  it.each([
    { lightBarrier: "none" },
    { lightBarrier: { pin: "1" } },
    { lightBarrier: { brokenWhen: "HIGH" } },
    { silenceMs: 0 },
    { silenceMs: "1000" },
    { weakestDbm: 3 },
    { longestMs: null },
  ])("are refused as %j", (settings) => {
    expect(() => readPortalSettings(settings)).toThrow(MalformedMessage);
  });
});
