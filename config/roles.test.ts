import { describe, expect, test } from "vitest";
import { readSettings } from "./load.ts";
import { ROLES, readRoles } from "./roles.ts";

describe("roles of a process", () => {
  test("are read in their own order, with spaces between", () => {
    expect(readRoles("jobs, devices")).toEqual({ status: "ok", roles: ["devices", "jobs"] });
  });

  test.each([
    [
      "gatway",
      'must name roles of gateway, engine, worker, devices, jobs, with commas between them, and "gatway" is none',
    ],
    [
      "",
      'must name roles of gateway, engine, worker, devices, jobs, with commas between them, and "" is none',
    ],
    ["jobs,jobs", "names jobs twice"],
  ])("%s is refused by what is wrong with it", (text, problem) => {
    expect(readRoles(text)).toEqual({ status: "invalid", problem });
  });

  const problemsOf = (environment: Record<string, string>, mode: "serve" | "start" = "serve") => {
    const reading = readSettings(environment, mode, "/srv", []);
    return reading.status === "ok"
      ? []
      : reading.problems.filter(({ variable }) => ["HOLDFAST_ROLES", "REDIS_URL"].includes(variable));
  };

  test("a part of the whole needs Redis, and says who would not be reached without it", () => {
    expect(problemsOf({ HOLDFAST_ROLES: "gateway" })).toEqual([
      {
        variable: "REDIS_URL",
        problem: "is not set, and the roles gateway reach the engine's process by it",
      },
    ]);
    expect(problemsOf({ HOLDFAST_ROLES: "engine,jobs" })).toEqual([
      {
        variable: "REDIS_URL",
        problem: "is not set, and other processes (gateway, worker, devices) reach this one's engine by it",
      },
    ]);
    expect(problemsOf({ HOLDFAST_ROLES: "gateway", REDIS_URL: "redis://127.0.0.1" })).toEqual([]);
    expect(problemsOf({ HOLDFAST_ROLES: ROLES.join(",") })).toEqual([]);
    expect(problemsOf({})).toEqual([]);
  });

  test("a sandbox is one process", () => {
    expect(problemsOf({ HOLDFAST_ROLES: "gateway" }, "start")).toEqual([
      { variable: "HOLDFAST_ROLES", problem: "is for serve: a sandbox is one process" },
    ]);
  });
});
