/** The page of holidays in a real browser, against the real gateway and PostgreSQL. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../test-support/browser.ts";
import { PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("the page of holidays", () => {
  let dashboard: TestDashboard;
  beforeAll(async () => {
    dashboard = await startTestDashboard();
  });
  afterAll(() => dashboard?.stop());

  test("days are added for all locations or some, refused where a location is unknown, and taken away", async () => {
    const { browser, edge } = dashboard;
    const context = await browser.newContext({ viewport: PHONE, baseURL: edge.url });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto("/settings?view=holidays");
    await signIn(page, "operations");
    await page.getByRole("button", { name: "Another day" }).click();
    await page.getByLabel("Day 1", { exact: true }).fill("2026-12-25");
    await page.getByLabel("Name of day 1").fill("Christmas Day");
    await page.getByLabel(/^Only at, day 1/).fill("nowhere");
    await page.getByRole("button", { name: "Save the holidays" }).click();
    await page.getByText('There is no location "nowhere".').waitFor();
    await page.getByLabel(/^Only at, day 1/).fill("");
    await page.getByRole("button", { name: "Save the holidays" }).click();
    await page.getByText("It counts from now on.").waitFor();
    const stored = async () =>
      (await edge.database.query("select day::text as day, name, locations from holiday")).rows;
    expect(await stored()).toEqual([{ day: "2026-12-25", name: "Christmas Day", locations: null }]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
    await page.getByRole("button", { name: "Take away day 1" }).click();
    await page.getByRole("button", { name: "Save the holidays" }).click();
    await expect.poll(stored).toEqual([]);
    await context.close();
  });
});
