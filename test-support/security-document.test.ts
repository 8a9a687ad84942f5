import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";

const read = (path: string) => readFileSync(join(projectRoot, path), "utf8");

/** Sections of OWASP ASVS 5.0 with the numbers of their requirements at levels 1 and 2. */
const REQUIREMENTS: Readonly<Record<string, string>> = {
  "1.1": "1 2",
  "1.2": "1 2 3 4 5 6 7 8 9",
  "1.3": "1 2 3 4 5 6 7 8 9 10 11",
  "1.4": "1 2 3",
  "1.5": "1 2",
  "2.1": "1 2 3",
  "2.2": "1 2 3",
  "2.3": "1 2 3 4",
  "2.4": "1",
  "3.2": "1 2",
  "3.3": "1 2 3 4",
  "3.4": "1 2 3 4 5 6",
  "3.5": "1 2 3 4 5",
  "3.7": "1 2",
  "4.1": "1 2 3",
  "4.2": "1",
  "4.3": "1 2",
  "4.4": "1 2 3 4",
  "5.1": "1",
  "5.2": "1 2 3",
  "5.3": "1 2",
  "5.4": "1 2 3",
  "6.1": "1 2 3",
  "6.2": "1 2 3 4 5 6 7 8 9 10 11 12",
  "6.3": "1 2 3 4",
  "6.4": "1 2 3 4",
  "6.5": "1 2 3 4 5",
  "6.6": "1 2 3",
  "6.8": "1 2 3 4",
  "7.1": "1 2 3",
  "7.2": "1 2 3 4",
  "7.3": "1 2",
  "7.4": "1 2 3 4 5",
  "7.5": "1 2",
  "7.6": "1 2",
  "8.1": "1 2",
  "8.2": "1 2 3",
  "8.3": "1",
  "8.4": "1",
  "9.1": "1 2 3",
  "9.2": "1 2 3 4",
  "10.1": "1 2",
  "10.2": "1 2",
  "10.3": "1 2 3 4",
  "10.4": "1 2 3 4 5 6 7 8 9 10 11",
  "10.5": "1 2 3 4 5",
  "10.6": "1 2",
  "10.7": "1 2 3",
  "11.1": "1 2",
  "11.2": "1 2 3",
  "11.3": "1 2 3",
  "11.4": "1 2 3 4",
  "11.5": "1",
  "11.6": "1",
  "12.1": "1 2 3",
  "12.2": "1 2",
  "12.3": "1 2 3 4",
  "13.1": "1",
  "13.2": "1 2 3 4 5",
  "13.3": "1 2",
  "13.4": "1 2 3 4 5",
  "14.1": "1 2",
  "14.2": "1 2 3 4",
  "14.3": "1 2 3",
  "15.1": "1 2 3",
  "15.2": "1 2 3",
  "15.3": "1 2 3 4 5 6 7",
  "16.1": "1",
  "16.2": "1 2 3 4 5",
  "16.3": "1 2 3 4",
  "16.4": "1 2 3",
  "16.5": "1 2 3",
  "17.1": "1",
  "17.2": "1 2 3 4",
  "17.3": "1 2",
};

const rows = read("docs/security.md")
  .split("\n")
  .filter((line) => /^\| V\d/.test(line))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  .map(([, id = "", gist = "", state = "", answer = ""]) => ({ id, gist, state, answer }));

test("each requirement of ASVS 5.0 at levels 1 and 2 has its row, once and in order", () => {
  const ids = Object.entries(REQUIREMENTS).flatMap(([section, numbers]) =>
    numbers.split(" ").map((number) => `V${section}.${number}`),
  );
  expect(ids).toHaveLength(253);
  expect(rows.map(({ id }) => id)).toEqual(ids);
});

test("each row says what is asked, how it stands and by what", () => {
  for (const { id, gist, state, answer } of rows) {
    expect(["yes", "no part", "open"], id).toContain(state);
    expect([gist, answer], id).not.toContain("");
  }
});

test("the files that the document names exist, and have in them what it quotes", () => {
  const named = [
    ...read("docs/security.md").matchAll(
      /`([\w.-]+(?:\/[\w.-]+)+|[\w-]+\.(?:md|jsonc?|ts))`(?: "([^"]+)")?/g,
    ),
  ].map(([, path = "", quote]) => ({ path, quote }));
  expect(named.length).toBeGreaterThan(150);
  for (const { path, quote } of named) {
    expect(existsSync(join(projectRoot, path)), `${path} is there`).toBe(true);
    if (quote === undefined) continue;
    expect(statSync(join(projectRoot, path)).isFile(), `${path} is a file`).toBe(true);
    expect(read(path), `${path} has "${quote}"`).toContain(quote);
  }
});
