/**
 * The worker of the naive saga, a process of its own. Prints one JSON line when it takes tasks, and ends in
 * order on SIGTERM.
 */
import { join } from "node:path";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import pg from "pg";
import { projectRoot } from "../../../../config/project-root.ts";
import { naiveActivities } from "./activities.ts";

const CONNECTIONS = 10;

async function main(): Promise<void> {
  const { DATABASE_URL: url, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = process.env;
  if (url === undefined || address === undefined || namespace === undefined) {
    throw new Error("DATABASE_URL, TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE must be set");
  }
  Runtime.install({ logger: new DefaultLogger("ERROR") });
  const database = new pg.Pool({ connectionString: url, max: CONNECTIONS });
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: "naive",
    workflowsPath: join(projectRoot, "dist/load-tests/bench/whole-orders/naive-saga/workflow.js"),
    activities: naiveActivities(database),
  });
  const running = worker.run();
  process.stdout.write(`${JSON.stringify({ port: 0, pid: process.pid, key: "" })}\n`);
  await running;
  await connection.close();
  await database.end();
}

main().catch((error: unknown) => {
  process.stderr.write(`naive worker: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
  process.exitCode = 1;
});
