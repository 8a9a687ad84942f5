/**
 * Memory that grows where it is: address space is reserved for the most it may ever hold and taken as it is needed, so
 * that growing copies nothing and takes microseconds, however much there is.
 *
 * An array over it keeps its length; who grew the memory makes a new one, the old one stays good for its part. (Those
 * that follow the length by themselves read at a fraction of the speed, and only shared memory has others that read at
 * full speed.)
 */
type GrowableBuffer = SharedArrayBuffer & { readonly maxByteLength: number; grow(length: number): void };
/** As of ES2024, which Node 20 has and TypeScript's library of this target does not describe. */
const Growable = SharedArrayBuffer as unknown as new (
  length: number,
  options: { readonly maxByteLength: number },
) => GrowableBuffer;

export class ReservedWords {
  private readonly buffer: GrowableBuffer;

  constructor(length: number, maxLength: number) {
    this.buffer = new Growable(4 * length, { maxByteLength: 4 * maxLength });
  }

  all(): Int32Array {
    return new Int32Array(this.buffer, 0, this.buffer.byteLength >> 2);
  }

  /** Doubles the memory; throws a `RangeError` where all that was reserved is in use. */
  grow(): Int32Array {
    const { byteLength, maxByteLength } = this.buffer;
    if (byteLength === maxByteLength) throw new RangeError("all memory that was reserved is in use");
    this.buffer.grow(Math.min(maxByteLength, 2 * byteLength));
    return this.all();
  }
}
