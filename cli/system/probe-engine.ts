/** Whether the engine can do its work: every shard is this process's own, and takes commands. */
import type { AllocatorClient } from "../../engine/allocator-client.ts";

/** @throws Error with what is wrong, where a shard takes no work here */
export async function probeEngine(allocator: Pick<AllocatorClient, "status">): Promise<void> {
  const shards = await allocator.status();
  const at = (state: "fenced" | "rebuilding") =>
    shards.filter((one) => one.state === state).map(({ shard }) => shard);
  const fenced = at("fenced");
  if (fenced.length > 0) {
    throw new Error(`another process has taken over shards ${fenced.join(", ")}: this one is to be stopped`);
  }
  const rebuilding = at("rebuilding");
  if (rebuilding.length > 0) throw new Error(`shards ${rebuilding.join(", ")} are being rebuilt`);
}
