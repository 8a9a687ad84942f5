/**
 * Memory that grows in place: address space is reserved for the most that it may ever hold, and taken up as
 * needed. So growing copies nothing and takes microseconds, however much there is.
 *
 * An array over it keeps its length. The caller that grew the memory makes a new array; the old one stays
 * valid for its part. (Arrays that follow the length by themselves are slow to read, except over shared
 * memory.)
 */
type GrowableBuffer = SharedArrayBuffer & { readonly maxByteLength: number; grow(length: number): void };
/** As of ES2024, which Node 20 has and TypeScript's library of this target does not describe. */
const Growable = SharedArrayBuffer as unknown as new (
  length: number,
  options: { readonly maxByteLength: number },
) => GrowableBuffer;

export class GrowableWords {
  private readonly maxByteLength: number;
  private buffer: SharedArrayBuffer;
  private reserved: GrowableBuffer | null = null;

  constructor(length: number, maxLength: number) {
    this.maxByteLength = 4 * maxLength;
    this.buffer = new SharedArrayBuffer(4 * length);
  }

  all(): Int32Array {
    return new Int32Array(this.buffer, 0, this.buffer.byteLength / 4);
  }

  /** Doubles the memory; throws a `RangeError` where all that was reserved is in use. */
  grow(): Int32Array {
    const { maxByteLength } = this;
    const { byteLength } = this.buffer;
    if (byteLength === maxByteLength) throw new RangeError("all memory that was reserved is in use");
    const length = Math.min(maxByteLength, 2 * byteLength);
    if (this.reserved === null) this.reserve(length);
    else this.reserved.grow(length);
    return this.all();
  }

  private reserve(length: number): void {
    const reserved = new Growable(length, { maxByteLength: this.maxByteLength });
    new Int32Array(reserved, 0, length / 4).set(this.all());
    this.reserved = reserved;
    this.buffer = reserved;
  }
}
