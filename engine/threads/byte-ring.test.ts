import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteRingReader, ByteRingWriter, createByteRing } from "./byte-ring.ts";

const RING_BYTES = 1024;

function bytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (seed * 31 + index * 7) & 0xff);
}

function newRing() {
  const ring = createByteRing(RING_BYTES);
  return { ring, writer: new ByteRingWriter(ring), reader: new ByteRingReader(ring) };
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

  it("shows the reader nothing before it is published (R2)", () => {
    const { writer, reader } = newRing();
    writer.write(1, bytes(40, 1), 0, 40, false);
    expect(reader.read()).toBeNull();
    writer.publish();
    expect(reader.read()).toEqual(bytes(40, 1));
  });

  it("gives the writer no room back before the reader releases what it has read (R2)", () => {
    const { writer, reader } = newRing();
    const half = RING_BYTES / 2 - 8;
    for (const tag of [1, 2]) expect(writer.write(tag, bytes(half, tag), 0, half, false)).toBe(true);
    writer.publish();
    expect(reader.read()).toEqual(bytes(half, 1));
    expect(writer.write(3, bytes(half, 3), 0, half, false)).toBe(false);
    expect(writer.room()).toBe(0);
    reader.release();
    expect(writer.room()).toBe(half);
    expect(writer.write(3, bytes(half, 3), 0, half, false)).toBe(true);
    expect(reader.read()).toEqual(bytes(half, 2));
  });

  it("carries a record as large as itself, its header included, and none that is larger (R3)", () => {
    const { writer, reader } = newRing();
    const most = RING_BYTES - 8;
    expect(writer.write(1, bytes(most + 1, 1), 0, most + 1, false)).toBe(false);
    expect(writer.write(2, bytes(most, 2), 0, most, false)).toBe(true);
    writer.publish();
    expect(reader.read()).toEqual(bytes(most, 2));
  });

  it("brings a record that wraps around the end out whole, wherever the end cuts it (R3)", () => {
    for (let before = 8; before < RING_BYTES; before += 8) {
      const { writer, reader } = newRing();
      const skipped = before - 8;
      writer.write(0, bytes(skipped, 0), 0, skipped, false);
      writer.publish();
      reader.read();
      reader.release();
      writer.write(before, bytes(600, before), 0, 600, true);
      writer.publish();
      expect(reader.read()).toEqual(bytes(600, before));
      expect([reader.tag, reader.more]).toEqual([before, true]);
    }
  });

  it("goes on where the cursors stand, for a writer and a reader that are made later", () => {
    const { ring, writer, reader } = newRing();
    for (const tag of [1, 2]) writer.write(tag, bytes(24, tag), 0, 24, false);
    writer.publish();
    reader.read();
    reader.release();
    const later = new ByteRingWriter(ring);
    later.write(3, bytes(24, 3), 0, 24, false);
    later.publish();
    const laterReader = new ByteRingReader(ring);
    expect([laterReader.read(), laterReader.tag]).toEqual([bytes(24, 2), 2]);
    expect([laterReader.read(), laterReader.tag]).toEqual([bytes(24, 3), 3]);
    expect(laterReader.read()).toBeNull();
  });

  it("tells a reader that nothing is there apart from one that need not wait", async () => {
    const { writer, reader } = newRing();
    const soon = reader.soon();
    expect(soon).not.toBeNull();
    writer.write(1, bytes(8, 1), 0, 8, false);
    writer.publish();
    await soon;
    expect(reader.soon()).toBeNull();
  });
});
