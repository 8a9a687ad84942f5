import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteRingReader } from "./byte-ring.ts";
import { AsyncMailbox, BlockingMailbox, createMailbox } from "./mailbox.ts";

const RING_BYTES = 1024;

function bytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (seed * 31 + index * 7) & 0xff);
}

describe("the mailbox", () => {
  it("delivers messages of any size once, whole and in order, whoever is slower", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 8 * RING_BYTES })), {
          minLength: 1,
          maxLength: 12,
        }),
        async (lengths) => {
          const memory = createMailbox(RING_BYTES);
          const received: { readonly id: number; readonly body: Uint8Array }[] = [];
          const main = new AsyncMailbox(memory, (message) => received.push(message));
          // The other direction's blocking ends, run here where they have something to do without blocking.
          const requests = new ByteRingReader(memory.requests);
          const sent = lengths.map((length, index) => ({ id: index, body: bytes(length, index) }));
          for (const message of sent) main.send(message.id, message.body);
          const arrived: { id: number; body: Uint8Array }[] = [];
          let pieces: Uint8Array[] = [];
          for (let idle = 0; arrived.length < sent.length; ) {
            const record = requests.read();
            if (record === null) {
              requests.release();
              idle += 1;
              expect(idle, "what waits is sent as soon as there is room").toBeLessThan(1000);
              await new Promise((resolve) => setImmediate(resolve));
              continue;
            }
            idle = 0;
            pieces.push(record);
            if (requests.more) continue;
            arrived.push({ id: requests.tag, body: Uint8Array.from(Buffer.concat(pieces)) });
            pieces = [];
          }
          expect(arrived.map((message) => message.id)).toEqual(sent.map((message) => message.id));
          for (const [index, { body }] of arrived.entries()) {
            expect(Buffer.compare(body, sent[index]?.body ?? body.subarray(1))).toBe(0);
          }

          const thread = new BlockingMailbox(memory);
          for (const [id, body] of [bytes(1, 1), bytes(RING_BYTES / 2, 2)].entries()) thread.send(id, body);
          for (let turn = 0; received.length < 2 && turn < 1000; turn += 1) {
            await new Promise((resolve) => setImmediate(resolve));
          }
          expect(received.map((message) => message.body)).toEqual([bytes(1, 1), bytes(RING_BYTES / 2, 2)]);
          main.close();
        },
      ),
      { numRuns: 30 },
    );
  }, 30_000);

  it("delivers nothing after it was closed", async () => {
    const memory = createMailbox(RING_BYTES);
    const received: unknown[] = [];
    const main = new AsyncMailbox(memory, (message) => received.push(message));
    const thread = new BlockingMailbox(memory);
    thread.send(1, bytes(10, 1));
    main.close();
    thread.send(2, bytes(10, 2));
    main.drain();
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(received).toEqual([]);
    main.send(3, bytes(10, 3));
    expect(new ByteRingReader(memory.requests).read()).toBeNull();
  });

  it("refuses to send a message of no bytes, which no reader could tell from none", () => {
    const main = new AsyncMailbox(createMailbox(RING_BYTES), () => {});
    expect(() => main.send(1, new Uint8Array(0))).toThrow(RangeError);
    main.close();
  });
});
