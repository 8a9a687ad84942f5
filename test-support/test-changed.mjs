// `npm run test:changed`: runs the tests that a change touches.
//
// Vitest's own `--changed` follows imports only. Much of what the tests prove runs in threads and processes
// of the built program, which are started by name. So names are followed here too: of a thread, of a program
// or a folder under the project's root, and of a set-up of tests.
//
// Plain JavaScript, as its neighbours that run before anything is built. `node test-support/test-changed.mjs
// --help`.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { importsOf } from "./check-rooms.mjs";

const HELP = `Usage: npm run test:changed -- [--since=<commit>] [--list] [options of vitest]

Runs the tests that are touched by what differs from the commit (default: where this branch left main), committed or
not. --list prints them instead.
`;

const SINCE = "--since=";
const LIST = "--list";

const MODULE = /\.(?:tsx?|mjs|js)$/;
const TEST = /\.test\.tsx?$/;

/** A change of these may change any test's outcome. */
const EVERYTHING = /^(?:package(?:-lock)?\.json|tsconfig[^/]*\.json|vitest\.config\.ts)$/;

/** What a file needs without naming it: tests their set-up, the dashboard's build its folder. */
const UNSAID = [
  [/\.(?:integration|browser)\.test\.ts$/, "test-support/run/global-setup.ts"],
  [/\.simulation\.test\.ts$/, "test-support/run/simulation-setup.ts"],
  [/^dashboard\/vite\.config\.ts$/, "dashboard"],
];

/**
 * @param {string} file
 * @param {string} source
 * @returns {string[]} files and folders that it imports, reads or starts
 */
export function needsOf(file, source) {
  const unsaid = UNSAID.flatMap(([whose, need]) => (whose.test(file) ? [need] : []));
  return [...importsOf(file, source), ...pathsIn(source), ...threadsIn(source), ...unsaid].map(sourceOf);
}

/**
 * `join(projectRoot, "store", "migrations", "*.sql")`: the path from the project's root to the first pattern.
 */
function pathsIn(source) {
  return [...source.matchAll(/join\(\s*projectRoot,((?:\s*"[^"]+",?)+)/g)]
    .map(([, list]) => [...list.matchAll(/"([^"]+)"/g)].map(([, part]) => part))
    .map((parts) => parts.join("/").replace(/\/[^/]*\*.*$/, ""))
    .filter((path) => path !== "dist" && !path.startsWith(".."));
}

/** `startThread("engine/threads/shard-thread", …)` */
function threadsIn(source) {
  return [...source.matchAll(/startThread\(\s*"([^"]+)"/g)].map(([, name]) => `${name}.ts`);
}

/** A built file comes from the source file of the same name. */
function sourceOf(path) {
  return path.startsWith("dist/") ? path.slice("dist/".length).replace(/\.js$/, ".ts") : path;
}

/**
 * @param {Map<string, string[]>} needs what each module needs
 * @param {readonly string[]} changed
 * @returns {string[]} the tests whose outcome may be different
 */
export function testsTouchedBy(changed, needs) {
  const tests = [...needs.keys()].filter((file) => TEST.test(file));
  if (changed.some((file) => EVERYTHING.test(file))) return tests;
  const touched = new Set(changed);
  for (let known = -1; known < touched.size; ) {
    known = touched.size;
    const paths = new Set([...touched].flatMap(pathsTo));
    for (const [file, needed] of needs) if (needed.some((path) => paths.has(path))) touched.add(file);
  }
  return tests.filter((file) => touched.has(file));
}

/** The file, and the folders that contain it. */
function pathsTo(file) {
  const parts = file.split("/");
  return parts.map((_, depth) => parts.slice(0, depth + 1).join("/"));
}

function git(...args) {
  return execFileSync("git", args, { encoding: "utf8" }).split("\n").filter(Boolean);
}

function main() {
  process.chdir(fileURLToPath(new URL("..", import.meta.url)));
  const options = process.argv.slice(2);
  if (options.includes("--help")) return process.stdout.write(HELP);
  const since = options.find((option) => option.startsWith(SINCE))?.slice(SINCE.length);
  const onlyList = options.includes(LIST);
  const ofVitest = options.filter((option) => option !== LIST && !option.startsWith(SINCE));
  const base = since ?? git("merge-base", "HEAD", "main")[0];
  const changed = [...git("diff", "--name-only", base), ...git("ls-files", "--others", "--exclude-standard")];
  const modules = git("ls-files", "--cached", "--others", "--exclude-standard").filter((file) =>
    MODULE.test(file),
  );
  const needs = new Map(modules.map((file) => [file, needsOf(file, readFileSync(file, "utf8"))]));
  const tests = testsTouchedBy(changed, needs);
  process.stdout.write(
    `${changed.length} files differ from ${base}; they touch ${tests.length} files of tests\n`,
  );
  if (onlyList) process.stdout.write(tests.map((file) => `${file}\n`).join(""));
  if (onlyList || tests.length === 0) return;
  const vitest = "node_modules/vitest/vitest.mjs";
  const { status } = spawnSync(process.execPath, [vitest, "run", ...ofVitest, ...tests], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
