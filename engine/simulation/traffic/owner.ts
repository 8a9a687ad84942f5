/**
 * One engine process: the real core, committer, round runner and allocator client over the simulated threads
 * and disk.
 *
 * Takes every shard over when it starts. Its predecessor goes on trying until it is killed.
 */
import { pino } from "pino";
import type { Random } from "../../../config/seeded-random.ts";
import { Allocator } from "../../allocator.ts";
import type { Kit, SourcingLocation } from "../../allocator-client.ts";
import { EngineCore } from "../../loop/engine-core.ts";
import { ShardDirectory } from "../../rounds/shard-directory.ts";
import { StockView } from "../../stock-view/stock-view.ts";
import type { Checker } from "../audit/checker.ts";
import { DiskConnection } from "../world/disk-connection.ts";
import type { FaultCount } from "../world/fault-count.ts";
import type { SimulatedDisk } from "../world/simulated-disk.ts";
import { SimulatedHost } from "../world/simulated-host.ts";
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
};

export class Owner {
  readonly process: SimulatedProcess;
  private readonly options: OwnerOptions;
  private core: EngineCore | null = null;
  /** The door to the engine; `null` until it has started. */
  client: Allocator | null = null;

  constructor(process: SimulatedProcess, options: OwnerOptions) {
    this.process = process;
    this.options = options;
  }

  /** Rejects where what is stored cannot be read or trusted; the process must then end. */
  async start(): Promise<void> {
    const { disk, checker, weather, faults, story } = this.options;
    const { name } = this.process;
    const epochs = disk.takeLeases(name);
    story?.tell(`${name} takes every shard over: epochs ${[...epochs.values()].join(" ")}`);
    const host: SimulatedHost = new SimulatedHost(this.process, {
      threads: THREADS,
      random: this.options.random.fork(),
      weather,
      faults,
      story,
      onThreadLost: (thread, reason) => core.threadLost(thread, reason),
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
      isShared: false,
      onCommitted: () => {},
    });
    await core.start();
    core.setLocations(this.options.locations);
    core.setKits(this.options.kits);
    this.core = core;
    this.client = new Allocator(core, directory, NOTHING_SHOWN);
    story?.tell(`${name} is open for work`);
  }

  async stop(): Promise<void> {
    await this.core?.stop();
  }
}
