/**
 * The device bridge: MQTT on one side, operations on the other. This file wires the parts and routes
 * messages; each protocol and each decision has its own file in the rooms beside it.
 *
 * B1 a QoS 1 message is acknowledged to the broker once it has been handled or dead-lettered. Where an effect
 *    must not be lost, the device repeats its report until the effect is there (conveyors by outbox, robots
 *    by cumulative state)
 * B2 a message that cannot be understood becomes a dead letter at once; a message whose effect keeps failing
 *    becomes one after some tries. A device that repeats until it is acknowledged is told the refusal
 * B3 while the database is away, messages wait at the broker and at the devices
 * B4 every effect is recorded once: for conveyors by number and content, for robots and portals because their
 *    operations are keyed
 */
import type { Logger } from "pino";
import { withoutPassword } from "../config/without-password.ts";
import type { FloorContext, FloorStock } from "../operations/context.ts";
import type { BridgeStatus } from "../ports/devices.ts";
import type { DeviceKind, DeviceRow } from "../store/floor/devices.ts";
import type { Database } from "../store/sql/database.ts";
import { startListener } from "../store/sql/listener.ts";
import { Conveyors } from "./conveyor/conveyor.ts";
import { type ConveyorEvent, parseConveyorEvent, parseStatus } from "./conveyor/conveyor-messages.ts";
import { ToteRecovery } from "./conveyor/tote-recovery.ts";
import { deviceProtocols } from "./device-kinds.ts";
import { retryLetters } from "./letter-retries.ts";
import { DeadLetters } from "./mqtt/dead-letter.ts";
import { DeviceLog } from "./mqtt/device-log.ts";
import { type Device, DeviceRegistry } from "./mqtt/device-registry.ts";
import { MalformedMessage } from "./mqtt/json-reader.ts";
import { type Arrival, MessageIntake, Undeliverable } from "./mqtt/message-intake.ts";
import {
  type MqttConnection,
  type MqttSession,
  openSession,
  type Publish,
  type SessionOptions,
} from "./mqtt/mqtt-session.ts";
import { SilenceWatch } from "./mqtt/silence-watch.ts";
import { BRIDGE_TIMINGS, type BridgeTimings } from "./mqtt/timings.ts";
import { takesTopic } from "./mqtt/topic-filter.ts";
import { bridgeName } from "./mqtt/topic-prefix.ts";
import {
  parseTopic,
  ROBOT_SUBSCRIPTIONS,
  type Route,
  SUBSCRIPTIONS,
  type Subscriptions,
  subscriptionsAt,
} from "./mqtt/topics.ts";
import { parseImpinj } from "./rfid/impinj.ts";
import { Portals } from "./rfid/portals.ts";
import { Verification } from "./rfid/verification.ts";
import { parseZebra } from "./rfid/zebra.ts";
import { Dispatcher } from "./robots/dispatcher.ts";
import { RobotDirectory } from "./robots/robot-directory.ts";
import { RobotFleet } from "./robots/robot-fleet.ts";
import { majorOf } from "./robots/robot-settings.ts";
import { parseConnection, parseFactsheet, parseState } from "./vda5050/messages.ts";

export type DeviceBridge = { status(): BridgeStatus; stop(): Promise<void> };

type DeviceBridgeOptions = {
  readonly mqttUrl: string;
  /** How the broker is spoken to, beside its URL. Default: MQTT 3.1.1, and what the system trusts. */
  readonly mqtt?: Omit<MqttConnection, "url">;
  readonly database: Database;
  readonly allocator: FloorStock;
  readonly logger: Logger;
  /**
   * Names this bridge's sessions at the broker. Default: by the prefix of its company's topics, and its site.
   */
  readonly name?: string;
  /** Whose devices it speaks with; null or absent: those of all sites. */
  readonly site?: string | null;
  /** A device of the site is another's from now on: this bridge is to begin anew without it. */
  readonly onLeft?: (deviceId: string) => void;
  readonly timings?: Partial<BridgeTimings>;
  /** Our GS1 company prefixes: tags with them are reported where they do not belong. Default: none. */
  readonly companyPrefixes?: readonly string[];
};

const KIND_OF_FAMILY: Readonly<Record<Route["family"], readonly DeviceKind[]>> = {
  robot: ["robot"],
  conveyor: ["conveyor"],
  reader: ["rfid_portal"],
  status: ["conveyor", "rfid_portal"],
};

/** What is registered or asked for again is looked for at least this often. Milliseconds. */
const LOOK_MS = 10_000;

export async function startDeviceBridge(options: DeviceBridgeOptions): Promise<DeviceBridge> {
  const { logger } = options;
  const sessions: { readonly name: string; readonly session: MqttSession }[] = [];
  let isStopping = false;
  const parts: BridgeParts = wireParts(
    options,
    async (topic, message, qos) => {
      if (isStopping) return;
      try {
        await sessions[0]?.session.publish(topic, message, qos);
      } catch (error) {
        if (!isStopping) parts.log.record("error", null, `not sent on ${topic}: ${(error as Error).message}`);
        throw error;
      }
    },
    () => sessions.every(({ session }) => session.isConnected()),
  );
  const { registry } = parts;
  const intake = new MessageIntake(
    (topic, payload, arrival) => deliver(parts, topic, payload, arrival),
    parts.deadLetters,
    logger,
  );
  const stopSessions = async (): Promise<void> => {
    isStopping = true;
    intake.stop();
    await Promise.all(sessions.map(({ session }) => session.stop()));
  };

  const { site = null } = options;
  /** A topic that the broker does not let us hear costs nobody else: it is tried again at the next look. */
  const follow = async (family: "robots" | "readers", wanted: Subscriptions): Promise<void> => {
    const session = sessions.find(({ name }) => name === family)?.session;
    // While the broker is away it would not answer.
    if (session?.isConnected() !== true) return;
    await session
      .follow(wanted)
      .catch((error) =>
        logger.warn({ err: error, family }, "not all topics of devices subscribed to; trying again"),
      );
  };
  /**
   * Who hears all sites hears every portal under one filter, and has robots' roots of their own alone to
   * follow.
   */
  const followDevices = async (): Promise<void> => {
    parts.directory.update(registry.all());
    await follow("robots", parts.directory.subscriptions(site === null ? ROBOT_SUBSCRIPTIONS : {}));
    if (site !== null) await follow("readers", readerSubscriptions(registry.all()));
  };

  await registry.start();
  parts.directory.update(registry.all());
  parts.conveyors.start();
  parts.log.start();
  try {
    // The sending session is opened first: what arrives may have to be answered at once.
    const families: Readonly<Record<string, Subscriptions>> =
      site === null
        ? { commands: {}, robots: ROBOT_SUBSCRIPTIONS, ...SUBSCRIPTIONS }
        : { commands: {}, robots: {}, ...subscriptionsAt(site) };
    for (const [family, subscriptions] of Object.entries(families)) {
      const session = await openFamilySession(options, family, subscriptions, intake, parts.log);
      sessions.push({ name: family, session });
    }
  } catch (error) {
    await stopSessions();
    await parts.conveyors.stop();
    await registry.stop();
    await parts.log.stop();
    throw error;
  }
  await followDevices();
  parts.dispatcher.start();
  parts.silence.start();
  parts.recovery.start();
  const listener = startListener({
    database: options.database,
    channel: "devices",
    everyMs: LOOK_MS,
    work: async () => {
      await registry.refresh();
      await followDevices();
      return retryLetters(options.database, site, (topic, payload) =>
        deliver(parts, topic, payload, "again"),
      );
    },
    onFault: (error) => logger.warn({ err: error }, "registered devices not read"),
  });
  logger.info({ mqttUrl: withoutPassword(options.mqttUrl), site }, "device bridge is up");

  return {
    status: () => ({
      sessions: sessions.map(({ name, session }) => ({
        name,
        connected: session.isConnected(),
        reconnects: session.reconnects(),
      })),
      devices: registry.census(),
      handled: intake.handled.figures(),
      deadLetters: parts.deadLetters.counts,
      events: parts.log.counts,
    }),
    stop: async () => {
      parts.silence.stop();
      await listener.stop();
      parts.verification.stop();
      await stopSessions();
      await parts.fleet.stop();
      await parts.conveyors.stop();
      await parts.recovery.stop();
      await parts.portals.stop();
      await parts.dispatcher.stop();
      await registry.stop();
      await parts.log.stop();
    },
  };
}

type BridgeParts = ReturnType<typeof wireParts>;

/** Gives the parts to each other; nothing runs yet. */
function wireParts(options: DeviceBridgeOptions, publish: Publish, isConnected: () => boolean) {
  const { database, logger } = options;
  const timings = { ...BRIDGE_TIMINGS, ...options.timings };
  const context: FloorContext = { database, allocator: options.allocator, now: Date.now };
  const log = new DeviceLog(database, logger);
  const { site = null, onLeft = () => {} } = options;
  const registry = new DeviceRegistry(database, log, logger, { site, onLeft });
  const directory = new RobotDirectory();
  const routeOf = (topic: string) => parseTopic(topic, (root) => directory.robotAt(root));
  const deadLetters = new DeadLetters({
    database,
    log,
    deviceOf: (topic) => registry.get(routeOf(topic)?.deviceId ?? "")?.row.id ?? null,
    logger,
  });
  const fleet = new RobotFleet({ context, registry, publish, timings, logger });
  const dispatcher = new Dispatcher({ context, registry, fleet, timings, site, logger });
  fleet.reportTo(dispatcher);
  const recovery: ToteRecovery = new ToteRecovery({
    context,
    registry,
    sendToConveyor: (deviceId, command) => conveyors.recirculate(deviceId, command),
    queueChanged: () => dispatcher.stateChanged(),
    timings,
    site,
    logger,
  });
  const conveyors: Conveyors = new Conveyors({
    database,
    registry,
    publish,
    toteLost: (lpn, conveyorId) => recovery.lost(lpn, conveyorId),
    timings,
    deadLetters,
    logger,
  });
  const verification = new Verification({
    context,
    recovery,
    ownPrefixes: options.companyPrefixes ?? [],
    logger,
  });
  const portals = new Portals((device, passage) => verification.onPassage(device, passage), logger);
  const silence = new SilenceWatch(registry, isConnected);
  return {
    log,
    registry,
    directory,
    routeOf,
    silence,
    deadLetters,
    fleet,
    dispatcher,
    recovery,
    conveyors,
    verification,
    portals,
  };
}

function openFamilySession(
  options: DeviceBridgeOptions,
  family: string,
  subscriptions: SessionOptions["subscriptions"],
  intake: MessageIntake,
  log: DeviceLog,
): Promise<MqttSession> {
  const { mqttUrl, mqtt, site = null, logger } = options;
  const { name = `${bridgeName(mqtt?.topicPrefix)}${site === null ? "" : `-${site}`}` } = options;
  return openSession({
    connection: { protocolVersion: 4, ...mqtt, url: mqttUrl },
    clientId: `${name}-${family}`,
    subscriptions,
    handle: (topic, payload, retained) => intake.take(topic, payload, retained ? "retained" : "live"),
    onError: (error) => logger.warn({ err: error, family }, "MQTT session"),
    onReconnect: () => log.record("bridge_reconnected", null, `the session for ${family}`),
  });
}

async function deliver(parts: BridgeParts, topic: string, payload: Buffer, arrival: Arrival): Promise<void> {
  const route = parts.routeOf(topic);
  if (payload.length === 0 && isKept(route)) return;
  // The broker keeps a session's subscription to a device that has gone to another site until it is ended.
  if (route !== undefined && namesNoSite(route) && parts.registry.isElsewhere(route.deviceId)) return;
  if (route === undefined) throw new Undeliverable("unknown_topic", "no device speaks on this topic");
  const device = await senderOf(parts.registry, route, topic);
  const { registry, fleet } = parts;
  if (arrival === "live" && route.family !== "robot") registry.heard(device);
  if (arrival === "retained" && (route.family === "conveyor" || route.family === "reader")) {
    throw new Undeliverable("retained_message", "an event must not be retained: nobody knows how old it is");
  }
  switch (route.family) {
    case "robot":
      return toRobot(fleet, device, route, payload, arrival);
    case "conveyor":
      return fromConveyor(parts, device, route, { topic, payload }, arrival);
    case "status":
      return onStatus(parts, device, route, payload, arrival);
    case "reader":
      return fromReader(parts, device, route, { topic, payload }, arrival);
    default: {
      const unreachable: never = route;
      throw new Error(`no handler for ${JSON.stringify(unreachable)}`);
    }
  }
}

async function fromConveyor(
  { registry, conveyors }: BridgeParts,
  device: Device,
  { area, kind }: Extract<Route, { readonly family: "conveyor" }>,
  letter: { readonly topic: string; readonly payload: Buffer },
  arrival: Arrival,
): Promise<void> {
  if (arrival === "live") registry.setConnection(device, "online");
  conveyors.seen(device, area);
  let event: ConveyorEvent;
  try {
    event = parseConveyorEvent(letter.payload, kind);
  } catch (error) {
    if (arrival === "again" || !(error instanceof MalformedMessage)) throw error;
    const { code, message: detail } = error;
    return conveyors.onUnreadable(device, letter, { code, detail });
  }
  conveyors.onEvent(device, event, letter);
}

/** That a device is there is known from itself only; that it is gone, also from what the broker has kept. */
function onStatus(
  { registry, conveyors }: BridgeParts,
  device: Device,
  { area }: Extract<Route, { readonly family: "status" }>,
  payload: Buffer,
  arrival: Arrival,
): void {
  if (device.row.kind === "conveyor") conveyors.seen(device, area);
  const connection = parseStatus(payload);
  if (arrival === "retained" && connection === "online") return;
  registry.setConnection(device, connection);
}

/** What a reader could not say clearly is put aside with its reason; what it did say counts. */
async function fromReader(
  { registry, portals, deadLetters }: BridgeParts,
  device: Device,
  { format }: Extract<Route, { readonly family: "reader" }>,
  { topic, payload }: { readonly topic: string; readonly payload: Buffer },
  arrival: Arrival,
): Promise<void> {
  const { events, refused } = format === "zebra" ? parseZebra(payload) : parseImpinj(payload);
  portals.onEvents(device, events);
  if (arrival === "live") registry.setConnection(device, "online");
  const [first] = refused;
  if (first === undefined) return;
  const detail = `${refused.length} of ${events.length + refused.length} entries, the first: ${first.message}`;
  await deadLetters.write(topic, payload, first.code, detail);
}

/** Whose topics say nothing of where the device is. */
function namesNoSite({ family }: Route): boolean {
  return family === "robot" || family === "reader";
}

/** What portals say on topics of their own. */
function readerSubscriptions(devices: Iterable<Device>): Subscriptions {
  const filters = [...devices]
    .filter(({ row }) => row.kind === "rfid_portal")
    .flatMap(({ row }) => deviceProtocols.topicsOf(row).publish)
    .filter((filter) => !filter.startsWith("holdfast/"));
  return Object.fromEntries(filters.map((filter) => [filter, { qos: 1 }]));
}

/** What brokers keep is taken away by an empty message, for instance when a device is removed. */
function isKept(route: Route | undefined): boolean {
  return route === undefined || route.family === "robot" || route.family === "status";
}

/**
 * The device whose topic it is. The broker lets nobody else speak on it; where it does not, a message under
 * another's name is taken for that device's.
 */
async function senderOf(registry: DeviceRegistry, route: Route, topic: string): Promise<Device> {
  const device = await registry.find(route.deviceId);
  if (device === undefined && registry.isElsewhere(route.deviceId))
    throw new Undeliverable("device_mismatch", `${route.deviceId} is registered at another site`);
  if (device === undefined) throw new Undeliverable("unknown_device", `no device ${route.deviceId}`);
  const { row } = device;
  if (!KIND_OF_FAMILY[route.family].includes(row.kind) || !speaksOn(row, topic)) {
    throw new Undeliverable("device_mismatch", `${route.deviceId} does not speak on this topic`);
  }
  if (!row.enabled) throw new Undeliverable("device_disabled", `${route.deviceId} is switched off`);
  return device;
}

function speaksOn(row: DeviceRow, topic: string): boolean {
  return deviceProtocols.topicsOf(row).publish.some((filter) => takesTopic(filter, topic));
}

/** What says that a robot is there, and what is too old for that, the fleet finds out. */
function toRobot(
  fleet: RobotFleet,
  device: Device,
  { root, kind }: Extract<Route, { readonly family: "robot" }>,
  payload: Buffer,
  arrival: Arrival,
): void {
  const major = majorOf(device.row);
  // Read first: what cannot be read says nothing about whose topics these are.
  const message =
    kind === "state"
      ? { kind, state: parseState(payload, major) }
      : kind === "connection"
        ? { kind, connection: parseConnection(payload, major) }
        : { kind, factsheet: parseFactsheet(payload, major) };
  const robot = fleet.meet(device, root);
  if (robot === null) {
    throw new Undeliverable("device_mismatch", `${device.row.id} speaks under other topics`);
  }
  if (message.kind === "connection") fleet.onConnection(robot, message.connection, arrival);
  // Valid as a message where the broker has kept it, but nobody knows how old it is.
  if (message.kind === "state" && arrival === "live") fleet.onState(robot, message.state);
}
