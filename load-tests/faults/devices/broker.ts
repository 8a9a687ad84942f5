/** The broker of the campaign: mosquitto where it is installed, else the sandbox's own; it can be killed. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort } from "../../../cli/embedded/free-port.ts";
import { projectRoot } from "../../../config/project-root.ts";
import { mustNotOutlive } from "../leftovers.ts";
import { mosquittoInstalled, startMosquitto } from "./mosquitto.ts";

export type KillableBroker = {
  readonly name: "mosquitto" | "sandbox";
  readonly url: string;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** On the same port, without memory. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

export async function startKillableBroker(): Promise<KillableBroker> {
  if (!mosquittoInstalled) return startSandboxBroker();
  // As docs/operations.md has it; who may say what is not this campaign's.
  const mosquitto = await startMosquitto(["allow_anonymous true", "max_queued_messages 100000"]);
  mustNotOutlive(() => mosquitto.stop());
  const { kill, start, stop } = mosquitto;
  return { name: "mosquitto", url: `mqtt://127.0.0.1:${mosquitto.port}`, kill, start, stop };
}

async function startSandboxBroker(): Promise<KillableBroker> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const program = join(projectRoot, "dist", "load-tests", "faults", "devices", "broker-main.js");
    child = fork(program, [String(port)], { detached: true });
    await once(child, "message");
  };
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  await start();
  mustNotOutlive(kill);
  return { name: "sandbox", url: `mqtt://127.0.0.1:${port}`, kill, start, stop: kill };
}
