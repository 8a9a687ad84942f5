/**
 * The simulation's suite: many seeds in which every promise is kept, and a story that is the same each time
 * it is told. That planted bugs are found is a suite of its own, `planted-bugs.simulation.test.ts`.
 *
 * Runs the built program as a user would, on every core, and needs the machine to itself.
 */
import { expect, it } from "vitest";
import { runLongProgram, show } from "../../test-support/run/long-program.ts";

const simulateCommand = (...options: readonly string[]) =>
  runLongProgram("engine/simulation/main.js", options);

const SEEDS = 5_000;
const OPERATIONS = 200;

/**
 * What the seeds may take of a run of all tests. Two quiet cores run them all in it; busy ones come less far.
 */
const SECONDS = 40;

/** A fifth of what two quiet cores run in that time: below, the simulation itself has become slow. */
const LEAST_SEEDS = 1_000;

const QUARTER_DAY_MS = 6 * 3_600_000;

/** Some hours later, other seeds: no two windows have one in common. The variable repeats a window. */
function firstSeed(): number {
  return Number(process.env["HOLDFAST_SIMULATION_FROM"] ?? Math.floor(Date.now() / QUARTER_DAY_MS) * SEEDS);
}

it("tells the same story of a seed, to the byte, however often it is asked", async () => {
  const stories = await Promise.all([1, 2].map(() => simulateCommand("--seed", "4711")));
  const [first, second] = stories;
  expect(first?.status).toBe(0);
  // A call of many operations is one line.
  expect(first?.lines.length).toBeGreaterThan(OPERATIONS / 5);
  expect(first?.lines.at(-1)).toMatch(/event log [0-9a-f]{64}$/);
  expect(second?.lines).toEqual(first?.lines);
  const other = await simulateCommand("--seed", "4712");
  expect(other.lines.at(-1)).not.toBe(first?.lines.at(-1));
});

it("takes the answer to each of two placements that one transaction has committed a day apart", async () => {
  const { status, lines } = await simulateCommand("--seed", "311802067");
  expect(status, lines.at(-1)).toBe(0);
});

it(`keeps every promise over ${SEEDS} seeds, or as many as fit in ${SECONDS} s`, async () => {
  const from = firstSeed();
  const window = ["--seeds", String(SEEDS), "--from", String(from)];
  show([`the seeds of these hours; to repeat them: npm run simulate -- ${window.join(" ")}`]);
  const { status, lines } = await simulateCommand(...window, "--seconds", String(SECONDS), "--json");
  show(lines);
  const sum = JSON.parse(lines.at(-1) ?? "") as Record<string, number>;
  const seeds = sum["seeds"] ?? 0;
  expect(sum).toMatchObject({
    first: from,
    last: from + seeds - 1,
    operations: seeds * OPERATIONS,
    violations: 0,
  });
  expect(status).toBe(0);
  expect(seeds).toBeGreaterThanOrEqual(LEAST_SEEDS);
  expect(sum["crashes"]).toBeGreaterThanOrEqual(seeds);
  expect(sum["takeovers"]).toBeGreaterThanOrEqual(seeds);
});

it("takes nothing from a thread that hung while its shard went to other nodes and came back", async () => {
  const { status, lines } = await simulateCommand("--nodes", "--seed", "623632650");
  expect(status, lines.at(-1)).toBe(0);
});

/** Seeds with nodes are longer days: two quiet cores run some hundred of them in this time. */
const NODE_SECONDS = 10;
const LEAST_NODE_SEEDS = 10;

it(`keeps every promise where nodes share the shards, over as many seeds as fit in ${NODE_SECONDS} s`, async () => {
  const from = firstSeed();
  const window = ["--nodes", "--seeds", "2000", "--from", String(from), "--seconds", String(NODE_SECONDS)];
  show([`the seeds of these hours; to repeat them: npm run simulate -- ${window.join(" ")}`]);
  const { status, lines } = await simulateCommand(...window, "--json");
  show(lines);
  const sum = JSON.parse(lines.at(-1) ?? "") as Record<string, number>;
  expect(sum).toMatchObject({ first: from, violations: 0 });
  expect(status).toBe(0);
  expect(sum["seeds"]).toBeGreaterThanOrEqual(LEAST_NODE_SEEDS);
  // Shards that were handed over, seized, or drained away.
  expect(sum["takeovers"]).toBeGreaterThanOrEqual(10 * (sum["seeds"] ?? 0));
});
