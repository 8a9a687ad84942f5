/**
 * Collections that some machines keep beside the project, in `../shared`: other implementations' test
 * vectors, recorded device messages. A test that reads one skips where it is absent; what must always run
 * brings its own data.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../config/project-root.ts";

const SHARED = join(projectRoot, "..", "shared");

/** @param file path inside the collection */
export function isBesideTheProject(file: string): boolean {
  return existsSync(join(SHARED, file));
}

export function readBesideTheProject(file: string): string {
  return readFileSync(join(SHARED, file), "utf8");
}
