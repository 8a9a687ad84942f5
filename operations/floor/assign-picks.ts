import { type AssignedTask, assignTasks } from "../../store/floor/floor-tasks.ts";
import type { FloorContext } from "../context.ts";

export type IdleRobot = {
  readonly deviceId: string;
  readonly locationId: string;
  /** Tasks that it is not to get. Absent: it may get any. */
  readonly except?: readonly string[];
};

/**
 * Robots begin the picks that wait for them, at most one each. Stages and timelines of the orders say so.
 *
 * Robots that may do anything choose first, so that a task that one is not to get finds another.
 */
export async function assignPicks(
  { database }: FloorContext,
  idle: readonly IdleRobot[],
): Promise<readonly AssignedTask[]> {
  const free = idle.filter(({ except = [] }) => except.length === 0);
  const assigned = free.length === 0 ? [] : [...(await assignTasks(database, free))];
  for (const robot of idle) {
    const { except = [] } = robot;
    if (except.length > 0) assigned.push(...(await assignTasks(database, [robot], except)));
  }
  return assigned;
}
