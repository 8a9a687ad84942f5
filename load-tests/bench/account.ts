/**
 * What the clients know to be applied, kept per position and compared with what the system says is left.
 *
 * A1 initial - accepted + released = remaining, on every position, once every request is answered.
 * A2 remaining is never below zero.
 * A3 as many answers as operations sent.
 */
import { APPLIED, type OperationBatch, REFUSED, RESERVE } from "./operations.ts";

export type Audit = {
  readonly positions: number;
  readonly operations: number;
  readonly applied: number;
  readonly refused: number;
  readonly errors: number;
  readonly unitsReserved: number;
  readonly unitsReleased: number;
  /** Units that were promised and are not there (A2, or sold beyond the initial stock). Must be 0. */
  readonly oversold: number;
  /**
   * Units that were acknowledged as reserved and that the system still has: acknowledged but lost. Must be 0.
   */
  readonly lost: number;
  /** Units by which A1 is missed, over all positions, lost ones among them. Must be 0. */
  readonly difference: number;
  readonly unanswered: number;
  readonly ok: boolean;
};

export class Account {
  readonly initial: Uint32Array;
  private readonly taken: Int32Array;
  private sent = 0;
  private applied = 0;
  private refused = 0;
  private errors = 0;
  private unitsReserved = 0;
  private unitsReleased = 0;

  constructor(initial: Uint32Array) {
    this.initial = initial;
    this.taken = new Int32Array(initial.length);
  }

  send(operations: number): void {
    this.sent += operations;
  }

  /** @returns how many of the batch were applied */
  settle(batch: OperationBatch, codes: Uint8Array | null): number {
    let applied = 0;
    for (let index = 0; index < batch.length; index += 1) {
      const code = codes === null ? APPLIED : (codes[index] ?? REFUSED);
      if (code !== APPLIED) {
        if (code === REFUSED) this.refused += 1;
        else this.errors += 1;
        continue;
      }
      applied += 1;
      const quantity = batch.quantity(index);
      const position = batch.position(index);
      const before = this.taken[position] ?? 0;
      if (batch.kind(index) === RESERVE) {
        this.taken[position] = before + quantity;
        this.unitsReserved += quantity;
      } else {
        this.taken[position] = before - quantity;
        this.unitsReleased += quantity;
      }
    }
    this.applied += applied;
    return applied;
  }

  audit(remaining: Int32Array): Audit {
    let oversold = 0;
    let lost = 0;
    let difference = 0;
    for (let position = 0; position < this.initial.length; position += 1) {
      const initial = this.initial[position] ?? 0;
      const taken = this.taken[position] ?? 0;
      const left = remaining[position] ?? 0;
      oversold += Math.max(0, taken - initial, -left);
      lost += Math.max(0, left - (initial - taken));
      difference += Math.abs(initial - taken - left);
    }
    const unanswered = this.sent - this.applied - this.refused - this.errors;
    return {
      positions: this.initial.length,
      operations: this.sent,
      applied: this.applied,
      refused: this.refused,
      errors: this.errors,
      unitsReserved: this.unitsReserved,
      unitsReleased: this.unitsReleased,
      oversold,
      lost,
      difference,
      unanswered,
      ok: oversold === 0 && difference === 0 && unanswered === 0 && this.errors === 0,
    };
  }
}
