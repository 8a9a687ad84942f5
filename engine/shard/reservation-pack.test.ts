import fc from "fast-check";
import { expect, test } from "vitest";
import type { ReservationRecord } from "../../actors/lanes/reservation-table.ts";
import { packReservations, unpackReservations } from "./reservation-pack.ts";

const time = fc.oneof(fc.nat(5), fc.constantFrom(1_795_441_137_747, 2 ** 53 - 1));

const record: fc.Arbitrary<ReservationRecord> = fc
  .record({
    lane: fc.oneof(fc.nat(3), fc.nat(2 ** 24 - 1)),
    number: fc.oneof(fc.nat(20), fc.nat(2 ** 32 - 1)),
    position: fc.oneof(fc.nat(3), fc.nat(2 ** 27)),
    quantity: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 2 ** 28 - 1 })),
    expiresInMs: fc.constantFrom(0, 600_000, 2 ** 31 - 1),
    time,
  })
  .map(({ time: both, ...rest }) => ({ ...rest, expiresAtMs: both, closedAtSeconds: both }));

test("reservations are read back as they were packed, in their order", () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 60 }), (records) => {
      const { count, records: unpacked } = unpackReservations(packReservations(records, records.length));
      expect(count).toBe(records.length);
      expect([...unpacked]).toEqual(records);
    }),
  );
});

test("bytes that hold fewer or more reservations than they say are refused", () => {
  const one = { lane: 1, number: 7, position: 3, quantity: 20, expiresInMs: 600_000, closedAtSeconds: 9 };
  const records = [1, 2, 3].map((step) => ({ ...one, number: 7 * step, expiresAtMs: 1_000 * step }));
  const packed = packReservations(records, 3);
  const read = (bytes: Uint8Array) => () => [...unpackReservations(bytes).records];
  expect(read(packed.subarray(0, -1))).toThrow("cut off");
  expect(read(Uint8Array.of(...packed, 0))).toThrow("more reservations");
});
