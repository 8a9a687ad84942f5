/** How long the parts of the bench of whole orders take, in its quick and in its full form. */
import type { BesidePlan } from "./beside.ts";
import type { CapturePlan } from "./capture.ts";
import type { CompletePlan } from "./complete-orders.ts";
import type { NaivePlan } from "./naive-saga/run.ts";
import type { VendurePlan } from "./vendure/run.ts";

export type OrdersPlan = {
  readonly fsyncMs: number;
  readonly stallsMs: number;
  readonly capture: CapturePlan;
  /** As many as the fastest machine could need: those that are not sent cost nothing but their making. */
  readonly plannedOrders: number;
  readonly complete: CompletePlan;
  readonly beside: BesidePlan;
  /** The quick form has these only where they are named. */
  readonly naiveSaga: NaivePlan;
  readonly vendure: VendurePlan;
};

const COMPLETE = { fixedPerMinute: 300, patienceMs: 60_000 };

/** Of Vendure, in both forms. */
const SCARCE = { units: 200, orders: 400, clients: 32 };

/** Under way at a time, in the naive saga too. */
const DEPTH = 200;
const QUICK_DEPTH = 150;

const QUICK: OrdersPlan = {
  fsyncMs: 200,
  stallsMs: 1_000,
  capture: {
    rounds: 1,
    traceLength: 400_000,
    warmUpMs: 2_000,
    measureMs: 2_000,
    calibrateMs: 800,
    isShort: true,
  },
  plannedOrders: 4_000,
  complete: {
    ...COMPLETE,
    depth: QUICK_DEPTH,
    warmUpOrders: 40,
    aloneOrders: 7,
    fixedWarmUpOrders: 20,
    fixedOrders: 80,
    rampMs: 7_000,
    sustainedMs: 25_000,
  },
  beside: { rate: 5_000, warmUpMs: 3_000, windowMs: 2_500, windows: 3 },
  naiveSaga: { depth: QUICK_DEPTH, warmUpMs: 8_000, measureMs: 12_000 },
  vendure: { clients: [16], warmUpMs: 10_000, calibrateMs: 0, measureMs: 25_000, scarce: SCARCE },
};

const FULL: OrdersPlan = {
  fsyncMs: 2_000,
  stallsMs: 3_000,
  capture: {
    rounds: 3,
    traceLength: 2_000_000,
    warmUpMs: 2_000,
    measureMs: 8_000,
    calibrateMs: 2_000,
    isShort: false,
  },
  plannedOrders: 20_000,
  complete: {
    ...COMPLETE,
    depth: DEPTH,
    warmUpOrders: 100,
    aloneOrders: 50,
    fixedWarmUpOrders: 50,
    fixedOrders: 600,
    rampMs: 30_000,
    sustainedMs: 300_000,
  },
  beside: { rate: 5_000, warmUpMs: 10_000, windowMs: 10_000, windows: 3 },
  naiveSaga: { depth: DEPTH, warmUpMs: 20_000, measureMs: 60_000 },
  vendure: { clients: [8, 16, 32], warmUpMs: 15_000, calibrateMs: 10_000, measureMs: 60_000, scarce: SCARCE },
};

/** @param rounds of capture; null: as many as the form has */
export function planOfOrders(quick: boolean, rounds: number | null): OrdersPlan {
  const plan = quick ? QUICK : FULL;
  return rounds === null ? plan : { ...plan, capture: { ...plan.capture, rounds } };
}
