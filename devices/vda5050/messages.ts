/**
 * VDA 5050 messages that the bridge reads and writes, in majors 2 (2.1) and 3 (3.0) side by side.
 *
 * Reading keeps what the bridge needs and tolerates the rest, as the standard asks; writing is exact: the
 * tests hold every message against the published schemas.
 */
import { clippedText } from "../../orders/storable-text.ts";
import {
  asArray,
  asObject,
  freeText,
  integerField,
  isObject,
  type JsonObject,
  MalformedMessage,
  parseJson,
  shownText,
  textField,
  timeField,
} from "../mqtt/json-reader.ts";
import type { VdaMajor } from "../mqtt/topics.ts";

const UINT32 = 2 ** 32 - 1;
/** A state with the trajectories of a long tour is large. Bytes. */
export const MAX_ROBOT_MESSAGE_BYTES = 2 * 1024 * 1024;
/** Nodes, actions, errors: the standard sets no limit, the size of the message does. */
const MOST_ENTRIES = 100_000;
const LONGEST_MAP_ID = 256;

export type ActionStatus =
  | "WAITING"
  | "INITIALIZING"
  | "RUNNING"
  | "PAUSED"
  | "RETRIABLE"
  | "FINISHED"
  | "FAILED";

export type RobotError = {
  /** Type and description, for people. */
  readonly text: string;
  /** What it is about, by the standard's keys: `orderId`, `headerId`, `nodeId` and others. */
  readonly references: readonly { readonly key: string; readonly value: string }[];
};

export type ActionStates = ReadonlyMap<string, { readonly status: ActionStatus; readonly result: string }>;

export type RobotState = {
  readonly headerId: number;
  readonly atMs: number;
  /** Empty: the robot has had no order since it started. */
  readonly orderId: string;
  readonly lastNodeId: string;
  readonly nodesAhead: number;
  readonly driving: boolean;
  readonly automatic: boolean;
  readonly actions: ActionStates;
  /** Of instant actions; in major 2 among `actions`. */
  readonly instantActions: ActionStates;
  /** Percent; `null` where the robot does not say. */
  readonly batteryCharge: number | null;
  readonly charging: boolean;
  readonly position: {
    readonly x: number;
    readonly y: number;
    readonly theta: number;
    /** Empty where the robot does not say. */
    readonly mapId: string;
  } | null;
  /** Why the robot cannot go on with any order, in words; empty: it can. */
  readonly impairments: readonly string[];
  /** Why it stands still, although it may go on by itself. */
  readonly standstill: readonly string[];
  /** Errors with which it may end the order that it has, and is to get no other. */
  readonly urgentErrors: readonly string[];
  /** All errors, of any level. */
  readonly errors: readonly RobotError[];
};

export type RobotConnection = {
  readonly headerId: number;
  readonly atMs: number;
  readonly connection: "online" | "offline" | "broken";
};

const ACTION_STATUSES: ReadonlySet<string> = new Set([
  "WAITING",
  "INITIALIZING",
  "RUNNING",
  "PAUSED",
  "RETRIABLE",
  "FINISHED",
  "FAILED",
]);

export function parseState(payload: Buffer, major: VdaMajor): RobotState {
  const message = asObject(parseJson(payload, MAX_ROBOT_MESSAGE_BYTES), "state");
  const header = parseHeader(message, major);
  const nodes = asArray(message["nodeStates"], "nodeStates", MOST_ENTRIES);
  const { fatalErrors, urgentErrors, errors } = parseErrors(message);
  const power = objectOrEmpty(message[major === 2 ? "batteryState" : "powerSupply"]);
  const position = objectOrEmpty(message[major === 2 ? "agvPosition" : "mobileRobotPosition"]);
  const safety = objectOrEmpty(message["safetyState"]);
  const mode = freeText(message, "operatingMode");
  const emergencyStop = safety[major === 2 ? "eStop" : "activeEmergencyStop"];

  const impairments = [...fatalErrors];
  if (mode !== "AUTOMATIC") impairments.push(`operating mode ${clippedText(mode, 32)}`);
  if (typeof emergencyStop === "string" && emergencyStop !== "NONE") impairments.push("emergency stop");
  if (position[major === 2 ? "positionInitialized" : "localized"] === false) {
    impairments.push("not localised");
  }
  const actions = parseActions(message["actionStates"], major);
  const standstill: string[] = [];
  if (safety["fieldViolation"] === true) standstill.push("protective field violated");
  if (message["paused"] === true) standstill.push("paused");
  return {
    ...header,
    orderId: freeText(message, "orderId"),
    lastNodeId: freeText(message, "lastNodeId"),
    nodesAhead: nodes.length,
    driving: message["driving"] === true,
    automatic: mode === "AUTOMATIC",
    actions,
    instantActions: major === 2 ? actions : parseActions(message["instantActionStates"], major),
    batteryCharge: numberOrNull(power[major === 2 ? "batteryCharge" : "stateOfCharge"]),
    charging: power["charging"] === true,
    position: parsePosition(position),
    impairments,
    standstill,
    urgentErrors,
    errors,
  };
}

export function parseConnection(payload: Buffer, major: VdaMajor): RobotConnection {
  const message = asObject(parseJson(payload, MAX_ROBOT_MESSAGE_BYTES), "connection");
  const header = parseHeader(message, major);
  const state = textField(message, "connectionState");
  switch (state) {
    case "ONLINE":
      return { ...header, connection: "online" };
    case "OFFLINE":
    case "HIBERNATING":
      return { ...header, connection: "offline" };
    case "CONNECTIONBROKEN":
    case "CONNECTION_BROKEN":
      return { ...header, connection: "broken" };
    default:
      throw new MalformedMessage("invalid_message", `connectionState is ${state}`);
  }
}

/** A factsheet is kept as it came; only its header is checked. */
export function parseFactsheet(payload: Buffer, major: VdaMajor): JsonObject {
  const message = asObject(parseJson(payload, MAX_ROBOT_MESSAGE_BYTES), "factsheet");
  parseHeader(message, major);
  return message;
}

function parseHeader(message: JsonObject, major: VdaMajor): { headerId: number; atMs: number } {
  const version = freeText(message, "version");
  const named = /^v?(\d+)\./i.exec(version)?.[1];
  if (named !== undefined && Number(named) !== major) {
    throw new MalformedMessage(
      "invalid_message",
      `version ${version.slice(0, 16)} on a topic of major ${major}`,
    );
  }
  return {
    headerId: integerField(message, "headerId", 0, UINT32),
    atMs: timeField(message, "timestamp"),
  };
}

function parseActions(value: unknown, major: VdaMajor): ActionStates {
  const actions = new Map<string, { status: ActionStatus; result: string }>();
  for (const entry of asArray(value, "actionStates", MOST_ENTRIES)) {
    const action = asObject(entry, "actionState");
    const status = textField(action, "actionStatus", 16);
    if (!ACTION_STATUSES.has(status)) {
      throw new MalformedMessage("invalid_message", `actionStatus is ${status}`);
    }
    actions.set(freeText(action, "actionId"), {
      status: status as ActionStatus,
      // Whole: a list of serial numbers that is cut would end in a wrong one.
      result: shownText(action, major === 2 ? "resultDescription" : "actionResult", MAX_ROBOT_MESSAGE_BYTES),
    });
  }
  return actions;
}

/** A position that is not whole is left out. */
function parsePosition(position: JsonObject): RobotState["position"] {
  const x = numberOrNull(position["x"]);
  const y = numberOrNull(position["y"]);
  const theta = numberOrNull(position["theta"]);
  if (x === null || y === null || theta === null) return null;
  return { x, y, theta, mapId: shownText(position, "mapId", LONGEST_MAP_ID) };
}

function objectOrEmpty(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Major 3 knows two levels between a warning and a fatal error: URGENT can go on, CRITICAL cannot. */
function parseErrors(message: JsonObject): {
  readonly fatalErrors: readonly string[];
  readonly urgentErrors: readonly string[];
  readonly errors: readonly RobotError[];
} {
  const fatalErrors: string[] = [];
  const urgentErrors: string[] = [];
  const errors: RobotError[] = [];
  for (const entry of asArray(message["errors"], "errors", MOST_ENTRIES)) {
    const error = asObject(entry, "error");
    const text = `${shownText(error, "errorType", 256)}: ${shownText(error, "errorDescription")}`;
    const level = freeText(error, "errorLevel");
    if (level === "FATAL" || level === "CRITICAL") fatalErrors.push(text);
    else if (level === "URGENT") urgentErrors.push(text);
    errors.push({ text, references: parseReferences(error["errorReferences"]) });
  }
  return { fatalErrors, urgentErrors, errors };
}

/** Values are texts by the standard; some robots send numbers. */
function parseReferences(value: unknown): RobotError["references"] {
  return (Array.isArray(value) ? value : []).flatMap((item) => {
    const { referenceKey: key, referenceValue: said } = objectOrEmpty(item);
    if (typeof key !== "string" || (typeof said !== "string" && typeof said !== "number")) return [];
    return [{ key, value: String(said) }];
  });
}

type ActionParameter = { readonly key: string; readonly value: string | number | boolean };

export type OrderAction = {
  readonly actionId: string;
  readonly actionType: string;
  readonly blockingType: "NONE" | "SOFT" | "HARD";
  readonly actionParameters: readonly ActionParameter[];
};

export type OrderNode = {
  readonly nodeId: string;
  readonly sequenceId: number;
  readonly released: boolean;
  readonly nodePosition?: {
    readonly x: number;
    readonly y: number;
    readonly theta?: number;
    readonly mapId: string;
  };
  readonly actions: readonly OrderAction[];
};

export type OrderEdge = {
  readonly edgeId: string;
  readonly sequenceId: number;
  readonly released: boolean;
  readonly startNodeId: string;
  readonly endNodeId: string;
  readonly actions: readonly OrderAction[];
};

/** The body of an `order`; the same in both majors for what is used here. */
export type RobotOrder = {
  readonly orderId: string;
  readonly orderUpdateId: number;
  readonly nodes: readonly OrderNode[];
  readonly edges: readonly OrderEdge[];
};

export type Header = {
  readonly headerId: number;
  readonly timestamp: string;
  readonly version: string;
  readonly manufacturer: string;
  readonly serialNumber: string;
};

/** Headers of the messages to (or from) one robot: `headerId` counts per topic, as the standard asks. */
export class HeaderCounter {
  private readonly counts = new Map<string, number>();
  private readonly identity: { major: VdaMajor; manufacturer: string; serialNumber: string };

  constructor(major: VdaMajor, manufacturer: string, serialNumber: string) {
    this.identity = { major, manufacturer, serialNumber };
  }

  next(topic: string, atMs: number): Header {
    const headerId = this.counts.get(topic) ?? 0;
    this.counts.set(topic, headerId === UINT32 ? 0 : headerId + 1);
    return {
      headerId,
      timestamp: new Date(atMs).toISOString(),
      version: this.identity.major === 2 ? "2.1.0" : "3.0.0",
      manufacturer: this.identity.manufacturer,
      serialNumber: this.identity.serialNumber,
    };
  }
}

export function orderMessage(header: Header, order: RobotOrder): object {
  return { ...header, ...order };
}

export function cancelOrderMessage(header: Header, actionId: string): object {
  return instantActionMessage(header, actionId, "cancelOrder");
}

/** Asks a robot that stands idle to go and charge. */
export function startChargingMessage(header: Header, actionId: string): object {
  return instantActionMessage(header, actionId, "startCharging");
}

function instantActionMessage(header: Header, actionId: string, actionType: string): object {
  return { ...header, actions: [{ actionId, actionType, blockingType: "NONE", actionParameters: [] }] };
}
