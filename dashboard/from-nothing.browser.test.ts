/**
 * From two empty databases to an order that was shipped, and came back, in each of two companies: by pages
 * alone, in a real browser. `holdfast serve` runs as in production, with nothing set of vendors but where
 * mail goes; the rest is set on pages. An order comes as a shop sends it, with the key that the page showed.
 * The same by commands alone: `cli/two-companies.integration.test.ts`.
 */
import { pino } from "pino";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../devices/mqtt/broker.ts";
import { findChromium, launchChromium, type TestBrowser } from "../test-support/browser.ts";
import { Business, CARRIER_SECRET, EASYPOST_KEY, STRIPE_KEY } from "../test-support/business.ts";
import { DESKTOP } from "../test-support/dashboard.ts";
import { provideDashboard } from "../test-support/system.ts";

const chromium = findChromium();
const MINUTE = 60_000;
const PASSWORD = "violet-harbour-lantern-42";
const PACKERS_PASSWORD = "copper-window-thistle-17";

/** Names repeat between them where names may; words of the one must not be seen at the other. */
const COMPANIES = [
  {
    name: "Acme Outfitters",
    prefix: "acme",
    administrator: "Ada Adams",
    packer: "Wanda Ware",
    customer: "Priya Silva",
    product: "Aviator sunglasses",
    currency: "USD",
    timeZone: "America/New_York",
    place: { town: "Newark", id: "newark", region: "NJ", postalCode: "07101", country: "US" },
    shipTo: { city: "Austin", region: "TX", postalCode: "78704", country: "US" },
    price: "89.99",
    total: "187.97",
    shown: "$187.97",
  },
  {
    name: "Bolt Retail",
    prefix: "bolt",
    administrator: "Bea Brandt",
    packer: "Walt Wood",
    customer: "Ben Okafor",
    product: "Enamel mug",
    currency: "CAD",
    timeZone: "America/Toronto",
    place: { town: "Toronto", id: "toronto", region: "ON", postalCode: "M5V 2T6", country: "CA" },
    shipTo: { city: "Vancouver", region: "BC", postalCode: "V6B 1A1", country: "CA" },
    price: "49.99",
    total: "107.97",
    shown: "CA$107.97",
  },
] as const;
type Company = (typeof COMPANIES)[number] & {
  business: Business;
  /** Signed in as its administrator. */
  page: Page;
  /** What a page complained of. */
  complaints: string[];
};

describe.skipIf(chromium === undefined)("from nothing to a shipped order, by pages alone", () => {
  let browser: TestBrowser;
  let broker: Broker;
  let companies: Company[] = [];

  beforeAll(async () => {
    provideDashboard();
    broker = await startBroker({ host: "127.0.0.1", port: 0, logger: pino({ level: "silent" }) });
    browser = await launchChromium(chromium ?? "");
    companies = await Promise.all(
      COMPANIES.map(async (company) => {
        const business = await Business.prepare(company.prefix, `mqtt://127.0.0.1:${broker.port}`, {
          HOLDFAST_PAYMENTS: "none",
          HOLDFAST_CARRIERS: "none",
        });
        const complaints: string[] = [];
        return { ...company, business, complaints, page: await open(business.url, complaints) };
      }),
    );
  });

  afterAll(async () => {
    await browser?.close();
    await Promise.all(companies.map(({ business }) => business.destroy()));
    await broker?.stop();
  });

  /** A browser of its own. */
  async function open(baseURL: string, complaints: string[]): Promise<Page> {
    const context = await browser.newContext({ viewport: DESKTOP, baseURL, locale: "en-US" });
    const page = await context.newPage();
    page.setDefaultTimeout(MINUTE / 2);
    page.on("pageerror", (error) => complaints.push(error.message));
    return page;
  }

  async function signIn(page: Page, email: string, password: string): Promise<void> {
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("navigation", { name: "Pages", exact: true }).waitFor();
  }

  /** The control of a field, by the whole of its label: hints and choices are not part of it. */
  const field = (within: Page | Locator, label: string): Locator =>
    within.locator(`label.field:has(> .field-label:text-is("${label}"))`).locator("input, select, textarea");

  async function fill(within: Page | Locator, values: Readonly<Record<string, string>>): Promise<void> {
    for (const [label, value] of Object.entries(values)) await field(within, label).fill(value);
  }

  const press = (within: Page | Locator, name: string) =>
    within.getByRole("button", { name, exact: true }).click();

  async function setUp({ business, page, ...company }: Company): Promise<void> {
    await business.serve();
    // The address that the terminal shows has the token; who types the address alone is asked for it.
    await page.goto("/");
    await page.getByRole("heading", { name: "Set Holdfast up" }).waitFor();
    const { place } = company;
    await fill(page, {
      Token: business.setupToken,
      "Name of the company": company.name,
      Currency: company.currency,
      "Your name": company.administrator,
      Email: "admin@example.com",
      "New password": PASSWORD,
      "The same again": PASSWORD,
      "Name of the location": place.town,
      "Street and number": "1 Dock Road",
      Town: place.town,
      "Postal code": place.postalCode,
      "State or region": place.region,
      Country: place.country,
    });
    await field(page, "Time zone").selectOption(company.timeZone);
    await press(page, "Set up");
    await page.getByText("Holdfast starts now").waitFor();
    await signIn(page, "admin@example.com", PASSWORD);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  }

  async function addAccounts({ page, business }: Company): Promise<void> {
    await page.goto("/settings?view=accounts");
    for (const [vendor, values] of [
      [
        "Easypost, carriers",
        {
          "Easypost API key": EASYPOST_KEY,
          "Easypost webhook secret": CARRIER_SECRET,
          "Easypost base URL": business.vendorsUrl,
        },
      ],
      ["Stripe, payments", { "Stripe secret key": STRIPE_KEY, "Stripe base URL": business.vendorsUrl }],
    ] as const) {
      await press(page, "Add an account");
      const dialog = page.getByRole("dialog");
      await field(dialog, "Vendor").selectOption({ label: vendor });
      await fill(dialog, { Id: "default", ...values });
      await press(dialog, "Try and add the account");
      await dialog.waitFor({ state: "detached" });
    }
    await expect.poll(() => page.getByText("Used first").count()).toBe(3);
  }

  async function addGoods({ page, product, price, currency, place }: Company): Promise<void> {
    await page.goto("/catalog");
    await page.getByText("No products yet").waitFor();
    await press(page, "Add a product");
    const dialog = page.getByRole("dialog");
    await fill(dialog, {
      SKU: "SKU-1",
      Name: product,
      GTIN: "09521234990017",
      [`Price, ${currency}`]: price,
      "Weight, g": "100",
      "HS code": "900410",
      "Country of origin": "IT",
    });
    await dialog.getByLabel("Units bear RFID tags").uncheck();
    await press(dialog, "Add");
    await page.getByRole("link", { name: product }).waitFor();

    await page.goto("/stock");
    await press(page, "Receive goods");
    await fill(dialog, { Product: "SKU-1", "Units received": "20", "Document or reason": "GR-1" });
    await field(dialog, "Location").selectOption({ label: place.town });
    await press(dialog, "Receive");
    await page.getByText("SKU-1: now 20 on hand.").waitFor();
  }

  /** @returns the secret of the shop's key */
  async function addShop({ page }: Company): Promise<string> {
    await page.goto("/settings?view=channels");
    await press(page, "Add a channel");
    const dialog = page.getByRole("dialog");
    await field(dialog, "Orders are written in the format of").selectOption("holdfast");
    await fill(dialog, { Id: "web", Name: "Web shop" });
    await field(dialog, "Who charges").selectOption("merchant");
    await press(dialog, "Add the channel");
    await page.getByRole("heading", { name: "What Web shop has to know" }).waitFor();
    await press(dialog, "Close");

    await page.goto("/settings?view=keys");
    await fill(page, { Name: "Web shop" });
    await page.getByLabel("Send, change and cancel orders").check();
    await page.getByLabel("Read orders").check();
    await field(page, "Channel").selectOption("web");
    await press(page, "Make the key");
    const secret = await dialog.locator("pre").textContent();
    await press(dialog, "Close");
    return secret ?? "";
  }

  /** @returns the pages of the person, who has set a password by the link that the administrator saw */
  async function addPacker({ page, packer, business, complaints }: Company): Promise<Page> {
    await page.goto("/settings?view=people");
    await fill(page, { Name: packer, Email: "packer@example.com" });
    await field(page, "Role").selectOption("warehouse");
    await press(page, "Add the person");
    const link = (await page.getByRole("dialog").locator("pre").textContent()) ?? "";
    await press(page.getByRole("dialog"), "Close");
    const own = await open(business.url, complaints);
    await own.goto(link);
    await fill(own, { "New password": PACKERS_PASSWORD, "The same again": PACKERS_PASSWORD });
    await press(own, "Set the password");
    await own.getByText("Your password is set").waitFor();
    await own.getByRole("link", { name: "Sign in" }).click();
    await signIn(own, "packer@example.com", PACKERS_PASSWORD);
    return own;
  }

  /** As a shop does it: nothing but the address and the key. */
  async function sendOrder({ business, ...company }: Company, secret: string): Promise<void> {
    const { customer, product, price, currency, total, shipTo } = company;
    const response = await fetch(`${business.url}/v1/orders`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${secret}`,
        "content-type": "application/json",
        "idempotency-key": "web-1001",
      },
      body: JSON.stringify({
        id: "1001",
        number: "1001",
        placedAt: new Date().toISOString(),
        currency,
        lines: [{ id: "1", sku: "SKU-1", title: product, quantity: 2, unitPrice: price }],
        shippingPrice: "7.99",
        shippingService: "Standard",
        total,
        paymentMethod: "pm_card_visa",
        shippingAddress: { name: customer, line1: "5992 Garden Court", ...shipTo },
        customer: { name: customer, email: "customer@example.com" },
      }),
    });
    expect([response.status, await response.json()]).toEqual([
      201,
      expect.objectContaining({ order: "web-1001", outcome: "accepted" }),
    ]);
  }

  const axis = (page: Page, name: string, status: string) =>
    page.locator(".axis", { hasText: name }).getByText(status, { exact: true }).waitFor();

  async function ship(company: Company, packing: Page): Promise<void> {
    const { page, customer, shown } = company;
    const secret = await addShop(company);
    await page.goto("/orders");
    await page.getByText("No orders yet").waitFor();
    await sendOrder(company, secret);
    // It appears by itself.
    await page.getByRole("link", { name: "1001" }).click();
    await page.getByText(customer).first().waitFor();
    await page.getByText(shown).first().waitFor();
    await press(packing, "Picked and packed");
    await packing.getByText("is packed.").waitFor();
    // The label is bought, the parcel leaves, the carrier brings it, the payment is captured.
    await axis(page, "Fulfillment", "Delivered");
    await axis(page, "Payment", "Paid");
    await axis(page, "Order", "Completed");
  }

  async function takeBack({ page, product }: Company): Promise<void> {
    await press(page, "Create a return");
    const dialog = page.getByRole("dialog");
    await press(dialog, `One ${product} more`);
    await field(dialog, "Why?").selectOption("too_small");
    await press(dialog, "Create the return");
    await page.getByRole("heading", { name: "web-1001-R1" }).waitFor();
    await press(page, `One ${product} more`);
    await press(page, "Receive 1 unit");
    await press(page, `All that are left of ${product}: Like new: back to stock`);
    await press(page, "Finish inspection of 1 unit");
    await page.getByText("Refunded", { exact: true }).first().waitFor();
  }

  /** Everything that an administrator's pages show. */
  async function everything({ page }: Company): Promise<string> {
    const texts: string[] = [];
    const read = async (address: string): Promise<void> => {
      await page.goto(address);
      await page.waitForFunction(
        () => document.querySelector("h1") !== null && document.querySelector(".skeleton") === null,
      );
      texts.push((await page.locator("body").textContent()) ?? "");
    };
    for (const address of ["/overview", "/orders", "/orders/web-1001", "/returns", "/returns/web-1001-R1"])
      await read(address);
    for (const address of ["/stock", "/catalog", "/finance", "/devices", "/packing", "/account"])
      await read(address);
    await page.goto("/settings");
    await page.locator("main .chip").first().waitFor();
    for (const chip of await page.locator("main .chip").all()) {
      await chip.click();
      await expect.poll(() => chip.getAttribute("aria-pressed")).toBe("true");
      await page.waitForFunction(() => document.querySelector(".skeleton") === null);
      texts.push((await page.locator("body").textContent()) ?? "");
    }
    return texts.join("\n");
  }

  test(
    "two companies are set up, sell, ship and take back, each on its pages",
    async () => {
      await Promise.all(
        companies.map(async (company) => {
          await setUp(company);
          await addAccounts(company);
          await addGoods(company);
          await ship(company, await addPacker(company));
          await takeBack(company);
          const { page, place } = company;
          await page.goto(`/stock/SKU-1/${place.id}`);
          await page.getByText("Adds up").waitFor();
          // 20 received, 2 sent, 1 back.
          await page.getByText("19", { exact: true }).first().waitFor();
          expect(company.complaints).toEqual([]);
        }),
      );
    },
    4 * MINUTE,
  );

  test(
    "the pages of the one show nothing of the other, and its people are nobody there",
    async () => {
      const [acme, bolt] = companies;
      if (acme === undefined || bolt === undefined) throw new Error("two companies");
      const lookedFor = async (own: Company, other: Company): Promise<void> => {
        const shown = await everything(own);
        for (const word of ["customer", "product", "packer", "administrator", "name"] as const)
          expect([word, shown.includes(own[word]), shown.includes(other[word])]).toEqual([word, true, false]);
        // The same browser: its session is of the other process, and worth nothing here.
        await own.page.goto(`${other.business.url}/orders/web-1001`);
        await own.page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
        expect(await own.page.locator("body").textContent()).not.toContain(other.customer);
      };
      await Promise.all([lookedFor(acme, bolt), lookedFor(bolt, acme)]);
    },
    2 * MINUTE,
  );
});
