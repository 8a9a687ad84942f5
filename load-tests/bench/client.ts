/** A client process, as the bench sees it. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../../config/project-root.ts";
import type { ClientReply, ClientRequest } from "./client-protocol.ts";

type ReplyOf<D extends ClientReply["done"]> = Extract<ClientReply, { readonly done: D }>;

export class Client {
  private readonly child: ChildProcess;

  constructor() {
    this.child = fork(join(projectRoot, "dist/load-tests/bench/client-main.js"), { serialization: "json" });
  }

  /** Asks, and expects this answer. */
  async ask<D extends ClientReply["done"]>(expected: D, request: ClientRequest): Promise<ReplyOf<D>> {
    const { child } = this;
    const reply = await new Promise<ClientReply>((resolve, reject) => {
      const onExit = (code: number | null, signal: string | null): void =>
        reject(new Error(`the client process ended with ${code ?? signal}`));
      child.once("exit", onExit);
      child.once("message", (message: ClientReply) => {
        child.off("exit", onExit);
        resolve(message);
      });
      child.send(request);
    });
    if (reply.done === "failed") throw new Error(`the client failed at ${request.do}: ${reply.reason}`);
    if (reply.done !== expected) throw new Error(`the client answered ${reply.done} to ${request.do}`);
    return reply as ReplyOf<D>;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    await exited;
  }
}
