/**
 * axe over every page, by WCAG 2.2 level A and AA: light and dark, on a desktop or a phone in turn, with each
 * choice of a row of chips, and over every dialog and menu that a page's buttons open. Pages and dialogs come
 * from the sources of the dashboard: a new `<Route path>` is looked at without a change here; one with a
 * parameter needs its sample in `samples`. Of a `<Dialog>` that no button has opened the test says so.
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
import { writeDeadLetter } from "../store/floor/dead-letters.ts";
import { createFulfillmentOrders, readUnsourced } from "../store/floor/fulfillment.ts";
import { changeOrder, lockOrder } from "../store/orders/order-progress.ts";
import { setDecision } from "../store/returns/returns.ts";
import { inTransaction } from "../store/sql/database.ts";
import { axeFaults, pageMakes } from "../test-support/axe.ts";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";
import { postOrder, sentOrder } from "../test-support/orders/sent-order.ts";
import { createTestDatabase } from "../test-support/servers/postgres.ts";

const chromium = findChromium();
/** They act at once, on the world beyond the page, or lead out of it. */
const NOT_PRESSED = /sign out|print|download|export|copy|try again|dark|light|shopper's page/i;

/** What another colour changes, and nothing else does. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/** All rules in two of them, far apart. In the other two, colours on what only this screen shows. */
const LOOKS = [
  { name: "light", viewport: DESKTOP, colorScheme: "light", rules: undefined },
  { name: "dark", viewport: DESKTOP, colorScheme: "dark", rules: COLOURS },
  { name: "phone", viewport: PHONE, colorScheme: "light", rules: COLOURS },
  { name: "phone, dark", viewport: PHONE, colorScheme: "dark", rules: undefined },
] as const;

/** Of the parts of a page: what is different in all of them is in these two. */
const FAR_APART = [LOOKS[0], LOOKS[3]];

/**
 * A page has the looks of one screen, and some hours later those of the other. The variable repeats a run.
 */
const HALF_DAY_MS = 12 * 3_600_000;
const TURN = Number(process.env["HOLDFAST_LOOKS_TURN"] ?? Math.floor(Date.now() / HALF_DAY_MS));
const looksOf = (nth: number): readonly (typeof LOOKS)[number][] =>
  (nth + TURN) % 2 === 0 ? LOOKS.slice(0, 2) : LOOKS.slice(2);

/** Paths of all pages inside the frame, as the dashboard's own sources name them. */
function pagePaths(): readonly string[] {
  const sources = join(projectRoot, "dashboard", "src");
  const paths = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".tsx"))
    .flatMap((name) => [...readFileSync(join(sources, name), "utf8").matchAll(/<Route path="([^"]+)"/g)])
    .map(([, path = ""]) => path);
  return [...new Set(paths)];
}

/** Dialogs of what this world does not have. */
const NOT_HERE: ReadonlySet<string> = new Set([
  // They ask the server, or follow what was done, and nothing is done here.
  "account/prove-dialog.tsx: Is it still you?",
  "account/passkey-list.tsx: Add a passkey",
  "account/passkey-list.tsx: Remove …",
  "account/second-factor.tsx: Switch the second factor off",
  "personal-data/personal-data-view.tsx: Erase for good",
  "order-list/bulk-dialog.tsx: …: …",
  "returns/inspections.tsx: Reopen this inspection?",
  // Nobody packs by hand here, no two orders of a customer wait, and no product may stand for another.
  "packing/adrift-loads.tsx: Write off … × …?",
  "packing/check-dialog.tsx: Check …",
  "packing/ready-list.tsx: Hand over to …",
  "packing/short-dialog.tsx: What did you find?",
  "order/combined-parcel.tsx: Send in one parcel with",
  "catalog/substitutes.tsx: What may be sent instead of …?",
  // No channel is connected over its API, and nobody is told by webhook.
  "channels/listing-list.tsx: What … is",
  "settings/webhooks/webhook-replays.tsx: Tell a range again",
  // What is shown once, of something that was made.
  "account/recovery-codes-dialog.tsx: Keep these recovery codes",
  "account/second-factor.tsx: Scan this with your app",
  "settings/people-list.tsx: A link for …",
  "settings/device-list.tsx: What the broker has to know of …",
  "settings/channel-webhook.tsx: What … has to know",
  "settings/webhooks/webhook-list.tsx: The secret of …",
  "settings/key-list.tsx: The key …",
]);

/** What the sources call their dialogs, with `…` for what is different each time. */
function dialogTitles(): ReadonlyMap<string, RegExp> {
  const sources = join(projectRoot, "dashboard", "src");
  const titles = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".tsx") && !name.endsWith("components/dialog.tsx"))
    .flatMap((name) =>
      [
        ...readFileSync(join(sources, name), "utf8").matchAll(
          /<Dialog\s+title=(?:"([^"]*)"|\{`([^`]*)`\}|\{)/g,
        ),
      ].map(([, fixed, composed]) => ({
        name: name.replace(/^pages\//, ""),
        title: (fixed ?? composed ?? "…").replaceAll(/\$\{[^}]*\}/g, "…"),
      })),
    );
  return new Map(
    titles.map(({ name, title }) => [
      `${name}: ${title}`,
      new RegExp(`^${title.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", ".+")}$`),
    ]),
  );
}

describe.skipIf(chromium === undefined)("axe finds nothing", () => {
  let dashboard: TestDashboard;
  let contexts: BrowserContext[] = [];
  /** Addresses for paths with parameters. */
  let samples: Readonly<Record<string, string>>;
  let trackingPath: string;
  /** Pages of paths with parameters that have other buttons than the sample. */
  let alsoOpened: readonly string[];

  beforeAll(async () => {
    dashboard = await startTestDashboard();
    const { edge } = dashboard;
    const [product] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");
    const lines = [{ sku: product?.sku, title: "Bag", quantity: 3, unitPrice: "29.00" }];
    const order = (number: string) =>
      postOrder(edge, sentOrder(number, { lines, paymentMethod: "pm_card_visa" }));
    const open = await order("AXE-1");
    await inTransaction(edge.database, async (client) =>
      createFulfillmentOrders(client, open, await readUnsourced(client, open), null, []),
    );
    const delivered = await order("AXE-2");
    await inTransaction(edge.database, async (client) => {
      const locked = (await lockOrder(client, delivered)) ?? expect.fail("there is no order");
      await changeOrder(client, locked, {
        ledger: adding([{ lineId: "1", quantity: 3 }], "allocated", "shipped", "delivered"),
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
    // What has buttons of its own: an unknown SKU, money and a parcel that can be claimed, a return that
    // waits for a decision, goods on their way, a message put aside.
    const unknown = await postOrder(
      edge,
      sentOrder("AXE-4", { lines: [{ sku: "NO-SUCH-SKU", title: "Hat", quantity: 1, unitPrice: "9.00" }] }),
    );
    await edge.database.query(
      `insert into payment (order_id, provider, reference, currency, authorized_minor, captured_minor, status)
       values ($1, 'stripe', 'pi', 'USD', 5800, 5800, 'paid')`,
      [delivered],
    );
    await edge.database.query(
      `insert into shipment (id, order_id, carrier_provider, carrier_shipment_id, carrier, service, tracking_number,
         cost_minor, currency, weight_grams, label_zpl, label_pdf, shipped_at)
       values ($1 || '-S1', $1, 'easypost', 'shp', 'USPS', 'Ground', '94001', 512, 'USD', 600, '', '', now())`,
      [delivered],
    );
    const undecided = await requestReturn(
      { database: edge.database, allocator: edge.allocator, parcelLimit: () => null, now: Date.now },
      { orderId: delivered, lines: [{ lineId: "1", quantity: 1 }], reason: "damaged", by: "shopper" },
    );
    if (undecided.status !== "done") throw new Error(undecided.detail);
    await setDecision(edge.database, undecided.returnId, {
      status: "requested",
      detail: "It is worth much.",
      waitsForPerson: true,
    });
    await edge.allocator.execute([
      {
        type: "expect",
        commandId: "axe expects",
        atMs: Date.now(),
        cause: "axe",
        sku: row.sku,
        locationId: row.location,
        reference: "PO-1",
        quantity: 5,
        dueAtMs: Date.now() + 86_400_000,
      },
    ]);
    await writeDeadLetter(edge.database, {
      deviceId: null,
      topic: "zebra/stranger/data",
      payload: Buffer.from([0x00, 0xff]),
      code: "unknown_device",
      detail: "no device stranger",
    });
    alsoOpened = [`/orders/${delivered}`, `/orders/${unknown}`, `/returns/${undecided.returnId}`];
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

  /**
   * As `show`, without loading the program again. The marked element is of the page that was shown before.
   */
  async function follow(page: Page, address: string): Promise<void> {
    const left = await page.evaluate((to) => {
      const shown = document.querySelector("main")?.firstElementChild;
      if (!shown) return false;
      shown.setAttribute("data-left", "");
      history.pushState(null, "", to);
      dispatchEvent(new PopStateEvent("popstate"));
      return true;
    }, address);
    const gone = page.waitForFunction(() => document.querySelector("[data-left]") === null, null, {
      timeout: 700,
    });
    if (left && (await gone.then(() => true).catch(() => false))) await settled(page);
    else await show(page, address);
  }

  /** What axe has to say of what is shown, in a line each. @param part by a selector; absent: all of it */
  async function faults(
    page: Page,
    what: string,
    part?: string,
    rules?: readonly string[],
  ): Promise<readonly string[]> {
    return (await axeFaults(page, part, rules)).map((fault) => `${what}: ${fault}`);
  }

  /** Makes of pages that axe has seen on a desktop and in light. */
  const seen = { main: new Set<string>(), frame: new Set<string>() };

  /** @returns the part of the page that axe has not seen: all of it, `main`, or `null` for nothing */
  async function unseen(page: Page): Promise<"page" | "main" | null> {
    const { main, frame } = await pageMakes(page);
    const fresh = seen.frame.has(frame) ? (seen.main.has(main) ? null : "main") : "page";
    seen.frame.add(frame);
    seen.main.add(main);
    return fresh;
  }

  async function faultsInEveryLook(
    page: Page,
    what: string,
    looks: readonly (typeof LOOKS)[number][] = LOOKS,
    part?: string,
  ): Promise<readonly string[]> {
    const found: string[] = [];
    for (const { name, viewport, colorScheme, rules } of looks) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      found.push(...(await faults(page, `${what} (${name})`, part, rules)));
      const width = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (width > 0) found.push(`${what} (${name}): ${width} px wider than the screen`);
    }
    await page.setViewportSize(DESKTOP);
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    return found;
  }

  /** Addresses or names of what a page shows by a row of chips, each pressed. */
  async function eachChip(page: Page, address: string, look: (what: string) => Promise<void>): Promise<void> {
    await follow(page, address);
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

  /** A dialog, or the card of a menu. */
  const OPENED = "dialog[open], .menu-card";

  /**
   * Words of a page's buttons, each once, however many rows have it. Those that send a form are none, and
   * chips have their own turn.
   */
  const buttonsOf = (page: Page): Promise<readonly string[]> =>
    page.evaluate(() => [
      ...new Set(
        [...document.querySelectorAll<HTMLButtonElement>("main button:enabled:not([type=submit], .chip)")]
          .filter((button) => button.checkVisibility())
          .map((button) => {
            const seen = button.cloneNode(true) as HTMLElement;
            for (const hidden of seen.querySelectorAll(".visually-hidden, kbd")) hidden.remove();
            // Buttons of one word in two columns are two.
            const column = button.closest("td")?.cellIndex ?? "";
            button.dataset["words"] = `${column} ${seen.textContent}`.trim().replaceAll(/\d+/g, "1");
            return button.dataset["words"];
          }),
      ),
    ]);

  /** Presses each button of what is shown, and looks at what that opens. */
  async function eachOpened(
    page: Page,
    pressed: Set<string>,
    look: (opened: string) => Promise<void>,
  ): Promise<void> {
    const { pathname, searchParams } = new URL(page.url());
    for (const words of await buttonsOf(page)) {
      if (words === "" || NOT_PRESSED.test(words)) continue;
      // The same page with other rows has the same buttons; each view of the settings has its own.
      const once = `${pathname} ${searchParams.get("view") ?? ""} ${words}`;
      if (pressed.has(once)) continue;
      pressed.add(once);
      const address = page.url();
      await buttonsOf(page);
      const button = page.locator(`main button[data-words=${JSON.stringify(words)}]:enabled:visible`).first();
      if ((await button.count()) === 0) continue;
      await button.click();
      await settled(page);
      if ((await page.locator(OPENED).count()) > 0) {
        await look(words);
        const save = page.locator(".menu-card button", { hasText: "Save" }).first();
        if ((await save.count()) > 0) {
          await save.click();
          await look(`${words}, save`);
        }
        await page.keyboard.press("Escape");
      }
      if ((await page.locator(OPENED).count()) > 0) await show(page, address);
      else if (page.url() !== address) await follow(page, address);
    }
  }

  test("in the dialogs and menus that an administrator's pages open, and every dialog was opened", async () => {
    const page = await signedIn("admin");
    // Nothing is done by a button that acts at once: what the pages look like stays as it is.
    await page.route("**/v1/**", (route) =>
      route.request().method() === "GET"
        ? route.continue()
        : route.fulfill({
            status: 409,
            contentType: "application/problem+json",
            body: JSON.stringify({ status: 409, code: "conflict", title: "Not now", detail: "Not now." }),
          }),
    );
    const found: string[] = [];
    const titles = new Set<string>();
    const looked = new Set<string>();
    const pressed = new Set<string>();
    const look = async (where: string): Promise<void> => {
      const heading = page.locator("dialog[open] h2").first();
      const title = (await heading.count()) === 0 ? null : ((await heading.textContent()) ?? "").trim();
      if (title !== null) titles.add(title);
      // A dialog with the same fields, of another row or behind another chip.
      const once = (title ?? where).replaceAll(/[\w.@-]*\d[\w.@-]*/g, "1");
      if (looked.has(once)) return;
      looked.add(once);
      // One look each, in turn: what a dialog is made of is in many of them.
      const looks = LOOKS.filter((_, at) => at === looked.size % LOOKS.length);
      found.push(...(await faultsInEveryLook(page, where, looks, OPENED)));
    };
    for (const address of [...pagePaths().map(addressOf), ...alsoOpened]) {
      await eachChip(page, address, async (what) => {
        // What can be done with rows that are ticked.
        const tick = page.locator("main tbody input[type=checkbox]:visible").first();
        if (address === "/orders" && (await tick.count()) > 0) await tick.check();
        await eachOpened(page, pressed, (opened) => look(`${what}, "${opened}"`));
      });
    }
    await show(page, "/");
    for (const [keys, name] of [
      ["Control+k", "palette"],
      ["?", "keys"],
    ] as const) {
      await page.keyboard.press(keys);
      await page.locator(OPENED).waitFor();
      await look(name);
      await page.keyboard.press("Escape");
    }
    await page.setViewportSize(PHONE);
    await page.getByRole("button", { name: "More" }).click();
    await look("more");
    const unopened = [...dialogTitles()]
      .filter(([name, title]) => !NOT_HERE.has(name) && ![...titles].some((seen) => title.test(seen)))
      .map(([name]) => `${name} was not opened`);
    expect([...found, ...unopened]).toEqual([]);
  }, 600_000);

  test("on the pages of an administrator, on a desktop or a phone in turn", async () => {
    const page = await signedIn("admin");
    const found: string[] = [];
    for (const [nth, path] of [...pagePaths(), "/no-such-page"].entries()) {
      const address = addressOf(path);
      await eachChip(page, address, async (what) => {
        const fresh = await unseen(page);
        if (what === address) found.push(...(await faultsInEveryLook(page, what, looksOf(nth))));
        else if (fresh !== null)
          found.push(...(await faultsInEveryLook(page, what, [FAR_APART[(nth + TURN) % 2] ?? LOOKS[0]])));
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
        await follow(page, addressOf(path));
        const fresh = await unseen(page);
        if (fresh !== null)
          found.push(...(await faults(page, `${role}, ${path}`, fresh === "main" ? "main" : undefined)));
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
