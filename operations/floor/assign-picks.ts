import { type AssignedTask, assignTasks } from "../../store/floor/floor-tasks.ts";
import type { OperationContext } from "../context.ts";

type IdleRobot = { readonly deviceId: string; readonly locationId: string };

/** Robots begin the picks that wait for them, at most one each. Stages and timelines of the orders say so. */
export function assignPicks(
  context: OperationContext,
  idle: readonly IdleRobot[],
): Promise<readonly AssignedTask[]> {
  return assignTasks(context.database, idle);
}
