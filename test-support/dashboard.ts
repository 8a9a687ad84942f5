/** The dashboard of this tree, built and served by a real gateway, and the browser that shows it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { projectRoot } from "../config/project-root.ts";
import { findChromium, launchChromium } from "./browser.ts";
import { startTestEdge, type TestEdge } from "./edge.ts";

export const STAFF_PASSWORD = "a password of the tests 1";
export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export type TestDashboard = {
  readonly edge: TestEdge;
  readonly browser: Browser;
  stop(): Promise<void>;
};

/** Builds the dashboard of this tree. @returns the folder; whoever asks for it removes it */
export async function buildTestDashboard(): Promise<string> {
  const assets = mkdtempSync(join(tmpdir(), "holdfast-dashboard-"));
  await build({
    configFile: join(projectRoot, "dashboard", "vite.config.ts"),
    build: { outDir: assets, emptyOutDir: true },
    logLevel: "warn",
  });
  return assets;
}

export async function startTestDashboard(): Promise<TestDashboard> {
  const assets = await buildTestDashboard();
  const edge = await startTestEdge({ dashboardFolder: assets, staffPassword: STAFF_PASSWORD });
  const browser = await launchChromium(findChromium() ?? "");
  return {
    edge,
    browser,
    stop: async () => {
      await browser.close();
      await edge.stop();
      rmSync(assets, { recursive: true, force: true });
    },
  };
}

/** Signs a member of the sandbox's staff in, on the page that is shown. */
export async function signIn(page: Page, role: string): Promise<void> {
  await page.getByLabel("Email").fill(`${role}@sandbox.example`);
  await page.getByLabel("Password").fill(STAFF_PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
}
