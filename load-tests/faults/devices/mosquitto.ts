/** A real mosquitto with files of its own, for tests and campaigns. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../../cli/embedded/free-port.ts";

export const mosquittoInstalled = spawnSync("mosquitto", ["-h"]).error === undefined;

export type Mosquitto = {
  readonly port: number;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again, on the same port with the same files. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * @param lines of its configuration, beside the listener
 * @param files that the lines name as `@name`
 */
export async function startMosquitto(
  lines: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<Mosquitto> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-mosquitto-"));
  const port = await freePort();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o644 });
  const configuration = [`listener ${port} 127.0.0.1`, ...lines].map((line) =>
    line.replaceAll(/@([\w.-]+)/g, (_, name: string) => join(folder, name)),
  );
  const file = join(folder, "mosquitto.conf");
  // As root it would give up its rights, and could not read the files any more.
  writeFileSync(
    file,
    `user ${process.getuid?.() === 0 ? "root" : "mosquitto"}\n${configuration.join("\n")}\n`,
  );
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    let said = "";
    const started = spawn("mosquitto", ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
    started.stderr.on("data", (text: Buffer) => {
      said += text.toString();
    });
    child = started;
    for (let tries = 0; tries < 200; tries += 1) {
      if (started.exitCode !== null) throw new Error(`mosquitto has ended: ${said}`);
      if (await answers(port)) return;
      await delay(25);
    }
    throw new Error(`mosquitto does not listen: ${said}`);
  };
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  await start();
  return {
    port,
    kill,
    start,
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
