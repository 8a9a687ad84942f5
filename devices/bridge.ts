/**
 * The device bridge: MQTT on one side, operations on the other. This file wires the parts and routes messages; each
 * protocol and each decision has its own file beside it.
 *
 * B1 a QoS 1 message is acknowledged to the broker after it has been handled or dead-lettered; where an effect must not
 *    be lost, the device repeats its report until the effect is there (conveyors by outbox, robots by cumulative state)
 * B2 a message that cannot be understood becomes a dead letter at once; one whose effect keeps failing, after some tries
 * B3 as long as the database is away, messages wait at the broker and the devices
 * B4 every effect is booked once: conveyors by sequence number, robots and portals because their operations are keyed
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { AllocatorClient } from "../engine/allocator-client.ts";
import type { OperationContext } from "../operations/context.ts";
import type { DeviceKind } from "../store/floor/devices.ts";
import type { Database } from "../store/sql/database.ts";
import { Conveyors } from "./conveyor/conveyor.ts";
import { parseConveyorEvent, parseStatus } from "./conveyor/conveyor-messages.ts";
import { ToteRecovery } from "./conveyor/tote-recovery.ts";
import { type DeadLetterCode, DeadLetters } from "./mqtt/dead-letter.ts";
import { type Device, DeviceRegistry } from "./mqtt/device-registry.ts";
import { MalformedMessage } from "./mqtt/json-reader.ts";
import { type MqttSession, openSession } from "./mqtt/mqtt-session.ts";
import { BRIDGE_TIMINGS, type BridgeTimings } from "./mqtt/timings.ts";
import { parseTopic, type Route, SUBSCRIPTIONS } from "./mqtt/topics.ts";
import { parseImpinj } from "./rfid/impinj.ts";
import { Portals } from "./rfid/portals.ts";
import { Verification } from "./rfid/verification.ts";
import { parseZebra } from "./rfid/zebra.ts";
import { Dispatcher } from "./robots/dispatcher.ts";
import { RobotFleet } from "./robots/robot-fleet.ts";
import { parseConnection, parseFactsheet, parseState } from "./vda5050/messages.ts";

export type DeviceBridge = { stop(): Promise<void> };

export type DeviceBridgeOptions = {
  readonly mqttUrl: string;
  readonly username?: string;
  readonly password?: string;
  readonly database: Database;
  readonly allocator: AllocatorClient;
  readonly logger: Logger;
  /** Names this bridge's sessions at the broker; two bridges on one broker need two names. */
  readonly name?: string;
  readonly timings?: Partial<BridgeTimings>;
};

const MOST_TRIES = 3;
const RETRY_MS = 200;

const KIND_OF_FAMILY: Readonly<Record<Route["family"], readonly DeviceKind[]>> = {
  robot: ["robot"],
  conveyor: ["conveyor"],
  reader: ["rfid_portal"],
  status: ["conveyor", "rfid_portal"],
};

/** A message that is understood but comes from nobody, or from somebody else than it says. */
class Undeliverable extends Error {
  readonly code: DeadLetterCode;

  constructor(code: DeadLetterCode, detail: string) {
    super(detail);
    this.code = code;
  }
}

export async function startDeviceBridge(options: DeviceBridgeOptions): Promise<DeviceBridge> {
  const { database, logger } = options;
  const timings = { ...BRIDGE_TIMINGS, ...options.timings };
  const context: OperationContext = { database, allocator: options.allocator, now: Date.now };
  const registry = new DeviceRegistry(database, logger);
  const deadLetters = new DeadLetters(database, logger);
  const sessions: MqttSession[] = [];
  let stopping = false;

  const publish = async (topic: string, message: object): Promise<void> => {
    if (!stopping) await sessions[0]?.publish(topic, message);
  };
  const fleet = new RobotFleet({ context, registry, publish, timings, logger });
  const dispatcher = new Dispatcher({ context, registry, fleet, timings, logger });
  fleet.reportTo(dispatcher);
  const recovery: ToteRecovery = new ToteRecovery({
    context,
    registry,
    sendToConveyor: (deviceId, command) => conveyors.recirculate(deviceId, command),
    queueChanged: () => dispatcher.stateChanged(),
    timings,
    logger,
  });
  const conveyors: Conveyors = new Conveyors({
    database,
    registry,
    publish,
    toteLost: (lpn) => recovery.lost(lpn),
    timings,
    deadLetters,
    logger,
  });
  const verification = new Verification({ context, recovery, logger });
  const portals = new Portals((device, passage) => verification.onPassage(device, passage), logger);

  const deliver = (route: Route, device: Device, topic: string, payload: Buffer): void => {
    switch (route.family) {
      case "robot": {
        const robot = fleet.meet(device, route.major, route.manufacturer);
        if (robot === null) {
          throw new Undeliverable("device_mismatch", `${device.row.id} is another robot's serial number`);
        }
        if (route.kind === "state") fleet.onState(robot, parseState(payload, route.major));
        else if (route.kind === "connection") {
          fleet.onConnection(robot, parseConnection(payload, route.major));
        } else parseFactsheet(payload, route.major);
        return;
      }
      case "conveyor": {
        conveyors.seen(device, route.area);
        conveyors.onEvent(device, parseConveyorEvent(payload, route.kind), { topic, payload });
        return;
      }
      case "status":
        if (device.row.kind === "conveyor") conveyors.seen(device, route.area);
        registry.setConnection(device, parseStatus(payload));
        return;
      case "reader":
        portals.onEvents(device, route.format === "zebra" ? parseZebra(payload) : parseImpinj(payload));
        registry.setConnection(device, "online");
        return;
      default: {
        const unreachable: never = route;
        throw new Error(`no handler for ${JSON.stringify(unreachable)}`);
      }
    }
  };

  const sender = async (route: Route): Promise<Device> => {
    const device = await registry.find(route.deviceId);
    if (device === undefined) throw new Undeliverable("unknown_device", `no device ${route.deviceId}`);
    const atHome = !("site" in route) || route.site === device.row.locationId;
    if (!atHome || !KIND_OF_FAMILY[route.family].includes(device.row.kind)) {
      throw new Undeliverable("device_mismatch", `${route.deviceId} does not speak on this topic`);
    }
    return device;
  };

  const handle = async (topic: string, payload: Buffer): Promise<void> => {
    // An emptied retained message says that a device was taken away.
    if (payload.length === 0) return;
    for (let tries = 1; !stopping; tries += 1) {
      try {
        const route = parseTopic(topic);
        if (route === undefined) throw new Undeliverable("unknown_topic", "no device speaks on this topic");
        return deliver(route, await sender(route), topic, payload);
      } catch (error) {
        if (stopping) return;
        const known = error instanceof MalformedMessage || error instanceof Undeliverable;
        try {
          if (known) return await deadLetters.write(topic, payload, error.code, error.message);
          logger.warn({ err: error, topic, tries }, "device message not handled");
          if (tries >= MOST_TRIES) {
            const detail = error instanceof Error ? error.message : String(error);
            return await deadLetters.write(topic, payload, "handler_failed", detail);
          }
        } catch (failure) {
          // The database is away, and with it every effect: the message waits.
          logger.warn({ err: failure }, "dead letter not written");
          tries = 0;
        }
        await delay(RETRY_MS);
      }
    }
  };

  await registry.start();
  try {
    // The sender first: what arrives may have to be answered at once.
    for (const [family, subscriptions] of Object.entries({ commands: {}, ...SUBSCRIPTIONS })) {
      sessions.push(
        await openSession({
          url: options.mqttUrl,
          ...(options.username === undefined ? {} : { username: options.username }),
          ...(options.password === undefined ? {} : { password: options.password }),
          clientId: `${options.name ?? "holdfast-bridge"}-${family}`,
          subscriptions,
          handle,
          onError: (error) => logger.warn({ err: error, family }, "MQTT session"),
        }),
      );
    }
    dispatcher.start();
  } catch (error) {
    stopping = true;
    await Promise.all(sessions.map((session) => session.stop()));
    await registry.stop();
    throw error;
  }
  recovery.start();
  logger.info({ mqttUrl: options.mqttUrl }, "device bridge is up");

  return {
    stop: async () => {
      stopping = true;
      verification.stop();
      await Promise.all(sessions.map((session) => session.stop()));
      await fleet.stop();
      await conveyors.stop();
      await recovery.stop();
      await portals.stop();
      await dispatcher.stop();
      await registry.stop();
    },
  };
}
