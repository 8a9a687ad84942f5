/**
 * Whole numbers in as few bytes as they need, for records of which a million a second go through the journal.
 * The form is LEB128: seven bits a byte, the lower ones first; every byte but the last has its upper bit set.
 */

/** Appends to an array that grows as needed and is used again. */
export class FieldWriter {
  private bytes: Uint8Array;
  private length = 0;

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity);
  }

  get isEmpty(): boolean {
    return this.length === 0;
  }

  /** Room for so many bytes. The writer asks for it first, once a record. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const bytes = new Uint8Array(2 * this.bytes.length + count);
    bytes.set(this.bytes);
    this.bytes = bytes;
  }

  byte(value: number): void {
    this.bytes[this.length] = value;
    this.length += 1;
  }

  /** The lower 32 bits of `value`, unsigned; at most five bytes. */
  field(value: number): void {
    const { bytes } = this;
    let { length } = this;
    let rest = value;
    while (rest >>> 7 !== 0) {
      bytes[length] = rest | 0x80;
      length += 1;
      rest >>>= 7;
    }
    bytes[length] = rest;
    this.length = length + 1;
  }

  /** A whole number from 0 to 2^53 - 1; at most eight bytes. */
  wide(value: number): void {
    let rest = value;
    while (rest >= 2 ** 31) {
      this.byte((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.field(rest);
  }

  /** Returns what was written, and begins anew. The bytes are valid until the next write. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }
}

/** Every method throws where the bytes end too early or could not come from the writer. */
export class FieldReader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new Error("the bytes are cut off");
    this.at += 1;
    return byte;
  }

  field(): number {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new Error("a field has more than 32 bits");
  }

  wide(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 53; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new Error("a field has more than 53 bits");
  }
}

/** A small number for a small difference of either sign, of 32 bits. */
export function zigzag(difference: number): number {
  return (difference << 1) ^ (difference >> 31);
}

export function unzigzag(field: number): number {
  return (field >>> 1) ^ -(field & 1);
}
