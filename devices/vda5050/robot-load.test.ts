import { describe, expect, it } from "vitest";
import type { ActionStatus, RobotState } from "./messages.ts";
import { loadIn } from "./robot-load.ts";

const ORDER = "shop-1-F1:pick:1.2";

function state(orderId: string, actions: Readonly<Record<string, [ActionStatus, string?]>>): RobotState {
  return {
    headerId: 1,
    atMs: 0,
    orderId,
    lastNodeId: "",
    nodesAhead: 0,
    driving: false,
    automatic: true,
    actions: new Map(
      Object.entries(actions).map(([name, [status, result = ""]]) => [
        `${orderId}:${name}`,
        { status, result },
      ]),
    ),
    batteryCharge: 90,
    charging: false,
    position: null,
    impairments: [],
    standstill: [],
    urgentErrors: [],
    instantActions: new Map(),
    errors: [],
  };
}

describe("what a robot's state says that it has taken", () => {
  it("is what it has picked so far, in whole or in part", () => {
    const picked = state(ORDER, {
      "pick-2": ["FAILED", "picked=1;reason=not_found"],
      "pick-0": ["FINISHED", "serials=A,B"],
      "pick-1": ["RUNNING"],
      "pick-3": ["FAILED", "picked=0;reason=not_found"],
      drop: ["WAITING"],
    });
    expect(loadIn(picked)).toEqual({
      taskId: "shop-1-F1:pick:1",
      attempt: 2,
      units: [
        { line: 0, quantity: null, serials: ["A", "B"] },
        { line: 2, quantity: 1, serials: [] },
      ],
      isSetDown: false,
    });
  });

  it("is in a tote on the conveyor once that is set down", () => {
    expect(loadIn(state(ORDER, { "pick-0": ["FINISHED"], drop: ["FINISHED"] }))).toMatchObject({
      isSetDown: true,
    });
  });

  it.each<[string, RobotState]>([
    ["it has no order", state("", { "pick-0": ["FINISHED"] })],
    ["the order is none of ours", state("another fleet", { "pick-0": ["FINISHED"] })],
    ["nothing is picked yet", state(ORDER, { "pick-0": ["RUNNING"], drop: ["WAITING"] })],
    ["a cancelled order had nothing picked", state(ORDER, { "pick-0": ["FAILED", "order cancelled"] })],
    ["its actions are strange", state(ORDER, { "pick-x": ["FINISHED"], "pick-99999": ["FINISHED"] })],
  ])("is nothing where %s", (_, said) => {
    expect(loadIn(said)).toBeNull();
  });
});
