import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { armFailpoints, disarmFailpoints, FAILPOINTS, type Failpoint, failpoint } from "./failpoints.ts";

const NAMES = Object.keys(FAILPOINTS) as Failpoint[];

afterEach(() => {
  disarmFailpoints();
  delete process.env["HOLDFAST_FAILPOINT"];
});

/** The project's own TypeScript files, apart from tests, by their path. */
function sources(): ReadonlyMap<string, string> {
  const skipped = /^(node_modules|dist|dashboard|docs|\..*)$/;
  const files = readdirSync(projectRoot, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !skipped.test(entry.name))
    .flatMap((folder) =>
      readdirSync(join(projectRoot, folder.name), { recursive: true, encoding: "utf8" }).map((file) =>
        join(folder.name, file),
      ),
    )
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  return new Map(files.map((file) => [file, readFileSync(join(projectRoot, file), "utf8")]));
}

describe("unarmed", () => {
  it("no point has any effect, whatever the environment of the process says", () => {
    process.env["HOLDFAST_FAILPOINT"] = NAMES.map((name) => `${name}:1:throw`).join(",");
    for (let passage = 0; passage < 100; passage += 1) {
      for (const name of NAMES) expect(() => failpoint(name)).not.toThrow();
    }
  });

  it("they stay in every command that a user starts: one composition root, made for tests, can arm them", () => {
    const arming = [...sources()].filter(
      ([file, text]) =>
        file !== "engine/failpoints.ts" && /\barmFailpoints\b|HOLDFAST_FAILPOINT\b/.test(text),
    );
    const outsideTests = arming
      .map(([file]) => file)
      .filter((file) => !/^(load-tests\/faults|test-support)\//.test(file));
    expect(outsideTests).toEqual(["cli/system/core-server-main.ts"]);
  });
});

describe("armed", () => {
  it("a point strikes at its n-th passage and never again", () => {
    armFailpoints("commit-sent:3:throw");
    failpoint("commit-sent");
    failpoint("commit-before-append");
    failpoint("commit-sent");
    expect(() => failpoint("commit-sent")).toThrow("failpoint commit-sent");
    for (let passage = 0; passage < 10; passage += 1) failpoint("commit-sent");
  });

  it("several points are armed at once, each with its own count", () => {
    armFailpoints("commit-sent:1:throw, shard-after-apply:2:throw");
    failpoint("shard-after-apply");
    expect(() => failpoint("commit-sent")).toThrow();
    expect(() => failpoint("shard-after-apply")).toThrow();
  });

  it("a delay stalls the thread for its time", () => {
    armFailpoints("commit-sent:1:delay:60");
    const began = performance.now();
    failpoint("commit-sent");
    expect(performance.now() - began).toBeGreaterThanOrEqual(55);
  });

  it("threads that are started afterwards share the count, so that a rebuilt thread meets no fault twice", async () => {
    armFailpoints("commit-sent:2:throw");
    const shared = await new Promise((resolve, reject) => {
      const thread = new Worker(
        `const { getEnvironmentData, parentPort } = require("node:worker_threads");
         const [point] = getEnvironmentData("holdfast.failpoints");
         parentPort.postMessage({ name: point.name, before: Atomics.add(point.passages, 0, 1) });`,
        { eval: true },
      );
      thread.once("message", resolve);
      thread.once("error", reject);
    });
    expect(shared).toEqual({ name: "commit-sent", before: 0 });
    expect(() => failpoint("commit-sent")).toThrow();
  });

  it("refuses what is not a point, a count or an action", () => {
    for (const text of [
      "",
      "nowhere:1:kill",
      "toString:1:kill",
      "commit-sent",
      "commit-sent:0:kill",
      "commit-sent:x:kill",
      "commit-sent:1:explode",
      "commit-sent:1:delay:-1",
      "commit-sent:1:delay:5:5",
      "commit-sent:1:kill,",
    ]) {
      expect(() => armFailpoints(text), text).toThrow();
    }
    for (const name of NAMES) failpoint(name);
  });
});

describe("placement", () => {
  it("every point that is named is placed, and every place is named", () => {
    const placed = [...sources()].flatMap(([, text]) =>
      [...text.matchAll(/\bfailpoint\("([^"]+)"\)/g)].map((found) => found[1]),
    );
    expect(new Set(placed)).toEqual(new Set(NAMES));
  });
});
