/**
 * The settings pages in a real browser, against the real gateway and PostgreSQL, on a desktop and a phone.
 */

import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { SettingChange } from "../contract/settings.ts";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";
import type { TestEdge } from "../test-support/edge.ts";
import { postOrder, sentOrder } from "../test-support/orders/sent-order.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("the settings pages", () => {
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

  async function changes(): Promise<readonly SettingChange[]> {
    const response = await fetch(`${edge.url}/v1/setting-changes`, {
      headers: { authorization: `Bearer ${edge.credentials.apiKey}` },
    });
    return ((await response.json()) as { items: SettingChange[] }).items;
  }

  test("who charges and how long shoppers change their orders is set for a channel", async () => {
    const page = await signedIn("operations", "/settings?channel=shopify");
    await page.getByLabel("Who charges").selectOption("merchant");
    // Only our own format says it of each order.
    expect(await page.getByLabel("Who charges").locator("option").allTextContents()).toHaveLength(2);
    await page.getByLabel(/Shoppers change and cancel/).fill("90");
    await page.getByRole("button", { name: "Save the rules" }).click();
    await page.getByText("It counts from now on.").waitFor();
    const { rows } = await edge.database.query(
      "select charged_by, shopper_changes_minutes from channel where id = 'shopify'",
    );
    expect(rows).toEqual([{ charged_by: "merchant", shopper_changes_minutes: 90 }]);
    await page.reload();
    await expect.poll(() => page.getByLabel("Who charges").inputValue()).toBe("merchant");
  });

  test("a channel is added, shows its secret once, is renamed, and gets another secret, on a phone", async () => {
    const page = await signedIn("operations", "/settings", PHONE);
    await page.getByRole("button", { name: "Add a channel" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Orders are written/).selectOption("holdfast");
    await dialog.getByLabel(/^Id/).fill("web");
    await dialog.getByRole("button", { name: "Add the channel" }).click();
    await dialog.getByText('There is a channel "web" already').waitFor();
    await dialog.getByLabel(/^Id/).fill("till");
    expect(await dialog.getByLabel("Who charges").inputValue()).toBe("merchant");
    await dialog.getByRole("button", { name: "Add the channel" }).click();
    const shown = page.getByRole("dialog", { name: "What till has to know" });
    await shown.getByText("/v1/webhooks/channels/holdfast/till").waitFor();
    const secret = (await shown.getByText(/^whsec_/).textContent()) ?? "";
    await expectNoSidewaysScroll(page);
    await shown.getByRole("button", { name: "Close" }).click();

    await expect.poll(() => page.getByLabel("Name").inputValue()).toBe("till");
    expect(await page.getByText(secret).count()).toBe(0);
    await page.getByLabel("Name").fill("The till");
    await page.getByRole("button", { name: "Save the rules" }).click();
    await page.getByText("It counts from now on.").waitFor();
    await page.getByRole("heading", { name: "The till" }).waitFor();
    await page.getByRole("button", { name: "New secret" }).click();
    await dialog.getByLabel(/^Hours that the secret before/).fill("12");
    await dialog.getByRole("button", { name: "Give it the new secret" }).click();
    await page
      .getByRole("dialog", { name: "What The till has to know" })
      .getByText(/^whsec_/)
      .waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByText("counts until").waitFor();
    await expectNoSidewaysScroll(page);
    const { rows } = await edge.database.query(
      "select count(*)::integer as secrets, count(expires_at)::integer as ending from channel_secret where channel_id = 'till'",
    );
    expect(rows).toEqual([{ secrets: 2, ending: 1 }]);
  });

  test("who may not change channels sees them without the buttons that do", async () => {
    const page = await signedIn("finance", "/settings?channel=web");
    await page.getByText("/v1/webhooks/channels/holdfast/web").waitFor();
    for (const name of ["Add a channel", "New secret", "Save the rules"])
      expect(await page.getByRole("button", { name }).count(), name).toBe(0);
  });

  test("a location is added, given its hours and holidays, and closed, on a phone", async () => {
    const page = await signedIn("operations", "/settings?view=locations", PHONE);
    await page.getByRole("button", { name: "Add a location" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Id/).fill("fc-leipzig");
    await dialog.getByLabel("Name", { exact: true }).fill("Leipzig");
    await dialog.getByLabel("Street and number").fill("Messe-Allee 1");
    await dialog.getByLabel("City").fill("Leipzig");
    await dialog.getByLabel("Country, two letters").fill("DE");
    await dialog.getByLabel(/^Time zone/).fill("Europe/Leipzig");
    await dialog.getByRole("button", { name: "Add the location" }).click();
    await dialog.getByText("is no time zone").waitFor();
    await dialog.getByLabel(/^Time zone/).fill("Europe/Berlin");
    await dialog.getByRole("button", { name: "Add the location" }).click();
    await page.getByText("Leipzig is open").waitFor();
    await expectNoSidewaysScroll(page);

    await page.getByRole("button", { name: "Change fc-leipzig" }).click();
    await dialog.getByLabel("It has hours of its own").check();
    await dialog.getByLabel("Saturday", { exact: true }).check();
    await dialog.getByLabel("Saturday, closes").fill("12:00");
    await dialog.getByLabel("Saturday, cut-off").fill("10:30");
    await dialog.getByLabel(/^Holidays/).fill("2026-12-26\n2026-12-25");
    await dialog.getByLabel(/^Parcels that it sends/).fill("500");
    expect(await dialog.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(
      0,
    );
    await dialog.getByRole("button", { name: "Save the location" }).click();
    await page.getByText("It counts from now on.").waitFor();
    const { rows } = await edge.database.query(
      `select time_zone as zone, hours->5 as saturday, jsonb_array_length(hours) as days, closed_on::text as closed,
              daily_capacity as capacity from location where id = 'fc-leipzig'`,
    );
    expect(rows).toEqual([
      {
        zone: "Europe/Berlin",
        saturday: { day: "sat", opens: "09:00", closes: "12:00", cutOff: "10:30" },
        days: 6,
        closed: "{2026-12-25,2026-12-26}",
        capacity: 500,
      },
    ]);
    await page.getByRole("button", { name: "Close fc-leipzig" }).click();
    await dialog.getByRole("button", { name: "Close it" }).click();
    await page.getByText("Leipzig is closed.").waitFor();
    await page.getByRole("button", { name: "Open fc-leipzig" }).waitFor();
    await expectNoSidewaysScroll(page);
  });

  test("a safety stock is set for a product at a location, and changed where it is listed", async () => {
    const page = await signedIn("operations", "/settings?view=safety", PHONE);
    const { rows } = await edge.database.query<{ sku: string }>(
      "select sku from stock_position where location_id = 'fc-reno' order by sku limit 1",
    );
    const sku = rows[0]?.sku ?? "";
    const kept = async () => {
      await edge.projected();
      const found = await edge.database.query<{ units: number }>(
        "select safety_stock as units from stock_position where location_id = 'fc-reno' and sku = $1",
        [sku],
      );
      return found.rows[0]?.units;
    };
    await page.getByRole("button", { name: "Set a safety stock" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Product/).fill("NOBODY-SELLS");
    await dialog.getByLabel("Location").selectOption("fc-reno");
    await dialog.getByLabel(/^Units that are never/).fill("7");
    await dialog.getByRole("button", { name: "Save the safety stock" }).click();
    await dialog.getByText("The catalog has no SKU").waitFor();
    await dialog.getByLabel(/^Product/).fill(sku);
    await dialog.getByRole("button", { name: "Save the safety stock" }).click();
    await page.getByText("are never promised there").waitFor();
    expect(await kept()).toBe(7);
    await page.reload();
    await page.getByRole("button", { name: new RegExp(`^Change ${sku} at Reno`) }).click();
    await dialog.getByLabel(/^Units that are never/).fill("0");
    await dialog.getByRole("button", { name: "Save the safety stock" }).click();
    await page.getByText(`0 of ${sku} are never promised there`).waitFor();
    expect(await kept()).toBe(0);
    await expectNoSidewaysScroll(page);
  });

  test("what a kit is picked as is written with the product", async () => {
    const page = await signedIn("operations", "/catalog", PHONE);
    const { rows } = await edge.database.query<{ sku: string; name: string }>(
      `select sku, name from product p where exists (select from kit_component where kit_sku = p.sku) order by sku limit 1`,
    );
    const [kit] = rows;
    if (kit === undefined) throw new Error("the sandbox has a kit");
    await page.getByLabel("Search products").fill(kit.sku);
    await page.getByRole("button", { name: `Change what ${kit.name} is picked as` }).click();
    const dialog = page.getByRole("dialog");
    const before = await dialog.getByLabel(/^Parts of one kit/).inputValue();
    await dialog.getByLabel(/^Parts of one kit/).fill(kit.sku);
    await dialog.getByRole("button", { name: "Save the parts" }).click();
    await dialog.getByText("cannot be a part of itself").waitFor();
    const more = before.replace(/^\d+/, "3");
    await dialog.getByLabel(/^Parts of one kit/).fill(more);
    await dialog.getByRole("button", { name: "Save the parts" }).click();
    await page.getByText(`The parts of ${kit.sku} are saved.`).waitFor();
    const parts = await edge.database.query<{ quantity: number }>(
      "select quantity from kit_component where kit_sku = $1 order by position limit 1",
      [kit.sku],
    );
    expect(parts.rows).toEqual([{ quantity: 3 }]);
    await expectNoSidewaysScroll(page);
  });

  test("sourcing rules are edited step by step, what is wrong is marked there, and former versions come back", async () => {
    const page = await signedIn("operations", "/settings?view=sourcing", PHONE);
    await page.getByText("Version 1").first().waitFor();
    await page.getByRole("button", { name: "Another step" }).click();
    await page.getByLabel("Step 5, rule 1").selectOption("custom");
    await page.getByRole("button", { name: "Save the rules" }).click();
    const step = page.getByRole("group", { name: "Step 5" });
    await step.getByText("The reason must say why.").waitFor();
    await step.getByText("must name a number that locations carry").waitFor();
    await page.getByLabel("Step 5, name of the number").fill("carbon");
    await page.getByLabel("Step 5, why").fill("The way that pollutes less.");
    await page.getByRole("button", { name: /^Earlier.*step 5$/ }).click();
    await page.getByRole("button", { name: "Remove step 1" }).click();
    await page.getByRole("button", { name: "Save the rules" }).click();
    await page.getByText("Version 2", { exact: true }).waitFor();
    await expectNoSidewaysScroll(page);
    const names = async () => {
      const { rows } = await edge.database.query<{ names: string }>(
        `select string_agg(step->>'rule', ' ' order by place) as names
           from (select rules from sourcing_rules order by version desc limit 1) as newest,
                jsonb_array_elements(rules) with ordinality as steps(step, place)`,
      );
      return rows[0]?.names;
    };
    expect(await names()).toBe("priority border custom distance");
    await page.getByRole("button", { name: "Take up version 1" }).click();
    await expect.poll(() => page.getByLabel("Step 1, rule 1").inputValue()).toBe("fewest_parcels");
    await page.getByRole("button", { name: "Save the rules" }).click();
    await page.getByText("Version 3", { exact: true }).waitFor();
    expect(await names()).toBe("fewest_parcels priority border distance");
  });

  test("what is sent in a product's place is listed with it, and allowed for a channel", async () => {
    const page = await signedIn("operations", "/catalog", PHONE);
    const { rows: products } = await edge.database.query<{ sku: string; name: string }>(
      "select sku, name from product order by sku limit 3",
    );
    const [first, second, third] = products;
    if (first === undefined || second === undefined || third === undefined) throw new Error("three products");
    await page.getByLabel("Search products").fill(first.sku);
    await page.getByRole("button", { name: `Change the substitutes of ${first.name}` }).click();
    const list = page.getByLabel(/SKUs, the first choice first/);
    await list.fill(`${first.sku}`);
    await page.getByRole("button", { name: "Save the substitutes" }).click();
    await page.getByText("cannot be its own substitute").waitFor();
    await list.fill(`${third.sku}\n${second.sku}`);
    await page.getByRole("button", { name: "Save the substitutes" }).click();
    await page.getByText(`The substitutes of ${first.sku} are saved.`).waitFor();
    await page.locator("code", { hasText: third.sku }).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
    const stored = await edge.database.query(
      "select substitute_sku as sku from product_substitute where sku = $1 order by position",
      [first.sku],
    );
    expect(stored.rows).toEqual([{ sku: third.sku }, { sku: second.sku }]);

    await page.goto("/settings?channel=web");
    await page.getByLabel(/product's substitutes are sent first/).check();
    await page.getByRole("button", { name: "Save the rules" }).click();
    await page.getByText("It counts from now on.").waitFor();
    const { rows } = await edge.database.query("select allow_substitutes from channel where id = 'web'");
    expect(rows).toEqual([{ allow_substitutes: true }]);
  });

  test("of two who edit the same rules the second is told, and saves on top of the newest", async () => {
    const [first, second] = await Promise.all(
      ["operations", "admin"].map((role) => signedIn(role, "/settings?channel=amazon")),
    );
    if (first === undefined || second === undefined) throw new Error("two pages were opened");
    const windowField = (page: Page) => page.getByLabel(/Shoppers change and cancel/);
    await windowField(second).fill("15");
    await windowField(first).fill("60");
    await first.getByRole("button", { name: "Save the rules" }).click();
    await first.getByText("It counts from now on.").waitFor();
    await second.getByRole("button", { name: "Save the rules" }).click();
    await second.getByText("Somebody has changed it since").waitFor();
    await second.getByRole("button", { name: "Show the newest" }).click();
    await expect.poll(() => windowField(second).inputValue()).toBe("60");
    await windowField(second).fill("15");
    await second.getByRole("button", { name: "Save the rules" }).click();
    await second.getByText("It counts from now on.").waitFor();
    expect((await changes()).map(({ changedBy, changes: fields }) => [changedBy, fields])).toEqual(
      expect.arrayContaining([
        ["Ada Admin", [{ field: "shopperChangesMinutes", from: 60, to: 15 }]],
        ["Otto Operations", [expect.objectContaining({ from: 30, to: 60 })]],
      ]),
    );
  });

  test("which orders wait for a person, and how long stores keep them, is set on pages of their own", async () => {
    const page = await signedIn("operations", "/settings?view=holds&channel=web", PHONE);
    await page.getByRole("button", { name: /Set an amount/ }).click();
    await page.getByLabel("Orders above, amount").fill("250");
    await page.getByLabel(/sell one of these SKUs/).fill("CARD-*\nTENT-1");
    await page.getByLabel(/go to these countries/).fill("br, NG");
    await page.getByRole("button", { name: "Save the rules" }).click();
    await page.getByText("It counts from now on.").waitFor();
    const { rows } = await edge.database.query("select hold_rules as rules from channel where id = 'web'");
    expect(rows[0]?.rules).toEqual({
      aboveMinor: { USD: 25_000 },
      skus: ["CARD-*", "TENT-1"],
      countries: ["BR", "NG"],
      notes: false,
      ownReason: null,
    });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);

    await page.getByRole("button", { name: "Pickup" }).click();
    const panel = page.locator(".panel").filter({ has: page.getByLabel("Days that orders are kept") });
    await panel.first().getByLabel("Days that orders are kept").fill("5");
    await panel.first().getByLabel("Customers are reminded after days").fill("5");
    await panel
      .first()
      .getByRole("button", { name: /^Save for/ })
      .click();
    await page.getByText("the reminder would come too late").waitFor();
    await panel.first().getByLabel("Customers are reminded after days").fill("2");
    await panel
      .first()
      .getByRole("button", { name: /^Save for/ })
      .click();
    await expect
      .poll(async () => (await changes()).map(({ subject }) => subject.split(":")[0]))
      .toEqual(expect.arrayContaining(["hold-rules", "pickup-rules"]));

    await page.getByRole("button", { name: "Parcels" }).click();
    await page.getByLabel("Everywhere, kg").fill("12.5");
    await page.getByRole("button", { name: "Save the limits" }).click();
    await expect
      .poll(async () => (await edge.database.query("select max_parcel_grams as grams from company")).rows)
      .toEqual([{ grams: 12_500 }]);
    await edge.database.query("update company set max_parcel_grams = null");
    await edge.database.query("update channel set hold_rules = '{}'");
  });

  test("an admin sets on a phone what a role may give away", async () => {
    const page = await signedIn("admin", "/settings?view=limits", PHONE);
    await page.getByLabel("Service, amount").fill("75,50");
    await page.getByRole("button", { name: "Set an amount for Finance" }).click();
    await page.getByLabel("Finance, amount").fill("0");
    await page.getByRole("button", { name: "Take away: Operations 250.00 USD" }).click();
    await page.getByRole("button", { name: "Save the limits" }).click();
    await page.getByText("It counts from now on.").waitFor();
    const { rows } = await edge.database.query("select limits from refund_limit_setting");
    expect(rows[0]?.limits).toEqual([
      { role: "service", amount: "75.50", currency: null },
      { role: "finance", amount: "0", currency: null },
    ]);
    await expectNoSidewaysScroll(page);
  });

  test("whom the limits bind sees them and cannot save them", async () => {
    const page = await signedIn("finance", "/settings?view=limits");
    await page.getByText("Your role sees this and does not change it.").waitFor();
    expect(await page.getByRole("button", { name: "Save the limits" }).count()).toBe(0);
    expect(await page.getByLabel("Service, amount").isDisabled()).toBe(true);
  });

  test("a channel's rules for returns are set, amounts in their currencies", async () => {
    const page = await signedIn("operations", "/settings?view=returns&channel=web");
    await page.getByLabel("Days after delivery").fill("14");
    await page.getByLabel("Defective").selectOption("ask");
    await page.getByRole("button", { name: "Set an amount for Not sent back up to" }).click();
    await page.getByLabel("Not sent back up to, amount").fill("12.50");
    await page.getByLabel("SKUs that do not come back").fill("CARD-*\nTIP-1");
    await page.getByLabel("A code for the counter").uncheck();
    await page.getByRole("button", { name: "Save the rules" }).click();
    await page.getByText("It counts from now on.").waitFor();
    const { rows } = await edge.database.query("select return_rules from channel where id = 'web'");
    expect(rows[0]?.return_rules).toMatchObject({
      windowDays: 14,
      reasons: { defective: "ask" },
      keepUpToMinor: { USD: 1250 },
      notReturnable: ["CARD-*", "TIP-1"],
      methods: ["label", "store"],
    });
  });

  test("accounts are shown, one that nobody lists any more as a fault; changes say who made them", async () => {
    const lines = [{ sku: "NOBODY-KNOWS", title: "Bag", quantity: 1, unitPrice: "29.00" }];
    const order = await postOrder(edge, sentOrder("ACCOUNT", { lines }));
    await edge.database.query(
      `insert into payment_authorization (key, order_id, provider, account, reference, currency, amount_minor, state)
       values ('account', $1, 'paywell', 'eu', 'r', 'USD', 100, 'open')`,
      [order],
    );
    const page = await signedIn("admin", "/settings?view=accounts", PHONE);
    await page.getByText("Not configured").waitFor();
    await page.getByText("1 to capture").waitFor();
    await expectNoSidewaysScroll(page);
    await page.getByRole("button", { name: "Changes" }).click();
    await page.getByText("Who charges: channel → merchant").waitFor();
    await page.getByRole("main").getByText("Ada Admin").first().waitFor();
    await expectNoSidewaysScroll(page);
  });

  test("an administrator finds in the audit log who did what, on a phone", async () => {
    const operations = await signedIn("operations", "/settings?channel=pos");
    await operations.getByLabel(/Shoppers change and cancel/).fill("45");
    await operations.getByRole("button", { name: "Save the rules" }).click();
    await operations.getByText("It counts from now on.").waitFor();
    expect(await operations.getByRole("button", { name: "Audit" }).count()).toBe(0);
    const page = await signedIn("admin", "/settings?view=audit", PHONE);
    await page.getByLabel("Search who, what, from where").fill("channel:pos");
    await page.getByText("Shoppers' window, minutes:").first().waitFor();
    await expect.poll(() => new URL(page.url()).searchParams.get("q")).toBe("channel:pos");
    const openings = page.getByRole("row").filter({ hasText: "Session opened" });
    await expect.poll(() => openings.count()).toBe(0);
    await expectNoSidewaysScroll(page);
    await page.getByLabel("Search who, what, from where").fill("");
    await page.getByLabel("What was done").selectOption("session.opened");
    await page.getByRole("row").filter({ hasText: "Ada Admin" }).first().waitFor();
    const settings = page.getByRole("row").filter({ hasText: "Setting changed" });
    await expect.poll(() => settings.count()).toBe(0);
    await page.getByLabel("Search who, what, from where").fill("nobody did this");
    await page.getByText("No entry matches").waitFor();
  });

  test("what a role may do is set on its page, and counts at once", async () => {
    const finance = await signedIn("finance", "/settings?view=roles");
    await finance.getByRole("heading", { name: "Settings" }).waitFor();
    expect(await finance.getByRole("button", { name: "Roles" }).count()).toBe(0);
    const page = await signedIn("admin", "/settings?view=roles");
    await page.getByText("Administrators may do everything").waitFor();
    await page.getByLabel(/^Role/).selectOption("finance");
    const group = (name: string) => page.getByRole("group", { name, exact: true });
    expect(await group("Refunds").getByLabel("Give").isChecked()).toBe(true);
    await group("Refunds").getByLabel("Give").uncheck();
    await group("Roles").getByLabel("Read").check();
    await group("Only at these places").getByRole("checkbox").first().check();
    await page.getByRole("button", { name: "Save the role" }).click();
    await page.getByText("Saved. It counts from now on.").waitFor();
    const { rows } = await edge.database.query(
      "select 'refunds.give' = any(permissions) as gives, locations from role where id = 'finance'",
    );
    expect(rows).toEqual([{ gives: false, locations: [expect.any(String)] }]);
    await page.getByRole("button", { name: "Back to what it was shipped with" }).click();
    await expect.poll(() => group("Refunds").getByLabel("Give").isChecked()).toBe(true);
    await group("Only at these places").getByRole("checkbox").first().uncheck();
    await page.getByRole("button", { name: "Save the role" }).click();
    await expect
      .poll(async () => (await edge.database.query("select locations from role where id = 'finance'")).rows)
      .toEqual([{ locations: null }]);
    await page.getByLabel(/^Id/).fill("night-shift");
    await page.getByLabel("What people call it").fill("Night shift");
    await page.getByRole("button", { name: "Make the role" }).click();
    await page.getByRole("heading", { name: "Night shift" }).waitFor();
    expect(new URL(page.url()).searchParams.get("role")).toBe("night-shift");
    await page.setViewportSize(PHONE);
    await expectNoSidewaysScroll(page);
  });

  test("a large difference is counted by one person and approved by another", async () => {
    const { rows } = await edge.database.query<{ sku: string; location: string; units: number }>(
      `select sku, location_id as location, on_hand as units from stock_position
        where on_hand > 30 and reserved + allocated + picked = 0 order by sku limit 1`,
    );
    const [position] = rows;
    if (position === undefined) throw new Error("there is no stock");
    const path = `/stock/${encodeURIComponent(position.sku)}/${encodeURIComponent(position.location)}`;
    const packer = await signedIn("warehouse", path);
    const adjust = async (label: string, units: string, kind: "Adjust" | "Count") => {
      await packer.getByRole("button", { name: "Change", exact: true }).click();
      const dialog = packer.getByRole("dialog");
      await dialog.getByRole("button", { name: kind }).first().click();
      await dialog.getByLabel(label).fill(units);
      await dialog.getByLabel("Reason").fill("Found in the inventory");
      await dialog.getByRole("button", { name: kind }).last().click();
    };
    await adjust("Correction", "-25", "Adjust");
    await packer.getByText(/by at most 10 units/).waitFor();
    await packer.keyboard.press("Escape");
    await adjust("Units counted", String(position.units - 25), "Count");
    await packer.getByRole("heading", { name: "A count waits for approval" }).waitFor();
    await packer
      .getByText(/^counted by .*: Found in the inventory$/)
      .first()
      .waitFor();
    await packer.getByText("You have counted").waitFor();
    await packer.getByRole("button", { name: "Approve" }).click();
    await packer.getByText(/is yours: somebody else approves it/).waitFor();
    const other = await signedIn("operations", path, PHONE);
    await other.getByRole("button", { name: "Approve" }).click();
    await other.getByText(`Now ${(position.units - 25).toLocaleString()} on hand.`).waitFor();
    await expectNoSidewaysScroll(other);
  });

  test("a role that sees no settings is not led there", async () => {
    const page = await signedIn("warehouse", "/");
    await page.getByRole("heading", { name: "Packing" }).waitFor();
    expect(await page.getByRole("link", { name: "Settings" }).count()).toBe(0);
  });

  async function expectNoSidewaysScroll(page: Page): Promise<void> {
    const overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
    expect(overflow).toBeLessThanOrEqual(0);
  }
});
