/**
 * The devices of the campaign beside those that the sandbox's own floors have: conveyors at every site that
 * has one, and robots and portals at sites of their own, where no order needs them.
 */

import { SANDBOX_COMPANY, SANDBOX_LOCATIONS } from "../../../cli/sandbox/company.ts";
import type { Random } from "../../../config/seeded-random.ts";
import { type SimulatedDevice, simulatedDevices } from "../../../devices/simulators/fleet.ts";
import { insertLocations } from "../../../store/catalog/locations.ts";
import { registerDevices } from "../../../store/floor/devices.ts";
import type { Queryable } from "../../../store/sql/database.ts";
import type { AckAudit } from "./ack-audit.ts";
import type { Tally } from "./tally.ts";
import { WildConveyor } from "./wild-conveyor.ts";
import { WildPortal } from "./wild-portal.ts";
import { WildRobot } from "./wild-robot.ts";

const WILD_SITES = ["fc-wild-east", "fc-wild-west"] as const;
/** Of the wild devices; the rest are robots. */
const CONVEYORS = 0.3;
const PORTALS = 0.3;

export type WildFloor = {
  readonly conveyors: readonly WildConveyor[];
  readonly robots: readonly WildRobot[];
  readonly portals: readonly WildPortal[];
};

/** How many devices the sandbox has of itself. */
export function workingDevices(): number {
  return simulatedDevices(workingSites()).length;
}

function workingSites(): readonly string[] {
  return SANDBOX_LOCATIONS.filter(({ automated }) => automated).map(({ locationId }) => locationId);
}

/** The rows of so many devices. */
export function planWildDevices(count: number): readonly SimulatedDevice[] {
  const conveyorSites = [...workingSites(), ...WILD_SITES];
  const conveyors = Math.max(3, Math.round(count * CONVEYORS));
  const portals = Math.max(2, Math.round(count * PORTALS));
  return Array.from({ length: count }, (_, index): SimulatedDevice => {
    const site = WILD_SITES[index % WILD_SITES.length] ?? WILD_SITES[0];
    if (index < conveyors) {
      const locationId = conveyorSites[index % conveyorSites.length] ?? site;
      return {
        ...named(`wild-conveyor-${index}`),
        kind: "conveyor",
        protocol: "holdfast-conveyor",
        locationId,
      };
    }
    if (index < conveyors + portals) {
      const protocol = index % 4 < 2 ? "zebra-iot-connector" : "impinj-iot-device-interface";
      return { ...named(`wild-portal-${index}`), kind: "rfid_portal", protocol, locationId: site };
    }
    const protocol = index % 4 < 2 ? "vda5050-2.1" : "vda5050-3.0";
    return { ...named(`wild-robot-${index}`), kind: "robot", protocol, locationId: site };
  });
}

/** Writes them down, with the sites that they need. */
export async function registerWildDevices(
  database: Queryable,
  devices: readonly SimulatedDevice[],
): Promise<void> {
  const [like] = SANDBOX_LOCATIONS;
  if (like === undefined) throw new Error("the sandbox has no location");
  await insertLocations(
    database,
    SANDBOX_COMPANY.id,
    // Last in every order of preference, and without any stock.
    WILD_SITES.map((locationId) => ({ ...like, locationId, name: locationId, priority: 1_000 })),
  );
  await registerDevices(database, devices);
}

/** Connects them all. */
export async function startWildFloor(
  devices: readonly SimulatedDevice[],
  shared: {
    readonly mqttUrl: string;
    readonly random: Random;
    readonly tally: Tally;
    readonly audit: AckAudit;
    readonly onLatency: (deviceId: string, milliseconds: number) => void;
  },
): Promise<WildFloor> {
  const { random } = shared;
  const ofKind = (kind: SimulatedDevice["kind"]) => devices.filter((device) => device.kind === kind);
  const floor: WildFloor = {
    conveyors: ofKind("conveyor").map(
      ({ id, locationId }, nth) =>
        new WildConveyor({
          ...shared,
          deviceId: id,
          locationId,
          nth,
          random: random.fork(),
          onLatency: (milliseconds) => shared.onLatency(id, milliseconds),
        }),
    ),
    robots: ofKind("robot").map(
      ({ id, protocol }) =>
        new WildRobot({
          ...shared,
          deviceId: id,
          major: protocol.startsWith("vda5050-3") ? 3 : 2,
          random: random.fork(),
        }),
    ),
    portals: ofKind("rfid_portal").map(
      ({ id, protocol }) =>
        new WildPortal({
          ...shared,
          deviceId: id,
          make: protocol.startsWith("zebra") ? "zebra" : "impinj",
          random: random.fork(),
        }),
    ),
  };
  await Promise.all([...floor.conveyors, ...floor.robots, ...floor.portals].map((one) => one.connected()));
  return floor;
}

export async function stopWildFloor({ conveyors, robots, portals }: WildFloor): Promise<void> {
  await Promise.all([...conveyors, ...robots, ...portals].map((one) => one.stop()));
}

function named(id: string): Pick<SimulatedDevice, "id" | "name"> {
  return { id, name: id };
}
