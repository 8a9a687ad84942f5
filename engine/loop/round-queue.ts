/**
 * What waits for its round, and which round may start now: one per thread for work of that thread alone, and
 * one over all threads for work that concerns several.
 *
 * Pure and synchronous: time comes in with the question. The intake decides how much may wait, and the round
 * runner what a round does.
 *
 * Q1 A thread is in one round at a time.
 * Q2 Work of one thread runs in the order in which it came. So does work over several threads: its round
 *    takes everything along that waits, on all threads, in the order in which it came.
 * Q3 Work over several threads waits for the rounds that run, and no thread begins another meanwhile, so that
 *    it cannot starve. Other work cannot starve either. When a thread keeps all others waiting for longer
 *    than the patience, idle threads go on with later work until that thread is done, except with work that
 *    shares a name with waiting work before it. The patience doubles each time, up to a bound, so that slow
 *    rounds on several threads cannot keep the work over several threads waiting for ever.
 * Q4 Work that concerns no shard waits for no thread.
 */

/** Milliseconds for which idle threads wait for a busy one: longer than a round of many commands. */
const FIRST_PATIENCE_MS = 20;
const MAX_PATIENCE_MS = 640;

export type Ready<W> = {
  /** The threads that it takes; `finished` gives them back. */
  readonly threads: readonly number[];
  readonly works: readonly W[];
};

type RoundQueueOptions<W> = {
  readonly threads: number;
  readonly sizeOf: (work: W) => number;
  /**
   * Names of what the work concerns. Work that shares none of them may run out of order where threads do not
   * answer.
   */
  readonly namesOf: (work: W) => Iterable<string>;
};

type Entry<W> = { readonly work: W; readonly order: number };

export class RoundQueue<W> {
  private readonly options: RoundQueueOptions<W>;
  private readonly ofThread: readonly Fifo<W>[];
  private readonly shared = new Fifo<W>();
  private readonly threadless = new Fifo<W>();
  private readonly busy: boolean[];
  private readonly claimed: boolean[];
  private threadlessBusy = false;
  private lastOrder = 0;
  private firstOrder = 0;
  private patienceMs = FIRST_PATIENCE_MS;
  private waitingSinceMs: number | null = null;
  /** Threads that others waited for longer than the patience and that are not back yet. */
  private readonly late = new Set<number>();

  constructor(options: RoundQueueOptions<W>) {
    this.options = options;
    this.ofThread = Array.from({ length: options.threads }, () => new Fifo<W>());
    this.busy = this.ofThread.map(() => false);
    this.claimed = this.ofThread.map(() => false);
  }

  get isEmpty(): boolean {
    return this.fifos().every((fifo) => fifo.first === undefined);
  }

  /** Whether no round runs. */
  get isIdle(): boolean {
    return !this.threadlessBusy && !this.busy.includes(true);
  }

  /** Pieces of work that wait for each thread. What concerns several waits for all of them. */
  waiting(): readonly number[] {
    return this.ofThread.map((fifo) => fifo.size + this.shared.size);
  }

  isBusy(thread: number): boolean {
    return this.busy[thread] === true;
  }

  /** @param threads that the work concerns; none: it concerns no shard. */
  push(work: W, threads: readonly number[]): void {
    this.lastOrder += 1;
    this.fifoOf(threads).push({ work, order: this.lastOrder });
  }

  /** Puts work of a round that could not run yet before everything else. */
  putBack(works: readonly W[], threads: readonly number[]): void {
    for (const work of [...works].reverse()) {
      this.firstOrder -= 1;
      this.fifoOf(threads).unshift({ work, order: this.firstOrder });
    }
  }

  /**
   * The next round that may start; its threads are busy from now on. `null`: none.
   *
   * @param limit on the size of a round's work; a single piece may be larger.
   * @param due threads with something to do that no caller asked for.
   */
  next(nowMs: number, limit: number, due: ReadonlySet<number>): Ready<W> | null {
    if (!this.threadlessBusy && this.threadless.first !== undefined) {
      this.threadlessBusy = true;
      return { threads: [], works: this.take([this.threadless], limit) };
    }
    if (this.shared.first !== undefined) {
      if (this.busy.every((busy, thread) => !busy && this.claimed[thread] !== true))
        return this.wholeRound(limit);
      if (!this.mayOvertake(nowMs)) return null;
    }
    for (const [thread, fifo] of this.ofThread.entries()) {
      if (this.busy[thread] === true || this.claimed[thread] === true) continue;
      const works = this.shared.first === undefined ? this.take([fifo], limit) : this.overtakers(fifo, limit);
      if (works.length === 0 && !due.has(thread)) continue;
      this.busy[thread] = true;
      return { threads: [thread], works };
    }
    return null;
  }

  /** When to call `next` again although nothing has happened; `null`: never. */
  get askAgainAtMs(): number | null {
    return this.waitingSinceMs === null ? null : this.waitingSinceMs + this.patienceMs;
  }

  finished(threads: readonly number[]): void {
    if (threads.length === 0) this.threadlessBusy = false;
    for (const thread of threads) {
      this.busy[thread] = false;
      this.late.delete(thread);
    }
  }

  /**
   * Takes threads for something that goes before all rounds. False: rounds run on some of them; no other
   * round begins there until the claim was granted.
   */
  claim(threads: readonly number[]): boolean {
    const isFree = threads.every((thread) => this.busy[thread] !== true);
    for (const thread of threads) {
      this.claimed[thread] = !isFree;
      if (isFree) this.busy[thread] = true;
    }
    return isFree;
  }

  /** Everything that waits, in the order in which it came. */
  takeAll(): readonly W[] {
    this.waitingSinceMs = null;
    return this.take(this.fifos(), Number.POSITIVE_INFINITY);
  }

  private wholeRound(limit: number): Ready<W> {
    this.waitingSinceMs = null;
    this.patienceMs = FIRST_PATIENCE_MS;
    this.busy.fill(true);
    return {
      threads: [...this.busy.keys()],
      works: this.take([this.shared, ...this.ofThread], limit),
    };
  }

  private mayOvertake(nowMs: number): boolean {
    if (this.late.size > 0) return true;
    this.waitingSinceMs ??= nowMs;
    if (nowMs - this.waitingSinceMs < this.patienceMs) return false;
    this.waitingSinceMs = null;
    this.patienceMs = Math.min(MAX_PATIENCE_MS, this.patienceMs * 2);
    for (const [thread, busy] of this.busy.entries()) if (busy) this.late.add(thread);
    return this.late.size > 0;
  }

  /** Work of one thread that shares nothing with what came before it and waits. */
  private overtakers(fifo: Fifo<W>, limit: number): readonly W[] {
    const { namesOf, sizeOf } = this.options;
    const named = new Set<string>();
    const waiting = this.shared.entries();
    let nextWaiting = waiting.next();
    const taken: W[] = [];
    const left: Entry<W>[] = [];
    let size = 0;
    let isFull = false;
    for (const entry of fifo.entries()) {
      for (; !nextWaiting.done && nextWaiting.value.order < entry.order; nextWaiting = waiting.next()) {
        for (const name of namesOf(nextWaiting.value.work)) named.add(name);
      }
      const names = [...namesOf(entry.work)];
      isFull ||= taken.length > 0 && size + sizeOf(entry.work) > limit;
      if (isFull || names.some((name) => named.has(name))) {
        left.push(entry);
        for (const name of names) named.add(name);
        continue;
      }
      taken.push(entry.work);
      size += sizeOf(entry.work);
    }
    fifo.replace(left);
    return taken;
  }

  private take(fifos: readonly Fifo<W>[], limit: number): readonly W[] {
    const taken: W[] = [];
    for (let size = 0; ; ) {
      let oldest: Fifo<W> | undefined;
      for (const fifo of fifos) {
        if (
          fifo.first !== undefined &&
          (oldest?.first?.order ?? Number.POSITIVE_INFINITY) > fifo.first.order
        ) {
          oldest = fifo;
        }
      }
      const entry = oldest?.first;
      if (oldest === undefined || entry === undefined) return taken;
      size += this.options.sizeOf(entry.work);
      if (taken.length > 0 && size > limit) return taken;
      oldest.shift();
      taken.push(entry.work);
    }
  }

  private fifoOf(threads: readonly number[]): Fifo<W> {
    const [thread] = threads;
    if (thread === undefined) return this.threadless;
    return threads.length > 1 ? this.shared : (this.ofThread[thread] ?? this.shared);
  }

  private fifos(): readonly Fifo<W>[] {
    return [this.threadless, this.shared, ...this.ofThread];
  }
}

/** An array that can be read from the front without moving the rest each time. */
class Fifo<W> {
  private queue: Entry<W>[] = [];
  private next = 0;

  get size(): number {
    return this.queue.length - this.next;
  }

  get first(): Entry<W> | undefined {
    return this.queue[this.next];
  }

  push(entry: Entry<W>): void {
    this.queue.push(entry);
  }

  unshift(entry: Entry<W>): void {
    this.queue = [entry, ...this.queue.slice(this.next)];
    this.next = 0;
  }

  shift(): void {
    this.next += 1;
    if (this.next < this.queue.length && this.next < 4096) return;
    this.queue = this.queue.slice(this.next);
    this.next = 0;
  }

  *entries(): Generator<Entry<W>, undefined> {
    for (let index = this.next; index < this.queue.length; index += 1) yield this.queue[index] as Entry<W>;
  }

  replace(entries: Entry<W>[]): void {
    this.queue = entries;
    this.next = 0;
  }
}
