/**
 * Starts owners and makes their accidents happen: crashes, takeovers by a rival, suspensions, jumps of the
 * clock.
 *
 * The current owner is the one that was started last. Earlier ones may live on for a while as former owners.
 */

import type { Random } from "../../../config/seeded-random.ts";
import type { Ask } from "../audit/operation.ts";
import { addInterval } from "../world/interval.ts";
import { SimulatedProcess } from "../world/simulated-process.ts";
import type { VirtualTime } from "../world/virtual-time.ts";
import { Owner, type OwnerOptions } from "./owner.ts";

const MAX_ZOMBIES = 2;
const MAX_RESTART_MS = 50;
const MAX_SUSPENSION_MS = 3_000;
const MAX_SKEW_MS = 40;
const JUMPS_MS = [10, 1_000, 60_000, 600_000];
/** Longer than ids are remembered. */
const LONG_JUMPS_MS = [1_000, 3_600_000, 25 * 3_600_000];

export class Operator {
  private readonly time: VirtualTime;
  private readonly random: Random;
  private readonly options: OwnerOptions;
  private current: Owner | null = null;
  private readonly former: Owner[] = [];
  private started = 0;

  constructor(time: VirtualTime, random: Random, options: OwnerOptions) {
    this.time = time;
    this.random = random;
    this.options = options;
  }

  owner(former: boolean, _ask: Ask | null = null): Owner | null {
    return former && this.former.length > 0 ? this.random.pick(this.former) : this.current;
  }

  start(): void {
    const { random, options } = this;
    this.started += 1;
    const process = new SimulatedProcess(
      `owner-${this.started}`,
      this.time,
      random.fork(),
      random.chance(0.5) ? random.below(MAX_SKEW_MS) : 0,
    );
    const owner = new Owner(process, { ...options, random: random.fork() });
    if (this.current !== null) this.former.push(this.current);
    this.current = owner;
    if (this.former.length > MAX_ZOMBIES) this.former.shift()?.process.kill();
    process.after(random.next(), () => {
      owner.start().catch((error: unknown) => {
        if (!process.isAlive) return;
        options.story?.tell(`${process.name} cannot start: ${error}`);
        this.end(owner);
      });
    });
  }

  /** Makes the accidents of this run's weather happen, for as long as it lasts. */
  begin(): void {
    const { weather, faults, story } = this.options;
    const every = (mean: () => number, act: () => void) => addInterval(this.time, this.random, mean, act);
    every(
      () => weather().crashEveryMs,
      () => {
        const owner = this.owner(this.random.chance(0.3));
        if (owner === null || !owner.process.isAlive) return;
        faults.crashes += 1;
        story?.tell(`${owner.process.name} crashes`);
        this.end(owner);
      },
    );
    every(
      () => weather().takeoverEveryMs,
      () => {
        faults.takeovers += 1;
        this.start();
      },
    );
    every(
      () => weather().suspendEveryMs,
      () => {
        const owner = this.owner(this.random.chance(0.3));
        if (owner === null || owner.process.isSuspended) return;
        faults.suspensions += 1;
        story?.tell(`${owner.process.name} is suspended`);
        owner.process.suspend(this.random.next() * MAX_SUSPENSION_MS);
      },
    );
    every(
      () => weather().jumpEveryMs,
      () => {
        faults.clockJumps += 1;
        const ms = this.random.pick(weather().longJumps ? LONG_JUMPS_MS : JUMPS_MS);
        story?.tell(`the clock jumps forward by ${ms} ms`);
        this.time.jump(ms);
      },
    );
  }

  /**
   * The last fault is over: from now on the owner that is asked has the shards, and no other is about to take
   * them.
   *
   * @param mustRestart whether the current owner is useless now, whatever it has.
   */
  settle(mustRestart: boolean): void {
    // Of two owners that start at the same time, either may be the last to take the shards over. An engine
    // never takes back what it has lost. So if the current owner was the first of the two, it must be started
    // again.
    if (mustRestart || this.isCurrentFenced) this.start();
    // An owner that was replaced before it was open, and starts late, would take all shards from the current
    // one.
    for (const { client, process } of this.former) if (client === null) process.kill();
  }

  private get isCurrentFenced(): boolean {
    const { current } = this;
    const { disk } = this.options;
    if (current === null) return false;
    for (let shard = 0; shard < disk.shardCount; shard += 1) {
      if (!disk.isHeldBy(current.process.name, shard)) return true;
    }
    return false;
  }

  private end(owner: Owner): void {
    owner.process.kill();
    if (owner !== this.current) return;
    this.current = null;
    this.time.after(this.random.next() * MAX_RESTART_MS, () => {
      if (this.current === null) this.start();
    });
  }
}
