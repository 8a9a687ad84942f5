/**
 * One run of the simulation: faults for a while, then calm, then the checks of what must hold at rest.
 *
 * Everything in a run follows from its seed and the number of operations.
 */

import { Random } from "../../config/seeded-random.ts";
import { recoverShard } from "../storage/recovery.ts";
import { Checker } from "./audit/checker.ts";
import { type Answer, type Ask, sizeOf } from "./audit/operation.ts";
import { Violation } from "./audit/violation.ts";
import { KITS, LOCATIONS } from "./traffic/assortment.ts";
import { Clients } from "./traffic/clients.ts";
import { confined } from "./traffic/confine.ts";
import { NodeOperator } from "./traffic/node-operator.ts";
import { Operator } from "./traffic/operator.ts";
import { Workload } from "./traffic/workload.ts";
import { STATEMENT_TIMEOUT_MS } from "./world/disk-connection.ts";
import { type FaultCount, noFaults } from "./world/fault-count.ts";
import { SimulatedDisk } from "./world/simulated-disk.ts";
import { Story } from "./world/story.ts";
import { VirtualTime } from "./world/virtual-time.ts";
import { calm, drawWeather, ofNodes } from "./world/weather.ts";

/** Every client must have its answer this long after the last fault. */
const LIVENESS_MS = 120_000;

/** Longer than any hold lives. */
const REST_MS = 5_000;

/** A run of 200 operations takes some thousands. */
const MAX_STEPS_PER_OPERATION = 5_000;

export type RunResult = {
  readonly seed: number;
  readonly operations: number;
  readonly steps: number;
  readonly virtualMs: number;
  readonly faults: FaultCount;
  /** The promise that was broken, and how. */
  readonly violation: { readonly promise: string; readonly message: string } | null;
};

/** @param withNodes whether two or three nodes share the shards; else one owner follows the other. */
export async function simulate(
  seed: number,
  operations: number,
  tell: boolean,
  withNodes = false,
): Promise<{ readonly result: RunResult; readonly story: Story | null }> {
  const run = new Run(seed, operations, tell, withNodes);
  const violation = await run.live().then(
    () => null,
    (error: unknown) => ({
      promise: error instanceof Violation ? error.promise : "the simulation runs",
      message:
        error instanceof Error
          ? error instanceof Violation
            ? error.message
            : `${error.stack}`
          : String(error),
    }),
  );
  return { result: { ...run.figures(), violation }, story: run.story };
}

class Run {
  readonly story: Story | null;
  private readonly seed: number;
  private readonly operations: number;
  private readonly time = new VirtualTime();
  private readonly faults = noFaults();
  private readonly checker: Checker;
  private readonly disk: SimulatedDisk;
  private readonly workload: Workload;
  private readonly operator: Operator | NodeOperator;
  private readonly withNodes: boolean;
  private readonly clients: Clients;
  private readonly random: Random;
  private weather;
  private issued = 0;
  private answered = 0;

  constructor(seed: number, operations: number, tell: boolean, withNodes: boolean) {
    this.seed = seed;
    this.withNodes = withNodes;
    this.operations = operations;
    this.story = tell ? new Story(this.time) : null;
    const random = new Random(seed);
    this.random = random.fork();
    this.weather = drawWeather(random.fork());
    if (withNodes) this.weather = ofNodes(this.weather, random.fork());
    this.story?.tell(`seed ${seed}: ${JSON.stringify(this.weather)}`);
    const shardCount = withNodes ? random.integer(2, 4) : random.integer(1, 3);
    this.disk = new SimulatedDisk(shardCount);
    this.checker = new Checker(this.disk, KITS);
    this.disk.witness = this.checker;
    this.workload = new Workload(random.fork(), this.time, this.weather);
    const { faults, story } = this;
    const weather = () => this.weather;
    const ofOperator = random.fork();
    const ownerOptions = {
      disk: this.disk,
      checker: this.checker,
      locations: LOCATIONS,
      kits: KITS,
      random: random.fork(),
      weather,
      faults,
      story,
      shares: withNodes,
    };
    this.operator = withNodes
      ? new NodeOperator(this.time, ofOperator, random.integer(2, 3), ownerOptions)
      : new Operator(this.time, ofOperator, ownerOptions);
    this.clients = new Clients({
      time: this.time,
      random: random.fork(),
      weather,
      checker: this.checker,
      shardCount,
      owner: (former, ask) => this.operator.owner(former, ask),
      story,
    });
  }

  figures(): Omit<RunResult, "violation"> {
    return {
      seed: this.seed,
      operations: this.answered,
      steps: this.time.steps,
      virtualMs: this.time.elapsedMs,
      faults: this.faults,
    };
  }

  async live(): Promise<void> {
    this.operator.start();
    this.operator.begin();
    for (let session = 0; session < this.weather.sessions; session += 1) this.converse();
    const { lastsMs } = this.weather;
    const isOver = () => this.issued === this.operations || this.time.elapsedMs > lastsMs;
    await this.until(isOver, Number.POSITIVE_INFINITY);
    await this.pass(this.random.next() * 200);
    this.story?.tell("every fault stops");
    // A bit that flipped on its way from the disk stops a shard for good; the owner's operator then starts
    // the engine again.
    const mustRestart = this.faults.bitsFlipped > 0;
    const { commitNeverAnswered: neverAnswered } = this.weather;
    this.weather = calm(this.weather);
    this.operator.settle(mustRestart);
    await this.until(() => this.answered === this.operations, LIVENESS_MS);
    // A commit that is never answered may carry only timed events, which no client waits for.
    if (neverAnswered > 0) await this.pass(STATEMENT_TIMEOUT_MS);
    // No lot may pass its date in the middle of what is checked at rest.
    await this.pass(Math.max(REST_MS, this.workload.lastLotDateMs - this.time.nowMs + REST_MS / 5));
    await this.checkRest();
    await this.sellOut();
    await this.stop();
  }

  private converse(): void {
    if (this.issued === this.operations) return;
    const drawn = this.workload.next(this.operations - this.issued);
    const operation = this.withNodes ? { ...drawn, ask: confined(drawn.ask, this.disk.shardCount) } : drawn;
    const size = sizeOf(operation.ask);
    this.issued += size;
    this.clients.ask(operation, (answer) => {
      this.answered += size;
      if (answer !== null) this.workload.learn(operation.ask, answer);
      this.time.after(this.random.next() * this.weather.thinkMs, () => this.converse());
    });
  }

  /** What has expired is free, and every read is what is committed. */
  private async checkRest(): Promise<void> {
    // Before any question: a shard that is asked expires what is due.
    this.checker.checkAtRest(this.time.nowMs - REST_MS / 2);
    const places = [...this.checker.book.all()].map(({ sku, locationId }) => ({ sku, locationId }));
    await this.ask([
      { kind: "positions", skus: this.workload.allSkus },
      ...places.map((address): Ask => ({ kind: "holds", address })),
    ]);
  }

  /** All units that no hold has can be sold, to the last one and not one more. */
  private async sellOut(): Promise<void> {
    const sales = [...this.checker.book.all()].flatMap(({ sku, locationId, available }) => [
      ...(available > 0 ? [{ sku, locationId, quantity: available, due: "applied" }] : []),
      { sku, locationId, quantity: 1, due: "insufficient_stock" },
    ]);
    const commands = sales.map(({ sku, locationId, quantity }) =>
      this.workload.reserveOf(sku, locationId, quantity),
    );
    const [answer] = await this.ask([{ kind: "execute", commands, flaw: "none" }]);
    for (const [index, { sku, locationId, quantity, due }] of sales.entries()) {
      const outcome = answer?.kind === "execute" ? answer.outcomes[index] : undefined;
      const said = outcome === undefined || outcome.status === "applied" ? outcome?.status : outcome.code;
      if (said === due) continue;
      throw new Violation(
        "no undersell",
        `${quantity} free units of ${sku} at ${locationId}: ${said}, not ${due}`,
      );
    }
  }

  /** The owner stops in good order; its successor finds everything. */
  private async stop(): Promise<void> {
    let stopped = false;
    const owner = this.operator.owner(false);
    owner?.stop().then(
      () => {
        stopped = true;
      },
      (error: unknown) => this.checker.note(error),
    );
    await this.until(() => stopped, LIVENESS_MS);
    for (let shard = 0; shard < this.disk.shardCount; shard += 1) {
      const { shard: recovered, head } = await recoverShard(shard, this.disk.recoverySource(shard));
      this.checker.recovered("the next owner", recovered, head);
    }
    this.checker.checkAtRest(0);
    this.throwBroken();
  }

  /** Asks for all of it at once. */
  private async ask(asks: readonly Ask[]): Promise<readonly (Answer | null)[]> {
    const answers: (Answer | null)[] = asks.map(() => null);
    const operations = asks.map((ask) => this.workload.wrap(ask));
    for (const [index, operation] of operations.entries()) {
      this.clients.ask(operation, (answer) => {
        answers[index] = answer;
      });
    }
    await this.until(() => operations.every((operation) => operation.isAnswered), LIVENESS_MS);
    return answers;
  }

  private async pass(ms: number): Promise<void> {
    let isOver = false;
    this.time.after(ms, () => {
      isOver = true;
    });
    await this.until(() => isOver, Number.POSITIVE_INFINITY);
  }

  private until(isReached: () => boolean, withinMs: number): Promise<void> {
    const deadlineMs = this.time.elapsedMs + withinMs;
    return this.time.run(() => {
      this.throwBroken();
      if (isReached()) return true;
      if (this.time.elapsedMs > deadlineMs || this.time.steps > this.operations * MAX_STEPS_PER_OPERATION) {
        throw new Violation(
          "liveness",
          `${this.answered} of ${this.operations} operations are answered after ` +
            `${Math.round(this.time.elapsedMs)} ms`,
        );
      }
      return false;
    });
  }

  private throwBroken(): void {
    if (this.checker.broken !== null) throw this.checker.broken;
  }
}
