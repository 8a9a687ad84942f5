/** Units that an order needs no longer: where they are taken from, for whoever gives them up. */
import { isEnded, notBegun } from "../../orders/fulfillment-order.ts";
import { wholeUnits } from "../../orders/kit-units.ts";
import { unitsOf } from "../../orders/line-ledger.ts";
import { splitUnits } from "../../orders/split-units.ts";
import type { FulfillmentOrder, UnsourcedUnits } from "../../store/floor/fulfillment.ts";
import type { LockedParts } from "../../store/floor/fulfillment-changes.ts";
import { type Refusal, refuse } from "../refusal.ts";

type LineUnits = { readonly lineId: string; readonly quantity: number };

type HeldUnits = UnsourcedUnits & { readonly picked: number };

export type Freed = {
  /** Held, and in no fulfillment order yet. */
  readonly unplaced: readonly HeldUnits[];
  readonly parts: readonly {
    readonly part: FulfillmentOrder;
    readonly taken: readonly HeldUnits[];
    readonly left: FulfillmentOrder["lines"];
  }[];
};

/**
 * What we hold for the units. First those count that nobody holds: of other fulfillers, or waiting for stock.
 * Then what is in no fulfillment order yet, then what nobody has begun to pick, the youngest first.
 */
export function unitsToFree(
  { order, parts }: LockedParts,
  unsourced: readonly UnsourcedUnits[],
  units: readonly LineUnits[],
): Freed | Refusal {
  const open = parts.filter(({ status }) => !isEnded(status));
  const unplaced = unsourced.map((hold) => ({ ...hold, picked: 0 }));
  const held = wholeUnits([...unplaced, ...open.flatMap(({ lines }) => lines)]);
  let wanted = units.flatMap(({ lineId, quantity }) => {
    const line = order.lines.find((candidate) => candidate.lineId === lineId);
    if (line === undefined) return [];
    const unsent = line.ordered - line.cancelled - line.shipped - line.fulfilledElsewhere;
    const more = quantity - (unsent - unitsOf(held, lineId));
    return more > 0 ? [{ lineId, quantity: more }] : [];
  });
  const fromUnplaced = splitUnits(unplaced, wanted);
  wanted = [...fromUnplaced.missing];
  const changed: Freed["parts"][number][] = [];
  for (const part of open.filter(notBegun).reverse()) {
    const { taken, left, missing } = splitUnits(part.lines, wanted);
    wanted = [...missing];
    if (taken.length > 0)
      changed.push({ part, taken: taken.map((line) => ({ ...line, locationId: part.locationId })), left });
  }
  const [begun] = wanted;
  if (begun !== undefined)
    return refuse(
      "already_picked",
      `${begun.quantity} of line ${begun.lineId} are being picked here, or have been.`,
    );
  return { unplaced: fromUnplaced.taken, parts: changed };
}
