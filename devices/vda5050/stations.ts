/**
 * Where a robot works: the nodes of its map at which it picks, sets down and charges. All of them are
 * configured; a place that nobody has named is no place, and nothing is made up for it.
 */
export type Station = {
  /** The node's name on the robot's map; also the `stationName` of its actions. */
  readonly nodeId: string;
  /** `null`: the robot knows where its node is. */
  readonly position: {
    readonly x: number;
    readonly y: number;
    readonly theta: number | null;
    readonly mapId: string;
  } | null;
};

export type Shelf = Station & {
  /** SKUs that lie there, each a whole one or a beginning with `*` behind it; empty: all that no other has. */
  readonly skus: readonly string[];
};

export type Stations = {
  /** Where a full tote is set down on the conveyor. */
  readonly induction: Station;
  readonly shelves: readonly Shelf[];
  /** Where it charges; empty: it finds its charger itself. */
  readonly chargers: readonly Station[];
};

/** The configured station at a node. */
export function stationAt({ induction, shelves, chargers }: Stations, nodeId: string): Station | undefined {
  return [induction, ...shelves, ...chargers].find((station) => station.nodeId === nodeId);
}

/** Where a SKU lies: at the shelf that names it most exactly. `undefined`: nobody has said. */
export function shelfOf({ shelves }: Stations, sku: string): Shelf | undefined {
  let best: Shelf | undefined;
  let length = -1;
  for (const shelf of shelves) {
    const match = Math.max(
      shelf.skus.length === 0 ? 0 : -1,
      ...shelf.skus.map((pattern) => matched(pattern, sku)),
    );
    if (match > length) [best, length] = [shelf, match];
  }
  return best;
}

/** How much of the SKU the pattern names; -1: it is another one. A whole one is more than any beginning. */
function matched(pattern: string, sku: string): number {
  if (pattern === sku) return Number.POSITIVE_INFINITY;
  const beginning = pattern.slice(0, -1);
  return pattern.endsWith("*") && sku.startsWith(beginning) ? pattern.length : -1;
}
