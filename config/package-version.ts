import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./project-root.ts";

/** Holdfast's version, as its package says. */
export const PACKAGE_VERSION: string = (
  JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8")) as { readonly version: string }
).version;
