/**
 * What becomes of units that an order should have had and that were not there.
 *
 * Owns the order in which they are looked for: at another place; at the same place, where only those very
 * units were at fault; and what remains goes by the rule of the channel: it is cancelled, takes its place in
 * the queue for the next stock, or waits until somebody decides.
 */
import type { AllocationPolicy } from "../order.ts";

export const SHORT_RESTS = ["cancel", "backorder", "wait"] as const;

/** `backorder`: queued for the next stock. `wait`: tried again when stock arrives; a person may cancel it. */
export type ShortRest = (typeof SHORT_RESTS)[number];

/** The reason of a shortage of units that the customer has not come for: nobody waits for others. */
export const NOT_COLLECTED = "not_collected";

/**
 * What becomes of units that no place has.
 *
 * @param order.rest the channel's rule; `null`: an order that would have queued its missing units does so
 *   now, any other does without them. What is collected at one place is not queued, nor what a place has
 *   twice fallen short of: the queue is served from anywhere.
 */
export function restOf(order: {
  readonly rest: ShortRest | null;
  readonly allocation: AllocationPolicy;
  readonly onlyAt: string | null;
  readonly reasons: readonly string[];
  /** Places, once for each time that they fell short of a line. */
  readonly fellShort: readonly Place[];
}): ShortRest {
  if (order.reasons.every((reason) => reason === NOT_COLLECTED)) return "cancel";
  const rest = order.rest ?? (order.allocation === "ship_available_backorder_rest" ? "backorder" : "cancel");
  const isTwice = order.fellShort.some((place, index) =>
    order.fellShort.slice(0, index).some((before) => isSamePlace(before, place)),
  );
  return rest === "backorder" && (order.onlyAt !== null || isTwice) ? "wait" : rest;
}

type Place = { readonly lineId: string; readonly locationId: string };

function isSamePlace(a: Place, b: Place): boolean {
  return a.lineId === b.lineId && a.locationId === b.locationId;
}

type Missing = {
  readonly id: string;
  readonly lineId: string;
  readonly locationId: string;
  readonly left: number;
  /** Whether other units of the place are good. */
  readonly othersAreGood: boolean;
};

type ShortFacts = {
  readonly missing: readonly Missing[];
  /** Places that fell short of a line, once for each time, the present ones included. */
  readonly fellShort: readonly Place[];
  /** The one place that the order may come from, where there is one: the customer collects it there. */
  readonly onlyAt: string | null;
};

/** One look for units. */
export type Search = {
  readonly shortageIds: readonly string[];
  readonly locations: { readonly only: readonly string[] } | { readonly except: readonly string[] };
};

/** Where the missing units are looked for, one search after the other, as long as any are missing. */
export function searchesFor({ missing, fellShort, onlyAt }: ShortFacts): readonly Search[] {
  const lines = new Set(missing.map(({ lineId }) => lineId));
  const avoided = fellShort.filter(({ lineId }) => lines.has(lineId)).map(({ locationId }) => locationId);
  const searches: Search[] = [];
  if (onlyAt === null)
    searches.push({
      shortageIds: missing.map(({ id }) => id),
      locations: { except: [...new Set(avoided)].sort() },
    });
  // A place is tried again once: what falls short there a second time would fall short for ever.
  const again = missing.filter(
    (each) => each.othersAreGood && fellShort.filter((place) => isSamePlace(place, each)).length === 1,
  );
  for (const locationId of new Set(again.map((each) => each.locationId)))
    searches.push({
      shortageIds: again.filter((each) => each.locationId === locationId).map(({ id }) => id),
      locations: { only: [locationId] },
    });
  return searches;
}

/** Hands out units of lines to shortages of those lines, in their order. */
export function shareOut(
  units: readonly { readonly lineId: string; readonly quantity: number }[],
  shortages: readonly Pick<Missing, "id" | "lineId" | "left">[],
): readonly { readonly shortageId: string; readonly quantity: number }[] {
  const left = new Map<string, number>();
  for (const { lineId, quantity } of units) left.set(lineId, (left.get(lineId) ?? 0) + quantity);
  return shortages.flatMap(({ id, lineId, left: wanted }) => {
    const quantity = Math.min(wanted, left.get(lineId) ?? 0);
    left.set(lineId, (left.get(lineId) ?? 0) - quantity);
    return quantity > 0 ? [{ shortageId: id, quantity }] : [];
  });
}
