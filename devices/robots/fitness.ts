/**
 * Whether a robot is fit for a task, from its own state and its settings. Pure. What it cannot do any work
 * with, and what it may still end its present task with, are told apart.
 */
import type { RobotState } from "../vda5050/messages.ts";
import { knowsWhereItIs } from "../vda5050/tour.ts";
import type { RobotSettings } from "./robot-settings.ts";

/** Why it is to get no new task, although it may go on with the one it has; empty: it may. */
export function reservationsOf(state: RobotState, settings: RobotSettings): readonly string[] {
  const reservations = [...state.urgentErrors, ...state.standstill];
  const { batteryCharge, charging } = state;
  if (batteryCharge !== null && batteryCharge < (charging ? settings.chargingLeast : settings.batteryLeast)) {
    reservations.push(`battery at ${batteryCharge} %${charging ? ", charging" : ""}`);
  }
  if (settings.stations === null) reservations.push("no stations configured");
  if (!knowsWhereItIs(state)) reservations.push("says neither node nor position");
  return reservations;
}

/** Whether a robot that has nothing to do is to charge, and does not do so by itself. */
export function needsCharge({ batteryCharge, charging }: RobotState, settings: RobotSettings): boolean {
  return (
    settings.startCharging && !charging && batteryCharge !== null && batteryCharge < settings.batteryLeast
  );
}

/** Whether the robot is still at work on whatever order it has. */
export function isUnderway(state: RobotState): boolean {
  if (state.nodesAhead > 0) return true;
  for (const { status } of state.actions.values()) {
    if (status !== "FINISHED" && status !== "FAILED") return true;
  }
  return false;
}
