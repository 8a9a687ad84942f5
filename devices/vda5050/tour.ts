/**
 * The way of an order: from where the robot stands to one station after the other, each with its actions.
 * Nodes are those of the robot's settings.
 */
import type { OrderAction, OrderEdge, OrderNode, RobotOrder, RobotState } from "./messages.ts";
import { type Station, type Stations, stationAt } from "./stations.ts";

/** Where a robot stands, as far as it says so. */
export type Whereabouts = Pick<RobotState, "lastNodeId" | "position">;

export type Stop = { readonly station: Station; readonly actions: readonly OrderAction[] };

/** Whether an order can begin where the robot stands: it names a node, or a position. */
export function knowsWhereItIs({ lastNodeId, position }: Whereabouts): boolean {
  return lastNodeId !== "" || (position !== null && position.mapId !== "");
}

/**
 * Where the robot stands at its first stop already, it acts there: an edge from a node to itself is none.
 *
 * @param robot where it stands (`knowsWhereItIs`)
 */
export function tour(
  orderId: string,
  robot: Whereabouts,
  stations: Stations,
  stops: readonly Stop[],
): RobotOrder {
  const start = firstNode(orderId, robot, stations);
  const isThere = stops[0]?.station.nodeId === start.nodeId;
  const first = isThere ? { ...start, actions: stops[0]?.actions ?? [] } : start;
  const nodes: OrderNode[] = [first];
  const edges: OrderEdge[] = [];
  for (const { station, actions } of isThere ? stops.slice(1) : stops) {
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
  }
  return { orderId, orderUpdateId: 0, nodes, edges };
}

/**
 * Where the robot stands: the node that it has reached last, or one of this order's own where it knows no
 * node. Its place is the configured one, or where the robot says that it is.
 */
function firstNode(orderId: string, { lastNodeId, position }: Whereabouts, stations: Stations): OrderNode {
  const node = { nodeId: lastNodeId || `${orderId}:start`, sequenceId: 0, released: true, actions: [] };
  const known = stationAt(stations, lastNodeId);
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
