/**
 * How many orders a minute the naive saga does on the same machine, with the same Temporal server, PostgreSQL
 * and number of orders under way: what the real saga is compared with.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client, Connection } from "@temporalio/client";
import pg from "pg";
import { freePort } from "../../../../cli/embedded/free-port.ts";
import { ProcessBook } from "../../../../cli/embedded/processes.ts";
import { startTemporal } from "../../../../cli/embedded/temporal.ts";
import { projectRoot } from "../../../../config/project-root.ts";
import { startChildServer } from "../../servers/child-server.ts";
import type { ServerRoom } from "../../servers/servers.ts";
import { perMinute } from "../backlog.ts";
import { readSagaCost, type SagaCost } from "../histories.ts";
import { perOrder, readProcessorTime } from "../processor-time.ts";
import { NAIVE_TABLE_SQL } from "./activities.ts";
import type { naiveOrder } from "./workflow.ts";

export type NaivePlan = {
  /** Under way at a time. */
  readonly depth: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
};

export type NaiveSaga = {
  /** Activities of an order. */
  readonly steps: number;
  readonly perMinute: number;
  /** Of the worker, PostgreSQL and Temporal together. */
  readonly cpuMsPerOrder: number;
  readonly processes: readonly { readonly name: string; readonly msPerOrder: number }[];
  readonly saga: SagaCost;
};

const POLL_MS = 100;
const HISTORIES = 20;
const HOST = "127.0.0.1";
const NAMESPACE = "default";
const TASK_QUEUE = "naive";

/** @param steps how many the real saga takes */
export async function runNaiveSaga(
  room: ServerRoom,
  folder: string,
  plan: NaivePlan,
  steps: number,
): Promise<NaiveSaga> {
  const dataFolder = join(folder, "naive");
  await mkdir(join(dataFolder, "logs"), { recursive: true });
  const postgres = await room.start("postgres");
  const stops: (() => Promise<void>)[] = [() => postgres.stop()];
  try {
    const temporal = await startTemporal({
      dataFolder,
      host: HOST,
      port: await freePort(),
      uiPort: await freePort(),
      namespace: NAMESPACE,
      book: new ProcessBook(dataFolder),
      onCrash: () => process.stderr.write("bench: Temporal has ended by itself\n"),
      progress: () => {},
    });
    stops.push(() => temporal.stop());
    const database = new pg.Pool({ connectionString: postgres.endpoint.url, max: 2 });
    stops.push(() => database.end());
    await database.query(NAIVE_TABLE_SQL);
    const worker = await startChildServer(
      join(projectRoot, "dist/load-tests/bench/whole-orders/naive-saga/worker-main.js"),
      {
        args: [],
        environment: {
          DATABASE_URL: postgres.endpoint.url,
          TEMPORAL_ADDRESS: temporal.address,
          TEMPORAL_NAMESPACE: NAMESPACE,
        },
      },
    );
    stops.push(() => worker.stop());
    const connection = await Connection.connect({ address: temporal.address });
    stops.push(() => connection.close());
    const [postmaster = 0] = await postgres.pids();
    const roots = new Map([
      ["worker", worker.ready.pid],
      ["postgres", postmaster],
      ["temporal", await temporalProcess(dataFolder)],
    ]);
    const client = new Client({ connection, namespace: NAMESPACE });
    const load = startLoad(client, database, plan.depth, steps);
    stops.push(() => load.stop());
    await load.during(plan.warmUpMs);
    const before = await readingOf(database, roots, steps);
    await load.during(plan.measureMs);
    const after = await readingOf(database, roots, steps);
    await load.stop();
    const processes = perOrder(
      before.processorTime.parts,
      after.processorTime.parts,
      Math.max(1, after.completed - before.completed),
    );
    const access = { address: temporal.address, namespace: NAMESPACE };
    return {
      steps,
      perMinute: perMinute(before, after),
      cpuMsPerOrder: processes.reduce((sum, { msPerOrder }) => sum + msPerOrder, 0),
      processes,
      saga: await readSagaCost(access, await completedIds(database, steps)),
    };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** Keeps `depth` sagas under way. */
function startLoad(
  client: Client,
  database: pg.Pool,
  depth: number,
  steps: number,
): { during(milliseconds: number): Promise<void>; stop(): Promise<void> } {
  let going = true;
  let failure: unknown;
  const work = (async () => {
    let started = 0;
    while (going) {
      const missing = depth - (started - (await completed(database, steps)));
      const first = started;
      started += Math.max(0, missing);
      await Promise.all(
        Array.from({ length: started - first }, (_, index) => {
          const workflowId = `naive-${first + index}`;
          return client.workflow.start<typeof naiveOrder>("naiveOrder", {
            taskQueue: TASK_QUEUE,
            workflowId,
            args: [workflowId, steps],
          });
        }),
      );
      await pause(POLL_MS);
    }
  })().catch((error: unknown) => {
    failure = error;
  });
  return {
    during: async (milliseconds) => {
      await pause(milliseconds);
      if (failure !== undefined) throw failure;
    },
    stop: async () => {
      going = false;
      await work;
    },
  };
}

async function readingOf(database: pg.Pool, roots: ReadonlyMap<string, number>, steps: number) {
  return {
    completed: await completed(database, steps),
    processorTime: await readProcessorTime(roots, ""),
    atMs: Date.now(),
  };
}

async function completed(database: pg.Pool, steps: number): Promise<number> {
  const { rows } = await database.query<{ count: number }>(
    "select count(*)::integer as count from naive_step where step = $1",
    [steps],
  );
  return rows[0]?.count ?? 0;
}

async function completedIds(database: pg.Pool, steps: number): Promise<readonly string[]> {
  const { rows } = await database.query<{ id: string }>(
    "select order_id as id from naive_step where step = $1 order by done_at limit $2",
    [steps, HISTORIES],
  );
  return rows.map(({ id }) => id);
}

async function temporalProcess(dataFolder: string): Promise<number> {
  const records: readonly { readonly name: string; readonly pid: number }[] = JSON.parse(
    await readFile(join(dataFolder, "processes.json"), "utf8"),
  );
  return records.find(({ name }) => name === "temporal")?.pid ?? 0;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
