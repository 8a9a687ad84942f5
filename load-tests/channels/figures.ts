/** Percentiles of what orders waited, without something and beside it. */
import type { Watched } from "./messages.ts";

export type Arm = "quiet" | "flood" | "quiet beside the hang" | "hang";

type Stage = "captured" | "told" | "floor";

export type Waited = {
  readonly orders: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
};

export type Compared = {
  readonly without: Waited;
  readonly beside: Waited;
  /** Ratios, with over without; null: one of the two has no figure. */
  readonly p50: number | null;
  readonly p99: number | null;
};

export function figuresOf(watched: readonly Watched[]): Readonly<Record<Stage, Waited>> {
  return {
    captured: waited(watched, "captured"),
    told: waited(watched, "told"),
    floor: waited(watched, "floor"),
  };
}

export function compared(without: readonly Watched[], beside: readonly Watched[], stage: Stage): Compared {
  const [one, other] = [waited(without, stage), waited(beside, stage)];
  return {
    without: one,
    beside: other,
    p50: ratio(other.p50Ms, one.p50Ms),
    p99: ratio(other.p99Ms, one.p99Ms),
  };
}

/** What never came took longer than all that did: where it is more than a hundredth, there is no p99. */
function waited(watched: readonly Watched[], stage: Stage): Waited {
  const all = watched.map((each) => each[`${stage}Ms`] ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  return { orders: all.length, p50Ms: at(all, 0.5), p99Ms: at(all, 0.99), maxMs: at(all, 1) };
}

/** The nearest rank: the least value that this share of all does not exceed. */
function at(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  return value === undefined || !Number.isFinite(value) ? null : Math.round(value * 10) / 10;
}

function ratio(one: number | null, other: number | null): number | null {
  return one === null || other === null || other === 0 ? null : Math.round((one / other) * 100) / 100;
}
