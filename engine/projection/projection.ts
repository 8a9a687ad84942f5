/**
 * The projector's thread as the engine sees it. A thread that is lost is started again and told where the
 * journal stands.
 */
import type { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { startThread } from "../../config/start-thread.ts";
import type { ProjectorMessage, ProjectorReply } from "./projector-thread.ts";

/** A thread that ends as soon as it starts must not keep a core busy. */
const RESTART_MS = 500;

export class Projection {
  private readonly databaseUrl: string;
  private readonly logger: Logger;
  private readonly heads = new Map<number, number>();
  private readonly waiting = new Map<number, () => void>();
  private worker: Worker | null;
  private nextId = 1;
  private stopping = false;
  private ended: () => void = () => {};

  constructor(databaseUrl: string, logger: Logger) {
    this.databaseUrl = databaseUrl;
    this.logger = logger;
    this.worker = this.start();
  }

  committed(heads: readonly (readonly [shard: number, sequence: number])[]): void {
    for (const [shard, sequence] of heads) this.heads.set(shard, sequence);
    this.post({ kind: "committed", heads });
  }

  caughtUp(): Promise<void> {
    const id = this.nextId;
    this.nextId += 1;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.post({ kind: "caught-up", id });
    });
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const ended = new Promise<void>((resolve) => {
      this.ended = resolve;
    });
    this.post({ kind: "stop" });
    if (this.worker !== null) await ended;
    for (const resolve of this.waiting.values()) resolve();
  }

  private start(): Worker {
    const worker = startThread("engine/projection/projector-thread", "projector", {
      databaseUrl: this.databaseUrl,
    });
    worker.on("message", (reply: ProjectorReply) => {
      if (reply.kind === "warning") this.logger.warn({ cause: reply.cause }, reply.message);
      else {
        this.waiting.get(reply.id)?.();
        this.waiting.delete(reply.id);
      }
    });
    worker.on("error", (cause) => this.logger.error({ err: cause }, "the projector failed"));
    worker.on("exit", () => {
      this.worker = null;
      if (this.stopping) this.ended();
      else setTimeout(() => this.startAgain(), RESTART_MS);
    });
    return worker;
  }

  private startAgain(): void {
    if (this.stopping) return;
    this.worker = this.start();
    this.post({ kind: "committed", heads: [...this.heads] });
    for (const id of this.waiting.keys()) this.post({ kind: "caught-up", id });
  }

  private post(message: ProjectorMessage): void {
    this.worker?.postMessage(message);
  }
}
