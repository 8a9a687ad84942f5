import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_MESSAGE_BYTES, MalformedMessage } from "../mqtt/json-reader.ts";
import { unitTag } from "../simulators/tags.ts";
import { parseImpinj } from "./impinj.ts";
import { PORTAL_DEFAULTS, Portal } from "./portal.ts";
import type { ReaderEvent } from "./tag-events.ts";
import { countBySku } from "./verification.ts";
import { parseZebra } from "./zebra.ts";

const TAG =
  '{"type":"CUSTOM","timestamp":"2025-01-02T03:04:05.678+0000","data":{"eventNum":1,"format":"epc","idHex":"3074257bf7194e4000001a85","antenna":1,"peakRssi":-50,"reads":1}}';
const READ = {
  kind: "tag",
  epc: "3074257BF7194E4000001A85",
  antenna: 1,
  rssiDbm: -50,
  atMs: Date.UTC(2025, 0, 2, 3, 4, 5, 678),
};

describe("Zebra messages", () => {
  it.each([
    ["one object", TAG, 1],
    ["an array", `[${TAG},${TAG}]`, 2],
    ["objects run together", `${TAG}${TAG}${TAG}`, 3],
    ["objects on lines", `${TAG}\n${TAG}`, 2],
  ])("are read as %s", (_name, text, count) => {
    expect(parseZebra(Buffer.from(text))).toEqual(Array.from({ length: count }, () => READ));
  });

  it("give the light barrier's edges and leave other management events out", () => {
    const gpi = (state: string): string =>
      `{"type":"gpi","timestamp":"2025-01-02T03:04:05.678+0000","component":"RC","data":{"pin":1,"state":"${state}"}}`;
    const heartbeat = '{"type":"heartbeat","timestamp":"2025-01-02T03:04:05.678+0000","data":{"radio":{}}}';
    expect(parseZebra(Buffer.from(gpi("HIGH") + heartbeat + gpi("LOW"))).map((event) => event.kind)).toEqual([
      "tote-entered",
      "tote-left",
    ]);
  });

  it.each([
    ["cut off", TAG.slice(0, -1)],
    ["with something between", `${TAG}x${TAG}`],
    ["with a foreign id", TAG.replace("3074257bf7194e4000001a85", "ABC")],
    ["too large", `[${" ".repeat(MAX_MESSAGE_BYTES)}]`],
  ])("are refused %s", (_name, text) => {
    expect(() => parseZebra(Buffer.from(text))).toThrow(MalformedMessage);
  });
});

describe("Impinj messages", () => {
  const event = (tag: object): string =>
    JSON.stringify({
      timestamp: "2025-01-02T03:04:05.678901234Z",
      hostname: "impinj-01-23-45",
      eventType: "tagInventory",
      tagInventoryEvent: { antennaPort: 1, peakRssiCdbm: -5000, ...tag },
    });

  it("are read with hex and with base64 ids", () => {
    const base64 = Buffer.from(READ.epc, "hex").toString("base64");
    const text = `[${event({ epcHex: READ.epc })},${event({ epc: base64 })}]`;
    expect(parseImpinj(Buffer.from(text))).toEqual([READ, READ]);
  });

  it("never fail otherwise than as malformed, whatever comes, and nor do Zebra's", () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .array(fc.constantFrom(TAG, "{", "}", '"', "\\", "[", "]", ",", "x"))
        .map((parts) => Buffer.from(parts.join(""))),
      fc
        .jsonValue()
        .map((value) =>
          Buffer.from(JSON.stringify([{ ...JSON.parse(event({})), tagInventoryEvent: value }])),
        ),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        for (const parse of [parseZebra, parseImpinj]) {
          try {
            parse(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedMessage);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a portal", () => {
  const passage: readonly ReaderEvent[] = [
    { kind: "tote-entered", atMs: 1000 },
    { kind: "tag", epc: "AA", antenna: 1, rssiDbm: -40, atMs: 1100 },
    { kind: "tag", epc: "BB", antenna: 1, rssiDbm: -60, atMs: 1150 },
    { kind: "tag", epc: "AA", antenna: 2, rssiDbm: -50, atMs: 1160 },
    { kind: "tag", epc: "WEAK", antenna: 1, rssiDbm: -78, atMs: 1170 },
    { kind: "tote-left", atMs: 1200 },
  ];
  const next: readonly ReaderEvent[] = [
    { kind: "tote-entered", atMs: 1201 },
    { kind: "tag", epc: "CC", antenna: 1, rssiDbm: -40, atMs: 1250 },
    { kind: "tote-left", atMs: 1300 },
  ];
  const over = PORTAL_DEFAULTS.graceMs;

  it("keeps each tote's tags apart in whatever order and however often the messages come", () => {
    const all = [...passage, ...next];
    fc.assert(
      fc.property(fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length }), (events) => {
        const portal = new Portal();
        for (const event of events) portal.add(event, 0);
        const passages = portal.take(over);
        expect(passages.map(({ epcs }) => [...epcs].sort())).toEqual([["AA", "BB"], ["CC"]]);
        // The same messages once more are no further passages.
        for (const event of events) portal.add(event, over);
        expect(portal.take(over * 2)).toEqual([]);
      }),
    );
  });

  it("gives a passage out only after the grace time, or without its second edge after the longest time", () => {
    const portal = new Portal();
    for (const event of passage) portal.add(event, 0);
    expect(portal.take(over - 1)).toEqual([]);
    expect(portal.take(over)).toHaveLength(1);
    portal.add({ kind: "tote-entered", atMs: 5000 }, 5000);
    expect(portal.take(5000 + PORTAL_DEFAULTS.longestMs - 1)).toEqual([]);
    expect(portal.take(5000 + PORTAL_DEFAULTS.longestMs)).toEqual([{ enteredAtMs: 5000, epcs: [] }]);
  });
});

describe("counting by SKU", () => {
  it("counts serials, names strangers by GTIN and ignores what is no GTIN", () => {
    const ours = "09521234000013";
    const stranger = "09521234000020";
    const epcs = [unitTag(ours, "1"), unitTag(ours, "2"), unitTag(stranger, "1"), "E2801160"];
    expect(countBySku(epcs, new Map([[ours, "A"]]))).toEqual([
      { sku: "A", quantity: 2 },
      { sku: `GTIN ${stranger}`, quantity: 1 },
    ]);
  });
});
