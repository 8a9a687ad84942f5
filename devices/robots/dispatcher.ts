/**
 * Hands queued pick tasks to idle robots and sees each task to its end.
 *
 * The database is the truth: a task is `assigned` to one robot there before its order is sent, and the
 * robot's state tells whether it has the order. That is enough to go on after a restart of either side:
 * assigned tasks are read back, and an order that the robot does not show is sent again under the same id. A
 * robot that has it already ignores it.
 *
 * All changes of the table run in the listener's loop, one at a time, so that memory and table cannot
 * disagree. The loop wakes up on `NOTIFY floor_task`, for robots and by the clock, and books all finished and
 * all new tasks of that moment in one statement each.
 */
import type { Logger } from "pino";
import type { FloorContext } from "../../operations/context.ts";
import { assignPicks } from "../../operations/floor/assign-picks.ts";
import { reportFloorException } from "../../operations/floor/report-floor-exception.ts";
import {
  type AssignedTask,
  assignedTasks,
  FLOOR_TASK_CHANNEL,
  failTask,
  finishTasks,
  requeueTask,
} from "../../store/floor/floor-tasks.ts";
import { type Listener, startListener } from "../../store/sql/listener.ts";
import type { DeviceRegistry } from "../mqtt/device-registry.ts";
import { type BridgeTimings, MOST_ATTEMPTS } from "../mqtt/timings.ts";
import { orderProgress } from "../vda5050/order-progress.ts";
import type { Robot, RobotFleet, TaskOutcomes } from "./robot-fleet.ts";

export class Dispatcher implements TaskOutcomes {
  private readonly context: FloorContext;
  private readonly registry: DeviceRegistry;
  private readonly fleet: RobotFleet;
  private readonly timings: BridgeTimings;
  private readonly site: string | null;
  private readonly logger: Logger;
  private tasksFinished: { readonly robot: Robot; readonly task: AssignedTask }[] = [];
  private listener: Listener | null = null;

  constructor(options: {
    readonly context: FloorContext;
    readonly registry: DeviceRegistry;
    readonly fleet: RobotFleet;
    readonly timings: BridgeTimings;
    /** Whose tasks these are; null: those of all sites. */
    readonly site: string | null;
    readonly logger: Logger;
  }) {
    this.site = options.site;
    this.context = options.context;
    this.registry = options.registry;
    this.fleet = options.fleet;
    this.timings = options.timings;
    this.logger = options.logger;
  }

  start(): void {
    this.listener = startListener({
      database: this.context.database,
      channel: FLOOR_TASK_CHANNEL,
      everyMs: this.timings.sweepMs,
      work: async (isDue) => {
        await this.dispatch(isDue);
        return false;
      },
      // Nothing has left memory that is not in the table.
      onFault: (error) => this.logger.warn({ err: error }, "dispatch failed; trying again"),
    });
  }

  async stop(): Promise<void> {
    await this.listener?.stop();
  }

  finished(robot: Robot, task: AssignedTask): void {
    this.tasksFinished.push({ robot, task });
    this.wake();
  }

  stateChanged(): void {
    this.wake();
  }

  async failed(robot: Robot, task: AssignedTask, detail: string): Promise<void> {
    if (robot.picksBooked || task.attempt >= MOST_ATTEMPTS) return this.abandoned(robot, task, detail, true);
    this.logger.warn({ task: task.taskId, robot: task.deviceId, detail }, "pick given back to the queue");
    await requeueTask(this.context.database, task, detail);
    await this.fleet.recall(robot, task);
    this.wake();
  }

  async abandoned(robot: Robot, task: AssignedTask, detail: string, tellSaga: boolean): Promise<void> {
    await this.abandon(task, detail, tellSaga);
    await this.fleet.recall(robot, task);
    this.wake();
  }

  /**
   * The exception comes first: a crash after it repeats it, which changes nothing. In the other order it
   * would be lost.
   */
  private async abandon(task: AssignedTask, detail: string, tellSaga: boolean): Promise<void> {
    this.logger.warn({ task: task.taskId, robot: task.deviceId, detail }, "pick abandoned");
    if (tellSaga) {
      await reportFloorException(this.context, {
        fulfillmentOrderId: task.fulfillmentOrderId,
        code: "device_failure",
        detail,
        cause: `device:${task.deviceId}`,
      });
    }
    await failTask(this.context.database, task, detail);
  }

  private wake(): void {
    this.listener?.wake();
  }

  private async dispatch(isSweepDue: boolean): Promise<void> {
    await this.bookFinished();
    if (isSweepDue) {
      await this.sweep();
      this.fleet.askToCharge();
    }
    await this.assign();
  }

  private async bookFinished(): Promise<void> {
    const finished = [...this.tasksFinished];
    if (finished.length === 0) return;
    await finishTasks(
      this.context.database,
      finished.map(({ task }) => task),
    );
    this.tasksFinished = this.tasksFinished.slice(finished.length);
    for (const { robot, task } of finished) if (robot.task === task) robot.task = null;
  }

  private async assign(): Promise<void> {
    const idle = this.fleet.idle();
    if (idle.length === 0) return;
    const tasks = await assignPicks(this.context, idle);
    for (const task of tasks) {
      const robot = this.fleet.get(task.deviceId);
      if (robot === undefined) continue;
      this.fleet.give(robot, task);
      this.fleet.send(robot).catch((error) => this.logger.warn({ err: error }, "order not sent"));
    }
  }

  /** Brings memory in line with the table, and acts on tasks that make no progress. */
  private async sweep(): Promise<void> {
    const tasks = await assignedTasks(this.context.database, this.site);
    const held = new Map(tasks.map((task) => [task.deviceId, task]));
    for (const robot of this.fleet.all()) {
      const { task } = robot;
      if (task === null) continue;
      const still = held.get(task.deviceId);
      // Cancelled or taken away meanwhile.
      if (still?.taskId !== task.taskId || still.attempt !== task.attempt)
        await this.fleet.recall(robot, task);
    }
    await this.fleet.cancelStrays(tasks);
    for (const task of tasks) await this.pursue(task);
  }

  private async pursue(task: AssignedTask): Promise<void> {
    const robot = this.fleet.get(task.deviceId);
    if (robot !== undefined && robot.task === null) this.fleet.give(robot, task);
    const picked = task.stage !== "waiting" && task.stage !== "picking";
    const away = this.awayMs(task.deviceId, robot);
    if (away > (picked ? this.timings.abandonMs : this.timings.requeueMs)) {
      if (robot?.task !== undefined && robot.task !== null) robot.task = null;
      const detail = `${task.deviceId} has been away for ${Math.round(away / 1000)} s`;
      if (picked || task.attempt >= MOST_ATTEMPTS) return this.abandon(task, detail, true);
      return requeueTask(this.context.database, task, detail);
    }
    if (robot?.state === undefined || robot.state === null || robot.task === null) return undefined;
    const stands = this.fleet.standsTooLong(robot);
    if (stands !== null) {
      this.fleet.decline(robot, task, stands);
      return picked ? this.abandoned(robot, task, stands, true) : this.failed(robot, robot.task, stands);
    }
    const known = orderProgress(robot.task, robot.state, robot.offer).status;
    return known === "unknown" ? this.fleet.offerAgain(robot, robot.task) : undefined;
  }

  /** How long the robot has not been able to work, in milliseconds; 0 where it is able. */
  private awayMs(deviceId: string, robot: Robot | undefined): number {
    const device = this.registry.get(deviceId);
    const now = performance.now();
    if (device === undefined) return Number.POSITIVE_INFINITY;
    if (device.connection !== "online") return now - device.connectionSince;
    return robot === undefined || robot.impairedSince === 0 ? 0 : now - robot.impairedSince;
  }
}
