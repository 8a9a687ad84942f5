/**
 * What a run's warehouses do: receive by lots, count, transfer, set apart, fence pools, expect deliveries.
 *
 * Remembers what it began: a count is approved and a transfer arrives by its id.
 */
import type { StockCommand } from "../../../actors/commands.ts";
import type { Random } from "../../../config/seeded-random.ts";
import type { VirtualTime } from "../world/virtual-time.ts";
import type { Weather } from "../world/weather.ts";
import { LOT_SKU, MAX_LIFE_MS, POOLS } from "./assortment.ts";

const LOTS = ["L1", "L2", "L3"];

/** What every command that changes stock has. */
export type Mutation = {
  readonly commandId: string;
  readonly sku: string;
  readonly locationId: string;
  readonly atMs: number;
  readonly cause: string;
};

type Options = {
  readonly random: Random;
  readonly time: VirtualTime;
  readonly weather: Weather;
  readonly locationIds: readonly string[];
  readonly mutation: (sku: string, locationId: string) => Mutation;
};

export class Warehouse {
  private readonly options: Options;
  private readonly lotDates = new Map<string, number>();
  private readonly transfers: { readonly sku: string; readonly to: string; readonly transferId: string }[] =
    [];
  private readonly counts: { readonly sku: string; readonly locationId: string; readonly countId: string }[] =
    [];

  constructor(options: Options) {
    this.options = options;
  }

  /** When the last lot with a date passes it; 0: there is no such lot. */
  get lastLotDateMs(): number {
    return Math.max(0, ...this.lotDates.values());
  }

  /** The transfer has left: it may arrive. */
  learn({ sku, toLocationId, transferId }: Extract<StockCommand, { readonly type: "transfer-out" }>): void {
    this.transfers.push({ sku, to: toLocationId, transferId });
  }

  /** Where the SKU has lots: one of them, with its date. */
  lot(sku: string): { readonly lot?: string; readonly lotExpiresAtMs?: number } {
    const { random, time, weather } = this.options;
    if (!weather.lots || sku !== LOT_SKU) return {};
    const lot = random.pick(LOTS);
    let date = this.lotDates.get(lot);
    if (date === undefined) {
      date = random.chance(0.3) ? 0 : time.nowMs + random.integer(100, 2 * MAX_LIFE_MS);
      this.lotDates.set(lot, date);
    }
    return { lot, lotExpiresAtMs: date };
  }

  /** What a warehouse does besides picking: counts, moves, sets apart, expects. */
  command(sku: string, locationId: string): StockCommand {
    const { random, time, locationIds } = this.options;
    const base = this.options.mutation(sku, locationId);
    const quantity = random.integer(1, 3);
    switch (random.below(11)) {
      case 0: {
        const countId = `n-${base.commandId}`;
        this.counts.push({ sku, locationId, countId });
        const lot = this.lot(sku).lot;
        const found = {
          counted: random.below(20),
          reason: "cycle count",
          threshold: random.pick([0, 2, 50]),
        };
        return { ...base, type: "count", countId, ...found, ...(lot === undefined ? {} : { lot }) };
      }
      case 1:
      case 2: {
        const count =
          this.counts.length === 0 ? { sku, locationId, countId: "none" } : random.pick(this.counts);
        const type = random.chance(0.7) ? "approve-count" : "reject-count";
        return { ...base, ...count, type };
      }
      case 3: {
        const toLocationId = random.pick(locationIds);
        if (toLocationId === locationId)
          return { ...base, type: "quarantine", quantity, reason: "inspection" };
        return {
          ...base,
          type: "transfer-out",
          transferId: `t-${base.commandId}`,
          toLocationId,
          quantity,
          dueAtMs: 0,
        };
      }
      case 4:
      case 5: {
        if (this.transfers.length === 0)
          return { ...base, type: "quarantine", quantity, reason: "inspection" };
        const { to, transferId, ...transfer } = random.pick(this.transfers);
        return {
          ...base,
          ...transfer,
          type: "transfer-in",
          locationId: to,
          transferId,
          quantity,
          close: random.chance(0.3),
        };
      }
      case 6:
        return { ...base, type: "quarantine", quantity, reason: "inspection" };
      case 7:
        return {
          ...base,
          type: "release-quarantine",
          quantity,
          reason: random.pick(["inspection", "damaged"]),
        };
      case 8:
        return {
          ...base,
          type: "set-pool",
          pool: random.pick(POOLS),
          kind: random.pick(["ring-fenced", "capped", "shared"] as const),
          units: random.below(8),
        };
      case 9:
        return {
          ...base,
          type: "expect",
          reference: `p-${random.below(6)}`,
          quantity,
          dueAtMs: time.nowMs + MAX_LIFE_MS,
        };
      default:
        return random.chance(0.5)
          ? { ...base, type: "cancel-expected", reference: `p-${random.below(6)}` }
          : { ...base, type: "receive", quantity, reference: `p-${random.below(6)}`, ...this.lot(sku) };
    }
  }
}
