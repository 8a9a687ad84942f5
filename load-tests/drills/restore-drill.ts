/**
 * The drill of a lost machine: in the middle of a day a backup is taken, some time later everything is killed
 * and its folder deleted; the backup is restored, the system started, and the day goes on to its end.
 *
 * What lies outside lives on, as it does when a machine is lost: the payment provider, the carrier and the
 * inbox keep what they have done, and the channels send again what they see no parcel of.
 */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { OUTSIDE_WORLD } from "../../cli/backup/create-backup.ts";
import { accountOf, type OutsideAccount, simulatedWorld } from "../../cli/simulated-day/doubles-audit.ts";
import { type DayReport, type DayView, type LostOrder, runDay } from "../../cli/simulated-day/run-day.ts";
import { RealSystem } from "../faults/devices/real-system.ts";

export type RestoreDrillOptions = {
  readonly orders: number;
  readonly seed: string;
  /** Between the backup and the loss of the machine. */
  readonly lossAfterMs: number;
};

export type RestoreDrillReport = {
  readonly seed: string;
  readonly backup: {
    readonly at: string;
    readonly rows: number;
    readonly bytes: number;
    readonly milliseconds: number;
  };
  /** Of what happened in this time, only what the outside knows is left. */
  readonly recoveryPointMs: number;
  /** From the loss until the system takes requests again, and its parts. */
  readonly recoveryTimeMs: number;
  readonly restoreMs: number;
  readonly startMs: number;
  readonly orders: DayReport["orders"] & {
    /** Acknowledged after the backup's moment, and sent again by their channels. */
    readonly lostAndSentAgain: number;
    /** Acknowledged before the backup's moment, and not there: must be 0. */
    readonly lostFromBackup: number;
  };
  readonly held: DayReport["held"];
  readonly oversold: number;
  readonly doubled: number;
  /** What the outside did for the lost machine, and nobody has asked for since: for a person to compare. */
  readonly leftByLost: readonly string[];
  readonly stock: DayReport["stock"];
  readonly money: DayReport["money"];
  readonly findings: readonly string[];
  readonly ok: boolean;
};

/** Shares of the day's orders: when the backup is taken, parcels are on their way and orders still come in. */
const BACKUP_AT = 0.35;
const SPEED = 40;
const DEPTH = 60;
/** Longer than a restore, and than carriers take to be asked about parcels of the machine that was lost. */
const PATIENCE_MS = 240_000;

export async function runRestoreDrill(
  options: RestoreDrillOptions,
  onProgress: (phase: string, day: DayView | null) => void,
): Promise<RestoreDrillReport> {
  const safe = await mkdtemp(join(tmpdir(), "holdfast-safe-"));
  const system = await RealSystem.start({});
  let phase = "before the backup";
  let view: DayView | null = null;
  const telling = setInterval(() => onProgress(phase, view), 1_000);
  try {
    const lost: LostOrder[] = [];
    let atLoss: OutsideAccount | null = null;
    const access = await system.access();
    const day = runDay(
      access,
      {
        orders: options.orders,
        seed: options.seed,
        returnsPercent: 5,
        speed: SPEED,
        depth: DEPTH,
        overMs: 0,
        patienceMs: PATIENCE_MS,
        onLost: (orders) => {
          lost.push(...orders);
          if (atLoss === null) throw new Error("orders are missing, and nothing was lost");
          return atLoss;
        },
      },
      (now) => {
        view = now;
      },
    );
    // Awaited below; a day that breaks off earlier is told there.
    const ended = day.catch((error: unknown) => error as Error);
    const shipped = () => view?.shipped ?? 0;
    while (shipped() < options.orders * BACKUP_AT) {
      const early = await Promise.race([ended, pause(100)]);
      if (early !== undefined)
        throw early instanceof Error ? early : new Error("the day ended before the backup");
    }

    phase = "backup";
    const secrets = join(safe, "secrets.json");
    const backup = JSON.parse(await system.run(["backup", "--to", safe, "--secrets", secrets, "--json"]));
    phase = "after the backup";
    await pause(options.lossAfterMs);

    phase = "lost";
    atLoss = await accountOf(simulatedWorld(access.simulatorsUrl ?? ""));
    const lostAt = Date.now();
    await system.kill("everything");
    await cp(join(system.folder, OUTSIDE_WORLD), join(safe, "outside"), { recursive: true });
    await system.lose();
    await system.run(["restore", backup.folder, "--secrets", secrets, "--json"]);
    const restoredAt = Date.now();
    await rm(join(system.folder, OUTSIDE_WORLD), { recursive: true, force: true });
    await cp(join(safe, "outside"), join(system.folder, OUTSIDE_WORLD), { recursive: true });
    const startedFrom = Date.now();
    await system.start();
    const upAt = Date.now();

    phase = "restored";
    const report = await ended;
    if (report instanceof Error) throw report;
    return summary(options, { backup, lostAt, restoredAt, startedFrom, upAt, lost, report });
  } finally {
    clearInterval(telling);
    await system.destroy();
    await rm(safe, { recursive: true, force: true });
  }
}

type Facts = {
  readonly backup: RestoreDrillReport["backup"];
  readonly lostAt: number;
  readonly restoredAt: number;
  readonly startedFrom: number;
  readonly upAt: number;
  readonly lost: readonly LostOrder[];
  readonly report: DayReport;
};

function summary({ seed }: RestoreDrillOptions, facts: Facts): RestoreDrillReport {
  const { backup, lost, report } = facts;
  const moment = Date.parse(backup.at);
  const fromBackup = lost.filter(({ acknowledgedAtMs }) => acknowledgedAtMs < moment);
  const findings = [
    ...report.findings,
    ...fromBackup.map(({ orderId }) => `${orderId} was acknowledged before the backup, and was lost.`),
  ];
  return {
    seed,
    backup: {
      at: backup.at,
      rows: backup.rows,
      bytes: backup.bytes,
      milliseconds: backup.milliseconds,
    },
    recoveryPointMs: facts.lostAt - moment,
    // Without the time in which the harness puts the outside world back.
    recoveryTimeMs: facts.restoredAt - facts.lostAt + facts.upAt - facts.startedFrom,
    restoreMs: facts.restoredAt - facts.lostAt,
    startMs: facts.upAt - facts.startedFrom,
    orders: {
      ...report.orders,
      lostAndSentAgain: lost.length - fromBackup.length,
      lostFromBackup: fromBackup.length,
    },
    held: report.held,
    oversold: report.oversold,
    doubled: report.doubled,
    leftByLost: report.leftByLost,
    stock: report.stock,
    money: report.money,
    findings,
    ok: findings.length === 0,
  };
}
