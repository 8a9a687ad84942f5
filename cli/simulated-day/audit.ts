/**
 * The audit that ends a simulated day. It compares books that different parts of the system keep
 * independently: the engine's memory, the stock movements, the orders' line ledger, and what payment provider
 * and carrier say they were asked to do. Each disagreement is a finding; a sound system has none.
 */
import type { PositionView } from "../../engine/allocator-client.ts";
import {
  readMovementSums,
  readPositions,
  readPromiseMismatches,
  readUnitMismatches,
  readUnits,
  type UnitCounts,
} from "../../store/audit/stock-audit.ts";
import type { Queryable } from "../../store/sql/database.ts";

export type Audit = {
  /** Units promised or shipped beyond what was there. */
  readonly oversold: number;
  /** Orders captured twice, charged twice, or with two labels for one parcel. */
  readonly doubled: number;
  /** Whether every unit is accounted for. */
  readonly reconciled: boolean;
  readonly positions: number;
  readonly units: UnitCounts;
  /** One sentence each; empty where all is well. */
  readonly findings: readonly string[];
};

const BUCKETS = ["onHand", "reserved", "allocated", "picked", "unavailable", "safetyStock"] as const;

export async function auditStock(
  database: Queryable,
  enginePositions: (skus: readonly string[]) => Promise<readonly PositionView[]>,
): Promise<Omit<Audit, "doubled">> {
  const findings: string[] = [];
  const movements = await readMovementSums(database);
  const positions = await readPositions(database);
  const engine = await enginePositions([...new Set(positions.map((position) => position.sku))]);

  let oversold = 0;
  const inEngine = new Map(engine.map((position) => [addressOf(position), position]));
  const inMovements = new Map(movements.map((position) => [addressOf(position), position]));
  for (const position of positions) {
    const address = addressOf(position);
    const live = inEngine.get(address);
    const summed = inMovements.get(address);
    for (const bucket of BUCKETS) {
      if (live?.[bucket] !== position[bucket] || summed?.[bucket] !== position[bucket]) {
        findings.push(
          `${address} ${bucket}: the engine says ${live?.[bucket]}, its movements add up to ${summed?.[bucket]}, the read model says ${position[bucket]}.`,
        );
      }
    }
    const unpromised =
      position.onHand - position.reserved - position.allocated - position.picked - position.unavailable;
    if (unpromised < 0) {
      oversold -= unpromised;
      findings.push(`${address}: ${-unpromised} units are promised that are not there.`);
    }
  }
  for (const row of await readUnitMismatches(database)) {
    findings.push(
      `${row.sku}: the stock movements shipped ${row.movedOut} and took back ${row.movedBack}, the orders say ${row.ordersShipped} and ${row.ordersReturned}.`,
    );
    oversold += Math.max(0, row.ordersShipped - row.movedOut);
  }
  for (const row of await readPromiseMismatches(database)) {
    findings.push(`${row.sku}: ${row.held} units are held in stock for orders that wait for ${row.wanted}.`);
    oversold += Math.max(0, row.wanted - row.held);
  }
  const units = await readUnits(database);
  if (units.received + units.corrected - units.shipped + units.returned !== units.onHand) {
    findings.push(
      `received ${units.received} + corrected ${units.corrected} − shipped ${units.shipped} + returned ${units.returned} is not on hand ${units.onHand}.`,
    );
  }
  return { oversold, reconciled: findings.length === 0, positions: positions.length, units, findings };
}

function addressOf(position: { readonly sku: string; readonly locationId: string }): string {
  return `${position.sku} at ${position.locationId}`;
}
