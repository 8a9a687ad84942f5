import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { projectRoot } from "./project-root.ts";
import { STANDARD_SOURCING_RULES } from "./sourcing-rule.ts";
import { readSourcingRuleList, readSourcingRules } from "./sourcing-rules.ts";

const folder = join(projectRoot, "config");
const read = (name: string) => readSourcingRules(readFileSync(join(folder, name), "utf8"));

it("reads every rule file that comes along", () => {
  const names = readdirSync(folder).filter((name) => /^sourcing-rules.*\.json$/.test(name));
  expect(names.length).toBeGreaterThan(1);
  for (const name of names) expect([name, read(name).status]).toEqual([name, "ok"]);
});

it("has the standard rules as the file that is edited first", () => {
  expect(read("sourcing-rules.json")).toMatchObject({ status: "ok", rules: STANDARD_SOURCING_RULES });
});

it("weighs rules of one step against each other and keeps the order of steps", () => {
  const reading = read("sourcing-rules.landed-cost.json");
  expect(reading.status === "ok" && reading.rules.map((step) => step.map((rule) => rule.rule))).toEqual([
    ["cost", "promise_date", "fewest_parcels"],
    ["capacity"],
    ["stock"],
    ["custom"],
  ]);
});

it("reports every problem at once, by its place", () => {
  const text = JSON.stringify({
    rules: [
      { rule: "nearest", reason: "x" },
      { rule: "distance" },
      { rule: "cost", wieght: 3, reason: "x" },
      { rule: "custom", reason: "x", attribute: "carbon", prefer: "less" },
      {
        reason: "x",
        weighted: [
          { rule: "cost", weight: 0 },
          { rule: "stock", weight: 1, prefer: "low" },
        ],
      },
      { reason: "x", weighted: [] },
      7,
    ],
    version: 2,
  });
  expect(readSourcingRules(text)).toEqual({
    status: "invalid",
    problems: [
      { path: "version", problem: "is not known, rules are" },
      {
        path: "rules[0].rule",
        problem:
          "must be one of fewest_parcels, priority, border, distance, cost, promise_date, capacity, stock, custom",
      },
      { path: "rules[1].reason", problem: "must say why" },
      { path: "rules[2].wieght", problem: "is not known, reason, rule, attribute, prefer are" },
      { path: "rules[3].prefer", problem: "must be low or high" },
      { path: "rules[4].weighted[0].weight", problem: "must be a number from 0.001 to 1000000" },
      { path: "rules[4].weighted[1]", problem: `"attribute" and "prefer" belong to custom rules only` },
      { path: "rules[5].weighted", problem: "must be a list of 1 to 20 rules" },
      { path: "rules[6]", problem: "must be an object" },
    ],
  });
});

it("refuses what is no rule file", () => {
  expect(readSourcingRules("{")).toMatchObject({ status: "invalid", problems: [{ path: "" }] });
  expect(readSourcingRules("[]")).toMatchObject({ status: "invalid", problems: [{ path: "" }] });
  expect(readSourcingRules(`{"rules":[]}`)).toMatchObject({
    status: "invalid",
    problems: [{ path: "rules" }],
  });
});

it("refuses texts that the store has no place for, or that nobody reads", () => {
  const reasons = ["a\u0000b", "\ud800", "x".repeat(501)];
  const reading = readSourcingRuleList({ rules: reasons.map((reason) => ({ rule: "cost", reason })) });
  expect(reading.status === "invalid" && reading.problems.map(({ path }) => path)).toEqual(
    reasons.map((_, index) => `rules[${index}].reason`),
  );
});
