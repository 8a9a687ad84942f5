import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The folder that holds package.json, from sources and from `dist/` alike. Files that are read at run time
 * (SQL migrations, built threads, dashboard assets) are addressed from here.
 */
export const projectRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  if (parent === folder)
    throw new Error("package.json not found above the program: the installation is incomplete");
  return findRoot(parent);
}
