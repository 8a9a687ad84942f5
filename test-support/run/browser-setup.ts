/** Before the browser tests: builds the dashboard of this tree, once for all their files. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import type { TestProject } from "vitest/node";
import { projectRoot } from "../../config/project-root.ts";
import { findChromium } from "../browser.ts";

export default async function setup(project: TestProject): Promise<(() => void) | undefined> {
  if (findChromium() === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "holdfast-dashboard-"));
  await build({
    configFile: join(projectRoot, "dashboard", "vite.config.ts"),
    build: { outDir: folder, emptyOutDir: true },
    logLevel: "warn",
  });
  project.provide("dashboardFolder", folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
