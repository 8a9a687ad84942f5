/**
 * The robot's order for one pick task: drive to the shelf of each line, pick into the tote, set the tote down
 * where the conveyor begins. Order and action ids derive from the task and its attempt. So a repeated order
 * is the same order to the robot, and its reports find their lines without any memory here.
 */
import type { AssignedTask, TaskLine } from "../../store/floor/floor-tasks.ts";
import type { OrderAction, RobotOrder } from "./messages.ts";
import { type Station, type Stations, shelfOf } from "./stations.ts";
import { tour, type Whereabouts } from "./tour.ts";

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
  const { induction } = stations;
  const shelves = byShelf(task.lines, stations).map(([shelf, lines]) => ({
    station: shelf,
    actions: lines.map(({ line, index }) => pickAction(task, pickActionId(orderId, index), shelf, line)),
  }));
  const drop: OrderAction = {
    actionId: dropActionId(orderId),
    actionType: "drop",
    blockingType: "HARD",
    actionParameters: [
      { key: "stationType", value: "conveyor" },
      { key: "stationName", value: induction.nodeId },
      { key: "loadType", value: "tote" },
      { key: "loadId", value: task.handlingUnit },
    ],
  };
  return tour(orderId, robot, stations, [...shelves, { station: induction, actions: [drop] }]);
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
