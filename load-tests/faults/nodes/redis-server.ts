/** The harness's own Redis, which dies and comes back at the same port. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { freePort } from "../../../cli/embedded/free-port.ts";

const START_TRIES = 100;
const START_AGAIN_MS = 200;

export class RedisServer {
  readonly port: number;
  private child: ChildProcess | null = null;
  private away: Promise<void> | null = null;

  private constructor(port: number) {
    this.port = port;
  }

  /** @throws Error where the machine has no `redis-server` */
  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort());
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const child = spawn(
      "redis-server",
      ["--port", String(this.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      child.once("error", (cause) => reject(new Error("no redis-server: install Redis", { cause })));
      child.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
      child.stdout?.on("data", (bytes: Buffer) => {
        if (bytes.includes("Ready to accept")) resolve();
      });
    });
  }

  /** Dies, and comes back after a while. One death at a time. */
  killFor(ms: number): Promise<void> {
    this.away ??= this.dieFor(ms).finally(() => {
      this.away = null;
    });
    return this.away;
  }

  private async dieFor(ms: number): Promise<void> {
    await this.kill();
    await new Promise((resolve) => setTimeout(resolve, ms));
    // Meanwhile the port may have become another program's, for the time of a connection.
    for (let tries = 0; ; tries += 1) {
      try {
        await this.start();
        return;
      } catch (error) {
        if (tries >= START_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, START_AGAIN_MS));
      }
    }
  }

  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }
}
