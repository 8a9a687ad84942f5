import { expect, test } from "vitest";
import type { RegisteredDevice } from "../ports/devices.ts";
import { CONVEYOR_DEFAULTS } from "./conveyor/conveyor-settings.ts";
import { deviceProtocols } from "./device-kinds.ts";
import { PORTAL_DEFAULTS } from "./rfid/portal-settings.ts";
import { ROBOT_DEFAULTS } from "./robots/robot-settings.ts";
import { SETTING_FIELDS } from "./setting-fields.ts";

const KINDS: readonly RegisteredDevice["kind"][] = ["robot", "conveyor", "rfid_portal"];

test.each(KINDS)("what the form of a %s shows as usual, its reader takes", (kind) => {
  const usual = SETTING_FIELDS[kind].filter((field) => field.usual !== null);
  const settings = Object.fromEntries(usual.map((field) => [field.name, field.usual]));
  const [protocol = ""] = deviceProtocols.protocols[kind];
  expect(deviceProtocols.problemOf({ id: "d", locationId: "l", kind, protocol, settings })).toBeNull();
});

test.each([
  ["conveyor", CONVEYOR_DEFAULTS],
  ["rfid_portal", PORTAL_DEFAULTS],
  ["robot", { ...ROBOT_DEFAULTS, mapId: null }],
] as const)("every setting of a %s is in its form", (kind, defaults) => {
  const names = SETTING_FIELDS[kind].map(({ name }) => name);
  expect([...names].sort()).toEqual([...Object.keys(defaults), "offlineAfterMs"].sort());
});

test.each(KINDS)("a setting that a %s does not have is refused by its name", (kind) => {
  const [protocol = ""] = deviceProtocols.protocols[kind];
  const device = { id: "d", locationId: "l", kind, protocol, settings: { silentMs: 1 } };
  expect(deviceProtocols.problemOf(device)).toContain("no setting silentMs");
});
