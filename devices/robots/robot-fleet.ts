/**
 * The robots as the bridge sees them: who is there, in what state, with which task in hand.
 *
 * A state message is cumulative: for each robot only the newest one is worked on, and no robot waits for
 * another. What a state says about the task in hand (`order-progress.ts`) becomes `confirmPick`, and then the
 * end of the task, which the dispatcher books. Which robot gets which task is for the dispatcher to decide.
 *
 * F1 a robot's reports never go back: a state that is older than the last one since it connected, by its
 *    counter and by its clock, is dropped. A clock that is set back alone does not silence the robot
 * F2 a state that cannot be booked keeps its task, and is tried again unless a newer one has come
 * F3 an order is offered `MOST_OFFERS` times; a robot that does not take it, or refuses it, is passed over
 *    for a while as long as another robot of its location can work
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { OperationContext } from "../../operations/context.ts";
import { confirmPick } from "../../operations/floor/confirm-pick.ts";
import { clippedText } from "../../orders/storable-text.ts";
import type { AssignedTask } from "../../store/floor/floor-tasks.ts";
import type { Device, DeviceRegistry } from "../mqtt/device-registry.ts";
import type { BridgeTimings } from "../mqtt/timings.ts";
import { robotTopic, type VdaMajor } from "../mqtt/topics.ts";
import {
  cancelOrderMessage,
  HeaderCounter,
  orderMessage,
  type RobotConnection,
  type RobotState,
} from "../vda5050/messages.ts";
import { orderProgress, type Picks } from "../vda5050/order-progress.ts";
import { isPickOrderId, pickOrder, robotOrderId } from "../vda5050/pick-order.ts";
import { RobotLoads } from "./robot-loads.ts";

export type Robot = {
  readonly device: Device;
  readonly major: VdaMajor;
  readonly manufacturer: string;
  readonly headers: HeaderCounter;
  state: RobotState | null;
  connectedAtMs: number;
  task: AssignedTask | null;
  /** Whether the picks of the task in hand are booked. */
  picksBooked: boolean;
  /** When the order of the task in hand was last sent; monotonic. */
  sentAt: number;
  /** How often it was sent. */
  offers: number;
  /** When an order that is not its own was last cancelled; monotonic. */
  cancelledAt: number;
  /** Until when another robot comes first, because this one took no order; monotonic. */
  passedOverUntil: number;
  /** Since when the robot has reported that it cannot work; monotonic. 0: it can. */
  impairedSince: number;
  unread: RobotState | null;
  work: Promise<void> | null;
};

/** How a task ends; the dispatcher books it. */
export type TaskOutcomes = {
  /** The tote is on the conveyor. */
  finished(robot: Robot, task: AssignedTask): void;
  /** The robot cannot do it. Another robot may, unless the picks are booked. */
  failed(robot: Robot, task: AssignedTask, detail: string): Promise<void>;
  /** No robot is to do it: the fulfillment order is closed, or the stock refuses. */
  abandoned(robot: Robot, task: AssignedTask, detail: string, tellSaga: boolean): Promise<void>;
  /** A robot may have become idle. */
  stateChanged(): void;
};

const RETRY_MS = 500;
/** How often a robot is sent an order that it does not show. */
const MOST_OFFERS = 3;
const PASSED_OVER_MS = 60_000;
/** What a device row keeps of an id that the robot chose, and of its errors. */
const MOST_SHOWN = 256;
const MOST_ERRORS_SHOWN = 20;

export class RobotFleet {
  private readonly context: OperationContext;
  private readonly registry: DeviceRegistry;
  private readonly publish: (topic: string, message: object) => Promise<void>;
  private readonly timings: BridgeTimings;
  private readonly logger: Logger;
  private readonly loads: RobotLoads;
  private readonly robots = new Map<string, Robot>();
  private outcomes: TaskOutcomes | undefined;
  private stopping = false;

  constructor(options: {
    readonly context: OperationContext;
    readonly registry: DeviceRegistry;
    readonly publish: (topic: string, message: object) => Promise<void>;
    readonly timings: BridgeTimings;
    readonly logger: Logger;
  }) {
    this.context = options.context;
    this.loads = new RobotLoads(options.context);
    this.registry = options.registry;
    this.publish = options.publish;
    this.timings = options.timings;
    this.logger = options.logger;
  }

  reportTo(outcomes: TaskOutcomes): void {
    this.outcomes = outcomes;
  }

  /** Lets the running bookings finish. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all([...this.robots.values()].map((robot) => robot.work));
  }

  get(deviceId: string): Robot | undefined {
    return this.robots.get(deviceId);
  }

  all(): Iterable<Robot> {
    return this.robots.values();
  }

  /** The robot behind a topic, or `null` where the same serial number has come from another manufacturer. */
  meet(device: Device, major: VdaMajor, manufacturer: string): Robot | null {
    const known = this.robots.get(device.row.id);
    if (known !== undefined) {
      return known.manufacturer === manufacturer && known.major === major ? known : null;
    }
    const robot: Robot = {
      device,
      major,
      manufacturer,
      headers: new HeaderCounter(major, manufacturer, device.row.id),
      state: null,
      connectedAtMs: 0,
      task: null,
      picksBooked: false,
      sentAt: 0,
      offers: 0,
      cancelledAt: Number.NEGATIVE_INFINITY,
      passedOverUntil: 0,
      impairedSince: 0,
      unread: null,
      work: null,
    };
    this.robots.set(device.row.id, robot);
    return robot;
  }

  onConnection(robot: Robot, message: RobotConnection): void {
    if (message.connection !== "online") {
      // It may come back with another clock. What it says then counts, whatever its clock said before.
      robot.connectedAtMs = 0;
      robot.state = null;
    } else {
      if (message.atMs < robot.connectedAtMs) return;
      robot.connectedAtMs = message.atMs;
      // What it said before it connected may be from an earlier run. Its first state may have overtaken this
      // message.
      if (robot.state !== null && robot.state.atMs < message.atMs) robot.state = null;
    }
    this.registry.setConnection(robot.device, message.connection);
    this.outcomes?.stateChanged();
  }

  onState(robot: Robot, state: RobotState): void {
    if (robot.state !== null && state.atMs < robot.state.atMs && !isLater(state, robot.state)) return;
    robot.state = state;
    if (state.impairments.length === 0) robot.impairedSince = 0;
    else if (robot.impairedSince === 0) robot.impairedSince = performance.now();
    // A robot that reports is there, even where its last will overtook a reconnect.
    this.registry.setConnection(robot.device, "online");
    this.registry.setState(robot.device, describe(robot, state));
    robot.unread = state;
    robot.work ??= this.work(robot);
  }

  /** Robots that could start on a task now. */
  idle(): readonly { readonly deviceId: string; readonly locationId: string }[] {
    const idle: { deviceId: string; locationId: string }[] = [];
    for (const robot of this.robots.values()) {
      const { device, state } = robot;
      if (robot.task !== null || state === null || !canWork(robot) || isUnderway(state)) continue;
      if (robot.passedOverUntil > performance.now() && this.hasBetter(robot)) continue;
      idle.push({ deviceId: device.row.id, locationId: device.row.locationId });
    }
    return idle;
  }

  /** Puts a task into a robot's hands, without sending it. */
  give(robot: Robot, task: AssignedTask): void {
    robot.task = task;
    robot.picksBooked = false;
    robot.sentAt = 0;
    robot.offers = 0;
  }

  /** Offers the order again where it is due; a robot that was offered it often enough gives the task back. */
  async offerAgain(robot: Robot, task: AssignedTask): Promise<void> {
    if (robot.task !== task || performance.now() - robot.sentAt <= this.timings.resendMs) return;
    if (robot.offers < MOST_OFFERS) return this.send(robot);
    await this.refused(robot, task, `${robot.device.row.id} did not take the order in ${MOST_OFFERS} offers`);
  }

  private async refused(robot: Robot, task: AssignedTask, detail: string): Promise<void> {
    robot.passedOverUntil = performance.now() + PASSED_OVER_MS;
    this.registry.refused(robot.device, detail);
    await this.outcomes?.failed(robot, task, detail);
  }

  /** Whether another robot of the location can work, at once or after the task that it has. */
  private hasBetter(robot: Robot): boolean {
    for (const other of this.robots.values()) {
      if (other === robot || other.device.row.locationId !== robot.device.row.locationId) continue;
      if (canWork(other) && other.passedOverUntil <= performance.now()) return true;
    }
    return false;
  }

  /** Sends the order of the task in hand. The robot ignores an order that it has already. */
  async send(robot: Robot): Promise<void> {
    const { task, state } = robot;
    if (task === null) return;
    robot.sentAt = performance.now();
    robot.offers += 1;
    const topic = robotTopic(robot.major, robot.manufacturer, robot.device.row.id, "order");
    const order = pickOrder(task, state?.lastNodeId || "start");
    await this.publish(topic, orderMessage(robot.headers.next(topic, this.context.now()), order));
  }

  /** Takes a task out of a robot's hands and tells it to stop. */
  async recall(robot: Robot, task: AssignedTask): Promise<void> {
    if (robot.task === task) robot.task = null;
    if (robot.state === null || !isUnderway(robot.state)) return;
    await this.cancel(robot, robotOrderId(task));
  }

  /**
   * Cancels what robots do of tasks that they no longer have: a robot may come back after its task was given
   * to another.
   *
   * @param assigned every task that is assigned now, of the table: memory alone forgets at a restart
   */
  async cancelStrays(assigned: readonly AssignedTask[]): Promise<void> {
    const theirs = new Set(assigned.map((task) => `${task.deviceId} ${robotOrderId(task)}`));
    for (const robot of this.robots.values()) {
      const { state, device } = robot;
      if (state === null || !isUnderway(state) || !isPickOrderId(state.orderId)) continue;
      if (theirs.has(`${device.row.id} ${state.orderId}`)) continue;
      if (performance.now() - robot.cancelledAt <= this.timings.resendMs) continue;
      robot.cancelledAt = performance.now();
      await this.cancel(robot, state.orderId);
    }
  }

  private async cancel(robot: Robot, orderId: string): Promise<void> {
    const topic = robotTopic(robot.major, robot.manufacturer, robot.device.row.id, "instantActions");
    const header = robot.headers.next(topic, this.context.now());
    await this.publish(topic, cancelOrderMessage(header, `${orderId}:cancel`));
  }

  private async work(robot: Robot): Promise<void> {
    while (robot.unread !== null && !this.stopping) {
      const state = robot.unread;
      robot.unread = null;
      try {
        await this.loads.onState(robot.device.row.id, state);
        await this.follow(robot, state);
      } catch (error) {
        this.logger.warn({ err: error, robot: robot.device.row.id }, "robot state not booked; trying again");
        robot.unread ??= state;
        await delay(RETRY_MS);
      }
    }
    // In the same synchronous step as the last look: a state that comes later starts this again.
    robot.work = null;
  }

  private async follow(robot: Robot, state: RobotState): Promise<void> {
    const { task } = robot;
    const outcomes = this.outcomes;
    if (outcomes === undefined) return;
    if (task === null) return outcomes.stateChanged();
    const progress = orderProgress(task, state);
    switch (progress.status) {
      case "unknown":
        return this.offerAgain(robot, task);
      case "picking":
        return undefined;
      case "rejected":
        return this.refused(robot, task, progress.detail);
      case "failed":
        return outcomes.failed(robot, task, progress.detail);
      case "picked":
        await this.bookPicks(robot, task, progress.picks, outcomes);
        return undefined;
      case "dropped":
        if (await this.bookPicks(robot, task, progress.picks, outcomes)) outcomes.finished(robot, task);
        return undefined;
      default: {
        const unreachable: never = progress;
        return unreachable;
      }
    }
  }

  /** False: the task is over, because the picks were refused. */
  private async bookPicks(
    robot: Robot,
    task: AssignedTask,
    picks: Picks,
    outcomes: TaskOutcomes,
  ): Promise<boolean> {
    if (robot.picksBooked) return true;
    const result = await confirmPick(this.context, {
      fulfillmentOrderId: task.fulfillmentOrderId,
      picked: picks.picked,
      ...(picks.shortReason === undefined ? {} : { shortReason: picks.shortReason }),
      cause: `device:${robot.device.row.id}`,
      key: `pick:${task.fulfillmentOrderId}`,
    });
    if (result.status === "done" || result.code === "already_picked") {
      robot.picksBooked = true;
      return true;
    }
    const tellSaga = result.code !== "fulfillment_order_closed";
    await outcomes.abandoned(robot, task, `${result.code}: ${result.detail}`, tellSaga);
    return false;
  }
}

/** Whether the robot is there and fit for a new task. */
function canWork({ device, state, impairedSince }: Robot): boolean {
  if (state === null || device.connection !== "online") return false;
  return impairedSince === 0 && state.reservations.length === 0;
}

/** By the counter of the topic, which goes round after 32 bits. */
function isLater(state: RobotState, than: RobotState): boolean {
  const ahead = (state.headerId - than.headerId) >>> 0;
  return ahead > 0 && ahead < 2 ** 31;
}

/** Whether the robot is still at work on whatever order it has. */
function isUnderway(state: RobotState): boolean {
  if (state.nodesAhead > 0) return true;
  for (const { status } of state.actions.values()) {
    if (status !== "FINISHED" && status !== "FAILED") return true;
  }
  return false;
}

/** What the device list shows. */
function describe(robot: Robot, state: RobotState): object {
  const underway = isUnderway(state);
  return {
    activity:
      underway && robot.task !== null
        ? `picking ${robot.task.fulfillmentOrderId}`
        : underway
          ? "busy"
          : "idle",
    orderId: clippedText(state.orderId, MOST_SHOWN),
    lastNodeId: clippedText(state.lastNodeId, MOST_SHOWN),
    driving: state.driving,
    automatic: state.automatic,
    battery: state.batteryCharge,
    charging: state.charging,
    position: state.position,
    errors: [...state.impairments, ...state.reservations].slice(0, MOST_ERRORS_SHOWN),
    at: new Date(state.atMs).toISOString(),
  };
}
