/** The page of the archive, and archived orders in the list, in a real browser against the real gateway. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import { archiveOrder, makePartitions, readArchiving } from "../store/archive/archive-order.ts";
import { inTransaction } from "../store/sql/database.ts";
import { axeFaults } from "../test-support/axe.ts";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";
import { postOrder, sentOrder } from "../test-support/orders/sent-order.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("the archive", () => {
  let dashboard: TestDashboard;
  beforeAll(async () => {
    dashboard = await startTestDashboard();
  });
  afterAll(() => dashboard?.stop());

  async function opened(role: string, path: string, viewport: typeof PHONE) {
    const { browser, edge } = dashboard;
    const context = await browser.newContext({ viewport, baseURL: edge.url });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto(path);
    await signIn(page, role);
    return page;
  }

  test("the days are set on a phone, and who set them is kept", async () => {
    const { edge } = dashboard;
    const page = await opened("admin", "/settings?view=archive", PHONE);
    const days = page.getByLabel("Archived so many days after its end");
    await days.waitFor();
    expect(await days.inputValue()).toBe("90");
    await days.fill("120");
    await page.getByRole("button", { name: "Save the days" }).click();
    await page.getByText("It counts from now on.").waitFor();
    const stored = async () => (await edge.database.query("select days from archive_setting")).rows;
    expect(await stored()).toEqual([{ days: 120 }]);
    const { rows } = await edge.database.query(
      "select act, after from audit_entry where subject = 'order-archive' order by position",
    );
    expect(rows).toEqual([{ act: "setting.changed", after: { days: 120 } }]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
    expect(await axeFaults(page)).toEqual([]);
    await page.context().close();
  });

  test("an archived order is found under Archived, and opened with its timeline", async () => {
    const { edge } = dashboard;
    const [product] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");
    const id = await postOrder(
      edge,
      sentOrder("kept-1", { lines: [{ sku: product?.sku, quantity: 1, unitPrice: "10.00" }] }),
    );
    await edge.database.query("update orders set status = 'completed', hold_reasons = '[]' where id = $1", [
      id,
    ]);
    await makePartitions(edge.database, [id]);
    const statement = await readArchiving(edge.database);
    await inTransaction(edge.database, (client) => archiveOrder(client, statement, id));
    const page = await opened("operations", "/orders", DESKTOP);
    await page.getByText("No orders yet").waitFor();
    await page.getByLabel("Search number, customer, SKU, tracking").fill("kept-1");
    await page.getByRole("button", { name: "Look among archived orders" }).click();
    const chosen = page.getByLabel("Archive", { exact: true });
    expect(await chosen.inputValue()).toBe("true");
    await page
      .getByRole("link", { name: /kept-1/ })
      .first()
      .click();
    await page.getByText(/captured from/).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/orders/${id}`);
    expect(await axeFaults(page)).toEqual([]);
    await page.context().close();
  });
});
