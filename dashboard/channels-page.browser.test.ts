/**
 * The page of channels in a real browser, with a simulated Shopify store that is read and told over its API.
 */
import { pino } from "pino";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import type { SecretBox } from "../config/secret-box.ts";
import { createChannelDesk } from "../integrations/channel-desk.ts";
import { channelAdapters } from "../integrations/channels/registry.ts";
import { shopifySimulator } from "../integrations/channels/shopify/simulator/simulator.ts";
import { walmartSimulator } from "../integrations/channels/walmart/simulator/simulator.ts";
import type { ChannelSimulator } from "../integrations/simulator-kit/channel-simulator.ts";
import { runChannels } from "../operations/standing/channels.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import { axeFaults } from "../test-support/axe.ts";
import { findChromium, launchChromium, type TestBrowser } from "../test-support/browser.ts";
import { DESKTOP, PHONE, STAFF_PASSWORD, signIn } from "../test-support/dashboard.ts";
import { startTestEdge, type TestEdge } from "../test-support/edge.ts";
import { sendParcel } from "../test-support/orders/sent-parcel.ts";
import { plannedOrder } from "../test-support/vendors/connection-contract.ts";

const chromium = findChromium();
const logger = pino({ level: "silent" });
const SKU = "STV-GAS-SLATE";

describe.skipIf(chromium === undefined)("the page of channels", () => {
  let shop: ChannelSimulator;
  let walmart: ChannelSimulator;
  let edge: TestEdge;
  let browser: TestBrowser;
  let work: { stop(): Promise<void> };
  let page: Page | null = null;
  const complaints: string[] = [];

  beforeAll(async () => {
    shop = await shopifySimulator.start({ webhookUrl: null, webhookSecret: "none", now: Date.now, logger });
    walmart = await walmartSimulator.start({
      webhookUrl: null,
      webhookSecret: "none",
      now: Date.now,
      logger,
    });
    shop.list({ channelSku: SKU, title: "Gas stove", gtin: null, quantity: 10 });
    shop.list({ channelSku: "STOVE-3", title: "Three stoves", gtin: null, quantity: 10 });
    const desk = createChannelDesk({
      isProduction: false,
      simulators: { http: "", smtp: "" },
      isPlainRefused: () => false,
    });
    let secrets: SecretBox | undefined;
    edge = await startTestEdge({
      dashboardFolder: inject("dashboardFolder"),
      staffPassword: STAFF_PASSWORD,
      outside: async (_url, store) => {
        secrets = store.secrets;
        return {
          carriers: new VendorRoster("carriers", []),
          payments: new VendorRoster("payments", []),
          channelDesk: desk,
        };
      },
    });
    if (secrets === undefined) throw new Error("no secrets");
    const context = {
      database: edge.database,
      allocator: edge.allocator,
      parcelLimit: () => null,
      now: Date.now,
    };
    work = runChannels({ context, box: secrets, desk, adapters: channelAdapters }, logger);
    browser = await launchChromium(chromium ?? "");
  }, 90_000);
  afterEach(async () => {
    await page?.context().close();
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await work?.stop();
    await edge?.stop();
    await shop?.close();
    await walmart?.close();
  });

  async function signedIn(path: string, viewport: typeof PHONE): Promise<Page> {
    const context = await browser.newContext({ viewport, baseURL: edge.url });
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(path);
    await signIn(page, "admin");
    return page;
  }

  /** What is shown reads well, and fits its screen. */
  async function expectSound(shown: Page, part?: string): Promise<void> {
    expect(await axeFaults(shown, part)).toEqual([]);
    const wider = await shown.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(wider).toBeLessThanOrEqual(0);
  }

  async function eventually(what: string, check: () => Promise<boolean> | boolean): Promise<void> {
    const until = Date.now() + 20_000;
    while (!(await check())) {
      if (Date.now() > until) throw new Error(`not in time: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  test("a channel is connected with what reaches it, and what is wrong is said beside it", async () => {
    const shown = await signedIn("/settings?view=channels&channel=shopify", DESKTOP);
    const fill = async (secret: string) => {
      for (const [name, value] of Object.entries({ ...shop.account, SHOPIFY_CLIENT_SECRET: secret }))
        await shown.locator(`[name="value ${name}"]`).fill(value);
    };
    await fill("not-the-secret-0123456789");
    await shown.getByLabel("Seconds between two looks").fill("2");
    await shown.getByRole("button", { name: "Try and connect" }).click();
    await shown.locator("[role=alert], .notice").first().waitFor();
    expect(await shown.locator("main").textContent()).not.toContain("not-the-secret-0123456789");
    await fill(shop.account["SHOPIFY_CLIENT_SECRET"] ?? "");
    await shown.getByRole("button", { name: "Try and connect" }).click();
    await shown.getByText("Saved. It counts from now on.").waitFor();
    await shown.goto("/channels");
    await shown.getByText("Works", { exact: true }).waitFor();
    await shown.getByText("stock, cancellations, holds, refunds, releases, shipments").waitFor();
    await shown.getByText("acknowledgements, invoices").waitFor();
    await expectSound(shown);
  });

  test.each([
    ["a desk", DESKTOP],
    ["a phone", PHONE],
  ] as const)(
    "on %s, a listing is mapped to several units, and its stock is told",
    async (name, viewport) => {
      const shown = await signedIn("/channels", viewport);
      await shown.getByRole("button", { name: "Listings", exact: true }).click();
      await shown.getByRole("button", { name: "Map STOVE-3" }).click();
      const dialog = shown.getByRole("dialog");
      await dialog.getByLabel(/^Our SKUs/).fill("2 x NO-SUCH-SKU");
      await dialog.getByRole("button", { name: "Map it" }).click();
      await dialog
        .getByText(/NO-SUCH-SKU/)
        .last()
        .waitFor();
      await expectSound(shown, "dialog[open]");
      const units = name === "a desk" ? 3 : 2;
      await dialog.getByLabel(/^Our SKUs/).fill(`${units} x ${SKU}`);
      await dialog.getByRole("button", { name: "Map it" }).click();
      await shown.getByText("Mapped. Orders that waited for it go on.").waitFor();
      await eventually("told", () => {
        const [single = 0, several = -1] = [shop.levels().get(SKU), shop.levels().get("STOVE-3")];
        return single > 0 && several === Math.floor(single / units);
      });
      await shown.getByText(`${units} × ${SKU}`).waitFor();
      await expectSound(shown);
    },
  );

  test("what the channel would not take is shown with its reason, sent again, and dropped", async () => {
    const id = shop.place(plannedOrder(1, [[SKU, 1]]));
    if (id === null) throw new Error("sold out");
    const orderId = `shopify-${id}`;
    await eventually("it is here", async () => {
      const { rowCount } = await edge.database.query("select from orders where id = $1", [orderId]);
      return rowCount === 1;
    });
    // The shop cancels it a moment before the parcel that left is told.
    shop.cancel(id);
    await sendParcel(edge.database, orderId, 1, 1, "fc-reno");
    const shown = await signedIn("/channels", PHONE);
    const row = shown.locator("tr", { hasText: orderId }).filter({ hasText: "Ship" });
    await row.getByText("Dead").waitFor();
    expect(await row.locator(".cell-sub").first().textContent()).toMatch(/cancelled/i);
    await expectSound(shown);
    await row.getByRole("button", { name: /^Send again/ }).click();
    await shown.getByText("It is told once more.").waitFor();
    await eventually("refused once more", async () => {
      const { rows } = await edge.database.query(
        "select from channel_telling where order_id = $1 and kind = 'ship' and state = 'dead' and attempts = 1",
        [orderId],
      );
      return rows.length === 1;
    });
    await row.getByText("Dead").waitFor();
    await row.getByRole("button", { name: /^Drop/ }).click();
    const dialog = shown.getByRole("dialog");
    await expectSound(shown, "dialog[open]");
    await dialog.getByLabel("Why").fill("The parcel comes back.");
    await dialog.getByRole("button", { name: "Drop it" }).click();
    await shown.getByText("It is not told.").waitFor();
    await row.getByText("The parcel comes back.").waitFor();
  });

  test("the books are compared, and a difference that no rule repairs is left for a reason", async () => {
    const shown = await signedIn("/channels", PHONE);
    await shown.getByRole("button", { name: "Compare the books" }).click();
    await shown.getByText("The books are compared.").waitFor();
    await eventually("compared", async () => {
      const { rows } = await edge.database.query("select from channel_comparison where ended_at is not null");
      return rows.length > 0;
    });
    await edge.database.query(
      `insert into channel_difference (channel_id, comparison_id, kind, subject, ours, theirs, cause, state)
       select 'shopify', max(id), 'order', '4711', 'open', 'none', 'drift', 'raised' from channel_comparison`,
    );
    await shown.getByRole("group").getByRole("button", { name: "Differences", exact: true }).click();
    const row = shown.locator("tr", { hasText: "4711" });
    await row.getByText("Raised").waitFor();
    await expectSound(shown);
    await row.getByRole("button", { name: /^Leave it/ }).click();
    const dialog = shown.getByRole("dialog");
    await expectSound(shown, "dialog[open]");
    await dialog.getByLabel("Why").fill("A test order of theirs.");
    await dialog.getByRole("button", { name: "Leave it" }).click();
    await shown.getByText("It is left as it is.").waitFor();
    await row.getByText("A test order of theirs.").waitFor();
    const report = await shown.evaluate(async () => {
      const answer = await fetch("/v1/channels/shopify/differences.csv");
      return answer.text();
    });
    expect(report).toContain("4711");
  });

  test("a vendor that keeps goods may run a location; what speaks against it is said at the field", async () => {
    const plain = await signedIn("/settings?view=channels&channel=shopify", DESKTOP);
    await plain.getByText("Seconds between two looks").waitFor();
    expect(await plain.locator("[name=runsLocation]").count()).toBe(0);
    await plain.context().close();

    const shown = await signedIn("/settings?view=channels&channel=walmart", PHONE);
    const field = shown.locator("label.field", { has: shown.locator("[name=runsLocation]") });
    await field.getByText(/sent by Walmart's fulfillment centers .* not packed by you/).waitFor();
    const values = { ...walmart.account, WALMART_ORDER_CHANNEL: "" };
    for (const [name, value] of Object.entries(values))
      await shown.locator(`[name="value ${name}"]`).fill(value);
    await shown.locator("[name=runsLocation]").selectOption("store-portland");
    await shown.getByRole("button", { name: "Try and connect" }).click();
    await field
      .getByRole("alert")
      .getByText(/WALMART_ORDER_CHANNEL: set it/)
      .waitFor();
    expect(await shown.locator("[name=runsLocation]").getAttribute("aria-invalid")).toBe("true");
    await expectSound(shown);

    await shown
      .locator('[name="value WALMART_ORDER_CHANNEL"]')
      .fill(walmart.account["WALMART_ORDER_CHANNEL"] ?? "");
    await shown.getByRole("button", { name: "Try and connect" }).click();
    await shown.getByText("Saved. It counts from now on.").waitFor();
    expect(await shown.locator("[name=runsLocation]").inputValue()).toBe("store-portland");
    expect(await field.getByRole("alert").count()).toBe(0);

    await edge.database.query(
      `insert into provider_request (fulfillment_order_id, order_id, channel_id, location_id, due_at)
       values ('o-1-F1', 'o-1', 'walmart', 'store-portland', now() + interval '1 day')`,
    );
    await shown.locator("[name=runsLocation]").selectOption("");
    await shown.getByRole("button", { name: "Try and save" }).click();
    await field
      .getByRole("alert")
      .getByText(/still has orders to send/)
      .waitFor();
    await edge.database.query("delete from provider_request");
    await shown.getByRole("button", { name: "Try and save" }).click();
    await eventually("it runs none", async () => {
      const { rowCount } = await edge.database.query(
        "select from channel_account where channel_id = 'walmart' and runs_location is null",
      );
      return rowCount === 1;
    });
    await field.getByRole("alert").waitFor({ state: "detached" });
  });

  test("its lists are searched, narrowed and sorted, and what is shown is in the address", async () => {
    const shown = await signedIn("/channels?channel=shopify&view=listings", DESKTOP);
    const panel = shown.locator(".panel", { hasText: "What it offers" });
    await panel.getByLabel("Search listings").fill("three");
    await panel.getByText("Three stoves").waitFor();
    await panel.getByText("Gas stove").waitFor({ state: "detached" });
    await panel.getByLabel("Search listings").fill("");
    const names = () => panel.locator("tbody .cell-title").allTextContents();
    await eventually("both", async () => (await names()).length === 2);
    const before = await names();
    await panel.getByRole("button", { name: "Listing" }).click();
    await eventually("from the end", async () => String(await names()) === String(before.toReversed()));
    expect(shown.url()).toContain("sort=-channelSku");
    await panel.getByLabel("State").selectOption("refused");
    await panel.getByText("No listings").waitFor();
    await shown.goBack();
    await eventually("both again", async () => (await names()).length === 2);
    await shown.getByRole("button", { name: "Told", exact: true }).click();
    const told = shown.locator(".panel", { hasText: "What it is told of its orders" });
    await told.getByLabel("The order's number here").fill("shopify-none");
    await told.getByText("None of this kind").waitFor();
    await expectSound(shown);
  });
});
