/**
 * What a robot's state says that it has taken for the order in it, whosever order it is by now: also of one
 * that was cancelled or given to another robot. Pure.
 */
import type { ReportedLoad } from "../../store/floor/robot-loads.ts";
import type { RobotState } from "./messages.ts";
import { namedUnits, parseShortPick } from "./order-progress.ts";
import { dropActionId } from "./pick-order.ts";

type TakenUnits = ReportedLoad["units"][number];

/** `null`: nothing, or it is no order of ours. */
export function loadIn(state: RobotState): Omit<ReportedLoad, "deviceId"> | null {
  const { orderId } = state;
  const parts = /^(.+)\.(\d{1,6})$/.exec(orderId);
  const [taskId, attempt] = [parts?.[1], Number(parts?.[2])];
  if (taskId === undefined) return null;
  const units: TakenUnits[] = [];
  for (const [actionId, { status, result }] of state.actions) {
    const line = lineOf(orderId, actionId);
    if (line === null) continue;
    const { serials = [] } = namedUnits(result);
    if (status === "FINISHED") units.push({ line, quantity: null, serials });
    if (status !== "FAILED") continue;
    const picked = parseShortPick(result, Number.POSITIVE_INFINITY)?.picked ?? 0;
    if (picked > 0) units.push({ line, quantity: picked, serials });
  }
  if (units.length === 0) return null;
  const isSetDown = state.actions.get(dropActionId(orderId))?.status === "FINISHED";
  return { taskId, attempt, units: units.sort((a, b) => a.line - b.line), isSetDown };
}

function lineOf(orderId: string, actionId: string): number | null {
  const prefix = `${orderId}:pick-`;
  if (!actionId.startsWith(prefix)) return null;
  const line = actionId.slice(prefix.length);
  return /^\d{1,4}$/.test(line) ? Number(line) : null;
}
