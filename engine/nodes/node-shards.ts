/**
 * This node's part in sharing the shards of a database with other nodes: several times a second it says that
 * it is there, looks at the others and the leases, gives up what it has too much of, and takes what is free.
 *
 * Owns when a shard comes and goes. Leaves how that is done to the engine's core, how many each node should
 * have to `spread.ts`, and the rows to the node book.
 *
 * M1 Nothing here makes a write safe, or needs to: two nodes that take each other for gone fight over leases,
 *    and the epoch in PostgreSQL lets one of them write.
 * M2 A lease is given up only after the core has nothing of the shard any more.
 * M3 A node acts on its own part alone. It takes a shard only where the lease is as it was seen: free, or a
 *    node's that has been silent.
 * M4 What the rows say and what is here are made to agree at each look, whatever was lost between: a lease
 *    that was taken and not heard of is found and its shard adopted; a shard whose lease is another's goes.
 */
import type { Logger } from "pino";
import type { ShardLease } from "../../store/journal/engine-nodes.ts";
import { EngineError } from "../errors.ts";
import type { EngineCore } from "../loop/engine-core.ts";
import { pause, type Scheduler } from "../loop/scheduler.ts";
import type { ShardDirectory } from "../rounds/shard-directory.ts";
import type { NodeBook } from "./node-book.ts";
import { shardsToGive, shardsToTake, sharesOf } from "./spread.ts";

/** Others notice within this time what one has done. */
const LOOK_MS = 500;

/** Five looks that did not come. What such a node has is free. */
export const SILENT_AFTER_MS = 2_500;

/**
 * A node that waits so long for its own rows judges nobody: the database is slow for the others as well, and
 * they are not gone.
 */
const SLOW_LOOK_MS = 1_000;

/** A start that is not alone waits this long for what others are to give up. Milliseconds. */
const START_WITHIN_MS = 5_000;

/** Between two looks of a node that waits for something to come or to go. */
const WAITING_LOOK_MS = 50;

export type ShardMoves = { adopted: number; givenUp: number; lost: number };

type NodeShardsOptions = {
  readonly book: NodeBook;
  readonly core: Pick<EngineCore, "adopt" | "giveUp" | "leaseLost">;
  readonly directory: ShardDirectory;
  readonly scheduler: Scheduler;
  readonly logger: Logger;
  /** As leases name this node. */
  readonly owner: string;
};

export class NodeShards {
  readonly moves: ShardMoves = { adopted: 0, givenUp: 0, lost: 0 };
  private readonly options: NodeShardsOptions;
  /** Shards on their way out: from the decision until the lease is free. */
  private readonly goingOut = new Set<number>();
  private readonly comingIn = new Set<number>();
  private isDraining = false;
  private isStopped = false;
  private isWarned = false;
  /** Whether this node had its share, and all of it live, when it looked last. */
  private isSettled = false;
  /** Why a shard could not be adopted for good. */
  private damage: unknown = null;
  private looking: Promise<void> | null = null;
  private taking: Promise<void> | null = null;
  private cancelNext: () => void = () => {};

  constructor(options: NodeShardsOptions) {
    this.options = options;
  }

  /**
   * Begins to take part. Resolves once this node has its share, or has waited for it. Rejects where the rows
   * cannot be read, or what is stored of a shard cannot be trusted.
   */
  async start(): Promise<void> {
    const { scheduler } = this.options;
    const untilMs = scheduler.now() + START_WITHIN_MS;
    await this.look();
    this.lookLater();
    while (!this.isSettled && this.damage === null && scheduler.now() < untilMs) {
      await pause(scheduler, WAITING_LOOK_MS);
      if (this.comingIn.size === 0) await this.lookOnce();
    }
    if (this.damage !== null) throw this.damage;
  }

  /** Resolves once nothing is here any more, and all leases are free. */
  async drain(): Promise<void> {
    this.isDraining = true;
    const { scheduler, directory } = this.options;
    for (;;) {
      await this.lookOnce();
      if (directory.held.length === 0 && this.goingOut.size === 0 && this.isSettled) return;
      await pause(scheduler, WAITING_LOOK_MS);
      if (this.isStopped) throw new EngineError("engine_stopped", "the engine has stopped");
    }
  }

  /** Takes no part any more. What is still here is free for others. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.cancelNext();
    await this.looking;
    await this.taking;
    await this.options.book.leave();
  }

  private lookLater(): void {
    if (this.isStopped) return;
    this.cancelNext = this.options.scheduler.after(LOOK_MS, () => {
      void this.lookOnce().then(() => this.lookLater());
    });
  }

  /** Never rejects: while the rows are away everything stays as it is. */
  private lookOnce(): Promise<void> {
    this.looking ??= this.look()
      .then(
        () => {
          this.isWarned = false;
        },
        (error: unknown) => {
          if (!this.isWarned) this.options.logger.warn({ err: error }, "the other nodes cannot be seen");
          this.isWarned = true;
        },
      )
      .finally(() => {
        this.looking = null;
      });
    return this.looking;
  }

  private async look(): Promise<void> {
    const { book, scheduler, owner, directory } = this.options;
    const beganMs = scheduler.now();
    await book.tell(this.isDraining);
    const { nodes, leases } = await book.read();
    const isSlow = scheduler.now() - beganMs > SLOW_LOOK_MS;
    const mine = this.agree(leases);
    if (isSlow && !this.isDraining) return;
    const present = nodes.filter((node) => node.owner === owner || node.silentMs < SILENT_AFTER_MS);
    const has = (other: string) =>
      other === owner ? mine.length : leases.filter((lease) => lease.owner === other).length;
    const shares = sharesOf(
      directory.entries.length,
      present.map((node) => ({
        owner: node.owner,
        isDraining: node.owner === owner ? this.isDraining : node.isDraining,
        has: has(node.owner),
      })),
    );
    const share = shares.get(owner) ?? 0;
    if (mine.length > share) this.give(mine, mine.length - share);
    else if (mine.length < share) {
      const isThere = new Set(present.map((node) => node.owner));
      const free = leases.filter((lease) => !isThere.has(lease.owner));
      this.take(mine, free, share - mine.length);
    }
    this.isSettled =
      this.goingOut.size === 0 && mine.length === share && mine.every(({ shard }) => directory.isLive(shard));
  }

  /** M4. @returns this node's leases, without those that are on their way out */
  private agree(leases: readonly ShardLease[]): readonly ShardLease[] {
    const { core, directory, owner, logger } = this.options;
    const mine: ShardLease[] = [];
    for (const lease of leases) {
      const { shard } = lease;
      const { status } = directory.entry(shard);
      if (lease.owner !== owner) {
        if (status === "elsewhere") continue;
        this.moves.lost += 1;
        core.leaseLost(shard);
      } else if (!this.goingOut.has(shard)) {
        mine.push(lease);
        if (status === "elsewhere") {
          logger.info({ shard }, "a shard is this node's, and is brought here");
          this.adopt([shard]);
        }
      }
    }
    return mine;
  }

  private give(mine: readonly ShardLease[], count: number): void {
    const { directory } = this.options;
    const given = shardsToGive(
      mine.map(({ shard }) => shard),
      count,
      (shard) => directory.entry(shard).thread,
    );
    for (const lease of mine) {
      const { shard } = lease;
      if (!given.includes(shard)) continue;
      this.goingOut.add(shard);
      void this.giveOne(lease).finally(() => this.goingOut.delete(shard));
    }
  }

  private async giveOne({ shard, epoch: seenEpoch }: ShardLease): Promise<void> {
    const { core, book, logger } = this.options;
    try {
      const epochs = await core.giveUp([shard]);
      // M2. The core does not know the epoch of a shard that was never brought here.
      await book.release(new Map([[shard, Math.max(seenEpoch, epochs.get(shard) ?? 0)]]));
      this.moves.givenUp += 1;
    } catch (error) {
      // The next look finds whose the lease is.
      if (!this.isStopped) logger.warn({ err: error, shard }, "a shard could not be given up in order");
    }
  }

  /** Not waited for: where an owner that stands still has locked a lease, it takes its time. */
  private take(mine: readonly ShardLease[], free: readonly ShardLease[], count: number): void {
    if (free.length === 0 || this.taking !== null) return;
    const { book, directory, logger } = this.options;
    const wanted = new Set(
      shardsToTake(
        mine.map(({ shard }) => shard),
        free.map(({ shard }) => shard),
        count,
        (shard) => directory.entry(shard).thread,
      ),
    );
    this.taking = book
      .take(free.filter(({ shard }) => wanted.has(shard)))
      .then(
        (epochs) => this.adopt([...epochs.keys()]),
        // What was taken all the same is found at the next look (M4).
        (error: unknown) => logger.warn({ err: error }, "no shards could be taken"),
      )
      .finally(() => {
        this.taking = null;
      });
  }

  private adopt(shards: readonly number[]): void {
    const { core, directory, logger } = this.options;
    for (const shard of shards) {
      this.comingIn.add(shard);
      core
        .adopt([shard])
        .then(
          () => {
            if (directory.isLive(shard)) this.moves.adopted += 1;
          },
          (error: unknown) => {
            if (this.isStopped) return;
            this.damage ??= error;
            logger.error({ err: error, shard }, "a shard that is this node's cannot be served");
          },
        )
        .finally(() => this.comingIn.delete(shard));
    }
  }
}
