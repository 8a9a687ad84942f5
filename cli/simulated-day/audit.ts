/**
 * The audit that ends a simulated day. It compares books that different parts of the system keep on their own: the
 * engine's memory, the stock ledger, the orders' quantity ledger, and what the payment gateway and the carrier say that
 * they were asked to do. Whatever two of them do not agree on is a finding; a sound system has none.
 */
import type { PositionView } from "../../engine/allocator-client.ts";
import type { Queryable } from "../../store/sql/database.ts";

export type Audit = {
  /** Units promised or shipped beyond what was there. */
  readonly oversold: number;
  /** Orders captured twice, charged twice, or with two labels for one parcel. */
  readonly doubled: number;
  /** Whether every unit is accounted for. */
  readonly reconciled: boolean;
  readonly positions: number;
  readonly units: {
    readonly onHand: number;
    readonly received: number;
    readonly shipped: number;
    readonly returned: number;
    readonly corrected: number;
  };
  /** One sentence each; empty where all is well. */
  readonly findings: readonly string[];
};

type Position = {
  readonly sku: string;
  readonly locationId: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly allocated: number;
  readonly picked: number;
  readonly unavailable: number;
  readonly safetyStock: number;
};

const BUCKETS = ["onHand", "reserved", "allocated", "picked", "unavailable", "safetyStock"] as const;

export async function auditStock(
  database: Queryable,
  enginePositions: (skus: readonly string[]) => Promise<readonly PositionView[]>,
): Promise<Omit<Audit, "doubled">> {
  const findings: string[] = [];
  const ledger = await readLedger(database);
  const positions = await readPositions(database);
  const engine = await enginePositions([...new Set(positions.map((position) => position.sku))]);

  let oversold = 0;
  const inEngine = new Map(engine.map((position) => [addressOf(position), position]));
  const inLedger = new Map(ledger.map((position) => [addressOf(position), position]));
  for (const position of positions) {
    const address = addressOf(position);
    const live = inEngine.get(address);
    const summed = inLedger.get(address);
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
      `${row.sku}: the stock ledger shipped ${row.ledger_shipped} and took back ${row.ledger_returned}, the orders say ${row.orders_shipped} and ${row.orders_returned}.`,
    );
    oversold += Math.max(0, row.orders_shipped - row.ledger_shipped);
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

async function readPositions(database: Queryable): Promise<readonly Position[]> {
  const { rows } = await database.query<Position>(
    `select sku, location_id as "locationId", on_hand as "onHand", reserved, allocated, picked, unavailable,
            safety_stock as "safetyStock" from stock_position`,
  );
  return rows;
}

async function readLedger(database: Queryable): Promise<readonly Position[]> {
  const { rows } = await database.query<Position>(
    `select sku, location_id as "locationId", sum(on_hand)::integer as "onHand", sum(reserved)::integer as reserved,
            sum(allocated)::integer as allocated, sum(picked)::integer as picked,
            sum(unavailable)::integer as unavailable, sum(safety_stock)::integer as "safetyStock"
       from stock_movement group by sku, location_id`,
  );
  return rows;
}

type UnitMismatch = {
  readonly sku: string;
  readonly ledger_shipped: number;
  readonly orders_shipped: number;
  readonly ledger_returned: number;
  readonly orders_returned: number;
};

/** Units that left and came back, as the stock ledger and the orders' ledger count them. */
async function readUnitMismatches(database: Queryable): Promise<readonly UnitMismatch[]> {
  const { rows } = await database.query<UnitMismatch>(
    `with stock as (
       select sku,
              -coalesce(sum(on_hand) filter (where kind = 'stock-shipped'), 0)::integer as shipped,
              coalesce(sum(on_hand) filter (where kind = 'stock-returned'), 0)::integer as returned
         from stock_movement group by sku),
     ordered as (
       select sku, sum(shipped)::integer as shipped from order_line where sku is not null group by sku),
     returned as (
       select line.sku, sum(line.received)::integer as returned
         from return_line line join return_authorization ra on ra.id = line.return_id
        where ra.status = 'refunded' and line.disposition in ('restocked', 'damaged') group by line.sku)
     select sku, coalesce(stock.shipped, 0) as ledger_shipped, coalesce(ordered.shipped, 0) as orders_shipped,
            coalesce(stock.returned, 0) as ledger_returned, coalesce(returned.returned, 0) as orders_returned
       from stock full join ordered using (sku) full join returned using (sku)
      where coalesce(stock.shipped, 0) <> coalesce(ordered.shipped, 0)
         or coalesce(stock.returned, 0) <> coalesce(returned.returned, 0)
      order by sku limit 20`,
  );
  return rows;
}

/** Units that stock holds for orders against units that orders still wait for. Orders on hold may wait without stock. */
async function readPromiseMismatches(
  database: Queryable,
): Promise<readonly { readonly sku: string; readonly held: number; readonly wanted: number }[]> {
  const { rows } = await database.query<{ sku: string; held: number; wanted: number }>(
    `with held as (
       select sku, sum(reserved + allocated + picked)::integer as units from stock_position group by sku),
     wanted as (
       select line.sku,
              sum(line.ordered - line.cancelled - line.shipped)::integer as most,
              coalesce(sum(line.ordered - line.cancelled - line.shipped)
                filter (where orders.status = 'open'), 0)::integer as least
         from order_line line join orders on orders.id = line.order_id
        where orders.status in ('open', 'on_hold') and line.sku is not null group by line.sku)
     select sku, coalesce(held.units, 0) as held, coalesce(wanted.least, 0) as wanted
       from held full join wanted using (sku)
      where coalesce(held.units, 0) > coalesce(wanted.most, 0) or coalesce(held.units, 0) < coalesce(wanted.least, 0)
      order by sku limit 20`,
  );
  return rows;
}

async function readUnits(database: Queryable): Promise<Audit["units"]> {
  const { rows } = await database.query<Audit["units"]>(
    `select coalesce(sum(on_hand), 0)::integer as "onHand",
            coalesce(sum(on_hand) filter (where kind = 'stock-received'), 0)::integer as received,
            -coalesce(sum(on_hand) filter (where kind = 'stock-shipped'), 0)::integer as shipped,
            coalesce(sum(on_hand) filter (where kind = 'stock-returned'), 0)::integer as returned,
            coalesce(sum(on_hand) filter (where kind not in ('stock-received', 'stock-shipped', 'stock-returned')), 0)::integer as corrected
       from stock_movement`,
  );
  const [units] = rows;
  if (units === undefined) throw new Error("counting gave no row");
  return units;
}

function addressOf(position: { readonly sku: string; readonly locationId: string }): string {
  return `${position.sku} at ${position.locationId}`;
}
