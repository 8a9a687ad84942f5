/**
 * Channel pools of a position: how much of it each channel may sell.
 *
 * A ring-fenced pool keeps `units` for itself. What it has not yet promised of them is its unfilled fence,
 * and nobody else sells that; beyond the fence it sells what everybody may. Where fences together are larger
 * than what is free, the pool that was set first is served first. A capped pool sells what everybody may, up
 * to `units` open promises.
 *
 * Invariants, asserted after every event that touches a pool:
 * C1 a pool's open promises are those of the holds that were made through it;
 * C2 the position's `fenced` is the sum of the unfilled fences, so that a look at what everybody may sell is
 *    a few integer reads;
 * C3 a capped pool's open promises never exceed its cap.
 */
import type { PoolKind } from "../commands.ts";
import { freeOfFences, type Pool, type StockPosition } from "./stock-position.ts";

function unfilledFence(pool: Pool): number {
  return pool.kind === "ring-fenced" && pool.units > pool.held ? pool.units - pool.held : 0;
}

/**
 * Units that `pool` (empty: everybody) may still promise. Below 0 where safety stock or fences outgrow what
 * is free.
 */
export function freeUnits(position: StockPosition, pool: string): number {
  const everybodys = freeOfFences(position) - position.fenced;
  const pools = position.details?.pools;
  if (pool === "" || pools === null || pools === undefined) return everybodys;
  const own = pools.get(pool);
  if (own === undefined || own.kind === "shared") return everybodys;
  if (own.kind === "capped") return Math.min(everybodys, own.units - own.held);
  let before = 0;
  for (const other of pools.values()) {
    if (other === own) break;
    before += unfilledFence(other);
  }
  const ofFence = Math.min(unfilledFence(own), Math.max(0, freeOfFences(position) - before));
  return ofFence + Math.max(0, everybodys);
}

/** What a change of `pool`'s promises, of which `shipped` units leave, does to the fenced units. */
export function fencedChange(position: StockPosition, pool: string, held: number, shipped: number): number {
  const own = pool === "" ? undefined : position.details?.pools?.get(pool);
  if (own?.kind !== "ring-fenced") return 0;
  const units = own.units - Math.min(own.units, shipped);
  return Math.max(0, units - own.held - held) - unfilledFence(own);
}

/** What setting the pool does to the fenced units. */
export function fencedChangeOfSetting(
  position: StockPosition,
  pool: string,
  kind: PoolKind,
  units: number,
): number {
  const own = position.details?.pools?.get(pool);
  const after = kind === "ring-fenced" ? Math.max(0, units - (own?.held ?? 0)) : 0;
  return after - (own === undefined ? 0 : unfilledFence(own));
}

/** Folds a change of the pool's promises. A pool that has no rule and no promise is forgotten. */
export function changePool(pools: Map<string, Pool>, name: string, held: number, shipped: number): Pool {
  let pool = pools.get(name);
  if (pool === undefined) {
    pool = { pool: name, kind: "shared", units: 0, held: 0 };
    pools.set(name, pool);
  }
  pool.held += held;
  if (pool.kind === "ring-fenced") pool.units -= Math.min(pool.units, shipped);
  if (pool.kind === "shared" && pool.held === 0) pools.delete(name);
  return pool;
}

export function setPool(pools: Map<string, Pool>, name: string, kind: PoolKind, units: number): void {
  const pool = pools.get(name);
  if (pool === undefined) {
    if (kind !== "shared") pools.set(name, { pool: name, kind, units, held: 0 });
    return;
  }
  pool.kind = kind;
  pool.units = kind === "shared" ? 0 : units;
  if (kind === "shared" && pool.held === 0) pools.delete(name);
}

/** What each pool has left: of a fence, what it has not promised; of a cap, what it may still promise. */
export function poolsLeft(
  pools: ReadonlyMap<string, Pool>,
): readonly { readonly pool: string; readonly kind: PoolKind; readonly left: number }[] {
  return [...pools.values()].map((pool) => ({
    pool: pool.pool,
    kind: pool.kind,
    left: pool.kind === "capped" ? pool.units - pool.held : unfilledFence(pool),
  }));
}

export function unfilledFences(pools: ReadonlyMap<string, Pool> | null): number {
  let units = 0;
  for (const pool of pools?.values() ?? []) units += unfilledFence(pool);
  return units;
}
