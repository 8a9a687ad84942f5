/**
 * The sagas' code as one script for Temporal's sandbox. Bundling takes seconds, so the result is kept in
 * `dist/`, named after what went into it.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleWorkflowCode, type WorkflowBundleOption } from "@temporalio/worker";
import type { Logger } from "pino";
import { projectRoot } from "../../config/project-root.ts";

const WORKFLOWS = join(projectRoot, "dist", "workflows");
const BUNDLES = join(projectRoot, "dist", "workflow-bundle");

/**
 * Temporal notes the stack of every promise that a saga makes, and translates each of its frames, so that
 * its UI can show where a saga waits. `setCurrentDetails` says that in words. The three innermost frames
 * still name the place of a defect, and cost a tenth less of the sagas' processor time than ten
 * (`npm run measure:sagas`, 2026-11-30: 51.5 instead of 58 ms a replay). Set before the sandbox freezes its
 * globals, and on the bundle's first line, so that its source map stays right.
 */
const SHORT_STACKS = "Error.stackTraceLimit = 3;";

export async function loadWorkflowBundle(logger: Logger): Promise<WorkflowBundleOption> {
  const codePath = join(BUNDLES, `${await sourceHash()}.js`);
  try {
    return { code: await readFile(codePath, "utf8") };
  } catch {
    const startedAt = performance.now();
    const bundle = await bundleWorkflowCode({
      workflowsPath: join(WORKFLOWS, "index.js"),
      logger: quiet(logger),
    });
    const code = SHORT_STACKS + bundle.code;
    logger.info({ ms: Math.round(performance.now() - startedAt) }, "bundled the workflows");
    await keep(codePath, code, logger);
    return { code };
  }
}

/** Workflow code imports nothing at run time but its own folder and Temporal's library. */
async function sourceHash(): Promise<string> {
  const hash = createHash("sha256");
  const library = JSON.parse(
    await readFile(join(projectRoot, "node_modules", "@temporalio", "workflow", "package.json"), "utf8"),
  ) as { readonly version: string };
  hash.update(library.version).update(SHORT_STACKS);
  const files = (await readdir(WORKFLOWS, { recursive: true })).filter((name) => name.endsWith(".js")).sort();
  for (const name of files) hash.update(name).update(await readFile(join(WORKFLOWS, name)));
  return hash.digest("hex").slice(0, 16);
}

/** An installation that cannot be written to bundles at every start. */
async function keep(codePath: string, code: string, logger: Logger): Promise<void> {
  try {
    await mkdir(BUNDLES, { recursive: true });
    const partial = `${codePath}.${process.pid}`;
    await writeFile(partial, code);
    await rename(partial, codePath);
  } catch (error) {
    logger.debug({ err: error }, "the workflow bundle cannot be kept");
  }
}

/** webpack tells every module that it packs. */
function quiet(logger: Logger) {
  const drop = () => {};
  return {
    log: drop,
    trace: drop,
    debug: drop,
    info: drop,
    warn: (message: string) => logger.warn({ part: "bundle" }, message),
    error: (message: string) => logger.error({ part: "bundle" }, message),
  };
}
