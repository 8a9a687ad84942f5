/**
 * Sends robots that stand idle with too little charge to a charger: by an order to one of the chargers of
 * their map, or, where none is configured, by the instant action, and they find their own.
 *
 * Owns what a robot was asked and when. A robot on its way to the charger is at work on an order, so that it
 * is given no task; whether it is fit again is `fitness.ts`.
 *
 * K1 a robot is asked once in `ASK_AGAIN_MS`, and then sent to another charger, if there is a free one
 * K2 no robot is sent to a node where another one stands, or to which another one is under way
 */
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import type { FloorContext } from "../../operations/context.ts";
import type { AssignedTask } from "../../store/floor/floor-tasks.ts";
import type { Device, DeviceRegistry } from "../mqtt/device-registry.ts";
import { chargeOrder, chargeOrderId } from "../vda5050/charge-order.ts";
import {
  type HeaderCounter,
  orderMessage,
  type RobotState,
  startChargingMessage,
} from "../vda5050/messages.ts";
import type { Stations } from "../vda5050/stations.ts";
import { knowsWhereItIs } from "../vda5050/tour.ts";
import { chooseCharger } from "./charger-choice.ts";
import { isUnderway, needsCharge } from "./fitness.ts";
import { type RobotLink, robotSettings, robotTopicOf } from "./robot-settings.ts";

/** What has to be known of a robot here. */
type ChargingRobot = {
  readonly device: Device;
  readonly link: RobotLink;
  readonly headers: HeaderCounter;
  readonly state: RobotState | null;
  readonly task: AssignedTask | null;
  readonly impairedSince: number;
};

type Asked = {
  /** Monotonic. */
  readonly at: number;
  /** `null`: it was asked to find its own charger. */
  readonly order: { readonly orderId: string; readonly nodeId: string } | null;
};

const ASK_AGAIN_MS = 60_000;

export class RobotCharging {
  private readonly context: FloorContext;
  private readonly registry: DeviceRegistry;
  private readonly publish: (topic: string, message: object) => Promise<void>;
  private readonly logger: Logger;
  /** By robot. */
  private readonly asked = new Map<string, Asked>();

  constructor(options: {
    readonly context: FloorContext;
    readonly registry: DeviceRegistry;
    readonly publish: (topic: string, message: object) => Promise<void>;
    readonly logger: Logger;
  }) {
    this.context = options.context;
    this.registry = options.registry;
    this.publish = options.publish;
    this.logger = options.logger;
  }

  /** @param robots every robot that is known; each may stand at a charger */
  askAll(robots: Iterable<ChargingRobot>): void {
    const all = [...robots];
    for (const robot of all) {
      const { device, state, task } = robot;
      if (state?.charging) this.asked.delete(device.row.id);
      if (state === null || task !== null || device.connection !== "online" || isUnderway(state)) continue;
      const settings = robotSettings(device.row.settings);
      if (robot.impairedSince !== 0 || !needsCharge(state, settings)) continue;
      const before = this.asked.get(device.row.id);
      if (before !== undefined && performance.now() - before.at <= ASK_AGAIN_MS) continue;
      const { stations } = settings;
      if (stations === null || stations.chargers.length === 0) this.askForItsOwn(robot);
      else if (knowsWhereItIs(state)) this.send(robot, state, stations, this.takenNodes(robot, all));
    }
  }

  private askForItsOwn(robot: ChargingRobot): void {
    const { id } = robot.device.row;
    this.asked.set(id, { at: performance.now(), order: null });
    this.say(robot, "instantActions", (header) =>
      startChargingMessage(header, `${id}:charge:${randomUUID()}`),
    );
  }

  private send(
    robot: ChargingRobot,
    state: RobotState,
    stations: Stations,
    taken: ReadonlySet<string>,
  ): void {
    const { id } = robot.device.row;
    const before = this.asked.get(id)?.order ?? null;
    const charger = chooseCharger(stations.chargers, taken, before?.nodeId ?? null);
    // Asked again when one is free.
    if (charger === null) return;
    const orderId = chargeOrderId(id, randomUUID());
    this.asked.set(id, { at: performance.now(), order: { orderId, nodeId: charger.nodeId } });
    this.say(robot, "order", (header) =>
      orderMessage(header, chargeOrder(orderId, state, stations, charger)),
    );
    if (before !== null) this.registry.refused(robot.device, `${id} did not charge at ${before.nodeId}`);
  }

  private say(
    robot: ChargingRobot,
    kind: "order" | "instantActions",
    message: (header: ReturnType<HeaderCounter["next"]>) => object,
  ): void {
    const topic = robotTopicOf(robot.link, kind);
    this.publish(topic, message(robot.headers.next(topic, this.context.now()))).catch((error) =>
      this.logger.warn({ err: error, robot: robot.device.row.id }, "not asked to charge; trying again later"),
    );
  }

  /** Nodes at which other robots of the location stand, or to whose chargers they are under way. */
  private takenNodes(robot: ChargingRobot, all: readonly ChargingRobot[]): ReadonlySet<string> {
    const taken = new Set<string>();
    for (const other of all) {
      if (other === robot || other.device.row.locationId !== robot.device.row.locationId) continue;
      if (other.state !== null) taken.add(other.state.lastNodeId);
      const bound = this.boundFor(other);
      if (bound !== null) taken.add(bound);
    }
    return taken;
  }

  /** The charger to which the robot is on its way, or was sent just now. */
  private boundFor({ device, state, task }: ChargingRobot): string | null {
    const asked = this.asked.get(device.row.id);
    if (asked === undefined || asked.order === null || task !== null) return null;
    const { orderId, nodeId } = asked.order;
    const isBound =
      state?.orderId === orderId ? isUnderway(state) : performance.now() - asked.at <= ASK_AGAIN_MS;
    return isBound ? nodeId : null;
  }
}
