/**
 * Reservations of a shard as they stand in its snapshot: their number, then a record of a few bytes each.
 *
 * A record's first byte says which of its fields are the same as in the record before it; only the other
 * fields follow. The open ones come in the order of lane and number, so most of their records are a byte or
 * two.
 */
import type { ReservationRecord } from "../../actors/lanes/reservation-table.ts";
import { FieldReader, FieldWriter, unzigzag, zigzag } from "../journal/compact-fields.ts";

const SAME_LANE = 1;
/** The number is that of the record before it plus 1. */
const NEXT_NUMBER = 1 << 1;
const SAME_POSITION = 1 << 2;
const SAME_EXPIRES_IN = 1 << 3;
const SAME_TIME = 1 << 4;
/** Quantities from 1 to 3 stand in the first byte itself; 0: the quantity follows. */
const QUANTITY_SHIFT = 6;
const MAX_SHORT_QUANTITY = 3;
/** Bytes of the longest record: its first byte, five fields and a time. */
const MAX_RECORD = 1 + 5 * 5 + 8;

/** @param count how many `records` there are */
export function packReservations(records: Iterable<ReservationRecord>, count: number): Uint8Array {
  const fields = new FieldWriter(64 + 2 * count);
  fields.field(count);
  let lane = 0;
  let number = 0;
  let position = 0;
  let expiresInMs = 0;
  let timeBefore = 0;
  for (const record of records) {
    const step = (record.number - number) | 0;
    const { quantity } = record;
    const time = timeOf(record);
    fields.reserve(MAX_RECORD);
    fields.byte(
      (record.lane === lane ? SAME_LANE : 0) |
        (step === 1 ? NEXT_NUMBER : 0) |
        (record.position === position ? SAME_POSITION : 0) |
        (record.expiresInMs === expiresInMs ? SAME_EXPIRES_IN : 0) |
        (time === timeBefore ? SAME_TIME : 0) |
        (quantity <= MAX_SHORT_QUANTITY ? quantity << QUANTITY_SHIFT : 0),
    );
    if (record.lane !== lane) fields.field(record.lane);
    if (step !== 1) fields.field(zigzag(step));
    if (record.position !== position) fields.field(record.position);
    if (quantity > MAX_SHORT_QUANTITY || quantity === 0) fields.field(quantity);
    if (record.expiresInMs !== expiresInMs) fields.field(record.expiresInMs);
    if (time !== timeBefore) fields.wide(time);
    ({ lane, number, position, expiresInMs } = record);
    timeBefore = time;
  }
  return fields.take();
}

/** Throws while reading, unless `packReservations` has written `records`. */
export function unpackReservations(bytes: Uint8Array): {
  readonly count: number;
  readonly records: Iterable<ReservationRecord>;
} {
  const fields = new FieldReader(bytes);
  const count = fields.field();
  return { count, records: read(fields, count) };
}

function* read(fields: FieldReader, count: number): Generator<ReservationRecord> {
  let lane = 0;
  let number = 0;
  let position = 0;
  let expiresInMs = 0;
  let time = 0;
  for (let index = 0; index < count; index += 1) {
    const head = fields.byte();
    if ((head & SAME_LANE) === 0) lane = fields.field();
    const step = (head & NEXT_NUMBER) === 0 ? unzigzag(fields.field()) : 1;
    number = (number + step) >>> 0;
    if ((head & SAME_POSITION) === 0) position = fields.field();
    const quantity = head >>> QUANTITY_SHIFT || fields.field();
    if ((head & SAME_EXPIRES_IN) === 0) expiresInMs = fields.field();
    if ((head & SAME_TIME) === 0) time = fields.wide();
    yield { lane, number, position, quantity, expiresInMs, expiresAtMs: time, closedAtSeconds: time };
  }
  if (!fields.isAtEnd) throw new Error("there are more reservations than were counted");
}

/** For an open one the time of its expiry, for a closed one the time of its closing. */
function timeOf(record: ReservationRecord): number {
  return record.expiresAtMs === 0 ? record.closedAtSeconds : record.expiresAtMs;
}
