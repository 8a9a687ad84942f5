/**
 * Every topic on the bus, in one place; where companies share a broker, each behind a prefix
 * (`topic-prefix.ts`).
 *
 *   robots     uagv/v2/{manufacturer}/{serial}/{state|connection|factsheet}     from the robot (VDA 5050 v2)
 *              uagv/v2/{manufacturer}/{serial}/{order|instantActions}           to the robot
 *              vda5050/v3/…                                                     the same for VDA 5050 v3
 *              {root}/…                                                         the same where registered
 *   conveyors  holdfast/{site}/{area}/{device}/evt/{scan|divert|recirculation|status}   from the conveyor
 *              holdfast/{site}/{area}/{device}/cmd/{divert|recirculate}, …/ack          to the conveyor
 *   readers    zebra/{reader}/{data|events}, impinj/{reader}/events             from the reader
 *              holdfast/{site}/{area}/{reader}/evt/status                       the reader's retained status
 *              and last will
 *
 * A device's id is the serial number (robots, unless registered otherwise), the device level (conveyors) or
 * the reader level of its topic.
 */
export type VdaMajor = 2 | 3;

export type Route =
  | {
      readonly family: "robot";
      /** What is before the last level. */
      readonly root: string;
      readonly deviceId: string;
      readonly kind: RobotKind;
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

/** Last levels of what the bridge takes from robots. */
export const ROBOT_KINDS = ["state", "connection", "factsheet"] as const;
type RobotKind = (typeof ROBOT_KINDS)[number];

/** Topic filters; `qos` is the most that the broker may use. */
export type Subscriptions = Readonly<Record<string, { readonly qos: 0 | 1 }>>;

/** Of robots under the topics that the standard proposes. */
export const ROBOT_SUBSCRIPTIONS = {
  "uagv/v2/+/+/state": { qos: 0 },
  "uagv/v2/+/+/connection": { qos: 1 },
  "uagv/v2/+/+/factsheet": { qos: 0 },
  "vda5050/v3/+/+/state": { qos: 0 },
  "vda5050/v3/+/+/connection": { qos: 1 },
  "vda5050/v3/+/+/factsheet": { qos: 0 },
} as const satisfies Subscriptions;

/** What the sessions of the other families subscribe to. */
export const SUBSCRIPTIONS = {
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

/** The same for the devices of one site; what its readers say, by their names, is not in it. */
export function subscriptionsAt(site: string): Readonly<Record<keyof typeof SUBSCRIPTIONS, Subscriptions>> {
  const conveyors = Object.entries(SUBSCRIPTIONS.conveyors).map(
    ([filter, how]) => [filter.replace("holdfast/+/", `holdfast/${site}/`), how] as const,
  );
  return { conveyors: Object.fromEntries(conveyors), readers: {} };
}

const LEVEL = /^[A-Za-z0-9_.:-]{1,64}$/;

/** @param robotAt the registered robot whose topics begin so; without: robots are their serial numbers */
export function parseTopic(
  topic: string,
  robotAt: (root: string) => string | undefined = () => undefined,
): Route | undefined {
  const levels = topic.split("/");
  if (!levels.every((level) => LEVEL.test(level))) return undefined;
  const kind = ROBOT_KINDS.find((each) => each === levels.at(-1));
  if (kind !== undefined) {
    const root = levels.slice(0, -1).join("/");
    const deviceId = robotAt(root) ?? serialIn(levels);
    if (deviceId !== undefined) return { family: "robot", root, deviceId, kind };
  }
  const [root = "", second = "", third = "", fourth = "", fifth = "", sixth = ""] = levels;
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

/** The serial number in a topic as the standard proposes it. */
function serialIn(levels: readonly string[]): string | undefined {
  const interfaceName = `${levels[0]}/${levels[1]}`;
  const isUsual = levels.length === 5 && (interfaceName === "uagv/v2" || interfaceName === "vda5050/v3");
  return isUsual ? levels[3] : undefined;
}

/** With which a robot's topics begin where it is registered without a root of its own. */
export function usualRoot(major: VdaMajor, manufacturer: string, serialNumber: string): string {
  return `${major === 2 ? "uagv/v2" : "vda5050/v3"}/${manufacturer}/${serialNumber}`;
}

export function robotTopic(
  major: VdaMajor,
  manufacturer: string,
  serialNumber: string,
  kind: RobotKind | "order" | "instantActions",
): string {
  return `${usualRoot(major, manufacturer, serialNumber)}/${kind}`;
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
