/**
 * Decides what a command does to stock: says what happens, as one event, or why not.
 *
 * Owns the precedence of refusals and which concept decides; the rules are with the concepts. Changes
 * nothing: the shard folds the event (`fold-event.ts`), then what follows from it (`transfers.ts`,
 * `demand.ts`). Repeats of a command id are the shard's to recognise before it asks here.
 *
 * Refusals are given in this order, the first that holds:
 * 1. `invalid_command` (`command-validity.ts`)
 * 2. names: `demand_exists`, `hold_exists`, `hold_not_found`, `reservation_not_found`, `reference_exists`,
 *    `reference_is_transfer`, `transfer_exists`, `transfer_not_found`, `count_pending`, `count_not_found`
 * 3. `hold_not_reserved`, `hold_not_allocated` (the hold is in another state)
 * 4. `quantity_exceeds_hold`, `quantity_exceeds_transfer`
 * 5. `on_hand_changed`
 * 6. lots and serials, in the order that `named-units.ts` states
 * 7. `insufficient_stock`, `stock_is_promised`, `quantity_exceeds_unavailable`, `position_not_empty`
 * 8. `quantity_limit` (a bucket would outgrow MAX_UNITS), `too_many_entries`
 */

import type { StockCommand } from "../commands.ts";
import { fencedChangeOfSetting } from "../position/channel-pools.ts";
import type { StockEvent } from "../position/events.ts";
import { change, details, refuse } from "../position/make-event.ts";
import type { SkuContext } from "../position/sku-stock.ts";
import { MAX_UNITS, type StockPosition } from "../position/stock-position.ts";
import { decideCancelDemand, decideEnqueue, decideOpenDemand } from "./demand.ts";
import {
  decideAdjust,
  decideExpireLot,
  decideQuarantine,
  decideReceive,
  decideReleaseQuarantine,
  decideReturn,
  MAX_ENTRIES,
} from "./goods.ts";
import { decideClaim, decideOnHold, decideReserve } from "./holds.ts";
import { decideCount, decideOnCount } from "./stock-count.ts";
import { decideCancelExpected, decideExpect, decideTransferIn, decideTransferOut } from "./transfers.ts";

type CommandOf<T extends StockCommand["type"]> = Extract<StockCommand, { readonly type: T }>;

/**
 * The event that a valid command causes. `position` is the one that the command names, or a new one. `order`
 * names the order and line of a hold that the order path places; its events carry no command id because the
 * order itself is remembered.
 */
export function decide(
  position: StockPosition,
  command: StockCommand,
  order: { readonly orderId: string; readonly lineId: string } | null,
  sku: SkuContext,
): StockEvent {
  switch (command.type) {
    case "reserve":
      return decideReserve(position, command, order, sku);
    case "claim":
      return decideClaim(position, command, sku);
    case "extend":
    case "release":
    case "expire":
    case "allocate":
    case "deallocate":
    case "pick":
    case "short-pick":
    case "ship":
      return decideOnHold(position, command, sku);
    case "receive":
      return decideReceive(position, command, sku);
    case "return-receive":
      return decideReturn(position, command, sku);
    case "adjust":
      return decideAdjust(position, command, sku);
    case "quarantine":
      return decideQuarantine(position, command, sku);
    case "release-quarantine":
      return decideReleaseQuarantine(position, command, sku);
    case "expire-lot":
      return decideExpireLot(position, command, sku);
    case "count":
      return decideCount(position, command, sku);
    case "approve-count":
    case "reject-count":
      return decideOnCount(position, command, sku);
    case "set-safety-stock":
      return change(command, "safety-stock-set", { safetyStock: command.quantity - position.safetyStock });
    case "set-pool":
      return decideSetPool(position, command);
    case "set-tracking":
      return decideSetTracking(command, sku);
    case "expect":
      return decideExpect(position, command);
    case "cancel-expected":
      return decideCancelExpected(position, command);
    case "transfer-out":
      return decideTransferOut(position, command, sku);
    case "transfer-in":
      return decideTransferIn(position, command, sku);
    case "enqueue-demand":
      return decideEnqueue(command, sku);
    case "cancel-demand":
      return decideCancelDemand(command, sku);
    case "open-demand":
      return decideOpenDemand(command, sku);
    default: {
      const unreachable: never = command;
      return unreachable;
    }
  }
}

function decideSetPool(position: StockPosition, command: CommandOf<"set-pool">): StockEvent {
  const pools = position.details?.pools;
  const held = pools?.get(command.pool)?.held ?? 0;
  if (command.kind === "capped" && command.units < held) {
    return refuse(command, "stock_is_promised", `${held} units are promised through ${command.pool}`);
  }
  const units = command.kind === "shared" ? 0 : command.units;
  const fenced = fencedChangeOfSetting(position, command.pool, command.kind, units);
  if (position.fenced + fenced > MAX_UNITS) {
    return refuse(command, "quantity_limit", `${position.fenced} units are fenced already`);
  }
  if ((pools?.size ?? 0) >= MAX_ENTRIES && pools?.has(command.pool) !== true) {
    return refuse(command, "too_many_entries", `a position has at most ${MAX_ENTRIES} pools`);
  }
  return change(command, "pool-set", {
    fenced,
    pool: command.pool,
    more: details({ variant: command.kind, units }),
  });
}

function decideSetTracking(command: CommandOf<"set-tracking">, sku: SkuContext): StockEvent {
  for (const position of sku.positions) {
    if (position.onHand > 0 || position.incoming > 0) {
      return refuse(
        command,
        "position_not_empty",
        `${position.locationId} has ${position.onHand} units and expects ${position.incoming}`,
      );
    }
  }
  return change(command, "tracking-set", { more: details({ variant: command.tracking }) });
}
