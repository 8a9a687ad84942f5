/**
 * The run: finds each system's best variant, then measures every system once in each round, in rotated order,
 * with only one system up at a time. Audits each measurement. Then latency at common rates and a `kill -9`.
 */
import { join } from "node:path";
import type { Audit } from "./account.ts";
import { Client } from "./client.ts";
import type { CrashReport, SellOut } from "./client-protocol.ts";
import type { LatencyResult, PeakResult } from "./load.ts";
import { type FsyncLatency, probeFsync } from "./machine.ts";
import { cpuBetween, usageOf } from "./process-usage.ts";
import { monotonicUs, type Phase } from "./profile.ts";
import type { RunningServers, ServerRoom } from "./servers/servers.ts";
import { probeStalls, type Stalls } from "./stalls.ts";
import type { System, Variant } from "./system.ts";
import { ORDER_POSITIONS } from "./systems/channel-orders.ts";
import { type PgbenchRate, runPgbench } from "./systems/pgbench.ts";
import { type TraceFile, WORKLOADS, type Workload, writeTrace } from "./trace.ts";

/** Where only the hot SKU is driven, a whole catalog need not be loaded. */
const CALIBRATION_POSITIONS = 1_000;

/** Many, so that a loss on one position cannot be balanced by a double on another. */
const CRASH_POSITIONS = 1_000;

export type Plan = {
  readonly rounds: number;
  readonly positions: number;
  readonly traceLength: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly calibrateMs: number;
  /** Of one window. */
  readonly latencyMs: number;
  /** One stall of the machine decides a window's p99. The median of several windows shows the system. */
  readonly latencyWindows: number;
  /**
   * At the rate that is measured next: code that runs ten times less often at the peak is compiled only now.
   */
  readonly latencyWarmUpMs: number;
  readonly fsyncMs: number;
  readonly stallsMs: number;
  readonly crashes: number;
  workloadsOf(system: System): readonly Workload[];
};

export type Measurement = {
  readonly system: string;
  readonly variant: string;
  readonly peaks: Partial<Record<Workload, PeakResult>>;
  /** Of the servers, on the hot SKU. */
  readonly cpuSecondsPerMillion: number;
  /**
   * Server cores in use on the hot SKU. Far below the machine's number where the client or the disk is the
   * limit.
   */
  readonly serverCores: number;
  readonly memoryMb: number;
  /** Absent for systems that do not check stock. */
  readonly sellOut: SellOut | null;
  readonly audit: Audit;
};

export type Round = { readonly fsync: FsyncLatency; readonly measurements: readonly Measurement[] };

/** The window whose p99 is the median of all. */
export type LatencyMeasurement = LatencyResult & {
  readonly system: string;
  /** Of every window, in their order. */
  readonly p99MsOfWindows: readonly number[];
  readonly fsync: FsyncLatency;
  readonly stalls: Stalls;
  readonly audit: Audit;
};

export type Crash = CrashReport & {
  readonly repeated: number;
  /** From the kill until the new process takes requests. */
  readonly restartMs: number;
  readonly audit: Audit;
};

type Traces = Readonly<Record<Workload, TraceFile>>;

export class Runner {
  /** The measured peaks of all rounds, in their order; neither calibration nor warm-up. */
  readonly phases: Phase[] = [];
  private readonly plan: Plan;
  private readonly room: ServerRoom;
  private readonly folder: string;
  private readonly traces: Traces;
  /** Uniform over the few positions of the crash test. */
  private readonly crashTrace: TraceFile;
  private readonly note: (text: string) => void;

  private constructor(options: {
    readonly plan: Plan;
    readonly room: ServerRoom;
    readonly folder: string;
    readonly traces: Traces;
    readonly crashTrace: TraceFile;
    readonly note: (text: string) => void;
  }) {
    this.plan = options.plan;
    this.room = options.room;
    this.folder = options.folder;
    this.traces = options.traces;
    this.crashTrace = options.crashTrace;
    this.note = options.note;
  }

  static async create(
    plan: Plan,
    room: ServerRoom,
    folder: string,
    note: (text: string) => void,
  ): Promise<Runner> {
    note(`writing the trace: ${plan.traceLength} operations over ${plan.positions} positions`);
    const entries = await Promise.all(
      WORKLOADS.map(async (workload) => {
        const path = join(folder, `${workload}.trace`);
        return [
          workload,
          await writeTrace(path, {
            workload,
            positions: workload === "orders" ? ORDER_POSITIONS : plan.positions,
            length: plan.traceLength,
          }),
        ] as const;
      }),
    );
    const crashTrace = await writeTrace(join(folder, "crash.trace"), {
      workload: "uniform",
      positions: CRASH_POSITIONS,
      length: plan.traceLength,
    });
    return new Runner({
      plan,
      room,
      folder,
      traces: Object.fromEntries(entries) as Traces,
      crashTrace,
      note,
    });
  }

  traceHashes(): Readonly<Record<Workload, string>> {
    const { hot, zipf, uniform, orders } = this.traces;
    return { hot: hot.sha256, zipf: zipf.sha256, uniform: uniform.sha256, orders: orders.sha256 };
  }

  fsync(): FsyncLatency {
    return probeFsync(this.folder, this.plan.fsyncMs);
  }

  stalls(): Promise<Stalls> {
    return probeStalls(this.plan.stallsMs);
  }

  /** @returns the variant with the highest rate on the hot SKU, and all rates */
  async calibrate(
    system: System,
  ): Promise<{ readonly best: Variant; readonly rates: Readonly<Record<string, number>> }> {
    const [first] = system.variants;
    if (first === undefined) throw new Error(`${system.name} has no variant`);
    if (system.variants.length === 1) return { best: first, rates: {} };
    const servers = await this.room.start(system.server);
    const rates: Record<string, number> = {};
    let best = first;
    try {
      for (const variant of system.variants) {
        const workload = mainWorkloadOf(system);
        const positions = system.orders ? ORDER_POSITIONS : CALIBRATION_POSITIONS;
        await this.withClient(system, variant, servers, positions, async (client) => {
          await this.peak(client, workload, this.plan.calibrateMs / 2);
          rates[variant.name] = (await this.peak(client, workload, this.plan.calibrateMs)).perSecond;
        });
        if ((rates[variant.name] ?? 0) > (rates[best.name] ?? 0)) best = variant;
      }
    } finally {
      await servers.stop();
    }
    this.note(`${system.name}: ${best.name} is best of ${system.variants.length}`);
    return { best, rates };
  }

  async round(
    index: number,
    systems: readonly { readonly system: System; readonly variant: Variant }[],
  ): Promise<Round> {
    const fsync = this.fsync();
    const measurements: Measurement[] = [];
    const turn = index % Math.max(1, systems.length);
    for (const { system, variant } of [...systems.slice(turn), ...systems.slice(0, turn)]) {
      const measurement = await this.measure(system, variant);
      measurements.push(measurement);
      this.note(`round ${index + 1}: ${summaryOf(measurement)}`);
    }
    return { fsync, measurements };
  }

  /** Latency at `rate` operations a second on the hot SKU, by schedule. */
  async latency(system: System, variant: Variant, rate: number): Promise<LatencyMeasurement> {
    const fsync = this.fsync();
    const stalls = await this.stalls();
    const servers = await this.room.start(system.server);
    try {
      return await this.withClient(system, variant, servers, CALIBRATION_POSITIONS, async (client) => {
        await this.peak(client, "hot", this.plan.warmUpMs);
        const windows: LatencyResult[] = [];
        while (windows.length < this.plan.latencyWindows) {
          const { result } = await client.ask("rate", {
            do: "rate",
            tracePath: this.traces.hot.path,
            rate,
            milliseconds: this.plan.latencyMs,
            warmUpMs: windows.length === 0 ? this.plan.latencyWarmUpMs : 0,
          });
          windows.push(result);
        }
        const p99MsOfWindows = windows.map(({ p99Ms }) => p99Ms);
        const sorted = [...windows].sort((a, b) => a.p99Ms - b.p99Ms);
        const result = sorted[sorted.length >> 1] as LatencyResult;
        const { audit } = await client.ask("audited", { do: "audit" });
        this.note(
          `${system.name} at ${Math.round(rate)} a second: p50 ${result.p50Ms} ms, p99 ` +
            `${p99MsOfWindows.join(", ")} ms`,
        );
        return { ...result, p99MsOfWindows, system: system.name, fsync, stalls, audit };
      });
    } finally {
      await servers.stop();
    }
  }

  /**
   * `kill -9` of Holdfast's process under full load, over many positions. Afterwards everything must add up
   * exactly.
   */
  async crash(system: System, variant: Variant, afterMs: number): Promise<Crash> {
    const servers = await this.room.start(system.server);
    try {
      return await this.withClient(system, variant, servers, CRASH_POSITIONS, async (client) => {
        const crashed = client.ask("crashed", { do: "until-crash", tracePath: this.crashTrace.path });
        await new Promise((resolve) => setTimeout(resolve, afterMs));
        const killedAt = performance.now();
        let report: CrashReport = { answered: 0, unanswered: 0 };
        const endpoint = await servers.crashAndRestart(async () => {
          report = (await crashed).report;
        });
        const restartMs = performance.now() - killedAt;
        const { repeated } = await client.ask("resumed", { do: "resume", endpoint });
        const { audit } = await client.ask("audited", { do: "audit" });
        this.note(
          `kill -9 after ${report.answered} answers: ${audit.lost} units lost, ${audit.oversold} ` +
            `oversold, back after ${Math.round(restartMs)} ms`,
        );
        return { ...report, repeated, restartMs, audit };
      });
    } finally {
      await servers.stop();
    }
  }

  /** How fast the naive form can be without a driver. */
  async pgbench(): Promise<readonly PgbenchRate[]> {
    const servers = await this.room.start("postgres");
    try {
      const seconds = Math.max(1, Math.round(this.plan.measureMs / 1_000));
      const rates = await runPgbench(servers.endpoint, { folder: this.folder, seconds });
      const each = rates.map(({ clients, perSecond }) => `${Math.round(perSecond)}/s with ${clients}`);
      this.note(`pgbench: ${each.join(", ")}`);
      return rates;
    } finally {
      await servers.stop();
    }
  }

  private async measure(system: System, variant: Variant): Promise<Measurement> {
    const { plan } = this;
    const servers = await this.room.start(system.server);
    try {
      const positions = this.positionsOf(system);
      return await this.withClient(system, variant, servers, positions, async (client) => {
        const peaks: Partial<Record<Workload, PeakResult>> = {};
        let cpuSecondsPerMillion = 0;
        let serverCores = 0;
        for (const workload of plan.workloadsOf(system)) {
          await this.peak(client, workload, plan.warmUpMs);
          const before = await usageOf(await servers.pids());
          const beganUs = monotonicUs();
          const peak = await this.peak(client, workload, plan.measureMs);
          this.phases.push({
            system: system.name,
            workload,
            beganUs,
            endedUs: monotonicUs(),
            applied: peak.applied,
          });
          const cpuSeconds = cpuBetween(before, await usageOf(await servers.pids()));
          peaks[workload] = peak;
          if (workload !== mainWorkloadOf(system)) continue;
          cpuSecondsPerMillion = (cpuSeconds * 1e6) / peak.applied;
          serverCores = cpuSeconds / peak.seconds;
        }
        const sellOut = system.exact ? (await client.ask("sold-out", { do: "sell-out" })).result : null;
        const { audit } = await client.ask("audited", { do: "audit" });
        const { memoryMb } = await usageOf(await servers.pids());
        return {
          system: system.name,
          variant: variant.name,
          peaks,
          cpuSecondsPerMillion,
          serverCores,
          memoryMb,
          sellOut,
          audit,
        };
      });
    } finally {
      await servers.stop();
    }
  }

  /** A whole catalog is loaded only where it is driven. */
  private positionsOf(system: System): number {
    if (system.orders) return ORDER_POSITIONS;
    const onlyHot = this.plan.workloadsOf(system).every((workload) => workload === "hot");
    return onlyHot ? CALIBRATION_POSITIONS : this.plan.positions;
  }

  private async peak(client: Client, workload: Workload, milliseconds: number): Promise<PeakResult> {
    const { result } = await client.ask("peak", {
      do: "peak",
      tracePath: this.traces[workload].path,
      milliseconds,
    });
    return result;
  }

  private async withClient<T>(
    system: System,
    variant: Variant,
    servers: RunningServers,
    positions: number,
    work: (client: Client) => Promise<T>,
  ): Promise<T> {
    const client = new Client();
    try {
      await client.ask("connected", {
        do: "connect",
        system: system.name,
        endpoint: servers.endpoint,
        variant,
        positions,
      });
      const result = await work(client);
      await client.ask("closed", { do: "close" });
      return result;
    } finally {
      await client.end();
    }
  }
}

/** The workload by which CPU is counted and variants are compared. */
function mainWorkloadOf(system: System): Workload {
  return system.orders ? "orders" : "hot";
}

function summaryOf({ system, peaks, audit }: Measurement): string {
  const rates = Object.entries(peaks).map(
    ([workload, peak]) => `${workload} ${Math.round(peak.perSecond).toLocaleString("en")}/s`,
  );
  return `${system}: ${rates.join(", ")}${audit.ok ? "" : "  AUDIT FAILED"}`;
}
