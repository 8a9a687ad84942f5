/**
 * How a batch's lane operations stand in its journal blob: the names of the lanes that occur, then records of
 * a few bytes each.
 *
 * Lanes count up, and what they ask for in a batch is much alike. So a record's first byte says what it is
 * and which of its fields are as expected; only the other fields follow (`compact-fields.ts`). A reservation
 * on the same position as the one before it, with the next number and the same expiry, is that one byte,
 * where a lane operation has sixteen. That matters (`npm run bench`, processor time a million): every byte is
 * copied, hashed and written several times on its way to the disk and back.
 *
 * Two kinds of record say what holds from there on. `run` gives the lane and the edge's time. `after` gives
 * the number of the blob's events that came before, so that events and lane operations are replayed in the
 * very order in which they happened.
 */
import { FieldReader, FieldWriter, unzigzag, zigzag } from "./compact-fields.ts";

/** The lower three bits of a record's first byte. */
export const LANE_RECORD = {
  /** number, ordinal, quantity, expiresInMs. */
  reserve: 0,
  /** number, ordinal, quantity given back. */
  release: 1,
  /** number, ordinal, quantity held, expiresInMs from now on. */
  extend: 2,
  /** number, ordinal, quantity given back, lane. */
  expire: 3,
  /** lane, the edge's time. */
  run: 4,
  /** The number of events before what follows. */
  after: 5,
} as const;

const KIND_MASK = 7;
/** The number is the last one of its kind plus 1. Reservations are one kind, everything else is the other. */
const NEXT_NUMBER = 1 << 3;
const SAME_ORDINAL = 1 << 4;
/** The fourth field, expiry or lane, is the same as in the last lane operation. */
const SAME_FOURTH = 1 << 5;
/** Quantities from 1 to 3 stand in the first byte itself; 0: the quantity follows. */
const QUANTITY_SHIFT = 6;
const MAX_SHORT_QUANTITY = 3;
/** Bytes of the longest record: its first byte and four fields. */
const MAX_RECORD = 1 + 4 * 5;

/** Lanes of a blob: names, by their place in it, and the records. */
export type LaneBlob = { readonly names: readonly string[]; readonly records: Uint8Array };

/** What reads a blob's records, in order. `lane` is a place in the blob's names. */
type LaneReader = {
  /** What follows happened after the first `events` of the blob's events. */
  after(events: number): void;
  operation(
    kind: number,
    lane: number,
    number: number,
    ordinal: number,
    quantity: number,
    expiresInMs: number,
    atMs: number,
  ): void;
};

/** Gathers the records of one batch. */
export class LaneJournal {
  private readonly fields = new FieldWriter(16 * 1024);
  private names: string[] = [];
  private readonly places = new Map<string, number>();
  private runLane = "";
  private runAtMs = -1;
  private eventsBefore = 0;
  private lastReserved = 0;
  private lastOther = 0;
  private lastOrdinal = 0;
  private lastFourth = 0;

  get isEmpty(): boolean {
    return this.fields.isEmpty;
  }

  /** A record of a lane operation at the edge's time `atMs`, after `events` of the batch's events. */
  operation(
    kind: number,
    lane: string,
    atMs: number,
    events: number,
    number: number,
    ordinal: number,
    quantity: number,
    expiresInMs: number,
  ): void {
    if (events !== this.eventsBefore) this.after(events);
    if (lane !== this.runLane || atMs !== this.runAtMs) {
      this.runLane = lane;
      this.runAtMs = atMs;
      this.begin(LANE_RECORD.run);
      this.fields.field(this.placeOf(lane));
      this.fields.wide(atMs);
    }
    this.push(kind, number, ordinal, quantity, expiresInMs);
  }

  expired(lane: string, events: number, number: number, ordinal: number, quantity: number): void {
    if (events !== this.eventsBefore) this.after(events);
    this.push(LANE_RECORD.expire, number, ordinal, quantity, this.placeOf(lane));
  }

  /**
   * Returns what was gathered, and begins anew. The records are valid until the next batch writes its first
   * one.
   */
  take(): LaneBlob | null {
    if (this.isEmpty) return null;
    const blob = { names: this.names, records: this.fields.take() };
    this.names = [];
    this.places.clear();
    this.runLane = "";
    this.runAtMs = -1;
    this.eventsBefore = 0;
    this.lastReserved = 0;
    this.lastOther = 0;
    this.lastOrdinal = 0;
    this.lastFourth = 0;
    return blob;
  }

  private after(events: number): void {
    this.eventsBefore = events;
    this.begin(LANE_RECORD.after);
    this.fields.field(events);
  }

  private placeOf(lane: string): number {
    let place = this.places.get(lane);
    if (place === undefined) {
      place = this.names.length;
      this.names.push(lane);
      this.places.set(lane, place);
    }
    return place;
  }

  private push(kind: number, number: number, ordinal: number, quantity: number, fourth: number): void {
    const isReserve = kind === LANE_RECORD.reserve;
    const step = (number - (isReserve ? this.lastReserved : this.lastOther)) | 0;
    if (isReserve) this.lastReserved = number;
    else this.lastOther = number;
    let head = kind;
    if (step === 1) head |= NEXT_NUMBER;
    if (ordinal === this.lastOrdinal) head |= SAME_ORDINAL;
    // A release has no fourth field; the record after it is likely to have the one before it.
    const sameFourth = kind === LANE_RECORD.release || fourth === this.lastFourth;
    if (sameFourth) head |= SAME_FOURTH;
    if (quantity <= MAX_SHORT_QUANTITY) head |= quantity << QUANTITY_SHIFT;
    this.begin(head);
    const { fields } = this;
    if (step !== 1) fields.field(zigzag(step));
    if (ordinal !== this.lastOrdinal) fields.field(ordinal);
    if (quantity > MAX_SHORT_QUANTITY || quantity === 0) fields.field(quantity);
    this.lastOrdinal = ordinal;
    if (sameFourth) return;
    fields.field(fourth);
    this.lastFourth = fourth;
  }

  private begin(head: number): void {
    this.fields.reserve(MAX_RECORD);
    this.fields.byte(head);
  }
}

/** Throws on bytes that are not records. */
export function readLaneBlob(blob: LaneBlob, reader: LaneReader): void {
  const fields = new FieldReader(blob.records);
  let lane = -1;
  let atMs = 0;
  let lastReserved = 0;
  let lastOther = 0;
  let ordinal = 0;
  let fourth = 0;
  while (!fields.isAtEnd) {
    const head = fields.byte();
    const kind = head & KIND_MASK;
    if (kind === LANE_RECORD.run) {
      lane = fields.field();
      atMs = fields.wide();
      continue;
    }
    if (kind === LANE_RECORD.after) {
      reader.after(fields.field());
      continue;
    }
    if (kind > LANE_RECORD.after) throw new Error(`lane record kind ${kind} is not known`);
    const isReserve = kind === LANE_RECORD.reserve;
    const step = (head & NEXT_NUMBER) === 0 ? unzigzag(fields.field()) : 1;
    const number = ((isReserve ? lastReserved : lastOther) + step) >>> 0;
    if (isReserve) lastReserved = number;
    else lastOther = number;
    if ((head & SAME_ORDINAL) === 0) ordinal = fields.field();
    const quantity = head >>> QUANTITY_SHIFT || fields.field();
    if ((head & SAME_FOURTH) === 0) fourth = fields.field();
    if (kind === LANE_RECORD.expire) reader.operation(kind, fourth, number, ordinal, quantity, 0, 0);
    else if (kind === LANE_RECORD.release) reader.operation(kind, lane, number, ordinal, quantity, 0, atMs);
    else reader.operation(kind, lane, number, ordinal, quantity, fourth, atMs);
  }
}
