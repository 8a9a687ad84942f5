/**
 * A run of scenarios, one after the other, each with its audit: what the short form, the long form and the
 * tests share.
 */

import { Random } from "../../config/seeded-random.ts";
import { type AuditCounts, type AuditResult, isClean } from "./audit.ts";
import type { Scenario } from "./scenarios.ts";
import type { SmallDisk } from "./small-disk.ts";
import { Stage } from "./stage.ts";

export type ScenarioRun = {
  readonly name: string;
  readonly kind: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly faults: number;
  readonly servedAfterMs: readonly number[];
  readonly seconds: number;
  /** Why it failed, or why it was skipped; the audit's findings. */
  readonly findings: readonly string[];
};

/** The counts of every stage's last audit, added up. */
type Totals = AuditCounts & {
  readonly scenarios: number;
  readonly faults: number;
};

export type CampaignReport = {
  readonly seed: string;
  readonly seconds: number;
  readonly runs: readonly ScenarioRun[];
  readonly totals: Totals;
  readonly ok: boolean;
};

type CampaignOptions = {
  readonly seed: string;
  readonly scenarios: readonly Scenario[];
  /** Begins again with new stages until this much time has passed; 0: once. */
  readonly seconds: number;
  readonly onRun: (run: ScenarioRun) => void;
  /** Where the logs of a failed stage were left. */
  readonly onKept: (folder: string) => void;
};

export async function runCampaign(options: CampaignOptions): Promise<CampaignReport> {
  const campaign = new Campaign(options);
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1_000;
  let round = 0;
  do {
    round += 1;
    await campaign.round(
      `${options.seed}.${round}`,
      () => options.seconds > 0 && elapsed() > options.seconds,
    );
  } while (elapsed() < options.seconds);
  return campaign.report(elapsed());
}

class Campaign {
  private readonly options: CampaignOptions;
  private readonly runs: ScenarioRun[] = [];
  /** The last audit of every stage. An audit counts from its stage's beginning. */
  private readonly audits: AuditResult[] = [];

  constructor(options: CampaignOptions) {
    this.options = options;
  }

  /** Every scenario once, in an order that follows from the seed. */
  async round(seed: string, isOver: () => boolean): Promise<void> {
    const shared: SharedStage = { stage: null, opened: 0, audit: null };
    for (const scenario of shuffled(this.options.scenarios, seed)) {
      if (isOver()) break;
      const began = performance.now();
      const run = await this.play(scenario, seed, shared);
      const told = {
        ...run,
        name: scenario.name,
        kind: scenario.kind,
        seconds: (performance.now() - began) / 1_000,
      };
      this.runs.push(told);
      this.options.onRun(told);
    }
    await this.leave(shared, false);
  }

  report(seconds: number): CampaignReport {
    const sum = (count: (audit: AuditResult) => number): number =>
      this.audits.reduce((total, audit) => total + count(audit), 0);
    const totals: Totals = {
      scenarios: this.runs.filter((run) => run.outcome !== "skipped").length,
      faults: this.runs.reduce((total, run) => total + run.faults, 0),
      operations: sum((audit) => audit.operations),
      answered: sum((audit) => audit.answered),
      journalRows: sum((audit) => audit.journalRows),
      lost: sum((audit) => audit.lost),
      doubled: sum((audit) => audit.doubled),
      phantom: sum((audit) => audit.phantom),
      oversold: sum((audit) => audit.oversold),
      staleEpochRows: sum((audit) => audit.staleEpochRows),
      brokenChain: sum((audit) => audit.brokenChain),
      unbalanced: sum((audit) => audit.unbalanced),
      contradicted: sum((audit) => audit.contradicted),
      unanswered: sum((audit) => audit.unanswered),
    };
    const ok = totals.scenarios > 0 && this.runs.every((run) => run.outcome !== "failed");
    return { seed: this.options.seed, seconds, runs: this.runs, totals, ok };
  }

  private async play(
    scenario: Scenario,
    seed: string,
    shared: SharedStage,
  ): Promise<Pick<ScenarioRun, "outcome" | "faults" | "servedAfterMs" | "findings">> {
    const unable = await scenario.unable?.();
    if (unable != null) return { outcome: "skipped", faults: 0, servedAfterMs: [], findings: [unable] };
    if (scenario.disk === undefined) return this.playOn(shared, seed, scenario, null);
    const disk = await scenario.disk();
    if (disk === null) {
      const findings = ["this process may not mount a disk of its own: run it as root"];
      return { outcome: "skipped", faults: 0, servedAfterMs: [], findings };
    }
    const own: SharedStage = { stage: null, opened: 0, audit: null };
    try {
      const played = await this.playOn(own, `${seed}.disk`, scenario, disk);
      await this.leave(own, false);
      return played;
    } finally {
      await disk.unmount();
    }
  }

  private async playOn(
    shared: SharedStage,
    seed: string,
    scenario: Scenario,
    disk: SmallDisk | null,
  ): Promise<Pick<ScenarioRun, "outcome" | "faults" | "servedAfterMs" | "findings">> {
    try {
      if (shared.stage === null) {
        shared.opened += 1;
        shared.stage = await Stage.open({
          seed: `${seed}.${shared.opened}`,
          ...(disk === null ? {} : { dataFolder: disk.folder }),
        });
      }
      const harm = await scenario.run(shared.stage, disk);
      shared.audit = await shared.stage.check();
      if (isClean(shared.audit)) return { outcome: "passed", ...harm, findings: [] };
      const { findings } = shared.audit;
      // An error that was found once would be found again, so the next scenario gets a new stage.
      await this.leave(shared, true);
      return { outcome: "failed", ...harm, findings };
    } catch (error) {
      await this.leave(shared, true);
      const findings = [messageOf(error)];
      return { outcome: "failed", faults: 0, servedAfterMs: [], findings };
    }
  }

  private async leave(shared: SharedStage, keep: boolean): Promise<void> {
    const { stage, audit } = shared;
    if (audit !== null) this.audits.push(audit);
    shared.stage = null;
    shared.audit = null;
    if (stage === null) return;
    await stage.close(keep);
    if (keep) this.options.onKept(stage.folder);
  }
}

type SharedStage = { stage: Stage | null; opened: number; audit: AuditResult | null };

function shuffled<T>(items: readonly T[], seed: string): readonly T[] {
  const random = new Random(`${seed}/order`);
  const left = [...items];
  const order: T[] = [];
  while (left.length > 0) order.push(...left.splice(random.integer(0, left.length - 1), 1));
  return order;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${messageOf(error.cause)}`;
}
