/**
 * The simulation's own proof: each planted bug is found. It runs the built program on every core, and needs
 * the machine to itself.
 */
import { expect, it } from "vitest";
import { runLongProgram, show } from "../../test-support/run/long-program.ts";

it("finds every planted bug", async () => {
  const { status, lines } = await runLongProgram("engine/simulation/main.js", ["--mutants", "--json"]);
  show(lines);
  const { mutants, found } = JSON.parse(lines.at(-1) ?? "") as Record<string, number>;
  expect(mutants).toBeGreaterThanOrEqual(25);
  expect(found).toBe(mutants);
  expect(status).toBe(0);
});

it("finds every bug that is planted where shards go from node to node", async () => {
  const options = ["--nodes", "--mutants", "--json"];
  const { status, lines } = await runLongProgram("engine/simulation/main.js", options);
  show(lines);
  const { mutants, found } = JSON.parse(lines.at(-1) ?? "") as Record<string, number>;
  expect(mutants).toBeGreaterThanOrEqual(7);
  expect(found).toBe(mutants);
  expect(status).toBe(0);
});
