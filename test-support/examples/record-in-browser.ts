/**
 * The same as `record-answers.ts` for what pages ask in a browser: written down as it is, and looked at when the
 * examples are made.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Response } from "playwright-core";

export function recordInBrowser(context: BrowserContext): void {
  const folder = process.env["HOLDFAST_ANSWERS"];
  if (folder === undefined) return;
  context.on("response", (response) => {
    // A page that is left meanwhile takes its answers with it.
    noted(folder, response).catch(() => {});
  });
}

async function noted(folder: string, response: Response): Promise<void> {
  const { pathname, search } = new URL(response.url());
  const type = response.headers()["content-type"] ?? "";
  if (!response.ok() || !type.startsWith("application/json") || !pathname.startsWith("/v1/")) return;
  const said = {
    method: response.request().method(),
    pathname,
    search,
    status: response.status(),
    example: await response.json(),
  };
  appendFileSync(join(folder, `child-browser-${process.pid}.jsonl`), `${JSON.stringify(said)}\n`);
}
