/**
 * Which lots and serials a command is about: checks what it names against the SKU's tracking and says how
 * each of them changes.
 *
 * Refusals, in this order: `not_tracked` (something is named that the SKU does not have), `lot_required` or
 * `serials_required`, `lot_mismatch` (the lot is known with another date), `lot_not_found`, `serial_exists`,
 * `serial_not_found`, `lot_expired`; then the caller's own code where a lot has too few units.
 */
import type { RefusalCode } from "../commands.ts";
import type { LotChange, SerialChange } from "../position/events.ts";
import {
  freeOfLot,
  isPast,
  type Lot,
  type LotUnits,
  lotChange,
  takeFree,
  takeFromLots,
  totalUnits,
} from "../position/lots.ts";
import { NO_LOTS, NO_SERIALS } from "../position/make-event.ts";
import { type SerialState, serialsTo } from "../position/serials.ts";
import { type SkuContext, trackingOf } from "../position/sku-stock.ts";
import type { StockPosition } from "../position/stock-position.ts";

export type Refused = { readonly refused: RefusalCode; readonly detail: string };

type NamedUnits = {
  readonly lots: readonly LotChange[];
  readonly serials: readonly SerialChange[];
  /** Units that arrive past their date. */
  readonly expired: number;
};

type Names = {
  readonly lot?: string;
  readonly lotExpiresAtMs?: number;
  readonly serials?: readonly string[];
};

type LotParts = Partial<Omit<LotChange, "lot" | "expiresAtMs">>;

const ANONYMOUS: NamedUnits = { lots: NO_LOTS, serials: NO_SERIALS, expired: 0 };

export function isRefused(value: object | null): value is Refused {
  return value !== null && "refused" in value;
}

/** Units that come on hand, set apart for a reason of their own or not. */
export function arriving(
  sku: SkuContext,
  names: Names,
  quantity: number,
  setApart: boolean,
): NamedUnits | Refused {
  const unfit = misnamed(sku, names);
  if (unfit !== null) return unfit;
  switch (trackingOf(sku)) {
    case "none":
      return ANONYMOUS;
    case "lot": {
      if (names.lot === undefined) return refused("lot_required", "units of this SKU arrive by lot");
      const known = lotAnywhere(sku, names.lot);
      if (
        known !== undefined &&
        names.lotExpiresAtMs !== undefined &&
        names.lotExpiresAtMs !== known.expiresAtMs
      ) {
        return refused(
          "lot_mismatch",
          `lot ${names.lot} expires at ${known.expiresAtMs}, not ${names.lotExpiresAtMs}`,
        );
      }
      const expiresAtMs = known?.expiresAtMs ?? names.lotExpiresAtMs ?? 0;
      const expired = !setApart && isPast(expiresAtMs, sku.nowMs) ? quantity : 0;
      const lots = [
        lotChange(
          { lot: names.lot, expiresAtMs },
          { onHand: quantity, unavailable: setApart ? quantity : expired },
        ),
      ];
      return { lots, serials: NO_SERIALS, expired };
    }
    case "serial": {
      const serials = names.serials ?? [];
      if (serials.length !== quantity) return serialsWanted(quantity);
      const known = serials.find((serial) => hasSerial(sku, serial));
      if (known !== undefined) return refused("serial_exists", `serial ${known} is in stock or in transit`);
      return { lots: NO_LOTS, serials: serialsTo(serials, setApart ? "set-apart" : "stocked"), expired: 0 };
    }
  }
}

/**
 * Units that are free at `position` and change as `parts` says for each lot's units; serials go `to`.
 * `few` is the caller's refusal where a lot has fewer free units than asked for.
 */
export function takenFromFree(
  sku: SkuContext,
  position: StockPosition,
  names: Names,
  quantity: number,
  how: {
    /** False: FEFO where no lot is named. */
    readonly lotRequired: boolean;
    /** Whether units of a lot past its date may be taken by naming it. */
    readonly expiredToo: boolean;
    readonly to: SerialChange["to"];
    readonly few: RefusalCode;
    readonly parts: (units: number) => LotParts;
  },
): NamedUnits | Refused {
  const unfit = misnamed(sku, names);
  if (unfit !== null) return unfit;
  switch (trackingOf(sku)) {
    case "none":
      return ANONYMOUS;
    case "lot": {
      const lots = position.details?.lots ?? new Map<string, Lot>();
      let taken: readonly LotUnits[];
      if (names.lot === undefined) {
        if (how.lotRequired) return refused("lot_required", "say of which lot the units are");
        taken = takeFree(lots.values(), quantity);
      } else {
        const lot = lots.get(names.lot);
        if (lot === undefined) return refused("lot_not_found", `there is no lot ${names.lot} here`);
        if (lot.expired && !how.expiredToo)
          return refused("lot_expired", `lot ${names.lot} is past its date`);
        taken = takeFromLots([lot], quantity, freeOfLot);
      }
      if (totalUnits(taken) < quantity) {
        return refused(how.few, `${totalUnits(taken)} units of ${names.lot ?? "all lots"} are free`);
      }
      return ofLots(taken, how.parts);
    }
    case "serial":
      return serialsIn(position, names.serials ?? [], quantity, ["stocked"], how.to);
  }
}

/** Units that are set apart at `position`, released or removed. */
export function takenFromSetApart(
  sku: SkuContext,
  position: StockPosition,
  names: Names,
  quantity: number,
  how: {
    readonly removed: boolean;
    readonly parts: (units: number) => LotParts;
  },
): NamedUnits | Refused {
  const unfit = misnamed(sku, names);
  if (unfit !== null) return unfit;
  switch (trackingOf(sku)) {
    case "none":
      return ANONYMOUS;
    case "lot": {
      const lots = position.details?.lots ?? new Map<string, Lot>();
      const named = names.lot === undefined ? undefined : lots.get(names.lot);
      if (names.lot !== undefined && named === undefined) {
        return refused("lot_not_found", `there is no lot ${names.lot} here`);
      }
      // What is past its date may leave, and may not come free.
      const taken = takeFromLots(named === undefined ? lots.values() : [named], quantity, (lot) =>
        lot.expired && !how.removed ? 0 : lot.unavailable,
      );
      if (totalUnits(taken) < quantity) {
        return refused(
          how.removed ? "quantity_exceeds_unavailable" : "lot_expired",
          `${totalUnits(taken)} of the units are set apart and within their date`,
        );
      }
      return ofLots(taken, how.parts);
    }
    case "serial": {
      const book = position.details?.serials;
      const serials = names.serials ?? [];
      const left = position.unavailable - quantity;
      if (serials.length === 0 && !how.removed && (book?.setApart ?? 0) <= left) return ANONYMOUS;
      const units = serialsIn(
        position,
        serials,
        quantity,
        how.removed ? ["set-apart", "stocked"] : ["set-apart"],
        how.removed ? "gone" : "stocked",
      );
      if (isRefused(units)) return units;
      const named = serials.filter((serial) => book?.get(serial)?.state === "set-apart").length;
      return (book?.setApart ?? 0) - named <= left ? units : serialsWanted(quantity);
    }
  }
}

/** Serials that are at `position` in one of `states`, as many as units. */
export function serialsIn(
  position: StockPosition,
  serials: readonly string[],
  quantity: number,
  states: readonly SerialState[],
  to: SerialChange["to"],
): NamedUnits | Refused {
  if (serials.length !== quantity) return serialsWanted(quantity);
  for (const serial of serials) {
    const unit = position.details?.serials?.get(serial);
    if (unit === undefined || !states.includes(unit.state)) {
      return refused("serial_not_found", `serial ${serial} is not ${states.join(" or ")} here`);
    }
  }
  return { lots: NO_LOTS, serials: serialsTo(serials, to), expired: 0 };
}

/** What the command names although the SKU does not have it. */
export function misnamed(sku: SkuContext, names: Names): Refused | null {
  const tracking = trackingOf(sku);
  if ((names.lot !== undefined || names.lotExpiresAtMs !== undefined) && tracking !== "lot") {
    return refused("not_tracked", "the SKU is not tracked by lot");
  }
  if (names.serials !== undefined && tracking !== "serial") {
    return refused("not_tracked", "the SKU is not tracked by serial number");
  }
  return null;
}

export function refused(code: RefusalCode, detail: string): Refused {
  return { refused: code, detail };
}

export function hasSerial(sku: SkuContext, serial: string): boolean {
  for (const position of sku.positions) {
    if (position.details?.serials?.get(serial) !== undefined) return true;
    for (const entry of position.details?.incoming?.values() ?? []) {
      if (entry.serials.includes(serial)) return true;
    }
  }
  return false;
}

function ofLots(taken: readonly LotUnits[], parts: (units: number) => LotParts): NamedUnits {
  return {
    lots: taken.map((each) => lotChange(each, parts(each.units))),
    serials: NO_SERIALS,
    expired: 0,
  };
}

function serialsWanted(quantity: number): Refused {
  return refused("serials_required", `${quantity} serial numbers are needed, each once`);
}

function lotAnywhere(sku: SkuContext, lot: string): { readonly expiresAtMs: number } | undefined {
  for (const position of sku.positions) {
    const here = position.details?.lots?.get(lot);
    if (here !== undefined) return here;
    for (const entry of position.details?.incoming?.values() ?? []) {
      const there = entry.lots.find((each) => each.lot === lot);
      if (there !== undefined) return there;
    }
  }
  return undefined;
}
