/**
 * Cycle counts: what somebody found on the shelf against what is on hand.
 *
 * A small discrepancy is booked at once. One over the command's threshold waits, one a position, and is
 * approved (and then booked as the difference that was found, whatever has moved since) or rejected. Nothing
 * is booked that would break a promise already given.
 */
import type { StockCommand } from "../commands.ts";
import type { LotChange, SerialChange, StockEvent } from "../position/events.ts";
import { EXPIRED, freeOfLot, lotChange } from "../position/lots.ts";
import { change, details, NO_LOTS, NO_SERIALS, refuse } from "../position/make-event.ts";
import { serialsTo } from "../position/serials.ts";
import { type SkuContext, trackingOf } from "../position/sku-stock.ts";
import { boundUnits, type PendingCount, type StockPosition } from "../position/stock-position.ts";
import { overfull } from "./goods.ts";
import { hasSerial, isRefused, misnamed, type Refused, refused } from "./named-units.ts";

type CommandOf<T extends StockCommand["type"]> = Extract<StockCommand, { readonly type: T }>;

export function decideCount(
  position: StockPosition,
  command: CommandOf<"count">,
  sku: SkuContext,
): StockEvent {
  const pending = position.details?.count;
  if (pending !== null && pending !== undefined) {
    return refuse(command, "count_pending", `count ${pending.countId} waits for approval`);
  }
  if (command.expectedOnHand !== undefined && command.expectedOnHand !== position.onHand) {
    return refuse(command, "on_hand_changed", `on hand is ${position.onHand}, not ${command.expectedOnHand}`);
  }
  const found = difference(position, command, sku);
  if (isRefused(found)) return refuse(command, found.refused, found.detail);
  if (found.size > command.threshold) {
    return change(command, "count-pending", {
      reason: command.reason,
      more: details({
        reference: command.countId,
        units: command.counted,
        discrepancy: found.discrepancy,
        lots: found.lots,
        serials: found.serials,
      }),
    });
  }
  return book(position, command, sku, {
    countId: command.countId,
    counted: command.counted,
    discrepancy: found.discrepancy,
    reason: command.reason,
    lots: found.lots,
    serials: found.serials,
  });
}

export function decideOnCount(
  position: StockPosition,
  command: CommandOf<"approve-count" | "reject-count">,
  sku: SkuContext,
): StockEvent {
  const pending = position.details?.count;
  if (pending === null || pending === undefined || pending.countId !== command.countId) {
    return refuse(command, "count_not_found", `no count ${command.countId} waits here`);
  }
  if (command.type === "approve-count") return book(position, command, sku, pending);
  return change(command, "count-rejected", {
    reason: pending.reason,
    more: details({ reference: pending.countId, units: pending.counted, discrepancy: pending.discrepancy }),
  });
}

function book(
  position: StockPosition,
  command: CommandOf<"count" | "approve-count">,
  sku: SkuContext,
  count: PendingCount,
): StockEvent {
  const lots: LotChange[] = [];
  let expired = 0;
  for (const lot of count.lots) {
    const here = position.details?.lots?.get(lot.lot);
    if (here === undefined)
      return refuse(command, "lot_not_found", `there is no lot ${lot.lot} here any more`);
    // Free units of a lot past its date are set apart. So units that were found belong there, and missing
    // ones are missing from there.
    const setApart = here.expired ? lot.onHand : 0;
    const missing = -lot.onHand;
    if (missing > (here.expired ? here.unavailable : freeOfLot(here))) {
      return refuse(command, "stock_is_promised", `${missing} units of lot ${lot.lot} are not there to lose`);
    }
    expired += setApart;
    lots.push(lotChange(lot, { onHand: lot.onHand, unavailable: setApart }));
  }
  for (const { serial, to } of count.serials) {
    const unit = position.details?.serials?.get(serial);
    if (to === "gone" && unit?.state !== "stocked") {
      return refuse(command, "serial_not_found", `serial ${serial} is not in stock here`);
    }
    if (to === "stocked" && hasSerial(sku, serial)) {
      return refuse(command, "serial_exists", `serial ${serial} is in stock or in transit`);
    }
  }
  if (expired < 0 && (position.details?.unavailable?.get(EXPIRED) ?? 0) + expired < 0) {
    return refuse(command, "stock_is_promised", `fewer than ${-expired} are set apart as ${EXPIRED}`);
  }
  const after = position.onHand + count.discrepancy;
  const bound = boundUnits(position) + expired;
  if (count.discrepancy < 0 && after < bound) {
    return refuse(
      command,
      "stock_is_promised",
      `${bound} of ${position.onHand} on hand are promised or set apart`,
    );
  }
  const full = overfull(position, count.discrepancy, undefined);
  if (full !== null) return refuse(command, full.code, full.detail);
  return change(command, "stock-counted", {
    onHand: count.discrepancy,
    unavailable: expired,
    reason: count.reason,
    more: details({
      reference: count.countId,
      units: count.counted,
      unavailableReason: expired === 0 ? "" : EXPIRED,
      lots,
      serials: count.serials,
    }),
  });
}

type Difference = {
  readonly discrepancy: number;
  /** What is compared with the threshold: units found or missing, by serial both of them. */
  readonly size: number;
  readonly lots: readonly LotChange[];
  readonly serials: readonly SerialChange[];
};

function difference(
  position: StockPosition,
  command: CommandOf<"count">,
  sku: SkuContext,
): Difference | Refused {
  const unfit = misnamed(sku, command);
  if (unfit !== null) return unfit;
  switch (trackingOf(sku)) {
    case "none": {
      const discrepancy = command.counted - position.onHand;
      return { discrepancy, size: Math.abs(discrepancy), lots: NO_LOTS, serials: NO_SERIALS };
    }
    case "lot": {
      if (command.lot === undefined) return refused("lot_required", "count a lot at a time");
      const lot = position.details?.lots?.get(command.lot);
      // A lot that was never received has no date here. `adjust`, which names the date, brings it in.
      if (lot === undefined) return refused("lot_not_found", `there is no lot ${command.lot} here`);
      const discrepancy = command.counted - lot.onHand;
      const lots = discrepancy === 0 ? NO_LOTS : [lotChange(lot, { onHand: discrepancy })];
      return { discrepancy, size: Math.abs(discrepancy), lots, serials: NO_SERIALS };
    }
    case "serial": {
      if (command.serials === undefined) return refused("serials_required", "say which serials were found");
      const found = new Set(command.serials);
      const missing: string[] = [];
      for (const [serial, unit] of position.details?.serials?.entries() ?? []) {
        if (unit.state === "stocked" && !found.delete(serial)) missing.push(serial);
      }
      const foreign = [...found].find((serial) => hasSerial(sku, serial));
      if (foreign !== undefined) {
        return refused("serial_exists", `serial ${foreign} is picked, set apart or elsewhere`);
      }
      return {
        discrepancy: found.size - missing.length,
        size: found.size + missing.length,
        lots: NO_LOTS,
        serials: [...serialsTo(missing, "gone"), ...serialsTo([...found], "stocked")],
      };
    }
  }
}
