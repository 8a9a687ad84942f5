/**
 * The client process: drives one system with one variant, and keeps the account of what it knows to be
 * applied. Separate from the servers' processes, so that neither side's work is counted as the other's.
 */
import { Account } from "./account.ts";
import type { ClientReply, ClientRequest, SellOut } from "./client-protocol.ts";
import { atPeak, atRate, Cursor, request, type Subject } from "./load.ts";
import type { Driver, Endpoint, Variant } from "./system.ts";
import { LaneDriver } from "./systems/holdfast-lanes.ts";
import { systemNamed } from "./systems/registry.ts";
import { readTrace, type Trace } from "./trace.ts";
import { Worker } from "./worker.ts";

/** More than any run takes from one position, and far below the end of a 32-bit integer. */
const PLENTY = 500_000_000;
/** Stock of the position that is sold out: some hundred requests of the slowest system. */
const SCARCE = 1_000;

type Session = {
  readonly variant: Variant;
  readonly positions: number;
  driver: Driver;
  readonly workers: readonly Worker[];
  readonly account: Account;
};

let session: Session | null = null;
const cursor = new Cursor();
const traces = new Map<string, Trace>();

async function answer(message: ClientRequest): Promise<ClientReply> {
  switch (message.do) {
    case "connect": {
      const system = systemNamed(message.system);
      const { variant, positions } = message;
      const driver = await system.connect(message.endpoint, variant);
      const units = new Uint32Array(positions + 1).fill(PLENTY);
      units[positions] = SCARCE;
      await driver.load(units);
      const workers = Array.from(
        { length: variant.inFlight },
        (_, index) => new Worker(index, variant.batch),
      );
      session = { variant, positions, driver, workers, account: new Account(units) };
      return { done: "connected" };
    }
    case "peak": {
      const trace = await traceAt(message.tracePath);
      return { done: "peak", result: await atPeak(subject(), trace, cursor, message.milliseconds) };
    }
    case "rate": {
      const trace = await traceAt(message.tracePath);
      return { done: "rate", result: await atRate(subject(), trace, cursor, message) };
    }
    case "sell-out":
      return { done: "sold-out", result: await sellOut() };
    case "audit": {
      const { driver, account } = current();
      return { done: "audited", audit: account.audit(await driver.remaining(account.initial.length)) };
    }
    case "until-crash": {
      const trace = await traceAt(message.tracePath);
      return { done: "crashed", report: await untilCrash(trace) };
    }
    case "resume":
      return { done: "resumed", repeated: await resume(message.endpoint) };
    case "close":
      await current().driver.close();
      return { done: "closed" };
    default: {
      const unreachable: never = message;
      return unreachable;
    }
  }
}

function current(): Session {
  if (session === null) throw new Error("not connected");
  return session;
}

function subject(): Subject {
  const { driver, workers, account, variant } = current();
  return { driver, workers, account, batch: variant.batch };
}

async function traceAt(path: string): Promise<Trace> {
  const known = traces.get(path);
  if (known !== undefined) return known;
  const trace = await readTrace(path);
  traces.set(path, trace);
  return trace;
}

/** All workers at once reserve single units until each has been refused. Then nothing may be left. */
async function sellOut(): Promise<SellOut> {
  const { positions, workers, driver, variant } = current();
  let sold = 0;
  const size = Math.min(variant.batch, 64);
  await Promise.all(
    workers.map(async (worker) => {
      for (;;) {
        worker.fillWith(positions, 1, size);
        const applied = await request(subject(), worker);
        sold += applied;
        if (applied < size) return;
      }
    }),
  );
  const remaining = (await driver.remaining(positions + 1))[positions] ?? 0;
  return { stock: SCARCE, sold, remaining };
}

/** Workers whose last request was not answered when the server died; it is still in their batch. */
const unanswered: Worker[] = [];

async function untilCrash(trace: Trace): Promise<{ answered: number; unanswered: number }> {
  const { workers, account, variant } = current();
  let answered = 0;
  unanswered.length = 0;
  await Promise.all(
    workers.map(async (worker) => {
      for (;;) {
        worker.fill(trace, cursor.advance(variant.batch), variant.batch);
        account.send(worker.batch.length);
        let codes: Uint8Array | null;
        try {
          codes = await current().driver.apply(worker.index, worker.batch);
        } catch {
          unanswered.push(worker);
          return;
        }
        answered += worker.batch.length;
        worker.settle(codes);
        account.settle(worker.batch, codes);
      }
    }),
  );
  return { answered, unanswered: unanswered.reduce((sum, worker) => sum + worker.batch.length, 0) };
}

/**
 * What was not answered is sent again by the same numbers. Once it is answered, every operation has happened
 * exactly once.
 */
async function resume(endpoint: Endpoint): Promise<number> {
  const { account, driver: former } = current();
  if (!(former instanceof LaneDriver)) throw new Error("only reservation lanes are resumed after a crash");
  const driver = await LaneDriver.reconnected(former, endpoint, account.initial.length);
  current().driver = driver;
  let repeated = 0;
  for (const worker of unanswered) {
    const codes = await driver.apply(worker.index, worker.batch);
    account.settle(worker.batch, codes);
    repeated += worker.batch.length;
  }
  return repeated;
}

process.on("message", (message: ClientRequest) => {
  answer(message)
    .catch(
      (error: unknown): ClientReply => ({
        done: "failed",
        reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    )
    .then((reply) => process.send?.(reply))
    .catch(() => process.exit(1));
});
process.once("disconnect", () => process.exit(0));
