/**
 * Reads large payloads on a thread of their own: hundreds of orders take hundreds of milliseconds, too long for
 * the thread that serves sockets. What is read there is read by the same adapters.
 */
import { join } from "node:path";
import { Piscina } from "piscina";
import { projectRoot } from "../../config/project-root.ts";
import type { ChannelAdapter, ChannelReading } from "../../ports/channels.ts";
import type { ReadingTask } from "./read-aside.ts";
import { channelAdapters } from "./registry.ts";

/** How long an idle thread is kept, in milliseconds. */
const IDLE_TIMEOUT_MS = 30_000;

export type ReadingPool = {
  /** By kind; each reads aside what is too large. */
  readonly adapters: ReadonlyMap<string, ChannelAdapter>;
  close(): Promise<void>;
};

export function createReadingPool(): ReadingPool {
  const pool = new Piscina<ReadingTask, readonly ChannelReading[]>({
    filename: join(projectRoot, "dist", "integrations", "channels", "read-aside.js"),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_TIMEOUT_MS,
  });
  const adapters = [...channelAdapters.values()].map((adapter): [string, ChannelAdapter] => [
    adapter.kind,
    { ...adapter, readAside: (payload, topic) => pool.run({ kind: adapter.kind, payload, topic }) },
  ]);
  return { adapters: new Map(adapters), close: () => pool.close() };
}
