import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { isAllowed, packagesOf } from "./licenses.mjs";

test.each([
  ["MIT", true],
  ["(MIT OR GPL-3.0)", true],
  ["MIT AND Apache-2.0", true],
  ["MIT AND GPL-3.0", false],
  ["AGPL-3.0", false],
  ["unknown", false],
])("%s may be used: %s", (expression, allowed) => {
  expect(isAllowed(expression)).toBe(allowed);
});

test("every package that is installed may be used, and its bytes are pinned", () => {
  const lock = JSON.parse(readFileSync(join(projectRoot, "package-lock.json"), "utf8"));
  const packages = packagesOf(lock);
  expect(packages.length).toBeGreaterThan(100);
  expect(packages.filter(({ license }) => !isAllowed(license))).toEqual([]);
  const unpinned = Object.entries<{ integrity?: string }>(lock.packages)
    .filter(([path, entry]) => path !== "" && entry.integrity === undefined)
    .map(([path]) => path);
  expect(unpinned).toEqual([]);
});
