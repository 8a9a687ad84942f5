/**
 * The engine under more work than its disk keeps up with, in virtual time: what is accepted is done in
 * bounded time, the rest is refused with a hint that holds, memory stays bounded and nothing is lost.
 */
import { describe, expect, it } from "vitest";
import type { JournalRow } from "../../store/journal/journal.ts";
import { receive } from "../../test-support/engine.ts";
import { virtualEngine } from "../../test-support/engines/virtual-engine.ts";
import { EngineError } from "../errors.ts";
import type { CommitResult } from "../storage/engine-disk.ts";
import { VolatileDisk } from "../storage/volatile-disk.ts";
import type { Scheduler } from "./scheduler.ts";

const THREADS = 2;
const SKUS = ["A", "B", "C", "D", "E", "F"];

/**
 * A commit costs a write, and then its bytes at the rate of a poor disk; a stalled
 * disk takes as long as it takes.
 */
class SlowDisk extends VolatileDisk {
  private readonly scheduler: Scheduler;
  private readonly bytesPerMs: number;
  stalledUntilMs = 0;
  largestCommit = 0;

  constructor(scheduler: Scheduler, bytesPerMs: number) {
    super();
    this.scheduler = scheduler;
    this.bytesPerMs = bytesPerMs;
  }

  override async commit(rows: readonly JournalRow[]): Promise<CommitResult> {
    const bytes = rows.reduce((sum, row) => sum + row.entries.length, 0);
    this.largestCommit = Math.max(this.largestCommit, bytes);
    const delayMs = 20 + bytes / this.bytesPerMs + Math.max(0, this.stalledUntilMs - this.scheduler.now());
    await new Promise<void>((resolve) => this.scheduler.after(delayMs, resolve));
    return { status: "committed" };
  }
}

function newEngine(bytesPerMs: number) {
  return virtualEngine(THREADS, (scheduler) => new SlowDisk(scheduler, bytesPerMs));
}

/** Clients that ask for `perMs` commands a millisecond, whether or not they are answered. */
class Flood {
  readonly latencies: number[] = [];
  readonly hints: number[] = [];
  readonly otherErrors: unknown[] = [];
  applied = 0;
  pending = 0;
  mostPending = 0;
  private sent = 0;
  private readonly engine: ReturnType<typeof newEngine>;

  constructor(engine: ReturnType<typeof newEngine>) {
    this.engine = engine;
  }

  run(perMs: number, forMs: number): void {
    const { scheduler } = this.engine;
    const batch = perMs * 10;
    const untilMs = scheduler.now() + forMs;
    const tick = () => {
      if (scheduler.now() >= untilMs) return;
      for (let from = 0; from < batch; from += 50) this.ask(Math.min(50, batch - from));
      scheduler.after(10, tick);
    };
    tick();
  }

  ask(count: number): void {
    const { client, scheduler } = this.engine;
    const fromMs = scheduler.now();
    const sku = SKUS[this.sent % SKUS.length] as string;
    const commands = Array.from({ length: count }, () => {
      this.sent += 1;
      return receive(sku, "east", 1, `c-${this.sent}`);
    });
    this.pending += count;
    this.mostPending = Math.max(this.mostPending, this.pending);
    client
      .execute(commands)
      .then(
        (outcomes) => {
          this.applied += outcomes.filter((outcome) => outcome.status === "applied").length;
          this.latencies.push(scheduler.now() - fromMs);
        },
        (error: unknown) => {
          if (error instanceof EngineError && error.code === "engine_overloaded") {
            this.hints.push(error.retryAfterMs ?? Number.NaN);
          } else this.otherErrors.push(error);
        },
      )
      .finally(() => {
        this.pending -= count;
      });
  }
}

/** Lets virtual time pass. */
async function pass(engine: ReturnType<typeof newEngine>, ms: number): Promise<void> {
  let over = false;
  engine.scheduler.after(ms, () => {
    over = true;
  });
  await engine.time.run(() => over);
}

async function stockOf(engine: ReturnType<typeof newEngine>): Promise<number> {
  let total: number | null = null;
  engine.client.positions(SKUS).then((positions) => {
    total = positions.reduce((sum, position) => sum + position.onHand, 0);
  });
  await engine.time.run(() => total !== null);
  return total ?? Number.NaN;
}

describe("an engine whose disk does not keep up", () => {
  it("refuses what it could not do in time, does what it accepted in time, and loses none of it", async () => {
    const engine = newEngine(100);
    await engine.core.start();
    const flood = new Flood(engine);
    flood.run(8, 10_000);
    await pass(engine, 10_000);
    await engine.time.run(() => flood.pending === 0);

    expect(flood.otherErrors).toEqual([]);
    // The load is several times what the disk can take.
    expect(flood.hints.length).toBeGreaterThan(300);
    expect(flood.applied).toBeGreaterThan(4_000);
    // Accepted work is asked to wait for two seconds at most; half as much again is for a rate that is only
    // an estimate.
    const latencies = flood.latencies.sort((a, b) => a - b);
    expect(latencies[Math.floor(latencies.length * 0.99)]).toBeLessThan(3_000);
    expect(flood.mostPending).toBeLessThan(10_000);
    expect(await stockOf(engine)).toBe(flood.applied);
  }, 60_000);

  it("gives a hint that follows the disk: longer where it is slower, and good enough to be let in after it", async () => {
    const middles: number[] = [];
    for (const bytesPerMs of [800, 100]) {
      const engine = newEngine(bytesPerMs);
      await engine.core.start();
      const flood = new Flood(engine);
      flood.run(40, 3_000);
      await pass(engine, 3_000);
      const hints = flood.hints.slice(-100).sort((a, b) => a - b);
      const hint = hints[50] ?? Number.NaN;
      middles.push(hint);
      // The flood is over: callers that come back when they were told to are accepted.
      const refused = flood.hints.length;
      await pass(engine, hint);
      flood.ask(50);
      await engine.time.run(() => flood.pending === 0);
      expect(flood.hints.length).toBe(refused);
      expect(flood.otherErrors).toEqual([]);
    }
    const [fast, slow] = middles as [number, number];
    expect(fast).toBeGreaterThan(0);
    expect(slow).toBeGreaterThan(1.5 * fast);
  }, 60_000);

  it("holds a bounded amount of work through a stall of the disk, and comes back from it", async () => {
    const engine = newEngine(2_000);
    await engine.core.start();
    const flood = new Flood(engine);
    flood.run(5, 12_000);
    await pass(engine, 2_000);
    expect(flood.hints).toEqual([]);
    engine.disk.stalledUntilMs = engine.scheduler.now() + 5_000;
    await pass(engine, 5_000);
    const refused = flood.hints.length;
    expect(refused).toBeGreaterThan(100);
    expect(flood.pending).toBeLessThan(20_000);
    await pass(engine, 2_500);
    const refusedSoonAfter = flood.hints.length;
    await pass(engine, 2_500);
    await engine.time.run(() => flood.pending === 0);
    // It takes a while until the disk counts as fast again; then all work is accepted.
    expect(refusedSoonAfter - refused).toBeLessThan(250);
    expect(flood.hints.length).toBe(refusedSoonAfter);
    expect(await stockOf(engine)).toBe(flood.applied);
  }, 60_000);
});

describe("an engine that keeps up", () => {
  it("takes a burst of 16,000 commands from idleness, cold or after a time of single commands", async () => {
    const engine = newEngine(20_000);
    await engine.core.start();
    const flood = new Flood(engine);
    engine.disk.stalledUntilMs = engine.scheduler.now() + 400;
    for (let call = 0; call < 8; call += 1) flood.ask(1_000);
    await pass(engine, 400);
    for (let call = 0; call < 8; call += 1) flood.ask(1_000);
    await engine.time.run(() => flood.pending === 0);

    await pass(engine, 20_000);
    for (let single = 0; single < 100; single += 1) {
      flood.ask(1);
      await engine.time.run(() => flood.pending === 0);
    }
    for (let call = 0; call < 16; call += 1) flood.ask(1_000);
    await engine.time.run(() => flood.pending === 0);

    expect([flood.hints, flood.otherErrors]).toEqual([[], []]);
    expect(await stockOf(engine)).toBe(32_100);
  }, 60_000);
});
