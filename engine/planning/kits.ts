/**
 * Kits: SKUs that are sold as one and picked as several.
 *
 * A SKU that is not a kit is treated as the kit of one of itself, so that planning treats all lines alike.
 */
import type { Kit, KitComponent } from "../allocator-client.ts";
import { EngineError } from "../errors.ts";
import type { StockAt, StockScope } from "../stock-view/stock-view-reader.ts";
import type { StockOfSkus } from "./stock-of-skus.ts";

export type KitBook = ReadonlyMap<string, readonly KitComponent[]>;

/** Throws `invalid_request` for a kit that could not be picked. */
export function kitBookOf(kits: readonly Kit[]): KitBook {
  const book = new Map<string, readonly KitComponent[]>();
  for (const kit of kits) {
    if (book.has(kit.sku)) throw wrong(kit, "is defined twice");
    if (kit.components.length === 0) throw wrong(kit, "has no components");
    const skus = new Set(kit.components.map((component) => component.sku));
    if (skus.size < kit.components.length) throw wrong(kit, "names a component twice");
    for (const { sku, quantity } of kit.components) {
      if (!Number.isSafeInteger(quantity) || quantity < 1) {
        throw wrong(kit, `takes ${quantity} of ${sku}, which is no quantity`);
      }
    }
    book.set(kit.sku, kit.components);
  }
  for (const kit of kits) {
    const nested = kit.components.find(({ sku }) => book.has(sku));
    if (nested !== undefined) throw wrong(kit, `has the kit ${nested.sku} among its components`);
  }
  return book;
}

export function isKit(kits: KitBook, sku: string): boolean {
  return kits.has(sku);
}

/** The components of one of `sku`. */
export function componentsOf(kits: KitBook, sku: string): readonly KitComponent[] {
  return kits.get(sku) ?? [{ sku, quantity: 1 }];
}

/**
 * How many kits there are at each location: as many as all components make there.
 *
 * @param stock what may be promised of each component, one entry for each
 * @returns null: a component has no position anywhere
 */
export function kitsByLocation(
  components: readonly KitComponent[],
  stock: StockOfSkus,
): readonly StockAt[] | null {
  const bySku = new Map(stock.map(([sku, locations]) => [sku, new Map(locations)]));
  const parts = components.map(({ sku, quantity }) => ({ quantity, units: bySku.get(sku) ?? new Map() }));
  const [first] = parts;
  if (first === undefined || parts.some(({ units }) => units.size === 0)) return null;
  return [...first.units.keys()].map((locationId) => ({
    locationId,
    available: Math.min(
      ...parts.map(({ quantity, units }) => Math.floor(Math.max(0, units.get(locationId) ?? 0) / quantity)),
    ),
  }));
}

/** Summed over the locations that are meant. */
export function kitsAtAll(kits: readonly StockAt[] | null, { locationIds }: StockScope): number | null {
  if (kits === null) return null;
  const meant = kits.filter(
    ({ locationId }) => locationIds === undefined || locationIds.includes(locationId),
  );
  return meant.reduce((sum, { available }) => sum + available, 0);
}

/** The components of all lines, each SKU once. */
export function componentSkus(
  kits: KitBook,
  lines: readonly { readonly sku: string }[],
): ReadonlySet<string> {
  return new Set(lines.flatMap((line) => componentsOf(kits, line.sku).map((component) => component.sku)));
}

function wrong(kit: Kit, what: string): EngineError {
  return new EngineError("invalid_request", `kit ${kit.sku} ${what}`);
}
