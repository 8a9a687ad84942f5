/**
 * Every kind of device: which protocols it speaks, who reads its settings, and which topics are its own. The
 * broker's rules, what the bridge takes from whom, and the check of a registration all come from here.
 */
import type { DeviceProtocols, DeviceTopics, RegisteredDevice } from "../ports/devices.ts";
import { readConveyorSettings } from "./conveyor/conveyor-settings.ts";
import { type JsonObject, MalformedMessage } from "./mqtt/json-reader.ts";
import { readOfflineAfter } from "./mqtt/offline-after.ts";
import { filtersMeet } from "./mqtt/topic-filter.ts";
import { BRIDGE_NAME, topicPrefix } from "./mqtt/topic-prefix.ts";
import { readPortalSettings } from "./rfid/portal-settings.ts";
import { readRobotSettings, robotRoot } from "./robots/robot-settings.ts";
import { SETTING_FIELDS } from "./setting-fields.ts";

type Kind = {
  readonly protocols: readonly string[];
  /** Throws `MalformedMessage` where a setting is given and is not valid. */
  readonly readSettings: (settings: JsonObject) => unknown;
  readonly topicsOf: (device: RegisteredDevice) => DeviceTopics;
};

const LEVEL = /^[A-Za-z0-9_.:-]{1,64}$/;

const KINDS: Readonly<Record<RegisteredDevice["kind"], Kind>> = {
  robot: {
    protocols: ["vda5050-2.0", "vda5050-2.1", "vda5050-3.0"],
    readSettings: readRobotSettings,
    topicsOf: (robot) => {
      const root = robotRoot(robot);
      return {
        publish: ["state", "connection", "factsheet", "visualization"].map((kind) => `${root}/${kind}`),
        subscribe: ["order", "instantActions"].map((kind) => `${root}/${kind}`),
      };
    },
  },
  conveyor: {
    protocols: ["holdfast-conveyor"],
    readSettings: readConveyorSettings,
    topicsOf: ({ id, locationId }) => {
      const root = `holdfast/${locationId}/+/${id}`;
      return { publish: [`${root}/evt/+`], subscribe: [`${root}/cmd/+`, `${root}/ack`] };
    },
  },
  rfid_portal: {
    protocols: ["zebra-iot-connector", "impinj-iot-device-interface"],
    readSettings: (settings) => [readPortalSettings(settings), readOfflineAfter("rfid_portal", settings)],
    topicsOf: ({ id, locationId, protocol }) => {
      const reader = protocol.startsWith("zebra")
        ? [`zebra/${id}/data`, `zebra/${id}/events`]
        : [`impinj/${id}/events`];
      return { publish: [...reader, `holdfast/${locationId}/+/${id}/evt/status`], subscribe: [] };
    },
  },
};

export const deviceProtocols: DeviceProtocols = {
  protocols: {
    robot: KINDS.robot.protocols,
    conveyor: KINDS.conveyor.protocols,
    rfid_portal: KINDS.rfid_portal.protocols,
  },
  settingFields: SETTING_FIELDS,
  problemOf: (device) => {
    // What a topic is made of must be one level of it, and no wildcard.
    if (!LEVEL.test(device.id)) return `id: "${device.id}" cannot be a level of a topic`;
    if (device.id === BRIDGE_NAME) return `id: "${BRIDGE_NAME}" is the bridge's own name at the broker`;
    if (device.kind !== "robot" && !LEVEL.test(device.locationId)) {
      return `locationId: "${device.locationId}" cannot be a level of a topic`;
    }
    try {
      KINDS[device.kind].readSettings(device.settings);
      return unknownSetting(device);
    } catch (error) {
      if (error instanceof MalformedMessage) return error.message;
      throw error;
    }
  },
  userNameOf: (id) => id,
  topicsOf: (device) => KINDS[device.kind].topicsOf(device),
  sharesTopics: (a, b) => {
    const ofB = KINDS[b.kind].topicsOf(b).publish;
    return KINDS[a.kind].topicsOf(a).publish.some((topic) => ofB.some((other) => filtersMeet(topic, other)));
  },
};

/**
 * The same for a company whose topics begin with a prefix. Its devices' user names end with it, so that
 * another company's device of the same id is somebody else.
 */
export function deviceProtocolsBelow(prefix: string | null): DeviceProtocols {
  if (prefix === null) return deviceProtocols;
  const { put } = topicPrefix(prefix);
  return {
    ...deviceProtocols,
    userNameOf: (id) => `${id}@${prefix}`,
    topicsOf: (device) => {
      const { publish, subscribe } = deviceProtocols.topicsOf(device);
      return { publish: publish.map(put), subscribe: subscribe.map(put) };
    },
  };
}

/** A misspelt setting would silently be as usual. */
function unknownSetting({ kind, settings }: RegisteredDevice): string | null {
  const known = SETTING_FIELDS[kind].map(({ name }) => name);
  const unknown = Object.keys(settings).find((name) => !known.includes(name));
  return unknown === undefined ? null : `a ${kind} has no setting ${unknown}; there are: ${known.join(", ")}`;
}
