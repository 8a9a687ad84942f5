/**
 * Plans the reservation of one order against the stock of one round.
 *
 * Pure. Owns the policy (how much of each line is granted), the summing of demand over lines before anything
 * is reserved, and the spreading of what sourcing chose over the lines and their components. Only the round
 * that calls it changes stock meanwhile, so a plan holds. `RoundStock.take` lets the next order of the
 * round see what this one took.
 */
import { capableToPromise } from "../../actors/capable-to-promise.ts";
import type { SourcingRuleList } from "../../config/sourcing-rule.ts";
import type {
  LocationRestriction,
  OrderReservation,
  OrderReservationRequest,
  PlacedHold,
  QueuedDemand,
  ReservationLine,
  ShortLine,
  SourcingLocation,
} from "../allocator-client.ts";
import type { DemandToQueue, Placement, RememberedOrder, SkuOutlook } from "../shard/shard-request.ts";
import { componentsOf, isKit, type KitBook } from "./kits.ts";
import { chooseLocations, type Sourcing } from "./sourcing/choose-locations.ts";
import { searchPlan } from "./sourcing/search.ts";
import {
  type AvailableStock,
  haveSharedComponents,
  type SourcingRequest,
  servable,
  sourcingProblem,
} from "./sourcing/sourcing-problem.ts";

/** What planning needs besides stock. */
export type SourcingSetup = {
  readonly locations: ReadonlyMap<string, SourcingLocation>;
  readonly kits: KitBook;
  readonly rules: SourcingRuleList;
};

export function planReservation(
  request: OrderReservationRequest,
  stock: AvailableStock,
  everywhere: SourcingSetup,
): OrderReservation {
  const setup = within(everywhere, request.locations);
  const { granted, short } = grant(request, stock, setup);
  const queued = queueFor(request, short, setup.kits);
  const nothing = [...granted.values()].every((quantity) => quantity === 0);
  if ((nothing && queued.length === 0) || (request.policy === "all_or_nothing" && short.length > 0)) {
    return { status: "refused", code: "insufficient_stock", short };
  }
  const lines = request.lines.flatMap((line) => {
    const quantity = granted.get(line.lineId) ?? 0;
    return quantity === 0 ? [] : [{ ...line, quantity }];
  });
  const sourcing = nothing
    ? NOTHING
    : chooseLocations(sourcingRequest(request, demandOf(lines), stock, setup, new Set(request.opened ?? [])));
  if (sourcing === null) throw new Error(`what order ${request.orderId} was granted cannot be served`);
  return {
    status: "reserved",
    holds: holdsFor(request.orderId, lines, sourcing, setup.kits, ""),
    explanation: sourcing.explanation,
    short,
    ...(queued.length > 0 ? { queued } : {}),
  };
}

/** The same, with only the locations that the request may use. */
function within(setup: SourcingSetup, restriction: LocationRestriction | undefined): SourcingSetup {
  if (restriction === undefined) return setup;
  const locations = new Map([...setup.locations].filter(([id]) => isAllowed(id, restriction)));
  return { ...setup, locations };
}

function isAllowed(locationId: string, restriction: LocationRestriction): boolean {
  return "only" in restriction
    ? restriction.only.includes(locationId)
    : !restriction.except.includes(locationId);
}

/** What is missing and may wait: not kits, whose components would come one by one. */
function queueFor(
  request: OrderReservationRequest,
  short: readonly ShortLine[],
  kits: KitBook,
): readonly QueuedDemand[] {
  if (request.policy !== "ship_available_backorder_rest") return [];
  return short.flatMap(({ lineId, sku, missing }) =>
    isKit(kits, sku)
      ? []
      : [{ holdId: queuedHoldId(request.orderId, lineId), lineId, sku, quantity: missing }],
  );
}

/** The hold that a line gets, wherever units come free for it. */
export function queuedHoldId(orderId: string, lineId: string): string {
  return `${orderId}:${lineId}:queued`;
}

/**
 * Where the lines, all of them whole, ship from; `null` where stock does not suffice.
 * @param opened locations that ship a parcel of the order anyway
 */
export function sourceLines(
  request: Pick<OrderReservationRequest, "destination" | "atMs">,
  lines: readonly ReservationLine[],
  stock: AvailableStock,
  setup: SourcingSetup,
  opened: ReadonlySet<string>,
): Sourcing | null {
  return chooseLocations(sourcingRequest(request, demandOf(lines), stock, setup, opened));
}

/**
 * Spreads what sourcing chose over the lines, in their order. `suffix` tells later holds of a line from its
 * first ones.
 */
export function holdsFor(
  orderId: string,
  lines: readonly ReservationLine[],
  sourcing: Sourcing,
  kits: KitBook,
  suffix: string,
): readonly PlacedHold[] {
  const pool = sourcing.units.map((units) => ({ ...units }));
  const holds: PlacedHold[] = [];
  for (const line of lines) {
    let open = line.quantity;
    for (const units of pool) {
      if (open === 0) break;
      if (units.sku !== line.sku || units.quantity === 0) continue;
      const quantity = Math.min(open, units.quantity);
      units.quantity -= quantity;
      open -= quantity;
      const holdId = `${orderId}:${line.lineId}:${units.locationId}`;
      const ofKit = isKit(kits, line.sku);
      for (const [index, component] of componentsOf(kits, line.sku).entries()) {
        holds.push({
          holdId: `${holdId}${ofKit ? `:${index + 1}` : ""}${suffix}`,
          lineId: line.lineId,
          sku: component.sku,
          locationId: units.locationId,
          quantity: quantity * component.quantity,
          ...(ofKit ? { perUnit: component.quantity } : {}),
        });
      }
    }
  }
  return holds;
}

/** The answer to a repeated request: what its first run placed, as it is now. */
export function repeatedReservation(
  request: OrderReservationRequest,
  { holds, queued }: RememberedOrder,
  kits: KitBook,
): OrderReservation {
  const short: ShortLine[] = [];
  for (const line of request.lines) {
    const held = heldOf(line, holds, kits);
    if (held < line.quantity) {
      short.push({ lineId: line.lineId, sku: line.sku, missing: line.quantity - held });
    }
  }
  return {
    status: "reserved",
    holds,
    explanation: ["reserved before under this order id"],
    short,
    ...(queued.length > 0 ? { queued } : {}),
  };
}

/**
 * The outcome with the dates at which the missing units can be had.
 *
 * @param isQueued whether the order's own demand stood in the queues already when `everywhere` was read; all
 *   other demand there is before it
 */
export function withPromises(
  reservation: OrderReservation,
  { locations }: Pick<OrderReservationRequest, "locations">,
  everywhere: ReadonlyMap<string, SkuOutlook>,
  kits: KitBook,
  atMs: number,
  isQueued: boolean,
): OrderReservation {
  const outlooks = locations === undefined ? everywhere : outlooksWithin(everywhere, locations);
  const queued = reservation.status === "reserved" ? (reservation.queued ?? []) : [];
  const promised = <L extends { readonly lineId: string; readonly sku: string }>(
    line: L,
    missing: number,
  ): L => {
    const own = isQueued ? (queued.find((demand) => demand.lineId === line.lineId)?.quantity ?? 0) : 0;
    const promisedAtMs = promiseOf(line.sku, missing, own, outlooks, kits, atMs);
    return promisedAtMs === null ? line : { ...line, promisedAtMs };
  };
  const short = reservation.short.map((line) => promised(line, line.missing));
  return reservation.status === "refused" || reservation.queued === undefined
    ? { ...reservation, short }
    : { ...reservation, short, queued: queued.map((demand) => promised(demand, demand.quantity)) };
}

/** Demand that waits may take its units at any location: all of it stands before the order. */
function outlooksWithin(
  outlooks: ReadonlyMap<string, SkuOutlook>,
  restriction: LocationRestriction,
): ReadonlyMap<string, SkuOutlook> {
  return new Map(
    [...outlooks].map(([sku, outlook]) => [
      sku,
      {
        ...outlook,
        locations: outlook.locations.filter(({ locationId }) => isAllowed(locationId, restriction)),
      },
    ]),
  );
}

/** The latest of the dates of its components: no missing unit is free now. */
function promiseOf(
  sku: string,
  missing: number,
  own: number,
  outlooks: ReadonlyMap<string, SkuOutlook>,
  kits: KitBook,
  atMs: number,
): number | null {
  let latest = 0;
  for (const component of componentsOf(kits, sku)) {
    const outlook = outlooks.get(component.sku);
    if (outlook === undefined) return null;
    const owed = outlook.locations.reduce((total, { available }) => total + Math.min(0, available), 0);
    const promised = capableToPromise({
      quantity: missing * component.quantity,
      available: owed,
      incoming: outlook.locations.flatMap(({ incoming }) => incoming),
      queued: Math.max(0, outlook.queued - own),
      nowMs: atMs,
    });
    if (promised === null) return null;
    latest = Math.max(latest, promised);
  }
  return latest;
}

export function placementsOf(
  request: Pick<OrderReservationRequest, "orderId" | "pool" | "expiresAtMs" | "atMs" | "cause">,
  holds: readonly PlacedHold[],
): readonly Placement[] {
  return holds.map((hold) => ({
    ...hold,
    orderId: request.orderId,
    ...(request.pool === undefined ? {} : { pool: request.pool }),
    expiresAtMs: request.expiresAtMs,
    atMs: request.atMs,
    cause: request.cause,
  }));
}

export function demandsOf(
  { orderId, pool, atMs, cause }: Pick<OrderReservationRequest, "orderId" | "pool" | "atMs" | "cause">,
  queued: readonly QueuedDemand[],
): readonly DemandToQueue[] {
  const ofPool = pool === undefined ? {} : { pool };
  return queued.map((demand) => ({ ...demand, ...ofPool, orderId, atMs, cause }));
}

const NOTHING: Sourcing = { units: [], explanation: [] };
const NO_LOCATIONS: ReadonlySet<string> = new Set();

function sourcingRequest(
  request: Pick<OrderReservationRequest, "destination" | "atMs">,
  demand: ReadonlyMap<string, number>,
  stock: AvailableStock,
  setup: SourcingSetup,
  opened: ReadonlySet<string>,
): SourcingRequest {
  return { demand, stock, ...setup, destination: request.destination, atMs: request.atMs, opened };
}

function demandOf(lines: readonly ReservationLine[]): ReadonlyMap<string, number> {
  const demand = new Map<string, number>();
  for (const line of lines) demand.set(line.sku, (demand.get(line.sku) ?? 0) + line.quantity);
  return demand;
}

/** How many units, or whole kits, of the line the holds make. */
function heldOf(line: ReservationLine, holds: readonly PlacedHold[], kits: KitBook): number {
  let held = Number.POSITIVE_INFINITY;
  for (const { sku, quantity } of componentsOf(kits, line.sku)) {
    let units = 0;
    for (const hold of holds) if (hold.lineId === line.lineId && hold.sku === sku) units += hold.quantity;
    held = Math.min(held, Math.floor(units / quantity));
  }
  return held;
}

type Grant = { readonly granted: ReadonlyMap<string, number>; readonly short: readonly ShortLine[] };

/** What of each line is reserved under the request's policy; lines take from common stock in their order. */
function grant(request: OrderReservationRequest, stock: AvailableStock, setup: SourcingSetup): Grant {
  const demand = new Map<string, number>();
  const mostOf = grantLimit(request, stock, setup);
  const granted = new Map<string, number>();
  const short: ShortLine[] = [];
  for (const line of request.lines) {
    const most = mostOf(line, demand);
    const whole = line.quantity <= most;
    const quantity = whole ? line.quantity : request.policy === "line_by_line" ? 0 : most;
    granted.set(line.lineId, quantity);
    if (quantity > 0) demand.set(line.sku, (demand.get(line.sku) ?? 0) + quantity);
    if (!whole) short.push({ lineId: line.lineId, sku: line.sku, missing: line.quantity - quantity });
  }
  return { granted, short };
}

/**
 * How many units of a line can be had besides what was granted before it. Where its SKUs share no component
 * with other lines, its own stock is counted. Where kits share components, it has to be tried what can be had
 * together.
 */
function grantLimit(
  request: OrderReservationRequest,
  stock: AvailableStock,
  setup: SourcingSetup,
): (line: ReservationLine, granted: ReadonlyMap<string, number>) => number {
  const skus = [...new Set(request.lines.map((line) => line.sku))];
  const items = skus.map((sku) => ({ sku, quantity: 0, components: componentsOf(setup.kits, sku) }));
  if (!haveSharedComponents(items)) {
    const totals = new Map(
      items.map((item) => {
        let total = 0;
        for (const locationId of stock.get(item.components[0]?.sku ?? "")?.keys() ?? []) {
          if (setup.locations.has(locationId)) total += servable(item, locationId, stock);
        }
        return [item.sku, total] as const;
      }),
    );
    return (line, granted) => (totals.get(line.sku) ?? 0) - (granted.get(line.sku) ?? 0);
  }
  const canServe = (demand: ReadonlyMap<string, number>): boolean =>
    searchPlan(sourcingProblem(sourcingRequest(request, demand, stock, setup, NO_LOCATIONS)), 0).plan !==
    null;
  return (line, granted) => {
    const before = granted.get(line.sku) ?? 0;
    let least = 0;
    let most = line.quantity;
    while (least < most) {
      const tried = Math.ceil((least + most) / 2);
      if (canServe(new Map([...granted, [line.sku, before + tried]]))) least = tried;
      else most = tried - 1;
    }
    return least;
  };
}
