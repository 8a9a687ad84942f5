/**
 * Fetches Vendure from the package registry into a folder of its own below the user's cache, once. No part
 * of Holdfast: it is licensed under the GPL, and only whoever asks for this row gets it.
 *
 * Its own version is exact, and so are those of all that it depends on: none is taken that was published
 * after a day. Scripts of packages are not run. A folder that was not filled to its end is never used.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "../../../../cli/embedded/processes.ts";

export const VENDURE_VERSION = "3.7.3";

const PACKAGES = { "@vendure/core": VENDURE_VERSION, pg: "8.16.3" };
const PUBLISHED_BEFORE = "2026-11-15";

const TIMEOUT_MS = 300_000;
const PROGRESS_MS = 10_000;
const UNREACHABLE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTCACHED|ERR_SOCKET_TIMEOUT|UND_ERR\w*)\b/;

/** It is not there and could not be fetched; says why, and what to do. */
export class NotFetched extends Error {
  override readonly name = "NotFetched";
}

/**
 * @param environment of the registry's client; where its registry is, is its own setting
 * @returns the folder whose `node_modules` has it
 * @throws NotFetched
 */
export async function fetchVendure(
  note: (text: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const cache = join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "holdfast");
  const folder = join(cache, `vendure-${VENDURE_VERSION}`);
  if (existsSync(folder)) return folder;
  note(`vendure ${VENDURE_VERSION}: fetching it with npm into ${folder}, once`);
  await mkdir(cache, { recursive: true });
  const filling = await mkdtemp(join(cache, "vendure-"));
  try {
    const manifest = { name: "holdfast-bench-vendure", private: true, dependencies: PACKAGES };
    await writeFile(join(filling, "package.json"), JSON.stringify(manifest));
    await install(filling, note, environment);
    await rename(filling, folder).catch(async (error: unknown) => {
      // Another run was first.
      if (!existsSync(folder)) throw error;
    });
    return folder;
  } finally {
    await rm(filling, { recursive: true, force: true });
  }
}

async function install(
  folder: string,
  note: (text: string) => void,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const child = spawn(
    "npm",
    [
      ...["install", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"],
      ...["--no-package-lock", "--before", PUBLISHED_BEFORE],
      ...["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000"],
    ],
    { cwd: folder, env: environment, stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  let ended: string | undefined;
  child.once("error", (error) => {
    ended = error.message;
  });
  child.once("close", (code, signal) => {
    ended ??= code === 0 ? "" : `npm ended with ${code ?? signal}`;
  });
  const began = Date.now();
  const ticks = setInterval(
    () => note(`vendure: still fetching, ${Math.round((Date.now() - began) / 1_000)} s`),
    PROGRESS_MS,
  );
  try {
    const inTime = await waitUntil(async () => ended !== undefined, TIMEOUT_MS);
    if (!inTime) {
      child.kill("SIGKILL");
      throw notFetched(`npm did not end within ${TIMEOUT_MS / 1_000} s`);
    }
  } finally {
    clearInterval(ticks);
  }
  if (ended === "") return;
  const code = UNREACHABLE.exec(said)?.[0];
  throw notFetched(
    code === undefined
      ? `${ended}: ${said.trim().split("\n").slice(0, 3).join("; ")}`
      : `the package registry cannot be reached (${code})`,
  );
}

function notFetched(reason: string): NotFetched {
  return new NotFetched(
    `Vendure ${VENDURE_VERSION} could not be fetched: ${reason}. ` +
      "`npm run bench -- orders --only vendure` measures it once the registry answers",
  );
}
