import { describe, expect, it } from "vitest";
import { needsOf, testsTouchedBy } from "./test-changed.mjs";

describe("a file needs", () => {
  it.each([
    ["what it imports", 'import { c } from "../c/d.ts";', "c/d.ts"],
    [
      "the source of a thread that it starts",
      'startThread("engine/threads/shard-thread", name)',
      "engine/threads/shard-thread.ts",
    ],
    ["the source of a program that it starts", 'join(projectRoot, "dist", "cli", "main.js")', "cli/main.ts"],
    ["the command line", 'join(projectRoot, "bin", "holdfast.js")', "bin/holdfast.js"],
    ["a folder that it reads", 'join(projectRoot, "store", "migrations", "*.sql")', "store/migrations"],
  ])("%s", (_, source, need) => {
    expect(needsOf("a/b.ts", source)).toEqual([need]);
  });

  it("the set-up of its suite", () => {
    expect(needsOf("a/b.integration.test.ts", "")).toEqual(["test-support/run/global-setup.ts"]);
  });
});

describe("a change touches", () => {
  const needs = new Map([
    ["a.ts", []],
    ["b.ts", ["a.ts"]],
    ["b.test.ts", ["b.ts"]],
    ["migrate.test.ts", ["store/migrations"]],
    ["other.test.ts", ["other.ts"]],
  ]);

  it.each([
    ["the tests that reach the changed file over others", ["a.ts"], ["b.test.ts"]],
    ["a test that has changed itself", ["other.test.ts"], ["other.test.ts"]],
    ["the tests that read the folder of the changed file", ["store/migrations/002.sql"], ["migrate.test.ts"]],
    ["nothing by a text that no test reads", ["README.md"], []],
    [
      "everything by the packages in use",
      ["package.json"],
      ["b.test.ts", "migrate.test.ts", "other.test.ts"],
    ],
  ])("%s", (_, changed, tests) => {
    expect(testsTouchedBy(changed, needs)).toEqual(tests);
  });
});
