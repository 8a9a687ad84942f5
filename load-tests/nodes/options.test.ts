import { expect, test } from "vitest";
import { HELP, readOptions } from "./options.ts";

test("without options three rounds of ten seconds are measured, and what orders cost", () => {
  expect(readOptions([])).toEqual({
    status: "ok",
    options: { rounds: 3, seconds: 10, share: 0.2, orders: 400, seed: "nodes" },
    out: null,
    json: false,
  });
});

test("a number that would measure nothing or never end is refused with what it may be", () => {
  expect(readOptions(["--share", "0"])).toEqual({
    status: "wrong",
    problem: "--share takes a number from 0.05 to 1",
  });
  for (const args of [
    ["--rounds", "0"],
    ["--rounds", "many"],
    ["--seconds", "1e9"],
    ["--orders", "-1"],
    ["--nodes", "3"],
    ["more"],
  ])
    expect(readOptions(args).status, args.join(" ")).toBe("wrong");
});

test("the help names every option", () => {
  for (const name of ["rounds", "seconds", "share", "orders", "seed", "out", "json", "help"])
    expect(HELP).toContain(`--${name}`);
  expect(readOptions(["--help"])).toEqual({ status: "help" });
});
