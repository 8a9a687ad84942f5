/** Which charger of its map a robot is sent to. Pure. */
import type { Station } from "../vda5050/stations.ts";

/**
 * The next one after that which was tried last, so that one broken charger does not keep a robot empty.
 *
 * @param taken nodes where other robots stand, or to which they were sent
 * @param tried where it was sent last, in vain; `null`: nowhere
 * @returns `null` where all are taken
 */
export function chooseCharger(
  chargers: readonly Station[],
  taken: ReadonlySet<string>,
  tried: string | null,
): Station | null {
  const from = chargers.findIndex(({ nodeId }) => nodeId === tried) + 1;
  const inTurn = [...chargers.slice(from), ...chargers.slice(0, from)];
  return inTurn.find(({ nodeId }) => !taken.has(nodeId)) ?? null;
}
