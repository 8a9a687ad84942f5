import { expect, test } from "vitest";
import { arrowsBetween, circlesIn, faultsOf, importsOf, readRooms } from "./check-rooms.mjs";

const TABLE = `
| room | what it is | thread | may import |
|---|---|---|---|
| \`actors/\` | state machines | any | |
| \`engine/errors.ts\`, \`engine/door.ts\` | the door | any | \`actors/\` |
| \`engine/shard/\` | runs actors | shard | \`actors/\`, \`engine/errors.ts\` |
| \`engine/loop/\` | the loop | main | \`engine/shard/\`, \`engine/errors.ts\` |
| \`cli/\` | composition | main | \`actors/\`, \`engine/\` |
`;
const rooms = readRooms(TABLE);

const imports = (tree: Record<string, readonly string[]>) =>
  new Map(Object.entries(tree).map(([f, t]) => [f, [...t]]));

test("imports along the table are sound, into a room, a file of a row, and a whole folder", () => {
  const tree = imports({
    "actors/a.ts": ["actors/b.ts"],
    "actors/b.ts": [],
    "engine/errors.ts": ["actors/a.ts"],
    "engine/door.ts": ["engine/errors.ts"],
    "engine/shard/shard.ts": ["actors/a.ts", "engine/errors.ts"],
    "engine/loop/loop.ts": ["engine/shard/shard.ts"],
    "cli/main.ts": ["engine/loop/loop.ts", "engine/door.ts"],
  });
  expect(faultsOf(rooms, tree)).toEqual([]);
  expect(arrowsBetween(rooms, tree).get("cli")).toEqual(new Set(["engine/loop", "engine/errors.ts"]));
});

test("an import against the table is told with both files and the row", () => {
  const tree = imports({ "engine/shard/shard.ts": ["engine/loop/loop.ts"], "engine/loop/loop.ts": [] });
  expect(faultsOf(rooms, tree)).toEqual([
    "engine/shard/shard.ts imports engine/loop/loop.ts, which the row of engine/shard does not list",
  ]);
});

test("a row names files one by one: what stands beside them in the folder is in no room", () => {
  expect(faultsOf(rooms, imports({ "engine/attic.ts": [] }))).toHaveLength(1);
});

test("a row of several files is listed by its first", () => {
  const door = "| `engine/errors.ts`, `engine/door.ts` | | | |";
  const table = readRooms(`${door}\n| \`engine/clock/\` | | | \`engine/errors.ts\` |`);
  expect(faultsOf(table, imports({ "engine/clock/x.ts": ["engine/door.ts"] }))).toEqual([]);
});

test("a vendor's folder knows no other vendor", () => {
  const vendors = readRooms("| `integrations/` | | | |");
  const tree = imports({
    "integrations/carriers/swift/carrier.ts": ["integrations/carriers/swift/rates.ts", "integrations/kit.ts"],
    "integrations/carriers/swift/rates.ts": ["integrations/carriers/slow/rates.ts"],
  });
  expect(faultsOf(vendors, tree)).toEqual([
    "integrations/carriers/swift/rates.ts imports integrations/carriers/slow/rates.ts of another vendor",
  ]);
});

test("a file outside every room is told", () => {
  expect(faultsOf(rooms, imports({ "attic/box.ts": [] }))).toEqual([
    "attic/box.ts is in no room of docs/rooms.md",
  ]);
});

test("a row that lists what does not stand above it, or what is no room, is told", () => {
  const upwards = readRooms("| `a/` | | | `b/`, `c/` |\n| `b/` | | | |");
  expect(faultsOf(upwards, imports({}))).toEqual([
    "the row of a lists b, which does not stand above it",
    "the row of a lists c, which is no room",
  ]);
});

test("a circle is told once, with the files that it goes over", () => {
  const circle = imports({ "a.ts": ["b.ts"], "b.ts": ["c.ts"], "c.ts": ["b.ts"] });
  expect(circlesIn(circle)).toEqual([["b.ts", "c.ts", "b.ts"]]);
});

test("a folder with more than thirty files wants rooms; its rooms are counted apart", () => {
  const files = (folder: string, count: number) =>
    Array.from({ length: count }, (_, at) => [`${folder}/f${at}.ts`, []] as const);
  const tree = (flat: number) =>
    imports(Object.fromEntries([...files("actors", flat), ...files("actors/inner", 20)]));
  expect(faultsOf(rooms, tree(30))).toEqual([]);
  expect(faultsOf(rooms, tree(31))).toEqual(["actors holds 31 files; more than 30 want rooms"]);
});

test("imports are found however they are written, types included, and packages are none", () => {
  const source = `
    import type { A } from "../a.ts";
    import { type B, c } from "./b.ts";
    import "./c.ts";
    export * from "./d.ts";
    export { e } from "./e.ts";
    import pino from "pino";
    type F = import("./f.ts").F;
    const g = await import("./g.ts");
    const text = "from './no.ts'";
  `;
  expect(importsOf("engine/loop/x.ts", source).sort()).toEqual([
    "engine/a.ts",
    "engine/loop/b.ts",
    "engine/loop/c.ts",
    "engine/loop/d.ts",
    "engine/loop/e.ts",
    "engine/loop/f.ts",
    "engine/loop/g.ts",
  ]);
});
