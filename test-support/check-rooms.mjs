// Checks the code against the table of rooms in docs/rooms.md, prints the rooms, and fails where the two
// differ.
//
// A room is a folder of production code, or some of its files. A file belongs to the row that names it most
// closely. Types count like values: a file that needs a type needs the room of that type. Tests may look into
// every room.
//
//   R1 a file imports only from its own room and from what its room's row lists
//   R2 a row lists only rooms that stand above it in the table, so that no arrow ever points back up
//   R3 no two files import each other, over however many others
//   R4 no folder holds more than 30 files of production code
//   R5 a vendor's folder (integrations/<kind>/<vendor>/) imports nothing of another vendor's
//
// Plain JavaScript, because `npm run check` runs it before anything is built. `node
// test-support/check-rooms.mjs --help`.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";

const TABLE = "docs/rooms.md";
const MOST_FILES = 30;

/**
 * @typedef {{ names: string[], imports: string[] }} Room folders or files, and what they may import
 * @typedef {Map<string, string[]>} Imports the files that each file imports
 */

/**
 * Reads the table's rows, from the ground floor up: `| name | what it is | thread | may import |`.
 *
 * @param {string} markdown
 * @returns {Room[]}
 */
export function readRooms(markdown) {
  const rows = markdown.split("\n").flatMap((line) => {
    const cells = line.split("|").map((cell) => cell.trim());
    const names = namesIn(cells[1] ?? "");
    return names.length === 0 ? [] : [{ names, imports: namesIn(cells.at(-2) ?? "") }];
  });
  if (rows.length === 0) throw new Error(`${TABLE} has no rows`);
  return rows;
}

/** Names are in backticks. A folder's last slash is only for readers. */
function namesIn(cell) {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1].replace(/\/$/, ""));
}

/**
 * @param {string} file
 * @param {string} source
 * @returns {string[]} the project's files that it imports or re-exports, types included
 */
export function importsOf(file, source) {
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const requests = [
    ...module.staticImports.map((each) => each.moduleRequest.value),
    ...module.staticExports.flatMap((each) => each.entries.map((entry) => entry.moduleRequest?.value)),
    // A dynamic import, and a type taken by `import("…")`, name their module in the text only.
    ...[...source.matchAll(/\bimport\(\s*"(\.[^"]+)"/g)].map((match) => match[1]),
  ];
  const relative = requests.filter((request) => request?.startsWith("."));
  return [...new Set(relative.map((request) => posix.join(posix.dirname(file), request)))];
}

const holds = (folder, file) => file === folder || file.startsWith(`${folder}/`);

/** @returns {Room | undefined} */
export function roomOf(rooms, file) {
  const depth = (room) => Math.max(...room.names.map((name) => (holds(name, file) ? name.length : 0)));
  const closest = rooms.reduce((best, room) => (depth(room) > depth(best) ? room : best));
  return depth(closest) > 0 ? closest : undefined;
}

/**
 * @param {Room[]} rooms
 * @param {Imports} imports
 * @returns {string[]} what breaks R1 to R5, a sentence each
 */
export function faultsOf(rooms, imports) {
  return [
    ...rowFaults(rooms),
    ...directionFaults(rooms, imports),
    ...vendorFaults(imports),
    ...circlesIn(imports).map((circle) => `import circle: ${circle.join(" → ")}`),
    ...[...folderSizes(imports.keys())]
      .filter(([, size]) => size > MOST_FILES)
      .map(([folder, size]) => `${folder} holds ${size} files; more than ${MOST_FILES} want rooms`),
  ];
}

function rowFaults(rooms) {
  return rooms.flatMap((room, floor) =>
    room.imports.flatMap((name) => {
      const listed = rooms.filter((other) => isListedBy(name, room, other));
      if (listed.length === 0) return [`the row of ${room.names[0]} lists ${name}, which is no room`];
      return listed.every((other) => rooms.indexOf(other) < floor)
        ? []
        : [`the row of ${room.names[0]} lists ${name}, which does not stand above it`];
    }),
  );
}

/**
 * A row stands for itself by its first name, and a folder for all rooms in it; but to a room inside the
 * folder it is only what lies in no room of its own there.
 */
function isListedBy(name, room, other) {
  if (name === other.names[0]) return true;
  return !holds(name, room.names[0]) && other.names.some((each) => holds(name, each));
}

function directionFaults(rooms, imports) {
  return [...imports].flatMap(([file, targets]) => {
    const room = roomOf(rooms, file);
    if (room === undefined) return [`${file} is in no room of ${TABLE}`];
    return targets
      .filter((target) => !mayImport(rooms, room, target))
      .map((target) => `${file} imports ${target}, which the row of ${room.names[0]} does not list`);
  });
}

const vendorOf = (file) => /^integrations\/[^/]+\/[^/]+(?=\/)/.exec(file)?.[0];

function vendorFaults(imports) {
  return [...imports].flatMap(([file, targets]) => {
    const vendor = vendorOf(file);
    if (vendor === undefined) return [];
    return targets
      .filter((target) => vendorOf(target) !== undefined && vendorOf(target) !== vendor)
      .map((target) => `${file} imports ${target} of another vendor`);
  });
}

function mayImport(rooms, room, target) {
  const other = roomOf(rooms, target);
  if (other === undefined) return false;
  return other === room || room.imports.some((name) => name === target || isListedBy(name, room, other));
}

/**
 * @param {Imports} imports
 * @returns {string[][]} a circle for each file that closes one
 */
export function circlesIn(imports) {
  const circles = [];
  const done = new Set();
  const path = [];
  const visit = (file) => {
    if (done.has(file)) return;
    const start = path.indexOf(file);
    if (start >= 0) {
      circles.push([...path.slice(start), file]);
      return;
    }
    path.push(file);
    for (const target of imports.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of imports.keys()) visit(file);
  return circles;
}

/** @returns {Map<string, number>} files of production code by the folder that they lie in */
export function folderSizes(files) {
  const sizes = new Map();
  for (const file of files) sizes.set(posix.dirname(file), (sizes.get(posix.dirname(file)) ?? 0) + 1);
  return sizes;
}

/** @returns {Map<string, Set<string>>} the rooms that each room imports from */
export function arrowsBetween(rooms, imports) {
  const arrows = new Map(rooms.map((room) => [room.names[0], new Set()]));
  for (const [file, targets] of imports) {
    const from = roomOf(rooms, file);
    for (const target of targets) {
      const to = roomOf(rooms, target);
      if (from !== undefined && to !== undefined && from !== to) arrows.get(from.names[0]).add(to.names[0]);
    }
  }
  return arrows;
}

/** The tree's production code: what is built, and the dashboard. */
function readImports() {
  const listed = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts", "*.tsx"],
    {
      encoding: "utf8",
    },
  );
  const files = listed
    .split("\n")
    .filter((file) => file.includes("/") && !/\.test\.tsx?$|\.d\.ts$/.test(file));
  const production = files.filter(
    (file) => !file.startsWith("test-support/") && !file.endsWith(".config.ts"),
  );
  return new Map(production.map((file) => [file, importsOf(file, readFileSync(file, "utf8"))]));
}

function print(rooms, imports) {
  const width = Math.max(...rooms.map((room) => room.names[0].length));
  for (const [name, targets] of arrowsBetween(rooms, imports)) {
    const files = [...imports.keys()].filter((file) => roomOf(rooms, file)?.names[0] === name).length;
    process.stdout.write(
      `${name.padEnd(width)} ${String(files).padStart(3)}  ← ${[...targets].join(", ") || "nothing"}\n`,
    );
  }
}

function main(options) {
  if (options.includes("--help")) {
    process.stdout.write(
      `Usage: node test-support/check-rooms.mjs\n\nHolds the code against ${TABLE}: rooms, who imports whom, circles, sizes.\n`,
    );
    return;
  }
  process.chdir(fileURLToPath(new URL("..", import.meta.url)));
  const rooms = readRooms(readFileSync(TABLE, "utf8"));
  const imports = readImports();
  const faults = faultsOf(rooms, imports);
  print(rooms, imports);
  const [largest, size] = [...folderSizes(imports.keys())].sort(([, a], [, b]) => b - a)[0];
  process.stdout.write(
    `${rooms.length} rooms, ${imports.size} files; largest folder ${largest} with ${size}; ` +
      `${circlesIn(imports).length} import circles; ${directionFaults(rooms, imports).length} imports against the table\n`,
  );
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
