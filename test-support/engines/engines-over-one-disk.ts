/**
 * Several engines that share the shards of one database, in virtual time and in one thread: the real cores,
 * on disks that are views of one, and messages between them that are late or lost. Nodes die and come back,
 * and shards move.
 *
 * What a writer is to write is written where a commit lands: records are kept by their writer's name.
 */
import type { StockCommand, StockOutcome } from "../../actors/commands.ts";
import type { Random } from "../../config/seeded-random.ts";
import { Allocator } from "../../engine/allocator.ts";
import type { SourcingLocation } from "../../engine/allocator-client.ts";
import { EngineError } from "../../engine/errors.ts";
import { EngineCore } from "../../engine/loop/engine-core.ts";
import { pause, type Scheduler } from "../../engine/loop/scheduler.ts";
import type { StockOfSkus } from "../../engine/planning/stock-of-skus.ts";
import { ShardDirectory } from "../../engine/rounds/shard-directory.ts";
import { OrderOverEngines } from "../../engine/routing/order-over-engines.ts";
import { shardOf } from "../../engine/shard/shard-of.ts";
import type { SkuOutlook } from "../../engine/shard/shard-request.ts";
import { VirtualTime } from "../../engine/simulation/world/virtual-time.ts";
import { StockView } from "../../engine/stock-view/stock-view.ts";
import type { CommitResult, EngineDisk, WriterBatch } from "../../engine/storage/engine-disk.ts";
import type { RecoverySource } from "../../engine/storage/recovery.ts";
import { VolatileDisk } from "../../engine/storage/volatile-disk.ts";
import type { JournalRow } from "../../store/journal/journal.ts";
import type { ReservationConfirmation } from "../../store/journal/reservation-confirmations.ts";
import type { Transaction } from "../../store/sql/database.ts";
import { silentLogger } from "../engine.ts";
import { LocalHost } from "./virtual-engine.ts";

const COMMIT_MS = 2;
const SWEEP_MS = 500;

/** The one database. */
export class SharedDatabase {
  readonly rows: JournalRow[] = [];
  readonly owners: (string | null)[];
  readonly epochs: number[];
  /** Orders by their reservation's id, as their record's writer has them. */
  readonly orders = new Map<string, unknown>();
  readonly confirmations = new Map<string, ReservationConfirmation>();

  constructor(shards: number) {
    this.owners = Array.from({ length: shards }, () => null);
    this.epochs = Array.from({ length: shards }, () => 0);
  }

  /** Commits wholly or not at all. */
  async commit(rows: readonly JournalRow[], batches: readonly WriterBatch[]): Promise<CommitResult> {
    if (rows.some((row) => this.epochs[row.shard] !== row.epoch)) return { status: "fenced" };
    for (const { writer, records } of batches) await writer.write(this.transaction(), records);
    this.rows.push(...rows);
    return { status: "committed" };
  }

  private transaction(): Transaction {
    return {
      query: async (_text: string, values: readonly unknown[] = []) => {
        for (const confirmation of JSON.parse(String(values[0])) as ReservationConfirmation[])
          this.confirmations.set(confirmation.id, confirmation);
        return { rows: [] };
      },
    } as unknown as Transaction;
  }
}

/** One node's connection to it. */
class Connection extends VolatileDisk implements EngineDisk {
  private readonly shared: SharedDatabase;
  private readonly owner: string;
  private readonly scheduler: Scheduler;
  private readonly random: Random;
  private readonly trouble: Trouble;
  private readonly isAway: () => boolean;

  constructor(
    shared: SharedDatabase,
    owner: string,
    scheduler: Scheduler,
    world: { readonly random: Random; readonly trouble: Trouble; readonly isAway: () => boolean },
  ) {
    super();
    this.shared = shared;
    this.owner = owner;
    this.scheduler = scheduler;
    this.random = world.random;
    this.trouble = world.trouble;
    this.isAway = world.isAway;
  }

  override async commit(rows: readonly JournalRow[], batches: readonly WriterBatch[]): Promise<CommitResult> {
    await pause(this.scheduler, COMMIT_MS);
    const isLost = this.isAway() || this.random.chance(this.trouble.lostCommits);
    const result = await this.shared.commit(rows, batches);
    if (isLost) throw new Error("the connection broke");
    await pause(this.scheduler, COMMIT_MS);
    return result;
  }

  override async renew(held: readonly number[]): Promise<ReadonlyMap<number, number>> {
    await pause(this.scheduler, 1);
    if (this.isAway()) throw new Error("storage is away");
    const ours = held.filter((shard) => this.shared.owners[shard] === this.owner);
    return new Map(ours.map((shard) => [shard, this.raise(shard)]));
  }

  override raiseEpochs(shards: readonly number[]): Promise<ReadonlyMap<number, number>> {
    return this.renew(shards);
  }

  override async landed(rows: readonly JournalRow[] = []): Promise<ReadonlySet<JournalRow>> {
    return new Set(rows.filter((row) => this.shared.rows.includes(row)));
  }

  override recoverySource(shard: number): RecoverySource {
    const rows = this.shared.rows.filter((row) => row.shard === shard);
    return {
      snapshots: async function* () {},
      rows: async function* (sequence) {
        const after = rows.filter((row) => row.sequence > sequence);
        if (after.length > 0) yield after;
      },
    };
  }

  private raise(shard: number): number {
    const epoch = (this.shared.epochs[shard] ?? 0) + 1;
    this.shared.epochs[shard] = epoch;
    return epoch;
  }
}

/** One node from its start to its death. */
export type Life = {
  readonly name: string;
  readonly client: Allocator;
  readonly core: EngineCore;
  readonly orders: OrderOverEngines;
  isAlive: boolean;
  /** Called when it dies. */
  readonly whenDead: Set<() => void>;
};

export type Trouble = {
  /** Chances, from 0 to 1: a message is lost on its way there, or its answer on its way back. */
  lostAsks: number;
  lostAnswers: number;
  /** A commit's outcome is not known to who made it. */
  lostCommits: number;
  /** The node that cannot find out what became of its commits: the database is away for it. */
  withoutStorage: number | null;
};

export class EnginesOverOneDisk {
  readonly time = new VirtualTime();
  readonly database: SharedDatabase;
  readonly shards: number;
  readonly trouble: Trouble = { lostAsks: 0, lostAnswers: 0, lostCommits: 0, withoutStorage: null };
  /** Whether confirmations are carried out, for a test of what tells that they are not. */
  confirmationsAreCarriedOut = true;
  private readonly random: Random;
  private readonly locations: readonly SourcingLocation[];
  private readonly lives: Life[] = [];
  private lifetimes = 0;

  constructor(options: {
    readonly shards: number;
    readonly nodes: number;
    readonly random: Random;
    readonly locations: readonly SourcingLocation[];
  }) {
    this.shards = options.shards;
    this.random = options.random;
    this.locations = options.locations;
    this.database = new SharedDatabase(options.shards);
    for (let node = 0; node < options.nodes; node += 1) this.lives.push(this.born());
  }

  /** Spreads the shards over the nodes and has them opened. */
  async start(): Promise<void> {
    await Promise.all(this.lives.map(({ core }) => core.start()));
    for (let shard = 0; shard < this.shards; shard += 1) {
      const life = this.lives[shard % this.lives.length] as Life;
      this.database.owners[shard] = life.name;
    }
    await Promise.all(
      this.lives.map(({ core, name }) =>
        core.adopt(this.database.owners.flatMap((owner, shard) => (owner === name ? shard : []))),
      ),
    );
    this.sweepLater();
  }

  get nodes(): number {
    return this.lives.length;
  }

  /** The node that has a SKU's or an order's shard. */
  homeOf(key: string): Life | undefined {
    const owner = this.database.owners[shardOf(key, this.shards)];
    return this.lives.find(({ name, isAlive }) => isAlive && name === owner);
  }

  /** Kills a node; its shards are nobody's until `takeOver`. */
  kill(node: number): void {
    const life = this.lives[node] as Life;
    life.isAlive = false;
    for (const told of life.whenDead) told();
  }

  /** Starts another one in its place, with the same shards. */
  async revive(node: number): Promise<void> {
    const dead = this.lives[node] as Life;
    const life = this.born();
    this.lives[node] = life;
    await life.core.start();
    const shards = this.database.owners.flatMap((owner, shard) => (owner === dead.name ? shard : []));
    for (const shard of shards) this.database.owners[shard] = life.name;
    await life.core.adopt(shards);
  }

  /** Gives a shard to another node, in order. */
  async move(shard: number, to: number): Promise<void> {
    const from = this.lives.find(({ name }) => name === this.database.owners[shard]);
    const target = this.lives[to] as Life;
    if (from === undefined || from === target || !from.isAlive || !target.isAlive) return;
    await from.core.giveUp([shard]);
    this.database.owners[shard] = target.name;
    await target.core.adopt([shard]);
  }

  /** What any process may ask, as the fabric would have it. */
  async execute(asker: Life | null, commands: readonly StockCommand[]): Promise<readonly StockOutcome[]> {
    const outcomes = new Array<StockOutcome>(commands.length);
    await this.ofEach(
      asker,
      commands.map(({ sku }) => sku),
      async (life, places) => {
        const some = await life.client.execute(places.map((place) => commands[place] as StockCommand));
        for (const [index, place] of places.entries()) outcomes[place] = some[index] as StockOutcome;
      },
    );
    return outcomes;
  }

  /** Lets time go on until the work is done. */
  async until<T>(work: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    work.then(settle, settle);
    await this.time.run(() => isSettled);
    return work;
  }

  private born(): Life {
    this.lifetimes += 1;
    const name = `node-${this.lifetimes}`;
    const isAlive = (): boolean => life.isAlive;
    // A process that died does nothing more.
    const scheduler: Scheduler = {
      now: () => this.time.nowMs,
      after: (ms, act) => {
        const event = this.time.after(ms, () => {
          if (isAlive()) act();
        });
        return () => {
          event.act = null;
        };
      },
      soon: (act) => void this.time.after(0, () => (isAlive() ? act() : undefined)),
    };
    const view = new StockView();
    const directory = new ShardDirectory(this.shards, (shard) => shard, null);
    const core = new EngineCore({
      disk: new Connection(this.database, name, scheduler, {
        random: this.random,
        trouble: this.trouble,
        isAway: () => this.trouble.withoutStorage === this.lives.indexOf(life),
      }),
      host: new LocalHost(),
      directory,
      logger: silentLogger,
      scheduler,
      snapshotEvery: { rows: 1_000_000, bytes: 2 ** 40 },
      view,
      isShared: true,
      onCommitted: () => {},
    });
    core.setLocations(this.locations);
    const client = new Allocator(core, directory, view);
    const engines = {
      execute: (commands: readonly StockCommand[]) => this.execute(life, commands),
      stockOf: async (skus: readonly string[], pool: string | undefined) => {
        const found: StockOfSkus[number][] = [];
        await this.ofEach(life, skus, async ({ client: at }, places) => {
          found.push(
            ...at.stockOf(
              places.map((place) => skus[place] as string),
              pool,
            ),
          );
        });
        return found;
      },
      outlooks: async (skus: readonly string[]) => {
        const found: SkuOutlook[] = [];
        await this.ofEach(life, skus, async ({ client: at }, places) => {
          found.push(...(await at.outlooks(places.map((place) => skus[place] as string))));
        });
        return found;
      },
    };
    const pending = {
      carryOut: (confirmation: ReservationConfirmation) => this.carryOut(life, confirmation),
    };
    const orders = new OrderOverEngines(client, engines, pending, () => this.time.nowMs);
    const life: Life = { name, client, core, orders, isAlive: true, whenDead: new Set() };
    return life;
  }

  private async carryOut(life: Life, { id, commands }: ReservationConfirmation): Promise<void> {
    if (!this.confirmationsAreCarriedOut || !life.isAlive) return;
    try {
      await this.execute(life, commands as readonly StockCommand[]);
      if (life.isAlive) this.database.confirmations.delete(id);
    } catch {
      // The sweep does it.
    }
  }

  private sweepLater(): void {
    this.time.after(SWEEP_MS, () => {
      const life = this.random.pick(this.lives);
      for (const confirmation of this.database.confirmations.values()) void this.carryOut(life, confirmation);
      this.sweepLater();
    });
  }

  /** Each node is asked by a message of its own, which may be lost, and its answer too. */
  private async ofEach(
    asker: Life | null,
    keys: readonly string[],
    ask: (life: Life, places: readonly number[]) => Promise<void>,
  ): Promise<void> {
    const groups = new Map<Life | undefined, number[]>();
    for (const [place, key] of keys.entries()) {
      const life = this.homeOf(key);
      const group = groups.get(life);
      if (group === undefined) groups.set(life, [place]);
      else group.push(place);
    }
    const settled = await Promise.allSettled(
      [...groups].map(async ([life, places]) => {
        const isHere = life === asker;
        await this.pass(asker);
        if (life === undefined || (!isHere && this.random.chance(this.trouble.lostAsks)))
          throw new EngineError("engine_unreachable", "nobody heard it");
        await unlessDead(life, ask(life, places));
        await this.pass(asker);
        if (!isHere && this.random.chance(this.trouble.lostAnswers))
          throw new EngineError("commit_outcome_unknown", "no answer came");
      }),
    );
    // Who has died hears nothing any more.
    if (asker !== null && !asker.isAlive) await new Promise(() => {});
    const faults = settled.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
    const unknown = faults.find(
      (fault) => fault instanceof EngineError && fault.code === "commit_outcome_unknown",
    );
    if (faults.length > 0) throw unknown ?? faults[0];
  }

  private pass(asker: Life | null): Promise<void> {
    return new Promise((resolve) => {
      this.time.after(this.random.next() * 3, () => {
        if (asker === null || asker.isAlive) resolve();
      });
    });
  }
}

/** Rejects where the node dies before the work is done: its answer never comes, and nobody knows. */
export async function unlessDead<T>(life: Life, work: Promise<T>): Promise<T> {
  let told = (): void => {};
  const death = new Promise<never>((_resolve, reject) => {
    told = () => reject(new EngineError("commit_outcome_unknown", "it died"));
    if (!life.isAlive) told();
  });
  life.whenDead.add(told);
  return Promise.race([work, death]).finally(() => life.whenDead.delete(told));
}
