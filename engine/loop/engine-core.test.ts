/** The loop and its supervision in virtual time, on a disk that does what the test says. */
import { describe, expect, it } from "vitest";
import type { StockOutcome } from "../../actors/commands.ts";
import { receive } from "../../test-support/engine.ts";
import { ScriptedDisk } from "../../test-support/engines/scripted-disk.ts";
import { virtualEngine } from "../../test-support/engines/virtual-engine.ts";
import { EngineError } from "../errors.ts";

async function started() {
  const engine = virtualEngine(1, (scheduler) => new ScriptedDisk(scheduler));
  await engine.core.start();
  engine.disk.asked.length = 0;
  /** Lets time go on until the promise is settled. */
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    promise.then(settle, settle);
    await engine.time.run(() => isSettled);
    return promise;
  };
  const receiveUnits = (quantity: number, id: string) =>
    engine.client.execute([receive("A", "east", quantity, id)]);
  const onHand = async () => (await settled(engine.client.positions(["A"])))[0]?.onHand;
  return { ...engine, settled, receiveUnits, onHand };
}

const codeOf = (promise: Promise<readonly StockOutcome[]>) =>
  promise.then(
    () => "answered",
    (error: unknown) => (error instanceof EngineError ? error.code : String(error)),
  );

describe("a shard whose batch did not commit (E1)", () => {
  it("takes nothing before it is rebuilt from what is committed", async () => {
    const { disk, settled, receiveUnits, onHand, time } = await started();
    await settled(receiveUnits(10, "first"));
    disk.fates = ["lost before"];
    const lost = codeOf(receiveUnits(5, "lost"));
    await time.run(() => disk.asked.at(-1) === "renew");
    expect(await settled(codeOf(receiveUnits(7, "meanwhile")))).toBe("shard_unavailable");
    expect(await settled(lost)).toBe("shard_unavailable");
    await time.run(() => disk.asked.at(-1) === "recover 0");
    await settled(new Promise<void>((resolve) => void time.after(10, resolve)));
    expect(await onHand()).toBe(10);
    expect(await settled(receiveUnits(5, "lost"))).toMatchObject([{ position: { onHand: 15 } }]);
  });
});

describe("a commit of unknown outcome (E2)", () => {
  it("is read back only after the epochs were raised", async () => {
    const { disk, settled, receiveUnits } = await started();
    disk.fates = ["lost before"];
    await settled(codeOf(receiveUnits(5, "lost")));
    expect(disk.asked.slice(0, 3)).toEqual(["commit", "renew", "landed"]);
  });

  it("that landed after all is answered as committed", async () => {
    const { disk, settled, receiveUnits, onHand, time } = await started();
    disk.fates = ["lost after"];
    expect(await settled(receiveUnits(5, "landed"))).toMatchObject([{ status: "applied" }]);
    await settled(new Promise<void>((resolve) => void time.after(10, resolve)));
    expect(await onHand()).toBe(5);
  });

  it("that cannot be found out for five seconds is told as unknown, and looked into all the same", async () => {
    const { disk, settled, receiveUnits, scheduler, time, onHand } = await started();
    disk.fates = ["lost after"];
    const renew = disk.renew.bind(disk);
    disk.renew = () => Promise.reject(new Error("storage is away"));
    const beganMs = scheduler.now();
    expect(await settled(codeOf(receiveUnits(5, "unknown")))).toBe("commit_outcome_unknown");
    expect(scheduler.now() - beganMs).toBeGreaterThanOrEqual(5_000);
    disk.renew = renew;
    await time.run(() => disk.asked.at(-1) === "recover 0");
    await settled(new Promise<void>((resolve) => void time.after(10, resolve)));
    expect(await onHand()).toBe(5);
  });
});

describe("a shard that another process has taken over (E3)", () => {
  it("is never taken back, not even when its thread is lost later", async () => {
    const { disk, settled, receiveUnits, core, time } = await started();
    await settled(receiveUnits(10, "first"));
    disk.taken.add(0);
    expect(await settled(codeOf(receiveUnits(5, "late")))).toBe("shard_unavailable");
    core.threadLost(0, "it was told to");
    await settled(new Promise<void>((resolve) => void time.after(1_000, resolve)));
    disk.taken.clear();
    expect(await settled(codeOf(receiveUnits(5, "later")))).toBe("fenced");
    expect(disk.asked.filter((what) => /^(raise|recover)/.test(what))).toEqual([]);
  });

  it("shows no stock any more", async () => {
    const { disk, settled, receiveUnits, client } = await started();
    await settled(receiveUnits(10, "first"));
    expect(client.available("A")).toBe(10);
    disk.taken.add(0);
    await settled(codeOf(receiveUnits(5, "late")));
    expect(client.available("A")).toBeNull();
  });
});

describe("a shard whose thread was lost (E4)", () => {
  it("gets another epoch before it is rebuilt", async () => {
    const { disk, settled, receiveUnits, onHand, core, time } = await started();
    await settled(receiveUnits(10, "first"));
    disk.asked.length = 0;
    core.threadLost(0, "it was told to");
    expect(await settled(codeOf(receiveUnits(5, "meanwhile")))).toBe("shard_unavailable");
    await time.run(() => disk.asked.at(-1) === "recover 0");
    expect(disk.asked).toEqual(["raise 0", "recover 0"]);
    await settled(new Promise<void>((resolve) => void time.after(10, resolve)));
    expect(await onHand()).toBe(10);
  });

  it("is not rebuilt while a row of it is on its way", async () => {
    const { disk, settled, receiveUnits, onHand, core, time } = await started();
    disk.commitTakesMs = 500;
    const underWay = receiveUnits(10, "first");
    await time.run(() => disk.asked.includes("commit"));
    core.threadLost(0, "it was told to");
    await settled(new Promise<void>((resolve) => void time.after(400, resolve)));
    expect(disk.asked).toEqual(["commit"]);
    expect(await settled(underWay)).toMatchObject([{ status: "applied" }]);
    await time.run(() => disk.asked.at(-1) === "recover 0");
    await settled(new Promise<void>((resolve) => void time.after(10, resolve)));
    expect(await onHand()).toBe(10);
  });
});

describe("the loop", () => {
  it("puts what is asked in one turn into one round and one commit", async () => {
    const { disk, settled, receiveUnits } = await started();
    await settled(Promise.all([receiveUnits(1, "a"), receiveUnits(2, "b"), receiveUnits(3, "c")]));
    expect(disk.asked).toEqual(["commit"]);
  });

  it("begins rounds beside a commit that is under way, and commits them together after it", async () => {
    const { disk, settled, receiveUnits, time } = await started();
    const first = receiveUnits(1, "a");
    await time.run(() => disk.asked.includes("commit"));
    const others = [receiveUnits(2, "b"), receiveUnits(3, "c")];
    await settled(Promise.all([first, ...others]));
    expect(disk.asked).toEqual(["commit", "commit"]);
  });

  it("finishes what was accepted before it stops, and refuses what comes after", async () => {
    const { settled, receiveUnits, core } = await started();
    const accepted = receiveUnits(1, "a");
    const stopped = core.stop();
    expect(await settled(codeOf(receiveUnits(2, "b")))).toBe("engine_stopped");
    expect(await settled(accepted)).toMatchObject([{ status: "applied" }]);
    await settled(stopped);
  });
});
