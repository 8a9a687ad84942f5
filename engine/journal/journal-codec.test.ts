import fc from "fast-check";
import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { type EventDetail, STOCK_EVENT_TYPES, type StockEvent } from "../../actors/position/events.ts";
import { decodeEntries, encodeBlob, encodeEntries, type JournalBlob } from "./journal-codec.ts";
import type { LaneBlob } from "./lane-journal.ts";

const text = fc.oneof(fc.constant(""), fc.string({ unit: "binary", maxLength: 40 }));
const units = fc.integer({ min: -2_147_483_647, max: 2_147_483_647 });
const time = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4_102_444_800_000 }));

const detail: fc.Arbitrary<EventDetail> = fc.record({
  reference: text,
  variant: text,
  units,
  discrepancy: units,
  priority: units,
  dueAtMs: time,
  otherLocationId: text,
  unavailableReason: text,
  lots: fc.array(
    fc.record({
      lot: text,
      expiresAtMs: time,
      onHand: units,
      reserved: units,
      allocated: units,
      picked: units,
      unavailable: units,
      incoming: units,
    }),
    { maxLength: 3 },
  ),
  serials: fc.array(
    fc.record({
      serial: text,
      to: fc.constantFrom("stocked", "set-apart", "picked", "in-transit", "gone"),
    }),
    { maxLength: 3 },
  ),
});

const event: fc.Arbitrary<StockEvent> = fc.record({
  type: fc.constantFrom(...STOCK_EVENT_TYPES),
  sku: text,
  locationId: text,
  commandId: text,
  fingerprint: fc.nat(2 ** 48 - 1),
  atMs: time,
  cause: text,
  onHand: units,
  reserved: units,
  allocated: units,
  picked: units,
  unavailable: units,
  safetyStock: units,
  hold: fc.constantFrom("none", "opened", "changed"),
  holdId: text,
  orderId: text,
  lineId: text,
  expiresAtMs: time,
  reason: text,
  detail: text,
  incoming: units,
  fenced: units,
  pool: text,
  more: fc.option(detail),
});

const lanes: fc.Arbitrary<LaneBlob | null> = fc.option(
  fc.record({ names: fc.array(text, { maxLength: 3 }), records: fc.uint8Array({ maxLength: 60 }) }),
);

const blob: fc.Arbitrary<JournalBlob> = fc.record({
  nowMs: time,
  events: fc.array(event, { maxLength: 5 }),
  lanes,
});

const encoded = ({ nowMs, events, lanes }: JournalBlob) => encodeBlob(nowMs, events, lanes);

/** MessagePack reads bytes as a Buffer; only their values count. */
const plain = (blobs: readonly JournalBlob[]) =>
  blobs.map((each) => ({
    ...each,
    lanes: each.lanes && { names: each.lanes.names, records: [...each.lanes.records] },
  }));

const RECEIVED: StockEvent = {
  type: "stock-received",
  sku: "A",
  locationId: "east",
  commandId: "c-1",
  fingerprint: 7,
  atMs: 1_700_000_000_000,
  cause: "delivery",
  onHand: 3,
  reserved: 0,
  allocated: 0,
  picked: 0,
  unavailable: 0,
  safetyStock: 0,
  hold: "none",
  holdId: "",
  orderId: "",
  lineId: "",
  expiresAtMs: 0,
  reason: "",
  detail: "",
  incoming: 0,
  fenced: 0,
  pool: "",
  more: null,
};

describe("the journal's bytes", () => {
  it("give back every event and lane record of every batch, in order", () => {
    fc.assert(
      fc.property(fc.array(blob, { maxLength: 4 }), (blobs) => {
        expect(plain(decodeEntries(encodeEntries(blobs.map(encoded))))).toEqual(plain(blobs));
      }),
    );
  });

  it("are the same for the same batch, whatever was encoded before: the hash chain needs it", () => {
    fc.assert(
      fc.property(blob, blob, (first, other) => {
        const before = Buffer.from(encoded(first));
        encoded(other);
        expect(Buffer.compare(before, encoded(first))).toBe(0);
      }),
    );
  });

  it("are in memory of their own, so that the next batch cannot write over them", () => {
    const first = encodeBlob(1, [RECEIVED], null);
    const copy = Uint8Array.from(first);
    encodeBlob(2, [{ ...RECEIVED, sku: "B".repeat(500) }], null);
    expect(first).toEqual(copy);
    expect(first.buffer.byteLength).toBe(first.length);
  });

  it("stay as they are: stored journals are read by every later version", () => {
    expect(Buffer.from(encodeEntries([encodeBlob(5, [RECEIVED], null)])).toString("hex")).toBe(
      "02920591dc001200a141a465617374a3632d3107cb4278bcfe56800000a864656c69766572790300000000" +
        "0000a0a0a000",
    );
  });
});

describe("an event as an array", () => {
  const packer = new Packr({ useRecords: false, bundleStrings: false });
  const fieldsOf = (stored: StockEvent): readonly unknown[] => {
    const [, events] = packer.unpack(encodeBlob(0, [stored], null)) as [number, readonly unknown[][]];
    return events[0] ?? [];
  };
  const rowOf = (fields: readonly unknown[]) => encodeEntries([Uint8Array.from(packer.pack([0, [fields]]))]);

  it("leaves out its last fields while they are empty", () => {
    expect(fieldsOf(RECEIVED)).toHaveLength(18);
    expect(fieldsOf({ ...RECEIVED, incoming: 2 })).toHaveLength(21);
    expect(fieldsOf({ ...RECEIVED, pool: "web" })).toHaveLength(23);
  });

  it("gets defaults for the fields that an older writer did not know", () => {
    const [read] = decodeEntries(rowOf(fieldsOf(RECEIVED)));
    expect(read?.events).toEqual([RECEIVED]);
  });

  it("is refused where its type, its hold's change or its serial's place is not known", () => {
    const fields = fieldsOf(RECEIVED);
    expect(() => decodeEntries(rowOf([99, ...fields.slice(1)]))).toThrow("event type 99 is not known");
    expect(() => decodeEntries(rowOf(fields.with(13, 9)))).toThrow("is not known");
    const moved = { ...RECEIVED, more: { ...DETAIL, serials: [{ serial: "s-1", to: "gone" as const }] } };
    const more = fieldsOf(moved)[23] as readonly unknown[];
    expect(() => decodeEntries(rowOf(fieldsOf(moved).with(23, more.with(9, [["s-1", 9]]))))).toThrow(
      "serial s-1 went to 9, which is not known",
    );
  });

  const DETAIL: EventDetail = {
    reference: "",
    variant: "",
    units: 0,
    discrepancy: 0,
    priority: 0,
    dueAtMs: 0,
    otherLocationId: "",
    unavailableReason: "",
    lots: [],
    serials: [],
  };
});

describe("a journal row", () => {
  it("of a version that is not known is refused by name", () => {
    for (const version of [0, 3, 255]) {
      expect(() => decodeEntries(Uint8Array.of(version))).toThrow(`journal version ${version} is not known`);
    }
  });

  it("of no batches holds nothing", () => {
    expect(decodeEntries(encodeEntries([]))).toEqual([]);
  });
});
