/**
 * The robot's order to charge: drive to the charger and begin there. It is no pick; a robot has it as it has
 * any other order, so it gets no task before it stands at its charger.
 */
import type { RobotOrder } from "./messages.ts";
import type { Station, Stations } from "./stations.ts";
import { tour, type Whereabouts } from "./tour.ts";

const ID = /:charge:[0-9a-f-]{36}$/;

/** @param uuid of this try */
export function chargeOrderId(deviceId: string, uuid: string): string {
  return `${deviceId}:charge:${uuid}`;
}

export function isChargeOrderId(orderId: string): boolean {
  return ID.test(orderId);
}

/** @param robot where it stands (`knowsWhereItIs`) */
export function chargeOrder(
  orderId: string,
  robot: Whereabouts,
  stations: Stations,
  charger: Station,
): RobotOrder {
  const action = {
    actionId: `${orderId}:start`,
    actionType: "startCharging",
    blockingType: "HARD",
    actionParameters: [],
  } as const;
  return tour(orderId, robot, stations, [{ station: charger, actions: [action] }]);
}
