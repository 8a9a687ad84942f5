import { expect, it } from "vitest";
import type { RegisteredDevice } from "../ports/devices.ts";
import { deviceProtocols } from "./device-kinds.ts";

const conveyor: RegisteredDevice = {
  id: "belt-1",
  locationId: "east",
  kind: "conveyor",
  protocol: "holdfast-conveyor",
  settings: {},
};
const portal: RegisteredDevice = {
  ...conveyor,
  id: "gate-1",
  kind: "rfid_portal",
  protocol: "zebra-iot-connector",
};

it.each([
  [conveyor, { lanes: ["p1"], mostRounds: 3, offlineAfterMs: null }],
  [portal, { silenceMs: 500, offlineAfterMs: 60_000 }],
])("settings that the device's kind knows are taken", (device, settings) => {
  expect(deviceProtocols.problemOf({ ...device, settings })).toBeNull();
});

it.each([
  [conveyor, { mostRounds: 0 }, "mostRounds"],
  [conveyor, { lanes: ["a b"] }, "lanes"],
  [conveyor, { offlineAfterMs: 5 }, "offlineAfterMs"],
  [portal, { weakestDbm: 12 }, "weakestDbm"],
  [portal, { offlineAfterMs: "soon" }, "offlineAfterMs"],
])("a setting that is not valid is named", (device, settings, name) => {
  expect(deviceProtocols.problemOf({ ...device, settings })).toContain(name);
});
