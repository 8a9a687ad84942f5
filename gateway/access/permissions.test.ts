import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { PERMISSIONS } from "./permissions.ts";

test("what the dashboard asks of a session are permissions that there are", async () => {
  const folder = join(projectRoot, "dashboard", "src");
  const files = (await readdir(folder, { recursive: true })).filter((name) => /\.tsx?$/.test(name));
  const sources = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
  const asked = sources.flatMap((source) =>
    [...source.matchAll(/(?:\bmay\(|\bcan\("\w+", |\bneeds[=:] ?)"([a-z.-]+)"/g)].map(([, name]) => name),
  );
  expect(asked).toContain("orders.cancel");
  expect(asked).toContain("channels.write");
  expect([...new Set(asked)].filter((name) => !PERMISSIONS.some((known) => known === name))).toEqual([]);
});
