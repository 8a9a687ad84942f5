import { expect, it } from "vitest";
import { readOptions, systemsOf } from "./options.ts";
import { describeLeftOut, installedPrograms, partSystems } from "./programs.ts";

function quickSystems() {
  const options = readOptions(["--quick"]);
  if (options === null) throw new Error("help was not asked for");
  return systemsOf(options);
}

it("without redis-server, the Redis row of the quick form is left out by name, and all others stay", () => {
  const systems = quickSystems();
  const { measurable, leftOut } = partSystems(systems, new Set());
  expect(measurable).toEqual(systems.filter(({ server }) => server !== "redis"));
  expect(leftOut.map(describeLeftOut)).toEqual([
    "left out: Redis, one Lua call a batch (redis-server is not on the PATH)",
  ]);
});

it("with redis-server nothing is left out", () => {
  const systems = quickSystems();
  const { measurable, leftOut } = partSystems(systems, new Set(["redis-server"]));
  expect(measurable).toEqual(systems);
  expect(leftOut).toEqual([]);
});

it("finds no program on an empty PATH", async () => {
  const path = process.env["PATH"];
  process.env["PATH"] = "";
  try {
    expect(await installedPrograms()).toEqual(new Set());
  } finally {
    process.env["PATH"] = path;
  }
});
