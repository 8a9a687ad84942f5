/** Callers that were answered from an order whose record is refused in the same commit. */
import { describe, expect, it } from "vitest";
import { silentLogger } from "../../test-support/engine.ts";
import type { CommitWriter } from "../allocator-client.ts";
import type { EngineError } from "../errors.ts";
import { encodeBlob } from "../journal/journal-codec.ts";
import { addBlob, newRound, type Round } from "../rounds/round.ts";
import { ShardDirectory } from "../rounds/shard-directory.ts";
import type { CommitResult } from "../storage/engine-disk.ts";
import { VolatileDisk } from "../storage/volatile-disk.ts";
import { type CommitFault, Committer } from "./committer.ts";

const writer: CommitWriter<unknown> = { name: "orders", write: () => Promise.resolve() };

/** Refuses the first record of a commit once. */
class FussyDisk extends VolatileDisk {
  private refusals = 1;

  override async commit(): Promise<CommitResult> {
    this.refusals -= 1;
    if (this.refusals < 0) return { status: "committed" };
    return { status: "rejected", cause: new Error("poison") };
  }

  override findRejected() {
    return Promise.resolve([{ batch: 0, record: 0, cause: new Error("poison"), locked: false }]);
  }
}

function world() {
  const directory = new ShardDirectory(1, () => 0, new Map([[0, 1]]));
  for (const entry of directory.entries) entry.status = "live";
  const told: string[] = [];
  const faults: CommitFault[] = [];
  const disk = new FussyDisk();
  const committer: Committer = new Committer({
    disk,
    directory,
    logger: silentLogger,
    onProgress: () => {},
    onFault: (fault) => void faults.push(fault),
    undo: async () => {
      committer.submit(newRound());
      return true;
    },
    onCommitted: () => {},
    publish: () => {},
  });
  const waiter = (name: string) => ({
    committed: () => void told.push(`${name}: done`),
    failed: (error: EngineError) => void told.push(`${name}: ${error.code}`),
  });
  const placed = (): Round => {
    const round = newRound();
    addBlob(round, 0, encodeBlob(0, [], null));
    const placements = [
      {
        orderId: "o",
        holdId: "o:1:east",
        lineId: "1",
        sku: "A",
        locationId: "east",
        quantity: 1,
        expiresAtMs: 0,
        atMs: 0,
        cause: "o",
      },
    ];
    const order = { orderId: "o", placements, queue: [], whole: null };
    round.attachments.push({ writer, record: "poison", waiter: waiter("order"), order });
    return round;
  };
  return { committer, told, faults, waiter, placed };
}

const afterCommits = () => new Promise((resolve) => setImmediate(resolve));

describe("an order whose record is refused", () => {
  it("takes a repeat along that has no record of its own, and nobody else", async () => {
    const { committer, told, waiter, placed } = world();
    const round = placed();
    round.waiters.push({ ...waiter("repeat"), orderId: "o" }, { ...waiter("other"), orderId: "p" });
    round.waiters.push(waiter("command"));
    committer.submit(round);
    await afterCommits();
    expect(told.sort()).toEqual([
      "command: done",
      "order: attachment_rejected",
      "other: done",
      "repeat: shard_unavailable",
    ]);
  });

  it("takes the whole commit along where it was amended meanwhile: what the amendment placed cannot be taken back", async () => {
    const { committer, told, faults, waiter, placed } = world();
    const round = placed();
    round.waiters.push({ ...waiter("amendment"), orderId: "o", amends: true });
    committer.submit(round);
    await afterCommits();
    expect(told).toEqual([]);
    expect(faults).toMatchObject([{ fenced: false }]);
    expect(String(faults[0]?.cause)).toContain("amended");
  });
});
