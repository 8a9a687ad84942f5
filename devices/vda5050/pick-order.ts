/**
 * The robot's order for one pick task: drive to the station of each line, pick into the tote, set the tote
 * down where the conveyor begins. Order and action ids derive from the task and its attempt. So a repeated
 * order is the same order to the robot, and its reports find their lines without any memory here.
 */
import type { AssignedTask, TaskLine } from "../../store/floor/floor-tasks.ts";
import type { OrderAction, OrderEdge, OrderNode, RobotOrder } from "./messages.ts";

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

type Station = { readonly name: string; readonly x: number; readonly y: number };

/** Metres from one aisle, and one bay, to the next. */
const AISLE = 4;
const BAY = 1.5;

/** Where a SKU lies: a fixed place that follows from its name. There is no slotting yet. */
function stationOf(sku: string): Station {
  let hash = 2166136261;
  for (const character of sku) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619) >>> 0;
  const aisle = hash % 8;
  const bay = (hash >>> 3) % 20;
  const level = (hash >>> 8) % 4;
  const letter = "ABCDEFGH"[aisle];
  return {
    name: `${letter}-${String(bay + 1).padStart(2, "0")}-${level + 1}`,
    x: aisle * AISLE,
    y: bay * BAY,
  };
}

const INDUCTION: Station = { name: "induction-1", x: 34, y: 0 };

/** @param startNodeId where the robot stands: the `lastNodeId` of its last state. */
export function pickOrder(task: AssignedTask, startNodeId: string): RobotOrder {
  const orderId = robotOrderId(task);
  const nodes: OrderNode[] = [{ nodeId: startNodeId, sequenceId: 0, released: true, actions: [] }];
  const edges: OrderEdge[] = [];
  const stop = (station: Station, actions: readonly OrderAction[]): void => {
    const sequenceId = nodes.length * 2;
    edges.push({
      edgeId: `${orderId}:e${sequenceId - 1}`,
      sequenceId: sequenceId - 1,
      released: true,
      startNodeId: nodes.at(-1)?.nodeId ?? startNodeId,
      endNodeId: station.name,
      actions: [],
    });
    nodes.push({
      nodeId: station.name,
      sequenceId,
      released: true,
      nodePosition: { x: station.x, y: station.y, mapId: task.locationId },
      actions,
    });
  };
  for (const [station, lines] of byStation(task.lines)) {
    stop(
      station,
      lines.map(({ line, index }) => pickAction(task, pickActionId(orderId, index), station, line)),
    );
  }
  stop(INDUCTION, [
    {
      actionId: dropActionId(orderId),
      actionType: "drop",
      blockingType: "HARD",
      actionParameters: [
        { key: "stationType", value: "conveyor" },
        { key: "stationName", value: INDUCTION.name },
        { key: "loadType", value: "tote" },
        { key: "loadId", value: task.handlingUnit },
      ],
    },
  ]);
  return { orderId, orderUpdateId: 0, nodes, edges };
}

function pickAction(task: AssignedTask, actionId: string, station: Station, line: TaskLine): OrderAction {
  return {
    actionId,
    actionType: "pick",
    blockingType: "HARD",
    actionParameters: [
      { key: "stationType", value: "shelf" },
      { key: "stationName", value: station.name },
      { key: "loadType", value: "tote" },
      { key: "loadId", value: task.handlingUnit },
      { key: "sku", value: line.sku },
      { key: "gtin", value: line.gtin },
      { key: "quantity", value: line.quantity },
    ],
  };
}

/** Stops in the order of aisles and bays, each with its lines. */
function byStation(
  lines: readonly TaskLine[],
): readonly [Station, readonly { line: TaskLine; index: number }[]][] {
  const stops = new Map<string, [Station, { line: TaskLine; index: number }[]]>();
  for (const [index, line] of lines.entries()) {
    const station = stationOf(line.sku);
    const stop = stops.get(station.name) ?? [station, []];
    stop[1].push({ line, index });
    stops.set(station.name, stop);
  }
  return [...stops.values()].sort(([a], [b]) => (a.name < b.name ? -1 : 1));
}
