/**
 * The settings of each kind of device as a form shows them. What is valid is for the kind's reader to say;
 * what is not listed here can still be given, as JSON.
 */
import type { DeviceProtocols } from "../ports/devices.ts";
import { CONVEYOR_DEFAULTS } from "./conveyor/conveyor-settings.ts";
import { OFFLINE_AFTER_MS } from "./mqtt/offline-after.ts";
import { PORTAL_DEFAULTS } from "./rfid/portal-settings.ts";

const OFFLINE_AFTER = {
  name: "offlineAfterMs",
  type: "json",
  unit: "ms",
  usual: OFFLINE_AFTER_MS,
  help: "After which silence it counts as offline; null: silence is no sign.",
} as const;

export const SETTING_FIELDS: DeviceProtocols["settingFields"] = {
  robot: [
    {
      name: "manufacturer",
      type: "text",
      unit: null,
      usual: null,
      help: "As its topics and messages name it; left out: any.",
    },
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
    OFFLINE_AFTER,
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
    OFFLINE_AFTER,
  ],
};
