/**
 * Every topic on the bus, in one place.
 *
 *   robots     uagv/v2/{manufacturer}/{serial}/{state|connection|factsheet}     from the robot (VDA 5050 v2)
 *              uagv/v2/{manufacturer}/{serial}/{order|instantActions}           to the robot
 *              vda5050/v3/…                                                     the same for VDA 5050 v3
 *   conveyors  holdfast/{site}/{area}/{device}/evt/{scan|divert|recirculation|status}   from the conveyor
 *              holdfast/{site}/{area}/{device}/cmd/{divert|recirculate}, …/ack          to the conveyor
 *   readers    zebra/{reader}/{data|events}, impinj/{reader}/events             from the reader
 *              holdfast/{site}/{area}/{reader}/evt/status                       the reader's retained status
 *              and last will
 *
 * A device's id is the serial number (robots), the device level (conveyors) or the reader level of its topic.
 */
export type VdaMajor = 2 | 3;

export type Route =
  | {
      readonly family: "robot";
      readonly major: VdaMajor;
      readonly manufacturer: string;
      readonly deviceId: string;
      readonly kind: "state" | "connection" | "factsheet";
    }
  | {
      readonly family: "conveyor";
      readonly site: string;
      readonly area: string;
      readonly deviceId: string;
      readonly kind: "scan" | "divert" | "recirculation";
    }
  | {
      readonly family: "status";
      readonly site: string;
      readonly area: string;
      readonly deviceId: string;
    }
  | {
      readonly family: "reader";
      readonly format: "zebra" | "impinj";
      readonly deviceId: string;
    };

/** What each session of the bridge subscribes to; `qos` is the most that the broker may use. */
export const SUBSCRIPTIONS = {
  robots: {
    "uagv/v2/+/+/state": { qos: 0 },
    "uagv/v2/+/+/connection": { qos: 1 },
    "uagv/v2/+/+/factsheet": { qos: 0 },
    "vda5050/v3/+/+/state": { qos: 0 },
    "vda5050/v3/+/+/connection": { qos: 1 },
    "vda5050/v3/+/+/factsheet": { qos: 0 },
  },
  conveyors: {
    "holdfast/+/+/+/evt/scan": { qos: 0 },
    "holdfast/+/+/+/evt/divert": { qos: 0 },
    "holdfast/+/+/+/evt/recirculation": { qos: 0 },
    "holdfast/+/+/+/evt/status": { qos: 1 },
  },
  readers: {
    "zebra/+/data": { qos: 1 },
    "zebra/+/events": { qos: 1 },
    "impinj/+/events": { qos: 1 },
  },
} as const;

const LEVEL = /^[A-Za-z0-9_.:-]{1,64}$/;

export function parseTopic(topic: string): Route | undefined {
  const levels = topic.split("/");
  if (!levels.every((level) => LEVEL.test(level))) return undefined;
  const [root = "", second = "", third = "", fourth = "", fifth = "", sixth = ""] = levels;
  if ((root === "uagv" && second === "v2") || (root === "vda5050" && second === "v3")) {
    if (levels.length !== 5 || (fifth !== "state" && fifth !== "connection" && fifth !== "factsheet")) {
      return undefined;
    }
    return {
      family: "robot",
      major: root === "uagv" ? 2 : 3,
      manufacturer: third,
      deviceId: fourth,
      kind: fifth,
    };
  }
  if (root === "holdfast" && levels.length === 6 && fifth === "evt") {
    const place = { site: second, area: third, deviceId: fourth };
    if (sixth === "status") return { family: "status", ...place };
    if (sixth === "scan" || sixth === "divert" || sixth === "recirculation") {
      return { family: "conveyor", ...place, kind: sixth };
    }
    return undefined;
  }
  if (levels.length !== 3) return undefined;
  if (root === "zebra" && (third === "data" || third === "events")) {
    return { family: "reader", format: "zebra", deviceId: second };
  }
  if (root === "impinj" && third === "events") {
    return { family: "reader", format: "impinj", deviceId: second };
  }
  return undefined;
}

export function robotTopic(
  major: VdaMajor,
  manufacturer: string,
  serialNumber: string,
  kind: "order" | "instantActions" | "state" | "connection" | "factsheet",
): string {
  return `${major === 2 ? "uagv/v2" : "vda5050/v3"}/${manufacturer}/${serialNumber}/${kind}`;
}

export function deviceTopic(
  site: string,
  area: string,
  deviceId: string,
  kind:
    | "evt/scan"
    | "evt/divert"
    | "evt/recirculation"
    | "evt/status"
    | "cmd/divert"
    | "cmd/recirculate"
    | "ack",
): string {
  return `holdfast/${site}/${area}/${deviceId}/${kind}`;
}
