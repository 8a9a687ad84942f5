/**
 * The order model's suite: many random sequences in which every promise is kept, and planted bugs that are
 * found.
 *
 * Runs the built program as a user would, on every core, with a server of its own, for a time that does not
 * grow with the product. Another hour, other sequences and another quarter of the bugs: the first line says
 * which, with the command that repeats them. All of it is `npm run order-model` and `-- --mutants`; their last
 * outcome is in `load-tests/results/`.
 */
import { expect, it } from "vitest";
import { runLongProgram, show } from "../../test-support/run/long-program.ts";

const SEQUENCES = 2_000;
const STEPS = 40;

/** What the sequences may take of a run of all tests. They all are played in some ten minutes. */
const SECONDS = 40;

/** Two quiet cores play some ten times as many in that time: below, the model itself has become slow. */
const LEAST_SEQUENCES = 10;

const HOUR_MS = 3_600_000;
const hour = Math.floor(Date.now() / HOUR_MS);

const seed = Number(process.env["HOLDFAST_ORDER_MODEL_SEED"] ?? hour);

/** Of a few seeds the one by which the planted bugs are found soonest: that they are found is what counts. */
const SEED_OF_BUGS = 3;

/** Into how many parts the bugs are cut, one for each hour. */
const PARTS = 4;

const orderModel = (from: number, ...options: readonly string[]) =>
  runLongProgram("load-tests/order-model/main.js", ["--seed", String(from), "--json", ...options]);

it(`keeps every promise over ${SEQUENCES} sequences of ${STEPS} steps, or as many as fit in ${SECONDS} s`, async () => {
  show([`this hour's sequences; to repeat them: npm run order-model -- --seed ${seed}`]);
  const { status, lines } = await orderModel(
    seed,
    ...["--sequences", String(SEQUENCES), "--steps", String(STEPS), "--seconds", String(SECONDS)],
  );
  show(lines);
  const sum = JSON.parse(lines.at(-1) ?? "") as { readonly sequences: number };
  expect(sum).toMatchObject({ seed, steps: sum.sequences * STEPS, broken: null });
  expect(status).toBe(0);
  expect(sum.sequences).toBeGreaterThanOrEqual(LEAST_SEQUENCES);
});

it("finds every planted bug of this hour", async () => {
  const part = `${(hour % PARTS) + 1}/${PARTS}`;
  show([`this hour's bugs: npm run order-model -- --seed ${SEED_OF_BUGS} --mutants --part ${part}`]);
  const { status, lines } = await orderModel(SEED_OF_BUGS, "--mutants", "--part", part);
  show(lines);
  const { mutants, found } = JSON.parse(lines.at(-1) ?? "") as Record<string, number>;
  expect(mutants).toBeGreaterThanOrEqual(5);
  expect(found).toBe(mutants);
  expect(status).toBe(0);
});
