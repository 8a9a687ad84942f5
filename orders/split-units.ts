/**
 * Units of order lines, taken out of the holds of a fulfillment order; of a kit's line, all of its
 * components.
 */
export type HeldLine = {
  readonly lineId: string;
  readonly holdId: string;
  readonly sku: string;
  readonly quantity: number;
  /** How many of the SKU one unit of the line takes. */
  readonly perUnit: number;
};

type LineUnits = { readonly lineId: string; readonly quantity: number };

export type SplitUnits<L extends HeldLine> = {
  readonly taken: readonly L[];
  readonly left: readonly L[];
  /** What was asked for and is not there. */
  readonly missing: readonly LineUnits[];
};

/** Takes `wanted` out of `lines`, hold by hold in their order; quantities of both parts add up. */
export function splitUnits<L extends HeldLine>(
  lines: readonly L[],
  wanted: readonly LineUnits[],
): SplitUnits<L> {
  const units = new Map<string, number>();
  for (const { lineId, quantity } of wanted) units.set(lineId, (units.get(lineId) ?? 0) + quantity);
  // What is still to be taken of each component of a line.
  const wantedOf = new Map<string, number>();
  for (const line of lines) wantedOf.set(componentKey(line), (units.get(line.lineId) ?? 0) * line.perUnit);
  const { taken, left, open } = takeComponents(lines, wantedOf);
  const missing = [...units].flatMap(([lineId, quantity]) => {
    const components = lines.filter((line) => line.lineId === lineId);
    if (components.length === 0) return [{ lineId, quantity }];
    const lacking = components.map(({ sku, perUnit }) =>
      Math.ceil((open.get(componentKey({ lineId, sku })) ?? 0) / perUnit),
    );
    const most = Math.max(...lacking);
    return most > 0 ? [{ lineId, quantity: most }] : [];
  });
  return { taken, left, missing };
}

/** Names a component of a line; of a line that is no kit, its goods. */
export function componentKey({ lineId, sku }: Pick<HeldLine, "lineId" | "sku">): string {
  return `${lineId} ${sku}`;
}

/**
 * Takes components out of `lines`, hold by hold in their order.
 *
 * @param wanted how many of each, by `componentKey`
 * @returns also what of `wanted` is still open
 */
export function takeComponents<L extends HeldLine>(
  lines: readonly L[],
  wanted: ReadonlyMap<string, number>,
): { readonly taken: readonly L[]; readonly left: readonly L[]; readonly open: ReadonlyMap<string, number> } {
  const open = new Map(wanted);
  const taken: L[] = [];
  const left: L[] = [];
  for (const line of lines) {
    const key = componentKey(line);
    const quantity = Math.min(line.quantity, open.get(key) ?? 0);
    open.set(key, (open.get(key) ?? 0) - quantity);
    if (quantity > 0) taken.push({ ...line, quantity });
    if (quantity < line.quantity) left.push({ ...line, quantity: line.quantity - quantity });
  }
  return { taken, left, open };
}
