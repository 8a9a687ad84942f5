/**
 * What leaves in which parcel, by weight: a fulfillment order is one parcel, and a carrier takes only so
 * much in one. Owns the cut. Leaves to others how heavy goods are (the catalog) and what the limit is
 * (`ports/parcel-limit.ts`).
 *
 * First-fit decreasing: the heaviest units first, each into the first parcel that has room. Any two parcels
 * are then above the limit together, and seldom is there one more than needed.
 *
 * Invariants: P1 every unit is in exactly one parcel. P2 no parcel is above the limit, unless a single unit
 * is, which is then alone. P3 the components of a kit stay together.
 */
import { componentKey, type HeldLine, takeComponents } from "../split-units.ts";

/** Grams of one unit, by SKU. What has no weight here counts nothing. */
export type UnitWeights = ReadonlyMap<string, number>;

/** Grams of all units together. */
export function gramsOf(
  lines: readonly { readonly sku: string; readonly quantity: number }[],
  weights: UnitWeights,
): number {
  return lines.reduce((sum, { sku, quantity }) => sum + (weights.get(sku) ?? 0) * quantity, 0);
}

/** Units of one kind that may go into different parcels, and what one of them is made of. */
type Kind = {
  /** Of each component, by its key, in one unit. */
  readonly components: ReadonlyMap<string, number>;
  readonly grams: number;
  readonly count: number;
};

type Bin = {
  /** Grams that it can still take; below 0: one unit alone is too heavy. */
  room: number;
  /** Components in it, by their key. */
  readonly contents: Map<string, number>;
};

/**
 * @param lines of one place
 * @param maxGrams that a carrier takes in one parcel; `null`: any weight
 * @returns the units of each parcel; a hold that is in several has a row in each
 */
export function cutIntoParcels<L extends HeldLine>(
  lines: readonly L[],
  weights: UnitWeights,
  maxGrams: number | null,
): readonly (readonly L[])[] {
  if (maxGrams === null || gramsOf(lines, weights) <= maxGrams) return [lines];
  const kinds = kindsOf(lines, weights).sort((a, b) => b.grams - a.grams);
  const bins: Bin[] = [];
  for (const kind of kinds) {
    let open = kind.count;
    for (const bin of bins) {
      if (open === 0) break;
      open -= fill(bin, kind, open);
    }
    while (open > 0) {
      const bin: Bin = { room: maxGrams, contents: new Map() };
      bins.push(bin);
      // A unit that nothing has room for is a parcel of its own.
      open -= fill(bin, kind, open) || put(bin, kind, 1);
    }
  }
  let rest: readonly L[] = lines;
  return bins.map(({ contents }) => {
    const { taken, left } = takeComponents(rest, contents);
    rest = left;
    return taken;
  });
}

/** @returns how many of the `open` units it has taken */
function fill(bin: Bin, kind: Kind, open: number): number {
  const fitting = kind.grams === 0 ? open : Math.floor(Math.max(0, bin.room) / kind.grams);
  return put(bin, kind, bin.room < 0 ? 0 : Math.min(open, fitting));
}

function put(bin: Bin, { components, grams }: Kind, count: number): number {
  if (count === 0) return 0;
  bin.room -= grams * count;
  for (const [key, quantity] of components)
    bin.contents.set(key, (bin.contents.get(key) ?? 0) + quantity * count);
  return count;
}

/** Whole units of each line, and what is left of units whose other components are not here. */
function kindsOf(lines: readonly HeldLine[], weights: UnitWeights): Kind[] {
  const components = new Map<string, Map<string, HeldLine>>();
  for (const line of lines) {
    const ofLine = components.get(line.lineId) ?? new Map<string, HeldLine>();
    components.set(line.lineId, ofLine);
    ofLine.set(line.sku, { ...line, quantity: line.quantity + (ofLine.get(line.sku)?.quantity ?? 0) });
  }
  return [...components.values()].flatMap((ofLine) => {
    const parts = [...ofLine.values()];
    const whole = Math.min(...parts.map(({ quantity, perUnit }) => Math.floor(quantity / perUnit)));
    const unit = parts.map((part) => ({ ...part, quantity: part.perUnit }));
    const loose = parts.map((part) => ({ ...part, quantity: part.quantity - whole * part.perUnit }));
    return [
      kindOf(unit, whole, weights),
      ...loose.map((part) => kindOf([{ ...part, quantity: 1 }], part.quantity, weights)),
    ].filter(({ count }) => count > 0);
  });
}

function kindOf(parts: readonly HeldLine[], count: number, weights: UnitWeights): Kind {
  return {
    components: new Map(parts.map((part) => [componentKey(part), part.quantity])),
    grams: gramsOf(parts, weights),
    count,
  };
}

/**
 * Why units wait for a person that are too heavy for a parcel, whatever else is cut off; `null`: they are
 * not.
 */
export function tooHeavyText(
  lines: readonly HeldLine[],
  weights: UnitWeights,
  maxGrams: number | null,
): string | null {
  if (maxGrams === null) return null;
  const heavy = cutIntoParcels(lines, weights, maxGrams).find(
    (parcel) => gramsOf(parcel, weights) > maxGrams,
  );
  if (heavy === undefined) return null;
  const goods = [...new Set(heavy.map(({ sku }) => sku))].join(", ");
  return `One unit (${goods}) weighs ${overweightText(gramsOf(heavy, weights), maxGrams)}.`;
}

/** The parcel's weight beside the limit, for people. */
export function overweightText(grams: number, maxGrams: number): string {
  return `${kilogramsText(grams)}, and one parcel may weigh ${kilogramsText(maxGrams)} at most`;
}

/** Kilograms and pounds: staff and carriers think in both. Never rounded over the limit. */
function kilogramsText(grams: number): string {
  const kilograms = Math.floor(grams / 10) / 100;
  const pounds = Math.round((grams / GRAMS_A_POUND) * 10) / 10;
  return `${kilograms} kg (${pounds} lb)`;
}

const GRAMS_A_POUND = 453.59237;
