/**
 * VDA 5050 messages that the bridge reads and writes, in majors 2 (2.1) and 3 (3.0) side by side.
 *
 * Reading keeps what the bridge needs and tolerates the rest, as the standard asks; writing is exact: the
 * tests hold every message against the published schemas.
 */
import {
  asArray,
  asObject,
  booleanField,
  integerField,
  isObject,
  type JsonObject,
  MalformedMessage,
  numberField,
  optionalText,
  parseJson,
  textField,
  timeField,
} from "../mqtt/json-reader.ts";
import type { VdaMajor } from "../mqtt/topics.ts";

const UINT32 = 2 ** 32 - 1;
/** Nodes, edges, actions: far beyond any tour of one robot. */
const MOST_ENTRIES = 1000;

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
  readonly batteryCharge: number;
  readonly charging: boolean;
  readonly position: { readonly x: number; readonly y: number; readonly theta: number } | null;
  /** Errors that stop the robot. */
  readonly fatalErrors: readonly string[];
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
  const message = asObject(parseJson(payload), "state");
  const header = parseHeader(message, major);
  const nodes = asArray(message["nodeStates"], "nodeStates", MOST_ENTRIES);
  const errors = parseErrors(message);
  const power = asObject(message[major === 2 ? "batteryState" : "powerSupply"], "power supply");
  return {
    ...header,
    orderId: textField(message, "orderId"),
    lastNodeId: textField(message, "lastNodeId"),
    nodesAhead: nodes.length,
    driving: booleanField(message, "driving"),
    automatic: textField(message, "operatingMode") === "AUTOMATIC",
    actions: parseActions(message, major),
    batteryCharge: numberField(power, major === 2 ? "batteryCharge" : "stateOfCharge"),
    charging: booleanField(power, "charging"),
    position: parsePosition(message[major === 2 ? "agvPosition" : "mobileRobotPosition"]),
    ...errors,
  };
}

export function parseConnection(payload: Buffer, major: VdaMajor): RobotConnection {
  const message = asObject(parseJson(payload), "connection");
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
  const message = asObject(parseJson(payload), "factsheet");
  parseHeader(message, major);
  return message;
}

function parseHeader(message: JsonObject, major: VdaMajor): { headerId: number; atMs: number } {
  const version = textField(message, "version", 16);
  if (!version.startsWith(`${major}.`)) {
    throw new MalformedMessage("invalid_message", `version ${version} on a topic of major ${major}`);
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
    actions.set(textField(action, "actionId"), {
      status: status as ActionStatus,
      result: optionalText(action, major === 2 ? "resultDescription" : "actionResult", 1024) ?? "",
    });
  }
  return actions;
}

function parsePosition(value: unknown): RobotState["position"] {
  if (!isObject(value)) return null;
  return { x: numberField(value, "x"), y: numberField(value, "y"), theta: numberField(value, "theta") };
}

function parseErrors(message: JsonObject): Pick<RobotState, "fatalErrors" | "orderErrors"> {
  const fatalErrors: string[] = [];
  const orderErrors = new Map<string, string>();
  for (const entry of asArray(message["errors"], "errors", MOST_ENTRIES)) {
    const error = asObject(entry, "error");
    const type = textField(error, "errorType");
    const text = `${type}: ${optionalText(error, "errorDescription", 1024) ?? ""}`;
    if (textField(error, "errorLevel", 16) === "FATAL") fatalErrors.push(text);
    const references = error["errorReferences"];
    if (references === undefined || references === null) continue;
    for (const item of asArray(references, "errorReferences", MOST_ENTRIES)) {
      const reference = asObject(item, "errorReference");
      if (textField(reference, "referenceKey") === "orderId") {
        orderErrors.set(textField(reference, "referenceValue"), text);
      }
    }
  }
  return { fatalErrors, orderErrors };
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
