/**
 * From an empty system to people who sign in, in a real browser: set up by the token, add a person, choose a
 * password by the link, make a key, and look after the own account.
 */

import { Secret, TOTP } from "otpauth";
import { pino } from "pino";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { freePort } from "../cli/embedded/free-port.ts";
import { passingSecretBox } from "../config/secret-box.ts";
import { deviceProtocols } from "../devices/device-kinds.ts";
import { type Engine, startEngine } from "../engine/engine.ts";
import { type Gateway, startGateway } from "../gateway/gateway.ts";
import { startSetupServer } from "../gateway/setup-server.ts";
import { channelAdapters } from "../integrations/channels/registry.ts";
import { VendorRoster } from "../ports/vendor-roster.ts";
import { companyId } from "../store/catalog/companies.ts";
import { findChromium, launchChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE } from "../test-support/dashboard.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";

const chromium = findChromium();
const TOKEN = "the-token-that-the-log-shows";
const PASSWORD = "seven quiet lamps";

describe.skipIf(chromium === undefined)("the pages of people", () => {
  let world: TestDatabase;
  let engine: Engine;
  let gateway: Gateway | undefined;
  let browser: Awaited<ReturnType<typeof launchChromium>>;
  let url: string;
  let pages: Page[] = [];
  let complaints: string[] = [];
  const logger = pino({ level: "error" }, pino.destination(2));

  beforeAll(async () => {
    world = await createTestDatabase();
    engine = await startEngine({ databaseUrl: world.url, threads: 1, shards: 2, logger });
    browser = await launchChromium(chromium ?? "");
  });

  afterEach(async () => {
    await Promise.all(pages.map((page) => page.context().close()));
    pages = [];
    const told = complaints;
    complaints = [];
    expect(told).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
    await engine?.stop();
    await world?.close();
  });

  async function open(path: string, viewport = DESKTOP): Promise<Page> {
    const context = await browser.newContext({ viewport, baseURL: url });
    const page = await context.newPage();
    pages.push(page);
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(path);
    return page;
  }

  async function signIn(page: Page, email: string, password: string): Promise<void> {
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  async function signedIn(path: string, viewport = DESKTOP): Promise<Page> {
    const page = await open(path, viewport);
    await signIn(page, "ada@acme.example", PASSWORD);
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    return page;
  }

  const isWiderThanScreen = (page: Page) =>
    page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);

  test("an empty system is set up with the token, and then there is somebody to sign in", async () => {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const setup = await startSetupServer({
      host: "127.0.0.1",
      port,
      publicUrl: url,
      database: world.database,
      token: TOKEN,
      dashboardFolder: inject("dashboardFolder"),
      logger,
    });
    // Whatever address somebody comes to.
    const page = await open(`/orders#${TOKEN}`, PHONE);
    await page.getByRole("heading", { name: "Set Holdfast up" }).waitFor();
    expect(await page.getByLabel("Token").inputValue()).toBe(TOKEN);
    expect(page.url()).not.toContain(TOKEN);
    expect(await isWiderThanScreen(page)).toBe(false);
    await page.getByLabel("Name of the company").fill("Acme");
    await page.getByLabel("Time zone").selectOption("America/New_York");
    await page.getByLabel("Currency").fill("usd");
    await page.getByLabel("Your name").fill("Ada Lovelace");
    await page.getByRole("textbox", { name: /^Email/ }).fill("ada@acme.example");
    await page.getByLabel("New password").fill("ada@acme.example");
    await page.getByLabel("The same again").fill("ada@acme.example");
    await page.getByLabel("Name of the location").fill("East");
    await page.getByLabel("Street and number").fill("1 Dock Road");
    await page.getByRole("textbox", { name: /^Town/ }).fill("Newark");
    await page.getByRole("textbox", { name: /^State/ }).fill("NJ");
    await page.getByRole("textbox", { name: /^Country/ }).fill("us");
    await page.getByRole("button", { name: "Set up" }).click();
    await page.getByText("little more than the name").waitFor();
    expect(await companyId(world.database)).toBeUndefined();
    await page.getByLabel("New password").fill(PASSWORD);
    await page.getByLabel("The same again").fill(PASSWORD);
    await page.getByRole("button", { name: "Set up" }).click();
    await page.getByText("It is set up").waitFor();
    expect(await companyId(world.database)).toBe("acme");

    await setup.stop();
    gateway = await startGateway({
      host: "127.0.0.1",
      port,
      publicUrl: url,
      database: world.database,
      allocator: engine.client,
      secrets: passingSecretBox(),
      channelAdapters,
      devices: deviceProtocols,
      carriers: new VendorRoster("carriers", []),
      payments: new VendorRoster("payments", []),
      dashboardFolder: inject("dashboardFolder"),
      logger,
      readiness: () => Promise.resolve([]),
    });
    // The page notices by itself.
    await signIn(page, "ada@acme.example", PASSWORD);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  });

  test("a person is added, chooses a password by the link, and is switched off", async () => {
    const admin = await signedIn("/settings?view=people");
    await admin.getByLabel("Name", { exact: true }).fill("Wanda Ware");
    await admin.getByLabel("Email").fill("wanda@acme.example");
    await admin.getByLabel("Role").selectOption("warehouse");
    await admin.getByRole("button", { name: "Add the person" }).click();
    await admin.getByText("hand it to Wanda Ware yourself").waitFor();
    const link = (await admin.locator("dialog pre").textContent()) ?? "";
    await admin.getByRole("button", { name: "Close" }).click();
    await admin.getByText("Invited").waitFor();

    const wanda = await open(link, PHONE);
    await wanda.getByText("For Wanda Ware.").waitFor();
    expect(wanda.url()).not.toContain("#");
    await wanda.getByLabel("New password").fill("eight quiet lamps");
    await wanda.getByLabel("The same again").fill("eight quiet lamp");
    await wanda.getByRole("button", { name: "Set the password" }).click();
    await wanda.getByText("The two passwords differ").waitFor();
    await wanda.getByLabel("The same again").fill("eight quiet lamps");
    await wanda.getByRole("button", { name: "Set the password" }).click();
    await wanda.getByText("Your password is set").waitFor();
    await wanda.getByRole("link", { name: "Sign in" }).click();
    await signIn(wanda, "wanda@acme.example", "eight quiet lamps");
    // Her day begins where she packs.
    await wanda.getByRole("heading", { name: "Packing" }).waitFor();
    // What her role may not see is not offered.
    await wanda.goto("/settings?view=people");
    await wanda.getByRole("heading", { name: "Settings" }).waitFor();
    expect(await wanda.getByRole("button", { name: "People" }).count()).toBe(0);
    const used = await open(link);
    await used.getByText("ask for another").waitFor();

    await admin.reload();
    await admin.getByRole("button", { name: "Change Wanda Ware" }).click();
    await admin.getByRole("dialog").getByLabel("Role").selectOption("store");
    await admin.getByRole("button", { name: "Save the person" }).click();
    await admin.getByText("It counts from now on.").waitFor();
    await admin.getByRole("button", { name: "Switch off" }).click();
    await admin.getByRole("button", { name: "Switch on" }).waitFor();
    await admin.getByRole("button", { name: "Close" }).click();
    await admin.getByText("Switched off").waitFor();
    await wanda.goto("/");
    await wanda.getByRole("button", { name: "Sign in" }).waitFor();
    // The last administrator stays.
    await admin.getByRole("button", { name: "Change Ada Lovelace" }).click();
    await admin.getByRole("button", { name: "Switch off" }).click();
    await admin.getByText("is the last administrator").waitFor();
  });

  test("a key is made, its secret is shown once, it gets another one, and is disabled", async () => {
    const admin = await signedIn("/settings?view=keys", PHONE);
    expect(await isWiderThanScreen(admin)).toBe(false);
    await admin.getByRole("textbox", { name: /^Name/ }).fill("Web shop");
    await admin.getByLabel(/^Read orders/).check();
    await admin.getByLabel("Counts for, days").fill("30");
    await admin.getByRole("button", { name: "Make the key" }).click();
    const secret = (await admin.locator("dialog pre").textContent()) ?? "";
    const status = async (bearer: string) =>
      (await fetch(`${url}/v1/orders`, { headers: { authorization: `Bearer ${bearer}` } })).status;
    expect(await status(secret)).toBe(200);
    await admin.getByRole("button", { name: "Close" }).click();
    await admin.getByRole("button", { name: "New secret for Web shop" }).click();
    await admin.getByLabel(/counts on for/).selectOption("0");
    await admin.getByRole("button", { name: "Make the secret" }).click();
    await expect.poll(() => admin.locator("dialog pre").textContent()).not.toBe(secret);
    const next = (await admin.locator("dialog pre").textContent()) ?? "";
    expect([await status(secret), await status(next)]).toEqual([401, 200]);
    await admin.getByRole("button", { name: "Close" }).click();
    expect(await isWiderThanScreen(admin)).toBe(false);
    await admin.getByRole("button", { name: "Disable Web shop" }).click();
    await admin.getByRole("button", { name: "Disable it" }).click();
    await admin.getByText("Disabled", { exact: true }).waitFor();
    expect(await status(next)).toBe(401);
  });

  test("the company is renamed, and what it cannot be is said", async () => {
    const admin = await signedIn("/settings?view=company");
    await admin.getByLabel("Time zone").fill("Mars/Olympus");
    await admin.getByRole("button", { name: "Save the company" }).click();
    await admin.getByText("is no time zone").waitFor();
    await admin.getByLabel("Time zone").fill("Europe/Zurich");
    await admin.getByLabel("Name", { exact: true }).fill("Acme AG");
    await admin.getByRole("button", { name: "Save the company" }).click();
    await admin.getByText("It counts from now on.").waitFor();
    const { rows } = await world.database.query("select name, time_zone from company");
    expect(rows).toEqual([{ name: "Acme AG", time_zone: "Europe/Zurich" }]);
  });

  test("the own account: sessions ended, another password, a second factor, and a code to sign in", async () => {
    const other = await signedIn("/");
    const mine = await signedIn("/account", PHONE);
    await mine.getByText("This one").waitFor();
    expect(await isWiderThanScreen(mine)).toBe(false);
    await mine.getByRole("button", { name: "Sign out everywhere else" }).click();
    await mine.getByText(/sessions? ended/).waitFor();
    await other.reload();
    await other.getByRole("button", { name: "Sign in" }).waitFor();

    await mine.getByLabel("Current password").fill(PASSWORD);
    await mine.getByLabel("New password").fill("nine quiet lamps");
    await mine.getByLabel("The same again").fill("nine quiet lamps");
    await mine.getByRole("button", { name: "Change the password" }).click();
    await mine.getByText("Your password is changed").waitFor();

    await mine.getByRole("button", { name: "Use an authenticator app" }).click();
    await mine.getByAltText("QR code for the authenticator app").waitFor();
    const drawn = await mine
      .getByAltText("QR code for the authenticator app")
      .evaluate((image) => (image as HTMLImageElement).naturalWidth > 0);
    expect(drawn).toBe(true);
    const secret = (await mine.locator("dialog code").textContent()) ?? "";
    const totp = new TOTP({ secret: Secret.fromBase32(secret) });
    await mine.getByLabel("Code").fill(totp.generate({ timestamp: Date.now() - 30_000 }));
    await mine.getByRole("button", { name: "Switch it on" }).click();
    await mine.getByRole("heading", { name: "Keep these recovery codes" }).waitFor();
    const codes = ((await mine.locator("dialog pre").textContent()) ?? "").split("\n");
    expect(codes).toHaveLength(10);
    await mine.getByRole("button", { name: "I have kept them" }).click();
    await mine.getByText("10 recovery codes left").waitFor();

    await signIn(other, "ada@acme.example", "nine quiet lamps");
    await other.getByLabel("Code").fill(codes[0] ?? "");
    await other.getByRole("button", { name: "Sign in" }).click();
    await other.getByRole("heading", { name: "Overview" }).waitFor();
  });
});
