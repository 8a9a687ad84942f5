import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requireFreePort } from "./free-port.ts";
import { identify, isRunning, isSameProcess, ProcessBook, stopProcess, waitUntil } from "./processes.ts";

test("a process is stopped only as long as its pid is still its own", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const pid = child.pid ?? 0;
  expect(await waitUntil(async () => (await identify(pid))?.includes("setInterval") === true, 5_000)).toBe(
    true,
  );
  const identity = (await identify(pid)) ?? "";

  const earlier = { name: "somebody before", pid, identity: `1 ${identity.split(" ").slice(1).join(" ")}` };
  expect(await isRunning(earlier)).toBe(false);
  await stopProcess(earlier, ["SIGKILL"], 100);
  expect(await identify(pid)).toBe(identity);

  await stopProcess({ name: "ours", pid, identity }, ["SIGTERM", "SIGKILL"], 5_000);
  expect(await identify(pid)).toBeUndefined();
});

test("a process that is just ending, and has no command line any more, is still the same process", () => {
  expect(isSameProcess("7301 ", "7301 node server.js")).toBe(true);
  expect(isSameProcess("7301 node server.js", "7301 node server.js")).toBe(true);
  expect(isSameProcess("9999 ", "7301 node server.js")).toBe(false);
  expect(isSameProcess("7301 vi notes", "7301 node server.js")).toBe(false);
});

test("a killed process is there until its last thread is gone, and its port free for the next", async () => {
  const program = `
    const { Worker } = require("node:worker_threads");
    for (let index = 0; index < 12; index += 1) {
      new Worker("const held = []; for (;;) if (held.length < 300) held.push(Buffer.alloc(65536, 1));", { eval: true });
    }
    const server = require("node:net").createServer().listen(0, "127.0.0.1", () => console.log(server.address().port));`;
  for (let round = 0; round < 5; round += 1) {
    const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    const port = await new Promise<number>((resolve) => {
      child.stdout.once("data", (data: Buffer) => resolve(Number(data)));
    });
    const record = { name: "one", pid: child.pid ?? 0, identity: (await identify(child.pid ?? 0)) ?? "" };
    process.kill(record.pid, "SIGKILL");
    while (await isRunning(record));
    await requireFreePort("127.0.0.1", port, "test", "HOLDFAST_TEST");
  }
});

test("the book of processes outlives its writer, loses none that start at once, and is gone when all have ended", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-book-"));
  try {
    const book = new ProcessBook(folder);
    await book.add("one", process.pid);
    await book.add("two", process.pid);
    const found = await new ProcessBook(folder).readPrevious();
    expect(found.map((record) => record.name)).toEqual(["one", "two"]);
    expect(await Promise.all(found.map(isRunning))).toEqual([true, true]);
    await Promise.all(Array.from({ length: 20 }, (_, index) => book.add(`at once ${index}`, process.pid)));
    expect(await new ProcessBook(folder).readPrevious()).toHaveLength(22);
    await Promise.all(found.map(({ name }) => book.remove(name)));
    await Promise.all(Array.from({ length: 20 }, (_, index) => book.remove(`at once ${index}`)));
    expect(await new ProcessBook(folder).readPrevious()).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
