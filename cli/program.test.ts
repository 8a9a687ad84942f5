/**
 * A command starts without the schemas of the public API, whose library is some 400 files, and without the
 * database: loading them was most of what `holdfast --help` took. So the command line takes types from
 * `contract/` and names the few values that it shows again; what a command needs to run is loaded then.
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

test("a command loads neither schemas nor the database's driver at its start", () => {
  const loaded = new Set<string>();
  const heavy: string[] = [];
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const [, names, from = ""] of readFileSync(file, "utf8").matchAll(IMPORT)) {
      if (isOfTypesAlone(names)) continue;
      if (from.startsWith(".")) load(join(dirname(file), from));
      else if (["typebox", "pg", "pino"].includes(from)) heavy.push(`${file}: ${from}`);
    }
  };
  load(join(projectRoot, "cli", "main.ts"));
  expect(loaded.size).toBeGreaterThan(60);
  expect(heavy).toEqual([]);
});
