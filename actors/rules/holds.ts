/**
 * What commands do to holds: reserve, extend, claim, release, expire, allocate,
 * deallocate, pick, short-pick, ship.
 *
 * Owns their rules and the assignment of lots; refusals come in the order that `apply-command.ts` states.
 * Changes nothing.
 */

import type { StockCommand } from "../commands.ts";
import { fencedChange, freeUnits } from "../position/channel-pools.ts";
import type { LotChange, SerialChange, StockEvent, StockEventType } from "../position/events.ts";
import type { Hold } from "../position/hold-book.ts";
import { EXPIRED, type HoldPart, type Lot, lotChange, takeFree, takeFromLots } from "../position/lots.ts";
import {
  type Change,
  change,
  details,
  detailsIfAny,
  NO_LOTS,
  NO_SERIALS,
  nothing,
  refuse,
} from "../position/make-event.ts";
import { serialsTo } from "../position/serials.ts";
import { type SkuContext, trackingOf } from "../position/sku-stock.ts";
import type { StockPosition } from "../position/stock-position.ts";
import { isRefused, misnamed, type Refused, refused, serialsIn } from "./named-units.ts";

type CommandOf<T extends StockCommand["type"]> = Extract<StockCommand, { readonly type: T }>;

type HoldCommand = CommandOf<
  "extend" | "release" | "expire" | "allocate" | "deallocate" | "pick" | "short-pick" | "ship"
>;

/** `order` names the order and line that the order path places the hold for. */
export function decideReserve(
  position: StockPosition,
  command: CommandOf<"reserve">,
  order: { readonly orderId: string; readonly lineId: string } | null,
  sku: SkuContext,
): StockEvent {
  if (isTaken(position, command.holdId, sku)) return holdExists(command, command.holdId);
  const pool = command.pool ?? "";
  const available = freeUnits(position, pool);
  if (command.quantity > available) {
    return refuse(
      command,
      "insufficient_stock",
      `${command.quantity} asked for, ${Math.max(0, available)} available to promise`,
    );
  }
  return change(command, "stock-reserved", {
    reserved: command.quantity,
    fenced: fencedChange(position, pool, command.quantity, 0),
    hold: "opened",
    holdId: command.holdId,
    expiresAtMs: command.expiresAtMs,
    orderId: order?.orderId ?? "",
    lineId: order?.lineId ?? "",
    pool,
    more: detailsIfAny(reservedLots(position, command.quantity), NO_SERIALS, ""),
    remembered: order === null,
  });
}

export function decideClaim(
  position: StockPosition,
  command: CommandOf<"claim">,
  sku: SkuContext,
): StockEvent {
  if (isTaken(position, command.holdId, sku)) return holdExists(command, command.holdId);
  if (sku.laneUnits === 0) {
    return refuse(
      command,
      "reservation_not_found",
      `there is no reservation ${command.lane}/${command.number} here`,
    );
  }
  return change(command, "hold-claimed", {
    hold: "opened",
    holdId: command.holdId,
    orderId: command.orderId ?? "",
    lineId: command.lineId ?? "",
    more: details({ reference: `${command.lane}/${command.number}`, units: sku.laneUnits }),
  });
}

export function decideOnHold(position: StockPosition, command: HoldCommand, sku: SkuContext): StockEvent {
  const hold = position.holds?.get(command.holdId);
  switch (command.type) {
    case "release":
      if (hold === undefined) return nothing(command);
      if (hold.reserved === 0) return refuse(command, "hold_not_reserved", stateDetail(hold));
      if (command.quantity !== undefined && command.quantity > hold.reserved) {
        return refuse(command, "quantity_exceeds_hold", `${hold.reserved} are reserved`);
      }
      return giveBack(position, command, "hold-released", hold, command.quantity ?? hold.reserved, 0, 0);
    case "expire":
      if (
        hold === undefined ||
        hold.reserved === 0 ||
        hold.expiresAtMs === 0 ||
        hold.expiresAtMs > command.atMs
      ) {
        return nothing(command, false);
      }
      return giveBack(position, command, "hold-expired", hold, hold.reserved, 0, 0);
    case "deallocate": {
      // Whatever state the hold is in: the undo of allocate may run before allocate did, and after the pick.
      if (hold === undefined) return nothing(command);
      if (command.quantity === undefined) {
        return giveBack(
          position,
          command,
          "hold-deallocated",
          hold,
          hold.reserved,
          hold.allocated,
          hold.picked,
        );
      }
      if (command.of === "picked") return giveBackPicked(position, command, hold, command.quantity, sku);
      if (command.quantity > hold.reserved + hold.allocated) {
        return refuse(command, "quantity_exceeds_hold", stateDetail(hold));
      }
      const reserved = Math.min(command.quantity, hold.reserved);
      return giveBack(position, command, "hold-deallocated", hold, reserved, command.quantity - reserved, 0);
    }
    case "extend":
      if (hold === undefined) return notFound(command);
      if (hold.reserved === 0) return refuse(command, "hold_not_reserved", stateDetail(hold));
      return changeHold(position, command, "hold-extended", hold, { expiresAtMs: command.expiresAtMs });
    case "allocate":
      if (hold === undefined) return notFound(command);
      if (hold.reserved === 0) return refuse(command, "hold_not_reserved", stateDetail(hold));
      return changeHold(position, command, "hold-allocated", hold, {
        reserved: -hold.reserved,
        allocated: hold.reserved,
        expiresAtMs: 0,
        more: detailsIfAny(
          heldLots(position, hold, "reserved", hold.reserved, (units) => ({
            reserved: -units,
            allocated: units,
          })),
          NO_SERIALS,
          "",
        ),
      });
    case "pick":
      if (hold === undefined) return notFound(command);
      if (hold.allocated === 0) return refuse(command, "hold_not_allocated", stateDetail(hold));
      if (command.quantity > hold.allocated) {
        return refuse(command, "quantity_exceeds_hold", `${hold.allocated} are allocated`);
      }
      return pick(position, command, hold, sku);
    case "short-pick":
      if (hold === undefined) return notFound(command);
      if (hold.allocated === 0) return refuse(command, "hold_not_allocated", stateDetail(hold));
      if (command.missing > hold.allocated) {
        return refuse(command, "quantity_exceeds_hold", `${hold.allocated} are allocated`);
      }
      return shortPick(position, command, hold, sku);
    case "ship":
      if (hold === undefined) return notFound(command);
      if (command.quantity > hold.picked) {
        return refuse(command, "quantity_exceeds_hold", `${hold.picked} are picked`);
      }
      return ship(position, command, hold, sku);
    default: {
      const unreachable: never = command;
      return unreachable;
    }
  }
}

/** The lots of units that are promised now, first expired first; none where units are not in lots. */
export function reservedLots(position: StockPosition, units: number): readonly LotChange[] {
  const lots = position.details?.lots;
  if (lots === null || lots === undefined) return NO_LOTS;
  return takeFree(lots.values(), units).map((each) => lotChange(each, { reserved: each.units }));
}

/**
 * How many of the hold's reserved and allocated units are not free for everybody once they are given back:
 * those of a lot past its date are set apart, those of a fence stay behind it. These are given back first, as
 * lots go by date.
 */
export function withheldUnits(position: StockPosition, hold: Hold): number {
  const details = position.details;
  if (details?.pools?.get(hold.pool)?.kind === "ring-fenced") return hold.reserved + hold.allocated;
  let units = 0;
  for (const { lot, reserved, allocated } of hold.lots?.values() ?? []) {
    if (details?.lots?.get(lot)?.expired === true) units += reserved + allocated;
  }
  return units;
}

/** Whether a hold of this name is here, or waits in the queue to be given units. */
function isTaken(position: StockPosition, holdId: string, sku: SkuContext): boolean {
  return position.holds?.has(holdId) === true || sku.record?.demand.get(holdId) !== undefined;
}

function holdExists(command: StockCommand, holdId: string): StockEvent {
  return refuse(command, "hold_exists", `hold ${holdId} exists already`);
}

function pick(position: StockPosition, command: CommandOf<"pick">, hold: Hold, sku: SkuContext): StockEvent {
  const unfit = misnamed(sku, command);
  if (unfit !== null) return refuse(command, unfit.refused, unfit.detail);
  let serials: readonly SerialChange[] = NO_SERIALS;
  if (trackingOf(sku) === "serial") {
    const units = serialsIn(position, command.serials ?? [], command.quantity, ["stocked"], "picked");
    if (isRefused(units)) return refuse(command, units.refused, units.detail);
    serials = units.serials;
  }
  const lots = heldLots(
    position,
    hold,
    "allocated",
    command.quantity,
    (units) => ({ allocated: -units, picked: units }),
    false,
  );
  if (hold.lots !== null && unitsIn(lots, "picked") < command.quantity) {
    return refuse(
      command,
      "lot_expired",
      `${unitsIn(lots, "picked")} of the hold's units are within their date`,
    );
  }
  return changeHold(position, command, "stock-picked", hold, {
    allocated: -command.quantity,
    picked: command.quantity,
    more: detailsIfAny(lots, serials, ""),
  });
}

function shortPick(
  position: StockPosition,
  command: CommandOf<"short-pick">,
  hold: Hold,
  sku: SkuContext,
): StockEvent {
  const unfit = misnamed(sku, command);
  if (unfit !== null) return refuse(command, unfit.refused, unfit.detail);
  const { missing, effect } = command;
  let serials: readonly SerialChange[] = NO_SERIALS;
  const named = command.serials ?? [];
  if (
    trackingOf(sku) === "serial" &&
    (effect === "write-off" || (effect === "quarantine" && named.length > 0))
  ) {
    const to = effect === "write-off" ? "gone" : "set-apart";
    const units = serialsIn(position, named, missing, ["stocked"], to);
    if (isRefused(units)) return refuse(command, units.refused, units.detail);
    serials = units.serials;
  }
  const lots = heldLots(position, hold, "allocated", missing, (units, lot) => ({
    allocated: -units,
    onHand: effect === "write-off" ? -units : 0,
    unavailable: effect === "quarantine" || (effect === "none" && lot.expired) ? units : 0,
  }));
  const unavailable =
    hold.lots === null ? (effect === "quarantine" ? missing : 0) : unitsIn(lots, "unavailable");
  const why = unavailable === 0 ? "" : effect === "quarantine" ? command.reason : EXPIRED;
  return changeHold(position, command, "stock-short-picked", hold, {
    allocated: -missing,
    onHand: effect === "write-off" ? -missing : 0,
    unavailable,
    reason: command.reason,
    more: detailsIfAny(lots, serials, why),
  });
}

function ship(position: StockPosition, command: CommandOf<"ship">, hold: Hold, sku: SkuContext): StockEvent {
  const unfit = misnamed(sku, command);
  if (unfit !== null) return refuse(command, unfit.refused, unfit.detail);
  const leaving = pickedSerials(position, hold, command.serials, command.quantity, "leave");
  if (isRefused(leaving)) return refuse(command, leaving.refused, leaving.detail);
  const serials = leaving.length === 0 ? NO_SERIALS : serialsTo(leaving, "gone");
  return changeHold(
    position,
    command,
    "stock-shipped",
    hold,
    {
      picked: -command.quantity,
      onHand: -command.quantity,
      more: detailsIfAny(
        heldLots(position, hold, "picked", command.quantity, (units) => ({ picked: -units, onHand: -units })),
        serials,
        "",
      ),
    },
    command.quantity,
  );
}

function giveBackPicked(
  position: StockPosition,
  command: CommandOf<"deallocate">,
  hold: Hold,
  quantity: number,
  sku: SkuContext,
): StockEvent {
  if (quantity > hold.picked) return refuse(command, "quantity_exceeds_hold", stateDetail(hold));
  const unfit = misnamed(sku, command);
  if (unfit !== null) return refuse(command, unfit.refused, unfit.detail);
  const units = pickedSerials(position, hold, command.serials, quantity, "come back");
  if (isRefused(units)) return refuse(command, units.refused, units.detail);
  return giveBack(position, command, "hold-deallocated", hold, 0, 0, quantity, units);
}

/** Which of the hold's picked units are meant: those that are named or, where all of them are, all. */
function pickedSerials(
  position: StockPosition,
  hold: Hold,
  named: readonly string[] | undefined,
  quantity: number,
  what: string,
): readonly string[] | Refused {
  const book = position.details?.serials;
  if (book === null || book === undefined) return [];
  const picked = book.pickedFor(hold.holdId);
  const meant = named ?? (quantity === hold.picked ? picked : []);
  if (meant.length !== quantity)
    return refused("serials_required", `${quantity} of ${hold.picked} picked units ${what}`);
  const foreign = meant.find((serial) => !picked.includes(serial));
  return foreign === undefined
    ? meant
    : refused("serial_not_found", `serial ${foreign} is not picked for hold ${hold.holdId}`);
}

/**
 * Units of the hold come free, those of a lot past its date are set apart.
 *
 * @param units serials of the picked ones; absent: all
 */
function giveBack(
  position: StockPosition,
  command: CommandOf<"release" | "expire" | "deallocate">,
  type: StockEventType,
  hold: Hold,
  reserved: number,
  allocated: number,
  picked: number,
  units: readonly string[] = position.details?.serials?.pickedFor(hold.holdId) ?? [],
): StockEvent {
  const lots: LotChange[] = [];
  for (const [part, units] of [
    ["reserved", reserved],
    ["allocated", allocated],
    ["picked", picked],
  ] as const) {
    if (units === 0) continue;
    lots.push(
      ...heldLots(position, hold, part, units, (some, lot) => ({
        [part]: -some,
        unavailable: lot.expired ? some : 0,
      })),
    );
  }
  const expired = unitsIn(lots, "unavailable");
  const serials = picked > 0 && units.length > 0 ? serialsTo(units, "stocked") : NO_SERIALS;
  return changeHold(position, command, type, hold, {
    // Not `-reserved`: the -0 that it may be is another number in the journal than 0.
    reserved: 0 - reserved,
    allocated: 0 - allocated,
    picked: 0 - picked,
    unavailable: expired,
    expiresAtMs: reserved === hold.reserved ? 0 : hold.expiresAtMs,
    more: detailsIfAny(lots, serials, expired > 0 ? EXPIRED : ""),
  });
}

/** The hold's units of each lot, first expired first, as changes; none where the hold has no lots. */
function heldLots(
  position: StockPosition,
  hold: Hold,
  part: HoldPart,
  units: number,
  parts: (units: number, lot: Lot) => Partial<Omit<LotChange, "lot" | "expiresAtMs">>,
  expiredToo = true,
): readonly LotChange[] {
  const held = hold.lots;
  const lots = position.details?.lots;
  if (held === null || lots === null || lots === undefined) return NO_LOTS;
  return takeFromLots(lots.values(), units, (lot) =>
    lot.expired && !expiredToo ? 0 : (held.get(lot.lot)?.[part] ?? 0),
  ).map((each) => lotChange(each, parts(each.units, lots.get(each.lot) as Lot)));
}

function unitsIn(lots: readonly LotChange[], part: "unavailable" | "picked"): number {
  let units = 0;
  for (const lot of lots) units += lot[part];
  return units;
}

function changeHold(
  position: StockPosition,
  command: HoldCommand,
  type: StockEventType,
  hold: Hold,
  what: Change,
  shipped = 0,
): StockEvent {
  const held = (what.reserved ?? 0) + (what.allocated ?? 0) + (what.picked ?? 0);
  return change(command, type, {
    hold: "changed",
    holdId: hold.holdId,
    orderId: hold.orderId,
    lineId: hold.lineId,
    expiresAtMs: hold.expiresAtMs,
    pool: hold.pool,
    fenced: fencedChange(position, hold.pool, held, shipped),
    remembered: command.type !== "expire",
    ...what,
  });
}

function notFound(command: HoldCommand): StockEvent {
  return refuse(command, "hold_not_found", `there is no hold ${command.holdId} here`);
}

function stateDetail(hold: Hold): string {
  return `of hold ${hold.holdId}, ${hold.reserved} are reserved, ${hold.allocated} allocated, ${hold.picked} picked`;
}
