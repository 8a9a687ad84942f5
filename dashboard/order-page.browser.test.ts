/** The order page's changes in a real browser, against the real gateway, engine and PostgreSQL. */

import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import type { OrderView } from "../contract/orders.ts";
import { createFulfillmentOrders, readUnsourced } from "../store/floor/fulfillment.ts";
import { inTransaction } from "../store/sql/database.ts";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";
import type { TestEdge } from "../test-support/edge.ts";
import { postOrder, sentOrder } from "../test-support/orders/sent-order.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("the order page", () => {
  const [first, second] = sandboxCatalog().filter((product) => product.source === "fulfillment_centers");
  let dashboard: TestDashboard;
  let edge: TestEdge;
  let page: Page;
  let complaints: string[] = [];

  beforeAll(async () => {
    dashboard = await startTestDashboard();
    edge = dashboard.edge;
    const context = await dashboard.browser.newContext({ viewport: DESKTOP, baseURL: edge.url });
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto("/");
    await signIn(page, "operations");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  });

  afterEach(() => {
    const told = complaints;
    complaints = [];
    expect(told).toEqual([]);
  });

  afterAll(async () => {
    await dashboard?.stop();
  });

  /** An order of three units, shown on its page. */
  async function shownOrder(number: string, change: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const order = await postOrder(
      edge,
      sentOrder(number, {
        lines: [{ sku: first?.sku, title: "Bag", quantity: 3, unitPrice: "29.00", discount: "7.00" }],
        shippingPrice: "6.95",
        discount: "10.00",
        paymentMethod: "pm_card_visa",
        ...change,
      }),
    );
    await page.goto(`/orders/${order}`);
    await page.getByRole("heading", { name: number }).waitFor();
    return order;
  }

  async function orderView(id: string): Promise<OrderView> {
    const response = await fetch(`${edge.url}/v1/orders/${id}`, {
      headers: { authorization: `Bearer ${edge.credentials.apiKey}` },
    });
    return (await response.json()) as OrderView;
  }

  test("shows amounts that a reader can add up", async () => {
    await shownOrder("SUM-1");
    const sums = page.locator(".sums");
    await sums.getByText("Subtotal").waitFor();
    expect(await sums.textContent()).toContain(
      "Subtotal$87.00Discounts-$17.00Shipping$6.95Tax$0.00Total$76.95",
    );
  });

  test("speaks of no parcel where the customer collects, nor does the shopper's page", async () => {
    await shownOrder("CURB-1", {
      allocation: "ship_available",
      shippingAddress: undefined,
      delivery: { method: "curbside", locationId: "store-portland" },
    });
    const customer = page.locator(".panel", { has: page.getByRole("heading", { name: "Customer" }) });
    await customer.getByText("Collected at").waitFor();
    expect(await customer.textContent()).toMatch(/brought to the car/);
    expect(await customer.textContent()).not.toMatch(/Ship to|No usable address/);
    expect(await page.locator(".axes").textContent()).not.toMatch(/deliver/);

    const [asked] = await Promise.all([
      page.context().waitForEvent("request", (request) => request.url().includes("/track/")),
      page.getByRole("button", { name: "Shopper's page" }).click(),
    ]);
    // A page that is left open behind another one lets the first one's timers sleep.
    for (const other of page.context().pages()) if (other !== page) await other.close();
    await page.goto(new URL(asked.url()).pathname);
    await page.getByText("Collected", { exact: true }).waitFor();
    expect(await page.locator("main, body").first().textContent()).not.toMatch(/Arriv|On its way|Delivered/);
  });

  test("changes address, note and tags in one revision", async () => {
    const id = await shownOrder("EDIT-1");
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    await page.getByLabel("Street").fill("7 River Road");
    await page.getByLabel("Note").fill("Leave it at the door.");
    await page.getByLabel("Tags").fill("gift, vip");
    await page.getByRole("button", { name: "Save the changes" }).click();
    await page.getByText("7 River Road").filter({ visible: true }).first().waitFor();
    await page.getByText("gift, vip").filter({ visible: true }).first().waitFor();
    expect((await orderView(id)).document).toMatchObject({
      revision: 2,
      shippingAddress: { line1: "7 River Road", city: "Columbus" },
      note: "Leave it at the door.",
      tags: ["gift", "vip"],
    });
  });

  test("takes units off a line and adds another product, with the stock of both", async () => {
    const id = await shownOrder("LINE-1");
    await page.getByRole("button", { name: "Change", exact: true }).click();
    await page.getByLabel("Units").fill("1");
    await page.getByRole("button", { name: "Change the line" }).click();
    await page.getByText("1 unit from now on.").waitFor();
    await page.getByRole("button", { name: "Add a line" }).click();
    await page
      .getByRole("dialog")
      .getByLabel(/^SKU/)
      .fill(second?.sku ?? "");
    await page.getByLabel("Price of one, USD").fill("12.50");
    await page.getByRole("button", { name: "Add it" }).click();
    await page.getByText(`${second?.sku} is on the order.`).waitFor();
    const { lines } = await orderView(id);
    expect(lines.map(({ sku, ordered, cancelled }) => [sku, ordered - cancelled])).toEqual([
      [first?.sku, 1],
      [second?.sku, 1],
    ]);
  });

  test("puts the order on hold with a reason, and releases it", async () => {
    const id = await shownOrder("HOLD-1");
    await page.getByRole("button", { name: "Put on hold" }).click();
    await page.getByLabel("Reason").fill("The customer calls back.");
    await page.getByRole("dialog").getByRole("button", { name: "Put on hold" }).click();
    await page.getByText("The customer calls back.").first().waitFor();
    expect((await orderView(id)).summary.status).toBe("on_hold");
    await page.getByRole("button", { name: "Release" }).first().click();
    await expect.poll(async () => (await orderView(id)).summary.holdReasons).toEqual([]);
  });

  test("splits a fulfillment order, and offers only what can be done with it", async () => {
    const id = await shownOrder("SPLIT-1");
    await inTransaction(edge.database, async (client) =>
      createFulfillmentOrders(client, id, await readUnsourced(client, id), null, []),
    );
    await page.reload();
    await page.getByRole("button", { name: "Split" }).first().click();
    await page
      .getByRole("dialog")
      .getByLabel(first?.sku ?? "")
      .fill("1");
    await page.getByRole("dialog").getByRole("button", { name: "Split" }).click();
    await expect.poll(async () => (await orderView(id)).fulfillmentOrders.length).toBe(2);
    const parts = (await orderView(id)).fulfillmentOrders;
    expect(parts.map((part) => part.lines.reduce((sum, line) => sum + line.quantity, 0)).sort()).toEqual([
      1, 2,
    ]);
  });

  test("sends two orders of a customer in one parcel, and takes one out again", async () => {
    const other = await shownOrder("SHARE-1");
    const id = await shownOrder("SHARE-2");
    for (const orderId of [other, id])
      await inTransaction(edge.database, async (client) =>
        createFulfillmentOrders(client, orderId, await readUnsourced(client, orderId), null, []),
      );
    // What other tests have left of this customer is not asked along.
    await edge.database.query(
      "update fulfillment_order set status = 'cancelled' where not (order_id = any($1))",
      [[other, id]],
    );
    await page.reload();
    await page.getByRole("button", { name: "Send with…" }).first().click();
    await page
      .getByRole("dialog")
      .getByLabel(/SHARE-1/)
      .waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Send together" }).click();
    await page.getByRole("button", { name: "Send alone" }).waitFor();
    const combinedWith = async (orderId: string) =>
      (await orderView(orderId)).fulfillmentOrders.flatMap((part) => part.combinedWith);
    expect((await combinedWith(id)).map(({ orderId }) => orderId)).toEqual([other]);
    expect((await combinedWith(other)).map(({ orderId }) => orderId)).toEqual([id]);
    await page.getByRole("button", { name: "Send alone" }).click();
    await page.getByRole("button", { name: "Send with…" }).waitFor();
    expect(await combinedWith(other)).toEqual([]);
  });

  test("is printed over the whole width, without anything to click", async () => {
    await shownOrder("PRINT-1");
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    // A sheet of A4 at 96 dots an inch, within its margins.
    await page.setViewportSize({ width: 720, height: 1040 });
    const panels = await page.locator(".panel").evaluateAll((all) => all.map((one) => one.clientWidth));
    expect(Math.min(...panels)).toBeGreaterThan(700);
    expect(
      await page.getByRole("button").or(page.getByRole("navigation")).filter({ visible: true }).count(),
    ).toBe(0);
    const paper = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    expect(paper).toBe("rgb(255, 255, 255)");
    await page.emulateMedia({ media: "screen", colorScheme: "light" });
    await page.setViewportSize(DESKTOP);
  });

  test("fits a phone", async () => {
    await page.setViewportSize(PHONE);
    await shownOrder("PHONE-1");
    const overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
    expect(overflow).toBeLessThanOrEqual(0);
  });
});
