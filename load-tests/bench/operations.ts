/**
 * The operations of the bench as every system gets them: 16 bytes each, in the layout of a lane's operations
 * (docs/protocol.md): number, position, kind << 28 | quantity, expiry in milliseconds. Positions are indices
 * 0, 1, 2, …, which each system translates into its own names.
 */
export const WORDS = 4;

export const RESERVE = 0;
export const RELEASE = 1;
type Kind = typeof RESERVE | typeof RELEASE;

const KIND_SHIFT = 28;
const QUANTITY_MASK = (1 << KIND_SHIFT) - 1;

/** How long a reservation holds its units: a checkout's quarter of an hour. */
export const EXPIRES_IN_MS = 15 * 60_000;

/**
 * Codes of one operation's answer. Any other answer of a system is passed on as it is and counted as an
 * error.
 */
export const APPLIED = 0;
export const REFUSED = 1;

/** Reserves and releases of one worker, sent and answered together. */
export class OperationBatch {
  readonly words: Uint32Array<ArrayBuffer>;
  length = 0;

  constructor(capacity: number) {
    this.words = new Uint32Array(capacity * WORDS);
  }

  push(number: number, position: number, kind: Kind, quantity: number): void {
    const at = this.length * WORDS;
    this.words[at] = number;
    this.words[at + 1] = position;
    this.words[at + 2] = (kind << KIND_SHIFT) | quantity;
    this.words[at + 3] = kind === RESERVE ? EXPIRES_IN_MS : 0;
    this.length += 1;
  }

  clear(): void {
    this.length = 0;
  }

  number(index: number): number {
    return this.words[index * WORDS] ?? 0;
  }

  position(index: number): number {
    return this.words[index * WORDS + 1] ?? 0;
  }

  kind(index: number): Kind {
    return (this.words[index * WORDS + 2] ?? 0) >>> KIND_SHIFT === RESERVE ? RESERVE : RELEASE;
  }

  quantity(index: number): number {
    return (this.words[index * WORDS + 2] ?? 0) & QUANTITY_MASK;
  }
}
