/**
 * What commands do to units on hand that no hold speaks of: receive, return-receive, adjust, quarantine,
 * release-quarantine, and the date of a lot. Changes nothing; refusals come in the order that
 * `apply-command.ts` states.
 */
import type { StockCommand } from "../commands.ts";
import type { StockEvent } from "../position/events.ts";
import { EXPIRED, freeOfLot, lotChange } from "../position/lots.ts";
import { change, details, detailsIfAny, NO_SERIALS, nothing, refuse } from "../position/make-event.ts";
import type { SkuContext } from "../position/sku-stock.ts";
import { boundUnits, MAX_UNITS, type StockPosition } from "../position/stock-position.ts";
import { arriving, isRefused, misnamed, takenFromFree, takenFromSetApart } from "./named-units.ts";

/** Lots, pools, incoming references: as many as a position has of each. More is a mistake of the sender. */
export const MAX_ENTRIES = 10_000;

type CommandOf<T extends StockCommand["type"]> = Extract<StockCommand, { readonly type: T }>;

export function decideReceive(
  position: StockPosition,
  command: CommandOf<"receive">,
  sku: SkuContext,
): StockEvent {
  const expected =
    command.reference === undefined ? undefined : position.details?.incoming?.get(command.reference);
  if (expected?.kind === "transfer") {
    return refuse(command, "reference_is_transfer", `${command.reference} arrives by transfer-in`);
  }
  const units = arriving(sku, command, command.quantity, false);
  if (isRefused(units)) return refuse(command, units.refused, units.detail);
  const full = overfull(position, command.quantity, command.lot);
  if (full !== null) return refuse(command, full.code, full.detail);
  const announced = Math.min(expected?.quantity ?? 0, command.quantity);
  const more =
    command.reference === undefined
      ? detailsIfAny(units.lots, units.serials, units.expired > 0 ? EXPIRED : "")
      : details({
          reference: command.reference,
          lots: units.lots,
          serials: units.serials,
          unavailableReason: units.expired > 0 ? EXPIRED : "",
        });
  return change(command, "stock-received", {
    onHand: command.quantity,
    unavailable: units.expired,
    incoming: 0 - announced,
    more,
  });
}

export function decideReturn(
  position: StockPosition,
  command: CommandOf<"return-receive">,
  sku: SkuContext,
): StockEvent {
  const { disposition, quantity } = command;
  if (disposition === "scrapped") {
    const unfit = misnamed(sku, command);
    if (unfit !== null) return refuse(command, unfit.refused, unfit.detail);
    return change(command, "stock-returned", { reason: disposition, more: details({ units: quantity }) });
  }
  const setApart = disposition !== "restocked";
  const units = arriving(sku, command, quantity, setApart);
  if (isRefused(units)) return refuse(command, units.refused, units.detail);
  const full = overfull(position, quantity, command.lot);
  if (full !== null) return refuse(command, full.code, full.detail);
  return change(command, "stock-returned", {
    onHand: quantity,
    unavailable: setApart ? quantity : units.expired,
    reason: disposition,
    more: detailsIfAny(units.lots, units.serials, setApart ? disposition : units.expired > 0 ? EXPIRED : ""),
  });
}

export function decideAdjust(
  position: StockPosition,
  command: CommandOf<"adjust">,
  sku: SkuContext,
): StockEvent {
  const { delta, unavailableReason } = command;
  if (command.expectedOnHand !== undefined && command.expectedOnHand !== position.onHand) {
    return refuse(command, "on_hand_changed", `on hand is ${position.onHand}, not ${command.expectedOnHand}`);
  }
  const setApart = unavailableReason !== undefined;
  const units =
    delta > 0
      ? arriving(sku, command, delta, setApart)
      : setApart
        ? takenFromSetApart(sku, position, command, -delta, {
            removed: true,
            parts: (some) => ({ onHand: -some, unavailable: -some }),
          })
        : takenFromFree(sku, position, command, -delta, {
            lotRequired: true,
            expiredToo: true,
            to: "gone",
            few: "stock_is_promised",
            parts: (some) => ({ onHand: -some }),
          });
  if (isRefused(units)) return refuse(command, units.refused, units.detail);
  if (delta < 0 && setApart) {
    const there = position.details?.unavailable?.get(unavailableReason) ?? 0;
    if (there + delta < 0) {
      return refuse(
        command,
        "quantity_exceeds_unavailable",
        `${there} are set apart as ${unavailableReason}`,
      );
    }
  }
  const bound = boundUnits(position);
  if (delta < 0 && !setApart && position.onHand + delta < bound) {
    return refuse(
      command,
      "stock_is_promised",
      `${bound} of ${position.onHand} on hand are promised or set apart`,
    );
  }
  const full = overfull(position, delta, delta > 0 ? command.lot : undefined);
  if (full !== null) return refuse(command, full.code, full.detail);
  return change(command, "stock-adjusted", {
    onHand: delta,
    unavailable: setApart ? delta : units.expired,
    reason: command.reason,
    more: detailsIfAny(units.lots, units.serials, unavailableReason ?? (units.expired > 0 ? EXPIRED : "")),
  });
}

export function decideQuarantine(
  position: StockPosition,
  command: CommandOf<"quarantine">,
  sku: SkuContext,
): StockEvent {
  const units = takenFromFree(sku, position, command, command.quantity, {
    lotRequired: false,
    expiredToo: false,
    to: "set-apart",
    few: "insufficient_stock",
    parts: (some) => ({ unavailable: some }),
  });
  if (isRefused(units)) return refuse(command, units.refused, units.detail);
  const free = position.onHand - boundUnits(position);
  if (command.quantity > free) {
    return refuse(command, "insufficient_stock", `${free} are neither promised nor set apart`);
  }
  return change(command, "stock-quarantined", {
    unavailable: command.quantity,
    reason: command.reason,
    more: details({ lots: units.lots, serials: units.serials, unavailableReason: command.reason }),
  });
}

export function decideReleaseQuarantine(
  position: StockPosition,
  command: CommandOf<"release-quarantine">,
  sku: SkuContext,
): StockEvent {
  const units = takenFromSetApart(sku, position, command, command.quantity, {
    removed: false,
    parts: (some) => ({ unavailable: -some }),
  });
  if (isRefused(units)) return refuse(command, units.refused, units.detail);
  const there = position.details?.unavailable?.get(command.reason) ?? 0;
  if (command.quantity > there) {
    return refuse(command, "quantity_exceeds_unavailable", `${there} are set apart as ${command.reason}`);
  }
  return change(command, "quarantine-released", {
    unavailable: -command.quantity,
    reason: command.reason,
    more: details({ lots: units.lots, serials: units.serials, unavailableReason: command.reason }),
  });
}

/** The lot's date has come: its free units are set apart. */
export function decideExpireLot(
  position: StockPosition,
  command: CommandOf<"expire-lot">,
  sku: SkuContext,
): StockEvent {
  const lot = position.details?.lots?.get(command.lot);
  if (lot === undefined || lot.expired || lot.expiresAtMs === 0 || lot.expiresAtMs > sku.nowMs) {
    return nothing(command, false);
  }
  const free = freeOfLot(lot);
  return change(command, "lot-expired", {
    unavailable: free,
    more: details({
      lots: [lotChange(lot, { unavailable: free })],
      serials: NO_SERIALS,
      unavailableReason: EXPIRED,
    }),
    remembered: false,
  });
}

/** Whether `more` units on hand would outgrow the position, or `lot` its number of lots. */
export function overfull(
  position: StockPosition,
  more: number,
  lot: string | undefined,
): { readonly code: "quantity_limit" | "too_many_entries"; readonly detail: string } | null {
  if (position.onHand + more > MAX_UNITS) {
    return {
      code: "quantity_limit",
      detail: `${position.onHand} on hand and ${more} more are beyond ${MAX_UNITS}`,
    };
  }
  const lots = position.details?.lots;
  if (
    lot !== undefined &&
    lots !== null &&
    lots !== undefined &&
    lots.size >= MAX_ENTRIES &&
    !lots.has(lot)
  ) {
    return { code: "too_many_entries", detail: `a position has at most ${MAX_ENTRIES} lots` };
  }
  return null;
}
