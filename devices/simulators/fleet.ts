/**
 * The simulated floors: at each location robots, a conveyor and two portals, each a client of its own over
 * real TCP, in one physical world. They say and understand what real devices do; only the goods are made up.
 */
import type { Logger } from "pino";
import { SimulatedConveyor } from "./conveyor.ts";
import type { DeviceClientOptions } from "./device-client.ts";
import { EVERYDAY_FAULTS, type Faults } from "./faults.ts";
import { FloorWorld } from "./floor-world.ts";
import { Pace } from "./pace.ts";
import { SimulatedPortal } from "./rfid-portal.ts";
import { SimulatedRobot, simulatedMaker } from "./robot.ts";
import type { SimulatedPart, Surroundings } from "./surroundings.ts";

/** A row for the device table. */
export type SimulatedDevice = {
  readonly id: string;
  readonly locationId: string;
  readonly kind: "robot" | "conveyor" | "rfid_portal";
  readonly protocol: string;
  readonly name: string;
  /** Of its kind; left out: as most are. */
  readonly settings?: Readonly<Record<string, unknown>>;
};

export type Fleet = {
  /** 1: demo pace, an order crosses the floor in some 10 s; 20 and more: under a second. */
  setSpeed(speed: number): void;
  /** The share of picks that find one unit fewer than asked for, from now on. */
  setShortPicks(share: number): void;
  /** The share of messages that are lost, and of those that come twice or late, from now on. */
  setBadNetwork(share: number): void;
  stop(): Promise<void>;
};

/** Robots of one location; the last `ROBOTS_V3` speak VDA 5050 v3, the others v2. */
const ROBOTS = 12;
const ROBOTS_V3 = 2;
/** In a bad network: long enough for some messages to overtake it. */
const LATE_MS = 400;

/** Metres from one aisle, and one bay, to the next. */
const AISLE = 4;
const BAY = 1.5;
const BAYS = 4;

/** The floor of every simulated location: aisles by the SKUs' first letters, and a shelf for all others. */
export function simulatedStations(mapId: string): Readonly<Record<string, unknown>> {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const place = (index: number) => ({
    x: Math.floor(index / BAYS) * AISLE,
    y: (index % BAYS) * BAY,
  });
  const shelves = letters.map((letter, index) => ({
    nodeId: `shelf-${letter}`,
    ...place(index),
    skus: [`${letter}*`],
  }));
  return {
    mapId,
    stations: {
      induction: { nodeId: "induction-1", x: 34, y: 0 },
      shelves: [...shelves, { nodeId: "shelf-others", ...place(letters.length) }],
      chargers: Array.from({ length: ROBOTS }, (_, index) => ({
        nodeId: `charger-${index + 1}`,
        x: -2,
        y: 2 * index,
      })),
    },
  };
}

export function simulatedDevices(locationIds: readonly string[]): SimulatedDevice[] {
  return locationIds.flatMap((locationId) => [
    ...Array.from({ length: ROBOTS }, (_, index): SimulatedDevice => {
      const number = String(index + 1).padStart(2, "0");
      const isV3 = index >= ROBOTS - ROBOTS_V3;
      return {
        id: `${locationId}-robot-${number}`,
        locationId,
        kind: "robot",
        protocol: isV3 ? "vda5050-3.0" : "vda5050-2.1",
        name: `Robot ${number}`,
        settings: { manufacturer: simulatedMaker(isV3 ? 3 : 2), ...simulatedStations(locationId) },
      };
    }),
    {
      id: `${locationId}-conveyor`,
      locationId,
      kind: "conveyor",
      protocol: "holdfast-conveyor",
      name: "Conveyor",
    },
    {
      id: `${locationId}-portal-1`,
      locationId,
      kind: "rfid_portal",
      protocol: "zebra-iot-connector",
      name: "RFID portal 1",
    },
    {
      id: `${locationId}-portal-2`,
      locationId,
      kind: "rfid_portal",
      protocol: "impinj-iot-device-interface",
      name: "RFID portal 2",
    },
  ]);
}

export async function startFleet(options: {
  readonly mqttUrl: string;
  readonly mqtt?: DeviceClientOptions["mqtt"];
  readonly passwordOf?: DeviceClientOptions["passwordOf"];
  readonly devices: readonly SimulatedDevice[];
  readonly speed: number;
  readonly logger: Logger;
  readonly faults?: Faults;
}): Promise<Fleet> {
  const { devices, logger } = options;
  const pace = new Pace(checkedSpeed(options.speed));
  const faults = { ...(options.faults ?? EVERYDAY_FAULTS) };
  const surroundings: Surroundings = {
    connection: {
      mqttUrl: options.mqttUrl,
      faults,
      ...(options.mqtt === undefined ? {} : { mqtt: options.mqtt }),
      ...(options.passwordOf === undefined ? {} : { passwordOf: options.passwordOf }),
    },
    pace,
    faults,
    logger,
  };
  const parts: SimulatedPart[] = [];
  for (const locationId of new Set(devices.map((device) => device.locationId))) {
    parts.push(
      ...startFloor(
        surroundings,
        locationId,
        devices.filter((device) => device.locationId === locationId),
      ),
    );
  }
  await Promise.all(parts.map((part) => part.connected()));
  logger.info({ devices: devices.length, speed: pace.speed }, "simulated devices are up");
  return {
    setSpeed: (speed) => {
      pace.speed = checkedSpeed(speed);
    },
    setShortPicks: (share) => {
      faults.shortPicks = share;
    },
    setBadNetwork: (share) => {
      Object.assign(faults, { lost: share, duplicated: share, delayed: share, delayMs: LATE_MS });
    },
    stop: async () => {
      pace.stop();
      await Promise.all(parts.map((part) => part.stop()));
    },
  };
}

function startFloor(
  surroundings: Surroundings,
  locationId: string,
  devices: readonly SimulatedDevice[],
): SimulatedPart[] {
  const world = new FloorWorld();
  const ofKind = (kind: SimulatedDevice["kind"]): SimulatedDevice[] =>
    devices.filter((device) => device.kind === kind);
  const portals = new Map(
    ofKind("rfid_portal").map(({ id, protocol }) => [
      id,
      new SimulatedPortal(surroundings, id, locationId, protocol, world),
    ]),
  );
  const conveyors = ofKind("conveyor").map(
    ({ id }) => new SimulatedConveyor(surroundings, id, locationId, world, portals),
  );
  const robots = ofKind("robot").map(({ id, protocol }) => {
    const major = protocol.startsWith("vda5050-3") ? 3 : 2;
    return new SimulatedRobot(surroundings, id, locationId, major, world, conveyors[0]);
  });
  return [...portals.values(), ...conveyors, ...robots];
}

function checkedSpeed(speed: number): number {
  if (!Number.isFinite(speed) || speed <= 0 || speed > 10_000) throw new RangeError(`not a speed: ${speed}`);
  return speed;
}
