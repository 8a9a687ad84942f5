/// <reference lib="es2024.sharedmemory" />
/**
 * A queue of byte messages from one thread to one other, in shared memory.
 *
 * Owns the bytes and the two cursors. Which side waits for the other, and what a message means, is left to
 * the mailbox.
 *
 * R1 One writer, one reader. Each moves its own cursor only, so there is nothing to lock.
 * R2 What lies between the cursors belongs to the reader, the rest to the writer. The writer publishes its
 *    cursor after the bytes that it covers, the reader its own after it has copied them out.
 * R3 A record is a header of 8 bytes (length, tag) and its bytes, padded to 8. It may wrap around the end;
 *    its header never does.
 *
 * The cursors count bytes ever written and read, modulo 2^32. Each has a cache line of its own. Each side
 * keeps a copy of the other's cursor and looks again only when that copy says "full" or "empty". Without
 * both, every message would cost each core a line taken from the other's cache.
 */

const CACHE_LINE_BYTES = 64;
const WRITE_CURSOR = 0;
const READ_CURSOR = CACHE_LINE_BYTES / 4;
const DATA_BYTES_FROM = 2 * CACHE_LINE_BYTES;
const HEADER_BYTES = 8;

/** In a header: the message goes on in the next record. */
const MORE = 0x8000_0000;

/**
 * Below this many bytes a loop is faster than `set`, which costs a call and a view: 16-byte messages ran
 * twice as fast.
 */
const SMALL_BYTES = 32;

/** @param capacity bytes, a power of two from 1 KiB to 1 GiB. */
export function createByteRing(capacity: number): SharedArrayBuffer {
  if (capacity < 1024 || capacity > 2 ** 30 || (capacity & (capacity - 1)) !== 0) {
    throw new RangeError(
      `a ring of ${capacity} bytes: the capacity is a power of two from 1,024 to 1,073,741,824`,
    );
  }
  return new SharedArrayBuffer(DATA_BYTES_FROM + capacity);
}

export class ByteRingWriter {
  readonly capacity: number;
  private readonly words: Int32Array;
  private readonly headers: Uint32Array;
  private readonly bytes: Uint8Array;
  private readonly mask: number;
  private position: number;
  private published: number;
  private readerSeenAt: number;

  constructor(ring: SharedArrayBuffer) {
    this.words = new Int32Array(ring, 0, DATA_BYTES_FROM / 4);
    this.headers = new Uint32Array(ring, DATA_BYTES_FROM);
    this.bytes = new Uint8Array(ring, DATA_BYTES_FROM);
    this.capacity = this.bytes.length;
    this.mask = this.capacity - 1;
    this.position = Atomics.load(this.words, WRITE_CURSOR);
    this.published = this.position;
    this.readerSeenAt = Atomics.load(this.words, READ_CURSOR);
  }

  /** Bytes that a single record may have now. */
  room(): number {
    this.readerSeenAt = Atomics.load(this.words, READ_CURSOR);
    return Math.max(0, this.capacity - ((this.position - this.readerSeenAt) >>> 0) - HEADER_BYTES);
  }

  /**
   * Appends `bytes[from, to)` as one record, which is seen once it is published. False: there is no room for
   * it now.
   *
   * @param tag 32 bits that the reader gets with the record.
   * @param more the message goes on in the next record.
   */
  write(tag: number, bytes: Uint8Array, from: number, to: number, more: boolean): boolean {
    const length = to - from;
    const size = sizeOfRecord(length);
    if (((this.position - this.readerSeenAt) >>> 0) + size > this.capacity) {
      this.readerSeenAt = Atomics.load(this.words, READ_CURSOR);
      if (((this.position - this.readerSeenAt) >>> 0) + size > this.capacity) return false;
    }
    const header = this.position & this.mask;
    this.headers[header >>> 2] = more ? length | MORE : length;
    this.headers[(header >>> 2) + 1] = tag;
    const at = (header + HEADER_BYTES) & this.mask;
    const untilEnd = this.capacity - at;
    if (length <= SMALL_BYTES && length <= untilEnd) {
      for (let index = 0; index < length; index += 1) this.bytes[at + index] = bytes[from + index] as number;
    } else if (length <= untilEnd) {
      this.bytes.set(bytes.subarray(from, to), at);
    } else {
      this.bytes.set(bytes.subarray(from, from + untilEnd), at);
      this.bytes.set(bytes.subarray(from + untilEnd, to), 0);
    }
    this.position = (this.position + size) | 0;
    return true;
  }

  /**
   * Shows the reader everything written so far and wakes it, if it sleeps. Called once a batch: it is the
   * costly part.
   */
  publish(): void {
    if (this.published === this.position) return;
    this.published = this.position;
    Atomics.store(this.words, WRITE_CURSOR, this.position);
    Atomics.notify(this.words, WRITE_CURSOR);
  }

  /** Ends a wait by `roomSoon` for good: its promise resolves. */
  wake(): void {
    Atomics.notify(this.words, READ_CURSOR);
  }

  /** Blocks this thread until the reader has read on. */
  waitForRoom(): void {
    Atomics.wait(this.words, READ_CURSOR, this.readerSeenAt);
  }

  /** Resolves once the reader has read on; `null`: it has already. */
  roomSoon(): Promise<unknown> | null {
    const wait = Atomics.waitAsync(this.words, READ_CURSOR, this.readerSeenAt);
    return wait.async ? wait.value : null;
  }
}

export class ByteRingReader {
  private readonly words: Int32Array;
  private readonly headers: Uint32Array;
  private readonly bytes: Uint8Array;
  private readonly mask: number;
  private position: number;
  private released: number;
  private writerSeenAt: number;
  /** Of the record read last: whether its message goes on in the next one. */
  more = false;
  /** Of the record read last. */
  tag = 0;

  constructor(ring: SharedArrayBuffer) {
    this.words = new Int32Array(ring, 0, DATA_BYTES_FROM / 4);
    this.headers = new Uint32Array(ring, DATA_BYTES_FROM);
    this.bytes = new Uint8Array(ring, DATA_BYTES_FROM);
    this.mask = this.bytes.length - 1;
    this.position = Atomics.load(this.words, READ_CURSOR);
    this.released = this.position;
    this.writerSeenAt = Atomics.load(this.words, WRITE_CURSOR);
  }

  /** A copy of the next record's bytes; `null`: there is none. */
  read(): Uint8Array<ArrayBuffer> | null {
    if (this.position === this.writerSeenAt) {
      this.writerSeenAt = Atomics.load(this.words, WRITE_CURSOR);
      if (this.position === this.writerSeenAt) return null;
    }
    const header = this.position & this.mask;
    const word = this.headers[header >>> 2] as number;
    const length = word & ~MORE;
    this.more = word >= MORE;
    this.tag = this.headers[(header >>> 2) + 1] as number;
    const at = (header + HEADER_BYTES) & this.mask;
    const untilEnd = this.bytes.length - at;
    const copy = new Uint8Array(length);
    if (length <= untilEnd) {
      if (length <= SMALL_BYTES) {
        for (let index = 0; index < length; index += 1) copy[index] = this.bytes[at + index] as number;
      } else {
        copy.set(this.bytes.subarray(at, at + length));
      }
    } else {
      copy.set(this.bytes.subarray(at));
      copy.set(this.bytes.subarray(0, length - untilEnd), untilEnd);
    }
    this.position = (this.position + sizeOfRecord(length)) | 0;
    return copy;
  }

  /** Gives the room of everything read so far back to the writer and wakes it, if it waits for room. */
  release(): void {
    if (this.released === this.position) return;
    this.released = this.position;
    Atomics.store(this.words, READ_CURSOR, this.position);
    Atomics.notify(this.words, READ_CURSOR);
  }

  /** Blocks this thread until something is published behind what was read. */
  wait(): void {
    Atomics.wait(this.words, WRITE_CURSOR, this.position);
  }

  /** Resolves once something is published behind what was read; `null`: it is there already. */
  soon(): Promise<unknown> | null {
    const wait = Atomics.waitAsync(this.words, WRITE_CURSOR, this.position);
    return wait.async ? wait.value : null;
  }

  /** Ends a wait by `soon` for good: its promise resolves. */
  wake(): void {
    Atomics.notify(this.words, WRITE_CURSOR);
  }
}

function sizeOfRecord(length: number): number {
  return HEADER_BYTES + ((length + 7) & ~7);
}
