/**
 * The settings of each kind of device as a form shows them. What is valid is for the kind's reader to say;
 * what is not listed here can still be given, as JSON.
 */
import type { DeviceProtocols } from "../ports/devices.ts";
import type { DeviceKind } from "../store/floor/devices.ts";
import { CONVEYOR_DEFAULTS } from "./conveyor/conveyor-settings.ts";
import { OFFLINE_AFTER_MS } from "./mqtt/offline-after.ts";
import { PORTAL_DEFAULTS } from "./rfid/portal-settings.ts";
import { ROBOT_DEFAULTS } from "./robots/robot-settings.ts";

const offlineAfter = (kind: DeviceKind) =>
  ({
    name: "offlineAfterMs",
    type: "json",
    unit: "ms",
    usual: OFFLINE_AFTER_MS[kind],
    help: "After which silence it counts as offline; null: silence is no sign.",
  }) as const;

export const SETTING_FIELDS: DeviceProtocols["settingFields"] = {
  robot: [
    {
      name: "manufacturer",
      type: "text",
      unit: null,
      usual: ROBOT_DEFAULTS.manufacturer,
      help: "As its topics and messages name it; left out: any.",
    },
    {
      name: "serialNumber",
      type: "text",
      unit: null,
      usual: ROBOT_DEFAULTS.serialNumber,
      help: "As its topics and messages name it; left out: its id.",
    },
    {
      name: "topicRoot",
      type: "text",
      unit: null,
      usual: ROBOT_DEFAULTS.topicRoot,
      help: "With which all of its topics begin; left out: as VDA 5050 proposes, of manufacturer and serial number.",
    },
    {
      name: "mapId",
      type: "text",
      unit: null,
      usual: null,
      help: "Of its stations, as the robot's own map is called.",
    },
    {
      name: "stations",
      type: "json",
      unit: null,
      usual: ROBOT_DEFAULTS.stations,
      help: "Nodes of its map: induction, where it sets totes down, shelves with their SKUs, chargers. Without them it gets no task.",
    },
    {
      name: "batteryLeast",
      type: "number",
      unit: "%",
      usual: ROBOT_DEFAULTS.batteryLeast,
      help: "Below this charge it gets no new task.",
    },
    {
      name: "chargingLeast",
      type: "number",
      unit: "%",
      usual: ROBOT_DEFAULTS.chargingLeast,
      help: "Up to this charge it stays on its charger.",
    },
    {
      name: "startCharging",
      type: "switch",
      unit: null,
      usual: ROBOT_DEFAULTS.startCharging,
      help: "Whether it is asked to charge; false: it goes by itself.",
    },
    {
      name: "standstillMs",
      type: "number",
      unit: "ms",
      usual: ROBOT_DEFAULTS.standstillMs,
      help: "A pause or a violated field that lasts longer takes its task away.",
    },
    {
      name: "noProgressMs",
      type: "number",
      unit: "ms",
      usual: ROBOT_DEFAULTS.noProgressMs,
      help: "A robot that gets no further with its task for so long gives it back.",
    },
    offlineAfter("robot"),
  ],
  conveyor: [
    {
      name: "lanes",
      type: "json",
      unit: null,
      usual: CONVEYOR_DEFAULTS.lanes,
      help: "Exits where people work, as a list of names. Portals are exits by their ids.",
    },
    {
      name: "manualLane",
      type: "text",
      unit: null,
      usual: CONVEYOR_DEFAULTS.manualLane,
      help: "Where totes go while no portal is there.",
    },
    {
      name: "exceptionLane",
      type: "text",
      unit: null,
      usual: CONVEYOR_DEFAULTS.exceptionLane,
      help: "Where totes go that nobody expects.",
    },
    {
      name: "mostRounds",
      type: "number",
      unit: "rounds",
      usual: CONVEYOR_DEFAULTS.mostRounds,
      help: "How often a tote may come to a scanner without having left.",
    },
    {
      name: "roundsLane",
      type: "text",
      unit: null,
      usual: null,
      help: "Where it goes after these rounds; left out: the exception lane.",
    },
    offlineAfter("conveyor"),
  ],
  rfid_portal: [
    {
      name: "lightBarrier",
      type: "json",
      unit: null,
      usual: PORTAL_DEFAULTS.lightBarrier,
      help: "Its input, and the level while a tote breaks it; null: there is none.",
    },
    {
      name: "silenceMs",
      type: "number",
      unit: "ms",
      usual: PORTAL_DEFAULTS.silenceMs,
      help: "Without a light barrier: no tag for so long ends a passage.",
    },
    {
      name: "weakestDbm",
      type: "number",
      unit: "dBm",
      usual: PORTAL_DEFAULTS.weakestDbm,
      help: "Weaker reads are a neighbour's tags.",
    },
    {
      name: "graceMs",
      type: "number",
      unit: "ms",
      usual: PORTAL_DEFAULTS.graceMs,
      help: "How long after the tote has left late messages still count.",
    },
    {
      name: "longestMs",
      type: "number",
      unit: "ms",
      usual: PORTAL_DEFAULTS.longestMs,
      help: "After this time a tote counts as having left.",
    },
    offlineAfter("rfid_portal"),
  ],
};
