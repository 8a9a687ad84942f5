/** The page of mail templates in a real browser, against the real gateway and PostgreSQL. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("the page of mails", () => {
  let dashboard: TestDashboard;
  let pages: Page[] = [];
  let complaints: string[] = [];

  beforeAll(async () => {
    dashboard = await startTestDashboard();
  });
  afterEach(async () => {
    await Promise.all(pages.map((page) => page.context().close()));
    pages = [];
    const told = complaints;
    complaints = [];
    expect(told).toEqual([]);
  });
  afterAll(() => dashboard?.stop());

  async function signedIn(role: string, path: string, viewport = DESKTOP): Promise<Page> {
    const context = await dashboard.browser.newContext({ viewport, baseURL: dashboard.edge.url });
    const page = await context.newPage();
    pages.push(page);
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(path);
    await signIn(page, role);
    return page;
  }

  const templates = async () =>
    (await dashboard.edge.database.query("select kind, language, subject from mail_template")).rows;

  test("a text is looked at with an example order, saved, and set back, on a phone", async () => {
    const page = await signedIn("operations", "/settings?view=mails&mail=shipped", PHONE);
    await page.getByRole("button", { name: "Preview" }).click();
    const frame = page.frameLocator("iframe.mail-frame");
    await frame.getByText("Your parcel has left us with UPS.").waitFor();
    await page.getByRole("textbox", { name: "Subject" }).fill("On its way: {{ orderNumbr }}");
    await page.getByRole("button", { name: "Save the text" }).click();
    await page.getByText(/Subject, line 1, column \d+: There is no variable "orderNumbr"/).waitFor();
    expect(await templates()).toEqual([]);
    await page.getByRole("textbox", { name: "Subject" }).fill("On its way: {{ orderNumber }}");
    await page
      .getByRole("textbox", { name: "HTML" })
      .fill('<p style="color: rgb(1, 2, 3)">{{ carrier }}</p>');
    await page.getByRole("button", { name: "Preview" }).click();
    await page.getByRole("heading", { name: "On its way: #9999" }).waitFor();
    const colour = frame.getByText("UPS").evaluate((element) => getComputedStyle(element).color);
    expect(await colour).toBe("rgb(1, 2, 3)");
    await page.getByRole("button", { name: "Save the text" }).click();
    await page.getByText("It counts from now on.").waitFor();
    expect(await templates()).toEqual([
      { kind: "shipped", language: "default", subject: "On its way: {{ orderNumber }}" },
    ]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
    await page.getByRole("button", { name: "Back to the shipped text" }).click();
    await page.getByText("The shipped text counts again.").waitFor();
    expect(await templates()).toEqual([]);
    await expect
      .poll(() => page.getByRole("textbox", { name: "Subject" }).inputValue())
      .toBe("{{ title }}: order {{ orderNumber }}");
  });

  test("another language begins with the shipped text and has a text of its own", async () => {
    const page = await signedIn("operations", "/settings?view=mails&mail=delivered");
    await page.getByRole("textbox", { name: /^Language/ }).fill("DE");
    await page.getByRole("button", { name: "Write it in this language" }).click();
    await page.getByText("None yet").waitFor();
    await page.getByRole("textbox", { name: "Subject" }).fill("Angekommen: {{ orderNumber }}");
    await page.getByRole("button", { name: "Save the text" }).click();
    await page.getByText("Own text", { exact: true }).waitFor();
    expect(await templates()).toEqual([
      { kind: "delivered", language: "de", subject: "Angekommen: {{ orderNumber }}" },
    ]);
  });

  test("who may not change texts sees them, and how they look", async () => {
    const page = await signedIn("finance", "/settings?view=mails&mail=shipped");
    await page.getByRole("button", { name: "Preview" }).click();
    await page.frameLocator("iframe.mail-frame").getByText("Your parcel has left us with UPS.").waitFor();
    for (const name of ["Save the text", "Send a test mail to me", "Write it in this language"])
      expect(await page.getByRole("button", { name }).count(), name).toBe(0);
  });
});
