/**
 * The order model's suite: many random sequences in which every promise is kept, and planted bugs that are
 * all found.
 *
 * Runs the built program as a user would, on every core, with servers of its own. Another day, other
 * sequences: the first line says which, with the command that repeats them.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { projectRoot } from "../../config/project-root.ts";

const SEQUENCES = 2_000;
const STEPS = 40;

const DAY_MS = 24 * 3_600_000;

const seed = Number(process.env["HOLDFAST_ORDER_MODEL_SEED"] ?? Math.floor(Date.now() / DAY_MS));

async function orderModel(
  ...options: readonly string[]
): Promise<{ readonly status: number; readonly lines: string[] }> {
  const main = join(projectRoot, "dist", "load-tests", "order-model", "main.js");
  const all = [main, "--seed", String(seed), "--json", ...options];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, all, { maxBuffer: 1 << 28 }, (error, output) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ status, lines: output.trimEnd().split("\n") });
    });
    child.stderr?.pipe(process.stderr);
  });
}

function show(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

it(`keeps every promise over ${SEQUENCES} sequences of ${STEPS} steps`, async () => {
  show([`today's sequences; to repeat them: npm run order-model -- --seed ${seed}`]);
  const { status, lines } = await orderModel("--sequences", String(SEQUENCES), "--steps", String(STEPS));
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
  const { status, lines } = await orderModel("--mutants");
  show(lines);
  const { mutants, found } = JSON.parse(lines.at(-1) ?? "") as Record<string, number>;
  expect(mutants).toBeGreaterThanOrEqual(10);
  expect(found).toBe(mutants);
  expect(status).toBe(0);
});
