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

/** In the page: what an element is made of. Of words and names counts only whether there are any. */
const MAKE = `const makeOf = (element) => element.outerHTML
  .replaceAll(/ (?:id|for|href|name|value|title|key|aria-label(?:ledby)?|aria-describedby|data-[\\w-]+)="[^"]+"/g, " named")
  .replaceAll(/>[^<]*[^<\\s][^<]*</g, ">words<")
  .replaceAll(/\\d+/g, "1");`;

/** Marks rows, in the page. */
const MARK = `for (const list of document.querySelectorAll("tbody, ul, ol")) {
  const makes = new Map();
  for (const row of list.children) {
    const make = makeOf(row);
    const seen = makes.get(make) ?? 0;
    makes.set(make, seen + 1);
    if (seen >= 2) row.setAttribute("${LIKE_OTHERS}", "");
  }
}`;
const UNMARK = `for (const row of document.querySelectorAll("[${LIKE_OTHERS}]")) row.removeAttribute("${LIKE_OTHERS}")`;

/**
 * What of a page axe would see as it sees it elsewhere: two pages of one make differ in words, numbers, and
 * in how many rows of a make they have.
 *
 * @returns for `main`, and for what is around it
 */
export function pageMakes(page: Page): Promise<{ readonly main: string; readonly frame: string }> {
  return page.evaluate(`(() => {
    ${MAKE}
    const copy = document.documentElement.cloneNode(true);
    copy.querySelectorAll("script, style, link").forEach((element) => element.remove());
    for (const list of copy.querySelectorAll("tbody, ul, ol")) {
      const makes = new Set();
      for (const row of [...list.children]) {
        const make = makeOf(row);
        if (makes.has(make)) row.remove();
        makes.add(make);
      }
    }
    const main = copy.querySelector("main");
    const made = main === null ? "" : makeOf(main);
    main?.replaceChildren();
    return { main: made, frame: makeOf(copy) };
  })()`);
}

/**
 * @param part of the page, by a selector; absent: all of it
 * @param rules by their names; absent: all of WCAG
 * @returns what axe has to say, in a line each
 */
export async function axeFaults(
  page: Page,
  part?: string,
  rules: readonly string[] = RULES,
): Promise<readonly string[]> {
  if (!(await page.evaluate("typeof axe !== 'undefined'"))) await page.evaluate(AXE);
  await page.evaluate(`(() => { ${MAKE} ${MARK} })()`);
  const context = { ...(part === undefined ? {} : { include: [part] }), exclude: [`[${LIKE_OTHERS}]`] };
  const found = (await page.evaluate(
    `axe.run(${JSON.stringify(context)}, { runOnly: ${JSON.stringify(rules)}, resultTypes: ["violations"] }).then(({ violations }) =>
       violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
         id + " " + target.join(" ") + ": " + failureSummary)))`,
  )) as readonly string[];
  await page.evaluate(UNMARK);
  return found.map((fault) => fault.replaceAll(/\s+/g, " "));
}
