/**
 * A simulated mobile robot that speaks VDA 5050, major 2 or 3: takes one order at a time, drives its nodes,
 * picks into a tote, sets the tote down on the conveyor, and reports on the way.
 *
 * It keeps nothing over a restart. It ignores an order that it has, refuses one while it is busy, and answers
 * `cancelOrder`.
 */
import { Random } from "../../config/seeded-random.ts";
import { isObject } from "../mqtt/json-reader.ts";
import { robotTopic, type VdaMajor } from "../mqtt/topics.ts";
import {
  type ActionStatus,
  HeaderCounter,
  type OrderAction,
  type OrderNode,
  type RobotOrder,
} from "../vda5050/messages.ts";
import { shortPickResult } from "../vda5050/order-progress.ts";
import type { SimulatedConveyor } from "./conveyor.ts";
import { DeviceClient } from "./device-client.ts";
import type { FloorWorld } from "./floor-world.ts";
import { factsheet, type RobotReport, stateMessage } from "./robot-messages.ts";
import { isAbort, type SimulatedPart, type Surroundings } from "./surroundings.ts";

/** Demo pace, milliseconds. */
const DRIVE_MS = 1_000;
const PICK_MS = 500;
const UNIT_MS = 200;
const DROP_MS = 500;
/** Of the battery: for a stretch, and in half a heartbeat on the charger. */
const DRIVE_PERCENT = 0.02;
const CHARGE_PERCENT = 5;
/**
 * Real time. The standard wants a state at least every 30 s; what changes is reported at once, but not more
 * often than this.
 */
const HEARTBEAT_MS = 5_000;
const LEAST_INTERVAL_MS = 250;

export function simulatedMaker(major: VdaMajor): string {
  return major === 2 ? "nimbus" : "orbit";
}

type ActionState = { status: ActionStatus; result: string };

type Job = {
  readonly order: RobotOrder;
  readonly actions: Map<string, ActionState>;
  reached: number;
  cancelled: boolean;
};

export class SimulatedRobot implements SimulatedPart {
  private readonly surroundings: Surroundings;
  private readonly serialNumber: string;
  private readonly major: VdaMajor;
  private readonly manufacturer: string;
  private readonly locationId: string;
  private readonly world: FloorWorld;
  private readonly conveyor: SimulatedConveyor | undefined;
  private readonly headers: HeaderCounter;
  private readonly client: DeviceClient;
  private readonly random: Random;
  private readonly heartbeat: NodeJS.Timeout;
  private job: Job | null = null;
  private working = false;
  private driving = false;
  private lastNodeId = "dock";
  private position = { x: 0, y: 0, theta: 0 };
  private battery = 90;
  private charging = false;
  private refused: { readonly orderId: string; readonly reason: string } | null = null;
  private instantActions: { readonly actionId: string; readonly actionType: string }[] = [];
  private reportedAt = 0;

  constructor(
    surroundings: Surroundings,
    serialNumber: string,
    locationId: string,
    major: VdaMajor,
    world: FloorWorld,
    conveyor: SimulatedConveyor | undefined,
  ) {
    this.surroundings = surroundings;
    this.serialNumber = serialNumber;
    this.major = major;
    this.manufacturer = simulatedMaker(major);
    this.locationId = locationId;
    this.world = world;
    this.conveyor = conveyor;
    this.headers = new HeaderCounter(major, this.manufacturer, serialNumber);
    this.random = new Random(`${surroundings.faults.seed} ${serialNumber}`);
    this.client = new DeviceClient({
      ...surroundings.connection,
      clientId: serialNumber,
      will: {
        topic: this.topic("connection"),
        message: this.connection(major === 2 ? "CONNECTIONBROKEN" : "CONNECTION_BROKEN"),
      },
      subscriptions: [this.topic("order"), this.topic("instantActions")],
      onConnect: () => {
        this.publish("connection", this.connection("ONLINE"), 1, true);
        this.publish("factsheet", factsheet(this.major, this.header("factsheet")), 0, true);
        this.report();
      },
      onMessage: (topic, message) => {
        if (topic === this.topic("order")) this.onOrder(message);
        else this.onInstantActions(message);
      },
    });
    // Spread over the interval, so that not all robots report at the same moment.
    const offset = this.random.next() * HEARTBEAT_MS;
    this.heartbeat = setInterval(() => {
      if (this.charging) this.charge();
      if (performance.now() - this.reportedAt > HEARTBEAT_MS - offset / 2) this.report();
    }, HEARTBEAT_MS / 2);
  }

  connected(): Promise<void> {
    return this.client.connected();
  }

  async stop(): Promise<void> {
    clearInterval(this.heartbeat);
    await this.client.stop({
      topic: this.topic("connection"),
      message: this.connection("OFFLINE"),
    });
  }

  private onOrder(message: unknown): void {
    if (!isOrder(message)) return;
    const known = this.job?.order.orderId === message.orderId;
    if (!known && !this.working) this.accept(message);
    else if (!known) this.refused = { orderId: message.orderId, reason: "busy with another order" };
    this.report();
  }

  private accept(message: RobotOrder): void {
    this.refused = null;
    this.instantActions = [];
    this.working = true;
    this.charging = false;
    const actions = new Map<string, ActionState>();
    for (const node of message.nodes) {
      for (const { actionId } of node.actions) actions.set(actionId, { status: "WAITING", result: "" });
    }
    const job: Job = { order: message, actions, reached: 0, cancelled: false };
    this.job = job;
    this.carryOut(job)
      .catch((error) => {
        if (!isAbort(error)) this.surroundings.logger.error({ err: error }, "simulated robot");
      })
      .finally(() => {
        this.working = false;
        this.driving = false;
        if (!this.surroundings.pace.stopped) this.report();
      });
  }

  private onInstantActions(message: unknown): void {
    if (!isObject(message) || !Array.isArray(message["actions"])) return;
    for (const action of message["actions"]) {
      if (!isObject(action) || typeof action["actionId"] !== "string") continue;
      const actionType = String(action["actionType"]);
      if (actionType === "cancelOrder" && this.job !== null) this.job.cancelled = true;
      if (actionType === "startCharging") this.charging = !this.working;
      this.instantActions.push({ actionId: action["actionId"], actionType });
    }
    this.report();
  }

  private async carryOut(job: Job): Promise<void> {
    for (const [index, node] of job.order.nodes.entries()) {
      if (index > 0) await this.drive(node);
      job.reached = index + 1;
      this.lastNodeId = node.nodeId;
      for (const action of node.actions) {
        if (job.cancelled) break;
        await this.act(job, action);
      }
      if (job.cancelled) break;
    }
    if (!job.cancelled) return;
    job.reached = job.order.nodes.length;
    for (const action of job.actions.values()) {
      if (action.status !== "FINISHED")
        Object.assign(action, { status: "FAILED", result: "order cancelled" });
    }
  }

  private charge(): void {
    this.battery = Math.min(100, this.battery + CHARGE_PERCENT);
    this.charging = this.battery < 100;
  }

  private async drive(node: OrderNode): Promise<void> {
    this.driving = true;
    this.reportChange();
    await this.surroundings.pace.wait(DRIVE_MS);
    this.driving = false;
    this.battery = Math.max(0, this.battery - DRIVE_PERCENT);
    if (node.nodePosition !== undefined) {
      const { x, y } = node.nodePosition;
      const theta = Math.atan2(y - this.position.y, x - this.position.x);
      this.position = { x, y, theta };
    }
  }

  private async act(job: Job, action: OrderAction): Promise<void> {
    const state = job.actions.get(action.actionId);
    if (state === undefined) return;
    state.status = "RUNNING";
    this.reportChange();
    const parameters = new Map(action.actionParameters.map(({ key, value }) => [key, value]));
    const lpn = String(parameters.get("loadId"));
    if (action.actionType === "pick") {
      const asked = Number(parameters.get("quantity"));
      await this.surroundings.pace.wait(PICK_MS + asked * UNIT_MS);
      const found = this.random.chance(this.surroundings.faults.shortPicks) ? asked - 1 : asked;
      // The line within the order, the same for every attempt.
      const line = action.actionId.slice(action.actionId.lastIndexOf(":") + 1);
      this.world.pick(lpn, line, String(parameters.get("gtin")), found);
      state.status = found === asked ? "FINISHED" : "FAILED";
      if (found < asked) state.result = shortPickResult(found, "not_found");
    } else if (action.actionType === "startCharging") {
      this.charging = true;
      state.status = "FINISHED";
    } else {
      await this.surroundings.pace.wait(DROP_MS);
      const tote = this.world.tote(lpn);
      if (tote !== undefined) this.conveyor?.induct(tote);
      state.status = "FINISHED";
    }
    this.reportChange();
  }

  /** Reports a change, unless the last report is so fresh that the next regular one is enough. */
  private reportChange(): void {
    if (performance.now() - this.reportedAt >= LEAST_INTERVAL_MS) this.report();
  }

  private report(): void {
    this.reportedAt = performance.now();
    const job = this.job;
    const report: RobotReport = {
      order: job?.order ?? null,
      reached: job?.reached ?? 0,
      actions: job?.actions ?? new Map(),
      lastNodeId: this.lastNodeId,
      driving: this.driving,
      position: { ...this.position, mapId: this.locationId },
      battery: this.battery,
      charging: this.charging,
      refused: this.refused,
      instantActions: this.instantActions,
    };
    this.publish("state", stateMessage(this.major, this.header("state"), report), 0, false);
  }

  private publish(
    kind: "state" | "connection" | "factsheet",
    message: object,
    qos: 0 | 1,
    retain: boolean,
  ): void {
    this.client.publish(this.topic(kind), JSON.stringify(message), qos, retain);
  }

  private connection(connectionState: string): object {
    return { ...this.header("connection"), connectionState };
  }

  private header(kind: "state" | "connection" | "factsheet"): ReturnType<HeaderCounter["next"]> {
    return this.headers.next(kind, Date.now());
  }

  private topic(kind: Parameters<typeof robotTopic>[3]): string {
    return robotTopic(this.major, this.manufacturer, this.serialNumber, kind);
  }
}

/** Orders of our own bridge are exact. Anything else on the topic is not for this robot. */
function isOrder(message: unknown): message is RobotOrder {
  return isObject(message) && typeof message["orderId"] === "string" && Array.isArray(message["nodes"]);
}
