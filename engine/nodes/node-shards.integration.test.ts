/** Engines that share the shards of one real PostgreSQL: in this process, and in others that are killed. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StockCommand } from "../../actors/commands.ts";
import { projectRoot } from "../../config/project-root.ts";
import { receive, shardStates, silentLogger, until } from "../../test-support/engine.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { type Engine, startEngine } from "../engine.ts";
import { EngineError, errorOf } from "../errors.ts";
import { shardOf } from "../shard/shard-of.ts";
import type { NodeTestAsk, NodeTestWord } from "../testing/node-test-child.ts";

const SHARDS = 8;
/** Within this time everything is where it belongs again, whatever has happened. Milliseconds. */
const SETTLED_MS = 5_000;
const SKUS = Array.from({ length: 40 }, (_, number) => `SKU-${number}`);

/** What takes commands for the shards that it has. */
type Node = {
  has(shard: number): boolean;
  count(): number;
  execute(commands: readonly StockCommand[]): Promise<unknown>;
};

let test: TestDatabase;
let ends: (() => Promise<void>)[];

beforeEach(async () => {
  test = await createTestDatabase();
  ends = [];
});

afterEach(async () => {
  await Promise.all(ends.map((end) => end()));
  await test.close();
});

async function startNode(name: string): Promise<Node & { readonly engine: Engine }> {
  const engine = await startEngine({
    databaseUrl: test.url,
    threads: 2,
    shards: SHARDS,
    share: { node: name },
    logger: silentLogger,
  });
  ends.push(() => engine.stop());
  return {
    engine,
    has: (shard) => engine.ownShards().some((one) => one.shard === shard),
    count: () => engine.ownShards().length,
    execute: (commands) => engine.client.execute(commands),
  };
}

async function startChild(name: string): Promise<Node & { readonly child: ChildProcess }> {
  const main = join(projectRoot, "dist", "engine", "testing", "node-test-child.js");
  const child = fork(main, [test.url, String(SHARDS), name], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  ends.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  let shards: readonly number[] = [];
  let asked = 0;
  const waiting = new Map<number, { resolve(): void; reject(error: Error): void }>();
  child.on("message", (word: NodeTestWord) => {
    if ("shards" in word) {
      shards = word.shards;
      return;
    }
    const { id, fault } = word;
    const caller = waiting.get(id);
    waiting.delete(id);
    if (fault === null) caller?.resolve();
    else caller?.reject(errorOf(fault));
  });
  const gone = () => new EngineError("commit_outcome_unknown", "its process has ended");
  child.on("exit", () => {
    shards = [];
    for (const { reject } of waiting.values()) reject(gone());
    waiting.clear();
  });
  await once(child, "message");
  return {
    child,
    has: (shard) => shards.includes(shard),
    count: () => shards.length,
    execute: (commands) =>
      new Promise<void>((resolve, reject) => {
        asked += 1;
        const ask: NodeTestAsk = { id: asked, commands };
        waiting.set(asked, { resolve, reject });
        // A process that stands still answers nobody: whoever asks goes elsewhere with the same ids.
        setTimeout(() => reject(gone()), 1_000).unref();
        child.send(ask, (error) => {
          if (error !== null) reject(gone());
        });
      }),
  };
}

const RETRIED = ["shard_elsewhere", "shard_unavailable", "commit_outcome_unknown", "engine_stopped"];

/** Asks whoever has the shard, with the same ids, until there is an answer. Anything else is a fault. */
async function carryOut(nodes: readonly Node[], command: StockCommand): Promise<void> {
  await until(async () => {
    const shard = shardOf(command.sku, SHARDS);
    const node = nodes.find((one) => one.has(shard));
    if (node === undefined) return undefined;
    try {
      await node.execute([command]);
      return true;
    } catch (error) {
      if (error instanceof EngineError && RETRIED.includes(error.code)) return undefined;
      throw error;
    }
  });
}

/** Keeps receiving units, one command a unit, until it is told to stop. @returns the units of each SKU */
function load(nodes: readonly Node[]) {
  let isOver = false;
  const received = new Map<string, number>();
  const callers = Array.from({ length: 8 }, async (_, caller) => {
    for (let round = 0; !isOver; round += 1) {
      const sku = SKUS[(caller * 5 + round) % SKUS.length] as string;
      await carryOut(nodes, receive(sku, "east", 1, `load-${caller}-${round}`));
      received.set(sku, (received.get(sku) ?? 0) + 1);
    }
  });
  return {
    received: () => [...received.values()].reduce((sum, units) => sum + units, 0),
    stop: async () => {
      isOver = true;
      await Promise.all(callers);
      return received;
    },
  };
}

const settled = (nodes: readonly Node[], counts: readonly number[]) =>
  until(
    async () =>
      JSON.stringify(nodes.map((node) => node.count()).sort()) === JSON.stringify([...counts].sort()) ||
      undefined,
    SETTLED_MS,
  );

/** Every unit that was acknowledged is there, once: in the shards, in the journal, and on the pages. */
async function expectExactly(
  nodes: readonly { readonly engine: Engine }[],
  units: ReadonlyMap<string, number>,
): Promise<void> {
  const onHand = new Map<string, number>();
  for (const { engine } of nodes) {
    const own = engine.ownShards().map(({ shard }) => shard);
    const skus = SKUS.filter((sku) => own.includes(shardOf(sku, SHARDS)));
    for (const view of await engine.client.positions(skus)) onHand.set(view.sku, view.onHand);
    await engine.projected();
  }
  expect(onHand).toEqual(units);
  const { rows } = await test.database.query<{ sku: string; shown: number; moved: number }>(
    `select sku, on_hand as shown, (select sum(on_hand)::integer from stock_movement m where m.sku = p.sku) as moved
       from stock_position p`,
  );
  expect(new Map(rows.map(({ sku, shown }) => [sku, shown]))).toEqual(units);
  expect(new Map(rows.map(({ sku, moved }) => [sku, moved]))).toEqual(units);
}

describe("nodes that come and go", () => {
  it("have the same number of shards each, and each shard is what it was before it moved", async () => {
    const one = await startNode("one");
    expect(one.count()).toBe(SHARDS);
    for (const sku of SKUS) await carryOut([one], receive(sku, "east", 3));
    const before = await shardStates(test, SHARDS);
    let moves = 0;
    one.engine.onShardsMoved(() => {
      moves += 1;
    });
    const two = await startNode("two");
    await settled([one, two], [4, 4]);
    const three = await startNode("three");
    await settled([one, two, three], [2, 3, 3]);
    expect(moves).toBeGreaterThan(0);
    expect(await shardStates(test, SHARDS)).toEqual(before);
    const nodes = [one, two, three];
    await expectExactly(nodes, new Map(SKUS.map((sku) => [sku, 3])));
    // The same command as before the move, at its new place: its first answer stands.
    for (const sku of SKUS) await carryOut(nodes, receive(sku, "east", 3));
    await expectExactly(nodes, new Map(SKUS.map((sku) => [sku, 3])));
    await two.engine.stop();
    await settled([one, three], [4, 4]);
    const figures = one.engine.figures();
    expect(figures.shards).toEqual({ live: 4, rebuilding: 0, leaving: 0 });
    expect(figures.moves.lost).toBe(0);
    expect(figures.moves.givenUp).toBeGreaterThanOrEqual(4);
  });

  it("refuse what is for a shard that is elsewhere, and tell the shards that are here alone", async () => {
    const one = await startNode("one");
    for (const sku of SKUS) await carryOut([one], receive(sku, "east", 3));
    const two = await startNode("two");
    await settled([one, two], [4, 4]);
    const elsewhere = SKUS.find((sku) => two.has(shardOf(sku, SHARDS))) as string;
    const { client } = one.engine;
    await expect(client.execute([receive(elsewhere, "east", 1, "wrong")])).rejects.toMatchObject({
      code: "shard_elsewhere",
    });
    await expect(client.positions([elsewhere])).rejects.toMatchObject({ code: "shard_elsewhere" });
    expect(() => client.available(elsewhere)).toThrow(expect.objectContaining({ code: "shard_elsewhere" }));
    expect((await client.status()).map(({ shard }) => shard)).toEqual(
      one.engine.ownShards().map(({ shard }) => shard),
    );
    expect(two.engine.client.available(elsewhere)).toBe(3);
    expect(await one.engine.isTakenOver()).toBe(false);
  });

  it("lose and double nothing under load, while one joins, one drains, and connections are cut", async () => {
    const nodes: (Node & { readonly engine: Engine })[] = [await startNode("one")];
    const traffic = load(nodes);
    nodes.push(await startNode("two"));
    await settled(nodes, [4, 4]);
    nodes.push(await startNode("three"));
    await settled(nodes, [2, 3, 3]);
    await test.database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name like 'holdfast-%'`,
    );
    const [first] = nodes;
    const beganMs = Date.now();
    await first?.engine.drain();
    expect(Date.now() - beganMs).toBeLessThan(SETTLED_MS);
    expect(first?.count()).toBe(0);
    await settled(nodes.slice(1), [4, 4]);
    const had = traffic.received();
    await until(async () => traffic.received() > had + 100 || undefined);
    await expectExactly(nodes, await traffic.stop());
  });

  it("drain two at a time, and the one that is left has everything", async () => {
    const nodes = [await startNode("one"), await startNode("two"), await startNode("three")] as const;
    await settled(nodes, [2, 3, 3]);
    const [one, two, three] = nodes;
    await Promise.all([one.engine.drain(), two.engine.drain()]);
    await settled([three], [SHARDS]);
    expect([one.count(), two.count()]).toEqual([0, 0]);
  });

  it("take everything at once from an engine that shares nothing, which finds out", async () => {
    const former = await startEngine({
      databaseUrl: test.url,
      threads: 2,
      shards: SHARDS,
      logger: silentLogger,
    });
    ends.push(() => former.stop());
    const one = await startNode("one");
    expect(one.count()).toBe(SHARDS);
    expect(await former.isTakenOver()).toBe(true);
  });
});

describe("a node's process", () => {
  it("that is killed loses nothing that it has acknowledged, and its shards are back within 5 s", async () => {
    const one = await startNode("one");
    const two = await startChild("two");
    await settled([one, two], [4, 4]);
    const traffic = load([two, one]);
    await until(async () => traffic.received() > 200 || undefined);
    two.child.kill("SIGKILL");
    await settled([one], [SHARDS]);
    const had = traffic.received();
    await until(async () => traffic.received() > had + 100 || undefined);
    await expectExactly([one], await traffic.stop());
  });

  it("that stands still writes nothing once its shards are taken, finds out, and gets a share again", async () => {
    const one = await startNode("one");
    const two = await startChild("two");
    await settled([one, two], [4, 4]);
    const traffic = load([two, one]);
    await until(async () => traffic.received() > 200 || undefined);
    two.child.kill("SIGSTOP");
    await settled([one], [SHARDS]);
    two.child.kill("SIGCONT");
    await settled([one, two], [4, 4]);
    const had = traffic.received();
    await until(async () => traffic.received() > had + 100 || undefined);
    const units = await traffic.stop();
    two.child.kill("SIGKILL");
    await settled([one], [SHARDS]);
    await expectExactly([one], units);
  });

  it("that is killed while it gives its shards up keeps none of them back", async () => {
    const one = await startNode("one");
    const two = await startChild("two");
    await settled([one, two], [4, 4]);
    two.child.kill("SIGTERM");
    await until(async () => two.count() < 4 || undefined);
    two.child.kill("SIGKILL");
    await settled([one], [SHARDS]);
  });

  it("that is told to end gives its shards up before it does", async () => {
    const one = await startNode("one");
    const two = await startChild("two");
    await settled([one, two], [4, 4]);
    two.child.kill("SIGTERM");
    expect(await once(two.child, "exit")).toEqual([0, null]);
    // Free leases need no waiting: a silent owner's would be taken after 2.5 s only.
    const { rows } = await test.database.query("select from shard_lease where owner <> $1", [
      one.engine.owner,
    ]);
    expect(rows.length).toBeLessThanOrEqual(4);
    await settled([one], [SHARDS]);
    expect(one.engine.figures().moves).toMatchObject({ lost: 0 });
  });
});
