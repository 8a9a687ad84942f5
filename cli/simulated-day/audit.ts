/**
 * The audit of a simulated day's stock. It compares books that different parts of the system keep
 * independently: the engine's memory, the stock movements, and the orders' line ledger.
 *
 * A1. The day answers only for itself. The books are read before it and after it, and what each of them says
 *     of the day is the difference. What did not agree before is not the day's.
 * A2. Each disagreement is a finding; a sound system has none.
 */
import type { PositionView } from "../../engine/allocator-client.ts";
import {
  type AuditedPosition,
  readMovementSums,
  readPositions,
  readUnitFlows,
  readUnitPromises,
  readUnits,
  type UnitCounts,
  type UnitFlow,
  type UnitPromise,
} from "../../store/audit/stock-audit.ts";
import type { Queryable } from "../../store/sql/database.ts";

/** What every book says at one moment. */
export type StockBooks = {
  readonly engine: readonly AuditedPosition[];
  readonly movements: readonly AuditedPosition[];
  readonly positions: readonly AuditedPosition[];
  readonly flows: readonly UnitFlow[];
  readonly promises: readonly UnitPromise[];
  readonly units: UnitCounts;
};

export type StockAudit = {
  /** Units promised or shipped beyond what was there. */
  readonly oversold: number;
  /** Whether every unit is accounted for. */
  readonly reconciled: boolean;
  readonly positions: number;
  /** Of the day, but for what is on hand. */
  readonly units: UnitCounts;
  /** One sentence each; empty where all is well. */
  readonly findings: readonly string[];
};

const BUCKETS = ["onHand", "reserved", "allocated", "picked", "unavailable", "safetyStock"] as const;

export async function readStockBooks(
  database: Queryable,
  enginePositions: (skus: readonly string[]) => Promise<readonly PositionView[]>,
): Promise<StockBooks> {
  const movements = await readMovementSums(database);
  const positions = await readPositions(database);
  const engine = await enginePositions([...new Set(positions.map((position) => position.sku))]);
  return {
    engine,
    movements,
    positions,
    flows: await readUnitFlows(database),
    promises: await readUnitPromises(database),
    units: await readUnits(database),
  };
}

export function auditStock(before: StockBooks, after: StockBooks): StockAudit {
  const findings = [...positionFindings(before, after)];
  let oversold = 0;
  const shortOf = (position: AuditedPosition) =>
    position.reserved + position.allocated + position.picked + position.unavailable - position.onHand;
  const shortBefore = keyed(before.positions, (position) => [addressOf(position), shortOf(position)]);
  for (const position of after.positions) {
    const missing = Math.max(0, shortOf(position)) - Math.max(0, shortBefore.get(addressOf(position)) ?? 0);
    if (missing <= 0) continue;
    oversold += missing;
    findings.push(`${addressOf(position)}: ${missing} units are promised that are not there.`);
  }
  const flowsBefore = keyed(before.flows, (flow) => [flow.sku, flow]);
  for (const flow of after.flows) {
    const was = flowsBefore.get(flow.sku);
    const [movedOut, movedBack, shipped, returned] = [
      flow.movedOut - (was?.movedOut ?? 0),
      flow.movedBack - (was?.movedBack ?? 0),
      flow.ordersShipped - (was?.ordersShipped ?? 0),
      flow.ordersReturned - (was?.ordersReturned ?? 0),
    ];
    if (movedOut === shipped && movedBack === returned) continue;
    findings.push(
      `${flow.sku}: the stock movements shipped ${movedOut} and took back ${movedBack}, the orders say ${shipped} and ${returned}.`,
    );
    oversold += Math.max(0, shipped - movedOut);
  }
  const promisesBefore = keyed(before.promises, (promise) => [promise.sku, promise]);
  for (const promise of after.promises) {
    const was = promisesBefore.get(promise.sku);
    const excess = excessOf(promise) - (was === undefined ? 0 : excessOf(was));
    if (excess === 0) continue;
    findings.push(
      excess > 0
        ? `${promise.sku}: ${excess} units are held in stock for orders that do not wait for them.`
        : `${promise.sku}: orders wait for ${-excess} units that stock does not hold for them.`,
    );
    oversold += Math.max(0, -excess);
  }
  const units = {
    received: after.units.received - before.units.received,
    corrected: after.units.corrected - before.units.corrected,
    shipped: after.units.shipped - before.units.shipped,
    returned: after.units.returned - before.units.returned,
    onHand: after.units.onHand,
  };
  const { received, corrected, shipped, returned } = units;
  const expected = before.units.onHand + received + corrected - shipped + returned;
  if (expected !== units.onHand) {
    findings.push(
      `on hand ${before.units.onHand} + received ${received} + corrected ${corrected} − shipped ${shipped} + returned ${returned} is not ${units.onHand}.`,
    );
  }
  return { oversold, reconciled: findings.length === 0, positions: after.positions.length, units, findings };
}

/** The engine, the read model and the movements tell the same of each bucket. */
function* positionFindings(before: StockBooks, after: StockBooks): Generator<string> {
  const engine = byAddress(after.engine);
  const engineBefore = byAddress(before.engine);
  const movements = byAddress(after.movements);
  const movementsBefore = byAddress(before.movements);
  for (const position of after.positions) {
    const address = addressOf(position);
    for (const bucket of BUCKETS) {
      const live = engine.get(address)?.[bucket];
      const changed = (live ?? 0) - (engineBefore.get(address)?.[bucket] ?? 0);
      const moved = (movements.get(address)?.[bucket] ?? 0) - (movementsBefore.get(address)?.[bucket] ?? 0);
      if (live === position[bucket] && moved === changed) continue;
      yield `${address} ${bucket}: the engine says ${live} and the read model ${position[bucket]}; it changed by ${changed}, its movements by ${moved}.`;
    }
  }
}

/** Units held beyond what is waited for; below zero, units waited for beyond what is held. */
function excessOf({ held, least, most }: UnitPromise): number {
  return held > most ? held - most : Math.min(0, held - least);
}

function keyed<T, V>(items: readonly T[], entry: (item: T) => readonly [string, V]): ReadonlyMap<string, V> {
  return new Map(items.map(entry));
}

function byAddress(positions: readonly AuditedPosition[]): ReadonlyMap<string, AuditedPosition> {
  return keyed(positions, (position) => [addressOf(position), position]);
}

function addressOf(position: { readonly sku: string; readonly locationId: string }): string {
  return `${position.sku} at ${position.locationId}`;
}
