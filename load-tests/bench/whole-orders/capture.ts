/**
 * Orders captured, and named holds: Holdfast by stream and by REST against PostgreSQL doing the same writes,
 * one system at a time, each at its best, as the bench of reservations measures them (`runner.ts`).
 */
import type { Figure } from "../figures.ts";
import { figure, quotient } from "../figures.ts";
import { type Measurement, type Plan, type Round, Runner } from "../runner.ts";
import type { ServerRoom } from "../servers/servers.ts";
import { shortlist } from "../system.ts";
import { CAPTURE_SYSTEMS } from "../systems/registry.ts";

export type CapturePlan = Pick<Plan, "rounds" | "traceLength" | "warmUpMs" | "measureMs" | "calibrateMs"> & {
  /** Only the forms that were best on a machine like the published one. */
  readonly isShort: boolean;
};

export type Capture = {
  readonly rounds: readonly Round[];
  readonly variants: Readonly<
    Record<string, { readonly best: string; readonly rates: Readonly<Record<string, number>> }>
  >;
};

const HOLDFAST = ["capture-stream", "capture-rest"];
const POSTGRES = ["postgres-function", "postgres-function-batched"];
const NAMED_HOLDS = "holdfast-commands";

export async function measureCapture(
  room: ServerRoom,
  folder: string,
  plan: CapturePlan,
  note: (text: string) => void,
): Promise<Capture> {
  const runner = await Runner.create(
    {
      ...plan,
      positions: 1_000,
      latencyMs: 0,
      latencyWindows: 0,
      latencyWarmUpMs: 0,
      fsyncMs: 200,
      stallsMs: 0,
      crashes: 0,
      workloadsOf: (system) => (system.orders ? ["orders"] : ["hot"]),
    },
    room,
    folder,
    note,
  );
  const contenders = [];
  const variants: Record<string, Capture["variants"][string]> = {};
  for (const system of CAPTURE_SYSTEMS) {
    const { best, rates } = await runner.calibrate(plan.isShort ? shortlist(system) : system);
    contenders.push({ system, variant: best });
    variants[system.name] = { best: best.name, rates };
  }
  const rounds: Round[] = [];
  for (let index = 0; index < plan.rounds; index += 1) rounds.push(await runner.round(index, contenders));
  return { rounds, variants };
}

/** Orders a second; of named holds, holds. */
export function captureRateOf(measurement: Measurement): number | null {
  const { orders, hot } = measurement.peaks;
  return orders?.requestsPerSecond ?? hot?.perSecond ?? null;
}

/** Milliseconds of all servers' processors an order; of named holds, a thousand holds. */
export function captureCpuOf({ cpuSecondsPerMillion, peaks }: Measurement): number {
  const { orders } = peaks;
  if (orders === undefined) return cpuSecondsPerMillion;
  return (cpuSecondsPerMillion / 1_000) * (orders.perSecond / orders.requestsPerSecond);
}

function bestOf({ measurements }: Round, names: readonly string[]): number | null {
  const rates = measurements
    .filter(({ system }) => names.includes(system))
    .map(captureRateOf)
    .filter((rate) => rate !== null);
  return rates.length === 0 ? null : Math.max(...rates);
}

export function captureFiguresOf(rounds: readonly Round[]): readonly Figure[] {
  const perRound = (of: (round: Round) => number | null): readonly number[] =>
    rounds.map(of).filter((value) => value !== null);
  return [
    figure("capture_per_s", "orders captured a second, by stream, five channels' formats", {
      values: perRound((round) => bestOf(round, ["capture-stream"])),
    }),
    figure("capture_rest_per_s", "… by REST, an order a request", {
      values: perRound((round) => bestOf(round, ["capture-rest"])),
    }),
    figure("capture_vs_pg", "… its best against PostgreSQL's best form doing the same writes", {
      values: perRound((round) => quotient(bestOf(round, HOLDFAST), bestOf(round, POSTGRES))),
      bar: { kind: "at-least", value: 2 },
    }),
    figure("named_holds_per_s", "named holds a second by commands", {
      values: perRound((round) => bestOf(round, [NAMED_HOLDS])),
      bar: { kind: "at-least", value: 150_000 },
    }),
  ];
}
