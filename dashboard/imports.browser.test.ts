/** A file is imported on the page: sent, looked at, mapped, checked, booked; in a real browser. */
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import { channelAdapters } from "../integrations/channels/registry.ts";
import { runImports } from "../operations/standing/imports.ts";
import type { Carrier } from "../ports/carriers.ts";
import { parcelLimitOf } from "../ports/parcel-limit.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import { axeFaults } from "../test-support/axe.ts";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("import and export", () => {
  let dashboard: TestDashboard;
  let jobs: ReturnType<typeof runImports>;
  beforeAll(async () => {
    dashboard = await startTestDashboard();
    const { edge } = dashboard;
    jobs = runImports(
      {
        database: edge.database,
        allocator: edge.allocator,
        parcelLimit: parcelLimitOf(new VendorRoster<Carrier>("carriers", [])),
        now: Date.now,
        channelAdapters,
      },
      pino({ level: "silent" }),
    );
  });
  afterAll(async () => {
    await jobs?.stop();
    await dashboard?.stop();
  });

  async function opened(role: string, viewport: typeof PHONE) {
    const { browser, edge } = dashboard;
    const context = await browser.newContext({ viewport, baseURL: edge.url });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto("/settings?view=imports");
    await signIn(page, role);
    return page;
  }

  test("a file is sent on a phone, its columns are said, it is checked, booked, and its faults are read", async () => {
    const { edge } = dashboard;
    const [product] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");
    const sku = product?.sku ?? "";
    const { rows: places } = await edge.database.query("select id from location order by id");
    const [free] = await freePlaces(sku, places);
    const page = await opened("admin", PHONE);
    await page
      .getByLabel("File", { exact: false })
      .first()
      .setInputFiles({
        name: "shelf.csv",
        mimeType: "text/csv",
        buffer: Buffer.from(`what;units\r\n${sku};12\r\nNOBODY;3\r\n`),
      });
    await page.getByRole("button", { name: "Send the file" }).click();
    await page.getByText("say what it is a table of").waitFor();
    await page.getByRole("combobox", { name: /^Table of/ }).selectOption("stock");
    await page.getByRole("button", { name: "Read it so" }).click();
    await page.getByText("Needed and in no column: sku, location, onHand").waitFor();
    await page.getByLabel("Column of sku").selectOption("what");
    await page.getByLabel("Column of onHand").selectOption("units");
    await page.getByLabel("location, where its cell is empty").fill(free ?? "");
    await page.getByRole("button", { name: "Read it so" }).click();
    expect(await page.getByLabel("Dates such as 03/04/2026").inputValue()).toBe("year");
    await page.getByLabel("Name of the mapping").fill("Shelves");
    await page.getByRole("button", { name: "Keep this mapping" }).click();
    await page.getByRole("button", { name: "Remove the mapping Shelves" }).click();
    await page.getByRole("button", { name: "Remove the mapping Shelves" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Check without booking" }).click();
    await page.getByRole("heading", { name: "What would be booked" }).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
    expect(await axeFaults(page)).toEqual([]);
    await page.getByRole("button", { name: "Import", exact: true }).click();
    await page.getByRole("heading", { name: "What was booked" }).waitFor();
    await page.getByText("a SKU of the catalog: import its product first").waitFor();
    const onHand = (await edge.allocator.positions([sku])).find(
      ({ locationId }) => locationId === free,
    )?.onHand;
    expect(onHand).toBe(12);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Every line that was wrong, as CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("shelf.csv.faults.csv");
    await page.context().close();
  });

  async function freePlaces(sku: string, places: readonly { readonly id: string }[]) {
    const taken = new Set(
      (await dashboard.edge.allocator.positions([sku]))
        .filter(({ onHand }) => onHand > 0)
        .map(({ locationId }) => locationId),
    );
    return places.map(({ id }) => id).filter((id) => !taken.has(id));
  }

  test("whoever may import less is offered less, and what they may export", async () => {
    const page = await opened("finance", DESKTOP);
    await page.getByRole("heading", { name: "Export", exact: true }).waitFor();
    expect(await page.getByLabel("It is a table of").locator("option").allInnerTexts()).toEqual([
      "What its columns say",
      "Customers",
    ]);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "CSV of Products" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("products.csv");
    expect(await axeFaults(page)).toEqual([]);
    await page.context().close();
  });
});
