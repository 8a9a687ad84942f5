/**
 * One operating system process as the simulation knows it: it lives, may be suspended for a while, and dies
 * at once.
 *
 * Everything that reaches an owner's code comes through `after`. So a dead process is never entered again,
 * and a suspended one finds all that it missed, in order, when it wakes up.
 */

import type { Random } from "../../../config/seeded-random.ts";
import type { Scheduler } from "../../loop/scheduler.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What "soon" means at most, in milliseconds: some turns of a busy event loop. */
const MAX_SOON_MS = 0.2;

export class SimulatedProcess implements Scheduler {
  readonly name: string;
  readonly time: VirtualTime;
  private readonly random: Random;
  private readonly skewMs: number;
  private suspendedUntilMs = 0;
  isAlive = true;

  /** @param skewMs how far this machine's clock is ahead. */
  constructor(name: string, time: VirtualTime, random: Random, skewMs: number) {
    this.name = name;
    this.time = time;
    this.random = random;
    this.skewMs = skewMs;
  }

  get isSuspended(): boolean {
    return this.suspendedUntilMs > this.time.elapsedMs;
  }

  now(): number {
    return this.time.nowMs + this.skewMs;
  }

  after(ms: number, act: () => void): () => void {
    const event = this.time.after(ms, () => this.enter(act));
    return () => {
      event.act = null;
    };
  }

  soon(act: () => void): void {
    this.after(this.random.next() * MAX_SOON_MS, act);
  }

  suspend(ms: number): void {
    this.suspendedUntilMs = this.time.elapsedMs + ms;
  }

  kill(): void {
    this.isAlive = false;
  }

  private enter(act: () => void): void {
    if (!this.isAlive) return;
    if (this.isSuspended) this.after(this.suspendedUntilMs - this.time.elapsedMs, act);
    else act();
  }
}
