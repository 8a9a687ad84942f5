/**
 * The channel pools of one position as the journal tells them: what each promises and what its fence keeps.
 */
import type { StockEvent } from "../../../actors/position/events.ts";
import { Violation } from "./violation.ts";

type Pool = { kind: string; units: number; held: number };

export class PoolBook {
  private readonly pools = new Map<string, Pool>();

  /** What ring-fenced pools keep from all others. */
  get fenced(): number {
    let units = 0;
    for (const pool of this.pools.values()) {
      if (pool.kind === "ring-fenced") units += Math.max(0, pool.units - pool.held);
    }
    return units;
  }

  post(event: StockEvent): void {
    if (event.pool === "") return;
    let pool = this.pools.get(event.pool);
    if (pool === undefined) {
      pool = { kind: "shared", units: 0, held: 0 };
      this.pools.set(event.pool, pool);
    }
    if (event.type === "pool-set") {
      pool.kind = event.more?.variant ?? "";
      pool.units = pool.kind === "shared" ? 0 : (event.more?.units ?? 0);
      return;
    }
    pool.held += event.reserved + event.allocated + event.picked;
    // What ships for the pool comes off its fence.
    if (event.type === "stock-shipped" && pool.kind === "ring-fenced") {
      pool.units = Math.max(0, pool.units + event.onHand);
    }
    if (event.type === "stock-reserved" && pool.kind === "capped" && pool.held > pool.units) {
      throw new Violation(
        "a pool keeps its rule",
        `${pool.held} are promised by a pool of at most ${pool.units}`,
      );
    }
  }
}
