/**
 * The campaign with devices: starts a broker, the whole system and the wild devices, lets orders go over the
 * floors meanwhile, harms broker and system by its plan, and audits what is left.
 *
 * The first part of the messages goes without kills, paced: there the time from an event to its
 * acknowledgement is taken, of events that the bad network has left alone.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type DayReport, type DayView, runDay } from "../../../cli/simulated-day/run-day.ts";
import { Random } from "../../../config/seeded-random.ts";
import { type Database, openDatabase } from "../../../store/sql/database.ts";
import { Latencies, type LatencySummary } from "../../load/histogram.ts";
import { AckAudit, type AckCounts } from "./ack-audit.ts";
import { type KillableBroker, startKillableBroker } from "./broker.ts";
import { auditLoads, type LoadCounts } from "./load-audit.ts";
import type { DeviceCampaignOptions } from "./options.ts";
import { RealSystem } from "./real-system.ts";
import { newTally, type Tally } from "./tally.ts";
import { Traffic } from "./traffic.ts";
import {
  planWildDevices,
  registerWildDevices,
  startWildFloor,
  stopWildFloor,
  type WildFloor,
  workingDevices,
} from "./wild-floor.ts";

/**
 * Shares of the messages: until when everything is compiled for the first time, until when nothing is killed,
 * and when the flood comes.
 */
const WARM_UP = 0.06;
const LEAST_WARM_UP_MS = 15_000;
const PACED_UNTIL = 0.3;
const FLOOD_AT = 0.9;
const FLOOD_EVENTS = 3_000;
const FLOOD_MS = 8_000;
const BROKER_AWAY_MS = 2_000;
/** A part of the messages that the working floors' own devices lose, and of those that come twice or late. */
const BAD_NETWORK = 0.03;
/** Robots, carrier and people, so many times faster than for a demonstration. */
const SPEED = 20;
/** Orders come evenly over this share of the time; what is late after a kill may be under way beside the next. */
const ORDERS_UNTIL = 0.85;
const ORDERS_AT_ONCE = 20;
/** What was killed in a call to the outside is called again after a minute (`workflows/saga/steps.ts`). */
const DAY_PATIENCE_MS = 180_000;
const DRAIN_MS = 60_000;
const LOADS_SETTLE_MS = 30_000;
const BAR_P99_MS = 500;

export type PacedFigures = LatencySummary & {
  readonly events: number;
  /** Messages a second, as they were sent. */
  readonly ratePerSecond: number;
};

export type DeviceReport = {
  readonly seed: string;
  readonly broker: KillableBroker["name"];
  readonly devices: { readonly working: number; readonly wild: number };
  readonly messages: Tally;
  readonly kills: { readonly broker: number; readonly system: number; readonly everything: number };
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly acknowledgements: AckCounts & { readonly neverAcknowledged: number };
  readonly paced: PacedFigures;
  readonly p99Bar: { readonly barMs: number; readonly met: boolean };
  readonly whileKilled: LatencySummary;
  /** Of the others, while one device floods. */
  readonly whileFlooded: LatencySummary;
  readonly orders: DayReport["orders"];
  readonly held: DayReport["held"];
  readonly oversold: number;
  readonly doubled: number;
  readonly stock: DayReport["stock"];
  readonly loads: LoadCounts;
  readonly seconds: number;
  readonly findings: readonly string[];
  readonly ok: boolean;
};

export type Progress = {
  readonly messages: number;
  readonly of: number;
  readonly phase: string;
  readonly day: DayView | null;
  readonly outstanding: number;
};

type Phase = "start" | "paced" | "kills" | "flood" | "end";

export async function runDeviceCampaign(
  options: DeviceCampaignOptions,
  onProgress: (progress: Progress) => void,
): Promise<DeviceReport> {
  const broker = await startKillableBroker();
  try {
    const system = await RealSystem.start({ MQTT_URL: broker.url });
    try {
      return await new DeviceCampaign(options, broker, system, onProgress).run();
    } finally {
      await system.destroy();
    }
  } finally {
    await broker.stop();
  }
}

class DeviceCampaign {
  private readonly options: DeviceCampaignOptions;
  private readonly broker: KillableBroker;
  private readonly system: RealSystem;
  private readonly onProgress: (progress: Progress) => void;
  private readonly random: Random;
  private readonly tally = newTally();
  private readonly latencies: Readonly<Record<Phase, Latencies>> = {
    start: new Latencies(),
    paced: new Latencies(),
    kills: new Latencies(),
    flood: new Latencies(),
    end: new Latencies(),
  };
  private readonly kills = { broker: 0, system: 0, everything: 0 };
  private phase: Phase = "start";
  private flooding: string | null = null;
  private pacedEvents = 0;
  private pacedRate = 0;
  private day: DayView | null = null;

  constructor(
    options: DeviceCampaignOptions,
    broker: KillableBroker,
    system: RealSystem,
    onProgress: (progress: Progress) => void,
  ) {
    this.options = options;
    this.broker = broker;
    this.system = system;
    this.onProgress = onProgress;
    this.random = new Random(options.seed);
  }

  async run(): Promise<DeviceReport> {
    const began = performance.now();
    const access = await this.system.access();
    const database = openDatabase(access.databaseUrl ?? "", { maxConnections: 3, name: "holdfast-faults" });
    const devices = planWildDevices(this.options.devices - workingDevices());
    await registerWildDevices(database, devices);
    const audit = new AckAudit(database);
    audit.start();
    const floor = await startWildFloor(devices, {
      mqttUrl: this.broker.url,
      random: this.random.fork(),
      tally: this.tally,
      audit,
      onLatency: (deviceId, milliseconds) => this.onLatency(deviceId, milliseconds),
    });
    const traffic = new Traffic(floor, this.tally, this.random.fork(), this.options);
    const network = this.spoilNetwork(access.simulatorsUrl ?? "");
    const telling = setInterval(() => this.tell(traffic), 1_000);
    try {
      const day = runDay(
        access,
        {
          orders: this.options.orders,
          seed: this.options.seed,
          returnsPercent: 0,
          speed: SPEED,
          depth: ORDERS_AT_ONCE,
          overMs: ORDERS_UNTIL * this.plannedMs(),
          patienceMs: DAY_PATIENCE_MS,
        },
        (view) => {
          this.day = view;
        },
      );
      // It is waited for below; a day that breaks off must not end the campaign without its audit.
      const dayEnd = day.catch((error: unknown) => error as Error);
      traffic.start();
      await this.harm(floor, traffic);
      const stuck = await this.drain(floor, traffic);
      clearInterval(network);
      const report = await dayEnd;
      await audit.stop();
      if (report instanceof Error) throw report;
      return await this.report(database, audit, stuck, report, performance.now() - began);
    } finally {
      clearInterval(network);
      clearInterval(telling);
      traffic.stop();
      await stopWildFloor(floor);
      await database.end();
    }
  }

  /** Follows the plan until all messages are sent. */
  private async harm(floor: WildFloor, traffic: Traffic): Promise<void> {
    await this.untilShare(WARM_UP, Math.min(LEAST_WARM_UP_MS, 0.2 * this.plannedMs()));
    this.phase = "paced";
    const paced = { at: performance.now(), messages: this.tally.messages };
    await this.untilShare(PACED_UNTIL);
    this.pacedRate =
      ((this.tally.messages - paced.messages) * 1_000) / Math.max(1, performance.now() - paced.at);
    this.phase = "kills";
    const { kills } = this.options;
    const step = (FLOOD_AT - PACED_UNTIL) / Math.max(1, kills);
    for (let kill = 0; kill < kills; kill += 1) {
      const from = PACED_UNTIL + kill * step;
      await this.untilShare(from + this.random.next() * step * 0.3);
      await this.killBroker();
      await this.untilShare(from + step * (0.4 + this.random.next() * 0.3));
      await this.killSystem(kill % 2 === 0 ? "alone" : "everything");
    }
    await this.untilShare(FLOOD_AT);
    this.phase = "flood";
    this.flood(floor);
    await this.untilShare(1, FLOOD_MS);
    this.phase = "end";
    traffic.calm();
  }

  private plannedMs(): number {
    return (this.options.messages * 1_000) / this.options.ratePerSecond;
  }

  /** Until this share of the messages is sent, and at least for so long. */
  private async untilShare(share: number, leastMs = 0): Promise<void> {
    const end = performance.now() + leastMs;
    while (this.tally.messages < share * this.options.messages || performance.now() < end) await delay(50);
  }

  private async killBroker(): Promise<void> {
    this.kills.broker += 1;
    await this.broker.kill();
    await delay(BROKER_AWAY_MS);
    await this.broker.start();
  }

  private async killSystem(what: "alone" | "everything"): Promise<void> {
    this.kills[what === "alone" ? "system" : "everything"] += 1;
    await this.system.kill(what);
    await this.system.start();
  }

  /** One conveyor says in a moment what others say in minutes. */
  private flood({ conveyors }: WildFloor): void {
    // The one with the longest counter: its numbers do not come again meanwhile.
    const one = conveyors[2];
    if (one === undefined) return;
    this.flooding = one.deviceId;
    const now = performance.now();
    for (let count = 0; count < FLOOD_EVENTS; count += 1) one.act(now, FLOOD_EVENTS);
  }

  private onLatency(deviceId: string, milliseconds: number): void {
    if (deviceId === this.flooding) return;
    if (this.phase === "paced") this.pacedEvents += 1;
    this.latencies[this.phase].record(milliseconds);
  }

  /** @returns what was never acknowledged, in words */
  private async drain(floor: WildFloor, traffic: Traffic): Promise<readonly string[]> {
    const end = performance.now() + DRAIN_MS;
    while (traffic.outstanding > 0 && performance.now() < end) await delay(100);
    return floor.conveyors.flatMap((conveyor) => conveyor.stuck());
  }

  /** Again and again: the simulators forget it when they are killed. */
  private spoilNetwork(simulatorsUrl: string): NodeJS.Timeout {
    const spoil = (): void => {
      fetch(`${simulatorsUrl}/simulation`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ badNetwork: BAD_NETWORK }),
      }).catch(() => {
        // They are not there just now.
      });
    };
    spoil();
    return setInterval(spoil, 1_000);
  }

  private tell(traffic: Traffic): void {
    this.onProgress({
      messages: this.tally.messages,
      of: this.options.messages,
      phase: this.phase,
      day: this.day,
      outstanding: traffic.outstanding,
    });
  }

  private async report(
    database: Database,
    audit: AckAudit,
    stuck: readonly string[],
    day: DayReport,
    tookMs: number,
  ): Promise<DeviceReport> {
    const loads = await settledLoads(database);
    const { counts } = audit;
    const findings = [
      ...audit.findings,
      ...stuck.slice(0, 20).map((text) => `never acknowledged: ${text}`),
      ...day.findings,
      ...loads.findings,
      ...(day.orders.unfinished > 0 ? [`${day.orders.unfinished} orders have not ended`] : []),
    ];
    const paced = this.latencies.paced.summary();
    return {
      seed: this.options.seed,
      broker: this.broker.name,
      devices: { working: workingDevices(), wild: this.options.devices - workingDevices() },
      messages: this.tally,
      kills: this.kills,
      deadLetters: Object.fromEntries([...audit.letterCodes].sort()),
      acknowledgements: { ...counts, neverAcknowledged: stuck.length },
      paced: { ...paced, events: this.pacedEvents, ratePerSecond: Math.round(this.pacedRate) },
      p99Bar: { barMs: BAR_P99_MS, met: paced.p99Ms < BAR_P99_MS },
      whileKilled: this.latencies.kills.summary(),
      whileFlooded: this.latencies.flood.summary(),
      orders: day.orders,
      held: day.held,
      oversold: day.oversold,
      doubled: day.doubled,
      stock: day.stock,
      loads: loads.units,
      seconds: Math.round(tookMs / 100) / 10,
      findings,
      ok: findings.length === 0 && counts.taken > 0,
    };
  }
}

/** What is adrift is told to the stock by a standing job. */
async function settledLoads(database: Database): Promise<Awaited<ReturnType<typeof auditLoads>>> {
  const end = performance.now() + LOADS_SETTLE_MS;
  for (;;) {
    const loads = await auditLoads(database);
    if (loads.findings.length === 0 || performance.now() > end) return loads;
    await delay(1_000);
  }
}
