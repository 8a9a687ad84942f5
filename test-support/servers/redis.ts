/** A real Redis on a free port, which keeps nothing, and can be stopped and started again on the same port. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { freePort } from "../../cli/embedded/free-port.ts";

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

export type TestRedis = {
  readonly url: string;
  /** Kills it, with all that it knew. */
  kill(): Promise<void>;
  /** Has it stand still, and go on. */
  pause(): void;
  resume(): void;
  startAgain(): Promise<void>;
};

export async function startRedis(): Promise<TestRedis> {
  const port = await freePort();
  let server = await listening(port);
  const kill = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null && server.kill("SIGKILL"))
      await once(server, "exit");
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    pause: () => void server.kill("SIGSTOP"),
    resume: () => void server.kill("SIGCONT"),
    startAgain: async () => {
      await kill();
      server = await listening(port);
    },
  };
}

async function listening(port: number): Promise<ChildProcess> {
  const server = spawn("redis-server", ["--port", String(port), "--save", "", "--appendonly", "no"]);
  for await (const chunk of server.stdout) if (String(chunk).includes("Ready to accept")) break;
  return server;
}
