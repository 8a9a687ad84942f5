/** One valid message of each kind that a device sends, with everything in it that the bridge looks at. */
import { gs1CheckDigit } from "../orders/handling-unit.ts";

/** What other companies put on their goods and totes: nobody expects it anywhere. */
const FOREIGN_ASSET = "80040614141TOTE-7";
const FOREIGN_TAG = "3034257BF400B7800004CB2F";

type EventHead = {
  readonly bootId: string;
  readonly seq: number;
  readonly from: number;
  readonly ts: string;
};

export const conveyorEvents = {
  scan: (head: EventHead) => ({
    ...head,
    scanPointId: "scan-1",
    barcodes: [`]C1${FOREIGN_ASSET}`, "]d20109521234000013\u001d10LOT7"],
  }),
  divert: (head: EventHead) => ({
    ...head,
    cmdId: `${head.bootId}:${head.seq - 1}:abcdef01`,
    lpn: unknownPlate(head.seq),
    lane: "manual",
    result: "DIVERTED",
  }),
  recirculation: (head: EventHead) => ({
    ...head,
    cmdId: `${head.bootId}:${head.seq - 1}:abcdef02`,
    lpn: unknownPlate(head.seq),
    result: "ACCEPTED",
  }),
};

/** A plate that no tote of ours has. */
export function unknownPlate(serial: number): string {
  const body = `00614141${String(serial).padStart(9, "0")}`;
  return body + gs1CheckDigit(body);
}

export const VDA_VERSIONS = ["2.0.0", "2.1.0", "3.0.0"] as const;
export type VdaVersion = (typeof VDA_VERSIONS)[number];

/** A robot in the middle of an order that is not ours, with a warning. */
export function robotState(header: { readonly version: VdaVersion }, lastNodeId: string): object {
  const isV3 = header.version === "3.0.0";
  const position = { x: 12.5, y: -3.25, theta: 1.57, mapId: "hall-1" };
  const shared = {
    ...header,
    orderId: "host-77",
    orderUpdateId: 1,
    lastNodeId,
    lastNodeSequenceId: 2,
    nodeStates: [{ nodeId: "n3", sequenceId: 4, released: true }],
    edgeStates: [{ edgeId: "e3", sequenceId: 3, released: true }],
    driving: true,
    paused: false,
    operatingMode: "AUTOMATIC",
    actionStates: [
      {
        actionId: "a1",
        actionType: "pick",
        actionStatus: "RUNNING",
        [isV3 ? "actionResult" : "resultDescription"]: "on its way",
      },
    ],
    errors: [
      {
        errorType: "brushWorn",
        errorLevel: "WARNING",
        errorDescription: "Change it soon",
        errorReferences: [{ referenceKey: "orderId", referenceValue: "host-77" }],
      },
    ],
  };
  return isV3
    ? {
        ...shared,
        instantActionStates: [],
        zoneActionStates: [],
        mobileRobotPosition: { ...position, localized: true },
        powerSupply: { stateOfCharge: 81.5, charging: false },
        safetyState: { activeEmergencyStop: "NONE", fieldViolation: false },
      }
    : {
        ...shared,
        agvPosition: { ...position, positionInitialized: true },
        batteryState: { batteryCharge: 81.5, charging: false },
        safetyState: { eStop: "NONE", fieldViolation: false },
      };
}

/** A tag of another company, or one that is given in hexadecimal; and a light barrier. */
export const readerReports = {
  zebra: {
    tag: (at: Date, epc = FOREIGN_TAG): object => ({
      type: "CUSTOM",
      timestamp: zebraTime(at),
      data: { eventNum: 7, format: "epc", idHex: epc.toLowerCase(), antenna: 1, peakRssi: -42, reads: 3 },
    }),
    input: (at: Date, isBroken: boolean): object => ({
      type: "gpi",
      timestamp: zebraTime(at),
      component: "RC",
      eventNum: 8,
      data: { pin: 1, state: isBroken ? "HIGH" : "LOW" },
    }),
  },
  impinj: {
    tag: (at: Date, epc = FOREIGN_TAG): object => ({
      timestamp: at.toISOString(),
      hostname: "impinj-1",
      eventType: "tagInventory",
      tagInventoryEvent: {
        epc: Buffer.from(epc, "hex").toString("base64"),
        antennaPort: 1,
        peakRssiCdbm: -4_200,
        lastSeenTime: at.toISOString(),
      },
    }),
    input: (at: Date, isBroken: boolean): object => ({
      timestamp: at.toISOString(),
      hostname: "impinj-1",
      eventType: "gpiTransition",
      gpiTransitionEvent: { gpi: 1, transition: isBroken ? "low-to-high" : "high-to-low" },
    }),
  },
};

function zebraTime(at: Date): string {
  return at.toISOString().replace("Z", "+0000");
}
