/**
 * An order is taken on the phone: typed with its stock and dates, captured once, whatever happens to the
 * answer.
 */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import { axeFaults } from "../test-support/axe.ts";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("a new order", () => {
  let dashboard: TestDashboard;
  const [product, other, rare] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");
  if (product === undefined || other === undefined || rare === undefined) throw new Error("no catalog");

  beforeAll(async () => {
    dashboard = await startTestDashboard({ publicUrl: (url) => url });
  });
  afterAll(() => dashboard?.stop());

  async function opened(role: string, viewport: typeof PHONE, colorScheme: "light" | "dark" = "light") {
    const { browser, edge } = dashboard;
    const context = await browser.newContext({ viewport, baseURL: edge.url, colorScheme });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto("/orders/new");
    await signIn(page, role);
    return page;
  }

  async function fill(page: Page, name: string): Promise<void> {
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("Street and number").fill("1 Main Street");
    await page.getByLabel("Postal code").fill("10001");
    await page.getByLabel("City").fill("New York");
    await page.getByLabel("State or region").fill("NY");
    await page.getByLabel("Country", { exact: false }).first().fill("US");
    await page.getByLabel("Means of payment", { exact: false }).fill("pm_card_visa");
  }

  async function add(page: Page, sku: string): Promise<void> {
    const search = page.getByRole("combobox", { name: /^Find a product/ });
    await search.fill(sku);
    await search.press("Enter");
    await page.getByLabel(`Units of ${sku}`).waitFor();
  }

  /** By the customer's name, which is stored sealed: as the list finds them. */
  async function ordersOf(
    name: string,
  ): Promise<readonly { readonly id: string; readonly status: string }[]> {
    const { url, credentials } = dashboard.edge;
    const answer = await fetch(`${url}/v1/orders?q=${encodeURIComponent(name)}`, {
      headers: { authorization: `Bearer ${credentials.apiKey}` },
    });
    return ((await answer.json()) as { items: { id: string; status: string }[] }).items;
  }

  const capture = (page: Page) => page.getByRole("button", { name: "Capture the order" });

  test("by keyboard alone: found by its code, priced, promised, captured", async () => {
    const page = await opened("admin", DESKTOP);
    await page.getByRole("heading", { name: "New order" }).waitFor();
    // The field has the focus: a scanner types the GTIN at once.
    await page.keyboard.type(product.gtin.replace(/^0+/, ""), { delay: 1 });
    await page.keyboard.press("Enter");
    await page.getByLabel(`Units of ${product.sku}`).waitFor();
    await page.keyboard.type(product.gtin, { delay: 1 });
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByLabel(`Units of ${product.sku}`).inputValue()).toBe("2");
    await page
      .getByText(/available: /)
      .first()
      .waitFor();
    const labels = ["Name", "Street and number", "Postal code", "City", "State or region", "Country"];
    const values = ["Keyboard Kate", "1 Main Street", "10001", "New York", "NY", "US"];
    for (const [index, label] of labels.entries()) {
      for (let tabs = 0; tabs < 25; tabs += 1) {
        await page.keyboard.press("Tab");
        const name = await page.evaluate(
          () =>
            (document.activeElement as HTMLInputElement | null)?.labels?.[0]?.querySelector(".field-label")
              ?.textContent ?? "",
        );
        if (name === label) break;
      }
      await page.keyboard.type(values[index] ?? "");
    }
    await page.getByLabel("Means of payment", { exact: false }).focus();
    await page.keyboard.type("pm_card_visa");
    await page.getByText("Can be captured").waitFor();
    await page.getByText(/^Ships from /).waitFor();
    expect(await page.getByText("not known").count()).toBe(0);
    expect(await axeFaults(page)).toEqual([]);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/orders\/web-m-/);
    expect(await ordersOf("Keyboard Kate")).toMatchObject([{ status: "open" }]);
    await page.context().close();
  });

  test("a double click and a lost answer make one order, and asking again finds it", async () => {
    const page = await opened("admin", DESKTOP);
    const keys: (string | undefined)[] = [];
    let isLost = true;
    await page.route("**/v1/orders?channel=*", async (route) => {
      keys.push(route.request().headers()["idempotency-key"]);
      if (!isLost) return route.continue();
      isLost = false;
      // It arrives, and its answer does not.
      await route.fetch();
      return route.abort();
    });
    await add(page, product.sku);
    await fill(page, "Lost Lucy");
    await page.getByText("Can be captured").waitFor();
    await capture(page).dblclick();
    await page.getByText("Nobody knows yet whether the order has arrived").waitFor();
    expect(await page.getByLabel("City").isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Ask again" }).click();
    await page.waitForURL(/\/orders\/web-m-/);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
    expect(await ordersOf("Lost Lucy")).toHaveLength(1);
    await page.context().close();
  });

  test("a page that is loaded anew after a lost answer says what became of the order", async () => {
    const page = await opened("admin", DESKTOP);
    await page.route("**/v1/orders?channel=*", async (route) => {
      await route.fetch();
      return route.abort();
    });
    await add(page, product.sku);
    await fill(page, "Reload Rita");
    await page.getByText("Can be captured").waitFor();
    await capture(page).click();
    await page.getByText("Nobody knows yet").waitFor();
    await page.reload();
    await page.getByText("The order that was sent from here before is captured").waitFor();
    const [order] = await ordersOf("Reload Rita");
    await page.getByRole("link", { name: order?.id ?? "" }).click();
    await page.waitForURL(/\/orders\/web-m-/);
    await page.context().close();
  });

  test("what sells out while one types is refused truthfully, and may wait for the next stock", async () => {
    const { edge } = dashboard;
    const held = (await edge.allocator.positions([rare.sku])).filter(({ onHand }) => onHand > 0);
    const atMs = Date.now();
    // All but one unit are taken by others.
    let kept = 1;
    for (const { locationId, availableToPromise, onHand } of held) {
      const leaves = Math.min(kept, availableToPromise);
      kept -= leaves;
      const [outcome] = await edge.allocator.execute([
        {
          type: "adjust",
          commandId: `out:${locationId}`,
          atMs,
          cause: "test",
          reason: "count",
          sku: rare.sku,
          locationId,
          delta: leaves - onHand,
        },
      ]);
      expect(outcome?.status).not.toBe("refused");
    }
    const page = await opened("admin", DESKTOP);
    await add(page, rare.sku);
    await fill(page, "Late Lena");
    await page.getByText("1 available").waitFor();
    await page.getByText("Can be captured").waitFor();
    const key = edge.credentials.apiKey;
    const taken = await fetch(`${edge.url}/v1/orders?channel=web`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "idempotency-key": "first-come",
        "content-type": "application/json",
      },
      body: JSON.stringify({
        id: "first-come",
        currency: rare.currency,
        lines: [{ sku: rare.sku, quantity: 1, unitPrice: "1.00" }],
        customer: { name: "First Fred" },
        paymentMethod: "pm_card_visa",
        shippingAddress: { name: "F", line1: "1 B St", city: "Louisville", region: "KY", country: "US" },
      }),
    });
    expect(taken.status).toBe(201);
    await capture(page).click();
    await page.getByRole("alert").getByText(`Missing: 1 of ${rare.sku}`).waitFor();
    await page.getByText("None available").waitFor();
    expect(await ordersOf("Late Lena")).toEqual([]);
    await page.getByLabel("Where stock does not cover it").selectOption("ship_available_backorder_rest");
    await page.getByText("Would be on hold").waitFor();
    await page.getByText("waits for the next stock, in its turn").waitFor();
    await capture(page).click();
    await page.waitForURL(/\/orders\/web-m-/);
    expect(await ordersOf("Late Lena")).toMatchObject([{ status: "on_hold" }]);
    await page.context().close();
  });

  test("on a phone in the dark: nothing is cut off, a hold is put, and what is wrong is said at its place", async () => {
    const page = await opened("admin", PHONE, "dark");
    await add(page, other.sku);
    await page.getByLabel(`Price of ${other.sku}`).fill("12,50");
    await page.getByText("The order needs a shipping address").waitFor();
    await fill(page, "Phone Phil");
    await page.getByLabel("Hold it, because").fill("He calls back.");
    await page.getByText("Would be on hold").waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
    expect(await axeFaults(page)).toEqual([]);
    await capture(page).click();
    await page.waitForURL(/\/orders\/web-m-/);
    expect(await ordersOf("Phone Phil")).toMatchObject([{ status: "on_hold" }]);
    await page.getByText("He calls back.").first().waitFor();
    await page.context().close();
  });

  test("who may not take orders is told so, and is not offered it", async () => {
    const page = await opened("finance", DESKTOP);
    await page.getByText("Your role sees this and does not take orders.").waitFor();
    await page.goto("/orders");
    await page.getByRole("heading", { name: "Orders" }).waitFor();
    expect(await page.getByRole("link", { name: "New order" }).count()).toBe(0);
    await page.context().close();
  });
});
