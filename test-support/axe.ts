/** axe over the page that is shown, by WCAG 2.2 level A and AA. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** @param part of the page, by a selector; absent: all of it. @returns what axe has to say, in a line each */
export async function axeFaults(page: Page, part?: string): Promise<readonly string[]> {
  if (!(await page.evaluate("typeof axe !== 'undefined'"))) await page.evaluate(AXE);
  const found = (await page.evaluate(
    `axe.run(${part === undefined ? "document" : JSON.stringify(part)}, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ["violations"] }).then(({ violations }) =>
       violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
         id + " " + target.join(" ") + ": " + failureSummary)))`,
  )) as readonly string[];
  return found.map((fault) => fault.replaceAll(/\s+/g, " "));
}
