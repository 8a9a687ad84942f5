/** The page /docs in a real browser: drawn without asking anybody outside, and its first order is one. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApiKey } from "../store/access/api-keys.ts";
import { axeFaults } from "../test-support/axe.ts";
import { findChromium } from "../test-support/browser.ts";
import { DESKTOP, PHONE, startTestDashboard, type TestDashboard } from "../test-support/dashboard.ts";

const chromium = findChromium();
const run = promisify(execFile);

describe.skipIf(chromium === undefined)("the reference of the API", () => {
  let dashboard: TestDashboard;

  beforeAll(async () => {
    dashboard = await startTestDashboard();
  });
  afterAll(async () => {
    await dashboard?.stop();
  });

  /**
   * @param isDrawn whether the reference below the first order is drawn, which takes the browser half a
   * minute
   */
  async function opened(
    viewport: typeof DESKTOP,
    colorScheme: "light" | "dark" = "light",
    { isDrawn = true } = {},
  ) {
    const { url } = dashboard.edge;
    const context = await dashboard.browser.newContext({ viewport, baseURL: url, colorScheme });
    const page = await context.newPage();
    if (!isDrawn) await page.route("**/openapi.json", (route) => route.abort());
    page.setDefaultTimeout(110_000);
    const errors: string[] = [];
    const outside: string[] = [];
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url)) outside.push(request.url());
    });
    await page.goto("/docs");
    return { page, errors, outside };
  }

  /** All of it, which takes a browser its time. */
  async function drawn({ page }: Awaited<ReturnType<typeof opened>>) {
    await page.locator("body[data-drawn]").waitFor({ state: "attached" });
    await page
      .getByRole("heading", { name: /Captures one order of a channel/ })
      .first()
      .waitFor({
        state: "attached",
      });
  }

  test.each([
    ["a desktop", DESKTOP, "light"],
    ["a phone in the dark", PHONE, "dark"],
  ] as const)("is drawn on %s, by itself and within its policy", async (_name, viewport, scheme) => {
    const shown = await opened(viewport, scheme);
    await drawn(shown);
    const { page, errors, outside } = shown;
    expect([errors, outside]).toEqual([[], []]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect([...(await axeFaults(page, ".start")), ...(await axeFaults(page, ".top"))]).toEqual([]);
    expect(await axeFaults(page, ".finder")).toEqual([]);
    await page.context().close();
  });

  test("an operation is found by a word, and its chapter is drawn in a few seconds", async () => {
    const shown = await opened(DESKTOP);
    await drawn(shown);
    const { page, errors } = shown;
    await page.getByLabel("Find an operation").fill("quarantine nothing-has-this");
    await page.getByText(/^0 of \d+ operations have it\.$/).waitFor();
    await page.getByLabel("Find an operation").fill("stock promise");
    await page.getByRole("link", { name: "GET /v1/stock/{sku}/promise" }).click();
    await page.locator('body[data-drawn="stock" i]').waitFor({ state: "attached" });
    await page.getByRole("heading", { name: /When so many units, or kits, could be promised/ }).waitFor();
    // Whoever follows a link to an operation from elsewhere is shown it as well.
    await page.goto("/docs#operation/none");
    await page.reload();
    await drawn(shown);
    await page.getByRole("button", { name: "Returns", exact: true }).click();
    await page.locator('body[data-drawn="returns" i]').waitFor({ state: "attached" });
    // Every chapter can be drawn, and together they have every operation.
    const chapters = await page.locator("[data-chapter]").allTextContents();
    const document = (await (await fetch(`${dashboard.edge.url}/openapi.json`)).json()) as {
      readonly paths: Readonly<
        Record<string, Readonly<Record<string, { readonly tags: readonly string[] }>>>
      >;
    };
    const tags = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map((one) => one.tags[0]),
    );
    expect(tags.filter((tag) => tag === undefined || !chapters.includes(tag))).toEqual([]);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test("its policy lets in no style of others, and another word each time", async () => {
    const ask = async () => {
      const reply = await fetch(`${dashboard.edge.url}/docs`);
      const text = await reply.text();
      const policy = reply.headers.get("content-security-policy") ?? "";
      const [, nonce = ""] = /'nonce-([^']+)'/.exec(policy) ?? [];
      expect(text).toContain(`data-style-nonce="${nonce}"`);
      expect(policy).not.toContain("unsafe");
      expect(reply.headers.get("cache-control")).toBe("no-store");
      return nonce;
    };
    expect(await ask()).not.toBe(await ask());
  });

  test("the five calls of its first order do what they say", async () => {
    const { page } = await opened(DESKTOP, "light", { isDrawn: false });
    const calls = await page.locator(".start pre").allTextContents();
    expect(calls).toHaveLength(5);
    const [, ...rest] = calls;
    const key = (
      await createApiKey(dashboard.edge.database, {
        companyId: "fernweh",
        channelId: null,
        name: "first order",
        scopes: ["orders:write", "orders:read"],
      })
    ).clearText;
    const script = ["set -e", `export HOLDFAST_URL=${dashboard.edge.url} HOLDFAST_KEY=${key}`, ...rest].join(
      "\necho\n",
    );
    const { stdout } = await run("bash", ["-c", script]);
    const answers = stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
    expect(answers).toMatchObject([
      { items: expect.any(Array) },
      { order: "web-1001", outcome: "accepted" },
      { summary: { id: "web-1001" } },
      { items: expect.arrayContaining([expect.objectContaining({ type: "order.captured" })]) },
    ]);
    await page.getByRole("button", { name: "Copy" }).nth(2).click();
    await page.getByRole("button", { name: /Copied|Marked/ }).waitFor();
    await page.context().close();
  });
});
