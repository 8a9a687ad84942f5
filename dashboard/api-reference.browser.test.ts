/** The page /docs in a real browser: drawn without asking anybody outside, and its first order is one. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
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

  const keyWith = async (scopes: readonly ("orders:write" | "orders:read")[]) =>
    (
      await createApiKey(dashboard.edge.database, {
        companyId: "fernweh",
        channelId: null,
        name: "first order",
        scopes,
      })
    ).clearText;

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
    for (const part of [".finder", ".try"]) expect([part, await axeFaults(page, part)]).toEqual([part, []]);
    await page.context().close();
  });

  /** What a reader sees of an element: its colours, and those of what is behind it. */
  const lightness = (page: Page, selector: string) =>
    page
      .locator(selector)
      .first()
      .evaluate((element) => {
        const luma = (colour: string) => {
          const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
          return (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
        };
        const behind = (at: Element | null): string => {
          if (at === null) return "rgb(255, 255, 255)";
          const { backgroundColor } = getComputedStyle(at);
          return /, 0\)$|transparent/.test(backgroundColor) ? behind(at.parentElement) : backgroundColor;
        };
        return { ink: luma(getComputedStyle(element).color), behind: luma(behind(element)) };
      });

  test.each(["light", "dark"] as const)("its parts are read in %s", async (scheme) => {
    const shown = await opened(DESKTOP, scheme);
    await drawn(shown);
    const { page } = shown;
    const parts = [
      "body",
      ".top .name",
      ".start pre",
      "#find",
      ".try form",
      "#try-operation",
      "#reference h2",
      "#reference p",
    ];
    for (const part of [...parts, "#reference td", "#reference h5", "#reference a"]) {
      const { ink, behind } = await lightness(page, part);
      expect([part, scheme === "dark" ? behind < 0.3 : behind > 0.8]).toEqual([part, true]);
      expect([part, Math.abs(ink - behind) > 0.4]).toEqual([part, true]);
    }
    await page.context().close();
  });

  test("a request is tried with one's own key, of which nothing is kept", async () => {
    const { page, errors, outside } = await opened(PHONE);
    page.setDefaultTimeout(30_000);
    const { url } = dashboard.edge;
    const form = page.locator(".try");
    const key = await keyWith(["orders:write", "orders:read"]);
    await page.goto("/docs#operation/postOrders");
    const asked: Record<string, string>[] = [];
    page.on("request", (request) => {
      if (request.url().startsWith(`${url}/v1/`)) asked.push(request.headers());
    });
    await form.getByLabel("Operation").waitFor();
    expect(await form.getByLabel("Operation").inputValue()).toBe("postOrders");
    // Without a key it is refused, as anybody is.
    await form.getByRole("button", { name: "Send" }).click();
    await form.getByText(/^401 /).waitFor();
    expect(asked.at(-1)).not.toHaveProperty("authorization");
    await form.getByLabel("API key").fill(key);
    const body = form.getByLabel("Body");
    const order = JSON.parse(await body.inputValue());
    await body.fill(JSON.stringify({ ...order, id: "tried-1" }));
    await form.getByRole("button", { name: "Send" }).click();
    await form.getByText(/^201 /).waitFor();
    expect(asked.at(-1)).toMatchObject({ authorization: `Bearer ${key}` });
    expect(asked.at(-1)).not.toHaveProperty("cookie");
    expect(await form.locator("dl").textContent()).toMatch(/x-request-id.*ratelimit.*"requests"/s);
    expect(await form.locator(".answer pre").textContent()).toContain('"order": "web-tried-1"');
    // The same key of the request again: nothing is done twice.
    await form.getByRole("button", { name: "Send" }).click();
    await form.getByText("idempotency-replayed").waitFor();
    expect([...(await axeFaults(page, ".try"))]).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    // What cannot be sent is said, and not sent.
    const before = asked.length;
    await body.fill("{");
    await form.getByRole("button", { name: "Send" }).click();
    await form.getByText(/^The body is no JSON/).waitFor();
    expect(asked).toHaveLength(before);
    // An order is read, with its tag; the call for a terminal has neither the key nor what a shell would run.
    await form.getByLabel("Operation").selectOption("getOrdersId");
    await form.getByLabel("id (needed)").fill("web-tried-1");
    await form.getByRole("button", { name: "Send" }).click();
    await form.getByText(/^200 /).waitFor();
    expect(await form.locator("dl").textContent()).toContain("etag");
    await form.getByLabel("id (needed)").fill("a$(id)`b`!'\"/..");
    await form.getByText("The same in a terminal").click();
    const call = await form.locator(".as-curl pre").textContent();
    expect(call).not.toContain(key);
    const [, quoted = ""] = /curl -i "([^"]*)"/.exec(call ?? "") ?? [];
    expect(quoted).toMatch(/^\$HOLDFAST_URL\/v1\/orders\/[\w%.-]+$/);
    // Pages are turned.
    await form.getByLabel("Operation").selectOption("getOrders");
    await form.getByText("more fields of the query").click();
    await form.getByLabel("limit").fill("1");
    await form.getByRole("button", { name: "Send" }).click();
    await form.getByText(/^200 /).waitFor();
    expect(
      await page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])"),
    ).not.toContain(key);
    await page.reload();
    await form.getByLabel("API key").waitFor();
    expect(await form.getByLabel("API key").inputValue()).toBe("");
    expect(errors.filter((text) => !/status of 401/.test(text))).toEqual([]);
    expect(outside).toEqual([]);
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
    const key = await keyWith(["orders:write", "orders:read"]);
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
