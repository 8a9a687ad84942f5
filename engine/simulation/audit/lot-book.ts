/** The lots of one position as the journal tells them. */
import type { StockEvent } from "../../../actors/position/events.ts";
import { Violation } from "./violation.ts";

type Lot = {
  expiresAtMs: number;
  onHand: number;
  reserved: number;
  allocated: number;
  picked: number;
  unavailable: number;
};

const PARTS = ["onHand", "reserved", "allocated", "picked", "unavailable"] as const;

export class LotBook {
  private readonly lots = new Map<string, Lot>();

  post(event: StockEvent, nowMs: number): void {
    // A count that waits tells what it would change and changes nothing.
    if (event.type === "count-pending" || event.type === "count-rejected") return;
    for (const change of event.more?.lots ?? []) {
      const lot = this.lotOf(change.lot, change.expiresAtMs);
      const isPast = lot.expiresAtMs > 0 && lot.expiresAtMs <= nowMs;
      if (isPast && (change.reserved > 0 || change.picked > 0)) {
        throw new Violation("no expired lot is sold", `${event.type} took units of lot ${change.lot}`);
      }
      if (change.reserved > 0 && event.type === "stock-reserved") this.checkOrder(change.lot, lot, nowMs);
      for (const part of PARTS) {
        lot[part] += change[part];
        if (lot[part] < 0) throw new Violation("conservation", `${part} of lot ${change.lot} is below zero`);
      }
      if (lot.onHand < lot.reserved + lot.allocated + lot.picked + lot.unavailable) {
        throw new Violation("no oversell", `more of lot ${change.lot} is promised than there is`);
      }
    }
  }

  /** The lots add up to their position; no lot past its date has free units. */
  check(
    position: Readonly<Record<(typeof PARTS)[number], number>> & { readonly name: string },
    nowMs: number,
  ): void {
    if (this.lots.size === 0) return;
    for (const part of PARTS) {
      let sum = 0;
      for (const lot of this.lots.values()) sum += lot[part];
      if (sum !== position[part]) {
        throw new Violation(
          "conservation",
          `the lots of ${position.name} have ${sum} ${part}, not ${position[part]}`,
        );
      }
    }
    for (const [name, lot] of this.lots) {
      if (lot.expiresAtMs > 0 && lot.expiresAtMs <= nowMs && freeOf(lot) > 0) {
        throw new Violation("no expired lot is sold", `lot ${name} is past its date and has free units`);
      }
    }
  }

  /** First expired, first out. */
  private checkOrder(name: string, taken: Lot, nowMs: number): void {
    for (const [other, lot] of this.lots) {
      if (lot === taken || lot.expiresAtMs === 0 || lot.expiresAtMs <= nowMs || freeOf(lot) <= 0) continue;
      if (taken.expiresAtMs === 0 || lot.expiresAtMs < taken.expiresAtMs) {
        throw new Violation("first expired, first out", `lot ${name} was taken before lot ${other}`);
      }
    }
  }

  private lotOf(name: string, expiresAtMs: number): Lot {
    let lot = this.lots.get(name);
    if (lot === undefined || lot.onHand === 0) {
      lot = { expiresAtMs, onHand: 0, reserved: 0, allocated: 0, picked: 0, unavailable: 0 };
      this.lots.set(name, lot);
    }
    return lot;
  }
}

function freeOf(lot: Lot): number {
  return lot.onHand - lot.reserved - lot.allocated - lot.picked - lot.unavailable;
}
