import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { isPagePath, PAGE_PATHS } from "./page-paths.ts";

const source = (name: string): string => readFileSync(join(projectRoot, "dashboard/src", name), "utf8");

test("the pages are those that the dashboard routes", () => {
  const overview = /OVERVIEW = "([^"]+)"/.exec(source("palette/places.ts"))?.[1];
  const routed = [...source("shell.tsx").matchAll(/<Route path=(?:"([^"]+)"|\{OVERVIEW\})/g)].map(
    ([, path = overview]) => path,
  );
  const atTheDoor = [...source("staff-app.tsx").matchAll(/path === "([^"]+)"/g)].map(([, path]) => path);
  const shoppers = [...source("main.tsx").matchAll(/startsWith\("([^"]+)"\)/g)].map(
    ([, path]) => `${path}:token`,
  );
  expect(routed.length).toBeGreaterThan(10);
  // The set-up takes any address; this is the one that the terminal shows.
  expect([...PAGE_PATHS].sort()).toEqual([...routed, ...atTheDoor, ...shoppers, "/setup"].sort());
});

test.each([
  "/",
  "/orders",
  "/orders/",
  "/orders/amazon-1.2",
  "/orders/a%2Fb",
  "/stock/SKU%201/fc-reno",
  "/track/AAAA",
])("%s is a page", (path) => {
  expect(isPagePath(path)).toBe(true);
});

test.each([
  "/docs",
  "/api",
  "/openapi.yaml",
  "/order",
  "/orders/a/b",
  "/stock/SKU-1",
  "/track/",
  "//",
  "/v1/orders",
])("%s is none", (path) => {
  expect(isPagePath(path)).toBe(false);
});
