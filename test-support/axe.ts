/**
 * axe over the page that is shown, by WCAG 2.2 level A and AA.
 *
 * Of rows that differ in nothing but their words, one table has hundreds: axe looks at the first two of each
 * make. A row with another badge, button or style is of another make, and is looked at.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Carried, while axe looks, by a row of whose make it sees two others. */
const LIKE_OTHERS = "data-like-others";

/** Marks rows, in the page. Of words and names counts only whether there are any. */
const MARK = `for (const list of document.querySelectorAll("tbody, ul, ol")) {
  const makes = new Map();
  for (const row of list.children) {
    const make = row.outerHTML
      .replaceAll(/ (?:id|for|href|name|value|title|key|aria-label(?:ledby)?|aria-describedby|data-[\\w-]+)="[^"]+"/g, " named")
      .replaceAll(/>[^<]*[^<\\s][^<]*</g, ">words<")
      .replaceAll(/\\d+/g, "1");
    const seen = makes.get(make) ?? 0;
    makes.set(make, seen + 1);
    if (seen >= 2) row.setAttribute("${LIKE_OTHERS}", "");
  }
}`;
const UNMARK = `for (const row of document.querySelectorAll("[${LIKE_OTHERS}]")) row.removeAttribute("${LIKE_OTHERS}")`;

/** @param part of the page, by a selector; absent: all of it. @returns what axe has to say, in a line each */
export async function axeFaults(page: Page, part?: string): Promise<readonly string[]> {
  if (!(await page.evaluate("typeof axe !== 'undefined'"))) await page.evaluate(AXE);
  await page.evaluate(MARK);
  const context = { ...(part === undefined ? {} : { include: [part] }), exclude: [`[${LIKE_OTHERS}]`] };
  const found = (await page.evaluate(
    `axe.run(${JSON.stringify(context)}, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ["violations"] }).then(({ violations }) =>
       violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
         id + " " + target.join(" ") + ": " + failureSummary)))`,
  )) as readonly string[];
  await page.evaluate(UNMARK);
  return found.map((fault) => fault.replaceAll(/\s+/g, " "));
}
