/**
 * A shopper pays on the page of their order, in a real browser: real gateway, PostgreSQL, engine and sagas;
 * the payment provider, its card field and the mailbox are the simulators, on sockets of their own.
 */
import type { Frame, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { sandboxCatalog } from "../cli/sandbox/catalog.ts";
import { findChromium, launchChromium, type TestBrowser } from "../test-support/browser.ts";
import { DESKTOP, PHONE, STAFF_PASSWORD, signIn } from "../test-support/dashboard.ts";
import { postOrder, sentOrder } from "../test-support/orders/sent-order.ts";
import { eventually } from "../test-support/saga-world.ts";
import { type PaidEdge, startPaidEdge } from "../test-support/servers/paid-edge.ts";

const chromium = findChromium();
const GOOD = "4242424242424242";
const NO_FUNDS = "4000000000009995";
const TO_CONFIRM = "4000002500003155";

describe.skipIf(chromium === undefined)("a shopper whose order waits for a payment", () => {
  const product = sandboxCatalog().find(({ source }) => source === "fulfillment_centers");
  let world: PaidEdge;
  let browser: TestBrowser;
  let complaints: string[] = [];
  /** Addresses that the page has asked, and what it has sent there. */
  let asked: { readonly url: string; readonly body: string; readonly frame: string }[] = [];

  beforeAll(async () => {
    world = await startPaidEdge({
      dashboardFolder: inject("dashboardFolder"),
      staffPassword: STAFF_PASSWORD,
    });
    browser = await launchChromium(chromium ?? "");
  });
  afterAll(async () => {
    await browser?.close();
    await world?.stop();
  });
  afterEach(() => {
    const told = complaints;
    complaints = [];
    asked = [];
    expect(told).toEqual([]);
  });

  let placed = 0;

  /** An order of 46.95 that names no means of payment, unless `change` does. */
  async function placeOrder(change: Readonly<Record<string, unknown>> = {}) {
    placed += 1;
    const email = `pay-${placed}@example.com`;
    const orderId = await postOrder(
      world.edge,
      sentOrder(`PAY-${placed}`, {
        lines: [{ sku: product?.sku, title: "Bag", quantity: 2, unitPrice: "20.00" }],
        shippingPrice: "6.95",
        paymentBy: "merchant",
        customer: { name: "Ada Example", email },
        ...change,
      }),
    );
    return { orderId, email };
  }

  async function open(orderId: string, viewport = DESKTOP): Promise<Page> {
    const context = await browser.newContext({ viewport });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      // A card that the provider refuses is answered with 402, which Chromium writes down by itself.
      if (message.type() === "error" && !message.text().includes("402")) complaints.push(message.text());
    });
    page.on("request", (request) =>
      asked.push({
        url: request.url(),
        body: request.postData() ?? "",
        frame: request.frame().url(),
      }),
    );
    await page.goto(await world.shopperPage(orderId));
    return page;
  }

  async function cardFrame(page: Page): Promise<Frame> {
    return eventually("the card field", async () =>
      page.frames().find((frame) => frame.url().startsWith(world.simulatorsUrl)),
    );
  }

  async function writeCard(page: Page, number: string): Promise<void> {
    const frame = await cardFrame(page);
    await frame.getByLabel("Card number").fill(number);
    await frame.getByLabel("Expiry date").fill("1234");
    await frame.getByLabel("Security code").fill("123");
  }

  const pay = (page: Page) => page.getByRole("button", { name: "Pay $46.95" });

  test("pays, and the order goes on to the door", async () => {
    const { orderId, email } = await placeOrder();
    await eventually("the mail", async () => (await world.mails(email)).length === 1);
    expect(await world.mails(email)).toEqual([`Your order waits for your payment: order PAY-${placed}`]);

    const page = await open(orderId);
    await page.getByRole("heading", { name: "One thing is missing: your payment" }).waitFor();
    await page.getByRole("heading", { name: "Pay $46.95" }).waitFor();
    expect(await pay(page).isDisabled()).toBe(true);
    await writeCard(page, GOOD);
    // Twice, as impatient people do.
    await pay(page).dblclick();
    await page.getByText("Your payment of $46.95 is confirmed").waitFor();
    const charged = await world.charges(orderId);
    expect(charged).toMatchObject({ authorizations: 1, live: 1, authorized: 4_695, captured: 0 });

    await world.seen(orderId, "on the floor", (view) =>
      view.fulfillmentOrders.some(({ status }) => status === "in_progress"),
    );
    await world.pack(orderId);
    await page.getByRole("heading", { name: "Your order is on its way" }).waitFor({ timeout: 30_000 });
    await eventually("captured", async () => (await world.charges(orderId))?.["captured"] === 4_695);

    // The card was given to the provider alone, from its own frame.
    const withCard = asked.filter(({ body }) => body.includes(GOOD));
    expect(withCard.map(({ url }) => url)).toEqual([`${world.simulatorsUrl}/v1/payment_methods`]);
    expect(withCard.every(({ frame }) => frame.startsWith(world.simulatorsUrl))).toBe(true);
    const { rows } = await world.edge.database.query<{ found: number }>(
      `select count(*)::int as found from orders o where o.id = $1 and o::text like '%' || $2 || '%'`,
      [orderId, GOOD],
    );
    expect(rows[0]?.found).toBe(0);
    await page.context().close();
  });

  test("is told of a decline in plain words, and pays with another card, on a phone", async () => {
    const { orderId, email } = await placeOrder({ paymentMethod: "pm_card_chargeDeclinedExpiredCard" });
    await world.seen(orderId, "declined", (view) => view.summary.status === "on_hold");
    const page = await open(orderId, PHONE);
    await page.getByRole("heading", { name: "Your payment did not go through" }).waitFor();
    await page.getByText("This card has expired. Please use another one.").waitFor();
    await writeCard(page, NO_FUNDS);
    await pay(page).click();
    await page.getByText("There is not enough money on this card.").waitFor();
    await writeCard(page, GOOD);
    await pay(page).click();
    await page.getByText("Your payment of $46.95 is confirmed").waitFor();
    expect(await world.charges(orderId)).toMatchObject({ declines: 2, authorizations: 1, live: 1 });
    await eventually("the mails", async () => (await world.mails(email)).length >= 3);
    const subjects = await world.mails(email);
    expect(subjects[0]).toBe(`Your payment did not go through: order PAY-${placed}`);
    expect(subjects).toContain(`Your order is confirmed: order PAY-${placed}`);
    // Nothing is wider than the phone.
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(PHONE.width);
    await page.context().close();
  });

  /** The bank's page, over the shop's. */
  const bank = (page: Page) => page.frameLocator('iframe[title="Secure bank authentication"]');

  test("confirms a payment to the bank where the bank asks, and the order goes on", async () => {
    const { orderId } = await placeOrder();
    const page = await open(orderId, PHONE);
    await writeCard(page, TO_CONFIRM);
    await pay(page).click();
    // Who has just given a card is asked at once.
    await bank(page).getByRole("button", { name: "Complete" }).click();
    await page.getByText("Your payment of $46.95 is confirmed").waitFor();
    expect(await world.charges(orderId)).toMatchObject({ authorizations: 1, live: 1, declines: 0 });
    await world.seen(orderId, "on the floor", (view) =>
      view.fulfillmentOrders.some(({ status }) => status === "in_progress"),
    );
    await page.context().close();
  });

  test("is asked by mail to confirm it, may fail to, and pays with another card", async () => {
    const { orderId, email } = await placeOrder({ paymentMethod: "pm_card_authenticationRequired" });
    const view = await world.seen(orderId, "waiting", ({ summary }) => summary.status === "on_hold");
    expect(view.summary.holdReasons).toMatchObject([{ code: "payment_unconfirmed" }]);
    await eventually("the mail", async () => (await world.mails(email)).length === 1);
    expect(await world.mails(email)).toEqual([`Please confirm your payment: order PAY-${placed}`]);
    const page = await open(orderId);
    await page.getByRole("heading", { name: "One thing is missing: your confirmation" }).waitFor();
    await page.getByRole("button", { name: "Confirm with your bank" }).click();
    await bank(page).getByRole("button", { name: "Fail" }).click();
    await page.getByText("Your bank could not tell that it was you.").waitFor();
    await page.getByRole("heading", { name: "Your payment did not go through" }).waitFor();
    const after = await world.view(orderId);
    expect(after.summary.holdReasons).toMatchObject([{ code: "payment_failed" }]);
    await writeCard(page, GOOD);
    await pay(page).click();
    await page.getByText("Your payment of $46.95 is confirmed").waitFor();
    expect(await world.charges(orderId)).toMatchObject({ declines: 1, authorizations: 1, live: 1 });
    await page.context().close();
  });

  test("sees at once what is wrong with a card, and nothing is sent", async () => {
    const { orderId } = await placeOrder();
    const page = await open(orderId);
    await writeCard(page, "4242424242424241");
    await page.getByText("Your card number is invalid.").waitFor();
    expect(await pay(page).isDisabled()).toBe(true);
    await writeCard(page, "4111111111111111");
    await pay(page).click();
    // The sandbox charges test cards only.
    await page.getByText("Your card was declined.").waitFor();
    expect(await world.charges(orderId)).toBeUndefined();
    await page.context().close();
  });

  test("may dispute it later: staff see that on the order's page, by the provider's own webhook", async () => {
    const { orderId } = await placeOrder({ paymentMethod: "pm_card_visa" });
    await world.seen(orderId, "on the floor", (view) =>
      view.fulfillmentOrders.some(({ status }) => status === "in_progress"),
    );
    await world.pack(orderId);
    await world.seen(orderId, "paid", (view) => view.summary.paymentStatus === "paid");
    const context = await browser.newContext({ viewport: DESKTOP, baseURL: world.edge.url });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await page.goto("/");
    await signIn(page, "operations");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.goto(`/orders/${orderId}`);
    await world.incident({ orderId, what: "disputed" });
    await page.getByText("The customer disputes $46.95 at the bank (fraudulent").first().waitFor();
    await world.incident({ orderId, what: "dispute_lost" });
    await page.getByText("The dispute about $46.95 is lost").first().waitFor();
    await context.close();
  });

  test("lets only the configured provider in, and only on the shopper's page", async () => {
    const policyOf = async (path: string) =>
      (await fetch(`${world.edge.url}${path}`)).headers.get("content-security-policy") ?? "";
    expect(await policyOf("/track/anything")).toContain(`script-src 'self' ${world.simulatorsUrl}`);
    expect(await policyOf("/track/anything")).toContain(`frame-src ${world.simulatorsUrl}`);
    for (const path of ["/", "/orders", "/v1/orders", "/tracks/x"])
      expect(await policyOf(path), path).not.toContain(world.simulatorsUrl);
  });
});
