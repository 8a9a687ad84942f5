import { expect, test } from "vitest";
import { trackingNumberOf } from "./delivery.ts";
import { readZones, zoneOf, zonesProblem } from "./zones.ts";

const zones = readZones("894, 895=6.90/1;89=9.9/2;BT1,BT2=12/3", "EUR");

test.each([
  ["89431", 690, 1],
  ["89300", 990, 2],
  ["bt1 5gs", 1_200, 3],
])("the postal code %s is in the zone of its longest prefix", (code, priceMinor, days) => {
  expect(zoneOf(zones, code)).toMatchObject({ priceMinor, days });
});

test.each(["10001", "8", "", "BT3 1AA"])("no driver goes to %s", (code) => {
  expect(zoneOf(zones, code)).toBeUndefined();
});

test("prices are exact in currencies without and with three decimals", () => {
  expect(readZones("1=690/1", "JPY")).toMatchObject([{ priceMinor: 690 }]);
  expect(readZones("1=1.234/1", "KWD")).toMatchObject([{ priceMinor: 1_234 }]);
});

test.each(["", "894", "894=/1", "894=6.90", "894=6.90/0", "894=-1/1", "894=6.90/1;"])(
  "the setting %j is refused with the part that is wrong",
  (setting) => {
    expect(zonesProblem(setting)).toMatch(/^must be postal prefixes=price\/days/);
    expect(() => readZones(setting, "USD")).toThrow("is not a zone");
  },
);

test("a delivery's tracking number is always the same, and its own", () => {
  expect(trackingNumberOf("dlv_1")).toMatch(/^OF\d{15}$/);
  expect(trackingNumberOf("dlv_1")).toBe(trackingNumberOf("dlv_1"));
  expect(trackingNumberOf("dlv_1")).not.toBe(trackingNumberOf("dlv_2"));
});
