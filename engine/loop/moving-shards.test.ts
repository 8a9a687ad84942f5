/** Shards that come and go, in virtual time, on a disk that does what the test says. */
import { describe, expect, it } from "vitest";
import { receive } from "../../test-support/engine.ts";
import { ScriptedDisk } from "../../test-support/engines/scripted-disk.ts";
import { virtualEngine } from "../../test-support/engines/virtual-engine.ts";
import { EngineError } from "../errors.ts";
import { shardOf } from "../shard/shard-of.ts";

const SHARDS = 2;

/** A SKU of each shard. */
const [A, B] = [0, 1].map(
  (shard) =>
    Array.from({ length: 20 }, (_, number) => `sku-${number}`).find(
      (sku) => shardOf(sku, SHARDS) === shard,
    ) as string,
) as [string, string];

async function started() {
  const engine = virtualEngine(SHARDS, (scheduler) => new ScriptedDisk(scheduler), { isShared: true });
  await engine.core.start();
  engine.disk.asked.length = 0;
  const { core, client, time } = engine;
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await time.run(() => isSettled);
    return promise;
  };
  const receiveUnits = (sku: string, quantity: number, id: string) =>
    client.execute([receive(sku, "east", quantity, id)]);
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => "answered",
      (error: unknown) => (error instanceof EngineError ? error.code : String(error)),
    );
  const onHand = async (sku: string) => (await settled(client.positions([sku])))[0]?.onHand;
  const stateOf = async (shard: number) =>
    (await client.status()).find((one) => one.shard === shard)?.state ?? "not here";
  return { ...engine, settled, receiveUnits, codeOf, onHand, stateOf, core };
}

describe("a shard that is given up (E5)", () => {
  it("commits what was under way, answers its callers, and refuses what comes after", async () => {
    const { core, settled, receiveUnits, codeOf, disk, stateOf, time } = await started();
    disk.commitTakesMs = 100;
    let isGone = false;
    const underWay = receiveUnits(A, 10, "first").then((outcome) => {
      expect(isGone).toBe(false);
      return outcome;
    });
    await time.run(() => disk.asked.includes("commit"));
    const gone = core.giveUp([0]).then((epochs) => {
      isGone = true;
      return epochs;
    });
    expect(await settled(codeOf(receiveUnits(B, 7, "other")))).toBe("answered");
    expect(await settled(underWay)).toMatchObject([{ status: "applied" }]);
    expect(await settled(gone)).toEqual(new Map([[0, 1]]));
    expect(await stateOf(0)).toBe("not here");
    expect(await settled(codeOf(receiveUnits(A, 1, "late")))).toBe("shard_elsewhere");
  });

  it("is not gone while the outcome of its last commit is unknown", async () => {
    const { core, settled, receiveUnits, codeOf, disk, time } = await started();
    disk.fates = ["lost after"];
    const renew = disk.renew.bind(disk);
    disk.renew = () => Promise.reject(new Error("storage is away"));
    const outcome = codeOf(receiveUnits(A, 10, "first"));
    await time.run(() => disk.asked.includes("commit"));
    let isGone = false;
    const gone = core.giveUp([0]).then(() => {
      isGone = true;
    });
    expect(await settled(outcome)).toBe("commit_outcome_unknown");
    await settled(new Promise<void>((resolve) => void time.after(5_000, resolve)));
    expect(isGone).toBe(false);
    disk.renew = renew;
    await settled(gone);
  });

  it("is told as elsewhere to readers that ask no shard, and what they are told of others stays", async () => {
    const { core, client, settled, receiveUnits } = await started();
    await settled(Promise.all([receiveUnits(A, 10, "a"), receiveUnits(B, 7, "b")]));
    await settled(core.giveUp([0]));
    expect(() => client.available(A)).toThrow(expect.objectContaining({ code: "shard_elsewhere" }));
    expect(() => client.availableByLocation(A)).toThrow(expect.objectContaining({ code: "shard_elsewhere" }));
    expect(client.available(B)).toBe(7);
  });

  it("is not rebuilt when its thread is lost on the way, and what was committed stays", async () => {
    const { core, settled, receiveUnits, codeOf, disk, onHand, time } = await started();
    await settled(receiveUnits(A, 10, "first"));
    disk.asked.length = 0;
    disk.commitTakesMs = 100;
    const underWay = codeOf(receiveUnits(A, 5, "second"));
    await time.run(() => disk.asked.includes("commit"));
    const gone = core.giveUp([0]);
    core.threadLost(0, "it was told to");
    disk.asked.length = 0;
    await settled(gone);
    expect(disk.asked.filter((what) => /^(raise|recover)/.test(what))).toEqual([]);
    expect(await settled(underWay)).toBe("answered");
    await settled(core.adopt([0]));
    expect(await onHand(A)).toBe(15);
  });

  it("refuses an order that also concerns a shard that stays, wholly", async () => {
    const { core, client, settled, receiveUnits, codeOf } = await started();
    await settled(Promise.all([receiveUnits(A, 10, "a"), receiveUnits(B, 7, "b")]));
    await settled(core.giveUp([0]));
    const code = await settled(
      codeOf(client.execute([receive(A, "east", 1, "c"), receive(B, "east", 1, "d")])),
    );
    expect(code).toBe("shard_elsewhere");
  });
});

describe("a shard that is adopted", () => {
  it("has everything that is committed, under an epoch of its own", async () => {
    const { core, client, settled, receiveUnits, onHand, disk } = await started();
    await settled(receiveUnits(A, 10, "first"));
    await settled(core.giveUp([0]));
    disk.asked.length = 0;
    await settled(core.adopt([0]));
    expect(disk.asked).toEqual(["raise 0", "recover 0"]);
    expect(await onHand(A)).toBe(10);
    expect(client.available(A)).toBe(10);
    // The repeat of a command from before the move is known.
    expect(await settled(receiveUnits(A, 10, "first"))).toMatchObject([{ position: { onHand: 10 } }]);
  });

  it("is elsewhere again where its lease was lost meanwhile", async () => {
    const { core, settled, receiveUnits, codeOf, disk } = await started();
    await settled(core.giveUp([0]));
    disk.taken.add(0);
    await settled(core.adopt([0]));
    expect(await settled(codeOf(receiveUnits(A, 1, "late")))).toBe("shard_elsewhere");
  });

  it("may be given up before it was ever live", async () => {
    const { core, settled, receiveUnits, codeOf } = await started();
    await settled(core.giveUp([0]));
    const adopted = core.adopt([0]);
    await settled(core.giveUp([0]));
    await settled(adopted);
    expect(await settled(codeOf(receiveUnits(A, 1, "late")))).toBe("shard_elsewhere");
  });
});

describe("a shard whose lease another node has taken", () => {
  it("is found out by the next commit, and the process goes on with its others", async () => {
    const { settled, receiveUnits, codeOf, disk } = await started();
    disk.taken.add(0);
    expect(await settled(codeOf(receiveUnits(A, 1, "lost")))).toBe("shard_unavailable");
    expect(await settled(codeOf(receiveUnits(A, 1, "lost")))).toBe("shard_elsewhere");
    expect(await settled(receiveUnits(B, 7, "other"))).toMatchObject([{ status: "applied" }]);
  });

  it("writes nothing of what was under way, and may be adopted again", async () => {
    const { core, settled, receiveUnits, codeOf, onHand, disk, time } = await started();
    await settled(receiveUnits(A, 10, "first"));
    disk.taken.add(0);
    disk.asked.length = 0;
    const underWay = codeOf(receiveUnits(A, 5, "second"));
    await time.run(() => disk.asked.includes("commit"));
    core.leaseLost(0);
    expect(await settled(underWay)).toBe("shard_unavailable");
    disk.taken.clear();
    await settled(core.adopt([0]));
    expect(await onHand(A)).toBe(10);
  });
});
