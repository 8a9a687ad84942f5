/**
 * How a batch's lane operations stand in its journal blob: the names of the lanes that occur, then records of 16 bytes.
 *
 * A record has the words of an operation, with the position's ordinal in place of its handle. Two kinds of record say
 * what holds from there on: `run` gives the lane and the edge's time, `after` the number of the blob's events that
 * came before, so that events and operations are replayed in the very order in which they happened.
 */

export const LANE_RECORD = {
  /** number, ordinal, quantity, expiresInMs. */
  reserve: 0,
  /** number, ordinal, quantity given back. */
  release: 1,
  /** number, ordinal, quantity held, expiresInMs from now on. */
  extend: 2,
  /** number, ordinal, quantity given back, lane. */
  expire: 3,
  /** lane, lower and (in the third word) upper half of the edge's time. */
  run: 14,
  /** events before. */
  after: 15,
} as const;

export const RECORD_WORDS = 4;
const QUANTITY_MASK = 0x0fff_ffff;

/** Lanes of a blob: names, by their place in it, and the records. */
export type LaneBlob = { readonly names: readonly string[]; readonly records: Uint8Array };

/** Whoever reads a blob's records, in order. `lane` is a place in the blob's names. */
export type LaneReader = {
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

/** Gathers the records of one batch. The array grows to the largest batch and is used again. */
export class LaneJournal {
  private words = new Int32Array(RECORD_WORDS * 1024);
  private length = 0;
  private names: string[] = [];
  private readonly places = new Map<string, number>();
  private runLane = "";
  private runAtMs = -1;
  private eventsBefore = 0;

  get isEmpty(): boolean {
    return this.length === 0;
  }

  /** A record of the lane's own operation at the edge's time `atMs`, after `events` of the batch's events. */
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
      this.push(this.placeOf(lane), atMs | 0, (LANE_RECORD.run << 28) | Math.floor(atMs / 2 ** 32), 0);
    }
    this.push(number, ordinal, (kind << 28) | quantity, expiresInMs);
  }

  expired(lane: string, events: number, number: number, ordinal: number, quantity: number): void {
    if (events !== this.eventsBefore) this.after(events);
    this.push(number, ordinal, (LANE_RECORD.expire << 28) | quantity, this.placeOf(lane));
  }

  /** What was gathered; begins anew. The records are good until the next batch writes its first one. */
  take(): LaneBlob | null {
    if (this.length === 0) return null;
    const blob = { names: this.names, records: new Uint8Array(this.words.buffer, 0, 4 * this.length) };
    this.length = 0;
    this.names = [];
    this.places.clear();
    this.runLane = "";
    this.runAtMs = -1;
    this.eventsBefore = 0;
    return blob;
  }

  private after(events: number): void {
    this.eventsBefore = events;
    this.push(events, 0, LANE_RECORD.after << 28, 0);
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

  private push(first: number, second: number, third: number, fourth: number): void {
    const at = this.length;
    if (at + RECORD_WORDS > this.words.length) {
      const words = new Int32Array(2 * this.words.length);
      words.set(this.words);
      this.words = words;
    }
    const { words } = this;
    words[at] = first;
    words[at + 1] = second;
    words[at + 2] = third;
    words[at + 3] = fourth;
    this.length = at + RECORD_WORDS;
  }
}

export function readLaneBlob(blob: LaneBlob, reader: LaneReader): void {
  const words = wordsOf(blob.records);
  let lane = -1;
  let atMs = 0;
  for (let at = 0; at + RECORD_WORDS <= words.length; at += RECORD_WORDS) {
    const third = words[at + 2] as number;
    const kind = third >>> 28;
    const first = (words[at] as number) >>> 0;
    const second = words[at + 1] as number;
    const fourth = words[at + 3] as number;
    switch (kind) {
      case LANE_RECORD.reserve:
      case LANE_RECORD.release:
      case LANE_RECORD.extend:
        reader.operation(kind, lane, first, second, third & QUANTITY_MASK, fourth, atMs);
        break;
      case LANE_RECORD.expire:
        reader.operation(kind, fourth, first, second, third & QUANTITY_MASK, 0, 0);
        break;
      case LANE_RECORD.run:
        lane = first;
        atMs = (third & QUANTITY_MASK) * 2 ** 32 + (second >>> 0);
        break;
      case LANE_RECORD.after:
        reader.after(first);
        break;
      default:
        throw new Error(`lane record kind ${kind} is not known`);
    }
  }
}

/** The bytes as words, copied only where they do not lie on a word's boundary. */
export function wordsOf(bytes: Uint8Array): Int32Array {
  // Not `slice`: that of a Buffer copies nothing.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Int32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / 4));
}
