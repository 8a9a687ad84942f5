/**
 * Kits: SKUs that are sold as one and picked as several.
 *
 * A SKU that is not a kit is treated as the kit of one of itself, so that planning treats all lines alike.
 */
import type { Kit, KitComponent } from "../allocator-client.ts";
import { EngineError } from "../errors.ts";

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
