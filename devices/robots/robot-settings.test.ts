import { describe, expect, it } from "vitest";
import type { RegisteredDevice } from "../../ports/devices.ts";
import { deviceProtocols } from "../device-kinds.ts";
import { shelfOf } from "../vda5050/stations.ts";
import { readRobotSettings } from "./robot-settings.ts";

const robot = (settings: RegisteredDevice["settings"], fields: Partial<RegisteredDevice> = {}) => ({
  id: "r1",
  locationId: "fc",
  kind: "robot" as const,
  protocol: "vda5050-2.1",
  ...fields,
  settings,
});

const STATIONS = {
  induction: { nodeId: "drop", x: 34, y: 0, theta: 1.5 },
  shelves: [
    { nodeId: "S1", x: 1, y: 2, skus: ["TEE-*", "MUG-1"] },
    { nodeId: "S2", skus: ["TEE-RED*"] },
    { nodeId: "S3" },
  ],
  chargers: [{ nodeId: "C1", x: -2, y: 0 }],
};

describe("a robot's settings", () => {
  it("are as most robots are where they are left out, and know no station", () => {
    expect(readRobotSettings({})).toEqual({
      topicRoot: null,
      manufacturer: null,
      serialNumber: null,
      batteryLeast: 10,
      chargingLeast: 30,
      startCharging: true,
      offlineAfterMs: 35_000,
      standstillMs: 120_000,
      noProgressMs: 900_000,
      stations: null,
    });
    expect(readRobotSettings({ batteryLeast: 40 }).chargingLeast).toBe(40);
  });

  it("put a SKU on the shelf that names it most exactly, or on the one for all others", () => {
    const { stations } = readRobotSettings({ mapId: "hall", stations: STATIONS });
    if (stations === null) throw new Error("no stations");
    expect(stations.induction.position).toEqual({ x: 34, y: 0, theta: 1.5, mapId: "hall" });
    const at = (sku: string) => shelfOf(stations, sku)?.nodeId;
    expect([at("TEE-BLUE"), at("TEE-RED-M"), at("MUG-1"), at("MUG-12"), at("x")]).toEqual([
      "S1",
      "S2",
      "S1",
      "S3",
      "S3",
    ]);
    expect(shelfOf({ ...stations, shelves: stations.shelves.slice(0, 2) }, "x")).toBeUndefined();
  });

  it.each<[object, string]>([
    [{ speed: 3 }, "a robot has no setting speed"],
    [{ manufacturer: "a/b" }, "manufacturer is not"],
    [{ topicRoot: "one" }, "topicRoot is not 2 to 8 levels"],
    [{ topicRoot: "a/+/b" }, "topicRoot is not"],
    [{ topicRoot: "a//b" }, "topicRoot is not"],
    [{ topicRoot: 7 }, "topicRoot is not"],
    [{ topicRoot: "holdfast/a/b/c" }, "topicRoot begins with holdfast"],
    [{ batteryLeast: 101 }, "batteryLeast is not an integer from 0 to 100"],
    [{ batteryLeast: 50, chargingLeast: 40 }, "chargingLeast is below batteryLeast"],
    [{ startCharging: "yes" }, "startCharging is neither"],
    [{ offlineAfterMs: 3 }, "offlineAfterMs is neither"],
    [{ standstillMs: 3 }, "standstillMs is not"],
    [{ noProgressMs: "long" }, "noProgressMs is not"],
    [{ mapId: "" }, "mapId is missing or is no text"],
    [{ stations: [] }, "stations is not an object"],
    [{ stations: STATIONS }, "mapId is needed, because stations.induction has a position"],
    [{ mapId: "m", stations: { ...STATIONS, charger: {} } }, "stations has no charger"],
    [{ mapId: "m", stations: { ...STATIONS, chargers: "C1" } }, "stations.chargers is not an array"],
    [{ mapId: "m", stations: { ...STATIONS, chargers: [{}] } }, "stations.chargers[0].nodeId is missing"],
    [{ mapId: "m", stations: { ...STATIONS, chargers: [{ nodeId: "S1" }] } }, "name the node S1 twice"],
    [{ mapId: "m", stations: { ...STATIONS, induction: undefined } }, "stations.induction is not an object"],
    [{ mapId: "m", stations: { ...STATIONS, shelves: [] } }, "stations.shelves is empty"],
    [{ mapId: "m", stations: { ...STATIONS, induction: { nodeId: "S1" } } }, "name the node S1 twice"],
    [
      { mapId: "m", stations: { ...STATIONS, induction: { nodeId: "d", x: 1 } } },
      "stations.induction.y is not",
    ],
    [
      { mapId: "m", stations: { ...STATIONS, induction: { nodeId: "d", x: 1, y: 1, theta: 4 } } },
      "stations.induction.theta is not",
    ],
    [{ stations: { ...STATIONS, induction: { nodeId: "d", z: 1 } } }, "stations.induction has no z"],
    [
      { stations: { induction: { nodeId: "d" }, shelves: [{ nodeId: "a" }, { nodeId: "b" }] } },
      "two shelves without skus",
    ],
    [
      { stations: { induction: { nodeId: "d" }, shelves: [{ nodeId: "a", skus: ["A", "A"] }] } },
      "name A twice",
    ],
    [
      { stations: { induction: { nodeId: "d" }, shelves: [{ nodeId: "a", skus: ["*A"] }] } },
      "shelves[0].skus",
    ],
  ])("are refused by name: %j", (settings, problem) => {
    expect(deviceProtocols.problemOf(robot(settings as RegisteredDevice["settings"]))).toContain(problem);
  });
});

describe("a robot's topics", () => {
  it.each<[object, string, string]>([
    [{}, "vda5050-2.1", "uagv/v2/+/r1"],
    [{ manufacturer: "acme", serialNumber: "R-17" }, "vda5050-2.0", "uagv/v2/acme/R-17"],
    [{ manufacturer: "acme" }, "vda5050-3.0", "vda5050/v3/acme/r1"],
    [{ topicRoot: "acmefleet/v2/acme/R-17" }, "vda5050-2.1", "acmefleet/v2/acme/R-17"],
  ])("of %j with %s begin with %s", (settings, protocol, root) => {
    const device = robot(settings as RegisteredDevice["settings"], { protocol });
    expect(deviceProtocols.topicsOf(device)).toEqual({
      publish: ["state", "connection", "factsheet", "visualization"].map((kind) => `${root}/${kind}`),
      subscribe: [`${root}/order`, `${root}/instantActions`],
    });
  });

  it.each<[object, object, boolean]>([
    [{ manufacturer: "acme" }, { manufacturer: "acme", serialNumber: "r1" }, true],
    [{}, { manufacturer: "acme", serialNumber: "r1" }, true],
    [{}, { topicRoot: "uagv/v2/acme/r1" }, true],
    [{ topicRoot: "x/r" }, { topicRoot: "x/r" }, true],
    [{ topicRoot: "x/r" }, { topicRoot: "x/s" }, false],
    [{ manufacturer: "acme" }, { manufacturer: "other", serialNumber: "r1" }, false],
    [{}, {}, false],
  ])("of %j and of another with %j meet: %s", (one, other, meet) => {
    const [a, b] = [one, other].map((settings, index) =>
      robot(settings as RegisteredDevice["settings"], { id: `r${index + 1}` }),
    );
    if (a === undefined || b === undefined) throw new Error("no robots");
    expect(deviceProtocols.sharesTopics(a, b)).toBe(meet);
  });
});
