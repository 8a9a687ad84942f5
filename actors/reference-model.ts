/**
 * The slow, obvious twin of the stock actors, for property tests: plain records, everything computed from scratch,
 * written from the meaning of the commands and not from the code beside it.
 */
import type { StockCommand } from "./commands.ts";

type ModelHold = {
  readonly id: string;
  reserved: number;
  allocated: number;
  picked: number;
  expiresAtMs: number;
};

/** One SKU at one location. */
export class ReferencePosition {
  onHand = 0;
  unavailable = 0;
  safetyStock = 0;
  readonly holds: ModelHold[] = [];

  total(part: "reserved" | "allocated" | "picked"): number {
    return this.holds.reduce((sum, hold) => sum + hold[part], 0);
  }

  promised(): number {
    return this.total("reserved") + this.total("allocated") + this.total("picked");
  }

  available(): number {
    return this.onHand - this.promised() - this.unavailable - this.safetyStock;
  }

  /** Returns `applied` or the code of the refusal. The command is valid. */
  apply(command: StockCommand): string {
    const hold =
      "holdId" in command ? this.holds.find((candidate) => candidate.id === command.holdId) : undefined;
    const result = this.change(command, hold);
    for (let index = this.holds.length - 1; index >= 0; index -= 1) {
      const candidate = this.holds[index] as ModelHold;
      if (candidate.reserved + candidate.allocated + candidate.picked === 0) this.holds.splice(index, 1);
    }
    return result;
  }

  private change(command: StockCommand, hold: ModelHold | undefined): string {
    switch (command.type) {
      case "receive":
        this.onHand += command.quantity;
        return "applied";
      case "return-receive":
        this.onHand += command.quantity;
        if (command.disposition === "damaged") this.unavailable += command.quantity;
        return "applied";
      case "adjust":
        if (command.expectedOnHand !== undefined && command.expectedOnHand !== this.onHand) {
          return "on_hand_changed";
        }
        if (command.delta < 0 && this.onHand + command.delta < this.promised() + this.unavailable) {
          return "stock_is_promised";
        }
        this.onHand += command.delta;
        return "applied";
      case "set-safety-stock":
        this.safetyStock = command.quantity;
        return "applied";
      case "reserve":
        if (hold !== undefined) return "hold_exists";
        if (this.available() < command.quantity) return "insufficient_stock";
        this.holds.push({
          id: command.holdId,
          reserved: command.quantity,
          allocated: 0,
          picked: 0,
          expiresAtMs: command.expiresAtMs,
        });
        return "applied";
      case "release":
        if (hold === undefined) return "applied";
        if (hold.reserved === 0) return "hold_not_reserved";
        hold.reserved = 0;
        return "applied";
      case "expire":
        if (hold !== undefined && hold.expiresAtMs > 0 && hold.expiresAtMs <= command.atMs) hold.reserved = 0;
        return "applied";
      case "deallocate":
        if (hold !== undefined) Object.assign(hold, { reserved: 0, allocated: 0, picked: 0 });
        return "applied";
      case "extend":
        if (hold === undefined) return "hold_not_found";
        if (hold.reserved === 0) return "hold_not_reserved";
        hold.expiresAtMs = command.expiresAtMs;
        return "applied";
      case "allocate":
        if (hold === undefined) return "hold_not_found";
        if (hold.reserved === 0) return "hold_not_reserved";
        Object.assign(hold, { allocated: hold.reserved, reserved: 0, expiresAtMs: 0 });
        return "applied";
      case "pick":
        if (hold === undefined) return "hold_not_found";
        if (hold.allocated === 0) return "hold_not_allocated";
        if (command.quantity > hold.allocated) return "quantity_exceeds_hold";
        hold.allocated -= command.quantity;
        hold.picked += command.quantity;
        return "applied";
      case "short-pick":
        if (hold === undefined) return "hold_not_found";
        if (hold.allocated === 0) return "hold_not_allocated";
        if (command.missing > hold.allocated) return "quantity_exceeds_hold";
        hold.allocated -= command.missing;
        if (command.effect === "write-off") this.onHand -= command.missing;
        if (command.effect === "quarantine") this.unavailable += command.missing;
        return "applied";
      case "ship":
        if (hold === undefined) return "hold_not_found";
        if (command.quantity > hold.picked) return "quantity_exceeds_hold";
        hold.picked -= command.quantity;
        this.onHand -= command.quantity;
        return "applied";
      default: {
        const unreachable: never = command;
        return unreachable;
      }
    }
  }
}
