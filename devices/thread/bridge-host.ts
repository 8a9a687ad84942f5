/**
 * The device bridge in a thread of its own, as the main thread has it. Devices wait for an answer within
 * fractions of a second; beside the gateway, the sagas' worker and the engine's loop, one thread gave them
 * seconds at 2,000 messages a second (ADR 0057).
 *
 * H1 a thread that ends or falls silent is ended for good and replaced: brokers and devices still have what
 *    it had not acknowledged, and everything that it had asked of the stock is keyed
 * H2 a start that fails is its caller's: only a bridge that once ran is replaced
 * H3 while there is none, the status says that no session is connected: the process is not ready
 */
import type { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { Distribution } from "../../config/distribution.ts";
import { startThread } from "../../config/start-thread.ts";
import { isTracing, traceOrderWork } from "../../config/trace.ts";
import { faultOf } from "../../engine/errors.ts";
import type { FloorStock } from "../../operations/context.ts";
import type { BridgeStatus } from "../../ports/devices.ts";
import type { DeviceBridge } from "../bridge.ts";
import type { BridgeSettings, StockQuestion, ToBridge, ToMain } from "./bridge-messages.ts";

/** A thread that has said nothing for so long hangs. Longer than any garbage collection. Milliseconds. */
const SILENT_AFTER_MS = 30_000;
const LOOK_EVERY_MS = 1_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;
/** A bridge that ran for so long was well: the next one starts soon. Milliseconds. */
const WELL_AFTER_MS = 60_000;

type HostOptions = {
  readonly settings: Omit<BridgeSettings, "logLevel" | "isTraced">;
  readonly stock: FloorStock;
  readonly logger: Logger;
};

/** @throws what kept the bridge from starting: broker, database */
export async function startBridgeThread(options: HostOptions): Promise<DeviceBridge> {
  const host = new BridgeHost(options);
  await host.start();
  return host;
}

class BridgeHost implements DeviceBridge {
  private readonly options: HostOptions;
  private life: BridgeLife | null = null;
  private latest: BridgeStatus = {
    sessions: [],
    devices: [],
    handled: new Distribution().figures(),
    deadLetters: new Map(),
    events: new Map(),
  };
  private restart: NodeJS.Timeout | undefined;
  private delayMs = FIRST_DELAY_MS;
  private stopping = false;

  constructor(options: HostOptions) {
    this.options = options;
  }

  async start(): Promise<void> {
    const startedAt = performance.now();
    const life = new BridgeLife(this.options, (status) => {
      this.latest = status;
    });
    this.life = life;
    await life.started;
    void life.ended.then((reason) => {
      if (this.stopping) return;
      if (performance.now() - startedAt > WELL_AFTER_MS) this.delayMs = FIRST_DELAY_MS;
      this.lost(reason);
    });
  }

  status(): BridgeStatus {
    return this.latest;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restart);
    await this.life?.stop();
  }

  private lost(reason: string): void {
    this.life = null;
    const sessions = this.latest.sessions.map((session) => ({ ...session, connected: false }));
    this.latest = { ...this.latest, sessions };
    this.options.logger.error(
      { reason, againInMs: this.delayMs },
      "the device bridge was lost; starting it anew",
    );
    this.restart = setTimeout(() => {
      this.start().catch((error: unknown) => {
        if (!this.stopping) this.lost(error instanceof Error ? error.message : String(error));
      });
    }, this.delayMs);
    this.delayMs = Math.min(LONGEST_DELAY_MS, 2 * this.delayMs);
  }
}

/** One life of the thread. */
class BridgeLife {
  /** Rejects with what ended the thread before it had started. */
  readonly started: Promise<void>;
  /** With the reason. */
  readonly ended: Promise<string>;
  private readonly worker: Worker;
  private readonly stock: FloorStock;
  private readonly logger: Logger;
  private readonly onStatus: (status: BridgeStatus) => void;
  private heardAt = performance.now();
  private isStarted = false;

  constructor({ settings, stock, logger }: HostOptions, onStatus: (status: BridgeStatus) => void) {
    this.stock = stock;
    this.logger = logger;
    this.onStatus = onStatus;
    const data: BridgeSettings = { ...settings, logLevel: logger.level, isTraced: isTracing() };
    this.worker = startThread("devices/thread/bridge-thread", "devices", data);
    const { worker } = this;
    let fault: Error | null = null;
    worker.on("error", (error: Error) => {
      fault = error;
    });
    this.ended = new Promise((resolve) => {
      worker.once("exit", (code) => resolve(fault?.message ?? `its thread ended with status ${code}`));
    });
    this.started = new Promise((resolve, reject) => {
      worker.on("message", (message: ToMain) => {
        this.heardAt = performance.now();
        if (message.kind === "started") {
          this.isStarted = true;
          resolve();
        }
        this.hear(message);
      });
      void this.ended.then((reason) => reject(fault ?? new Error(reason)));
    });
    const watch = setInterval(() => {
      if (performance.now() - this.heardAt < SILENT_AFTER_MS) return;
      this.logger.error({ silentMs: SILENT_AFTER_MS }, "the device bridge does not answer; ending it");
      void worker.terminate();
    }, LOOK_EVERY_MS);
    void this.ended.then(() => clearInterval(watch));
  }

  /** One that has not started yet holds nothing that it would have to finish. */
  async stop(): Promise<void> {
    if (this.isStarted) this.tell({ kind: "stop" });
    else await this.worker.terminate();
    await this.ended;
  }

  private hear(message: ToMain): void {
    switch (message.kind) {
      case "ask":
        void this.answer(message);
        return;
      case "started":
      case "status":
        this.onStatus(message.status);
        return;
      case "log":
        this.log(message.line);
        return;
      case "work":
        traceOrderWork(message.work);
        return;
      case "stopped":
        return;
      default: {
        const unreachable: never = message;
        throw new Error(`the bridge's thread says ${JSON.stringify(unreachable)}`);
      }
    }
  }

  private async answer({ id, method, given }: StockQuestion): Promise<void> {
    try {
      const ask = this.stock[method] as (...given: readonly unknown[]) => unknown;
      this.tell({ kind: "answer", id, value: await ask.apply(this.stock, given) });
    } catch (error) {
      this.tell({ kind: "fault", id, fault: faultOf(error) });
    }
  }

  private tell(message: ToBridge): void {
    this.worker.postMessage(message);
  }

  /** In this process's log, with its own time and names. */
  private log(line: string): void {
    const { level, msg, time: _, pid: __, hostname: ___, ...facts } = JSON.parse(line);
    const label = this.logger.levels.labels[level] as "info";
    this.logger[label](facts, msg);
  }
}
