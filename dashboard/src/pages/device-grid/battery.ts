/**
 * A VDA 5050 robot's charge in whole percent (`batteryState.batteryCharge`;
 * version 3 calls it `powerSupply.stateOfCharge`).
 */
export function batteryPercent(state: Readonly<Record<string, unknown>>): number | null {
  const charge =
    numberAt(state, "batteryState", "batteryCharge") ??
    numberAt(state, "powerSupply", "stateOfCharge") ??
    numberAt(state, "battery");
  if (charge === null) return null;
  return Math.min(100, Math.max(0, Math.round(charge)));
}

function numberAt(state: unknown, ...path: readonly string[]): number | null {
  let value: unknown = state;
  for (const name of path) {
    if (typeof value !== "object" || value === null) return null;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
