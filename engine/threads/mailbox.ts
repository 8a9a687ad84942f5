/**
 * Messages between the main thread and one shard thread: a ring each way, and which side sleeps on which
 * ring.
 *
 * Owns message boundaries, pieces and back-pressure. A message that does not fit into the ring goes in
 * pieces, as the reader makes room. The two ends wait differently. The shard thread has nothing else to do
 * and blocks. The main thread must never block, so what does not fit waits here, in order; the engine bounds
 * how much may wait.
 *
 * M1 Messages, of one byte or more, arrive once, whole and in the order sent.
 * M2 The main thread never waits for a shard thread, whatever that thread does.
 * M3 After `close` nothing more is delivered, even if the other end still writes.
 *
 * Wake-ups are futexes on the rings' own cursors, one a batch: `Atomics.waitAsync` woke the main thread in
 * two thirds of the time and CPU of a message through a MessagePort (docs/adr/0011-mailbox.md).
 */
import { ByteRingReader, ByteRingWriter, createByteRing } from "./byte-ring.ts";

/** Bytes each way: a round of 4,096 commands fits, and two dozen threads' rings are still small. */
const RING_BYTES = 2 * 1024 * 1024;

/**
 * A piece has at least this many bytes, or is the whole rest: a nearly full ring is not worth many tiny
 * records.
 */
const MIN_PIECE_BYTES = 4096;

/** What the two ends share: handed to the thread as its worker data. */
export type MailboxMemory = {
  readonly requests: SharedArrayBuffer;
  readonly replies: SharedArrayBuffer;
};

export type Message = { readonly id: number; readonly body: Uint8Array<ArrayBuffer> };

/** @param ringBytes each way; a power of two. Default 2 MiB. */
export function createMailbox(ringBytes = RING_BYTES): MailboxMemory {
  return { requests: createByteRing(ringBytes), replies: createByteRing(ringBytes) };
}

/** The shard thread's end: it blocks for requests, and for room for its replies. */
export class BlockingMailbox {
  private readonly incoming: Incoming;
  private readonly reader: ByteRingReader;
  private readonly writer: ByteRingWriter;

  constructor(memory: MailboxMemory) {
    this.reader = new ByteRingReader(memory.requests);
    this.writer = new ByteRingWriter(memory.replies);
    this.incoming = new Incoming(this.reader);
  }

  /** The next request. Blocks the thread until there is one. */
  receive(): Message {
    for (;;) {
      const message = this.incoming.next();
      // At once: the sender may be waiting for this room to send the rest of the message.
      this.reader.release();
      if (message !== null) return message;
      this.reader.wait();
    }
  }

  /** Blocks the thread until all of the message is on its way. */
  send(id: number, body: Uint8Array): void {
    assertNotEmpty(body);
    for (let sent = 0; ; ) {
      sent = writePieces(this.writer, id, body, sent);
      this.writer.publish();
      if (sent === body.length) return;
      this.writer.waitForRoom();
    }
  }
}

/** The main thread's end: it sends without waiting and is called back with replies. */
export class AsyncMailbox {
  private readonly incoming: Incoming;
  private readonly reader: ByteRingReader;
  private readonly writer: ByteRingWriter;
  private readonly onMessage: (message: Message) => void;
  /** Messages that do not fit yet; of the first one, `sent` bytes are in the ring. */
  private readonly unsent: { readonly id: number; readonly body: Uint8Array }[] = [];
  private sent = 0;
  private waitsForRoom = false;
  private closed = false;

  constructor(memory: MailboxMemory, onMessage: (message: Message) => void) {
    this.reader = new ByteRingReader(memory.replies);
    this.writer = new ByteRingWriter(memory.requests);
    this.incoming = new Incoming(this.reader);
    this.onMessage = onMessage;
    this.listen();
  }

  /**
   * Sends now or, behind what waits already, as soon as there is room. Afterwards the caller may use `body`
   * again.
   */
  send(id: number, body: Uint8Array): void {
    assertNotEmpty(body);
    if (this.closed) return;
    if (this.unsent.length === 0 && this.writer.write(id, body, 0, body.length, false)) {
      this.writer.publish();
      return;
    }
    // Not `slice`: that of a Buffer copies nothing.
    this.unsent.push({ id, body: new Uint8Array(body) });
    if (!this.waitsForRoom) this.flush();
  }

  /** Delivers what has arrived without waiting for the wake-up. */
  drain(): void {
    while (!this.closed) {
      const message = this.incoming.next();
      this.reader.release();
      if (message === null) return;
      this.onMessage(message);
    }
  }

  close(): void {
    this.closed = true;
    this.unsent.length = 0;
    this.reader.wake();
    this.writer.wake();
  }

  private flush(): void {
    for (let [first] = this.unsent; first !== undefined; [first] = this.unsent) {
      this.sent = writePieces(this.writer, first.id, first.body, this.sent);
      this.writer.publish();
      if (this.sent === first.body.length) {
        this.unsent.shift();
        this.sent = 0;
        continue;
      }
      const room = this.writer.roomSoon();
      if (room === null) continue;
      this.waitsForRoom = true;
      void room.then(() => {
        this.waitsForRoom = false;
        this.flush();
      });
      return;
    }
  }

  private listen(): void {
    while (!this.closed) {
      const arrival = this.reader.soon();
      if (arrival !== null) {
        void arrival.then(() => {
          this.drain();
          this.listen();
        });
        return;
      }
      this.drain();
    }
  }
}

function assertNotEmpty(body: Uint8Array): void {
  if (body.length === 0) throw new RangeError("a message has at least one byte");
}

/**
 * Writes as much of `body` as there is room for, beginning at `sent`; returns how much of it is written now.
 */
function writePieces(writer: ByteRingWriter, id: number, body: Uint8Array, sent: number): number {
  let written = sent;
  if (written === 0 && writer.write(id, body, 0, body.length, false)) return body.length;
  while (written < body.length) {
    // In pieces of half the ring at most, so that the reader copies one while the next is written.
    const room = Math.min(writer.room(), writer.capacity >>> 1);
    const rest = body.length - written;
    if (room < rest && room < Math.min(MIN_PIECE_BYTES, writer.capacity >>> 2)) break;
    const end = written + Math.min(rest, room);
    writer.write(id, body, written, end, end < body.length);
    writer.publish();
    written = end;
  }
  return written;
}

/** Puts messages together from the records of a ring. */
class Incoming {
  private readonly reader: ByteRingReader;
  private pieces: Uint8Array[] = [];
  private bytes = 0;

  constructor(reader: ByteRingReader) {
    this.reader = reader;
  }

  next(): Message | null {
    for (;;) {
      const record = this.reader.read();
      if (record === null) return null;
      const { more, tag } = this.reader;
      if (!more && this.pieces.length === 0) return { id: tag, body: record };
      this.pieces.push(record);
      this.bytes += record.length;
      // The writer waits for this room to write the rest.
      this.reader.release();
      if (more) continue;
      const body = new Uint8Array(this.bytes);
      let filled = 0;
      for (const piece of this.pieces) {
        body.set(piece, filled);
        filled += piece.length;
      }
      this.pieces = [];
      this.bytes = 0;
      return { id: tag, body };
    }
  }
}
