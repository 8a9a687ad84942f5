/** The page of webhooks in a real browser, with a receiver that takes real deliveries. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { createWebhookSender } from "../integrations/webhooks/webhook-sender.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import { findChromium, launchChromium, type TestBrowser } from "../test-support/browser.ts";
import { PHONE, STAFF_PASSWORD, signIn } from "../test-support/dashboard.ts";
import { startTestEdge, type TestEdge } from "../test-support/edge.ts";
import { postOrder, sentOrder } from "../test-support/orders/sent-order.ts";

const chromium = findChromium();

describe.skipIf(chromium === undefined)("the page of webhooks", () => {
  let receiver: Server;
  let address = "";
  let edge: TestEdge;
  let browser: TestBrowser;
  let page: Page | null = null;
  const complaints: string[] = [];

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      request.resume();
      request.on("end", () => response.end());
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/holdfast`;
    edge = await startTestEdge({
      dashboardFolder: inject("dashboardFolder"),
      staffPassword: STAFF_PASSWORD,
      outside: async () => ({
        carriers: new VendorRoster("carriers", []),
        payments: new VendorRoster("payments", []),
        webhookSender: createWebhookSender({ allowedNetworks: ["127.0.0.0/8"] }),
      }),
    });
    browser = await launchChromium(chromium ?? "");
  });
  afterEach(async () => {
    await page?.context().close();
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await edge?.stop();
    receiver?.closeAllConnections();
    receiver?.close();
  });

  async function signedIn(role: string): Promise<Page> {
    const context = await browser.newContext({ viewport: PHONE, baseURL: edge.url });
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto("/settings?view=webhooks");
    await signIn(page, role);
    return page;
  }

  test("a webhook is added, shows its secret once, is tried, and sends once more what was put aside", async () => {
    const shown = await signedIn("admin");
    await shown.getByRole("button", { name: "Add a webhook" }).click();
    const dialog = shown.getByRole("dialog");
    await dialog.getByLabel(/^Id/).fill("erp");
    await dialog.getByLabel(/^Address/).fill("https://10.0.0.1/holdfast");
    await dialog.getByRole("button", { name: "Add the webhook" }).click();
    await dialog.getByText("10.0.0.1 is not a public address.").waitFor();
    await dialog.getByLabel(/^Address/).fill(address);
    await dialog.getByLabel(/^Told of/).fill("order.captured");
    await dialog.getByLabel(/^Order of messages/).selectOption("key");
    await dialog.getByRole("button", { name: "Add the webhook" }).click();
    await dialog.getByText(/^whsec_/).waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await shown.getByRole("button", { name: "Send a test message" }).click();
    await shown.getByText("It was taken with 200.").waitFor();

    const lines = [{ sku: "NOBODY-KNOWS", title: "Bag", quantity: 1, unitPrice: "29.00" }];
    const order = await postOrder(edge, sentOrder("HOOK", { lines }));
    await edge.database.query(
      `insert into webhook_delivery (subscription_id, message_id, order_id, event_key, event_type, state, attempts, problem, subject, tries)
       select 'erp', 'msg_aside', order_id, key, type, 'dead', 14, 'It answered 503.', order_id,
              '[{"at":"2026-11-30T09:00:00Z","status":503,"ms":41,"answer":"no room","problem":"It answered 503."}]'
         from order_event
        where order_id = $1 and type = 'order.captured'`,
      [order],
    );
    await shown.getByRole("group").getByRole("button", { name: "Put aside", exact: true }).click();
    await shown.getByText("It answered 503.").waitFor();
    await shown.getByText("One try of msg_aside").click();
    await shown.getByText("no room").waitFor();
    await shown.getByRole("button", { name: "Send again msg_aside" }).click();
    await shown.getByText("It is sent once more.").waitFor();
    const { rows } = await edge.database.query(
      "select state from webhook_delivery where message_id = 'msg_aside'",
    );
    expect(rows).toEqual([{ state: "again" }]);

    await shown.getByRole("button", { name: "Tell a range again" }).click();
    await dialog.getByLabel(/^From/).fill("2026-11-29T08:00:00");
    await dialog.getByLabel(/^To/).fill("2026-11-29T07:00:00");
    await shown.getByRole("button", { name: "Tell it again" }).click();
    await shown.getByText("before it begins").waitFor();
    await dialog.getByLabel(/^To/).fill("2026-11-29T12:00:00");
    await shown.getByRole("button", { name: "Tell it again" }).click();
    await shown.getByRole("button", { name: /^End replay/ }).click();
    await shown.getByText("It is ended.").waitFor();

    await edge.database.query(
      "update webhook_subscription set paused_at = now(), pause_reason = 'failing', failing_since = now() where id = 'erp'",
    );
    await shown.reload();
    await shown.getByText("It has taken nothing for three days.").waitFor();
    await shown.getByRole("button", { name: "End the pause" }).click();
    await shown.getByText("It is told again.").waitFor();
    expect(await shown.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0);
    await shown.getByRole("button", { name: "Remove" }).click();
    await shown.getByText("Nobody is told yet").waitFor();
  });

  test("who may not see whom others are told of does not see the page", async () => {
    const shown = await signedIn("operations");
    await shown.getByRole("heading", { name: "Settings" }).waitFor();
    expect(await shown.getByRole("button", { name: "Webhooks", exact: true }).count()).toBe(0);
  });
});
