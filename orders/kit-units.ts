/**
 * From components back to what was ordered: stock counts a kit's components, the order's line ledger counts
 * kits.
 *
 * A unit of a line is whole where all of its components are there; an incomplete unit counts nothing.
 */
type ComponentUnits = {
  readonly lineId: string;
  readonly sku: string;
  readonly quantity: number;
  /** How many of the SKU one unit of the line takes; 1 where the line is no kit. */
  readonly perUnit: number;
};

/** Whole units by line. `parts` names every component of a line, also those of which there is nothing. */
export function wholeUnits(
  parts: readonly ComponentUnits[],
): readonly { readonly lineId: string; readonly quantity: number }[] {
  const lines = new Map<string, Map<string, ComponentUnits>>();
  for (const part of parts) {
    const components = lines.get(part.lineId) ?? new Map<string, ComponentUnits>();
    lines.set(part.lineId, components);
    const known = components.get(part.sku)?.quantity ?? 0;
    components.set(part.sku, { ...part, quantity: known + part.quantity });
  }
  return [...lines].map(([lineId, components]) => ({
    lineId,
    quantity: Math.min(
      ...[...components.values()].map(({ quantity, perUnit }) => Math.floor(quantity / perUnit)),
    ),
  }));
}
