/** What members of staff with few rights are offered, in a real browser against the real gateway. */

import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import { requestReturn } from "../operations/returns/request-return.ts";
import { adding } from "../orders/line-ledger.ts";
import { createFulfillmentOrders, readUnsourced } from "../store/floor/fulfillment.ts";
import { changeOrder, lockOrder } from "../store/orders/order-progress.ts";
import { setDecision } from "../store/returns/returns.ts";
import { inTransaction } from "../store/sql/database.ts";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, signIn, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";
import type { TestEdge } from "../test-support/edge.ts";
import { postOrder, sentOrder } from "../test-support/orders/sent-order.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("a role of few rights", () => {
  const [product] = sandboxCatalog().filter(({ source }) => source === "fulfillment_centers");
  let dashboard: TestDashboard;
  let edge: TestEdge;
  let store: Page;
  let operations: Page;
  let complaints: string[] = [];

  beforeAll(async () => {
    dashboard = await startTestDashboard();
    edge = dashboard.edge;
    store = await signedIn("store");
    operations = await signedIn("operations");
  });

  afterEach(() => {
    const told = complaints;
    complaints = [];
    expect(told).toEqual([]);
  });

  afterAll(async () => {
    await dashboard?.stop();
  });

  async function signedIn(role: string): Promise<Page> {
    const context = await dashboard.browser.newContext({ viewport: DESKTOP, baseURL: edge.url });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto("/");
    await signIn(page, role);
    await page.locator(".who").waitFor();
    return page;
  }

  const order = (number: string): Promise<string> =>
    postOrder(
      edge,
      sentOrder(number, {
        lines: [{ sku: product?.sku, title: "Bag", quantity: 2, unitPrice: "29.00" }],
        paymentMethod: "pm_card_visa",
      }),
    );

  /** What can be pressed on the page, apart from the frame around it and what only filters. */
  async function offered(page: Page): Promise<readonly string[]> {
    const names = await page.locator("main button:not(.chip)").allTextContents();
    return [...new Set(names.map((name) => name.trim()))];
  }

  test("is offered nothing on an order that it may not do, and says so of a hold", async () => {
    const orderId = await order("FEW-1");
    await inTransaction(edge.database, async (client) =>
      createFulfillmentOrders(client, orderId, await readUnsourced(client, orderId), null, []),
    );
    for (const page of [operations, store]) {
      await page.goto(`/orders/${orderId}`);
      await page.getByRole("heading", { name: "Fulfillment" }).waitFor();
    }
    expect(await offered(operations)).toEqual(
      expect.arrayContaining([
        "Edit",
        "Put on hold",
        "Cancel order",
        "Change",
        "Add a line",
        "Split",
        "Move",
      ]),
    );
    expect(await offered(store)).toEqual(["Print"]);
    await operations.getByRole("button", { name: "Put on hold" }).click();
    await operations.getByLabel("Reason").fill("Ask the customer.");
    await operations.getByRole("dialog").getByRole("button", { name: "Put on hold" }).click();
    await store.getByText("Your role sees this and does not release the order.").waitFor();
    expect(await offered(store)).toEqual(["Print"]);
  });

  test("sees what may be sent in a product's place, and does not change it", async () => {
    for (const page of [operations, store]) {
      await page.goto("/catalog");
      await page.getByRole("columnheader", { name: "Substitutes" }).waitFor();
    }
    const changes = (page: Page) => page.getByRole("button", { name: /^Change the substitutes of/ });
    expect(await changes(operations).count()).toBeGreaterThan(0);
    expect(await changes(store).count()).toBe(0);
  });

  test("takes returns in, and neither decides nor inspects", async () => {
    const orderId = await order("FEW-2");
    await inTransaction(edge.database, async (client) => {
      const locked = (await lockOrder(client, orderId)) ?? expect.fail("there is no order");
      const lines = [{ lineId: "1", quantity: 2 }];
      await changeOrder(client, locked, {
        ledger: adding(lines, "allocated", "shipped", "delivered"),
        paymentStatus: "paid",
      });
    });
    const announced = await requestReturn(
      { database: edge.database, allocator: edge.allocator, parcelLimit: () => null, now: Date.now },
      { orderId, lines: [{ lineId: "1", quantity: 2 }], reason: "too_small", by: "shopper" },
    );
    if (announced.status !== "done") throw new Error(announced.detail);
    const { returnId } = announced;
    const waiting = { status: "requested", detail: "It is worth much.", waitsForPerson: true } as const;
    await setDecision(edge.database, returnId, waiting);
    for (const page of [store, operations]) await page.goto(`/returns/${returnId}`);
    await store.getByText("Your role sees this and does not decide about returns.").waitFor();
    expect(await offered(store)).toEqual([]);
    await operations.getByRole("button", { name: "Approve" }).click();
    await store.reload();
    await store.getByRole("button", { name: /^Receive/ }).waitFor();
    await store.goto(`/orders/${orderId}`);
    await store.getByRole("heading", { name: "Returns" }).waitFor();
    expect(await offered(store)).toEqual(["Print"]);
  });

  test("that is bound to one place sees what is there, on every page that it is offered", async () => {
    const elsewhere = await order("FEW-3");
    const { rows } = await edge.database.query<{ id: string }>(
      "select id from location where kind = 'store' and active order by id limit 1",
    );
    const place = rows[0]?.id ?? expect.fail("there is no store");
    const made = await fetch(`${edge.url}/v1/roles`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${edge.credentials.apiKey}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({
        id: "clerk",
        name: "Clerk",
        permissions: ["orders.read", "stock.read", "fulfillment.read", "overview.read", "catalog.read"],
        locations: [place],
      }),
    });
    expect(made.status).toBe(201);
    await edge.database.query(
      `insert into staff (id, company_id, email, name, password_hash, role)
       select 'clerk', company_id, 'clerk@sandbox.example', 'Cleo Clerk', password_hash, 'clerk'
         from staff where role = 'store' limit 1`,
    );
    const clerk = await signedIn("clerk");
    const refused: string[] = [];
    clerk.on("response", (answer) => {
      if (answer.status() === 403) refused.push(new URL(answer.url()).pathname);
    });
    for (const [path, heading] of [
      ["/orders", "Orders"],
      ["/stock", "Stock"],
      ["/packing", "Packing"],
      ["/catalog", "Catalog"],
    ] as const) {
      await clerk.goto(path);
      await clerk.getByRole("heading", { name: heading, level: 1 }).waitFor();
    }
    await clerk.goto("/stock");
    await clerk.getByRole("row").nth(1).waitFor();
    const places = await clerk.locator("tbody tr td:nth-child(2)").allTextContents();
    const { rows: names } = await edge.database.query<{ name: string }>(
      "select name from location where id = $1",
      [place],
    );
    expect(new Set(places)).toEqual(new Set([names[0]?.name]));
    expect(refused).toEqual([]);
    await clerk.goto(`/orders/${elsewhere}`);
    await clerk.getByText(`Your role is bound to the places ${place}.`).first().waitFor();
  });
});
