/**
 * Starts nodes that share the shards, and makes their accidents happen: crashes, suspensions, jumps of the
 * clock, shards that are handed over or taken at any moment, nodes that are drained and started anew.
 */
import type { Random } from "../../../config/seeded-random.ts";
import { shardOf } from "../../shard/shard-of.ts";
import type { Ask } from "../audit/operation.ts";
import { addInterval } from "../world/interval.ts";
import { SimulatedProcess } from "../world/simulated-process.ts";
import type { VirtualTime } from "../world/virtual-time.ts";
import { Owner, type OwnerOptions } from "./owner.ts";

const MAX_RESTART_MS = 50;
const MAX_SUSPENSION_MS = 4_000;
const MAX_SKEW_MS = 40;
const JUMPS_MS = [10, 1_000, 60_000, 600_000];
/** Longer than ids are remembered. */
const LONG_JUMPS_MS = [1_000, 3_600_000, 25 * 3_600_000];

export class NodeOperator {
  private readonly time: VirtualTime;
  private readonly random: Random;
  private readonly options: OwnerOptions;
  private readonly count: number;
  private nodes: Owner[] = [];
  private started = 0;
  private isSettled = false;

  /** @param count of nodes that run beside each other */
  constructor(time: VirtualTime, random: Random, count: number, options: OwnerOptions) {
    this.time = time;
    this.random = random;
    this.count = count;
    this.options = options;
  }

  /** Who has what is asked for, or, `former`, anybody. */
  owner(former: boolean, ask: Ask | null = null): Owner | null {
    const { disk } = this.options;
    const sku = ask === null ? null : skuOf(ask);
    const holder = sku === null ? "" : disk.ownerOf(shardOf(sku, disk.shardCount));
    const found = former ? undefined : this.nodes.find(({ process }) => process.name === holder);
    return found ?? (this.nodes.length === 0 ? null : this.random.pick(this.nodes));
  }

  start(): void {
    for (let node = 0; node < this.count; node += 1) this.startOne();
  }

  /** Makes the accidents of this run's weather happen, for as long as it lasts. */
  begin(): void {
    const { weather, faults, story, disk } = this.options;
    const every = (mean: () => number, act: () => void) => addInterval(this.time, this.random, mean, act);
    const anybody = (act: (node: Owner) => void) => () => {
      if (this.nodes.length > 0) act(this.random.pick(this.nodes));
    };
    const ignored = () => {};
    every(
      () => weather().crashEveryMs,
      anybody((node) => {
        faults.crashes += 1;
        story?.tell(`${node.process.name} crashes`);
        this.end(node);
      }),
    );
    every(
      () => weather().takeoverEveryMs,
      anybody((node) => {
        const shard = this.random.below(disk.shardCount);
        const other = this.random.pick(this.nodes);
        const choice = this.random.next();
        faults.takeovers += 1;
        if (choice < 0.4) {
          story?.tell(`${node.process.name} is to hand shard ${shard} to ${other.process.name}`);
          node
            .give(shard)
            .then(() => other.seize(shard), ignored)
            .catch(ignored);
        } else if (choice < 0.8) {
          story?.tell(`${node.process.name} is to seize shard ${shard}`);
          node.seize(shard).catch(ignored);
        } else this.replace(node);
      }),
    );
    every(
      () => weather().suspendEveryMs,
      anybody((node) => {
        if (node.process.isSuspended) return;
        faults.suspensions += 1;
        story?.tell(`${node.process.name} is suspended`);
        node.process.suspend(this.random.next() * MAX_SUSPENSION_MS);
      }),
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
   * The last fault is over: all nodes but one give up what they have, in order, and the one that is left has
   * everything.
   *
   * @param mustRestart whether every node is useless now, whatever it has.
   */
  settle(mustRestart: boolean): void {
    this.isSettled = true;
    const [kept, ...others] = this.nodes.filter(({ client }) => client !== null && !mustRestart);
    for (const node of this.nodes) if (node.client === null || mustRestart) node.process.kill();
    this.nodes = kept === undefined ? [] : [kept];
    if (kept === undefined) this.startOne();
    for (const node of others) {
      this.options.story?.tell(`${node.process.name} drains for good`);
      node.drain().catch(() => node.process.kill());
    }
  }

  private startOne(): void {
    const { random, options } = this;
    this.started += 1;
    const process = new SimulatedProcess(
      `node-${this.started}`,
      this.time,
      random.fork(),
      random.chance(0.5) ? random.below(MAX_SKEW_MS) : 0,
    );
    const node = new Owner(process, { ...options, random: random.fork() });
    this.nodes.push(node);
    process.after(random.next(), () => {
      node.start().catch((error: unknown) => {
        if (!process.isAlive) return;
        options.story?.tell(`${process.name} cannot start: ${error}`);
        this.end(node);
      });
    });
  }

  /** A deploy: the node drains and ends, and another one starts. */
  private replace(node: Owner): void {
    this.options.story?.tell(`${node.process.name} drains`);
    node
      .drain()
      .catch(() => {})
      .finally(() => {
        if (node.process.isAlive) this.end(node);
      });
  }

  private end(node: Owner): void {
    node.process.kill();
    if (!this.nodes.includes(node)) return;
    this.nodes = this.nodes.filter((other) => other !== node);
    this.time.after(this.random.next() * MAX_RESTART_MS, () => {
      if (this.nodes.length < (this.isSettled ? 1 : this.count)) this.startOne();
    });
  }
}

function skuOf(ask: Ask): string | null {
  switch (ask.kind) {
    case "execute":
      return ask.commands[0]?.sku ?? null;
    case "order":
      return ask.request.lines[0]?.sku ?? null;
    case "lane":
      return ask.steps[0]?.sku ?? null;
    case "positions":
      return ask.skus[0] ?? null;
    case "holds":
      return ask.address.sku;
    case "amend":
    case "cancel":
    case "record":
      return null;
    default: {
      const unreachable: never = ask;
      return unreachable;
    }
  }
}
