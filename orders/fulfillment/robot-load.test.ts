import { describe, expect, it } from "vitest";
import { adriftBecause, adriftInWords, type CarriedLoad, endingInWords, loadPlace } from "./robot-load.ts";

const WORKING: CarriedLoad = {
  attempt: 2,
  deviceId: "robot-4",
  taskAttempt: 2,
  taskDeviceId: "robot-4",
  taskStatus: "assigned",
  fulfillmentStatus: "in_progress",
  stage: "picking",
  isPicked: false,
};

describe("what a robot has taken", () => {
  it.each<[string, Partial<CarriedLoad>]>([
    ["while it picks", {}],
    ["once its tote is set down", { taskStatus: "finished", stage: "conveying", isPicked: true }],
    ["while a person looks at what it has picked", { taskStatus: "failed", stage: "picked", isPicked: true }],
    ["while what it has picked is halted", { taskStatus: "cancelled", stage: "picked", isPicked: true }],
    ["of a tote that was filled before robots were asked", { taskDeviceId: null, taskStatus: "finished" }],
  ])("is its fulfillment order's %s", (_, facts) => {
    expect(adriftBecause({ ...WORKING, ...facts })).toBeNull();
  });

  it.each<[string, Partial<CarriedLoad>]>([
    ["cancelled", { fulfillmentStatus: "cancelled", taskStatus: "cancelled" }],
    ["cancelled", { fulfillmentStatus: "cancelled", stage: "conveying", isPicked: true }],
    ["cancelled", { fulfillmentStatus: "closed" }],
    ["given_away", { taskAttempt: 3, taskDeviceId: "robot-5" }],
    ["given_away", { taskAttempt: 3, taskDeviceId: null, taskStatus: "queued" }],
    ["given_away", { taskDeviceId: "robot-5" }],
    ["given_away", { stage: "packed", taskStatus: "finished", isPicked: true }],
    ["stopped", { taskStatus: "cancelled" }],
    ["stopped", { taskStatus: "failed" }],
  ])("is adrift, %s, where %j", (cause, facts) => {
    expect(adriftBecause({ ...WORKING, ...facts })).toBe(cause);
  });

  it("is looked for where it is", () => {
    const load = { fulfillmentOrderId: "shop-1-F1", deviceName: "Robot 4", lostAt: null, isPacked: false };
    const on = { ...load, isSetDown: false };
    const down = { ...load, isSetDown: true };
    expect(loadPlace({ ...on, cause: "cancelled" })).toBe("on Robot 4");
    expect(loadPlace({ ...on, cause: "stopped", deviceName: null })).toBe("on a robot");
    expect(loadPlace({ ...down, cause: "given_away" })).toBe("second tote of shop-1-F1");
    expect(loadPlace({ ...down, cause: "cancelled" })).toBe("tote of shop-1-F1");
    expect(loadPlace({ ...down, cause: "cancelled", isPacked: true })).toBe("parcel of shop-1-F1");
    expect(loadPlace({ ...down, cause: "tote_lost", lostAt: "conveyor-2" })).toBe("tote lost at conveyor-2");
    expect(loadPlace({ ...down, cause: "tote_lost" })).toBe("tote lost at the conveyor");
    expect(adriftInWords({ ...on, cause: "cancelled", sku: "CUP", quantity: 2 })).toBe(
      "2 units of CUP adrift, on Robot 4: nobody wants it any more.",
    );
    expect(endingInWords({ sku: "CUP", quantity: 1, ending: "put_back" })).toBe(
      "1 unit of CUP that were adrift: back on the shelf.",
    );
  });
});
