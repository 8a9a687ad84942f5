/**
 * The simulation's scheduler: everything that happens is an event on one heap, by virtual time.
 *
 * Between two events all microtasks run, so whatever the engine's promises set off is done before the next
 * event; real timers and the real event loop have no part in it. That makes a run a function of its seed.
 */
type Event = {
  readonly atMs: number;
  readonly order: number;
  act: (() => void) | null;
};

/** 2023-11-14T22:13:20Z: any time will do, as long as it is always the same. */
const EPOCH_MS = 1_700_000_000_000;

export class VirtualTime {
  private readonly heap: Event[] = [];
  private nextOrder = 0;
  private jumpedMs = 0;
  /** Milliseconds since the simulation began, without jumps: timers follow it. */
  elapsedMs = 0;
  /** Events that have happened. */
  steps = 0;

  /** The wall clock, in whole milliseconds since the Unix epoch. */
  get nowMs(): number {
    return EPOCH_MS + this.jumpedMs + Math.floor(this.elapsedMs);
  }

  /** The wall clock jumps forward; timers do not. */
  jump(ms: number): void {
    this.jumpedMs += ms;
  }

  after(ms: number, act: () => void): Event {
    const event: Event = { atMs: this.elapsedMs + ms, order: this.nextOrder, act };
    this.nextOrder += 1;
    this.push(event);
    return event;
  }

  /**
   * Lets events happen until `isOver` says so before one of them.
   *
   * @throws Error where there is nothing left to happen, or where an event or `isOver` throws.
   */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          if (isOver()) {
            resolve();
            return;
          }
          const event = this.take();
          if (event === undefined) throw new Error("nothing is left to happen");
          this.elapsedMs = Math.max(this.elapsedMs, event.atMs);
          this.steps += 1;
          event.act?.();
        } catch (error) {
          reject(error);
          return;
        }
        queueMicrotask(afterMicrotasks);
      };
      // A tick comes only once no microtask is left, including those that microtasks start.
      const afterMicrotasks = () => process.nextTick(step);
      afterMicrotasks();
    });
  }

  private push(event: Event): void {
    const { heap } = this;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(event, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  private take(): Event | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      let sooner = left;
      if (right !== undefined && isBefore(right, left)) {
        sooner = right;
        child += 1;
      }
      if (!isBefore(sooner, last)) break;
      heap[index] = sooner;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
