/** Lists, palette and stock pages in a real browser, as staff use them all day. */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";
import type { TestEdge } from "../test-support/edge.ts";
import { postOrder, sentOrder } from "../test-support/orders/sent-order.ts";

const TABLET = { width: 1024, height: 768 };
const chromium = findChromium();

describe.skipIf(chromium === undefined)("lists", () => {
  const [product, other] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");
  let dashboard: TestDashboard;
  let edge: TestEdge;
  let staff: BrowserContext;
  let page: Page;
  let complaints: string[] = [];

  beforeAll(async () => {
    dashboard = await startTestDashboard();
    edge = dashboard.edge;
    staff = await signedIn("operations");
    page = await opened(staff);
    // Two pages of orders, one of them held.
    for (let from = 0; from < 60; from += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, index) => order(`many-${from + index}`)));
    }
    await order("held-1", "NOBODY-KNOWS");
    await order("held-2", "NOBODY-KNOWS");
  });

  afterEach(() => {
    const told = complaints;
    complaints = [];
    expect(told).toEqual([]);
  });

  afterAll(async () => {
    await dashboard?.stop();
  });

  async function signedIn(role: string): Promise<BrowserContext> {
    const context = await dashboard.browser.newContext({ viewport: DESKTOP, baseURL: edge.url });
    const door = await opened(context);
    await door.goto("/");
    await signIn(door, role);
    await door.locator(".who").waitFor();
    await door.close();
    return context;
  }

  async function opened(context: BrowserContext): Promise<Page> {
    const fresh = await context.newPage();
    fresh.setDefaultTimeout(15_000);
    fresh.on("pageerror", (error) => complaints.push(error.message));
    return fresh;
  }

  const order = (number: string, sku: string = product?.sku ?? "", change: object = {}): Promise<string> =>
    postOrder(
      edge,
      sentOrder(number, {
        lines: [{ sku, title: "Bag", quantity: 1, unitPrice: "29.00" }],
        paymentMethod: "pm_card_visa",
        ...change,
      }),
    );

  const queryOf = (shown: Page): string => new URL(shown.url()).search;
  const overflowOf = (shown: Page): Promise<number> =>
    shown.evaluate(() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth));
  /** What sticks out of the panels that cut it off. */
  const cutOff = (shown: Page): Promise<readonly string[]> =>
    shown.evaluate(() =>
      [...document.querySelectorAll(".panel.flush .panel-body")]
        .filter((body) => body.scrollWidth > body.clientWidth + 1)
        .map((body) => `${body.scrollWidth} in ${body.clientWidth}`),
    );

  test("a search is trimmed, and clearing it leaves it cleared", async () => {
    await page.goto("/orders");
    await page.getByRole("link", { name: "held-1" }).waitFor();
    const search = page.getByRole("searchbox");
    await search.fill("  held-1 ");
    await page.getByRole("link", { name: "held-2" }).waitFor({ state: "detached" });
    expect(queryOf(page)).toBe("?q=held-1");
    await search.fill("zzzz");
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await page.getByRole("link", { name: "held-2" }).waitFor();
    expect(await search.inputValue()).toBe("");
    // Longer than the pause after which the field would report.
    await page.waitForFunction(
      (since) => performance.now() - since > 600,
      await page.evaluate(() => performance.now()),
    );
    expect(queryOf(page)).toBe("");
    await search.fill("held-2");
    await page.getByRole("link", { name: "held-1" }).waitFor({ state: "detached" });
    await page.locator(".sidebar").getByRole("link", { name: "Orders" }).click();
    await page.getByRole("link", { name: "held-1" }).waitFor();
    expect(await search.inputValue()).toBe("");
  });

  test("a search that is reported late leads nobody back to the list", async () => {
    await page.goto("/orders");
    await page.getByRole("link", { name: "held-1" }).waitFor();
    // Another page has been asked for, and the list is still drawn: as a quick scan does on a slow machine.
    await page.evaluate(() => history.pushState(null, "", "/overview"));
    await page.getByRole("searchbox").first().fill("held");
    const reported = page.waitForURL(/q=held/, { timeout: 1_000 });
    await expect(reported).rejects.toThrow("Timeout");
    expect(new URL(page.url()).pathname).toBe("/overview");
  });

  test("back leads through the filters that were chosen", async () => {
    await page.goto("/orders");
    await page.getByRole("button", { name: "On hold" }).click();
    await page.waitForURL("**/orders?status=on_hold");
    await page.getByRole("button", { name: "Completed" }).click();
    await page.getByText("No order matches").waitFor();
    await page.goBack();
    await page.getByRole("link", { name: "held-1" }).waitFor();
    expect(queryOf(page)).toBe("?status=on_hold");
    await page.goBack();
    await page
      .getByRole("link", { name: /^many-/ })
      .first()
      .waitFor();
    expect(queryOf(page)).toBe("");
  });

  test("back from an order shows all rows that were loaded, at the same place", async () => {
    await page.goto("/orders");
    await page.getByRole("button", { name: "Load more" }).click();
    await expect.poll(() => page.locator("tbody tr").count()).toBeGreaterThan(55);
    const link = page.locator("tbody tr").nth(54).getByRole("link");
    await link.scrollIntoViewIfNeeded();
    const number = (await link.textContent()) ?? "";
    const scrolled = await page.evaluate(() => window.scrollY);
    expect(scrolled).toBeGreaterThan(500);
    await link.click();
    await page.getByRole("heading", { name: number, exact: true }).waitFor();
    expect(await page.evaluate(() => window.scrollY)).toBe(0);
    await page.goBack();
    await page.getByRole("link", { name: number, exact: true }).waitFor();
    await expect.poll(() => page.evaluate(() => window.scrollY)).toBe(scrolled);
    expect(await page.locator("tbody tr").count()).toBeGreaterThan(55);
  });

  test("what one person was shown, the next one who signs in here is not", async () => {
    const context = await signedIn("operations");
    const shared = await opened(context);
    await shared.goto("/orders");
    await shared.getByRole("link", { name: "held-1" }).waitFor();
    await shared.getByRole("button", { name: "Sign out", exact: true }).click();
    await shared.getByLabel("Password").waitFor();
    // Their own orders do not come: what is shown is left from before.
    await shared.route("**/v1/orders?*", () => undefined);
    await signIn(shared, "warehouse");
    await shared.getByRole("heading", { name: "Orders", exact: true }).waitFor();
    await shared.locator(".skeleton").first().waitFor();
    expect(await shared.getByRole("link", { name: "held-1" }).count()).toBe(0);
    await context.close();
  });

  test("a list is sorted and narrowed by its address, and kept as a view", async () => {
    await page.goto("/orders");
    await page.getByRole("button", { name: "Ship by" }).click();
    await page.waitForURL("**/orders?sort=ship-by");
    await page.getByLabel("Hold reason").selectOption("unknown_sku");
    await expect.poll(() => page.locator("tbody .row-link").allTextContents()).toHaveLength(2);
    await page.getByRole("button", { name: "Any day" }).click();
    await page.getByRole("button", { name: "Today" }).click();
    await page.getByRole("link", { name: "held-1" }).waitFor();
    const query = queryOf(page);
    expect(query).toMatch(/^\?hold=unknown_sku&from=\d{4}-\d\d-\d\d&to=\d{4}-\d\d-\d\d&sort=ship-by$/);
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("button", { name: "Save this view" }).click();
    await page.getByLabel("Name").fill("Unknown today");
    await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Clear", exact: true }).click();
    await page.waitForURL("**/orders?sort=ship-by");
    await page.getByRole("button", { name: "Views" }).click();
    await page.getByRole("button", { name: "Unknown today", exact: true }).click();
    await expect.poll(() => queryOf(page)).toBe(query);
    await page.getByRole("button", { name: "Unknown today" }).click();
    await page.getByRole("button", { name: "Delete the view Unknown today" }).click();
    await page.getByText("No view is saved yet.").waitFor();
    await page.keyboard.press("Escape");
    const csv = await page.request.get(
      (await page.getByRole("link", { name: "Export CSV" }).getAttribute("href")) ?? "",
    );
    expect((await csv.text()).trimEnd().split("\r\n")).toHaveLength(3);
  });

  test("several orders are held, tagged and released at once, each with its own outcome", async () => {
    const ids = [await order("bulk-1"), await order("bulk-2"), await order("bulk-3")];
    await page.goto("/orders?q=bulk-");
    await page.getByRole("checkbox", { name: "All orders that are shown" }).check();
    await page.getByText("3 orders selected").waitFor();
    // Meanwhile one of them is cancelled: it can be tagged no more.
    const cancelled = await fetch(`${edge.url}/v1/orders/${ids[1]}/cancel`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${edge.credentials.apiKey}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ reason: "A test" }),
    });
    expect(cancelled.status).toBe(202);
    await page.getByRole("button", { name: "Put on hold" }).click();
    await page.getByRole("dialog").getByLabel("Reason").fill("Looked at together.");
    await page.getByRole("button", { name: "Put on hold: 3 orders" }).click();
    await page.getByText(/of 3 done/).waitFor();
    await expect.poll(() => page.locator(".outcomes .badge").allTextContents()).not.toContain("Waiting");
    const outcomes = await page.locator(".outcomes li").allTextContents();
    expect(outcomes.filter((text) => text.includes("Done")).length).toBeGreaterThanOrEqual(2);
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await page.goto("/orders?q=bulk-&status=on_hold");
    await page.getByRole("link", { name: "bulk-1" }).waitFor();
    await page.getByRole("checkbox", { name: "Order bulk-1" }).check();
    await page.getByRole("checkbox", { name: "Order bulk-3" }).check();
    await page.getByRole("button", { name: "Add a tag" }).click();
    await page.getByRole("textbox", { name: /^Tag/ }).fill("vip");
    await page.getByRole("button", { name: "Add a tag: 2 orders" }).click();
    await page.getByText("2 of 2 done").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await page.goto("/orders?tag=vip");
    await expect.poll(() => page.locator("tbody .row-link").allTextContents()).toHaveLength(2);
    await page.getByRole("checkbox", { name: "All orders that are shown" }).check();
    await page.getByRole("button", { name: "Release hold" }).click();
    await page.getByRole("button", { name: "Release hold: 2 orders" }).click();
    await page.getByText("2 of 2 done").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await expect.poll(() => page.locator("tbody .badge", { hasText: "On hold" }).count()).toBe(0);
  });

  test("who may not act on orders ticks none, and is offered no export", async () => {
    const context = await signedIn("warehouse");
    const warehouse = await opened(context);
    await warehouse.goto("/");
    // Their day begins where they pack.
    await warehouse.getByRole("heading", { name: "Packing" }).waitFor();
    await warehouse.goto("/orders");
    await warehouse.getByRole("link", { name: "held-1" }).waitFor();
    expect(await warehouse.getByRole("link", { name: "Export CSV" }).count()).toBe(0);
    await warehouse.getByRole("checkbox", { name: "Order held-1" }).check();
    expect(await warehouse.locator(".bulk-bar button").allTextContents()).toEqual([
      "Put on hold",
      "Packing slips",
      "Select none",
    ]);
    await context.close();
  });

  test("nothing of a list is cut off on a tablet, and nothing scrolls sideways on a phone", async () => {
    await order("a-number-as-long-as-any-114-7788221-9914611-and-longer-still", "NOBODY-KNOWS", {
      customer: { name: "Wolfeschlegelsteinhausenbergerdorff Junior", email: "long@sandbox.example" },
    });
    for (const viewport of [TABLET, PHONE]) {
      const narrow = await dashboard.browser.newContext({
        viewport,
        baseURL: edge.url,
        storageState: await staff.storageState(),
      });
      const shown = await opened(narrow);
      for (const path of [
        "/orders",
        "/orders?channel=web",
        "/returns",
        "/stock",
        "/catalog",
        "/finance",
        "/",
      ]) {
        await shown.goto(path);
        await shown.locator("h1").waitFor();
        await expect.poll(() => shown.locator("[aria-busy=true]").count()).toBe(0);
        expect([path, viewport.width, await overflowOf(shown)]).toEqual([path, viewport.width, 0]);
        expect([path, viewport.width, await cutOff(shown)]).toEqual([path, viewport.width, []]);
      }
      await narrow.close();
    }
  });

  test("the palette finds pages, orders and goods by the keyboard alone", async () => {
    await page.goto("/stock");
    await page.getByRole("heading", { name: "Stock" }).waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").getByRole("combobox").waitFor();
    await page.keyboard.type("held-2");
    await page.getByRole("option", { name: /held-2/ }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "held-2", exact: true }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type(product?.sku ?? "");
    await page
      .getByRole("option", { name: new RegExp(`${product?.sku}.*available at`) })
      .first()
      .waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").getByRole("combobox").waitFor({ state: "detached" });
    await page.keyboard.press("g");
    await page.keyboard.press("r");
    await page.getByRole("heading", { name: "Returns" }).waitFor();
    await page.locator("body").click();
    await page.locator("h1").click();
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
  });

  test("what is not there says so with a heading and a way back", async () => {
    for (const [path, heading, back] of [
      ["/orders/web-nobody", "There is no such order", "Orders"],
      ["/returns/web-nobody-R1", "There is no such return", "Returns"],
      ["/stock/NOTHING/fc-reno", "There is no such stock position", "Stock"],
      ["/nowhere", "There is no page at this address", "Go to the first page"],
    ] as const) {
      await page.goto(path);
      await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
      await page.locator("main").getByRole("link", { name: back }).first().waitFor();
      expect(await page.title()).not.toBe("Holdfast");
    }
  });

  test("a page that could not be loaded loads by itself when the gateway is back", async () => {
    await page.goto("/stock");
    await page.locator("tbody tr").first().waitFor();
    await edge.withoutGateway(async () => {
      await page.locator(".sidebar").getByRole("link", { name: "Returns" }).click();
      await page.getByText("Holdfast cannot be reached").first().waitFor();
    });
    await page.getByText("No returns yet").waitFor();
    await page.getByText("Holdfast cannot be reached").first().waitFor({ state: "detached" });
  });

  test("goods come in where none were, go to another place, and are set apart", async () => {
    const sku = other?.sku ?? expect.fail("the catalog has changed");
    await page.goto("/stock");
    await page.getByRole("button", { name: "Receive goods" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Product").fill("NO-SUCH-THING");
    await dialog.getByLabel("Units received").fill("7");
    await dialog.getByLabel("Document or reason").fill("PO 4711");
    await dialog.getByRole("button", { name: "Receive" }).click();
    await dialog.getByRole("alert").waitFor();
    await dialog.getByLabel("Product").fill(sku);
    const places = await dialog
      .getByLabel("Location")
      .locator("option")
      .evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value));
    const empty = places.find((id) => id.startsWith("store-")) ?? places.at(-1) ?? "";
    await dialog.getByLabel("Location").selectOption(empty);
    await dialog.getByRole("button", { name: "Receive" }).click();
    await page.getByText(`${sku}: now`).waitFor();
    await edge.projected();
    await page.getByText("PO 4711").first().waitFor();
    // From here to another place, where it is taken in.
    await page.getByRole("button", { name: "Change", exact: true }).click();
    await dialog.getByRole("button", { name: "Transfer", exact: true }).first().click();
    await dialog.getByLabel("Units that leave").fill("3");
    const target = places.find((id) => id !== empty) ?? "";
    await dialog.locator("select[name=to]").selectOption(target);
    await dialog.getByLabel("Reason").fill("The shelf is full");
    await dialog.locator("form").getByRole("button", { name: "Transfer" }).click();
    await dialog.waitFor({ state: "detached" });
    await edge.projected();
    await page.goto(`/stock/${sku}/${target}`);
    await page.getByRole("heading", { name: "On its way here" }).waitFor();
    await page.getByRole("button", { name: /^Take in/ }).click();
    await dialog.getByRole("checkbox").check();
    await dialog.getByRole("button", { name: "Take in" }).click();
    await dialog.waitFor({ state: "detached" });
    await edge.projected();
    await page.getByRole("heading", { name: "On its way here" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Change", exact: true }).click();
    await dialog.getByRole("button", { name: "Quarantine", exact: true }).first().click();
    await dialog.getByLabel("Units to set apart").fill("2");
    await dialog.getByLabel("Reason").fill("Wet boxes");
    await dialog.locator("form").getByRole("button", { name: "Quarantine" }).click();
    await page.getByText("Now 2 are set apart.").waitFor();
    await edge.projected();
    const csv = await page.request.get(
      (await page.getByRole("link", { name: "Export CSV" }).getAttribute("href")) ?? "",
    );
    expect(await csv.text()).toContain("Wet boxes");
    // What moved for an order leads to it.
    const id = await order("cause-1", product?.sku);
    await edge.projected();
    await page.goto(`/stock?q=${product?.sku}&sort=-on-hand`);
    await page.locator("tbody .row-link").first().click();
    await page.locator(`main a[href="/orders/${id}"]`).first().waitFor();
  });

  test("the overview shows what happened last, who has waited longest, and leads on", async () => {
    await page.goto("/");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.locator(".ticker li").first().waitFor();
    const waiting = await page.locator(".hold-list .row-link").allTextContents();
    expect(waiting.slice(0, 2)).toEqual(["held-1", "held-2"]);
    await page.getByRole("button", { name: "24 hours" }).click();
    await page.getByRole("img", { name: /Orders in each hour: \d+ captured/ }).waitFor();
    await page.getByRole("link", { name: /Orders today/ }).click();
    await page
      .getByRole("link", { name: /^many-|cause-1/ })
      .first()
      .waitFor();
    expect(queryOf(page)).toMatch(/^\?from=.*&to=/);
  });
});
