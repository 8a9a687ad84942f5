/**
 * Plans what an amendment or a cancellation does to the holds of an order.
 *
 * Pure. A line keeps what it has where it can, and also what it waits for. It shrinks where its parcel is
 * smallest. It grows by new holds, sourced like those of an order, preferably at locations that ship a parcel
 * of the order anyway. What the amendment frees can be used for what it adds. Units that are picked or
 * shipped are committed: a line never falls below them.
 */
import { createHash } from "node:crypto";
import type {
  AmendmentOutcome,
  CancellationOutcome,
  OrderAmendment,
  OrderCancellation,
  PlacedHold,
  ReservationLine,
  ShortLine,
} from "../allocator-client.ts";
import type { DemandWithdrawal, HoldReduction, OrderDemand, OrderHoldState } from "../shard/shard-request.ts";
import { componentsOf } from "./kits.ts";
import { holdsFor, queuedHoldId, type SourcingSetup, sourceLines } from "./order-reservation.ts";
import type { StockByLocation } from "./round-stock.ts";
import { type AvailableStock, servable } from "./sourcing/sourcing-problem.ts";

/** The same, and how many of these units can be taken again. */
type GivenBack = HoldReduction & { readonly freed: number };

type PlannedAmendment = {
  readonly withdrawals: readonly DemandWithdrawal[];
  /** Demand that was withdrawn because less is wanted, as far as it waits on: at the end of the queue. */
  readonly queue: readonly OrderDemand[];
  readonly reductions: readonly GivenBack[];
  /** New holds. */
  readonly holds: readonly PlacedHold[];
  readonly outcome: AmendmentOutcome;
};

type PlannedCancellation = {
  readonly withdrawals: readonly DemandWithdrawal[];
  readonly reductions: readonly HoldReduction[];
  readonly outcome: CancellationOutcome;
};

/** What the shards know of an order. */
type OrderState = {
  readonly held: readonly OrderHoldState[];
  readonly waiting: readonly OrderDemand[];
};

/** The id under which shards remember an amendment. No client can send it, since ids are printable. */
export function amendmentMark(amendment: OrderAmendment): string {
  return `amendment\u001f${amendment.orderId}\u001f${amendment.amendmentId}`;
}

/** Tells one amendment from another under the same id. */
export function amendmentFingerprint(amendment: OrderAmendment): number {
  const lines = amendment.lines.map(({ lineId, sku, quantity }) => [lineId, sku, quantity]);
  return createHash("sha256").update(JSON.stringify(lines)).digest().readUIntBE(0, 6);
}

/**
 * @param suffix ends the ids of new holds, so that no id is ever used twice
 * @param stock what this amendment may take besides what it frees itself
 */
export function planAmendment(
  amendment: OrderAmendment,
  { held, waiting }: OrderState,
  stock: AvailableStock,
  setup: SourcingSetup,
  suffix: string,
): PlannedAmendment {
  const plan = new Reductions(amendment, held);
  const withdrawals: DemandWithdrawal[] = [];
  const queue: OrderDemand[] = [];
  const growing: ReservationLine[] = [];
  const wanted = new Map(amendment.lines.map((line) => [line.lineId, line]));
  const lineIds = [
    ...wanted.keys(),
    ...held.map((hold) => hold.lineId),
    ...waiting.map((demand) => demand.lineId),
  ];
  for (const lineId of new Set(lineIds)) {
    const line = wanted.get(lineId);
    const kept = keepLine(plan, lineId, line, setup);
    if (kept === null) {
      return refused("units_committed", `of line ${lineId}, more is picked or shipped than would be left`);
    }
    const ofLine = waiting.filter((demand) => demand.lineId === lineId);
    const waits = ofLine.reduce((total, demand) => total + demand.quantity, 0);
    const open = line === undefined ? 0 : line.quantity - kept;
    if (waits <= open && ofLine.every((demand) => demand.sku === line?.sku)) {
      if (line !== undefined && open > waits) growing.push({ ...line, quantity: open - waits });
      continue;
    }
    withdrawals.push(...ofLine.map((demand) => withdrawalOf(amendment, demand)));
    if (line === undefined || open === 0) continue;
    if (ofLine.every((demand) => demand.sku === line.sku)) {
      const holdId = `${queuedHoldId(amendment.orderId, lineId)}${suffix}`;
      queue.push({ holdId, lineId, sku: line.sku, quantity: open });
    } else growing.push({ ...line, quantity: open });
  }
  const left = plan.left();
  const opened = new Set(left.map((hold) => hold.locationId));
  const usable = withFreed(stock, plan.reductions);
  const sourcing = growing.length === 0 ? null : sourceLines(amendment, growing, usable, setup, opened);
  if (growing.length > 0 && sourcing === null) {
    return refused(
      "insufficient_stock",
      "stock does not suffice for what is added",
      shortOf(growing, usable, setup),
    );
  }
  const holds = sourcing === null ? [] : holdsFor(amendment.orderId, growing, sourcing, setup.kits, suffix);
  return {
    withdrawals,
    queue,
    reductions: plan.reductions,
    holds,
    outcome: { status: "amended", holds: [...left, ...holds], explanation: sourcing?.explanation ?? [] },
  };
}

/** All that the order holds, or a refusal. */
export function planCancellation(
  cancellation: OrderCancellation,
  { held, waiting }: OrderState,
): PlannedCancellation {
  const committed = held.find((hold) => hold.picked + hold.shipped > 0);
  if (committed !== undefined) {
    const detail = `of line ${committed.lineId}, ${committed.picked} units are picked and ${committed.shipped} shipped`;
    const outcome = { status: "refused", code: "units_committed", detail } as const;
    return { withdrawals: [], reductions: [], outcome };
  }
  const { orderId, atMs, cause } = cancellation;
  const open = held.filter((hold) => hold.reserved + hold.allocated > 0);
  return {
    withdrawals: waiting.map((demand) => withdrawalOf(cancellation, demand)),
    reductions: open.map(({ holdId, sku, locationId, reserved, allocated }) => ({
      orderId,
      holdId,
      sku,
      locationId,
      quantity: reserved + allocated,
      atMs,
      cause,
    })),
    outcome: {
      status: "cancelled",
      released: open.map((hold) => placedOf(hold, hold.reserved + hold.allocated)),
    },
  };
}

/** The order's holds as an answer shows them, those that are empty left out. */
export function currentHolds(held: readonly OrderHoldState[]): readonly PlacedHold[] {
  return held.flatMap((hold) => (unitsOf(hold) === 0 ? [] : [placedOf(hold, unitsOf(hold))]));
}

/** Takes from the round's stock what an amendment takes beyond what it frees, for the next order to see. */
export function takeAmendment(stock: StockByLocation, plan: PlannedAmendment): void {
  const net = new Map<string, { sku: string; locationId: string; units: number }>();
  const add = (sku: string, locationId: string, units: number): void => {
    const key = `${sku}\u001f${locationId}`;
    const known = net.get(key);
    if (known === undefined) net.set(key, { sku, locationId, units });
    else known.units += units;
  };
  for (const hold of plan.holds) add(hold.sku, hold.locationId, hold.quantity);
  for (const reduction of plan.reductions) add(reduction.sku, reduction.locationId, -reduction.freed);
  for (const { sku, locationId, units } of net.values()) {
    const ofSku = stock.get(sku);
    // What the amendment frees on balance is for the next round: it may go to waiting demand.
    if (units > 0) ofSku?.set(locationId, (ofSku.get(locationId) ?? 0) - units);
  }
}

/** What the holds give back, and what they keep. */
class Reductions {
  readonly reductions: GivenBack[] = [];
  private readonly amendment: OrderAmendment;
  private readonly held: OrderHoldState[];

  constructor(amendment: OrderAmendment, held: readonly OrderHoldState[]) {
    this.amendment = amendment;
    this.held = held.map((hold) => ({ ...hold }));
  }

  ofLine(lineId: string): readonly OrderHoldState[] {
    return this.held.filter((hold) => hold.lineId === lineId && unitsOf(hold) > 0);
  }

  left(): readonly PlacedHold[] {
    return currentHolds(this.held);
  }

  /** Latest holds first. @returns whether so many units could be given back */
  give(holds: readonly OrderHoldState[], quantity: number): boolean {
    let open = quantity;
    for (const hold of [...holds].reverse()) {
      const given = Math.min(open, hold.reserved + hold.allocated);
      if (given === 0) continue;
      open -= given;
      const { orderId, atMs, cause } = this.amendment;
      const { holdId, sku, locationId } = hold;
      const freed = Math.max(0, given - hold.withheld);
      this.reductions.push({ orderId, holdId, sku, locationId, quantity: given, freed, atMs, cause });
      const index = this.held.indexOf(hold);
      const reserved = Math.min(given, hold.reserved);
      this.held[index] = {
        ...hold,
        reserved: hold.reserved - reserved,
        allocated: hold.allocated - (given - reserved),
      };
    }
    return open === 0;
  }
}

/**
 * Shrinks the line's holds to what it wants and to whole kits.
 * @returns how much of the wanted quantity is kept; `null` where committed units forbid it
 */
function keepLine(
  plan: Reductions,
  lineId: string,
  line: ReservationLine | undefined,
  setup: SourcingSetup,
): number | null {
  const holds = plan.ofLine(lineId);
  const components = line === undefined ? [] : componentsOf(setup.kits, line.sku);
  const places = [...new Set(holds.map((hold) => hold.locationId))].map((locationId) => {
    const here = holds.filter((hold) => hold.locationId === locationId);
    return { locationId, here, ...wholeAt(here, components) };
  });
  let excess = places.reduce((total, place) => total + place.whole, 0) - (line?.quantity ?? 0);
  const smallestFirst = [...places].sort(
    (a, b) => a.whole - b.whole || (a.locationId < b.locationId ? -1 : 1),
  );
  let kept = 0;
  for (const place of smallestFirst) {
    const given = Math.min(Math.max(0, excess), Math.max(0, place.whole - place.committed));
    excess -= given;
    const stays = place.whole - given;
    kept += stays;
    for (const sku of new Set(place.here.map((hold) => hold.sku))) {
      const ofSku = place.here.filter((hold) => hold.sku === sku);
      const needed = stays * (components.find((component) => component.sku === sku)?.quantity ?? 0);
      const units = ofSku.reduce((total, hold) => total + unitsOf(hold), 0);
      if (!plan.give(ofSku, units - needed)) return null;
    }
  }
  return excess > 0 ? null : kept;
}

/** How many wholes (units, or kits) the holds make, and how many of them are committed. */
function wholeAt(
  holds: readonly OrderHoldState[],
  components: readonly { readonly sku: string; readonly quantity: number }[],
): { readonly whole: number; readonly committed: number } {
  let whole = components.length === 0 ? 0 : Number.POSITIVE_INFINITY;
  let committed = 0;
  for (const { sku, quantity } of components) {
    let units = 0;
    let fixed = 0;
    for (const hold of holds) {
      if (hold.sku !== sku) continue;
      units += unitsOf(hold);
      fixed += hold.picked + hold.shipped;
    }
    whole = Math.min(whole, Math.floor(units / quantity));
    committed = Math.max(committed, Math.ceil(fixed / quantity));
  }
  return { whole, committed };
}

function withFreed(stock: AvailableStock, reductions: readonly GivenBack[]): AvailableStock {
  const usable: StockByLocation = new Map([...stock].map(([sku, ofSku]) => [sku, new Map(ofSku)]));
  for (const { sku, locationId, freed } of reductions) {
    const ofSku = usable.get(sku);
    ofSku?.set(locationId, (ofSku.get(locationId) ?? 0) + freed);
  }
  return usable;
}

/** What the lines lack, each on its own; all of them where they fail only together. */
function shortOf(
  lines: readonly ReservationLine[],
  stock: AvailableStock,
  setup: SourcingSetup,
): readonly ShortLine[] {
  const left = new Map<string, number>();
  const missing = lines.map((line) => {
    const components = componentsOf(setup.kits, line.sku);
    let available = left.get(line.sku) ?? 0;
    if (!left.has(line.sku)) {
      for (const locationId of stock.get(components[0]?.sku ?? "")?.keys() ?? []) {
        if (setup.locations.has(locationId)) available += servable({ components }, locationId, stock);
      }
    }
    left.set(line.sku, Math.max(0, available - line.quantity));
    return { lineId: line.lineId, sku: line.sku, missing: Math.max(0, line.quantity - available) };
  });
  const short = missing.filter((line) => line.missing > 0);
  return short.length > 0
    ? short
    : lines.map((line) => ({ lineId: line.lineId, sku: line.sku, missing: line.quantity }));
}

function refused(
  code: "units_committed" | "insufficient_stock",
  detail: string,
  short: readonly ShortLine[] = [],
): PlannedAmendment {
  return {
    withdrawals: [],
    queue: [],
    reductions: [],
    holds: [],
    outcome: { status: "refused", code, detail, short },
  };
}

function withdrawalOf(
  { orderId, atMs, cause }: OrderAmendment | OrderCancellation,
  { holdId, sku }: OrderDemand,
): DemandWithdrawal {
  return { orderId, holdId, sku, atMs, cause };
}

function unitsOf(hold: OrderHoldState): number {
  return hold.reserved + hold.allocated + hold.picked + hold.shipped;
}

function placedOf(hold: OrderHoldState, quantity: number): PlacedHold {
  const { holdId, lineId, sku, locationId } = hold;
  return { holdId, lineId, sku, locationId, quantity };
}
