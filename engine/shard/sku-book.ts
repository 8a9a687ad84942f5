/**
 * The records of one shard's SKUs, and how they look in a snapshot. A SKU without tracking and demand has
 * none.
 */
import type { Tracking } from "../../actors/commands.ts";
import type { DemandEntry } from "../../actors/position/demand-queue.ts";
import { isPlain, newSkuRecord, type SkuRecord } from "../../actors/position/sku-stock.ts";

type WireDemand = readonly [
  holdId: string,
  orderId: string,
  lineId: string,
  locationId: string,
  pool: string,
  kind: DemandEntry["kind"],
  priority: number,
  arrival: number,
  notBeforeMs: number,
  cause: string,
  quantity: number,
  open: boolean,
];

export type WireSku = readonly [
  sku: string,
  tracking: Tracking,
  arrivals: number,
  demand: readonly WireDemand[],
];

export class SkuBook {
  private readonly records = new Map<string, SkuRecord>();

  get size(): number {
    return this.records.size;
  }

  of(sku: string): SkuRecord | null {
    return this.records.get(sku) ?? null;
  }

  /** Changes the record of `sku`: makes one where there is none, and drops it where it has become empty. */
  change(sku: string, how: (record: SkuRecord) => void): void {
    let record = this.records.get(sku);
    if (record === undefined) {
      record = newSkuRecord(sku);
      this.records.set(sku, record);
    }
    how(record);
    if (isPlain(record)) this.records.delete(sku);
  }

  toWire(): WireSku[] {
    return [...this.records.values()].map((record) => [
      record.sku,
      record.tracking,
      record.demand.arrivals,
      [...record.demand.values()].map(demandToWire),
    ]);
  }

  restore([sku, tracking, arrivals, demand]: WireSku): SkuRecord {
    const record = newSkuRecord(sku);
    record.tracking = tracking;
    for (const entry of demand) record.demand.add(demandFromWire(entry));
    record.demand.arrivals = arrivals;
    this.records.set(sku, record);
    return record;
  }
}

function demandToWire(entry: DemandEntry): WireDemand {
  return [
    entry.holdId,
    entry.orderId,
    entry.lineId,
    entry.locationId,
    entry.pool,
    entry.kind,
    entry.priority,
    entry.arrival,
    entry.notBeforeMs,
    entry.cause,
    entry.quantity,
    entry.open,
  ];
}

function demandFromWire(wire: WireDemand): DemandEntry {
  const [holdId, orderId, lineId, locationId, pool, kind, ...rest] = wire;
  const [priority, arrival, notBeforeMs, cause, quantity, open] = rest;
  return {
    holdId,
    orderId,
    lineId,
    locationId,
    pool,
    kind,
    priority,
    arrival,
    notBeforeMs,
    cause,
    quantity,
    open,
  };
}
