import { expect, test } from "vitest";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { probeEngine } from "./probe-engine.ts";

type State = Awaited<ReturnType<AllocatorClient["status"]>>[number]["state"];

function engine(...states: readonly State[]): Pick<AllocatorClient, "status"> {
  const figures = { thread: 0, epoch: 1, sequence: 0, positions: 0, holds: 0 };
  return { status: async () => states.map((state, shard) => ({ ...figures, shard, state })) };
}

test("an engine is ready while each of its shards is its own and takes work", async () => {
  await expect(probeEngine(engine("live", "live"))).resolves.toBeUndefined();
  await expect(probeEngine(engine("live", "rebuilding"))).rejects.toThrow("shards 1 are being rebuilt");
});

test("an engine whose shards another process has taken over is not ready", async () => {
  await expect(probeEngine(engine("fenced", "rebuilding", "fenced"))).rejects.toThrow(
    "another process has taken over shards 0, 2",
  );
});
