/**
 * Complete orders: from the channel's payload to the parcel at the door, through the real sagas. Four
 * measurements on one system, one after the other:
 *
 * 1. alone: one order at a time on an idle system;
 * 2. at a fixed rate, by schedule;
 * 3. sustained: always so many under way that the system is the limit, until what it does is steady, then a
 *    window in which everything is counted;
 * 4. to the end: nothing is sent any more, and everything has to end.
 */
import { readReleaseTimes, readStageTimes, type StageTime } from "../../../store/audit/order-statistics.ts";
import { growthPerMinute, isSustained, percentile, perMinute } from "./backlog.ts";
import { readSagaCost, type SagaCost } from "./histories.ts";
import type { OrderSender, SentOrder } from "./order-sender.ts";
import { OBSERVER, type OrderSystem, type Reading, type Standing } from "./order-system.ts";
import { OWN_PARTS, perOrder } from "./processor-time.ts";
import { type StatementCount, StatementSample } from "./statements.ts";

export type CompletePlan = {
  /** Sent at once and not measured: code is compiled, caches are filled. */
  readonly warmUpOrders: number;
  readonly aloneOrders: number;
  readonly fixedPerMinute: number;
  readonly fixedWarmUpOrders: number;
  readonly fixedOrders: number;
  /** Under way at a time, while the sustained rate is looked for. */
  readonly depth: number;
  readonly rampMs: number;
  readonly sustainedMs: number;
  /** Without any progress for so long, what is unfinished counts as stuck. */
  readonly patienceMs: number;
};

export type Latency = {
  readonly orders: number;
  /** Of these orders, those that were not on the floor when the run ended. */
  readonly missing: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
};

export type Sustained = {
  readonly seconds: number;
  readonly orders: number;
  readonly perMinute: number;
  /** Unfinished orders and unsent messages, at the window's ends, and their growth in between, a minute. */
  readonly backlogBefore: number;
  readonly backlogAfter: number;
  readonly backlogGrowthPerMinute: number;
  readonly outboxGrowthPerMinute: number;
  readonly isSustained: boolean;
  /** Milliseconds an order: of Holdfast, PostgreSQL and Temporal together, by process, and by thread. */
  readonly cpuMsPerOrder: number;
  readonly processes: readonly { readonly name: string; readonly msPerOrder: number }[];
  readonly threads: readonly { readonly name: string; readonly msPerOrder: number }[];
  readonly statementsPerOrder: number;
  readonly statements: StatementCount["byText"];
  readonly commitsPerOrder: number;
  readonly walBytesPerOrder: number;
  /** To disks, by Holdfast, PostgreSQL and Temporal together, and by process. */
  readonly bytesWrittenPerOrder: number;
  readonly bytesWritten: readonly { readonly name: string; readonly bytes: number }[];
};

export type CompleteOrders = {
  readonly postgresVersion: string;
  readonly alone: Latency;
  readonly fixedPerMinute: number;
  readonly atFixedRate: Latency;
  readonly stagesAtFixedRate: readonly StageTime[];
  readonly depth: number;
  readonly sustained: Sustained;
  readonly stagesSustained: readonly StageTime[];
  readonly saga: SagaCost;
  readonly drainSeconds: number;
};

const POLL_MS = 250;
const ALONE_POLL_MS = 10;
const HISTORIES = 40;

export class CompleteOrdersRun {
  private readonly system: OrderSystem;
  private readonly sender: OrderSender;
  private readonly plan: CompletePlan;
  private readonly note: (text: string) => void;

  constructor(system: OrderSystem, sender: OrderSender, plan: CompletePlan, note: (text: string) => void) {
    this.system = system;
    this.sender = sender;
    this.plan = plan;
    this.note = note;
  }

  /** Fills caches, and has V8 compile what is used. */
  async warmUp(): Promise<void> {
    this.sender.fill(this.plan.warmUpOrders, 0);
    await this.drain();
  }

  /** One at a time, each sent when the one before has ended. */
  async alone(): Promise<Latency> {
    const { database } = this.system;
    const orders: SentOrder[] = [];
    for (let index = 0; index < this.plan.aloneOrders; index += 1) {
      const sent = await this.sender.sendOne();
      if (sent === undefined) throw new Error(this.sender.problems.at(-1));
      orders.push(sent);
      const deadline = Date.now() + this.plan.patienceMs;
      while ((await readReleaseTimes(database, [sent.orderId])).size === 0 && Date.now() < deadline) {
        await pause(ALONE_POLL_MS);
      }
      await this.drain();
    }
    return this.floorLatency(orders);
  }

  async atFixedRate(): Promise<Pick<CompleteOrders, "atFixedRate" | "stagesAtFixedRate">> {
    const { fixedPerMinute, fixedWarmUpOrders, fixedOrders } = this.plan;
    await this.sender.atRate(fixedPerMinute, fixedWarmUpOrders);
    const orders = await this.sender.atRate(fixedPerMinute, fixedOrders);
    await this.drain();
    return {
      atFixedRate: await this.floorLatency(orders),
      stagesAtFixedRate: await this.stages(orders),
    };
  }

  /**
   * Keeps `depth` orders under way until the rate is steady, counts a window, and goes on with `beside` under
   * the same load.
   */
  async sustained<T>(beside: () => Promise<T>): Promise<{
    readonly sustained: Sustained;
    /** What was sent in the window. */
    readonly orders: readonly SentOrder[];
    readonly beside: T;
  }> {
    const { depth, rampMs, sustainedMs } = this.plan;
    const load = this.keepUnderWay(depth);
    try {
      const endedBefore = endedOf(await this.system.standing());
      const ramped = Date.now() + rampMs;
      // The first orders of the depth come out together: steady is what comes after all of them have ended.
      while (Date.now() < ramped || endedOf(load.standing()) - endedBefore < depth) {
        load.check();
        await pause(POLL_MS);
      }
      const sample = await StatementSample.begin(this.system.database, this.system.postgresLog);
      const before = await this.system.reading();
      const sentBefore = this.sender.sent.length;
      const from = load.samples.length;
      while (Date.now() < before.atMs + sustainedMs) {
        load.check();
        await pause(POLL_MS);
      }
      const after = await this.system.reading();
      const statements = await sample.end(OBSERVER);
      const orders = this.sender.sent.slice(sentBefore);
      const sustained = sustainedOf(before, after, load.samples.slice(from), statements);
      this.note(
        `sustained: ${Math.round(sustained.perMinute)} orders a minute, ${sustained.cpuMsPerOrder.toFixed(1)} ms of ` +
          "processor time each",
      );
      return { sustained, orders, beside: await beside() };
    } finally {
      await load.stop();
    }
  }

  /** Waits until nothing is under way any more. @returns seconds that it took */
  async drain(): Promise<number> {
    await this.sender.settled();
    const began = Date.now();
    let last = "";
    let changed = began;
    for (;;) {
      const { open, outbox, completed } = await this.system.standing();
      if (open === 0) return (Date.now() - began) / 1_000;
      const state = `${open} ${outbox} ${completed}`;
      if (state !== last) {
        last = state;
        changed = Date.now();
      }
      if (Date.now() - changed > this.plan.patienceMs) return (Date.now() - began) / 1_000;
      await pause(POLL_MS);
    }
  }

  async sagaCost(): Promise<SagaCost> {
    const { rows } = await this.system.database.query<{ id: string }>(
      "select id from orders where status = 'completed' order by captured_at desc limit $1",
      [HISTORIES],
    );
    return readSagaCost(
      this.system.temporal,
      rows.map(({ id }) => id),
    );
  }

  private async floorLatency(orders: readonly SentOrder[]): Promise<Latency> {
    const released = await readReleaseTimes(
      this.system.database,
      orders.map(({ orderId }) => orderId),
    );
    const times = orders.flatMap(({ orderId, dueMs }) => {
      const at = released.get(orderId);
      return at === undefined ? [] : [at - dueMs];
    });
    return {
      orders: orders.length,
      missing: orders.length - times.length,
      p50Ms: percentile(times, 50),
      p95Ms: percentile(times, 95),
      p99Ms: percentile(times, 99),
    };
  }

  stages(orders: readonly SentOrder[]): Promise<readonly StageTime[]> {
    return readStageTimes(
      this.system.database,
      orders.map(({ orderId }) => orderId),
    );
  }

  private keepUnderWay(depth: number): {
    readonly samples: readonly Standing[];
    standing(): Standing;
    check(): void;
    stop(): Promise<void>;
  } {
    const samples: Standing[] = [];
    let going = true;
    let failure: unknown;
    const work = (async () => {
      while (going) {
        const standing = await this.system.standing();
        samples.push(standing);
        this.sender.fill(depth, endedOf(standing));
        await pause(POLL_MS);
      }
    })().catch((error: unknown) => {
      failure = error;
    });
    return {
      samples,
      standing: () => samples.at(-1) ?? { atMs: 0, captured: 0, completed: 0, open: 0, held: 0, outbox: 0 },
      check: () => {
        if (failure !== undefined) throw failure;
        if (this.sender.problems.length > 0) throw new Error(this.sender.problems[0]);
      },
      stop: async () => {
        going = false;
        await work;
      },
    };
  }
}

function endedOf({ captured, open }: Standing): number {
  return captured - open;
}

function sustainedOf(
  before: Reading,
  after: Reading,
  samples: readonly Standing[],
  counted: StatementCount,
): Sustained {
  const orders = after.completed - before.completed;
  const rate = perMinute(before, after);
  const unfinished = samples.map(({ atMs, open }) => ({ atMs, backlog: open }));
  const unsent = samples.map(({ atMs, outbox }) => ({ atMs, backlog: outbox }));
  const processes = perOrder(before.processorTime.parts, after.processorTime.parts, orders);
  const own: readonly string[] = OWN_PARTS;
  const written = own.map((name) => ({
    name,
    bytes: ((after.bytesWritten.get(name) ?? 0) - (before.bytesWritten.get(name) ?? 0)) / orders,
  }));
  return {
    seconds: (after.atMs - before.atMs) / 1_000,
    orders,
    perMinute: rate,
    backlogBefore: unfinished.at(0)?.backlog ?? 0,
    backlogAfter: unfinished.at(-1)?.backlog ?? 0,
    backlogGrowthPerMinute: growthPerMinute(unfinished),
    outboxGrowthPerMinute: growthPerMinute(unsent),
    isSustained: isSustained(unfinished, rate) && isSustained(unsent, rate),
    cpuMsPerOrder: processes
      .filter(({ name }) => own.includes(name))
      .reduce((sum, { msPerOrder }) => sum + msPerOrder, 0),
    processes,
    threads: perOrder(before.processorTime.threads, after.processorTime.threads, orders),
    statementsPerOrder: counted.statements / orders,
    statements: counted.byText.map(({ text, statements }) => ({ text, statements: statements / orders })),
    commitsPerOrder: (after.commits - before.commits) / orders,
    walBytesPerOrder: (after.walBytes - before.walBytes) / orders,
    bytesWrittenPerOrder: written.reduce((sum, { bytes }) => sum + bytes, 0),
    bytesWritten: written,
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
