/** The stock view across threads and across a commit. */
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { receive, silentLogger } from "../../test-support/engine.ts";
import { startEngine } from "../engine.ts";
import { VolatileDisk } from "../storage/volatile-disk.ts";
import { StockView } from "./stock-view.ts";

/** Reads without pause in another thread until it is told to stop; tells what it saw. */
const READER = `
  const { parentPort, workerData } = require("node:worker_threads");
  import(workerData.module).then(({ StockViewReader }) => {
    const reader = new StockViewReader(workerData.shared);
    const stop = new Int32Array(workerData.stop);
    const seen = new Set();
    let reads = 0;
    parentPort.postMessage("ready");
    while (Atomics.load(stop, 0) === 0) {
      seen.add(reader.available("A"));
      reads += 1;
    }
    parentPort.postMessage({ seen: [...seen], reads });
  });
`;

it("shows another thread all that a commit changes of a SKU, or nothing of it", async () => {
  const view = new StockView();
  const TOTAL = 1_000;
  const publish = (east: number, created: readonly string[]): void => {
    const pairs = new Int32Array([0, east, 1, TOTAL - east]);
    const units = new Uint8Array(pairs.buffer);
    view.publish([{ shard: 0, changes: { units, firstCreated: 0, created, pools: [] } }]);
  };
  publish(TOTAL, ["A", "east", "A", "west"]);
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(READER, {
    eval: true,
    workerData: {
      module: join(projectRoot, "dist", "engine", "stock-view", "stock-view-reader.js"),
      shared: view.sharedMemory,
      stop,
    },
  });
  const next = () => new Promise((resolve) => worker.once("message", resolve));
  expect(await next()).toBe("ready");
  const end = Date.now() + 1_500;
  for (let round = 0; Date.now() < end; round += 1) {
    publish(round % (TOTAL + 1), []);
    // The memory grows under the reader, too.
    if (round % 10 === 0) {
      const ordinal = 2 + round / 10;
      const pairs = new Int32Array([ordinal, 5]);
      const created = [`SKU-${ordinal}`, "east"];
      view.publish([
        {
          shard: 0,
          changes: { units: new Uint8Array(pairs.buffer), firstCreated: ordinal, created, pools: [] },
        },
      ]);
    }
  }
  const told = next();
  Atomics.store(new Int32Array(stop), 0, 1);
  const { seen, reads } = (await told) as { readonly seen: readonly number[]; readonly reads: number };
  await worker.terminate();
  expect(reads).toBeGreaterThan(1_000);
  expect(seen).toEqual([TOTAL]);
});

it("shows what a command changed once it is committed, and not before", async () => {
  class HeldDisk extends VolatileDisk {
    release: (() => void) | null = null;
    holding = false;

    override async commit(...given: Parameters<VolatileDisk["commit"]>) {
      if (this.holding) {
        await new Promise<void>((resolve) => {
          this.release = resolve;
        });
      }
      return super.commit(...given);
    }
  }
  const disk = new HeldDisk();
  const engine = await startEngine({
    databaseUrl: "postgres://127.0.0.1:1/none",
    threads: 2,
    shards: 4,
    logger: silentLogger,
    disk,
  });
  try {
    const { client } = engine;
    await client.execute([receive("A", "east", 5)]);
    expect(client.available("A")).toBe(5);
    expect(client.available("B")).toBe(null);
    disk.holding = true;
    const answer = client.execute([receive("A", "east", 2, "more"), receive("B", "west", 1)]);
    while (disk.release === null) await new Promise((resolve) => setImmediate(resolve));
    // The shards have done it by now; nothing of it is to be seen.
    expect(client.available("A")).toBe(5);
    expect(client.available("B")).toBe(null);
    disk.release();
    await answer;
    expect(client.available("A")).toBe(7);
    expect(client.available("B")).toBe(1);
    disk.holding = false;
  } finally {
    await engine.stop();
  }
});
