/**
 * The order model's suite: many random sequences in which every promise is kept, and planted bugs that are
 * all found.
 *
 * Runs the built program as a user would, on every core, with servers of its own. Another day, other
 * sequences: the first line says which, with the command that repeats them.
 */
import { expect, it } from "vitest";
import { runLongProgram, show } from "../../test-support/run/long-program.ts";

const SEQUENCES = 2_000;
const STEPS = 40;

const DAY_MS = 24 * 3_600_000;

const seed = Number(process.env["HOLDFAST_ORDER_MODEL_SEED"] ?? Math.floor(Date.now() / DAY_MS));

/** Of a few seeds the one by which the planted bugs are found soonest: that they are found is what counts. */
const SEED_OF_BUGS = 3;

const orderModel = (from: number, ...options: readonly string[]) =>
  runLongProgram("load-tests/order-model/main.js", ["--seed", String(from), "--json", ...options]);

it(`keeps every promise over ${SEQUENCES} sequences of ${STEPS} steps`, async () => {
  show([`today's sequences; to repeat them: npm run order-model -- --seed ${seed}`]);
  const { status, lines } = await orderModel(
    seed,
    "--sequences",
    String(SEQUENCES),
    "--steps",
    String(STEPS),
  );
  show(lines);
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
    seed,
    sequences: SEQUENCES,
    steps: SEQUENCES * STEPS,
    broken: null,
  });
  expect(status).toBe(0);
});

it("finds every planted bug", async () => {
  const { status, lines } = await orderModel(SEED_OF_BUGS, "--mutants");
  show(lines);
  const { mutants, found } = JSON.parse(lines.at(-1) ?? "") as Record<string, number>;
  expect(mutants).toBeGreaterThanOrEqual(10);
  expect(found).toBe(mutants);
  expect(status).toBe(0);
});
