/**
 * How much of a caller's work is under way over REST, and of all callers' together. Rates alone do not bound
 * it: a caller may send much at once and wait for all of it.
 *
 * Bytes of bodies stand for the work that is in them: reading, checking, capturing. A caller without anything in
 * hand is let in with whatever a body may have. The stream has its credit and its fair queue instead.
 */
export type WorkLimit = { readonly requests: number; readonly bytes: number };

type Hand = { requests: number; bytes: number };

type Taken = {
  /** What stands in the way; null: it was taken. */
  readonly full: "caller" | "all" | null;
  /** Gives it back. */
  done(): void;
};

const NOTHING = (): void => {};

export class WorkInHand {
  private readonly ofCaller: WorkLimit;
  private readonly ofAll: WorkLimit;
  private readonly callers = new Map<string, Hand>();
  private readonly all: Hand = { requests: 0, bytes: 0 };

  constructor(limits: { readonly ofCaller: WorkLimit; readonly ofAll: WorkLimit }) {
    this.ofCaller = limits.ofCaller;
    this.ofAll = limits.ofAll;
  }

  take(caller: string, bytes: number): Taken {
    if (!fits(this.all, bytes, this.ofAll)) return { full: "all", done: NOTHING };
    const hand = this.callers.get(caller) ?? { requests: 0, bytes: 0 };
    if (!fits(hand, bytes, this.ofCaller)) return { full: "caller", done: NOTHING };
    this.callers.set(caller, hand);
    for (const one of [hand, this.all]) {
      one.requests += 1;
      one.bytes += bytes;
    }
    return {
      full: null,
      done: () => {
        for (const one of [hand, this.all]) {
          one.requests -= 1;
          one.bytes -= bytes;
        }
        if (hand.requests === 0) this.callers.delete(caller);
      },
    };
  }
}

function fits(hand: Hand, bytes: number, limit: WorkLimit): boolean {
  return hand.requests === 0 || (hand.requests < limit.requests && hand.bytes + bytes <= limit.bytes);
}
