/**
 * The dashboard in a real browser against the real gateway, engine and PostgreSQL. What sagas would do in
 * between (delivering, approving a return) is written by the store's own functions.
 */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import { reportLoad, tellOfLoads } from "../operations/floor/robot-loads.ts";
import { combineOrders } from "../operations/fulfillment/combine-orders.ts";
import { adding } from "../orders/line-ledger.ts";
import { beginCollection, issueCollectionCode } from "../store/floor/collections.ts";
import {
  cancelFulfillmentOrders,
  createFulfillmentOrders,
  readUnsourced,
  releaseToFloor,
} from "../store/floor/fulfillment.ts";
import { changeOrder, lockOrder } from "../store/orders/order-progress.ts";
import { recordEntry } from "../store/orders/timeline.ts";
import { setDecision } from "../store/returns/returns.ts";
import { inTransaction } from "../store/sql/database.ts";
import { findChromium, type TestBrowser } from "../test-support/browser.ts";
import {
  DESKTOP,
  PHONE,
  STAFF_PASSWORD,
  signIn,
  startTestDashboard,
  type TestDashboard,
} from "../test-support/dashboard.ts";
import type { TestEdge } from "../test-support/edge.ts";

const OPERATIONS = "operations@sandbox.example";
const CHANNEL = "web";
const WAIT_MS = 15_000;

const chromium = findChromium();

describe.skipIf(chromium === undefined)("dashboard", () => {
  const stocked = sandboxCatalog().find((product) => product.source === "fulfillment_centers");
  const dropShipped = sandboxCatalog().find((product) => product.source === "supplier");
  if (stocked === undefined || dropShipped === undefined)
    throw new Error("the sandbox's catalog has changed");
  let dashboard: TestDashboard;
  let edge: TestEdge;
  let browser: TestBrowser;
  /** Signed in once: sign-in attempts are limited. */
  let staff: BrowserContext;
  let pages: Page[] = [];
  /**
   * What a browser's console told of: script errors, refused resources, violations of the security policy.
   */
  let complaints: string[] = [];

  beforeAll(async () => {
    dashboard = await startTestDashboard();
    ({ edge, browser } = dashboard);
    staff = await browser.newContext({ viewport: DESKTOP, baseURL: edge.url });
    const page = await open(staff, "/");
    await signIn(page, "operations");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  });

  afterEach(async () => {
    await Promise.all(pages.map((page) => page.close()));
    pages = [];
    const told = complaints;
    complaints = [];
    expect(told).toEqual([]);
  });

  afterAll(async () => {
    await dashboard?.stop();
  });

  async function open(context: BrowserContext, path: string): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    pages.push(page);
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      // Whoever is not signed in yet is told so by 401, which Chromium writes to the console by itself.
      const expected =
        message.location().url.endsWith("/v1/sessions/current") || message.text().includes("401");
      if (message.type() === "error" && !expected) complaints.push(message.text());
    });
    await page.goto(path);
    return page;
  }

  /** Sends an order the way a web shop does. @returns its id. */
  async function sendOrder(
    number: string,
    sku: string,
    quantity = 2,
    { name = `Customer ${number}`, email = "shopper@sandbox.example" } = {},
  ): Promise<string> {
    const response = await fetch(`${edge.url}/v1/orders`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${edge.credentials.channelKeys[CHANNEL]}`,
        "content-type": "application/json",
        "idempotency-key": `order-${number}`,
      },
      body: JSON.stringify({
        id: number,
        currency: "USD",
        lines: [{ sku, title: `Item ${sku}`, quantity, unitPrice: "49.50" }],
        shippingPrice: "5.99",
        paymentMethod: "pm_card_visa",
        customer: { name, email },
        shippingAddress: {
          name,
          line1: "1200 Market Street",
          city: "Columbus",
          region: "OH",
          postalCode: "43215",
          country: "US",
        },
      }),
    });
    const result = (await response.json()) as { order: string | null };
    expect(result.order, JSON.stringify(result)).not.toBeNull();
    return result.order ?? "";
  }

  /** Ships, charges and delivers all of an order in the books. @returns the token of its tracking page. */
  async function deliver(orderId: string): Promise<string> {
    return inTransaction(edge.database, async (client) => {
      const order = await lockOrder(client, orderId);
      if (order === undefined) throw new Error(`there is no order ${orderId}`);
      const lines = order.lines.map(({ lineId, ordered }) => ({ lineId, quantity: ordered }));
      await changeOrder(client, order, {
        ledger: adding(lines, "allocated", "shipped", "delivered"),
        paymentStatus: "paid",
      });
      return order.trackingToken;
    });
  }

  async function overflowOf(page: Page): Promise<number> {
    return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  }

  test("a wrong password is told in one line, and the page stays usable", async () => {
    const stranger = await browser.newContext({ viewport: DESKTOP, baseURL: edge.url });
    const page = await open(stranger, "/orders");
    await page.getByLabel("Email").fill(OPERATIONS);
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect.poll(() => page.getByRole("alert").textContent()).toMatch(/password is wrong/);
    expect(await page.getByRole("button", { name: "Sign in" }).isEnabled()).toBe(true);
    await stranger.close();
  });

  test("signing in works with the keyboard alone and leads to the page that was asked for", async () => {
    const stranger = await browser.newContext({ viewport: DESKTOP, baseURL: edge.url });
    const page = await open(stranger, "/stock");
    await page.getByLabel("Email").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.type(OPERATIONS);
    await page.keyboard.press("Tab");
    await page.keyboard.type(STAFF_PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Stock" }).waitFor();
    await stranger.close();
  });

  test("an order that arrives is in the list without a reload", async () => {
    const page = await open(staff, "/orders");
    await page.locator(".sidebar .connection.live").waitFor();
    await page.evaluate(() => document.body.setAttribute("data-not-reloaded", "yes"));
    await sendOrder("live-1", stocked.sku);
    await page.getByRole("link", { name: "live-1" }).waitFor();
    await sendOrder("live-2", stocked.sku);
    await page.getByRole("link", { name: "live-2" }).waitFor();
    expect(await page.getAttribute("body", "data-not-reloaded")).toBe("yes");
    const numbers = await page.locator("tbody .row-link").allTextContents();
    expect(numbers.slice(0, 2)).toEqual(["live-2", "live-1"]);
  });

  test("a page says that it has lost the gateway, and catches up by itself when it is back", async () => {
    const orderId = await sendOrder("away-1", stocked.sku);
    const page = await open(staff, `/orders/${orderId}`);
    await page.locator(".sidebar .connection.live").waitFor();
    await page.locator(".timeline li").first().waitFor();
    await edge.withoutGateway(async () => {
      await page.locator(".sidebar .connection", { hasText: "Reconnecting" }).waitFor();
      await recordEntry(edge.database, {
        orderId,
        key: "while-away",
        type: "payment.authorized",
        summary: "Authorised while nobody listened.",
        cause: "saga:authorize-payment",
      });
    });
    await page.getByText("Authorised while nobody listened.").waitFor();
    await page.locator(".sidebar .connection.live").waitFor();
    // The browser tells the console of each attempt that met nobody.
    complaints = complaints.filter((text) => !/ERR_CONNECTION_REFUSED|WebSocket connection/.test(text));
  });

  test("search and status narrow the list, and the address keeps the filter", async () => {
    await sendOrder("find-me", stocked.sku);
    await sendOrder("not-me", stocked.sku);
    const page = await open(staff, "/orders");
    await page.getByRole("link", { name: "not-me" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("find-me");
    await page.getByRole("link", { name: "not-me" }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "find-me" }).waitFor();
    expect(new URL(page.url()).searchParams.get("q")).toBe("find-me");
    await page.getByRole("button", { name: "Cancelled" }).click();
    await page.getByText("No order matches").waitFor();
  });

  test("an order's page shows its money exactly and its timeline grows by itself", async () => {
    const orderId = await sendOrder("page-1", stocked.sku, 2);
    const page = await open(staff, `/orders/${orderId}`);
    await page.getByRole("heading", { name: "page-1", exact: true }).waitFor();
    await page.getByText("$104.99").first().waitFor();
    await page.locator(".timeline li").first().waitFor();
    const before = await page.locator(".timeline li").count();
    await recordEntry(edge.database, {
      orderId,
      key: "picked:test",
      type: "floor.picked",
      summary: "Two units picked by a robot.",
      cause: "device:robot-7",
    });
    const entry = page.locator(".timeline li", { hasText: "Two units picked by a robot." });
    await entry.waitFor();
    expect(await entry.textContent()).toContain("device:robot-7");
    expect(await page.locator(".timeline li").count()).toBe(before + 1);
    await page.getByRole("button", { name: "Floor" }).click();
    await expect.poll(() => page.locator(".timeline li").count()).toBe(1);
  });

  test("an order held for an unknown SKU goes on once the SKU is mapped on its page", async () => {
    const orderId = await sendOrder("held-1", "SHOP-OWN-NAME");
    const page = await open(staff, `/orders/${orderId}`);
    await page.getByRole("heading", { name: "On hold" }).waitFor();
    await page.getByRole("button", { name: "Map SHOP-OWN-NAME" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Our SKU").fill(stocked.sku);
    await dialog.getByRole("button", { name: "Map", exact: true }).click();
    await page.getByRole("heading", { name: "On hold" }).waitFor({ state: "detached" });
    await expect
      .poll(() => page.locator(".axis", { hasText: "Order" }).first().textContent())
      .toContain("Open");
    await page.locator("td code", { hasText: stocked.sku }).waitFor();
  });

  test("a SKU that is mapped to nothing we have is refused beside the form", async () => {
    const orderId = await sendOrder("held-2", "NOBODY-KNOWS");
    const page = await open(staff, `/orders/${orderId}`);
    await page.getByRole("button", { name: "Map NOBODY-KNOWS" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Our SKU").fill("NEITHER-THIS");
    await dialog.getByRole("button", { name: "Map", exact: true }).click();
    await dialog.getByRole("alert").waitFor();
    complaints = complaints.filter((text) => !/status of 4\d\d/.test(text));
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("heading", { name: "On hold" }).waitFor();
  });

  test("a stock position explains itself, adds up, and shows a receipt with its reason", async () => {
    await edge.projected();
    const page = await open(staff, `/stock?q=${encodeURIComponent(stocked.sku)}`);
    await page.getByRole("link", { name: stocked.name }).first().click();
    await page.getByText("Adds up").waitFor();
    const onHand = async (): Promise<number> =>
      Number(((await page.locator(".equation .term b").first().textContent()) ?? "").replaceAll(",", ""));
    const before = await onHand();
    await page.getByRole("button", { name: "Change" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Units received").fill("7");
    await dialog.getByLabel("Document or reason").fill("purchase order 4711");
    await dialog.getByRole("button", { name: "Receive", exact: true }).last().click();
    await dialog.waitFor({ state: "detached" });
    await page.locator("tr", { hasText: "purchase order 4711" }).waitFor();
    expect(await onHand()).toBe(before + 7);
    await page.getByText("Adds up").waitFor();
  });

  /** A fulfillment order of a supplier, on its packing list. */
  const toPack = async (
    name: string,
    units: number,
    sku = dropShipped.sku,
    shopper: { readonly name?: string; readonly email?: string } = {},
  ): Promise<string> => {
    const orderId = await sendOrder(name, sku, units, shopper);
    const holds = await readUnsourced(edge.database, orderId);
    await edge.allocator.execute(
      holds.map(({ holdId, sku, locationId }) => ({
        type: "allocate",
        commandId: `allocate ${holdId}`,
        atMs: Date.now(),
        cause: orderId,
        holdId,
        sku,
        locationId,
      })),
    );
    const [id = ""] = await inTransaction(edge.database, async (client) => {
      const ids = await createFulfillmentOrders(client, orderId, holds, null, []);
      await releaseToFloor(client, ids, new Date());
      return ids;
    });
    return id;
  };

  const stageOf = async (id: string) => {
    const { rows } = await edge.database.query("select stage from fulfillment_order where id = $1", [id]);
    return rows[0]?.stage;
  };

  test("what a supplier has to ship is on the packing list until a person has packed it", async () => {
    const id = await toPack("drop-1", 1);
    const page = await open(staff, "/packing");
    const card = page.locator(".work-card", { hasText: id });
    await card.getByText(dropShipped.sku).waitFor();
    await card.getByRole("button", { name: "Picked and packed" }).click();
    await card.waitFor({ state: "detached" });
    expect(await stageOf(id)).toBe("packed");
  });

  test("a packer reads what changed of an order before it is packed, whenever the page hears of it", async () => {
    const id = await toPack("drop-changed", 3);
    const orderId = id.replace(/-F\d+$/, "");
    const revise = async (key: string, edit: object): Promise<void> => {
      const changed = await fetch(`${edge.url}/v1/orders/${orderId}/changes`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${edge.credentials.channelKeys[CHANNEL]}`,
          "content-type": "application/json",
          "idempotency-key": key,
        },
        body: JSON.stringify({ edits: [edit] }),
      });
      expect(changed.status, await changed.text()).toBe(200);
    };
    const page = await open(staff, "/packing");
    const card = page.locator(".work-card", { hasText: id });
    const pack = card.getByRole("button", { name: "Picked and packed" });
    await pack.waitFor();
    // The page is about to hear of it: what it sends meanwhile is refused.
    await page.route("**/v1/fulfillment-orders?*", (route) => route.abort());
    await revise("changed-1", { kind: "note", note: "Ring twice" });
    await pack.click();
    await page.getByText("is not packed: its order has changed").waitFor();
    await page.unroute("**/v1/fulfillment-orders?*");
    await card.getByText("the note is: Ring twice").waitFor();
    expect(await pack.count()).toBe(0);
    await card.getByRole("button", { name: "I have read it" }).click();
    // The page hears of the next one by itself.
    await revise("changed-2", { kind: "note", note: "Leave it at the door" });
    await card.getByText("the note is: Leave it at the door").waitFor();
    expect(await stageOf(id)).toBe("waiting");
    await card.getByRole("button", { name: "I have read it" }).click();
    await pack.click();
    await card.waitFor({ state: "detached" });
    expect(await stageOf(id)).toBe("packed");
    complaints = complaints.filter((text) => !/status of 409|ERR_FAILED/.test(text));
  });

  test("goods without tags are checked as their product says before they are packed", async () => {
    const page = await open(staff, "/catalog");
    await page.getByLabel("Search products").fill(dropShipped.sku);
    const row = page.locator("tr", { hasText: dropShipped.sku });
    await row.getByRole("checkbox", { name: /^Tagged/ }).click();
    await row.getByLabel(`Units of ${dropShipped.name} are`).selectOption("scan");
    const set = "select tagged, packing_check from product where sku = $1";
    await expect
      .poll(async () => (await edge.database.query(set, [dropShipped.sku])).rows)
      .toEqual([{ tagged: false, packing_check: "scan" }]);

    const id = await toPack("checked", 2);
    await page.goto("/packing");
    const card = page.locator(".work-card", { hasText: id });
    await card.getByRole("button", { name: "Check and pack" }).click();
    const dialog = page.getByRole("dialog");
    const scans = dialog.getByLabel(`Scan each unit of ${dropShipped.sku}`);
    await scans.fill(dropShipped.gtin);
    await dialog.getByRole("button", { name: "Packed" }).click();
    await dialog.getByText(`missing 1 × ${dropShipped.sku}`).waitFor();
    await scans.fill(`${dropShipped.gtin}\n${dropShipped.gtin}`);
    await dialog.getByRole("button", { name: "Packed" }).click();
    await card.waitFor({ state: "detached" });
    expect(await stageOf(id)).toBe("packed");
    await edge.database.query("update product set tagged = true, packing_check = null");
    complaints = complaints.filter((text) => !/status of 409/.test(text));
  });

  test("units that a robot took for a cancelled order are on the packing page until somebody settles them", async () => {
    const context = {
      database: edge.database,
      allocator: edge.allocator,
      parcelLimit: () => null,
      now: Date.now,
    };
    const { sku } = stocked;
    const cancelled: string[] = [];
    for (const name of ["adrift-1", "adrift-2"]) {
      const id = await toPack(name, 2, sku);
      const { rows } = await edge.database.query<{ robot: string }>(
        `insert into device (id, location_id, kind, protocol, name)
         select 'robot-' || $1, location_id, 'robot', 'vda5050-2.1', 'Robot ' || $1
         from fulfillment_order where id = $2 returning id as robot`,
        [name, id],
      );
      const deviceId = rows[0]?.robot ?? "";
      await edge.database.query(
        `insert into floor_task (id, kind, fulfillment_order_id, location_id, status, device_id)
         select f.id || ':pick:1', 'pick', f.id, f.location_id, 'assigned', $2 from fulfillment_order f
         where f.id = $1 on conflict (id) do update set status = 'assigned', device_id = $2`,
        [id, deviceId],
      );
      const units = [{ line: 0, quantity: null, serials: [] }];
      await reportLoad(context, { taskId: `${id}:pick:1`, attempt: 1, deviceId, units, isSetDown: false });
      await cancelFulfillmentOrders(edge.database, id.replace(/-F\d+$/, ""));
      cancelled.push(id);
    }
    await edge.database.query(
      "update fulfillment_order set updated_at = now() - interval '1 minute' where id = any($1)",
      [cancelled],
    );
    await tellOfLoads(context);
    const page = await open(staff, "/packing");
    const load = (id: string) => page.getByRole("listitem").filter({ hasText: id });
    const [one = "", other = ""] = cancelled;
    await load(one).getByText(`${sku} on Robot adrift-1`).waitFor();
    await load(one).getByRole("button", { name: "Put back" }).click();
    await load(one).waitFor({ state: "detached" });
    await load(other).getByRole("button", { name: "Write off" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Write off" }).click();
    await load(other).waitFor({ state: "detached" });
    const { rows } = await edge.database.query(
      "select status, ended_by from robot_load where fulfillment_order_id = any($1) order by fulfillment_order_id",
      [cancelled],
    );
    const by = expect.stringMatching(/^staff:/);
    expect(rows).toEqual([
      { status: "put_back", ended_by: by },
      { status: "written_off", ended_by: by },
    ]);
  });

  test("a packer sees which orders go into a parcel, how far each is, and what to scan", async () => {
    const shopper = { name: "Customer Two", email: "two@sandbox.example" };
    const one = await toPack("drop-a", 1, dropShipped.sku, shopper);
    const other = await toPack("drop-b", 1, dropShipped.sku, shopper);
    await edge.database.query(
      "update orders set external_number = upper(external_number) where id like '%drop-_'",
    );
    const context = {
      database: edge.database,
      allocator: edge.allocator,
      parcelLimit: () => null,
      now: Date.now,
    };
    const combined = await combineOrders(context, {
      fulfillmentOrders: [one, other],
      by: "staff:1",
      key: "table",
    });
    expect(combined).toMatchObject({ status: "done" });
    const page = await open(staff, "/packing");
    const card = (id: string) => page.locator(".work-card", { has: page.getByRole("link", { name: id }) });
    const parcel = page.getByRole("region", { name: `Parcel of ${other}` });
    await parcel.getByText("One parcel for 2 orders, 2 still to be packed").waitFor();
    expect(await parcel.getByRole("link").allTextContents()).toEqual(["DROP-A", "DROP-B"]);
    const { rows } = await edge.database.query<{ plate: string }>(
      "select handling_unit as plate from fulfillment_order where id = any($1) order by id",
      [[one, other]],
    );
    for (const { plate } of rows) await parcel.getByText(`scan (00) ${plate}`).waitFor();
    await card(one).getByRole("button", { name: "Picked and packed" }).click();
    await card(one).waitFor({ state: "detached" });
    await parcel.getByText("2 orders, 1 still to be packed. Its label comes with DROP-A").waitFor();
  });

  test("a packer says what is missing; what the store keeps is handed over against its code", async () => {
    const id = await toPack("drop-short", 2);
    const page = await open(staff, "/packing");
    const card = page.locator(".work-card", { hasText: id });
    await card.getByRole("button", { name: "Something is missing" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(dropShipped.sku).fill("1");
    await dialog.getByLabel("Why are some missing?").selectOption("damaged");
    await dialog.getByRole("button", { name: "Pack what was found" }).click();
    await card.waitFor({ state: "detached" });
    const { rows } = await edge.database.query(
      "select quantity, reason from shortage where fulfillment_order_id = $1",
      [id],
    );
    expect(rows).toEqual([{ quantity: 1, reason: "damaged" }]);

    await beginCollection(edge.database, id);
    const code = await issueCollectionCode(edge.database, id);
    await card.getByRole("button", { name: "Hand over" }).click();
    await dialog.getByLabel("Code").fill("wrong1");
    await dialog.getByRole("button", { name: "Collected" }).click();
    await dialog.getByText("no code of").waitFor();
    await dialog.getByLabel("Code").fill(code.toLowerCase());
    await dialog.getByRole("button", { name: "Collected" }).click();
    await card.waitFor({ state: "detached" });
    expect(await stageOf(id)).toBe("shipped");
    // The browser tells the console of the wrong code.
    complaints = complaints.filter((text) => !/status of 403/.test(text));
  });

  test("a shopper returns on the phone; the dock scans it in and inspects it", async () => {
    const orderId = await sendOrder("return-1", stocked.sku, 2);
    const token = await deliver(orderId);
    const phone = await browser.newContext({ viewport: PHONE, baseURL: edge.url });
    const shopper = await open(phone, `/track/${token}`);
    await shopper.getByRole("heading", { name: "Your order has arrived" }).waitFor();
    await shopper.getByRole("button", { name: "Return something" }).click();
    for (let unit = 0; unit < 2; unit += 1) await shopper.getByRole("button", { name: /more$/ }).click();
    await shopper.getByLabel("Why?").selectOption("too_small");
    await shopper.getByLabel("How would you like your money?").selectOption("store_credit");
    await shopper.getByLabel(/Anything we should know/).fill("One size larger would do.");
    expect(await overflowOf(shopper)).toBe(0);
    await shopper.getByRole("button", { name: "Request the return" }).click();
    await shopper.getByText("We have your request").waitFor();
    await shopper.getByText("What you send back becomes store credit.").waitFor();

    const { rows } = await edge.database.query<{ id: string }>(
      "select id from return_authorization where order_id = $1",
      [orderId],
    );
    const returnId = rows[0]?.id ?? "";
    await setDecision(edge.database, returnId, {
      status: "requested",
      detail: "It is worth much.",
      waitsForPerson: true,
    });

    const page = await open(staff, "/returns?status=waiting");
    await page.getByLabel("Search returns, customers, orders, items").fill(stocked.sku);
    await page.getByRole("link", { name: returnId }).waitFor();
    const scanner = page.getByLabel("Scan a label or an item");
    await scanner.fill("NOBODY-KNOWS-THIS");
    await page.keyboard.press("Enter");
    await page.getByText("Nobody knows NOBODY-KNOWS-THIS").waitFor();
    await scanner.fill(returnId.toLowerCase());
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: returnId }).waitFor();
    await page.getByText("One size larger would do.").waitFor();
    await page.getByText("It is worth much.").first().waitFor();
    await page.getByText("store credit after inspection").waitFor();
    expect(await page.getByLabel("Pays out").inputValue()).toBe("store_credit");
    await page.getByRole("button", { name: "Approve" }).click();

    await page.getByLabel(/Scan items/).waitFor();
    await page.keyboard.type("WRONG-ITEM\n");
    await page.getByText("does not belong to this return").waitFor();
    await page.getByRole("button", { name: "Put it aside" }).click();
    await page.getByRole("heading", { name: "Put aside" }).waitFor();
    await page.getByLabel(/Scan items/).focus();
    await page.keyboard.type(`${stocked.sku}\n`);
    await page.getByRole("button", { name: "Receive 1 unit" }).waitFor();
    await page.getByRole("button", { name: /less$/ }).click();
    await page.getByLabel(/Scan items/).focus();
    await page.keyboard.type(`${returnId}\n`);
    await page.getByRole("button", { name: "Receive 2 units" }).click();

    await page.getByRole("button", { name: /Like new: back to stock more$/ }).click();
    await page.getByRole("button", { name: /Write off more$/ }).click();
    await page.getByRole("button", { name: "Finish inspection of 2 units" }).click();
    await page.getByText("Inspected. The refund").waitFor();
    const pieces = await edge.database.query(
      `select p.quantity, p.disposition from return_piece p join return_inspection i on i.id = p.inspection_id
       where i.return_id = $1 order by p.id`,
      [returnId],
    );
    expect(pieces.rows).toEqual([
      { quantity: 1, disposition: "restocked" },
      { quantity: 1, disposition: "write_off" },
    ]);

    await page.getByRole("button", { name: "Reopen" }).click();
    await page.getByLabel("What was wrong?").fill("Both are fine.");
    await page.getByRole("dialog").getByRole("button", { name: "Reopen" }).click();
    await page.getByRole("button", { name: /^All that are left of .*Like new/ }).click();
    await page.getByLabel("Pays out").selectOption("original");
    await page.getByRole("button", { name: "Finish inspection of 2 units" }).waitFor();
    await page.setViewportSize(PHONE);
    expect(await overflowOf(page)).toBe(0);
    await page.getByRole("button", { name: "Finish inspection of 2 units" }).click();
    await page.getByText("after inspection, for what was received", { exact: true }).waitFor();
    await phone.close();
  });

  test("staff give money back on the order's page, and finance confirms what a channel has paid back", async () => {
    const orderId = await sendOrder("after-sale-1", stocked.sku);
    await deliver(orderId);
    await edge.database.query(
      `insert into payment (order_id, provider, reference, currency, authorized_minor, captured_minor, status)
       values ($1, 'stripe', 'pi_1', 'USD', 10499, 10499, 'paid')`,
      [orderId],
    );
    const page = await open(staff, `/orders/${orderId}`);
    await page.getByRole("button", { name: "Give money back" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Goodwill" }).click();
    await dialog.getByLabel("Amount in USD").fill("500");
    await dialog.getByRole("button", { name: "Give it back" }).click();
    await dialog
      .getByRole("alert")
      .getByText(/are left|are too much/)
      .waitFor();
    complaints = complaints.filter((text) => !/status of 40[39]/.test(text));
    await dialog.getByLabel("Amount in USD").fill("5.00");
    await dialog.getByRole("button", { name: "Give it back" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByText("Goodwill $5.00", { exact: false }).first().waitFor();

    await edge.database.query(
      `update refund set status = 'due_at_channel', channel_minor = 500 where order_id = $1`,
      [orderId],
    );
    const finance = await open(staff, "/finance");
    await finance.getByRole("link", { name: "after-sale-1" }).waitFor();
    await finance.getByRole("button", { name: "Confirm" }).click();
    await finance.getByLabel("The channel's id of its refund").fill("re_4711");
    await finance.getByRole("dialog").getByRole("button", { name: "Confirm" }).click();
    await finance.getByText("Nothing to do here").waitFor();
    const csv = await finance.request.get("/v1/refunds/export.csv?status=confirmed_by_channel");
    expect(await csv.text()).toContain("after-sale-1");
  });

  test("a tracking address that nobody was given shows no order", async () => {
    const phone = await browser.newContext({ viewport: PHONE, baseURL: edge.url });
    const page = await open(phone, "/track/AAAAAAAAAAAAAAAAAAAAAA");
    await page.getByText("We cannot find this order").waitFor();
    complaints = complaints.filter((text) => !/status of 404/.test(text));
    await phone.close();
  });

  test("no page scrolls sideways on a phone", async () => {
    const orderId = await sendOrder("phone-1", stocked.sku);
    await edge.projected();
    const token = await deliver(await sendOrder("phone-2", stocked.sku));
    const paths = [
      ["/", "Overview"],
      ["/orders", "Orders"],
      [`/orders/${orderId}`, "phone-1"],
      ["/stock", "Stock"],
      [`/stock/${stocked.sku}/fc-reno`, stocked.name],
      ["/packing", "Packing"],
      ["/returns", "Returns"],
      ["/finance", "Finance"],
      ["/devices", "Devices"],
      ["/catalog", "Catalog"],
      [`/track/${token}`, "Your order has arrived"],
    ] as const;
    const phone = await browser.newContext({
      viewport: PHONE,
      baseURL: edge.url,
      colorScheme: "dark",
      storageState: await staff.storageState(),
    });
    for (const [path, heading] of paths) {
      const page = await open(phone, path);
      await page.getByRole("heading", { name: heading, exact: true }).waitFor();
      await expect.poll(() => page.locator("[aria-busy=true]").count()).toBe(0);
      expect(await overflowOf(page), path).toBe(0);
      await page.close();
    }
    await phone.close();
  });

  test("a page can be reached and left with the keyboard alone, and each stop is to be seen", async () => {
    await sendOrder("keys-1", stocked.sku);
    const page = await open(staff, "/orders");
    await page.getByRole("link", { name: "keys-1" }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to content");
    for (let stop = 0; stop < 12; stop += 1) {
      await page.keyboard.press("Tab");
      const shadow = await page.evaluate(
        () => getComputedStyle(document.activeElement ?? document.body).boxShadow,
      );
      expect(shadow).not.toBe("none");
    }
    await page.getByRole("link", { name: "keys-1" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "keys-1" }).waitFor();
    await page.getByRole("button", { name: "Cancel order" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await expect
      .poll(() => page.evaluate(() => document.activeElement?.textContent), { timeout: 5_000 })
      .toBe("Cancel order");
  });
});
