import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test-support/run/longest-first.ts";

const anywhere = ["node_modules/**", "dist/**", "**/node_modules/**"];

/** They hold the product to times of a second or two, which a second file beside them would use up. */
const ALONE = [
  "engine/loop/supervision.integration.test.ts",
  "engine/threads/mailbox.integration.test.ts",
  "devices/message-fuzz.integration.test.ts",
  "gateway/hostile-load.integration.test.ts",
];

/** Minutes of the whole machine: commands of their own, so that `npm test` does not grow with them. */
const LONG = {
  orderModel: ["load-tests/order-model/*.simulation.test.ts"],
  plantedBugs: ["engine/simulation/planted-bugs.simulation.test.ts"],
  faults: [
    "load-tests/faults/faults.integration.test.ts",
    "load-tests/faults/devices/device-faults.integration.test.ts",
    "load-tests/faults/nodes/node-faults.integration.test.ts",
    "load-tests/faults/nodes/feeds-resume.integration.test.ts",
    "load-tests/faults/nodes/shared-limits.integration.test.ts",
    "cli/site-bridges.integration.test.ts",
    "cli/kill-recovery.integration.test.ts",
    "cli/roles.integration.test.ts",
    "cli/upgrade.integration.test.ts",
  ],
};

/** What systems of tests answer is kept as examples of the API's reference where somebody asks for it. */
const recording =
  process.env["HOLDFAST_ANSWERS"] === undefined ? [] : ["test-support/examples/record-answers.ts"];

/**
 * Five suites make up `npm test`: `unit` needs nothing, `integration` real servers, `browser` a Chromium as
 * well, `alone` real servers and no file beside it, `simulation` nothing but the machine to itself. Three
 * more are long: `npm run test:long`.
 *
 * `groupOrder` says their order: the fast suite first, so that a slip is known in seconds; then the tests
 * that wait for servers and browsers, several files at a time; then, one at a time, those that hold the
 * engine to times; the simulation last and alone.
 */
export default defineConfig({
  test: {
    maxWorkers: "100%",
    sequence: { sequencer: LongestFirst },
    reporters: ["default", "./test-support/run/summary-reporter.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts", "**/*.test.tsx"],
          exclude: [
            ...anywhere,
            "**/*.integration.test.ts",
            "**/*.browser.test.ts",
            "**/*.simulation.test.ts",
          ],
          // They keep nothing outside themselves, so what one file has loaded serves the next.
          isolate: false,
          // Tests of hundreds of cases only compute. On a busy machine they take longer, which is not their
          // fault.
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["**/*.integration.test.ts"],
          exclude: [...anywhere, ...ALONE, ...LONG.faults],
          // A file keeps what it has in its own database, namespace and ports. So the next one can have its
          // process, with all modules loaded.
          isolate: false,
          globalSetup: "test-support/run/global-setup.ts",
          setupFiles: recording,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "browser",
          include: ["**/*.browser.test.ts"],
          exclude: anywhere,
          globalSetup: ["test-support/run/global-setup.ts", "test-support/run/browser-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // As the integration suite.
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "alone",
          include: ALONE,
          globalSetup: "test-support/run/global-setup.ts",
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "simulation",
          include: ["**/*.simulation.test.ts"],
          exclude: [...anywhere, ...LONG.orderModel, ...LONG.plantedBugs],
          globalSetup: "test-support/run/simulation-setup.ts",
          testTimeout: 1_200_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: "faults",
          include: LONG.faults,
          globalSetup: "test-support/run/global-setup.ts",
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          name: "planted-bugs",
          include: LONG.plantedBugs,
          globalSetup: "test-support/run/simulation-setup.ts",
          testTimeout: 1_200_000,
          fileParallelism: false,
          sequence: { groupOrder: 5 },
        },
      },
      {
        test: {
          name: "order-model",
          include: LONG.orderModel,
          globalSetup: "test-support/run/simulation-setup.ts",
          // Its sequences have a time of their own; the planted bugs take as long as the machine lets them.
          testTimeout: 1_200_000,
          fileParallelism: false,
          sequence: { groupOrder: 6 },
        },
      },
    ],
  },
});
