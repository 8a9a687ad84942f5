/** The company's own hold reasons in a real browser: made, put on an order, and shown with what is to be done. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import { findChromium } from "../test-support/browser.ts";
import { PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";
import { postOrder, sentOrder } from "../test-support/orders/sent-order.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("hold reasons of the company's own", () => {
  const complaints: string[] = [];
  let dashboard: TestDashboard;
  let page: Page;
  beforeAll(async () => {
    dashboard = await startTestDashboard();
    const context = await dashboard.browser.newContext({ viewport: PHONE, baseURL: dashboard.edge.url });
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto("/settings?view=hold-reasons");
    await signIn(page, "operations");
  });
  afterAll(() => dashboard?.stop());

  const isInWidth = async () =>
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);

  test("are made, refused where a role is unknown, and changed", async () => {
    await page.getByRole("button", { name: "Add a reason" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Code").fill("fraud_check");
    await dialog.getByLabel("Label").fill("Fraud check");
    await dialog.getByLabel("Guidance").fill("Compare the addresses.");
    await dialog.getByLabel("Released by").fill("nobody");
    await dialog.getByRole("button", { name: "Add the reason" }).click();
    await dialog.getByText('There is no role "nobody".').waitFor();
    await dialog.getByLabel("Released by").fill("finance");
    await dialog.getByRole("button", { name: "Add the reason" }).click();
    await page.getByRole("button", { name: "Edit Fraud check" }).click();
    await dialog.getByLabel("Such orders keep their stock").uncheck();
    await dialog.getByRole("button", { name: "Save the reason" }).click();
    await page.getByText("Given back").waitFor();
    await isInWidth();
  });

  test("are put on an order, shown with what is to be done and by whom, and a list goes by them", async () => {
    const [product] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");
    const lines = [{ sku: product?.sku, title: "Bag", quantity: 1, unitPrice: "29.00" }];
    const sent = sentOrder("HELD-1", { lines, paymentMethod: "pm_card_visa" });
    const id = await postOrder(dashboard.edge, sent);
    await page.goto(`/orders/${id}`);
    await page.getByRole("button", { name: "Put on hold" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Why").selectOption({ label: "Fraud check" });
    await dialog.getByText("What nobody has begun to pick goes back.").waitFor();
    await dialog.getByRole("button", { name: "Put on hold" }).click();
    await page.getByText("Compare the addresses.").waitFor();
    await page.getByText("Released by: finance.", { exact: false }).waitFor();
    await isInWidth();
    await page.getByRole("button", { name: "Release hold" }).click();
    await page.getByText("is for others to release").first().waitFor();
    const { rows } = await dashboard.edge.database.query("select from order_hold where order_id = $1", [id]);
    expect(rows).toEqual([]);
    await page.goto("/orders");
    await page.getByLabel("Hold reason").selectOption({ label: "Fraud check" });
    await page.getByText("HELD-1").first().waitFor();
    expect(new URL(page.url()).searchParams.get("hold")).toBe("fraud_check");
    expect(complaints).toEqual([]);
  });
});
