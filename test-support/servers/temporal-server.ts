/**
 * The run's Temporal server: the dev server, in memory, on a free port. Separate from `temporal.ts` for the
 * same reason as `postgres-admin.ts` from `postgres.ts`.
 */
import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { Connection } from "@temporalio/client";
import { freePort } from "../../cli/embedded/free-port.ts";
import { PUNCTUAL_TIMERS } from "../../cli/embedded/temporal.ts";
import { findTemporal } from "../../cli/embedded/temporal-binary.ts";

export type TemporalServer = { readonly address: string; stop(): Promise<void> };

export async function startTemporal(): Promise<TemporalServer> {
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const child = spawn(
    await findTemporal(),
    [
      "server",
      "start-dev",
      "--headless",
      "--ip",
      "127.0.0.1",
      "--port",
      String(port),
      "--log-level",
      "error",
      ...PUNCTUAL_TIMERS,
    ],
    { stdio: "ignore" },
  );
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  await ready(address, () => child.exitCode !== null);
  return {
    address,
    stop: async () => {
      kill();
      await exited;
      process.off("exit", kill);
    },
  };
}

async function ready(address: string, exited: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && !exited()) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: 500 });
      await connection.workflowService.describeNamespace({ namespace: "default" });
      await connection.close();
      return;
    } catch {
      await pause(50);
    }
  }
  throw new Error(`the Temporal dev server did not come up at ${address}`);
}
