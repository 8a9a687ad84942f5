/**
 * One sender of operations: takes records of the trace, gives each a number of its own, and remembers what it
 * knows to be applied, so that it only releases what is there. A worker has one unanswered request at a time.
 */
import { APPLIED, OperationBatch, RELEASE, RESERVE } from "./operations.ts";
import { kindAt, positionAt, quantityAt, type Trace } from "./trace.ts";

/** Applied reservations that a worker remembers for a release; older ones stay. A power of two. */
const REMEMBERED = 8_192;

export class Worker {
  readonly index: number;
  readonly batch: OperationBatch;
  private nextNumber = 1;
  private readonly held = new Uint32Array(REMEMBERED * 3);
  private heldFirst = 0;
  private heldCount = 0;

  constructor(index: number, capacity: number) {
    this.index = index;
    this.batch = new OperationBatch(capacity);
  }

  /** Fills the batch with `count` operations of the trace from `cursor` on. */
  fill(trace: Trace, cursor: number, count: number): void {
    this.batch.clear();
    for (let at = cursor; at < cursor + count; at += 1) {
      if (kindAt(trace, at) === RELEASE && this.heldCount > 0) this.pushRelease();
      else this.reserve(positionAt(trace, at), quantityAt(trace, at));
    }
  }

  /** Fills the batch with reservations of one position. */
  fillWith(position: number, quantity: number, count: number): void {
    this.batch.clear();
    for (let index = 0; index < count; index += 1) this.reserve(position, quantity);
  }

  /** Takes note of the answers, so that what was applied may be released. */
  settle(codes: Uint8Array | null): void {
    const { batch } = this;
    for (let index = 0; index < batch.length; index += 1) {
      if (codes !== null && codes[index] !== APPLIED) continue;
      if (batch.kind(index) !== RESERVE) continue;
      if (this.heldCount === REMEMBERED) return;
      const at = ((this.heldFirst + this.heldCount) % REMEMBERED) * 3;
      this.held[at] = batch.number(index);
      this.held[at + 1] = batch.position(index);
      this.held[at + 2] = batch.quantity(index);
      this.heldCount += 1;
    }
  }

  private reserve(position: number, quantity: number): void {
    this.batch.push(this.nextNumber, position, RESERVE, quantity);
    this.nextNumber += 1;
  }

  private pushRelease(): void {
    const at = this.heldFirst * 3;
    this.batch.push(this.held[at] ?? 0, this.held[at + 1] ?? 0, RELEASE, this.held[at + 2] ?? 0);
    this.heldFirst = (this.heldFirst + 1) % REMEMBERED;
    this.heldCount -= 1;
  }
}
