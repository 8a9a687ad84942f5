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
/** Below this charge a robot gets no new task, in percent. */
const LEAST_CHARGE = 10;
/** A robot on the charger stays there up to this charge, in percent. */
const CHARGED_ENOUGH = 30;

export type ActionStatus =
  | "WAITING"
  | "INITIALIZING"
  | "RUNNING"
  | "PAUSED"
  | "RETRIABLE"
  | "FINISHED"
  | "FAILED";

export type RobotState = {
  readonly headerId: number;
  readonly atMs: number;
  /** Empty: the robot has had no order since it started. */
  readonly orderId: string;
  readonly lastNodeId: string;
  readonly nodesAhead: number;
  readonly driving: boolean;
  readonly automatic: boolean;
  readonly actions: ReadonlyMap<string, { readonly status: ActionStatus; readonly result: string }>;
  /** Percent; `null` where the robot does not say. */
  readonly batteryCharge: number | null;
  readonly charging: boolean;
  readonly position: { readonly x: number; readonly y: number; readonly theta: number } | null;
  /** Errors that stop the robot. */
  readonly fatalErrors: readonly string[];
  /** Why the robot cannot go on with any order, in words; empty: it can. Holds the fatal errors. */
  readonly impairments: readonly string[];
  /** Why it is to get no new task, although it may go on with the one it has. */
  readonly reservations: readonly string[];
  /** The robot's reason for refusing the order of this id. */
  readonly orderErrors: ReadonlyMap<string, string>;
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
  const { urgentErrors, ...errors } = parseErrors(message);
  const power = objectOrEmpty(message[major === 2 ? "batteryState" : "powerSupply"]);
  const position = objectOrEmpty(message[major === 2 ? "agvPosition" : "mobileRobotPosition"]);
  const safety = objectOrEmpty(message["safetyState"]);
  const mode = freeText(message, "operatingMode");
  const emergencyStop = safety[major === 2 ? "eStop" : "activeEmergencyStop"];
  const batteryCharge = numberOrNull(power[major === 2 ? "batteryCharge" : "stateOfCharge"]);
  const charging = power["charging"] === true;

  const impairments = [...errors.fatalErrors];
  if (mode !== "AUTOMATIC") impairments.push(`operating mode ${clippedText(mode, 32)}`);
  if (typeof emergencyStop === "string" && emergencyStop !== "NONE") impairments.push("emergency stop");
  if (position[major === 2 ? "positionInitialized" : "localized"] === false) {
    impairments.push("not localised");
  }
  const reservations = [...urgentErrors];
  if (safety["fieldViolation"] === true) reservations.push("protective field violated");
  if (message["paused"] === true) reservations.push("paused");
  if (batteryCharge !== null && batteryCharge < (charging ? CHARGED_ENOUGH : LEAST_CHARGE)) {
    reservations.push(`battery at ${batteryCharge} %${charging ? ", charging" : ""}`);
  }
  return {
    ...header,
    orderId: freeText(message, "orderId"),
    lastNodeId: freeText(message, "lastNodeId"),
    nodesAhead: nodes.length,
    driving: message["driving"] === true,
    automatic: mode === "AUTOMATIC",
    actions: parseActions(message, major),
    batteryCharge,
    charging,
    position: parsePosition(position),
    ...errors,
    impairments,
    reservations,
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

function parseActions(message: JsonObject, major: VdaMajor): RobotState["actions"] {
  const actions = new Map<string, { status: ActionStatus; result: string }>();
  for (const entry of asArray(message["actionStates"], "actionStates", MOST_ENTRIES)) {
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

/** Only shown: a position that is not whole is left out. */
function parsePosition(position: JsonObject): RobotState["position"] {
  const x = numberOrNull(position["x"]);
  const y = numberOrNull(position["y"]);
  const theta = numberOrNull(position["theta"]);
  return x === null || y === null || theta === null ? null : { x, y, theta };
}

function objectOrEmpty(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Major 3 knows two levels between a warning and a fatal error: URGENT can go on, CRITICAL cannot. */
function parseErrors(
  message: JsonObject,
): Pick<RobotState, "fatalErrors" | "orderErrors"> & { readonly urgentErrors: readonly string[] } {
  const fatalErrors: string[] = [];
  const urgentErrors: string[] = [];
  const orderErrors = new Map<string, string>();
  for (const entry of asArray(message["errors"], "errors", MOST_ENTRIES)) {
    const error = asObject(entry, "error");
    const text = `${shownText(error, "errorType", 256)}: ${shownText(error, "errorDescription")}`;
    const level = freeText(error, "errorLevel");
    if (level === "FATAL" || level === "CRITICAL") fatalErrors.push(text);
    else if (level === "URGENT") urgentErrors.push(text);
    const references = error["errorReferences"];
    for (const item of Array.isArray(references) ? references : []) {
      const reference = objectOrEmpty(item);
      if (reference["referenceKey"] === "orderId" && typeof reference["referenceValue"] === "string") {
        orderErrors.set(reference["referenceValue"], text);
      }
    }
  }
  return { fatalErrors, urgentErrors, orderErrors };
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
  readonly nodePosition?: { readonly x: number; readonly y: number; readonly mapId: string };
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
  return {
    ...header,
    actions: [{ actionId, actionType: "cancelOrder", blockingType: "NONE", actionParameters: [] }],
  };
}
