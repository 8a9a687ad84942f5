/**
 * Deliveries that are expected, and transfers between two locations of a SKU.
 *
 * Both locations are in one shard, so units leave one and are in transit to the other in one step:
 * `transfer-sent` at the sender is followed in the same batch by `transfer-announced` at the receiver. What a
 * closed transfer did not bring is booked there as `transfer-discrepancy`.
 */
import type { RefusalCode, StockCommand } from "../commands.ts";
import type { LotChange, SerialChange, StockEvent } from "../position/events.ts";
import type { Incoming } from "../position/incoming-stock.ts";
import { EXPIRED, firstExpiredFirst, isPast, type LotUnits, lotChange } from "../position/lots.ts";
import {
  change,
  consequence,
  details,
  NO_LOTS,
  NO_SERIALS,
  nothing,
  refuse,
} from "../position/make-event.ts";
import { serialsTo } from "../position/serials.ts";
import type { SkuContext } from "../position/sku-stock.ts";
import { boundUnits, MAX_UNITS, type StockPosition } from "../position/stock-position.ts";
import { MAX_ENTRIES, overfull } from "./goods.ts";
import { isRefused, misnamed, type Refused, refused, takenFromFree } from "./named-units.ts";

type CommandOf<T extends StockCommand["type"]> = Extract<StockCommand, { readonly type: T }>;

export function decideExpect(position: StockPosition, command: CommandOf<"expect">): StockEvent {
  const known = position.details?.incoming;
  if (known?.has(command.reference)) {
    return refuse(command, "reference_exists", `${command.reference} is expected already`);
  }
  const full = incomingOverfull(position, command.quantity);
  if (full !== null) return refuse(command, full.refused, full.detail);
  return change(command, "stock-expected", {
    incoming: command.quantity,
    more: details({ reference: command.reference, dueAtMs: command.dueAtMs }),
  });
}

export function decideCancelExpected(
  position: StockPosition,
  command: CommandOf<"cancel-expected">,
): StockEvent {
  const entry = position.details?.incoming?.get(command.reference);
  if (entry === undefined) return nothing(command);
  if (entry.kind === "transfer") {
    return refuse(
      command,
      "reference_is_transfer",
      `${command.reference} is in transit; close it by transfer-in`,
    );
  }
  return change(command, "expected-cancelled", {
    incoming: -entry.quantity,
    more: details({ reference: command.reference }),
  });
}

export function decideTransferOut(
  position: StockPosition,
  command: CommandOf<"transfer-out">,
  sku: SkuContext,
): StockEvent {
  const receiver = sku.positions.find((each) => each.locationId === command.toLocationId);
  if (receiver?.details?.incoming?.has(command.transferId)) {
    return refuse(
      command,
      "transfer_exists",
      `${command.transferId} is on its way to ${command.toLocationId}`,
    );
  }
  const units = takenFromFree(sku, position, command, command.quantity, {
    lotRequired: false,
    expiredToo: false,
    to: "in-transit",
    few: "insufficient_stock",
    parts: (some) => ({ onHand: -some }),
  });
  if (isRefused(units)) return refuse(command, units.refused, units.detail);
  const free = position.onHand - boundUnits(position);
  if (command.quantity > free) {
    return refuse(command, "insufficient_stock", `${free} are neither promised nor set apart`);
  }
  const full = receiver === undefined ? null : incomingOverfull(receiver, command.quantity);
  if (full !== null) return refuse(command, full.refused, full.detail);
  return change(command, "transfer-sent", {
    onHand: -command.quantity,
    more: details({
      reference: command.transferId,
      otherLocationId: command.toLocationId,
      dueAtMs: command.dueAtMs,
      lots: units.lots,
      serials: units.serials,
    }),
  });
}

export function decideTransferIn(
  position: StockPosition,
  command: CommandOf<"transfer-in">,
  sku: SkuContext,
): StockEvent {
  const entry = position.details?.incoming?.get(command.transferId);
  if (entry === undefined || entry.kind !== "transfer") {
    return refuse(command, "transfer_not_found", `no transfer ${command.transferId} is on its way here`);
  }
  const { quantity } = command;
  if (quantity > entry.quantity) {
    return refuse(command, "quantity_exceeds_transfer", `${entry.quantity} are in transit`);
  }
  if (quantity === 0) return discrepancy(change(command, "transfer-discrepancy", {}), entry, entry.quantity);
  const lots = arrivingLots(sku, command, entry);
  if (isRefused(lots)) return refuse(command, lots.refused, lots.detail);
  const serials = arrivingSerials(command, entry);
  if (isRefused(serials)) return refuse(command, serials.refused, serials.detail);
  const full = overfull(position, quantity, lots.length === 0 ? undefined : lots[0]?.lot);
  if (full !== null) return refuse(command, full.code, full.detail);
  let expired = 0;
  for (const lot of lots) expired += lot.unavailable;
  return change(command, "transfer-received", {
    onHand: quantity,
    unavailable: expired,
    incoming: -quantity,
    more: details({
      reference: command.transferId,
      otherLocationId: entry.fromLocationId,
      discrepancy: command.close === true ? entry.quantity - quantity : 0,
      unavailableReason: expired > 0 ? EXPIRED : "",
      lots,
      serials,
    }),
  });
}

/** What follows from an event of a transfer in the same batch, once it is folded; `null`: nothing. */
export function transferConsequence(event: StockEvent, sku: SkuContext): StockEvent | null {
  const more = event.more;
  if (more === null) return null;
  if (event.type === "transfer-sent") {
    return consequence(event, "transfer-announced", {
      locationId: more.otherLocationId,
      incoming: -event.onHand,
      more: details({
        reference: more.reference,
        otherLocationId: event.locationId,
        dueAtMs: more.dueAtMs,
        lots: more.lots.map((lot) => lotChange(lot, { incoming: -lot.onHand })),
        serials: more.serials,
      }),
    });
  }
  if (event.type !== "transfer-received" || more.discrepancy === 0) return null;
  const position = sku.positions.find((each) => each.locationId === event.locationId);
  const entry = position?.details?.incoming?.get(more.reference);
  return entry === undefined
    ? null
    : discrepancy(consequence(event, "transfer-discrepancy", {}), entry, more.discrepancy);
}

/** `base`, with what the transfer did not bring. */
function discrepancy(base: StockEvent, entry: Incoming, units: number): StockEvent {
  return {
    ...base,
    incoming: -units,
    reason: "discrepancy",
    more: details({
      reference: entry.reference,
      otherLocationId: entry.fromLocationId,
      lots: entry.lots.map((lot) => lotChange(lot, { incoming: -lot.units })),
      serials: serialsTo(entry.serials, "gone"),
    }),
  };
}

function arrivingLots(
  sku: SkuContext,
  command: CommandOf<"transfer-in">,
  entry: Incoming,
): readonly LotChange[] | Refused {
  const unfit = misnamed(sku, command);
  if (unfit !== null) return unfit;
  if (entry.lots.length === 0) return NO_LOTS;
  let candidates: readonly LotUnits[] = [...entry.lots].sort(firstExpiredFirst);
  if (command.lot !== undefined) {
    candidates = candidates.filter((lot) => lot.lot === command.lot);
    if (candidates.length === 0)
      return refused("lot_not_found", `lot ${command.lot} is not of this transfer`);
  }
  const lots: LotChange[] = [];
  let left = command.quantity;
  for (const lot of candidates) {
    const units = Math.min(left, lot.units);
    if (units === 0) continue;
    left -= units;
    lots.push(
      lotChange(lot, {
        onHand: units,
        incoming: -units,
        unavailable: isPast(lot.expiresAtMs, sku.nowMs) ? units : 0,
      }),
    );
  }
  return left === 0
    ? lots
    : refused("quantity_exceeds_transfer", `${command.quantity - left} units of that lot are in transit`);
}

function arrivingSerials(
  command: CommandOf<"transfer-in">,
  entry: Incoming,
): readonly SerialChange[] | Refused {
  if (entry.serials.length === 0) return NO_SERIALS;
  const serials = command.serials ?? (command.quantity === entry.quantity ? entry.serials : []);
  if (serials.length !== command.quantity) {
    return refused(
      "serials_required",
      `say which ${command.quantity} of the ${entry.quantity} units in transit`,
    );
  }
  const foreign = serials.find((serial) => !entry.serials.includes(serial));
  if (foreign !== undefined) return refused("serial_not_found", `serial ${foreign} is not of this transfer`);
  return serialsTo(serials, "stocked");
}

function incomingOverfull(position: StockPosition, more: number): Refused | null {
  if (position.incoming + more > MAX_UNITS) {
    return refused("quantity_limit" satisfies RefusalCode, `${position.incoming} are expected already`);
  }
  return (position.details?.incoming?.size ?? 0) >= MAX_ENTRIES
    ? refused("too_many_entries", `a position expects at most ${MAX_ENTRIES} deliveries and transfers`)
    : null;
}
