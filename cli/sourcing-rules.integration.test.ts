/** `holdfast sourcing-rules` against a real gateway: what it prints and how it exits. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SourcingRulesView } from "../contract/sourcing-rules.ts";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { jsonLines, runAsAdmin } from "../test-support/system.ts";

let world: GatewayWorld;
let folder: string;
beforeAll(async () => {
  world = await startGatewayWorld();
  folder = mkdtempSync(join(tmpdir(), "holdfast-rules-"));
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const rules = (...args: readonly string[]) => runAsAdmin(world, ["sourcing-rules", ...args], folder);

function fileOf(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return name;
}

test("what is shown as a document can be edited, checked and set again, and stays in the history", async () => {
  const [shown] = jsonLines<SourcingRulesView>(await rules("show", "--json"));
  const steps = [...(shown?.rules ?? [])].reverse();
  const file = fileOf("rules.json", JSON.stringify({ ...shown, rules: steps }));
  expect((await rules("check", file)).stdout).toContain("can be set");
  const set = await rules("set", file);
  expect([set.status, set.stderr]).toEqual([0, ""]);
  expect(set.stdout).toMatch(/Version 2, set by api-key:/);
  const history = jsonLines<SourcingRulesView>(await rules("history", "--json"));
  expect(history.map(({ version }) => version)).toEqual([2, 1]);
  expect((await rules("history")).stdout).toContain("fewest_parcels, priority, border, distance");
});

test("everything that is wrong with a file is named by its place, and nothing is set", async () => {
  const file = fileOf("wrong.json", '{"rules": [{"rule": "nearest"}, {"rule": "distance", "reason": "x"}]}');
  for (const command of ["check", "set"]) {
    const outcome = await rules(command, file);
    expect([command, outcome.status]).toEqual([command, 1]);
    for (const place of ["rules[0].rule", "rules[0].reason"]) expect(outcome.stderr).toContain(place);
  }
  for (const name of [fileOf("none.json", "{"), fileOf("other.json", "[]"), "no-such-file.json"]) {
    const outcome = await rules("set", name);
    expect([name, outcome.status]).toEqual([name, 2]);
    expect(outcome.stderr).toContain(name);
  }
  expect(jsonLines<SourcingRulesView>(await rules("show", "--json"))[0]?.version).toBe(2);
});
