import { expect, test } from "vitest";
import { HELP, readOptions } from "./options.ts";

test("without options three pairs of windows are measured", () => {
  expect(readOptions([])).toEqual({
    status: "ok",
    options: { rounds: 3, hang: 2, seconds: 20, rate: 3, flood: 300, drain: 300 },
    out: null,
    json: false,
  });
});

test("a number that would measure nothing or never end is refused with what it may be", () => {
  expect(readOptions(["--flood", "0"])).toEqual({
    status: "wrong",
    problem: "--flood takes a number from 1 to 2000",
  });
  for (const args of [
    ["--rounds", "1.5"],
    ["--rounds", "many"],
    ["--seconds", "1e9"],
    ["--channels", "3"],
    ["more"],
  ])
    expect(readOptions(args).status, args.join(" ")).toBe("wrong");
});

test("the help names every option", () => {
  for (const name of ["rounds", "hang", "seconds", "rate", "flood", "drain", "out", "json", "help"])
    expect(HELP).toContain(`--${name}`);
  expect(readOptions(["--help"])).toEqual({ status: "help" });
});
