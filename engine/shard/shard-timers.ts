/**
 * The timers of one shard: when holds expire, lots pass their date and pre-orders open. Runs on the shard's
 * thread.
 *
 * Owns the index of what falls due next, and the command that a timer gives. Leaves the effect of the command
 * to the rules (`actors/rules`), and the expiry of lane reservations to `shard-lanes.ts`.
 *
 * A timer is never removed early. Where its hold is gone or was postponed, it still comes up at its old time,
 * and `isCurrent` says that it no longer counts. Timers are derived state: recovery sets them anew, and no
 * snapshot has them.
 */
import type { StockCommand } from "../../actors/commands.ts";
import { type Due, ExpiryIndex } from "../../actors/expiry-index.ts";
import type { StockEvent } from "../../actors/position/events.ts";
import type { Lot } from "../../actors/position/lots.ts";
import type { StockPosition } from "../../actors/position/stock-position.ts";
import type { PositionBook } from "./position-book.ts";
import type { SkuBook } from "./sku-book.ts";

export class ShardTimers {
  private readonly positions: PositionBook;
  private readonly skus: SkuBook;
  private readonly expiries = new ExpiryIndex();
  /** Separate, because a lot past its date is marked before anything else can free or take its units. */
  private readonly lotDates = new ExpiryIndex();

  constructor(positions: PositionBook, skus: SkuBook) {
    this.positions = positions;
    this.skus = skus;
  }

  /** When the next timer falls due; 0: there is none. */
  get nextAtMs(): number {
    return earlier(this.expiries.nextAtMs, this.lotDates.nextAtMs);
  }

  /** The next lot that has passed its date by `nowMs`. */
  takeDueLot(nowMs: number): Due | undefined {
    return this.lotDates.takeDue(nowMs);
  }

  /** The next hold or pre-order whose time has come by `nowMs`. */
  takeDue(nowMs: number): Due | undefined {
    return this.expiries.takeDue(nowMs);
  }

  /**
   * Whether what the timer stands for still falls due at the timer's time. Something that was postponed, or
   * a pre-order that was cancelled and waits again elsewhere, has another timer. If the old one counted as
   * well, a recovered shard, which may not have it, could do things in another order.
   */
  isCurrent(due: Due): boolean {
    return this.dateOf(due) === due.atMs;
  }

  awaitHold(position: StockPosition, holdId: string, expiresAtMs: number): void {
    // The position's own texts: the event's copies would stay in memory for as long as the hold lives.
    const { sku, locationId } = position;
    this.expiries.add({ atMs: expiresAtMs, kind: "hold", sku, locationId, id: holdId });
  }

  /** Sets the timer of each lot that the event brought here. */
  awaitLotsOf(event: StockEvent, position: StockPosition): void {
    for (const { lot: name, onHand } of event.more?.lots ?? []) {
      const lot = position.details?.lots?.get(name);
      if (lot !== undefined && lot.onHand === onHand) this.awaitLot(position, lot);
    }
  }

  awaitLot(position: StockPosition, lot: Lot): void {
    if (lot.expiresAtMs === 0 || lot.expired) return;
    const { sku, locationId } = position;
    this.lotDates.add({ atMs: lot.expiresAtMs, kind: "lot", sku, locationId, id: lot.lot });
  }

  awaitPreOrder(sku: string, holdId: string): void {
    const entry = this.skus.of(sku)?.demand.get(holdId);
    if (entry === undefined || entry.open) return;
    const { locationId, notBeforeMs } = entry;
    this.expiries.add({ atMs: notBeforeMs, kind: "pre-order", sku, locationId, id: holdId });
  }

  private dateOf({ kind, sku, locationId, id }: Due): number | undefined {
    switch (kind) {
      case "hold":
        return this.positions.find(sku, locationId)?.holds?.get(id)?.expiresAtMs;
      case "lot":
        return this.positions.find(sku, locationId)?.details?.lots?.get(id)?.expiresAtMs;
      case "pre-order": {
        const entry = this.skus.of(sku)?.demand.get(id);
        return entry?.locationId === locationId ? entry.notBeforeMs : undefined;
      }
    }
  }
}

/** The command that the shard's own timer gives. */
export function timedCommand(due: Due, nowMs: number): StockCommand {
  const { sku, locationId, id } = due;
  const shared = { commandId: "timer", sku, locationId, atMs: nowMs };
  switch (due.kind) {
    case "hold":
      return { ...shared, type: "expire", holdId: id, cause: "the hold's time was up" };
    case "lot":
      return { ...shared, type: "expire-lot", lot: id, cause: "the lot's date has come" };
    case "pre-order":
      return { ...shared, type: "open-demand", holdId: id, cause: "the pre-order's date has come" };
  }
}

/** The earlier of two times of which 0 means never. */
export function earlier(a: number, b: number): number {
  return a === 0 || b === 0 ? a + b : Math.min(a, b);
}
