/**
 * The robots as the bridge sees them: who is there, in what state, with which task in hand.
 *
 * A state message is cumulative: for each robot only the newest one is worked on, and no robot waits for
 * another. What a state says about the task in hand (`order-progress.ts`) becomes `confirmPick`, and then the
 * end of the task, which the dispatcher books. Which robot gets which task is for the dispatcher to decide.
 *
 * F1 a robot's reports never go back: a state that has been overtaken (`report-order.ts`) is dropped, and is
 *    no sign of life
 * F2 a state that cannot be booked keeps its task, and is tried again unless a newer one has come
 * F3 an order is offered `MOST_OFFERS` times; a robot that does not take it, or refuses it, is not given that
 *    task again for a while, as long as another robot of its location can work on it. One that takes nothing,
 *    `MOST_REFUSALS` tasks in a row, is passed over for a while in the same way
 * F4 a robot is heard under one root of topics at a time: its registered one, or the one under which it has
 *    been at work. Messages under another root neither change that nor lock it out
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { inOrderSpan } from "../../config/trace.ts";
import type { FloorContext } from "../../operations/context.ts";
import type { IdleRobot } from "../../operations/floor/assign-picks.ts";
import { confirmPick } from "../../operations/floor/confirm-pick.ts";
import { clippedText } from "../../orders/storable-text.ts";
import type { AssignedTask } from "../../store/floor/floor-tasks.ts";
import type { Device, DeviceRegistry } from "../mqtt/device-registry.ts";
import type { Arrival } from "../mqtt/message-intake.ts";
import type { BridgeTimings } from "../mqtt/timings.ts";
import { coversFilter } from "../mqtt/topic-filter.ts";
import { isChargeOrderId } from "../vda5050/charge-order.ts";
import {
  cancelOrderMessage,
  HeaderCounter,
  orderMessage,
  type RobotConnection,
  type RobotState,
} from "../vda5050/messages.ts";
import { errorKey, type Offer, orderProgress, type Picks } from "../vda5050/order-progress.ts";
import {
  cancelActionId,
  isPickOrderId,
  pickOrder,
  robotOrderId,
  skuWithoutShelf,
} from "../vda5050/pick-order.ts";
import { isUnderway, reservationsOf } from "./fitness.ts";
import { ReportOrder } from "./report-order.ts";
import { RobotCharging } from "./robot-charging.ts";
import { RobotLoads } from "./robot-loads.ts";
import { type RobotLink, robotLink, robotRoot, robotSettings, robotTopicOf } from "./robot-settings.ts";

export type Robot = {
  readonly device: Device;
  /** Under which topics it is spoken to, and as whom. */
  link: RobotLink;
  headers: HeaderCounter;
  readonly states: ReportOrder;
  /** The connection message that said last that it is there. */
  online: RobotConnection | null;
  state: RobotState | null;
  task: AssignedTask | null;
  /** Whether the picks of the task in hand are booked. */
  picksBooked: boolean;
  /** When the order of the task in hand was last sent; monotonic. */
  sentAt: number;
  /** How often it was sent. */
  offers: number;
  /** How it was sent; `null`: not by this process. */
  offer: Offer | null;
  /** Tasks that it did not take or could not do, and until when others come first; the newest last. */
  readonly declined: Map<string, number>;
  /** How many tasks in a row it has not taken. */
  refusals: number;
  /** When an order that is not its own was last cancelled; monotonic. */
  cancelledAt: number;
  /** Which one that was. */
  cancelledOrder: string;
  /** Until when another robot comes first, because this one takes no orders; monotonic. */
  passedOverUntil: number;
  /** Since when it stands still, although it may go on by itself; monotonic. 0: it does not. */
  standsSince: number;
  /** How far it was when it last got further, and when that was; monotonic. */
  reached: string;
  reachedAt: number;
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
const MOST_REFUSALS = 3;
const PASSED_OVER_MS = 60_000;
const DECLINED_MS = 10 * 60_000;
/** Of each robot; the oldest is forgotten. */
const MOST_DECLINED = 200;
/** What a device row keeps of an id that the robot chose, and of its errors. */
const MOST_SHOWN = 256;
const MOST_ERRORS_SHOWN = 20;

export class RobotFleet {
  private readonly context: FloorContext;
  private readonly registry: DeviceRegistry;
  private readonly publish: (topic: string, message: object) => Promise<void>;
  private readonly timings: BridgeTimings;
  private readonly logger: Logger;
  private readonly loads: RobotLoads;
  private readonly charging: RobotCharging;
  private readonly robots = new Map<string, Robot>();
  private outcomes: TaskOutcomes | undefined;
  private stopping = false;

  constructor(options: {
    readonly context: FloorContext;
    readonly registry: DeviceRegistry;
    readonly publish: (topic: string, message: object) => Promise<void>;
    readonly timings: BridgeTimings;
    readonly logger: Logger;
  }) {
    this.context = options.context;
    this.loads = new RobotLoads(options.context);
    this.charging = new RobotCharging(options);
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

  /**
   * The robot whose topics begin so, as its registration allows. `null`: it is at work under another root
   * that its registration allows as well, so that this one is somebody else's.
   */
  meet(device: Device, root: string): Robot | null {
    const link = robotLink(device.row, root);
    const known = this.robots.get(device.row.id);
    if (known === undefined) {
      const robot = newRobot(device, link);
      this.robots.set(device.row.id, robot);
      return robot;
    }
    if (isSameLink(known.link, link)) return known;
    if (root !== known.link.root && known.state !== null && device.connection === "online") {
      if (coversFilter(robotRoot(device.row), known.link.root)) return null;
    }
    known.link = link;
    known.headers = new HeaderCounter(link.major, link.manufacturer, link.serialNumber);
    known.state = null;
    known.offer = null;
    known.states.beginsAnew();
    return known;
  }

  /** That a robot is there is known from itself only; that it is gone, also from what the broker has kept. */
  onConnection(robot: Robot, message: RobotConnection, arrival: Arrival): void {
    if (message.connection !== "online") {
      robot.state = null;
      this.registry.setConnection(robot.device, message.connection);
    } else if (arrival === "live") {
      const { online } = robot;
      // Sent again by the broker.
      if (online?.headerId === message.headerId && online.atMs === message.atMs) return;
      robot.online = message;
      // It may come back with another counter and another clock: its next state counts.
      robot.states.beginsAnew();
      this.registry.heard(robot.device);
      this.registry.setConnection(robot.device, "online");
    }
    this.outcomes?.stateChanged();
  }

  onState(robot: Robot, state: RobotState): void {
    if (!robot.states.takes(state)) return;
    robot.state = state;
    robot.impairedSince = sinceWhen(robot.impairedSince, state.impairments.length > 0);
    robot.standsSince = sinceWhen(robot.standsSince, state.standstill.length > 0);
    const reached = robot.task === null ? "" : howFar(state);
    if (reached !== robot.reached) {
      robot.reached = reached;
      robot.reachedAt = performance.now();
    }
    // A robot that reports is there, even where its last will overtook a reconnect.
    this.registry.heard(robot.device);
    this.registry.setConnection(robot.device, "online");
    this.registry.setState(robot.device, describe(robot, state));
    robot.unread = state;
    robot.work ??= this.work(robot);
  }

  /** Robots that could start on a task now, each with the tasks that others are to do. */
  idle(): readonly IdleRobot[] {
    const idle: IdleRobot[] = [];
    for (const robot of this.robots.values()) {
      const { device, state } = robot;
      if (robot.task !== null || state === null || !canWork(robot) || isUnderway(state)) continue;
      if (robot.passedOverUntil > performance.now() && this.hasBetter(robot)) continue;
      const except = [...robot.declined.keys()].filter(
        (taskId) => hasDeclined(robot, taskId) && this.hasBetter(robot, taskId),
      );
      idle.push({ deviceId: device.row.id, locationId: device.row.locationId, except });
    }
    return idle;
  }

  /** Sends robots that stand idle with too little charge to a charger. */
  askToCharge(): void {
    this.charging.askAll(this.robots.values());
  }

  /** Why a robot that gets no further is to give its task back; `null`: it may still go on. */
  standsTooLong({ device, state, standsSince, reachedAt }: Robot): string | null {
    if (state === null) return null;
    const { standstillMs, noProgressMs } = robotSettings(device.row.settings);
    const standsMs = standsSince === 0 ? 0 : performance.now() - standsSince;
    if (standsMs > standstillMs) {
      const why = state.standstill.join(", ");
      return `${device.row.id} has stood for ${Math.round(standsMs / 1000)} s: ${why}`;
    }
    const idleMs = performance.now() - reachedAt;
    if (idleMs <= noProgressMs) return null;
    const why = state.errors.map(({ text }) => `; ${text}`).join("");
    return `${device.row.id} has got no further for ${Math.round(idleMs / 1000)} s${clippedText(why, MOST_SHOWN)}`;
  }

  /** Puts a task into a robot's hands, without sending it. */
  give(robot: Robot, task: AssignedTask): void {
    robot.task = task;
    robot.picksBooked = false;
    robot.sentAt = 0;
    robot.offers = 0;
    robot.offer = null;
    robot.reachedAt = performance.now();
  }

  /** The robot did not do it: another one comes first. People see why. */
  decline(robot: Robot, { taskId }: AssignedTask, detail: string): void {
    robot.declined.delete(taskId);
    robot.declined.set(taskId, performance.now() + DECLINED_MS);
    const [oldest] = robot.declined.keys();
    if (robot.declined.size > MOST_DECLINED && oldest !== undefined) robot.declined.delete(oldest);
    this.registry.refused(robot.device, detail);
  }

  /** Offers the order again where it is due; a robot that was offered it often enough gives the task back. */
  async offerAgain(robot: Robot, task: AssignedTask): Promise<void> {
    if (robot.task !== task || performance.now() - robot.sentAt <= this.timings.resendMs) return;
    if (robot.offers < MOST_OFFERS) return this.send(robot);
    await this.refused(robot, task, `${robot.device.row.id} did not take the order in ${MOST_OFFERS} offers`);
  }

  private async refused(robot: Robot, task: AssignedTask, detail: string): Promise<void> {
    this.decline(robot, task, detail);
    robot.refusals += 1;
    if (robot.refusals >= MOST_REFUSALS) robot.passedOverUntil = performance.now() + PASSED_OVER_MS;
    await this.outcomes?.failed(robot, task, detail);
  }

  /** Whether another robot of the location can work (on this task), at once or after the one that it has. */
  private hasBetter(robot: Robot, taskId?: string): boolean {
    for (const other of this.robots.values()) {
      if (other === robot || other.device.row.locationId !== robot.device.row.locationId) continue;
      if (taskId !== undefined && hasDeclined(other, taskId)) continue;
      if (canWork(other) && other.passedOverUntil <= performance.now()) return true;
    }
    return false;
  }

  /** Sends the order of the task in hand. The robot ignores an order that it has already. */
  async send(robot: Robot): Promise<void> {
    const { task, state, device } = robot;
    if (task === null || state === null) return;
    const { stations } = robotSettings(device.row.settings);
    const missing = stations === null ? "stations" : skuWithoutShelf(task, stations);
    if (stations === null || missing !== undefined) {
      const detail = stations === null ? "no stations configured" : `no shelf configured for ${missing}`;
      return this.refused(robot, task, `${device.row.id}: ${detail}`);
    }
    robot.sentAt = performance.now();
    robot.offers += 1;
    const topic = robotTopicOf(robot.link, "order");
    const header = robot.headers.next(topic, this.context.now());
    const order = pickOrder(task, state, stations);
    robot.offer = {
      order,
      headerIds: new Set(robot.offer?.headerIds).add(header.headerId),
      errorsBefore: robot.offer?.errorsBefore ?? new Set(state.errors.map(errorKey)),
    };
    await this.publish(topic, orderMessage(header, order));
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
      // It may hear although it is not heard; told once, it is told again when it comes back.
      if (device.connection !== "online" && robot.cancelledOrder === state.orderId) continue;
      if (isBeingCancelled(state)) continue;
      robot.cancelledAt = performance.now();
      robot.cancelledOrder = state.orderId;
      await this.cancel(robot, state.orderId);
    }
  }

  private async cancel(robot: Robot, orderId: string): Promise<void> {
    const topic = robotTopicOf(robot.link, "instantActions");
    const header = robot.headers.next(topic, this.context.now());
    await this.publish(topic, cancelOrderMessage(header, cancelActionId(orderId)));
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
    const progress = orderProgress(task, state, robot.offer);
    if (progress.status !== "unknown" && progress.status !== "rejected") robot.refusals = 0;
    switch (progress.status) {
      case "unknown":
        return this.offerAgain(robot, task);
      case "picking":
        return undefined;
      case "rejected":
        return this.refused(robot, task, progress.detail);
      case "failed":
        this.decline(robot, task, progress.detail);
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
    const { id } = robot.device.row;
    const result = await inOrderSpan(task.orderId, "device pick", { "holdfast.device": id }, () =>
      confirmPick(this.context, {
        fulfillmentOrderId: task.fulfillmentOrderId,
        picked: picks.picked,
        ...(picks.shortReason === undefined ? {} : { shortReason: picks.shortReason }),
        cause: `device:${id}`,
        key: `pick:${task.fulfillmentOrderId}`,
      }),
    );
    if (result.status === "done" || result.code === "already_picked") {
      robot.picksBooked = true;
      return true;
    }
    const tellSaga = result.code !== "fulfillment_order_closed";
    await outcomes.abandoned(robot, task, `${result.code}: ${result.detail}`, tellSaga);
    return false;
  }
}

function newRobot(device: Device, link: RobotLink): Robot {
  return {
    device,
    link,
    headers: new HeaderCounter(link.major, link.manufacturer, link.serialNumber),
    states: new ReportOrder(),
    online: null,
    state: null,
    task: null,
    picksBooked: false,
    sentAt: 0,
    offers: 0,
    offer: null,
    declined: new Map(),
    refusals: 0,
    cancelledAt: Number.NEGATIVE_INFINITY,
    cancelledOrder: "",
    passedOverUntil: 0,
    standsSince: 0,
    reached: "",
    reachedAt: 0,
    impairedSince: 0,
    unread: null,
    work: null,
  };
}

function isSameLink(a: RobotLink, b: RobotLink): boolean {
  return (
    a.root === b.root &&
    a.major === b.major &&
    a.manufacturer === b.manufacturer &&
    a.serialNumber === b.serialNumber
  );
}

function hasDeclined({ declined }: Robot, taskId: string): boolean {
  return (declined.get(taskId) ?? 0) > performance.now();
}

/** Since when something holds, which is 0 where it does not. */
function sinceWhen(since: number, holds: boolean): number {
  if (!holds) return 0;
  return since === 0 ? performance.now() : since;
}

/** Whether the robot is there and fit for a new task. */
function canWork({ device, state, impairedSince }: Robot): boolean {
  if (state === null || device.connection !== "online" || !device.row.enabled) return false;
  return impairedSince === 0 && reservationsOf(state, robotSettings(device.row.settings)).length === 0;
}

/** Whether the robot says that it is ending its order: asked again, some begin anew. */
function isBeingCancelled({ orderId, instantActions }: RobotState): boolean {
  const status = instantActions.get(cancelActionId(orderId))?.status;
  return status !== undefined && status !== "FINISHED" && status !== "FAILED";
}

/** What differs as soon as a robot gets further with its order. */
function howFar({ orderId, lastNodeId, nodesAhead, position, actions }: RobotState): string {
  const done = [...actions].map(([id, { status }]) => `${id}=${status}`).join(",");
  // Tenths of a metre: a robot that stands does not stand still to the millimetre.
  const place = position === null ? "" : `${position.x.toFixed(1)} ${position.y.toFixed(1)}`;
  return `${orderId} ${lastNodeId} ${nodesAhead} ${place} ${done}`;
}

/** What the device list shows. */
function describe(robot: Robot, state: RobotState): object {
  const underway = isUnderway(state);
  return {
    activity:
      underway && robot.task !== null
        ? `picking ${robot.task.fulfillmentOrderId}`
        : underway
          ? isChargeOrderId(state.orderId)
            ? "going to charge"
            : "busy"
          : "idle",
    orderId: clippedText(state.orderId, MOST_SHOWN),
    lastNodeId: clippedText(state.lastNodeId, MOST_SHOWN),
    driving: state.driving,
    automatic: state.automatic,
    battery: state.batteryCharge,
    charging: state.charging,
    position: state.position,
    errors: [...state.impairments, ...reservationsOf(state, robotSettings(robot.device.row.settings))].slice(
      0,
      MOST_ERRORS_SHOWN,
    ),
    at: new Date(state.atMs).toISOString(),
  };
}
