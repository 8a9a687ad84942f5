import fc from "fast-check";
import { expect, test } from "vitest";
import { LANE_RECORD, LaneJournal, readLaneBlob } from "./lane-journal.ts";

type Operation = {
  readonly kind: number;
  readonly lane: string;
  readonly atMs: number;
  readonly number: number;
  readonly ordinal: number;
  readonly quantity: number;
  readonly expiresInMs: number;
};

/** Every lane operation with the number of events that came before it, as it was written. */
type Told = Operation & { readonly events: number };

function write(journal: LaneJournal, { kind, lane, atMs, events, ...rest }: Told): void {
  const { number, ordinal, quantity, expiresInMs } = rest;
  if (kind === LANE_RECORD.expire) journal.expired(lane, events, number, ordinal, quantity);
  else journal.operation(kind, lane, atMs, events, number, ordinal, quantity, expiresInMs);
}

function readBack(journal: LaneJournal): readonly Told[] {
  const blob = journal.take();
  if (blob === null) return [];
  const told: Told[] = [];
  let events = 0;
  readLaneBlob(blob, {
    after: (before) => {
      events = before;
    },
    operation: (kind, place, number, ordinal, quantity, expiresInMs, atMs) => {
      const lane = blob.names[place] ?? "";
      told.push({ kind, lane, atMs, number, ordinal, quantity, expiresInMs, events });
    },
  });
  return told;
}

/** Small and large ones, and those that follow each other. */
const number = fc.oneof(fc.nat(20), fc.nat(2 ** 32 - 1), fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1));
const operation: fc.Arbitrary<Told> = fc
  .record({
    kind: fc.constantFrom(LANE_RECORD.reserve, LANE_RECORD.release, LANE_RECORD.extend, LANE_RECORD.expire),
    lane: fc.constantFrom("a", "b", "c"),
    atMs: fc.oneof(fc.nat(3), fc.constantFrom(1_795_441_137_747, 2 ** 53 - 1)),
    number,
    ordinal: fc.oneof(fc.nat(3), fc.nat(2 ** 27)),
    quantity: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2 ** 28 - 1 })),
    expiresInMs: fc.constantFrom(0, 600_000, 2 ** 31 - 1),
    events: fc.nat(300),
  })
  // What a record has no place for: a release no expiry, an expiry neither that nor a time.
  .map((told) => ({
    ...told,
    expiresInMs: told.kind === LANE_RECORD.release || told.kind === LANE_RECORD.expire ? 0 : told.expiresInMs,
    atMs: told.kind === LANE_RECORD.expire ? 0 : told.atMs,
  }));

test("every lane operation is read back as it was written, batch after batch, with the events before it", () => {
  const journal = new LaneJournal();
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      for (const told of operations) write(journal, told);
      expect(readBack(journal)).toEqual(operations);
      expect(journal.isEmpty).toBe(true);
    }),
  );
});

test("a reservation like the one before it takes a byte", () => {
  const journal = new LaneJournal();
  const reserve = (next: number) =>
    journal.operation(LANE_RECORD.reserve, "lane", 1_795_441_137_747, 0, next, 4_711, 2, 600_000);
  reserve(70_000);
  const first = journal.take()?.records.length ?? 0;
  for (let next = 70_000; next < 71_000; next += 1) reserve(next);
  expect(journal.take()?.records.length).toBe(first + 999);
});

test("records that are cut off or of an unknown kind are not taken for others", () => {
  const journal = new LaneJournal();
  journal.operation(LANE_RECORD.reserve, "lane", 1_795_441_137_747, 3, 70_000, 4_711, 20_000, 600_000);
  const blob = journal.take();
  if (blob === null) throw new Error("nothing was written");
  const read = (records: Uint8Array) => () =>
    readLaneBlob({ names: blob.names, records }, { after: () => {}, operation: () => {} });
  const ends = new Set<number>();
  readLaneBlob(blob, { after: () => ends.add(0), operation: () => ends.add(1) });
  expect(ends.size).toBe(2);
  const last = blob.records.length - 1;
  expect(read(blob.records.subarray(0, last))).toThrow("cut off");
  expect(read(Uint8Array.of(7))).toThrow("kind 7");
  expect(read(Uint8Array.of(LANE_RECORD.after, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))).toThrow("32 bits");
});
