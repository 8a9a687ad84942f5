/**
 * Units of an order that its channel has sold and that will not come, by the channel's lines: what was
 * cancelled here, without what something else is sent in the place of.
 */
type Line = {
  readonly externalLineId: string;
  readonly isSubstitute: boolean;
  readonly ordered: number;
  readonly cancelled: number;
};

export function unitsGivenUp(lines: readonly Line[]): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  for (const { externalLineId, isSubstitute, ordered, cancelled } of lines) {
    const less = isSubstitute ? -(ordered - cancelled) : cancelled;
    units.set(externalLineId, (units.get(externalLineId) ?? 0) + less);
  }
  return new Map([...units].map(([id, quantity]) => [id, Math.max(0, quantity)]));
}
