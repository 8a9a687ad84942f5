/** A number of units, for a sentence: `1 unit`, `3 units`. */
export function unitsText(units: number): string {
  return `${units} ${units === 1 ? "unit" : "units"}`;
}
