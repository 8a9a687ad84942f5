import { defineConfig } from "vitest/config";

const anywhere = ["node_modules/**", "dist/**", "**/node_modules/**"];

/**
 * Four lanes: `unit` needs nothing, `integration` real servers, `browser` a Chromium as well. `simulation` needs nothing
 * but the machine to itself, so it comes after all the others.
 */
export default defineConfig({
  test: {
    reporters: ["default", "./test-support/summary-reporter.ts"],
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
        },
      },
      {
        test: {
          name: "integration",
          include: ["**/*.integration.test.ts"],
          exclude: anywhere,
          globalSetup: "test-support/global-setup.ts",
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "browser",
          include: ["**/*.browser.test.ts"],
          exclude: anywhere,
          globalSetup: "test-support/global-setup.ts",
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "simulation",
          include: ["**/*.simulation.test.ts"],
          exclude: anywhere,
          globalSetup: "test-support/simulation-setup.ts",
          testTimeout: 1_200_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
