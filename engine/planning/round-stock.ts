/**
 * What may still be promised in one round, as each order of it sees it: what everybody may sell, or what a
 * channel pool may.
 *
 * Owns how what one order takes changes what the next one sees, by the rules of
 * `actors/position/channel-pools.ts`. Most SKUs have no pools: for them it is one map of numbers.
 *
 * Invariant: no order sees more than its shard will grant it.
 */
import type { PoolKind } from "../../actors/commands.ts";
import type { PositionPools } from "../shard/shard-request.ts";
import type { AvailableStock } from "./sourcing/sourcing-problem.ts";

/** Units by SKU and location that everybody may promise. */
export type StockByLocation = Map<string, Map<string, number>>;

type Pooled = { readonly pools: { readonly pool: string; readonly kind: PoolKind; left: number }[] };

export class RoundStock {
  /** What everybody may promise. An amendment changes it here; `hasAmended` says so. */
  readonly everybodys: StockByLocation;
  private readonly pooled = new Map<string, Map<string, Pooled>>();
  private readonly amended = new Set<string>();

  constructor(everybodys: StockByLocation, pools: readonly PositionPools[] = []) {
    this.everybodys = everybodys;
    for (const { sku, locationId, pools: ofPosition } of pools) {
      const ofSku = this.pooled.get(sku) ?? new Map<string, Pooled>();
      this.pooled.set(sku, ofSku);
      ofSku.set(locationId, { pools: ofPosition.map((pool) => ({ ...pool })) });
    }
  }

  /** Whether an order that sells these SKUs through a pool has to wait: an amendment has moved their units. */
  mustWait(pool: string | undefined, skus: readonly string[]): boolean {
    return pool !== undefined && skus.some((sku) => this.amended.has(sku) && this.pooled.has(sku));
  }

  /** An amendment gives back and takes units of these SKUs in ways that only the shard knows. */
  hasAmended(skus: readonly string[]): void {
    for (const sku of skus) this.amended.add(sku);
  }

  /** @param skus that the order needs */
  seenBy(pool: string | undefined, skus: readonly string[]): AvailableStock {
    if (pool === undefined || !skus.some((sku) => this.pooled.has(sku))) return this.everybodys;
    return new Map(
      skus.map((sku) => {
        const ofSku = this.everybodys.get(sku) ?? new Map<string, number>();
        const pooled = this.pooled.get(sku);
        if (pooled === undefined) return [sku, ofSku];
        return [
          sku,
          new Map([...ofSku].map(([at, units]) => [at, unitsThrough(pool, units, pooled.get(at))] as const)),
        ];
      }),
    );
  }

  /** The next order sees what these holds have left. */
  take(
    pool: string | undefined,
    holds: readonly { readonly sku: string; readonly locationId: string; readonly quantity: number }[],
  ): void {
    for (const { sku, locationId, quantity } of holds) {
      const own = this.pooled
        .get(sku)
        ?.get(locationId)
        ?.pools.find((each) => each.pool === pool);
      const fenced = own?.kind === "ring-fenced" ? Math.min(own.left, quantity) : 0;
      if (own !== undefined) own.left -= own.kind === "ring-fenced" ? fenced : quantity;
      const ofSku = this.everybodys.get(sku);
      ofSku?.set(locationId, (ofSku.get(locationId) ?? 0) - (quantity - fenced));
    }
  }
}

/** Whether there is still what a plan takes. */
export function canGive(
  stock: AvailableStock,
  parts: readonly { readonly sku: string; readonly locationId: string; readonly quantity: number }[],
): boolean {
  const taken = new Map<string, number>();
  return parts.every(({ sku, locationId, quantity }) => {
    const key = `${sku}\u001f${locationId}`;
    const all = (taken.get(key) ?? 0) + quantity;
    taken.set(key, all);
    return all <= (stock.get(sku)?.get(locationId) ?? 0);
  });
}

/** As `freeUnits` of `actors/position/channel-pools.ts`. */
function unitsThrough(pool: string, everybodys: number, position: Pooled | undefined): number {
  const pools = position?.pools ?? [];
  const own = pools.find((each) => each.pool === pool);
  if (own === undefined || own.kind === "shared") return everybodys;
  if (own.kind === "capped") return Math.min(everybodys, own.left);
  const fences = pools.filter(({ kind }) => kind === "ring-fenced");
  const free = everybodys + fences.reduce((sum, { left }) => sum + left, 0);
  const before = fences.slice(0, fences.indexOf(own)).reduce((sum, { left }) => sum + left, 0);
  return Math.min(own.left, Math.max(0, free - before)) + Math.max(0, everybodys);
}
