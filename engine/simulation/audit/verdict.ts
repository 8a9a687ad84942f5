/**
 * What a command must come to on a position, worked out from the books alone: the second opinion on every
 * decision.
 *
 * Written from the meaning of the commands; shares no code with the actors.
 */
import type { RefusalCode, StockCommand } from "../../../actors/commands.ts";
import type { BookedHold, BookedPosition, Buckets } from "./booked-position.ts";

/** The code of a refusal, or the changes of buckets, without those that stay; `null`: no opinion. */
type Verdict = RefusalCode | Partial<Buckets> | null;

export function verdictOn(command: StockCommand, position: BookedPosition): Verdict {
  // Units in lots have rules of their own.
  if ("lot" in command) return null;
  const hold = "holdId" in command ? position.holds.get(command.holdId) : undefined;
  switch (command.type) {
    case "receive":
      // Units that were expected under the reference are no longer incoming; other files check that.
      return command.reference === undefined ? { onHand: command.quantity } : null;
    case "return-receive":
      if (command.disposition === "scrapped") return {};
      return {
        onHand: command.quantity,
        unavailable: command.disposition === "restocked" ? 0 : command.quantity,
      };
    case "adjust": {
      if (command.expectedOnHand !== undefined && command.expectedOnHand !== position.onHand) {
        return "on_hand_changed";
      }
      const setApart = position.reserved + position.allocated + position.picked + position.unavailable;
      return command.delta < 0 && position.onHand + command.delta < setApart
        ? "stock_is_promised"
        : { onHand: command.delta };
    }
    case "set-safety-stock":
      return { safetyStock: command.quantity - position.safetyStock };
    case "reserve":
      if (hold !== undefined) return "hold_exists";
      if (command.pool !== undefined) return null;
      return command.quantity > position.available ? "insufficient_stock" : { reserved: command.quantity };
    case "release":
      if (hold === undefined) return {};
      return hold.reserved === 0 ? "hold_not_reserved" : { reserved: -hold.reserved };
    case "deallocate":
      if (hold === undefined) return {};
      return { reserved: -hold.reserved, allocated: -hold.allocated, picked: -hold.picked };
    case "extend":
    case "allocate":
    case "pick":
    case "short-pick":
    case "ship":
      return hold === undefined ? "hold_not_found" : verdictOnHold(command, hold);
    default:
      return null;
  }
}

function verdictOnHold(
  command: Extract<StockCommand, { readonly type: "extend" | "allocate" | "pick" | "short-pick" | "ship" }>,
  hold: BookedHold,
): Verdict {
  switch (command.type) {
    case "extend":
      return hold.reserved === 0 ? "hold_not_reserved" : {};
    case "allocate":
      return hold.reserved === 0
        ? "hold_not_reserved"
        : { reserved: -hold.reserved, allocated: hold.reserved };
    case "pick":
      if (hold.allocated === 0) return "hold_not_allocated";
      if (command.quantity > hold.allocated) return "quantity_exceeds_hold";
      return { allocated: -command.quantity, picked: command.quantity };
    case "short-pick":
      if (hold.allocated === 0) return "hold_not_allocated";
      if (command.missing > hold.allocated) return "quantity_exceeds_hold";
      return {
        allocated: -command.missing,
        onHand: command.effect === "write-off" ? -command.missing : 0,
        unavailable: command.effect === "quarantine" ? command.missing : 0,
      };
    case "ship":
      if (command.quantity > hold.picked) return "quantity_exceeds_hold";
      return { picked: -command.quantity, onHand: -command.quantity };
    default: {
      const unreachable: never = command;
      return unreachable;
    }
  }
}
