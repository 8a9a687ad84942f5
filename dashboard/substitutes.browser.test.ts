/** Substitutes in a real browser, against the real gateway: a product's list, and a channel's rule. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";
import type { TestEdge } from "../test-support/edge.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("the substitutes of a product", () => {
  const [product, first, second] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");
  if (product === undefined || first === undefined || second === undefined)
    throw new Error("the sandbox's catalog has changed");
  let dashboard: TestDashboard;
  let edge: TestEdge;
  let pages: Page[] = [];
  let complaints: string[] = [];

  beforeAll(async () => {
    dashboard = await startTestDashboard();
    edge = dashboard.edge;
  });

  afterEach(async () => {
    await Promise.all(pages.map((page) => page.context().close()));
    pages = [];
    const told = complaints;
    complaints = [];
    expect(told).toEqual([]);
  });

  afterAll(async () => {
    await dashboard?.stop();
  });

  async function signedIn(role: string, path: string, viewport = DESKTOP): Promise<Page> {
    const context = await dashboard.browser.newContext({ viewport, baseURL: edge.url });
    const page = await context.newPage();
    pages.push(page);
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(path);
    await signIn(page, role);
    return page;
  }

  const changeButton = (page: Page) =>
    page.getByRole("button", { name: `Change the substitutes of ${product.name}`, exact: true });

  const stored = async () =>
    (
      await edge.database.query(
        "select substitute_sku as sku from product_substitute where sku = $1 order by position",
        [product.sku],
      )
    ).rows.map((row) => row["sku"]);

  test("are written on a phone in their order, refused by name, and shown in the catalog", async () => {
    const page = await signedIn("operations", "/catalog", PHONE);
    await changeButton(page).click();
    const list = page.getByLabel("SKUs, the first choice first");
    await list.fill(product.sku);
    await page.getByRole("button", { name: "Save the substitutes" }).click();
    await page.getByText(`"${product.sku}" cannot be its own substitute.`).waitFor();
    expect(await stored()).toEqual([]);
    await list.fill(`${second.sku}\n${first.sku}`);
    await page.getByRole("button", { name: "Save the substitutes" }).click();
    await page.getByText(`The substitutes of ${product.sku} are saved.`).waitFor();
    expect(await stored()).toEqual([second.sku, first.sku]);
    await changeButton(page).click();
    expect(await list.inputValue()).toBe(`${second.sku}\n${first.sku}`);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
  });

  test("are seen, and not changed, by a role that does not keep the catalog", async () => {
    const page = await signedIn("service", "/catalog");
    await page.getByRole("columnheader", { name: "Substitutes" }).waitFor();
    expect(await changeButton(page).count()).toBe(0);
  });

  test("are sent where their channel's rule says so, which is kept with who changed it", async () => {
    const page = await signedIn("operations", "/settings?channel=web");
    const rule = page.getByLabel(/A product's substitutes are sent first/);
    expect(await rule.isChecked()).toBe(false);
    await rule.check();
    await page.getByRole("button", { name: "Save the rules" }).click();
    await page.getByText("It counts from now on.").waitFor();
    const { rows } = await edge.database.query(
      "select allow_substitutes as allows from channel where id = 'web'",
    );
    expect(rows).toEqual([{ allows: true }]);
    await page.reload();
    await expect.poll(() => rule.isChecked()).toBe(true);
  });
});
