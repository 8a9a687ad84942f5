/**
 * Entry of the bridge's thread: the device bridge with a pool of its own, whose stock is in the main thread.
 * It has no key to personal data, which no device is told, and so neither reads nor writes any.
 *
 * What goes wrong at the start ends the thread with the error itself, so that it reaches whoever waits for
 * the start.
 */
import { parentPort, workerData } from "node:worker_threads";
import pino from "pino";
import { tellOrderWork } from "../../config/trace.ts";
import { errorOf } from "../../engine/errors.ts";
import type { FloorStock } from "../../operations/context.ts";
import { devicesRole, roleFence } from "../../store/role-lease.ts";
import { openDatabase } from "../../store/sql/database.ts";
import { startDeviceBridge } from "../bridge.ts";
import type { BridgeSettings, StockQuestion, ToBridge, ToMain } from "./bridge-messages.ts";

/** Conveyors take one, robots and portals the others, for moments. */
const POOL_SIZE = 10;
/** Also how the main thread knows that this one is alive. Milliseconds. */
const STATUS_EVERY_MS = 500;

const settings = workerData as BridgeSettings;
const main = parentPort;
if (main === null) throw new Error("bridge-thread is started as a thread");
const tell = (message: ToMain): void => main.postMessage(message);

/**
 * Asks the stock in the main thread. What it has not answered when the thread ends is asked again, by its
 * key.
 */
class RemoteStock implements FloorStock {
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  private asked = 0;

  readonly execute: FloorStock["execute"] = (...given) => this.ask("execute", given);
  readonly holds: FloorStock["holds"] = (...given) => this.ask("holds", given);
  readonly positions: FloorStock["positions"] = (...given) => this.ask("positions", given);
  readonly availableByLocation: FloorStock["availableByLocation"] = (...given) =>
    this.ask("availableByLocation", given);

  hear(answer: Exclude<ToBridge, { kind: "stop" }>): void {
    const asker = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if (answer.kind === "answer") asker?.resolve(answer.value);
    else asker?.reject(errorOf(answer.fault));
  }

  private ask<Method extends keyof FloorStock>(
    method: Method,
    given: Parameters<FloorStock[Method]>,
  ): Promise<Awaited<ReturnType<FloorStock[Method]>>> {
    this.asked += 1;
    const id = this.asked;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      tell({ kind: "ask", id, method, given } as StockQuestion);
    });
  }
}

if (settings.isTraced) tellOrderWork((work) => tell({ kind: "work", work }));
const stock = new RemoteStock();
const logger = pino({ level: settings.logLevel }, { write: (line) => tell({ kind: "log", line }) });
const { leaseEpoch, site } = settings;
const database = openDatabase(settings.databaseUrl, {
  maxConnections: POOL_SIZE,
  name: "devices",
  ...(leaseEpoch === undefined ? {} : { fence: roleFence(devicesRole(site ?? null), leaseEpoch) }),
});
main.on("message", (message: ToBridge) => {
  if (message.kind !== "stop") stock.hear(message);
});
const { databaseUrl: _, logLevel: __, leaseEpoch: ___, isTraced: ____, ...options } = settings;
const bridge = await startDeviceBridge({
  ...options,
  database,
  allocator: stock,
  logger,
  // The main thread begins a new life, which knows nothing of it: who it was told to is in no memory here.
  onLeft: (deviceId) => {
    setImmediate(() => {
      throw new Error(`${deviceId} has left ${site}: the bridge begins anew without it`);
    });
  },
});
tell({ kind: "started", status: bridge.status() });
const telling = setInterval(() => tell({ kind: "status", status: bridge.status() }), STATUS_EVERY_MS);
main.on("message", async (message: ToBridge) => {
  if (message.kind !== "stop") return;
  clearInterval(telling);
  await bridge.stop();
  await database.end();
  tell({ kind: "stopped" });
  main.close();
});
