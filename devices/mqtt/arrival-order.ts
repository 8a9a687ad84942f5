/**
 * Brings the messages of devices with an outbox into the order in which they were sent, as far as that can be
 * had without waiting long. Pure: the caller brings the time. Whether a message was taken before is not known
 * here; its content tells (`store/floor/device-messages.ts`).
 *
 * A1 every message that is added is given out, once for each time that it is added, after `patienceMs` at the
 *    latest: a lost, refused or misnumbered message never holds back those behind it
 * A2 a message waits only for such as its device still has, and only while they are missing
 * A3 a number at or below the last one given out waits for nothing: it is a repeat, a late one, or of a
 *    counter that began anew or wrapped
 */

/** What every message of a device that keeps an outbox carries. */
export type Sequenced = {
  /** The device's start that this message belongs to. */
  readonly bootId: string;
  /** Goes up by one with each message; may wrap, to 0 or to 1. */
  readonly seq: number;
  /** Lowest sequence still in the device's outbox, as far as it has said. */
  readonly from: number;
};

type Waiting<M> = { readonly message: M; readonly sinceMs: number };

type Boot<M> = {
  /** The number given out last. */
  last: number;
  readonly waiting: Map<number, Waiting<M>>;
};

/** So many messages of a boot wait for a gap at most; one more ends the waiting. */
const MOST_WAITING = 256;
/** Boots remembered; of an older one, order begins anew. */
const MOST_BOOTS = 2_000;

export class ArrivalOrder<M extends Sequenced> {
  private readonly patienceMs: number;
  private readonly boots = new Map<string, Boot<M>>();
  private readonly withWaiting = new Set<Boot<M>>();

  constructor(patienceMs: number) {
    this.patienceMs = patienceMs;
  }

  /** @returns the messages whose turn it is now */
  add(deviceId: string, message: M, nowMs: number): readonly M[] {
    const boot = this.boot(deviceId, message);
    const { seq } = message;
    // What the device does not have any more is not waited for.
    if (message.from <= seq) boot.last = Math.max(boot.last, Math.min(message.from, seq) - 1);
    if (seq <= boot.last) {
      // Far behind: the counter has begun anew, and goes on from here.
      if (boot.last - seq >= MOST_WAITING) boot.last = seq;
      return [message];
    }
    const known = boot.waiting.get(seq);
    if (known !== undefined) return [message];
    boot.waiting.set(seq, { message, sinceMs: nowMs });
    this.withWaiting.add(boot);
    return boot.waiting.size > MOST_WAITING ? this.release(boot, () => true) : this.inTurn(boot);
  }

  /** @returns the messages that have waited long enough, with those that follow them */
  due(nowMs: number): readonly M[] {
    const due: M[] = [];
    for (const boot of this.withWaiting) {
      due.push(...this.release(boot, ({ sinceMs }) => nowMs - sinceMs >= this.patienceMs));
    }
    return due;
  }

  get isWaiting(): boolean {
    return this.withWaiting.size > 0;
  }

  /** Gives out all up to the last message that `isOver`, and what follows without a gap. */
  private release(boot: Boot<M>, isOver: (waiting: Waiting<M>) => boolean): readonly M[] {
    const numbers = [...boot.waiting.keys()].sort((a, b) => a - b);
    const upTo = numbers.findLast((seq) => {
      const waiting = boot.waiting.get(seq);
      return waiting !== undefined && isOver(waiting);
    });
    if (upTo === undefined) return [];
    const out: M[] = [];
    for (const seq of numbers) {
      const waiting = boot.waiting.get(seq);
      if (seq > upTo || waiting === undefined) break;
      boot.waiting.delete(seq);
      out.push(waiting.message);
    }
    boot.last = upTo;
    return [...out, ...this.inTurn(boot)];
  }

  private inTurn(boot: Boot<M>): readonly M[] {
    const out: M[] = [];
    // The device has said meanwhile that it has nothing before these any more.
    if (boot.waiting.size > 0) {
      const passed = [...boot.waiting.keys()].filter((seq) => seq <= boot.last).sort((a, b) => a - b);
      for (const seq of passed) out.push(...this.takeOut(boot, seq));
    }
    for (let next = boot.last + 1; boot.waiting.has(next); next += 1) {
      out.push(...this.takeOut(boot, next));
      boot.last = next;
    }
    if (boot.waiting.size === 0) this.withWaiting.delete(boot);
    return out;
  }

  private takeOut(boot: Boot<M>, seq: number): readonly M[] {
    const waiting = boot.waiting.get(seq);
    boot.waiting.delete(seq);
    return waiting === undefined ? [] : [waiting.message];
  }

  private boot(deviceId: string, { bootId, seq, from }: M): Boot<M> {
    const key = `${deviceId} ${bootId}`;
    const known = this.boots.get(key);
    if (known !== undefined) return known;
    const boot: Boot<M> = { last: Math.min(from, seq) - 1, waiting: new Map() };
    this.boots.set(key, boot);
    if (this.boots.size > MOST_BOOTS) {
      const idle = [...this.boots].find(([, each]) => each.waiting.size === 0 && each !== boot);
      if (idle !== undefined) this.boots.delete(idle[0]);
    }
    return boot;
  }
}
