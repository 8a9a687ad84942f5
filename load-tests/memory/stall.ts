/**
 * Whether a snapshot delays its shard: the longest gap between two answers of a shard while the engine's own
 * snapshot task works on it, and the same while none does.
 *
 * There are two kinds of answers. A question is answered by the shard's thread without the disk: its gaps are
 * the pauses of the shard's own work. A movement is committed: its gaps also contain the disk, which the
 * snapshot task writes to as well.
 *
 * Gaps of the machine, the thread scheduler and this loop are in both. So each repetition measures without a
 * snapshot for as long as it took with one, directly after it.
 * without a snapshot for as long as it took with one, right after it.
 */

import type { Engine } from "../../engine/engine.ts";
import { shardOf } from "../../engine/shard/shard-of.ts";
import { PostgresDisk } from "../../engine/storage/postgres-disk.ts";
import type { Database } from "../../store/sql/database.ts";

/** Milliseconds; one figure a repetition. */
export type StallFigures = {
  readonly answers: number;
  /** Of one snapshot task, from its order to its end. */
  readonly snapshotMs: readonly number[];
  readonly questionGapsWith: readonly number[];
  readonly questionGapsWithout: readonly number[];
  readonly commitGapsWith: readonly number[];
  readonly commitGapsWithout: readonly number[];
};

/**
 * Between two questions: without a pause they would take the processor that the snapshot task needs.
 */
const PAUSE_MS = 1;

export class StallMeter {
  private readonly engine: Engine;
  private readonly database: Database;
  private readonly url: string;
  private readonly sku: string;
  private readonly shards: number;
  private movements = 0;
  private answers = 0;

  /** @param sku whose shard is measured; at `center-0` there is stock of it. */
  constructor(options: {
    readonly engine: Engine;
    readonly database: Database;
    readonly databaseUrl: string;
    readonly sku: string;
    readonly shards: number;
  }) {
    this.engine = options.engine;
    this.database = options.database;
    this.url = options.databaseUrl;
    this.sku = options.sku;
    this.shards = options.shards;
  }

  async measure(repetitions: number): Promise<StallFigures> {
    // The same way and the same thread by which the keeper makes one: a pool of the engine's, in this
    // process.
    const disk = new PostgresDisk(this.database, this.url, "measurement");
    const snapshotMs: number[] = [];
    const questionGapsWith: number[] = [];
    const questionGapsWithout: number[] = [];
    const commitGapsWith: number[] = [];
    const commitGapsWithout: number[] = [];
    const ask = () => this.ask();
    const move = () => this.move();
    // The first task of a thread loads its program, and the first answers come from code that is not compiled
    // yet.
    await longestGap(move, this.snapshot(disk));
    await longestGap(ask, pause(500));
    for (let repetition = 0; repetition < repetitions; repetition += 1) {
      for (const [answer, gapsWith, gapsWithout] of [
        [ask, questionGapsWith, questionGapsWithout],
        [move, commitGapsWith, commitGapsWithout],
      ] as const) {
        // So that there is something to write.
        await this.move();
        const started = performance.now();
        gapsWith.push(await longestGap(answer, this.snapshot(disk)));
        const tookMs = performance.now() - started;
        snapshotMs.push(rounded(tookMs));
        gapsWithout.push(await longestGap(answer, pause(tookMs)));
      }
    }
    await disk.close();
    const { answers } = this;
    return { answers, snapshotMs, questionGapsWith, questionGapsWithout, commitGapsWith, commitGapsWithout };
  }

  private async snapshot(disk: PostgresDisk): Promise<void> {
    const shard = shardOf(this.sku, this.shards);
    const status = (await this.engine.client.status()).find((one) => one.shard === shard);
    const { writtenBytes } = await disk.compact(shard, status?.epoch ?? 0);
    if (writtenBytes === 0) throw new Error("no snapshot was written, so none was measured");
  }

  private async ask(): Promise<void> {
    const views = await this.engine.client.positions([this.sku]);
    if (views.length === 0) throw new Error(`there is no stock of ${this.sku}`);
    this.answers += 1;
    await pause(PAUSE_MS);
  }

  private async move(): Promise<void> {
    this.movements += 1;
    const [outcome] = await this.engine.client.execute([
      {
        type: "receive",
        commandId: `stall-${process.pid}-${this.movements}`,
        sku: this.sku,
        locationId: "center-0",
        quantity: 1,
        atMs: Date.now(),
        cause: "measurement",
      },
    ]);
    if (outcome?.status !== "applied") throw new Error(`a movement came to ${JSON.stringify(outcome)}`);
    this.answers += 1;
  }
}

/** The longest time between two answers from now until `until` is settled. */
async function longestGap(answer: () => Promise<void>, until: Promise<void>): Promise<number> {
  let over = false;
  const ended = until.finally(() => {
    over = true;
  });
  // The error is reported below, once the answer under way is there.
  ended.catch(() => {});
  let longest = 0;
  let last = performance.now();
  while (!over) {
    await answer();
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  await ended;
  return rounded(longest);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
