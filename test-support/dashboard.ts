/** The dashboard of this tree, served by a real gateway, and the browser that shows it. */
import type { Page } from "playwright-core";
import { inject } from "vitest";
import { findChromium, launchChromium, type TestBrowser } from "./browser.ts";
import { startTestEdge, type TestEdge } from "./edge.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The built pages. */
    readonly dashboardFolder: string;
  }
}

export const STAFF_PASSWORD = "a password of the tests 1";
export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export type TestDashboard = {
  readonly edge: TestEdge;
  readonly browser: TestBrowser;
  stop(): Promise<void>;
};

export async function startTestDashboard(
  options: Pick<Parameters<typeof startTestEdge>[0], "publicUrl" | "singleSignOn"> = {},
): Promise<TestDashboard> {
  const edge = await startTestEdge({
    ...options,
    dashboardFolder: inject("dashboardFolder"),
    staffPassword: STAFF_PASSWORD,
  });
  const browser = await launchChromium(findChromium() ?? "");
  return {
    edge,
    browser,
    stop: async () => {
      await browser.close();
      await edge.stop();
    },
  };
}

/** Signs a member of the sandbox's staff in, on the page that is shown. */
export async function signIn(page: Page, role: string): Promise<void> {
  await page.getByLabel("Email").fill(`${role}@sandbox.example`);
  await page.getByLabel("Password").fill(STAFF_PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
}
