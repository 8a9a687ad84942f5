/**
 * The robot's order for one pick task: drive to the shelf of each line, pick into the tote, set the tote down
 * where the conveyor begins; nodes are those of the robot's settings. Order and action ids derive from the
 * task and its attempt. So a repeated order is the same order to the robot, and its reports find their lines
 * without any memory here.
 */
import type { AssignedTask, TaskLine } from "../../store/floor/floor-tasks.ts";
import type { OrderAction, OrderEdge, OrderNode, RobotOrder, RobotState } from "./messages.ts";
import { type Station, type Stations, shelfOf } from "./stations.ts";

export function robotOrderId(task: Pick<AssignedTask, "taskId" | "attempt">): string {
  return `${task.taskId}.${task.attempt}`;
}

/** Whether an order is one of ours: robots also carry out orders of others, which are left alone. */
export function isPickOrderId(orderId: string): boolean {
  return /:pick:\d+\.\d+$/.test(orderId);
}

export function pickActionId(orderId: string, line: number): string {
  return `${orderId}:pick-${line}`;
}

export function dropActionId(orderId: string): string {
  return `${orderId}:drop`;
}

/** Of the instant action that ends the order. */
export function cancelActionId(orderId: string): string {
  return `${orderId}:cancel`;
}

/** Where a robot stands, as far as it says so. */
type Whereabouts = Pick<RobotState, "lastNodeId" | "position">;

/** Whether an order can begin where the robot stands: it names a node, or a position. */
export function knowsWhereItIs({ lastNodeId, position }: Whereabouts): boolean {
  return lastNodeId !== "" || (position !== null && position.mapId !== "");
}

/** The first SKU of the task for which no shelf is configured. */
export function skuWithoutShelf(
  { lines }: Pick<AssignedTask, "lines">,
  stations: Stations,
): string | undefined {
  return lines.find(({ sku }) => shelfOf(stations, sku) === undefined)?.sku;
}

/** Every SKU of the task has a shelf (`skuWithoutShelf`). @param robot where it stands (`knowsWhereItIs`) */
export function pickOrder(task: AssignedTask, robot: Whereabouts, stations: Stations): RobotOrder {
  const orderId = robotOrderId(task);
  const first = firstNode(orderId, robot, stations);
  const nodes: OrderNode[] = [first];
  const edges: OrderEdge[] = [];
  const stop = (station: Station, actions: readonly OrderAction[]): void => {
    const sequenceId = nodes.length * 2;
    edges.push({
      edgeId: `${orderId}:e${sequenceId - 1}`,
      sequenceId: sequenceId - 1,
      released: true,
      startNodeId: nodes.at(-1)?.nodeId ?? first.nodeId,
      endNodeId: station.nodeId,
      actions: [],
    });
    nodes.push({ nodeId: station.nodeId, sequenceId, released: true, ...positionOf(station), actions });
  };
  for (const [shelf, lines] of byShelf(task.lines, stations)) {
    stop(
      shelf,
      lines.map(({ line, index }) => pickAction(task, pickActionId(orderId, index), shelf, line)),
    );
  }
  stop(stations.induction, [
    {
      actionId: dropActionId(orderId),
      actionType: "drop",
      blockingType: "HARD",
      actionParameters: [
        { key: "stationType", value: "conveyor" },
        { key: "stationName", value: stations.induction.nodeId },
        { key: "loadType", value: "tote" },
        { key: "loadId", value: task.handlingUnit },
      ],
    },
  ]);
  return { orderId, orderUpdateId: 0, nodes, edges };
}

/**
 * Where the robot stands: the node that it has reached last, or one of this order's own where it knows no
 * node. Its place is the configured one, or where the robot says that it is.
 */
function firstNode(orderId: string, { lastNodeId, position }: Whereabouts, stations: Stations): OrderNode {
  const node = { nodeId: lastNodeId || `${orderId}:start`, sequenceId: 0, released: true, actions: [] };
  const known = [stations.induction, ...stations.shelves].find(({ nodeId }) => nodeId === lastNodeId);
  if (known !== undefined) return { ...node, ...positionOf(known) };
  if (position === null || position.mapId === "") return node;
  const { x, y, mapId } = position;
  return { ...node, nodePosition: { x, y, mapId } };
}

function positionOf({ position }: Station): Pick<OrderNode, "nodePosition"> {
  if (position === null) return {};
  const { theta, ...place } = position;
  return { nodePosition: theta === null ? place : { ...place, theta } };
}

function pickAction(task: AssignedTask, actionId: string, station: Station, line: TaskLine): OrderAction {
  return {
    actionId,
    actionType: "pick",
    blockingType: "HARD",
    actionParameters: [
      { key: "stationType", value: "shelf" },
      { key: "stationName", value: station.nodeId },
      { key: "loadType", value: "tote" },
      { key: "loadId", value: task.handlingUnit },
      { key: "sku", value: line.sku },
      { key: "gtin", value: line.gtin },
      { key: "quantity", value: line.quantity },
    ],
  };
}

/** Stops in the order in which the shelves are configured, each with its lines. */
function byShelf(
  lines: readonly TaskLine[],
  stations: Stations,
): readonly (readonly [Station, readonly { line: TaskLine; index: number }[]])[] {
  const stops = new Map<Station, { line: TaskLine; index: number }[]>();
  for (const [index, line] of lines.entries()) {
    const shelf = shelfOf(stations, line.sku);
    if (shelf === undefined) throw new RangeError(`no shelf for ${line.sku}`);
    stops.set(shelf, [...(stops.get(shelf) ?? []), { line, index }]);
  }
  return stations.shelves.flatMap((shelf) => {
    const at = stops.get(shelf);
    return at === undefined ? [] : [[shelf, at] as const];
  });
}
