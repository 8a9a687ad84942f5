/** What a simulated robot says, in the words of VDA 5050 major 2 or 3. */
import type { VdaMajor } from "../mqtt/topics.ts";
import type { ActionStatus, Header, RobotOrder } from "../vda5050/messages.ts";

export type RobotReport = {
  readonly order: RobotOrder | null;
  /** Nodes of the order behind the robot. */
  readonly reached: number;
  readonly actions: ReadonlyMap<string, { readonly status: ActionStatus; readonly result: string }>;
  readonly lastNodeId: string;
  readonly driving: boolean;
  readonly position: {
    readonly x: number;
    readonly y: number;
    readonly theta: number;
    readonly mapId: string;
  };
  /** Percent. */
  readonly battery: number;
  readonly charging: boolean;
  readonly refused: { readonly orderId: string; readonly reason: string } | null;
  readonly instantActions: readonly { readonly actionId: string; readonly actionType: string }[];
};

export function stateMessage(major: VdaMajor, header: Header, report: RobotReport): object {
  const { order, reached } = report;
  const nodes = order?.nodes ?? [];
  const lastNode = nodes[Math.max(0, reached - 1)];
  const types = new Map(
    nodes.flatMap((node) => node.actions).map((action) => [action.actionId, action.actionType]),
  );
  const result = major === 2 ? "resultDescription" : "actionResult";
  const actionStates: object[] = [...report.actions].map(([actionId, action]) => ({
    actionId,
    actionType: types.get(actionId) ?? "",
    actionStatus: action.status,
    ...(action.result === "" ? {} : { [result]: action.result }),
  }));
  const instantStates = report.instantActions.map((action) => ({ ...action, actionStatus: "FINISHED" }));
  const charge = Math.round(report.battery * 10) / 10;
  const shared = {
    ...header,
    orderId: order?.orderId ?? "",
    orderUpdateId: order?.orderUpdateId ?? 0,
    lastNodeId: report.lastNodeId,
    lastNodeSequenceId: lastNode?.sequenceId ?? 0,
    nodeStates: nodes
      .slice(reached)
      .map(({ nodeId, sequenceId, released }) => ({ nodeId, sequenceId, released })),
    edgeStates: (order?.edges ?? [])
      .slice(Math.max(0, reached - 1))
      .map(({ edgeId, sequenceId, released }) => ({ edgeId, sequenceId, released })),
    driving: report.driving,
    operatingMode: "AUTOMATIC",
    errors: report.refused === null ? [] : [orderError(report.refused)],
  };
  if (major === 2) {
    return {
      ...shared,
      actionStates: [...actionStates, ...instantStates],
      agvPosition: { ...report.position, positionInitialized: true },
      batteryState: { batteryCharge: charge, charging: report.charging },
      safetyState: { eStop: "NONE", fieldViolation: false },
    };
  }
  return {
    ...shared,
    actionStates,
    instantActionStates: instantStates,
    mobileRobotPosition: { ...report.position, localized: true },
    powerSupply: { stateOfCharge: charge, charging: report.charging },
    safetyState: { activeEmergencyStop: "NONE", fieldViolation: false },
  };
}

function orderError(refused: { readonly orderId: string; readonly reason: string }): object {
  return {
    errorType: "orderError",
    errorLevel: "WARNING",
    errorDescription: refused.reason,
    errorReferences: [{ referenceKey: "orderId", referenceValue: refused.orderId }],
  };
}

const SPEED_MAX = 2;
const HEIGHT = 1.9;
const WIDTH = 0.7;
const LENGTH = 1.1;
const LOAD_KG = 60;

export function factsheet(major: VdaMajor, header: Header): object {
  const instant = ["cancelOrder", "startCharging"];
  const actionTypes = ["pick", "drop", ...instant];
  const scopes = (actionType: string): string[] => [
    ...(instant.includes(actionType) ? ["INSTANT"] : []),
    ...(actionType === "cancelOrder" ? [] : ["NODE"]),
  ];
  if (major === 2) {
    return {
      ...header,
      typeSpecification: {
        seriesName: "Nimbus P1",
        agvKinematic: "DIFF",
        agvClass: "CARRIER",
        maxLoadMass: LOAD_KG,
        localizationTypes: ["NATURAL"],
        navigationTypes: ["AUTONOMOUS"],
      },
      physicalParameters: {
        speedMin: 0.05,
        speedMax: SPEED_MAX,
        accelerationMax: 1,
        decelerationMax: 1.5,
        heightMax: HEIGHT,
        width: WIDTH,
        length: LENGTH,
      },
      protocolLimits: {
        maxStringLens: {},
        maxArrayLens: {},
        timing: { minOrderInterval: 0.1, minStateInterval: 0.25 },
      },
      protocolFeatures: {
        optionalParameters: [],
        agvActions: actionTypes.map((actionType) => ({ actionType, actionScopes: scopes(actionType) })),
      },
      agvGeometry: {},
      loadSpecification: { loadPositions: ["front"] },
    };
  }
  return {
    ...header,
    typeSpecification: {
      seriesName: "Orbit 3",
      mobileRobotKinematics: "DIFFERENTIAL",
      mobileRobotClass: "CARRIER",
      maximumLoadMass: LOAD_KG,
      localizationTypes: ["NATURAL"],
      navigationTypes: ["AUTONOMOUS"],
    },
    physicalParameters: {
      minimumSpeed: 0.05,
      maximumSpeed: SPEED_MAX,
      maximumAcceleration: 1,
      maximumDeceleration: 1.5,
      minimumHeight: HEIGHT,
      maximumHeight: HEIGHT,
      width: WIDTH,
      length: LENGTH,
    },
    protocolLimits: {
      maximumStringLengths: {},
      maximumArrayLengths: {},
      timing: { minimumOrderInterval: 0.1, minimumStateInterval: 0.25 },
    },
    protocolFeatures: {
      optionalParameters: [],
      mobileRobotActions: actionTypes.map((actionType) => ({
        actionType,
        actionScopes: scopes(actionType),
        pauseAllowed: false,
        cancelAllowed: true,
      })),
    },
    mobileRobotGeometry: {},
    loadSpecification: { loadPositions: ["front"] },
  };
}
