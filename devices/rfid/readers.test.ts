import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isBesideTheProject, readBesideTheProject } from "../../test-support/beside-the-project.ts";
import { MalformedMessage } from "../mqtt/json-reader.ts";
import { parseImpinj } from "./impinj.ts";
import { MOST_REPORT_BYTES } from "./reader-report.ts";
import { STRONG_DBM } from "./tag-events.ts";
import { parseZebra } from "./zebra.ts";

const TAG =
  '{"type":"CUSTOM","timestamp":"2025-01-02T03:04:05.678+0000","data":{"eventNum":1,"format":"epc","idHex":"3074257bf7194e4000001a85","antenna":1,"peakRssi":-50,"reads":1}}';
const READ = {
  kind: "tag",
  epc: "3074257BF7194E4000001A85",
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
    expect(parseZebra(Buffer.from(text))).toEqual({
      events: Array.from({ length: count }, () => READ),
      refused: [],
    });
  });

  it("give the level of every input and leave other management events out", () => {
    const gpi = (pin: number, state: string): string =>
      `{"type":"gpi","timestamp":"2025-01-02T03:04:05.678+0000","component":"RC","data":{"pin":${pin},"state":"${state}"}}`;
    const heartbeat = '{"type":"heartbeat","timestamp":"2025-01-02T03:04:05.678+0000","data":{"radio":{}}}';
    const bare = '{"type":"warning","timestamp":"2025-01-02T03:04:05.678+0000"}';
    expect(parseZebra(Buffer.from(gpi(1, "HIGH") + heartbeat + bare + gpi(2, "LOW")))).toEqual({
      events: [
        { kind: "input", pin: 1, isHigh: true, atMs: READ.atMs },
        { kind: "input", pin: 2, isHigh: false, atMs: READ.atMs },
      ],
      refused: [],
    });
  });

  it.each([
    ["neither JSON nor objects", "x"],
    ["cut off in the first object", TAG.slice(0, -1)],
    ["too large", `[${" ".repeat(MOST_REPORT_BYTES)}]`],
  ])("are refused whole: %s", (_name, text) => {
    expect(() => parseZebra(Buffer.from(text))).toThrow(MalformedMessage);
  });

  it.each([
    ["an EPC that is no hex", `[${TAG},${TAG.replace("3074257bf7194e4000001a85", "ABC")}]`],
    ["a signal strength that is a text", `[${TAG},${TAG.replace("-50", '"-50"')}]`],
    ["no time", `[${TAG},${TAG.replace('"timestamp"', '"time"')}]`],
    ["an entry that is no object", `[${TAG},7]`],
    ["something between the objects", `${TAG}x`],
    ["an end that is cut off", `${TAG}${TAG.slice(0, -1)}`],
    ["an array that is cut off", `[${TAG},${TAG.slice(0, 40)}`],
    ["an object that is no JSON", `${TAG}{"data":}`],
  ])("lose only the one entry that has %s", (_name, text) => {
    const { events, refused } = parseZebra(Buffer.from(text));
    expect(events).toEqual([READ]);
    expect(refused).toHaveLength(1);
  });

  it("may have tags without an EPC, which are nobody's", () => {
    const text = `[${TAG},${TAG.replace("3074257bf7194e4000001a85", "")}]`;
    expect(parseZebra(Buffer.from(text))).toEqual({ events: [READ], refused: [] });
  });

  it("may hold a thousand reads with everything that a reader adds", () => {
    const rich = JSON.parse(TAG);
    Object.assign(rich.data, { CRC: "3D2E", PC: "3000", TID: "E28011702000", channel: 915.25, phase: 12.5 });
    const text = `[${Array.from({ length: 1_000 }, () => JSON.stringify(rich)).join(",")}]`;
    expect(text.length).toBeGreaterThan(200_000);
    expect(parseZebra(Buffer.from(text)).events).toHaveLength(1_000);
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
    expect(parseImpinj(Buffer.from(text))).toEqual({ events: [READ, READ], refused: [] });
  });

  it("are read from lines", () => {
    const text = `${event({ epcHex: READ.epc })}\r\n${event({ epcHex: READ.epc })}\r\n`;
    expect(parseImpinj(Buffer.from(text))).toEqual({ events: [READ, READ], refused: [] });
  });

  it("count as heard well where the reader does not say how strongly", () => {
    const text = event({ epcHex: READ.epc, peakRssiCdbm: undefined });
    expect(parseImpinj(Buffer.from(text)).events).toEqual([{ ...READ, rssiDbm: STRONG_DBM }]);
  });

  it("lose only the tag that cannot be read, and none for an EPC of no length", () => {
    const good = event({ epcHex: READ.epc });
    const text = `[${event({ epc: "" })},${event({ epc: "?" })},${good},${event({})}]`;
    const { events, refused } = parseImpinj(Buffer.from(text));
    expect(events).toEqual([READ]);
    expect(refused).toHaveLength(2);
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

/** One valid message of each kind, and how its reader reads it. */
const VALID = [
  { parse: parseZebra, message: JSON.parse(TAG) },
  {
    parse: parseZebra,
    message: {
      type: "gpi",
      timestamp: "2025-01-02T03:04:05.678+0000",
      component: "RC",
      eventNum: 7,
      data: { pin: 1, state: "HIGH" },
    },
  },
  {
    parse: parseImpinj,
    message: {
      timestamp: "2025-01-02T03:04:05.678Z",
      hostname: "impinj-01-23-45",
      eventType: "tagInventory",
      tagInventoryEvent: {
        epc: Buffer.from(READ.epc, "hex").toString("base64"),
        epcHex: READ.epc,
        antennaPort: 1,
        antennaName: "left",
        peakRssiCdbm: -5000,
        frequency: 915_250,
        transmitPowerCdbm: 3000,
        lastSeenTime: "2025-01-02T03:04:05.678Z",
      },
    },
  },
  {
    parse: parseImpinj,
    message: {
      timestamp: "2025-01-02T03:04:05.678Z",
      eventType: "gpiTransition",
      gpiTransitionEvent: { gpi: 1, transition: "low-to-high" },
    },
  },
] as const;

const MUTATIONS: readonly [string, unknown][] = [
  ["absent", undefined],
  ["null", null],
  ["a boolean", true],
  ["zero", 0],
  ["a huge number", 1e308],
  ["a negative number", -1e308],
  ["a fraction", 0.5],
  ["an empty text", ""],
  ["a huge text", "A".repeat(100_000)],
  ["control characters", "\u0000\u001b[2J\r\n"],
  ["half of a surrogate pair", "\ud800"],
  ["an array", []],
  ["a deep array", JSON.parse(`${"[".repeat(500)}${"]".repeat(500)}`)],
  ["an object", {}],
  ["an object with a prototype", JSON.parse('{"__proto__":{"pin":1}}')],
];

/** Every copy of `value` in which one field, at any depth, is `to`. */
function mutated(value: unknown, to: unknown): readonly unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    { ...value, [key]: to },
    ...mutated(inner, to).map((changed) => ({ ...value, [key]: changed })),
  ]);
}

describe("whatever field of a valid message is spoiled", () => {
  it.each(MUTATIONS)("by %s, the entries beside it are read and nothing is thrown", (_, to) => {
    for (const { parse, message } of VALID) {
      const good = parse(Buffer.from(JSON.stringify(message))).events;
      expect(good).toHaveLength(1);
      for (const spoiled of mutated(message, to)) {
        const text = `[${JSON.stringify(message)},${JSON.stringify(spoiled)},${JSON.stringify(message)}]`;
        const { events, refused } = parse(Buffer.from(text));
        expect(events[0]).toEqual(good[0]);
        expect(events.at(-1)).toEqual(good[0]);
        expect(events.length + refused.length).toBeLessThanOrEqual(3);
      }
    }
  });
});

const recorded = (name: string) => `cases/devices/${name}`;

describe.skipIf(!isBesideTheProject(recorded("p-empty-epc.json")))(
  "messages that once lost a passage",
  () => {
    it.each([
      ["an empty EPC", parseZebra, "p-empty-epc.json", 1],
      ["no signal strength", parseImpinj, "p-impinj-no-rssi.json", 1],
      ["lines", parseImpinj, "p-impinj-lines.txt", 2],
    ])("are read: %s", (_name, parse, file, count) => {
      const { events, refused } = parse(Buffer.from(readBesideTheProject(recorded(file))));
      expect(events).toHaveLength(count);
      expect(refused).toEqual([]);
    });
  },
);
