/** A tag's memory as a row of bits, read and written from its front. Lengths are in bits. */

export class BitReader {
  private readonly bits: bigint;
  private left: number;

  /** @param hex whole bytes */
  constructor(hex: string) {
    this.bits = BigInt(`0x${hex}`);
    this.left = hex.length * 4;
  }

  take(length: number): bigint {
    if (length > this.left) throw new RangeError(`${length} bits asked for, ${this.left} left`);
    this.left -= length;
    return BigInt.asUintN(length, this.bits >> BigInt(this.left));
  }

  /** Whether all bits that have not been read are zero. */
  get restIsZero(): boolean {
    return BigInt.asUintN(this.left, this.bits) === 0n;
  }
}

export class BitWriter {
  private bits = 0n;
  private length = 0;

  put(value: bigint, length: number): this {
    if (value < 0n || value >> BigInt(length) !== 0n) {
      throw new RangeError(`${value} does not fit into ${length} bits`);
    }
    this.bits = (this.bits << BigInt(length)) | value;
    this.length += length;
    return this;
  }

  /** Upper-case hex, filled up with zeros to `total` bits. */
  hex(total: number): string {
    return (this.bits << BigInt(total - this.length))
      .toString(16)
      .toUpperCase()
      .padStart(total / 4, "0");
  }
}
