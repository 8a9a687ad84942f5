/**
 * One engine process: the real core, committer, round runner and allocator client over the simulated threads
 * and disk.
 *
 * Takes every shard over when it starts, and its predecessor goes on trying until it is killed. Or it is one
 * of several nodes: it shares the shards with the others, by the real code that does so, and besides gives
 * and takes some at moments that nobody would choose.
 */
import { pino } from "pino";
import type { Random } from "../../../config/seeded-random.ts";
import { Allocator } from "../../allocator.ts";
import type { Kit, SourcingLocation } from "../../allocator-client.ts";
import { EngineCore } from "../../loop/engine-core.ts";
import type { NodeBook } from "../../nodes/node-book.ts";
import { NodeShards } from "../../nodes/node-shards.ts";
import { ShardDirectory } from "../../rounds/shard-directory.ts";
import { StockView } from "../../stock-view/stock-view.ts";
import type { Checker } from "../audit/checker.ts";
import { DiskConnection } from "../world/disk-connection.ts";
import type { FaultCount } from "../world/fault-count.ts";
import type { SimulatedDisk } from "../world/simulated-disk.ts";
import { SimulatedHost } from "../world/simulated-host.ts";
import { simulatedNodeBook } from "../world/simulated-node-book.ts";
import type { SimulatedProcess } from "../world/simulated-process.ts";
import type { Story } from "../world/story.ts";
import type { Weather } from "../world/weather.ts";

/** Nothing here reads without asking. */
const NOTHING_SHOWN = new StockView();

const THREADS = 2;

const silentLogger = pino({ level: "silent" });

export type OwnerOptions = {
  readonly disk: SimulatedDisk;
  readonly checker: Checker;
  readonly locations: readonly SourcingLocation[];
  readonly kits: readonly Kit[];
  readonly random: Random;
  readonly weather: () => Weather;
  readonly faults: FaultCount;
  readonly story: Story | null;
  /** Whether it is one of several nodes. */
  readonly shares: boolean;
};

export class Owner {
  readonly process: SimulatedProcess;
  private readonly options: OwnerOptions;
  private core: EngineCore | null = null;
  private nodes: NodeShards | null = null;
  private book: NodeBook | null = null;
  /** The door to the engine; `null` until it has started. */
  client: Allocator | null = null;

  constructor(process: SimulatedProcess, options: OwnerOptions) {
    this.process = process;
    this.options = options;
  }

  /** Rejects where what is stored cannot be read or trusted; the process must then end. */
  async start(): Promise<void> {
    const { disk, checker, weather, faults, story, shares } = this.options;
    const { name } = this.process;
    const epochs = shares ? null : disk.takeLeases(name);
    if (epochs !== null)
      story?.tell(`${name} takes every shard over: epochs ${[...epochs.values()].join(" ")}`);
    const host: SimulatedHost = new SimulatedHost(this.process, {
      threads: THREADS,
      random: this.options.random.fork(),
      weather,
      faults,
      story,
      onThreadLost: (thread, reason) => core.threadLost(thread, reason),
      onRecovering: (shard) => checker.recovering(name, shard),
      onRecovered: (shard, head) => {
        story?.tell(`${name} has recovered shard ${shard.shard} up to row ${head.sequence}`);
        checker.recovered(name, shard, head);
      },
    });
    const directory = new ShardDirectory(disk.shardCount, (shard) => host.threadOf(shard), epochs);
    const core = new EngineCore({
      disk: new DiskConnection(disk, this.process, {
        random: this.options.random.fork(),
        weather,
        faults,
        story,
      }),
      host,
      directory,
      logger: silentLogger,
      scheduler: this.process,
      snapshotEvery: { rows: weather().snapshotEveryRows, bytes: Number.POSITIVE_INFINITY },
      view: { publish: (changes) => checker.published(name, changes), withdraw: () => {} },
      isShared: shares,
      onMoved: () => story?.tell(`${name} has ${directory.entries.map((one) => one.status).join(" ")}`),
      onCommitted: () => {},
    });
    await core.start();
    core.setLocations(this.options.locations);
    core.setKits(this.options.kits);
    this.core = core;
    this.client = new Allocator(core, directory, NOTHING_SHOWN);
    story?.tell(`${name} is open for work`);
    if (shares) await this.takePart(core, directory);
  }

  private async takePart(core: EngineCore, directory: ShardDirectory): Promise<void> {
    const { disk, weather, faults } = this.options;
    const book = simulatedNodeBook(disk, this.process, {
      random: this.options.random.fork(),
      weather,
      faults,
    });
    const nodes = new NodeShards({
      book,
      core,
      directory,
      scheduler: this.process,
      logger: silentLogger,
      owner: this.process.name,
    });
    this.book = book;
    this.nodes = nodes;
    await nodes.start();
  }

  /** Gives a shard up in order, whether or not it is one too many. */
  async give(shard: number): Promise<void> {
    const { core, book } = this;
    if (core === null || book === null) return;
    const epochs = await core.giveUp([shard]);
    await book.release(epochs);
  }

  /** Takes a shard from whoever has it. */
  async seize(shard: number): Promise<void> {
    const { core, book } = this;
    const { disk } = this.options;
    const seen = disk.readLeases().filter((lease) => lease.shard === shard);
    if (core === null || book === null || disk.isHeldBy(this.process.name, shard)) return;
    core.leaseLost(shard);
    const taken = await book.take(seen);
    await core.adopt([...taken.keys()]);
  }

  /** Gives everything up in order, and takes nothing more. */
  async drain(): Promise<void> {
    await this.nodes?.drain();
    await this.nodes?.stop();
  }

  async stop(): Promise<void> {
    await this.drain();
    await this.core?.stop();
  }
}
