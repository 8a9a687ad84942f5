import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Ready, RoundQueue } from "./round-queue.ts";

/** `names` are what it concerns; each name is on one thread. */
type Piece = { readonly id: number; readonly names: readonly string[]; readonly threads: readonly number[] };

const NOBODY = new Set<number>();
const THREADS = 3;

function threadOf(name: string): number {
  return Number(name.slice(1)) % THREADS;
}

function piece(id: number, ...names: string[]): Piece {
  return { id, names, threads: [...new Set(names.map(threadOf))] };
}

function newQueue() {
  const queue = new RoundQueue<Piece>({ threads: THREADS, sizeOf: () => 1, namesOf: (work) => work.names });
  return {
    queue,
    push: (...pieces: Piece[]) => {
      for (const one of pieces) queue.push(one, one.threads);
    },
    /** Everything that may start now. */
    start: (nowMs = 0, limit = 100) => {
      const ready: Ready<Piece>[] = [];
      for (
        let next = queue.next(nowMs, limit, NOBODY);
        next !== null;
        next = queue.next(nowMs, limit, NOBODY)
      ) {
        ready.push(next);
      }
      return ready.map(({ threads, works }) => ({ threads, ids: works.map((work) => work.id) }));
    },
  };
}

describe("the round queue", () => {
  it("runs work of one thread in that thread's own round, beside those of the others", () => {
    const { queue, push, start } = newQueue();
    push(piece(1, "s0"), piece(2, "s1"), piece(3, "s0"));
    expect(start()).toEqual([
      { threads: [0], ids: [1, 3] },
      { threads: [1], ids: [2] },
    ]);
    push(piece(4, "s0"), piece(5, "s2"));
    expect(start()).toEqual([{ threads: [2], ids: [5] }]);
    queue.finished([0]);
    expect(start()).toEqual([{ threads: [0], ids: [4] }]);
  });

  it("runs work over several threads once all are free, with everything else that waits, in the order it came", () => {
    const { queue, push, start } = newQueue();
    push(piece(1, "s0"));
    expect(start()).toEqual([{ threads: [0], ids: [1] }]);
    push(piece(2, "s1"), piece(3, "s0", "s1"), piece(4, "s1"), piece(5, "s2"), piece(6, "s0"));
    // Nobody begins another round before it.
    expect(start()).toEqual([]);
    queue.finished([0]);
    expect(start()).toEqual([{ threads: [0, 1, 2], ids: [2, 3, 4, 5, 6] }]);
  });

  it("lets the others go on when a thread keeps it waiting, but not with what it names, nor with what follows that", () => {
    const { queue, push, start } = newQueue();
    push(piece(1, "s0"));
    start();
    push(
      piece(2, "s0", "s1"),
      piece(3, "s1"),
      piece(4, "s4"),
      piece(5, "s4", "s1"),
      piece(6, "s4"),
      piece(7, "s2"),
    );
    expect(start(0)).toEqual([]);
    expect(queue.askAgainAtMs).toBe(20);
    expect(start(19)).toEqual([]);
    expect(start(20)).toEqual([
      { threads: [1], ids: [4] },
      { threads: [2], ids: [7] },
    ]);
    queue.finished([1]);
    push(piece(8, "s7"));
    expect(start(25)).toEqual([{ threads: [1], ids: [8] }]);
    // The late thread is back: everybody waits for the rounds that run, and then it is the turn of what
    // waited.
    queue.finished([0]);
    queue.finished([2]);
    push(piece(9, "s2"));
    expect(start(30)).toEqual([]);
    queue.finished([1]);
    expect(start(31)).toEqual([{ threads: [0, 1, 2], ids: [2, 3, 5, 6, 9] }]);
  });

  it("waits longer each time for threads that are late in turn, so that nothing waits for ever", () => {
    const { queue, push, start } = newQueue();
    push(piece(0, "s0", "s1"));
    start();
    queue.finished([0, 1, 2]);
    // Every round takes 100 ms, and there is always work for one thread.
    push(piece(1, "s0"), piece(2, "s1"), piece(3, "s2"));
    const endsAt = new Map<number, number>();
    const begin = (nowMs: number) => {
      for (const { threads, ids } of start(nowMs)) {
        if (threads.length > 1) return ids;
        for (const thread of threads) endsAt.set(thread, nowMs + 100 + thread * 17);
      }
      return null;
    };
    begin(0);
    push(piece(4, "s0", "s1"));
    let ranAtMs: number | null = null;
    let id = 100;
    for (let nowMs = 1; nowMs < 5_000 && ranAtMs === null; nowMs += 1) {
      for (const [thread, endMs] of endsAt) {
        if (endMs > nowMs) continue;
        endsAt.delete(thread);
        queue.finished([thread]);
        push(piece(id, `s${thread + 3}`));
        id += 1;
      }
      if (begin(nowMs)?.includes(4)) ranAtMs = nowMs;
    }
    expect(ranAtMs).not.toBeNull();
    expect(ranAtMs).toBeLessThan(2_000);
  });

  it("runs what concerns no shard although every thread is busy, in its order", () => {
    const { queue, push, start } = newQueue();
    push(piece(1, "s0", "s1"));
    start();
    push(piece(2), piece(3));
    expect(start()).toEqual([{ threads: [], ids: [2, 3] }]);
    push(piece(4));
    expect(start()).toEqual([]);
    queue.finished([]);
    expect(start()).toEqual([{ threads: [], ids: [4] }]);
  });

  it("begins a round for a thread that has something to do without being asked", () => {
    const { queue } = newQueue();
    expect(queue.next(0, 10, new Set([2]))).toEqual({ threads: [2], works: [] });
    expect(queue.next(0, 10, new Set([2]))).toBeNull();
  });

  it("grants a claim before any other round on its threads, and only then", () => {
    const { queue, push, start } = newQueue();
    push(piece(1, "s0"));
    start();
    expect(queue.claim([0, 1])).toBe(false);
    push(piece(2, "s0"), piece(3, "s1"), piece(4, "s2"));
    expect(start()).toEqual([{ threads: [2], ids: [4] }]);
    queue.finished([0]);
    expect(start()).toEqual([]);
    expect(queue.claim([0, 1])).toBe(true);
    expect(start()).toEqual([]);
    queue.finished([0, 1]);
    expect(start()).toEqual([
      { threads: [0], ids: [2] },
      { threads: [1], ids: [3] },
    ]);
  });

  it("keeps order by name, loses nothing and leaves nothing lying, whatever comes, ends and is late", () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant("push" as const),
          names: fc.array(fc.nat(8), { maxLength: 3 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant("start" as const), limit: fc.integer({ min: 1, max: 5 }) }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant("finish" as const), which: fc.nat(3) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(100) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const { queue } = newQueue();
        const running: Ready<Piece>[] = [];
        const started: Piece[] = [];
        let pushed = 0;
        let nowMs = 0;
        const startOne = (limit: number): boolean => {
          const ready = queue.next(nowMs, limit, NOBODY);
          if (ready === null) return false;
          for (const other of running) {
            expect(ready.threads.some((thread) => other.threads.includes(thread))).toBe(false);
          }
          for (const work of ready.works) {
            expect(work.threads.every((thread) => ready.threads.includes(thread))).toBe(true);
          }
          running.push(ready);
          started.push(...ready.works);
          return true;
        };
        const finish = (index: number) => {
          const [ended] = running.splice(index, 1);
          if (ended !== undefined) queue.finished(ended.threads);
        };
        for (const action of steps) {
          if (action.do === "push") {
            const work = piece(pushed, ...action.names.map((name) => `s${name}`));
            queue.push(work, work.threads);
            pushed += 1;
          } else if (action.do === "start") startOne(action.limit);
          else if (action.do === "finish") finish(action.which % Math.max(1, running.length));
          else nowMs += action.ms;
        }
        // Whatever ran before: once rounds end, everything runs.
        for (let turn = 0; turn < 10_000 && !(queue.isEmpty && running.length === 0); turn += 1) {
          if (!startOne(3)) finish(0);
        }
        expect(queue.isEmpty && queue.isIdle).toBe(true);
        expect(started.map((work) => work.id).sort((a, b) => a - b)).toEqual([...Array(pushed).keys()]);
        for (let name = 0; name <= 8; name += 1) {
          const ids = started.filter((work) => work.names.includes(`s${name}`)).map((work) => work.id);
          expect(ids).toEqual([...ids].sort((a, b) => a - b));
        }
      }),
      { numRuns: 300 },
    );
  });
});
