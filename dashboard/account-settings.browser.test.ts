/** The page of accounts at vendors in a real browser: the vendor is its simulator, over its real format. */

import { pino } from "pino";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { openVendorDesk } from "../integrations/vendor-desk.ts";
import { readStoredAccounts } from "../store/settings/vendor-accounts.ts";
import { findChromium, launchChromium, type TestBrowser } from "../test-support/browser.ts";
import { PHONE, STAFF_PASSWORD, signIn } from "../test-support/dashboard.ts";
import { startTestEdge, type TestEdge } from "../test-support/edge.ts";
import {
  EASYPOST_KEY,
  startTestSandbox,
  type TestSandbox,
} from "../test-support/vendors/simulator-sandbox.ts";
import { vendorsOf } from "../test-support/vendors/vendors.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("the page of accounts", () => {
  let sandbox: TestSandbox;
  let edge: TestEdge;
  let browser: TestBrowser;
  let pages: Page[] = [];
  let complaints: string[] = [];

  beforeAll(async () => {
    sandbox = await startTestSandbox();
    edge = await startTestEdge({
      dashboardFolder: inject("dashboardFolder"),
      staffPassword: STAFF_PASSWORD,
      outside: async (_url, { database, secrets }) => {
        const desk = await openVendorDesk({
          environment: vendorsOf({}),
          context: {
            isProduction: false,
            isPlainRefused: () => false,
            simulators: { http: sandbox.url, smtp: sandbox.smtpUrl },
          },
          read: () => readStoredAccounts(database, secrets),
          now: Date.now,
          logger: pino({ level: "silent" }),
        });
        const { carriers, payments, notifications } = desk;
        return { carriers, payments, otherVendors: [notifications], vendorDesk: desk };
      },
    });
    browser = await launchChromium(chromium ?? "");
  });
  afterEach(async () => {
    await Promise.all(pages.map((page) => page.context().close()));
    pages = [];
    const told = complaints;
    complaints = [];
    expect(told).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await edge?.stop();
    await sandbox?.stop();
  });

  async function signedIn(role: string): Promise<Page> {
    const context = await browser.newContext({ viewport: PHONE, baseURL: edge.url });
    const page = await context.newPage();
    pages.push(page);
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto("/settings?view=accounts");
    await signIn(page, role);
    return page;
  }

  test("an account is added once its vendor lets us in, changed, tried, given a secret, and removed", async () => {
    const page = await signedIn("admin");
    await page.getByRole("button", { name: "Add an account" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Vendor/).selectOption({ label: "Easypost, carriers" });
    await dialog.getByLabel(/^Id/).fill("eu");
    await dialog.getByLabel(/^Easypost API key/).fill("somebody_elses");
    await dialog.getByRole("button", { name: "Try and add the account" }).click();
    await dialog.getByText("was asked and did not let us in").waitFor();
    await dialog.getByLabel(/^Easypost API key/).fill(EASYPOST_KEY);
    await dialog.getByRole("button", { name: "Try and add the account" }).click();
    await page.getByText("Added. It counts from now on.").waitFor();
    await page.getByRole("button", { name: "Change easypost eu" }).click();
    expect(await dialog.getByLabel(/^Easypost API key/).inputValue()).toBe("");
    await dialog.getByLabel("Name", { exact: true }).fill("EasyPost, Europe");
    await dialog.getByLabel(/^Service levels/).fill("UPS Ground\n");
    await dialog.getByRole("button", { name: "Try and save the account" }).click();
    await page.getByText("It counts from now on.").last().waitFor();
    await dialog.getByRole("button", { name: "Try the connection" }).click();
    await dialog.getByText("easypost has answered.").waitFor();
    await dialog.getByRole("button", { name: "New webhook secret" }).click();
    await dialog.getByText(/^whsec_/).waitFor();
    const { rows } = await edge.database.query("select name, services, account from vendor_account");
    expect(rows).toEqual([{ name: "EasyPost, Europe", services: ["UPS Ground"], account: "eu" }]);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(sideways).toBe(0);
    await dialog.getByRole("button", { name: "Remove" }).click();
    await page.getByText("Removed.").waitFor();
    expect((await edge.database.query("select from vendor_account")).rowCount).toBe(0);
  });

  test("who may not set accounts sees which there are", async () => {
    const page = await signedIn("operations");
    await page.getByText("Used first").first().waitFor();
    expect(await page.getByRole("button", { name: "Add an account" }).count()).toBe(0);
  });
});
