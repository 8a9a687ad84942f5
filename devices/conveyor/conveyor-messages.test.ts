import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { handlingUnitNumber } from "../../orders/handling-unit.ts";
import { MalformedMessage } from "../mqtt/json-reader.ts";
import { deviceTopic, parseTopic } from "../mqtt/topics.ts";
import { licencePlate, parseConveyorEvent, parseStatus } from "./conveyor-messages.ts";

const SCAN = {
  bootId: "b",
  seq: 3,
  from: 2,
  ts: "2026-01-01T00:00:00.000Z",
  scanPointId: "s",
  barcodes: ["x"],
};

describe("conveyor events", () => {
  it("are read", () => {
    expect(parseConveyorEvent(Buffer.from(JSON.stringify(SCAN)), "scan")).toEqual({
      kind: "scan",
      bootId: "b",
      seq: 3,
      from: 2,
      atMs: Date.UTC(2026, 0, 1),
      scanPointId: "s",
      barcodes: ["x"],
    });
  });

  it.each([
    ["a sequence beyond what a number holds", { ...SCAN, seq: 2 ** 53 }, "number_out_of_range"],
    ["a negative sequence", { ...SCAN, seq: -1 }, "number_out_of_range"],
    ["no boot", { ...SCAN, bootId: undefined }, "invalid_message"],
    ["control characters", { ...SCAN, bootId: "a\u0000b" }, "invalid_message"],
    ["half a surrogate pair", { ...SCAN, bootId: "a\ud800b" }, "invalid_message"],
    ["barcodes that are not texts", { ...SCAN, barcodes: [1] }, "invalid_message"],
    ["a barcode that no symbol holds", { ...SCAN, barcodes: ["1".repeat(7_090)] }, "invalid_message"],
  ])("with %s are refused", (_name, message, code) => {
    expect(() => parseConveyorEvent(Buffer.from(JSON.stringify(message)), "scan")).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it.each([
    ["a counter that has wrapped to 0", { ...SCAN, seq: 0, from: 0 }],
    ["an outbox from before the counter wrapped", { ...SCAN, seq: 1, from: 65_535 }],
  ])("of %s are read", (_name, message) => {
    expect(parseConveyorEvent(Buffer.from(JSON.stringify(message)), "scan")).toMatchObject({
      seq: message.seq,
      from: message.from,
    });
  });

  it("never fail otherwise than as malformed, whatever comes", () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .tuple(fc.constantFrom(...Object.keys(SCAN)), fc.jsonValue())
        .map(([key, value]) => Buffer.from(JSON.stringify({ ...SCAN, [key]: value }))),
    );
    fc.assert(
      fc.property(anything, fc.constantFrom("scan", "divert", "recirculation"), (bytes, kind) => {
        for (const parse of [() => parseConveyorEvent(bytes, kind), () => parseStatus(bytes)]) {
          try {
            parse();
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedMessage);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a licence plate", () => {
  const plate = handlingUnitNumber(42);

  it.each([
    plate,
    `00${plate}`,
    `]C100${plate}10LOT7\u001d3712`,
    `https://id.gs1.org/00/${plate}`,
    `(00)${plate}`,
    `]C100${plate}`,
  ])("is found in %s", (barcode) => {
    expect(licencePlate(["9780201379624", barcode, barcode])).toEqual({ lpn: plate });
  });

  it("is not made of a wrong check digit, and not chosen between two", () => {
    const wrong = `${plate.slice(0, 17)}${(Number(plate.at(-1)) + 1) % 10}`;
    expect(licencePlate([wrong])).toBe("no_read");
    expect(licencePlate([plate, handlingUnitNumber(43)])).toBe("multi_read");
  });
});

describe("topics", () => {
  it("are parsed back to what they were built from", () => {
    expect(parseTopic("vda5050/v3/orbit/r:1/state")).toEqual({
      family: "robot",
      root: "vda5050/v3/orbit/r:1",
      deviceId: "r:1",
      kind: "state",
    });
    expect(parseTopic(deviceTopic("fc", "a", "c1", "evt/scan"))).toEqual({
      family: "conveyor",
      site: "fc",
      area: "a",
      deviceId: "c1",
      kind: "scan",
    });
  });

  it("of nobody's are unknown, and none throws", () => {
    expect(parseTopic("uagv/v2/m/s/visualization")).toBeUndefined();
    expect(parseTopic("zebra//data")).toBeUndefined();
    expect(parseTopic("$SYS/x")).toBeUndefined();
    fc.assert(
      fc.property(fc.string(), (topic) => {
        parseTopic(topic);
      }),
    );
  });
});
