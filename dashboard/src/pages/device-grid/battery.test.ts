import { expect, test } from "vitest";
import { batteryPercent } from "./battery.ts";

test("a robot's charge is read from either major version of VDA 5050", () => {
  expect(batteryPercent({ batteryState: { batteryCharge: 81.4 } })).toBe(81);
  expect(batteryPercent({ powerSupply: { stateOfCharge: 40 } })).toBe(40);
});

test("a state without a charge has none, and a charge is never beyond 0 to 100", () => {
  expect(batteryPercent({})).toBeNull();
  expect(batteryPercent({ batteryState: { batteryCharge: "full" } })).toBeNull();
  expect(batteryPercent({ batteryState: { batteryCharge: 130 } })).toBe(100);
});
