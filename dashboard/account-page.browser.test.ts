/**
 * The own account and signing in, in a real browser with its own virtual authenticator: a passkey is made,
 * signs in, and proves again who is there before what is risky.
 */
import { Secret, TOTP } from "otpauth";
import type { CDPSession, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createOidcProvider } from "../integrations/identity/oidc.ts";
import { axeFaults } from "../test-support/axe.ts";
import { findChromium } from "../test-support/browser.ts";
import {
  DESKTOP,
  PHONE,
  STAFF_PASSWORD,
  startTestDashboard,
  type TestDashboard,
} from "../test-support/dashboard.ts";
import {
  CLIENT,
  startIdentityProvider,
  type TestIdentityProvider,
} from "../test-support/vendors/identity-provider.ts";

const chromium = findChromium();
const EMAIL = "admin@sandbox.example";

/** Browsers have passkeys for names only. */
const byName = (url: string) => url.replace("127.0.0.1", "localhost");

describe.skipIf(chromium === undefined)("the own account", () => {
  let dashboard: TestDashboard;
  let provider: TestIdentityProvider | undefined;
  let page: Page;
  let complaints: string[] = [];
  let authenticator: { readonly cdp: CDPSession; readonly id: string };

  beforeAll(async () => {
    dashboard = await startTestDashboard({
      publicUrl: byName,
      singleSignOn: async (publicUrl) => {
        const redirectUri = `${publicUrl}/single-sign-on`;
        provider = await startIdentityProvider(redirectUri);
        return {
          required: false,
          provider: createOidcProvider({
            issuer: provider.issuer,
            clientId: CLIENT.id,
            clientSecret: CLIENT.secret,
            clientAuth: "client_secret_basic",
            name: "Acme ID",
            redirectUri,
            afterLogout: `${publicUrl}/`,
          }),
        };
      },
    });
    page = await open("/account");
    authenticator = await virtualAuthenticator(page);
  });

  afterEach(() => {
    const told = complaints;
    complaints = [];
    expect(told).toEqual([]);
  });

  afterAll(async () => {
    await dashboard?.stop();
    await provider?.stop();
  });

  async function open(path: string, viewport = DESKTOP): Promise<Page> {
    const context = await dashboard.browser.newContext({ viewport, baseURL: byName(dashboard.edge.url) });
    const opened = await context.newPage();
    opened.setDefaultTimeout(15_000);
    opened.on("pageerror", (error) => complaints.push(error.message));
    await opened.goto(path);
    return opened;
  }

  /** A phone or laptop with a finger on its sensor. */
  async function virtualAuthenticator(of: Page) {
    const cdp = await of.context().newCDPSession(of);
    await cdp.send("WebAuthn.enable");
    const { authenticatorId: id } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return { cdp, id };
  }

  async function byPassword(on: Page): Promise<void> {
    await on.getByLabel("Email").fill(EMAIL);
    await on.getByLabel("Password", { exact: true }).fill(STAFF_PASSWORD);
    await on.getByRole("button", { name: "Sign in" }).click();
  }

  async function signOut(): Promise<void> {
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await page.getByRole("button", { name: "Use a passkey" }).waitFor();
  }

  const proveLongAgo = () =>
    dashboard.edge.database.query("update staff_session set proved_at = now() - interval '11 minutes'");

  const isWiderThanScreen = (of: Page) =>
    of.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);

  test("gets a passkey, named, with recovery codes that are shown once", async () => {
    await byPassword(page);
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByRole("textbox", { name: /^Name/ }).fill("Laptop of the tests");
    await page.getByRole("button", { name: "Add it" }).click();
    await page.getByRole("heading", { name: "Keep these recovery codes" }).waitFor();
    expect(((await page.locator("dialog pre").textContent()) ?? "").split("\n")).toHaveLength(10);
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByRole("cell", { name: "Laptop of the tests", exact: true }).waitFor();
    await page.getByText("10 recovery codes left").waitFor();
    const { credentials } = await authenticator.cdp.send("WebAuthn.getCredentials", {
      authenticatorId: authenticator.id,
    });
    expect(credentials).toMatchObject([{ rpId: "localhost", isResidentCredential: true }]);
    // The same device has it already.
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByRole("button", { name: "Add it" }).click();
    await page.getByText("This device has a passkey of your account already.").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
  });

  test("is opened by the passkey alone, and is not where the person is not verified", async () => {
    await signOut();
    const verified = (isUserVerified: boolean) =>
      authenticator.cdp.send("WebAuthn.setUserVerified", {
        authenticatorId: authenticator.id,
        isUserVerified,
      });
    await verified(false);
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await page.getByText("No passkey came").first().waitFor();
    await verified(true);
    await page.getByRole("button", { name: "Use a passkey" }).click();
    await page.getByRole("heading", { level: 1, name: "Your account" }).waitFor();
  });

  test("is opened by password and passkey, and not by the password alone", async () => {
    await signOut();
    await byPassword(page);
    await page.getByLabel("Code").waitFor();
    await page.getByRole("button", { name: "Use a passkey in the code's place" }).click();
    await page.getByRole("heading", { level: 1, name: "Your account" }).waitFor();
  });

  test("asks again who is there before what is risky, and then does it", async () => {
    await page.goto("/settings?view=keys");
    await page.getByRole("textbox", { name: /^Name/ }).fill("Risky key");
    await page.getByLabel(/^Read orders/).check();
    await proveLongAgo();
    await page.getByRole("button", { name: "Make the key" }).click();
    const asked = page.getByRole("dialog", { name: "Is it still you?" });
    await asked.waitFor();
    await asked.getByRole("button", { name: "Close" }).click();
    await page.getByText("Nothing was changed, as you did not prove it.").waitFor();

    await page.getByRole("button", { name: "Make the key" }).click();
    await asked.getByLabel("Your password").fill("not my password");
    await asked.getByLabel("Code").fill("000000");
    await asked.getByRole("button", { name: "Go on" }).click();
    await asked.getByText("This is not your password.").waitFor();
    await asked.getByRole("button", { name: "Use a passkey" }).click();
    // What was asked for goes on by itself.
    await page.locator("dialog pre").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    const { rows } = await dashboard.edge.database.query("select from api_key where name = 'Risky key'");
    expect(rows).toHaveLength(1);
    // The session went on with another token, and the page with it.
    await page.reload();
    await page.getByRole("button", { name: "New secret for Risky key" }).waitFor();
  });

  test("loses the passkey after a proof by password and recovery code", async () => {
    await page.goto("/account");
    await page.getByRole("button", { name: "Make new recovery codes" }).click();
    const [code = ""] = ((await page.locator("dialog pre").textContent()) ?? "").split("\n");
    await page.getByRole("button", { name: "I have kept them" }).click();
    await proveLongAgo();
    await page.getByRole("button", { name: "Remove Laptop of the tests" }).click();
    await page.getByRole("button", { name: "Remove it" }).click();
    const asked = page.getByRole("dialog", { name: "Is it still you?" });
    await asked.getByLabel("Your password").fill(STAFF_PASSWORD);
    await asked.getByLabel("Code").fill(code);
    await asked.getByRole("button", { name: "Go on" }).click();
    await page.getByText("Signing in asks for your password alone.").waitFor();
    expect(await page.getByRole("cell", { name: "Laptop of the tests" }).count()).toBe(0);
  });

  test("is opened by the identity provider, proved again by it in a window of its own, and left there", async () => {
    provider?.accounts.set("ada", { email: EMAIL, verified: true });
    const atProvider = async (on: Page) => {
      await on.getByPlaceholder("Enter any login").fill("ada");
      await on.getByPlaceholder("and password").fill("any");
      await on.getByRole("button", { name: "Sign-in" }).click();
    };
    const other = await open("/");
    await other.getByRole("button", { name: "Continue with Acme ID" }).click();
    await atProvider(other);
    await other.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    // The answer is in no address of the history.
    expect(new URL(other.url()).search).toBe("");

    await other.goto("/settings?view=keys");
    await other.getByRole("textbox", { name: /^Name/ }).fill("Key by single sign-on");
    await other.getByLabel(/^Read orders/).check();
    await proveLongAgo();
    await other.getByRole("button", { name: "Make the key" }).click();
    const opened = other.waitForEvent("popup");
    await other.getByRole("button", { name: "Use single sign-on" }).click();
    const popup = await opened;
    await atProvider(popup);
    await other.locator("dialog pre").waitFor();
    await expect.poll(() => popup.isClosed()).toBe(true);
    await other.getByRole("button", { name: "Close" }).click();

    await other.getByRole("button", { name: "Sign out", exact: true }).click();
    await other.waitForURL((url) => url.href.startsWith(provider?.issuer ?? "none"));
  });

  test("cannot be opened by an answer that nobody asked for, and says why", async () => {
    const other = await open("/single-sign-on?code=abc&state=sign-in.forged");
    await other.getByText("This sign-in was finished, has expired").waitFor();
    expect(other.url()).not.toContain("forged");
    await other.getByRole("link", { name: "Go to the sign-in page" }).click();
    await other.getByRole("button", { name: "Continue with Acme ID" }).waitFor();
  });

  test("fits a phone, and says at an address where passkeys are to be had", async () => {
    const phone = await open("/account", PHONE);
    expect(await isWiderThanScreen(phone)).toBe(false);
    await byPassword(phone);
    await phone.getByRole("button", { name: "Add a passkey" }).waitFor();
    expect(await isWiderThanScreen(phone)).toBe(false);
    await phone.goto(`${dashboard.edge.url}/account`);
    expect(await phone.getByRole("button", { name: "Use a passkey" }).count()).toBe(0);
    await byPassword(phone);
    await phone.getByRole("link", { name: /^http:\/\/localhost:/ }).waitFor();
    expect(await phone.getByRole("button", { name: "Add a passkey" }).count()).toBe(0);
  });

  test("is led to a second factor by a role that demands one, whoever is signed in, and goes on with it", async () => {
    const { database } = dashboard.edge;
    const demand = (demanded: boolean) =>
      database.query("update role set second_factor_demanded = $1 where id = 'service'", [demanded]);
    const phone = await open("/orders", PHONE);
    await phone.getByLabel("Email").fill("service@sandbox.example");
    await phone.getByLabel("Password", { exact: true }).fill(STAFF_PASSWORD);
    await phone.getByRole("button", { name: "Sign in" }).click();
    await phone.getByRole("heading", { level: 1, name: "Orders" }).waitFor();
    await demand(true);
    // The page asks for its counts by itself.
    await phone.getByRole("heading", { level: 1, name: "One more step" }).waitFor({ timeout: 30_000 });
    expect(await phone.getByRole("link", { name: "Orders" }).count()).toBe(0);
    expect(await phone.getByRole("button", { name: "Go on" }).count()).toBe(0);
    expect(await isWiderThanScreen(phone)).toBe(false);
    for (const colorScheme of ["light", "dark"] as const) {
      await phone.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      expect(await axeFaults(phone)).toEqual([]);
    }

    await phone.getByRole("button", { name: "Use an authenticator app" }).click();
    const secret = (await phone.locator("dialog code").textContent()) ?? "";
    await phone.getByLabel("Code").fill(new TOTP({ secret: Secret.fromBase32(secret) }).generate());
    await phone.getByRole("button", { name: "Switch it on" }).click();
    await phone.getByRole("heading", { name: "Keep these recovery codes" }).waitFor();
    await phone.getByRole("button", { name: "I have kept them" }).click();
    await phone.getByRole("button", { name: "Go on" }).click();
    await phone.getByRole("heading", { level: 1, name: "Orders" }).waitFor();
    await demand(false);
  });
});
