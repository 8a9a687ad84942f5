/**
 * A command starts without the schemas of the public API: their library is some 400 files, and loading it was
 * most of what `holdfast --help` took. So the command line takes types from `contract/`, and names the few
 * values that it shows again.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";

/** Of values; dynamic ones are loaded when a command runs. */
const IMPORT = /^(?:import|export)\s(?!type\b)(?:([^;"]*?)from\s)?"([^"]+)"/gm;

function isOfTypesAlone(names: string | undefined): boolean {
  const [, listed] = /^\{([^}]*)\}\s*$/.exec(names?.trim() ?? "") ?? [];
  return listed?.split(",").every((name) => /^\s*(?:type\s|$)/.test(name)) === true;
}

test("a command loads no schemas at its start", () => {
  const loaded = new Set<string>();
  const schemas: string[] = [];
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const [, names, from = ""] of readFileSync(file, "utf8").matchAll(IMPORT)) {
      if (isOfTypesAlone(names)) continue;
      if (from.startsWith(".")) load(join(dirname(file), from));
      else if (from === "typebox") schemas.push(file);
    }
  };
  load(join(projectRoot, "cli", "main.ts"));
  expect(loaded.size).toBeGreaterThan(80);
  expect(schemas).toEqual([]);
});
