// Where there is no engine for containers: lays out in a folder what deploy/Dockerfile puts into the image, by
// the recipe's own instructions, says what it weighs, and has it play a retailer's day.
// `npm run image [-- --into <folder>] [--orders <n>]`; without --into it is deleted again.
//
// Node and the system are those of this machine, not the image's; what the recipe does outside /app is left
// out and said. Exit status 1: a step failed, the day did not end well, or it weighs more than the most.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** MB of the files in /app; Node's slim image has some 230 more. */
const MOST_MB = 450;
const WORKDIR = "/app";
const project = dirname(dirname(fileURLToPath(import.meta.url)));

/** @returns the recipe's stages, each with its instructions in order */
export function stagesOf(text) {
  const lines = text.replaceAll(/\\\n\s*/g, " ").split("\n");
  const stages = [];
  for (const line of lines) {
    const [, word, rest] = /^([A-Z]+)\s+(.+)$/.exec(line) ?? [];
    if (word === "FROM") stages.push({ name: / AS (\S+)$/.exec(rest)?.[1] ?? "", steps: [] });
    else if (word !== undefined) stages.at(-1)?.steps.push({ word, rest });
  }
  return stages;
}

function main() {
  const { values } = parseArgs({
    options: { into: { type: "string" }, orders: { type: "string", default: "20" } },
  });
  const root =
    values.into === undefined ? mkdtempSync(join(tmpdir(), "holdfast-image-")) : resolve(values.into);
  mkdirSync(root, { recursive: true });
  try {
    const stages = stagesOf(readFileSync(join(project, "deploy", "Dockerfile"), "utf8"));
    for (const [index, stage] of stages.entries()) layOut(stage, index, root);
    const app = join(root, String(stages.length - 1));
    const weight = Math.round(bytesOf(app) / 1024 ** 2);
    process.stdout.write(`${weight} MB in ${WORKDIR}\n`);
    for (const folder of ["dist", "node_modules"])
      process.stdout.write(`  ${Math.round(bytesOf(join(app, folder)) / 1024 ** 2)} MB ${folder}\n`);
    run(`node bin/holdfast.js simulate-day --orders ${Number(values.orders)}`, app, {
      ...process.env,
      NODE_ENV: "production",
      ...freePorts(),
    });
    return weight > MOST_MB ? 1 : 0;
  } finally {
    if (values.into === undefined) rmSync(root, { recursive: true, force: true });
  }
}

function layOut({ name, steps }, index, root) {
  const app = join(root, String(index));
  mkdirSync(app, { recursive: true });
  for (const { word, rest } of steps) {
    if (word === "COPY") copy(rest, app, root);
    else if (word === "RUN" && rest.includes("/usr/local/")) process.stdout.write(`left out: ${rest}\n`);
    else if (word === "RUN") run(rest, app, process.env);
  }
  process.stdout.write(`stage ${name === "" ? index : name} is laid out\n`);
}

function copy(rest, app, root) {
  const words = rest.split(/\s+/);
  const from = words[0]?.startsWith("--from=") ? words.shift() : undefined;
  const to = join(app, words.pop() ?? ".");
  for (const source of words) {
    // The first stage is the one that is copied from.
    const path =
      from === undefined ? join(project, source) : join(root, "0", source.slice(WORKDIR.length + 1));
    if (from === undefined && source === ".") {
      for (const file of tracked()) cpSync(join(project, file), join(app, file));
      continue;
    }
    // As in a container: of a folder what is in it, a file into a folder or under the name that is given.
    const target = !isFolder(path) && isFolder(to) ? join(to, basename(source)) : to;
    cpSync(path, target, { recursive: true, verbatimSymlinks: true });
  }
}

function isFolder(path) {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** What a fresh clone has. */
function tracked() {
  const { stdout } = spawnSync("git", ["ls-files", "-z"], {
    cwd: project,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split("\0").filter((file) => file !== "" && !file.startsWith("load-tests/results/"));
}

function run(command, cwd, env) {
  process.stdout.write(`$ ${command}\n`);
  const { status } = spawnSync("sh", ["-c", command], { cwd, env, stdio: "inherit" });
  if (status !== 0) throw new Error(`${command}: exit status ${status}`);
}

/** Out of the way of a system that runs on this machine. */
function freePorts() {
  const first = 20_000 + 10 * Math.floor(Math.random() * 1_000);
  const names = ["", "MQTT_", "TEMPORAL_", "TEMPORAL_UI_", "POSTGRES_", "SIMULATORS_", "SMTP_"];
  return Object.fromEntries(names.map((name, index) => [`HOLDFAST_${name}PORT`, String(first + index)]));
}

function bytesOf(path) {
  const { stdout } = spawnSync("du", ["-sb", path], { encoding: "utf8" });
  return Number.parseInt(stdout, 10);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main();
