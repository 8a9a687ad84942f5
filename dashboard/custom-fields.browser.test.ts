/** Fields of the company's own in a real browser: defined, filled in on an order, a line and a product. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import type { OrderView } from "../contract/orders.ts";
import { findChromium } from "../test-support/browser.ts";
import { PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";
import { postOrder, sentOrder } from "../test-support/orders/sent-order.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("custom fields", () => {
  const [product] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");
  const complaints: string[] = [];
  let dashboard: TestDashboard;
  let page: Page;
  beforeAll(async () => {
    dashboard = await startTestDashboard();
    const context = await dashboard.browser.newContext({ viewport: PHONE, baseURL: dashboard.edge.url });
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto("/settings?view=fields");
    await signIn(page, "operations");
  });
  afterAll(() => dashboard?.stop());

  const isInWidth = async () =>
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);

  async function define(key: string, label: string, of: string, more: () => Promise<unknown>): Promise<void> {
    await page.getByRole("button", { name: "Add a field" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Of/).selectOption({ label: of });
    await dialog.getByLabel(/^Key/).fill(key);
    await more();
    await dialog.getByLabel(/^Label/).fill(label);
    await dialog.getByRole("button", { name: "Add the field" }).click();
    await page.getByRole("button", { name: `Edit ${label}` }).waitFor();
  }

  test("are defined, changed and retired on the settings page", async () => {
    const dialog = page.getByRole("dialog");
    await define("po_number", "Purchase order", "Orders", async () => undefined);
    await define("gift_for", "A gift for", "Orders", () => dialog.getByLabel("It is personal data").check());
    await define("engraving", "Engraving", "Order lines", async () => undefined);
    await define("season", "Season", "Products", async () => {
      await dialog.getByLabel("Takes").selectOption({ label: "One of several" });
      await dialog.getByLabel(/^Choices/).fill("Summer\nWinter");
    });
    await isInWidth();
    await page.getByRole("button", { name: "Edit Purchase order" }).click();
    await dialog.getByLabel(/^Label/).fill("PO number");
    await dialog.getByRole("button", { name: "Save the field" }).click();
    await page.getByRole("button", { name: "Edit PO number" }).waitFor();
    await page.getByRole("button", { name: "Retire PO number" }).click();
    await page.getByRole("button", { name: "Use again PO number" }).click();
    await page.getByRole("button", { name: "Retire PO number" }).waitFor();
    const { rows } = await dashboard.edge.database.query(
      "select subject, key, label, type, choices, personal, active from custom_field order by created_at",
    );
    expect(rows).toMatchObject([
      { subject: "order", key: "po_number", label: "PO number", type: "text", personal: false, active: true },
      { subject: "order", key: "gift_for", personal: true },
      { subject: "order_line", key: "engraving" },
      { subject: "product", key: "season", type: "choice", choices: ["Summer", "Winter"] },
    ]);
  });

  test("are filled in on an order and its line, and lead to the orders with the same", async () => {
    const { edge } = dashboard;
    const id = await postOrder(
      edge,
      sentOrder("FIELDS-1", {
        lines: [{ sku: product?.sku, title: "Bag", quantity: 2, unitPrice: "29.00" }],
        paymentMethod: "pm_card_visa",
      }),
    );
    await page.goto(`/orders/${id}`);
    await page.getByRole("button", { name: "Change the custom fields" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("PO number").fill("4711");
    await dialog.getByLabel("A gift for").fill("Grace");
    await dialog.getByRole("button", { name: "Save the fields" }).click();
    await page.getByRole("definition").getByText("Grace").waitFor();
    await page.getByRole("button", { name: "Change", exact: true }).click();
    await dialog.getByLabel("Engraving").fill("G. H.");
    await dialog.getByRole("button", { name: "Change the line" }).click();
    await page.getByText("Engraving: G. H.").waitFor();
    await isInWidth();
    const response = await fetch(`${edge.url}/v1/orders/${id}`, {
      headers: { authorization: `Bearer ${edge.credentials.apiKey}` },
    });
    const { document } = (await response.json()) as OrderView;
    expect(document).toMatchObject({
      customFields: { po_number: "4711" },
      personalFields: { gift_for: "Grace" },
      lines: [{ quantity: 2, customFields: { engraving: "G. H." } }],
    });
    await page.getByRole("link", { name: "4711" }).click();
    await page.getByRole("button", { name: /^Field po_number: 4711/ }).waitFor();
    await page.getByText("FIELDS-1").first().waitFor();
  });

  test("are filled in on a product", async () => {
    await page.goto(`/catalog?q=${product?.sku}`);
    await page.getByRole("button", { name: `Fields of ${product?.sku}`, exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Season").selectOption("Winter");
    await dialog.getByRole("button", { name: "Save the fields" }).click();
    await page.getByText("Season: Winter").waitFor();
    await isInWidth();
    expect(complaints).toEqual([]);
  });
});
