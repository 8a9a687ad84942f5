/**
 * axe over every page, by WCAG 2.2 level A and AA: light, dark and on a phone, with each choice of a row of
 * chips. Pages come from the sources of the dashboard: a new `<Route path>` is looked at without a change
 * here; one with a parameter needs its sample in `SAMPLES`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import { projectRoot } from "../config/project-root.ts";
import { startSetupServer } from "../gateway/setup-server.ts";
import { requestReturn } from "../operations/returns/request-return.ts";
import { adding } from "../orders/line-ledger.ts";
import { STAFF_ROLES } from "../store/access/staff.ts";
import { createFulfillmentOrders, readUnsourced } from "../store/floor/fulfillment.ts";
import { changeOrder, lockOrder } from "../store/orders/order-progress.ts";
import { inTransaction } from "../store/sql/database.ts";
import { axeFaults } from "../test-support/axe.ts";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";
import { postOrder, sentOrder } from "../test-support/orders/sent-order.ts";
import { createTestDatabase } from "../test-support/servers/postgres.ts";

const chromium = findChromium();
/** They act at once, on the world beyond the page, or lead out of it. */
const NOT_PRESSED = /sign out|print|download|export|copy|try again|dark|light/i;

const LOOKS = [
  { name: "light", viewport: DESKTOP, colorScheme: "light" },
  { name: "dark", viewport: DESKTOP, colorScheme: "dark" },
  { name: "phone", viewport: PHONE, colorScheme: "light" },
  { name: "phone, dark", viewport: PHONE, colorScheme: "dark" },
] as const;

/** Of the parts of a page: what is different in all of them is in these two. */
const FAR_APART = [LOOKS[0], LOOKS[3]];

/** Paths of all pages inside the frame, as the dashboard's own sources name them. */
function pagePaths(): readonly string[] {
  const sources = join(projectRoot, "dashboard", "src");
  const paths = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".tsx"))
    .flatMap((name) => [...readFileSync(join(sources, name), "utf8").matchAll(/<Route path="([^"]+)"/g)])
    .map(([, path = ""]) => path);
  return [...new Set(paths)];
}

describe.skipIf(chromium === undefined)("axe finds nothing", () => {
  let dashboard: TestDashboard;
  let contexts: BrowserContext[] = [];
  /** Addresses for paths with parameters. */
  let samples: Readonly<Record<string, string>>;
  let trackingPath: string;

  beforeAll(async () => {
    dashboard = await startTestDashboard();
    const { edge } = dashboard;
    const [product] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");
    const lines = [{ sku: product?.sku, title: "Bag", quantity: 2, unitPrice: "29.00" }];
    const order = (number: string) =>
      postOrder(edge, sentOrder(number, { lines, paymentMethod: "pm_card_visa" }));
    const open = await order("AXE-1");
    await inTransaction(edge.database, async (client) =>
      createFulfillmentOrders(client, open, await readUnsourced(client, open)),
    );
    const delivered = await order("AXE-2");
    await inTransaction(edge.database, async (client) => {
      const locked = (await lockOrder(client, delivered)) ?? expect.fail("there is no order");
      await changeOrder(client, locked, {
        ledger: adding([{ lineId: "1", quantity: 2 }], "allocated", "shipped", "delivered"),
        paymentStatus: "paid",
      });
    });
    const announced = await requestReturn(
      { database: edge.database, allocator: edge.allocator, parcelLimit: () => null, now: Date.now },
      { orderId: delivered, lines: [{ lineId: "1", quantity: 1 }], reason: "too_small", by: "shopper" },
    );
    if (announced.status !== "done") throw new Error(announced.detail);
    await order("AXE-3").then(() => edge.projected());
    await edge.database.query(
      `insert into custom_field (company_id, subject, key, label, type, choices, required, personal)
       select c.id, given.subject, 'axe_' || given.type, 'A ' || given.type, given.type, given.choices, true, false
         from company c, (values ('order', 'text', '{}'::text[]), ('return', 'date', '{}'),
           ('product', 'choice', '{a,b}'), ('order_line', 'boolean', '{}')) as given(subject, type, choices)`,
    );
    const { rows } = await edge.database.query<{ token: string; sku: string; location: string }>(
      `select (select tracking_token from orders where id = $1) as token, sku, location_id as location
         from stock_position order by sku, location_id limit 1`,
      [delivered],
    );
    const [row] = rows;
    if (row === undefined) throw new Error("there is no stock");
    trackingPath = `/track/${row.token}`;
    samples = {
      "/orders/:id": `/orders/${open}`,
      "/returns/:id": `/returns/${announced.returnId}`,
      "/stock/:sku/:location": `/stock/${row.sku}/${row.location}`,
    };
  });

  afterAll(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
    await dashboard?.stop();
  });

  async function open(baseURL: string): Promise<Page> {
    const context = await dashboard.browser.newContext({
      viewport: DESKTOP,
      baseURL,
      // A colour on its way to another one is neither.
      reducedMotion: "reduce",
    });
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    return page;
  }

  async function signedIn(role: string): Promise<Page> {
    const page = await open(dashboard.edge.url);
    await page.goto("/");
    await signIn(page, role);
    // Each role has its own first page.
    await page.getByRole("navigation", { name: "Pages", exact: true }).waitFor();
    return page;
  }

  const addressOf = (path: string): string => {
    const address = path.includes(":") ? samples[path] : path;
    return address ?? expect.fail(`say in the samples which page of ${path} is looked at`);
  };

  async function show(page: Page, address: string): Promise<void> {
    await page.goto(address);
    await settled(page);
  }

  /** Nothing is on its way, and no placeholder stands for it. */
  async function settled(page: Page): Promise<void> {
    await page.waitForFunction(
      () =>
        document.querySelector("h1, h2, [role=alert], .empty") !== null &&
        document.querySelector(".skeleton") === null,
    );
  }

  /** What axe has to say of what is shown, in a line each. */
  async function faults(page: Page, what: string): Promise<readonly string[]> {
    return (await axeFaults(page)).map((fault) => `${what}: ${fault}`);
  }

  async function faultsInEveryLook(
    page: Page,
    what: string,
    looks: readonly (typeof LOOKS)[number][] = LOOKS,
  ): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { name, viewport, colorScheme } of looks) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      found.push(...(await faults(page, `${what} (${name})`)));
      const width = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (width > 0) found.push(`${what} (${name}): ${width} px wider than the screen`);
    }
    await page.setViewportSize(DESKTOP);
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    return found;
  }

  /** Addresses or names of what a page shows by a row of chips, each pressed. */
  async function eachChip(page: Page, address: string, look: (what: string) => Promise<void>): Promise<void> {
    await show(page, address);
    await look(address);
    const names = await page.locator("main .chip[aria-pressed=false]").allTextContents();
    for (const name of new Set(names.map((each) => each.trim()))) {
      const chip = page.locator("main .chip", { hasText: name }).first();
      if ((await chip.count()) === 0) continue;
      await chip.click();
      await settled(page);
      await look(`${address}, ${name}`);
    }
  }

  test("on the pages of an administrator, in every look", async () => {
    const page = await signedIn("admin");
    const found: string[] = [];
    for (const path of [...pagePaths(), "/no-such-page"]) {
      const address = addressOf(path);
      await eachChip(page, address, async (what) => {
        found.push(...(await faultsInEveryLook(page, what, what === address ? LOOKS : FAR_APART)));
      });
    }
    expect(found).toEqual([]);
  }, 600_000);

  test.each(STAFF_ROLES.filter((role) => role !== "admin"))(
    "on the pages of the role %s",
    async (role) => {
      const page = await signedIn(role);
      const found: string[] = [];
      for (const path of pagePaths()) {
        await show(page, addressOf(path));
        found.push(...(await faults(page, `${role}, ${path}`)));
      }
      expect(found).toEqual([]);
    },
    300_000,
  );

  test("at the door, and on the shopper's page with what its buttons open", async () => {
    const page = await open(dashboard.edge.url);
    const found: string[] = [];
    for (const address of ["/", "/forgot", "/password#AAAA", trackingPath, "/track/AAAAAAAAAAAAAAAAAAAAAA"]) {
      await show(page, address);
      found.push(...(await faultsInEveryLook(page, address)));
      const buttons = page.locator("button:enabled:visible:not([type=submit])");
      for (const name of new Set(await buttons.allTextContents())) {
        if (name.trim() === "" || NOT_PRESSED.test(name)) continue;
        const button = buttons.filter({ hasText: name }).first();
        if ((await button.count()) === 0) continue;
        await button.click();
        await settled(page);
        found.push(...(await faultsInEveryLook(page, `${address}, "${name.trim()}"`)));
        await show(page, address);
      }
    }
    expect(found).toEqual([]);
  }, 300_000);

  test("where an empty system is set up", async () => {
    const empty = await createTestDatabase();
    const setup = await startSetupServer({
      host: "127.0.0.1",
      port: 0,
      publicUrl: "http://127.0.0.1",
      database: empty.database,
      token: "the-token-that-the-log-shows",
      dashboardFolder: inject("dashboardFolder"),
      logger: pino({ level: "silent" }),
    });
    try {
      const page = await open(`http://127.0.0.1:${setup.port}`);
      await show(page, "/");
      expect(await faultsInEveryLook(page, "set-up")).toEqual([]);
    } finally {
      await setup.stop();
      await empty.close();
    }
  }, 120_000);
});
