import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";

test("README shows the steps that a first start prints", () => {
  const system = join(projectRoot, "cli", "system");
  const source = readdirSync(system)
    .map((name) => readFileSync(join(system, name), "utf8"))
    .join("\n");
  const steps = [...source.matchAll(/steps\.run\("(\w+)"/g)].map(([, name]) => name);
  const readme = readFileSync(join(projectRoot, "README.md"), "utf8");
  const shown = [...readme.matchAll(/^✓ (\w+) /gm)].map(([, name]) => name);
  expect([...shown].sort()).toEqual([...steps].sort());
});
