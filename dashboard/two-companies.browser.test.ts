/**
 * One person of two companies on one host, in a real browser: from one to the other, and signed in to both.
 */
import { cpSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { OtherCompany } from "../config/other-companies.ts";
import { findChromium, launchChromium, type TestBrowser } from "../test-support/browser.ts";
import { DESKTOP, PHONE } from "../test-support/dashboard.ts";
import { type GatewayWorld, STAFF_PASSWORD, startGatewayWorld } from "../test-support/gateway.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("two companies by their pages", () => {
  let browser: TestBrowser;
  let acme: GatewayWorld;
  let bolt: GatewayWorld;

  beforeAll(async () => {
    const start = (otherCompanies: readonly OtherCompany[]) =>
      startGatewayWorld((folder) => cpSync(inject("dashboardFolder"), folder, { recursive: true }), {
        otherCompanies,
      });
    // Where each is reached is known once it listens.
    const known = { toAcme: [] as OtherCompany[], toBolt: [] as OtherCompany[] };
    acme = await start(known.toAcme);
    bolt = await start(known.toBolt);
    known.toAcme.push({ name: "Bolt Retail", url: bolt.url });
    known.toBolt.push({ name: "Acme Outfitters", url: acme.url });
    await bolt.database.query("update company set name = 'Bolt Retail'");
    browser = await launchChromium(chromium ?? "");
  });

  afterAll(async () => {
    await browser?.close();
    await acme?.close();
    await bolt?.close();
  });

  async function signIn(page: Page): Promise<void> {
    await page.getByLabel("Email").fill("admin@acme.example");
    await page.getByLabel("Password", { exact: true }).fill(STAFF_PASSWORD);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  }

  test("the pages say whose they are and lead to the other, where nobody is signed in yet, and then to both", async () => {
    const context = await browser.newContext({ viewport: DESKTOP });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(acme.url);
    await page.getByText("Acme Outfitters", { exact: true }).waitFor();
    await signIn(page);
    await page.getByRole("link", { name: "Go to Bolt Retail" }).click();
    // Cookies of the first are sent along, because they are of the same host; they are nobody's here.
    await page.getByText("Bolt Retail", { exact: true }).waitFor();
    expect(page.url()).toContain(bolt.url);
    await signIn(page);
    await page.getByRole("link", { name: "Go to Acme Outfitters" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(page.url()).toContain(acme.url);

    await page.setViewportSize(PHONE);
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("dialog").getByRole("link", { name: "Go to Bolt Retail" }).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)).toBe(false);
    // Signed out here, and still in there.
    await page.getByRole("link", { name: "Go to Bolt Retail" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    expect(page.url()).toContain(bolt.url);
    await context.close();
    expect(complaints).toEqual([]);
  });
});
