/**
 * How a robot is set up, from its row: under which topics it speaks, when it is fit for work, and the nodes
 * of its map. What is left out is as most robots are; stations have no default, because nobody can guess a
 * map.
 */

import {
  asArray,
  asObject,
  integerField,
  type JsonObject,
  MalformedMessage,
  textField,
} from "../mqtt/json-reader.ts";
import { offlineAfter, readOfflineAfter } from "../mqtt/offline-after.ts";
import { usualRoot, type VdaMajor } from "../mqtt/topics.ts";
import type { Shelf, Station, Stations } from "../vda5050/stations.ts";

export type RobotSettings = {
  /** All of its topics begin with it; `null`: as the standard proposes, of manufacturer and serial number. */
  readonly topicRoot: string | null;
  /** `null`: whatever its topics say. */
  readonly manufacturer: string | null;
  /** `null`: its id. */
  readonly serialNumber: string | null;
  /** Below this charge it gets no new task. Percent. */
  readonly batteryLeast: number;
  /** Up to this charge it stays on its charger. Percent. */
  readonly chargingLeast: number;
  /** Whether an idle robot under `batteryLeast` is asked to charge; false: it goes by itself. */
  readonly startCharging: boolean;
  /** After which silence it counts as offline; `null`: silence is no sign. Milliseconds. */
  readonly offlineAfterMs: number | null;
  /** A pause or a violated field that lasts longer takes its task away. Milliseconds. */
  readonly standstillMs: number;
  /** A robot that gets no further with its task for so long gives it back. Milliseconds. */
  readonly noProgressMs: number;
  /** `null`: it has been told of none, and gets no task. */
  readonly stations: Stations | null;
};

export const ROBOT_DEFAULTS = {
  topicRoot: null,
  manufacturer: null,
  serialNumber: null,
  batteryLeast: 10,
  chargingLeast: 30,
  startCharging: true,
  standstillMs: 120_000,
  noProgressMs: 900_000,
  stations: null,
} as const satisfies Omit<RobotSettings, "offlineAfterMs">;

const NAMES: ReadonlySet<string> = new Set([...Object.keys(ROBOT_DEFAULTS), "offlineAfterMs", "mapId"]);

const LEVEL = /^[A-Za-z0-9_.:-]{1,64}$/;
const MOST_LEVELS = 8;
/** First levels of other devices' topics. */
const OTHERS: ReadonlySet<string> = new Set(["holdfast", "zebra", "impinj"]);
const MOST_SHELVES = 2_000;
const MOST_CHARGERS = 200;
const MOST_SKUS = 5_000;
const LONGEST_NAME = 128;
/** Metres; further out lies no floor. */
const FARTHEST = 1_000_000;

/** Throws `MalformedMessage` where a setting is unknown, or is given and is not valid. */
export function readRobotSettings(row: JsonObject): RobotSettings {
  for (const name of Object.keys(row)) if (!NAMES.has(name)) throw refused(`a robot has no setting ${name}`);
  type Count = "batteryLeast" | "chargingLeast" | "standstillMs" | "noProgressMs";
  const integer = (key: Count, least: number, most: number) =>
    row[key] === undefined ? ROBOT_DEFAULTS[key] : integerField(row, key, least, most);
  const topicRoot = readTopicRoot(row["topicRoot"]);
  const batteryLeast = integer("batteryLeast", 0, 100);
  // A threshold that alone is set above the other one's default moves it along.
  const chargingLeast =
    row["chargingLeast"] === undefined
      ? Math.max(batteryLeast, ROBOT_DEFAULTS.chargingLeast)
      : integer("chargingLeast", 0, 100);
  if (chargingLeast < batteryLeast) throw refused("chargingLeast is below batteryLeast");
  const { startCharging = ROBOT_DEFAULTS.startCharging } = row;
  if (typeof startCharging !== "boolean") throw refused("startCharging is neither true nor false");
  const stations = readStations(row);
  return {
    topicRoot,
    manufacturer: readLevel(row, "manufacturer"),
    serialNumber: readLevel(row, "serialNumber"),
    batteryLeast,
    chargingLeast,
    startCharging,
    offlineAfterMs: readOfflineAfter("robot", row),
    standstillMs: integer("standstillMs", 1_000, 86_400_000),
    noProgressMs: integer("noProgressMs", 1_000, 86_400_000),
    stations,
  };
}

/** Each message asks for them. */
const known = new WeakMap<JsonObject, RobotSettings>();

/** The same of a row that may hold anything: where a setting is not valid, all count as left out. */
export function robotSettings(row: JsonObject): RobotSettings {
  const settings = known.get(row) ?? readOrDefault(row);
  known.set(row, settings);
  return settings;
}

function readOrDefault(row: JsonObject): RobotSettings {
  try {
    return readRobotSettings(row);
  } catch {
    return { ...ROBOT_DEFAULTS, offlineAfterMs: offlineAfter("robot", row) };
  }
}

/** What a registration says of a robot's topics. */
type RegisteredRobot = { readonly id: string; readonly protocol: string; readonly settings: JsonObject };

export function majorOf({ protocol }: Pick<RegisteredRobot, "protocol">): VdaMajor {
  return protocol.startsWith("vda5050-3") ? 3 : 2;
}

/** With which its topics begin; a level of it is `+` where any manufacturer's will do. */
export function robotRoot(robot: RegisteredRobot): string {
  const { topicRoot, manufacturer, serialNumber } = robotSettings(robot.settings);
  if (topicRoot !== null) return topicRoot;
  return usualRoot(majorOf(robot), manufacturer ?? "+", serialNumber ?? robot.id);
}

/** Under which topics a robot is spoken to, and how the messages name it. */
export type RobotLink = {
  readonly root: string;
  readonly major: VdaMajor;
  readonly manufacturer: string;
  readonly serialNumber: string;
};

export function robotTopicOf({ root }: RobotLink, kind: "order" | "instantActions"): string {
  return `${root}/${kind}`;
}

/** @param root with which its topics begin, as they are heard */
export function robotLink(robot: RegisteredRobot, root: string): RobotLink {
  const { topicRoot, manufacturer, serialNumber } = robotSettings(robot.settings);
  const [maker = "", serial = robot.id] = root.split("/").slice(-2);
  return {
    root,
    major: majorOf(robot),
    manufacturer: manufacturer ?? maker,
    serialNumber: serialNumber ?? (topicRoot === null ? robot.id : serial),
  };
}

function readTopicRoot(value: unknown): string | null {
  if (value === undefined) return null;
  const levels = typeof value === "string" ? value.split("/") : [];
  if (levels.length < 2 || levels.length > MOST_LEVELS || !levels.every((level) => LEVEL.test(level))) {
    throw refused(`topicRoot is not 2 to ${MOST_LEVELS} levels of letters, digits, . _ : or -`);
  }
  if (OTHERS.has(levels[0] ?? ""))
    throw refused(`topicRoot begins with ${levels[0]}, as other devices' topics`);
  return levels.join("/");
}

function readLevel(row: JsonObject, key: "manufacturer" | "serialNumber"): string | null {
  const value = row[key];
  if (value === undefined) return null;
  if (typeof value === "string" && LEVEL.test(value)) return value;
  throw refused(`${key} is not 1 to 64 letters, digits, . _ : or -`);
}

function readStations(row: JsonObject): Stations | null {
  const mapId = row["mapId"] === undefined ? null : name(row, "mapId", "mapId");
  if (row["stations"] === undefined) return null;
  const { induction, shelves, chargers = [], ...others } = asObject(row["stations"], "stations");
  const [other] = Object.keys(others);
  if (other !== undefined) throw refused(`stations has no ${other}`);
  const read = {
    induction: readStation(induction, "stations.induction", mapId),
    shelves: asArray(shelves, "stations.shelves", MOST_SHELVES).map((shelf, index) =>
      readShelf(shelf, `stations.shelves[${index}]`, mapId),
    ),
    chargers: asArray(chargers, "stations.chargers", MOST_CHARGERS).map((charger, index) =>
      readStation(charger, `stations.chargers[${index}]`, mapId),
    ),
  };
  if (read.shelves.length === 0) throw refused("stations.shelves is empty");
  const nodes = [read.induction, ...read.shelves, ...read.chargers].map(({ nodeId }) => nodeId);
  const twice = firstRepeated(nodes);
  if (twice !== undefined) throw refused(`stations name the node ${twice} twice`);
  if (read.shelves.filter(({ skus }) => skus.length === 0).length > 1) {
    throw refused("stations.shelves has two shelves without skus: only one can be for all others");
  }
  const sku = firstRepeated(read.shelves.flatMap(({ skus }) => skus));
  if (sku !== undefined) throw refused(`stations.shelves name ${sku} twice`);
  return read;
}

function readShelf(value: unknown, what: string, mapId: string | null): Shelf {
  const { skus = [], ...station } = asObject(value, what);
  return {
    ...readStation(station, what, mapId),
    skus: asArray(skus, `${what}.skus`, MOST_SKUS).map((sku) => {
      if (typeof sku === "string" && /^[^\s*]{1,128}\*?$/.test(sku)) return sku;
      throw refused(`${what}.skus has something else than SKUs, or beginnings of them with * behind`);
    }),
  };
}

function readStation(value: unknown, what: string, mapId: string | null): Station {
  const station = asObject(value, what);
  for (const key of Object.keys(station)) {
    if (!["nodeId", "x", "y", "theta"].includes(key)) throw refused(`${what} has no ${key}`);
  }
  const nodeId = name(station, "nodeId", `${what}.nodeId`);
  const { x, y, theta } = station;
  if (x === undefined && y === undefined && theta === undefined) return { nodeId, position: null };
  if (mapId === null) throw refused(`mapId is needed, because ${what} has a position`);
  return {
    nodeId,
    position: {
      x: within(x, FARTHEST, `${what}.x`),
      y: within(y, FARTHEST, `${what}.y`),
      theta: theta === undefined ? null : within(theta, Math.PI, `${what}.theta`),
      mapId,
    },
  };
}

function name(object: JsonObject, key: string, what: string): string {
  const value = object[key];
  if (typeof value !== "string" || value === "") throw refused(`${what} is missing or is no text`);
  return textField(object, key, LONGEST_NAME);
}

function within(value: unknown, most: number, what: string): number {
  if (typeof value === "number" && Math.abs(value) <= most) return value;
  throw refused(`${what} is not a number from ${-most} to ${most}`);
}

function firstRepeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((each) => seen.size === seen.add(each).size);
}

function refused(detail: string): MalformedMessage {
  return new MalformedMessage("invalid_message", detail);
}
