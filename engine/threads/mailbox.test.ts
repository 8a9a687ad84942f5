import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteRingReader, ByteRingWriter, createByteRing } from "./byte-ring.ts";
import { AsyncMailbox, BlockingMailbox, createMailbox } from "./mailbox.ts";

const RING_BYTES = 1024;

function bytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (seed * 31 + index * 7) & 0xff);
}

/** The cursors as if 4 GiB, less `before` bytes, had gone through the ring already. */
function ringBeforeOverflow(before: number): SharedArrayBuffer {
  const ring = createByteRing(RING_BYTES);
  const words = new Int32Array(ring);
  words[0] = -before;
  words[16] = -before;
  return ring;
}

type Step =
  | { readonly do: "write"; readonly length: number; readonly more: boolean }
  | { readonly do: "publish" | "read" | "release" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("write" as const),
    length: fc.oneof(fc.nat(64), fc.nat(RING_BYTES + 16)),
    more: fc.boolean(),
  }),
  fc.record({ do: fc.constantFrom("publish" as const, "read" as const, "release" as const) }),
);

describe("the byte ring", () => {
  it("does what a bounded queue does, whatever the sequence of steps and wherever the cursors stand", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat(200), (steps, before) => {
        const ring = ringBeforeOverflow(before * 8);
        const writer = new ByteRingWriter(ring);
        const reader = new ByteRingReader(ring);
        const written: { bytes: Uint8Array; more: boolean; tag: number; size: number }[] = [];
        let published = 0;
        let read = 0;
        let released = 0;
        let tag = 0xffff_fff0;
        const used = () => written.slice(released).reduce((sum, record) => sum + record.size, 0);
        for (const action of steps) {
          switch (action.do) {
            case "write": {
              const size = 8 + Math.ceil(action.length / 8) * 8;
              const fits = used() + size <= RING_BYTES;
              const body = bytes(action.length + 4, tag);
              tag = (tag + 1) >>> 0;
              expect(writer.write(tag, body, 2, 2 + action.length, action.more)).toBe(fits);
              if (fits) {
                written.push({ bytes: body.slice(2, 2 + action.length), more: action.more, tag, size });
              }
              break;
            }
            case "publish":
              writer.publish();
              published = written.length;
              break;
            case "read": {
              const expected = read < published ? written[read] : undefined;
              const record = reader.read();
              if (expected === undefined) expect(record).toBeNull();
              else {
                expect(record).toEqual(expected.bytes);
                expect([reader.more, reader.tag]).toEqual([expected.more, expected.tag]);
                read += 1;
              }
              break;
            }
            case "release":
              reader.release();
              released = read;
              break;
          }
        }
        expect(writer.room()).toBe(Math.max(0, RING_BYTES - used() - 8));
      }),
      { numRuns: 300 },
    );
  });

  it("is refused a capacity that is no power of two", () => {
    for (const capacity of [0, 512, 1000, 2 ** 31])
      expect(() => createByteRing(capacity)).toThrow(RangeError);
  });
});

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
