/** Rounds over real shards in this thread, some of which fail when they are told to. */
import { describe, expect, it } from "vitest";
import type { StockCommand, StockOutcome } from "../../actors/commands.ts";
import { STANDARD_SOURCING_RULES } from "../../config/sourcing-rule.ts";
import { LOCATIONS, orderRequest, receive } from "../../test-support/engine.ts";
import type { OrderReservation, OrderReservationRequest, PositionView } from "../allocator-client.ts";
import type { EngineError } from "../errors.ts";
import { Shard } from "../shard/shard.ts";
import { shardOf } from "../shard/shard-of.ts";
import type { ShardAnswer, ShardRequest } from "../shard/shard-request.ts";
import type { ShardHost } from "../threads/shard-host.ts";
import { failRound, type Round } from "./round.ts";
import { RoundRunner } from "./round-runner.ts";
import { ShardDirectory } from "./shard-directory.ts";
import type { OrderWork, Work } from "./work.ts";

const SHARDS = 2;
const NOW_MS = 1_700_000_000_000;
const SETUP = {
  locations: new Map(LOCATIONS.map((location) => [location.locationId, location])),
  kits: new Map(),
  rules: STANDARD_SOURCING_RULES,
};

/** A SKU that this shard owns. */
function skuOf(shard: number): string {
  let number = 1;
  while (shardOf(`sku-${number}`, SHARDS) !== shard) number += 1;
  return `sku-${number}`;
}

const ANVIL = skuOf(0);
const BELLOWS = skuOf(1);

class LocalHost implements Pick<ShardHost, "run"> {
  readonly shards = [new Shard(0), new Shard(1)];
  /** Requests in the order in which steps asked them. */
  readonly asked: ShardRequest[] = [];
  /** Whether the shard fails over this request. */
  fails: (request: ShardRequest) => boolean = () => false;

  async run(requests: readonly ShardRequest[]): Promise<readonly ShardAnswer[]> {
    this.asked.push(...requests);
    return requests.map((request) => {
      const { shard } = request;
      if (this.fails(request)) return { shard, failure: "it was told to" };
      return { shard, reply: structuredClone((this.shards[shard] as Shard).run(request)) };
    });
  }
}

function world() {
  const host = new LocalHost();
  const directory = new ShardDirectory(SHARDS, (shard) => shard, new Map());
  for (const entry of directory.entries) entry.status = "live";
  const runner = new RoundRunner(host as LocalHost & ShardHost, directory);
  const run = (works: readonly Work[]) => runner.run(works, { nowMs: NOW_MS, setup: SETUP, expiring: [] });
  return { host, directory, runner, run };
}

/** Work, and what its caller has heard so far. */
function heard<T>() {
  const caller: { answer: T | undefined; error: EngineError | undefined } = {
    answer: undefined,
    error: undefined,
  };
  return {
    caller,
    resolve: (answer: T) => {
      caller.answer = answer;
    },
    reject: (error: EngineError) => {
      caller.error = error;
    },
  };
}

function command(...commands: StockCommand[]) {
  const { caller, ...reply } = heard<readonly StockOutcome[]>();
  return { caller, work: { kind: "execute", commands, ...reply } as const satisfies Work };
}

function order(request: OrderReservationRequest, attachment: OrderWork["attachment"] = null) {
  const { caller, ...reply } = heard<OrderReservation>();
  return { caller, work: { kind: "order", request, attachment, ...reply } as const satisfies Work };
}

function read(...skus: string[]) {
  const { caller, ...reply } = heard<readonly PositionView[]>();
  return { caller, work: { kind: "positions", skus, ...reply } as const satisfies Work };
}

const lineOf = (sku: string, quantity: number) => ({ lineId: sku, sku, quantity });
const both = (orderId: string) => orderRequest(orderId, [lineOf(ANVIL, 1), lineOf(BELLOWS, 1)]);

function commit(round: Round): void {
  for (const waiter of round.waiters) waiter.committed();
  for (const { waiter } of round.attachments) waiter.committed();
}

async function stocked(quantity = 5) {
  const engine = world();
  const { round } = await engine.run([
    command(receive(ANVIL, "east", quantity), receive(BELLOWS, "east", quantity)).work,
  ]);
  commit(round);
  engine.host.asked.length = 0;
  return engine;
}

describe("a round", () => {
  it("tells nobody anything before it is committed", async () => {
    const { run } = await stocked();
    const [executed, ordered, asked] = [command(receive(ANVIL, "west", 1)), order(both("o-1")), read(ANVIL)];
    const { round } = await run([executed.work, ordered.work, asked.work]);
    for (const { caller } of [executed, ordered, asked]) {
      expect(caller).toEqual({ answer: undefined, error: undefined });
    }
    commit(round);
    expect(executed.caller.answer).toMatchObject([{ status: "applied", position: { onHand: 1 } }]);
    expect(ordered.caller.answer).toMatchObject({ status: "reserved" });
    expect(asked.caller.answer).toMatchObject([{ locationId: "east" }, { locationId: "west" }]);
  });

  it("tells all of its callers where its commit fails", async () => {
    const { run } = await stocked();
    const works = [command(receive(ANVIL, "west", 1)), order(both("o-1"))];
    const { round } = await run(works.map(({ work }) => work));
    failRound(round, { code: "shard_unavailable" } as EngineError);
    for (const { caller } of works) expect(caller.error?.code).toBe("shard_unavailable");
  });

  it("answers each caller with its own outcomes, however commands and shards are mixed", async () => {
    const { run } = await stocked();
    const first = command(
      receive(BELLOWS, "west", 1, "c-1"),
      receive(ANVIL, "west", 2, "c-2"),
      receive(BELLOWS, "west", 3, "c-3"),
    );
    const second = command(receive(ANVIL, "west", 4, "c-4"), receive(BELLOWS, "west", 5, "c-5"));
    const { round } = await run([first.work, second.work]);
    commit(round);
    const onHand = (outcomes: readonly StockOutcome[] = []) =>
      outcomes.map((outcome) => (outcome.status === "applied" ? outcome.position.onHand : -1));
    expect(onHand(first.caller.answer)).toEqual([1, 2, 4]);
    expect(onHand(second.caller.answer)).toEqual([6, 9]);
  });

  it("asks each shard once a step", async () => {
    const { run, host } = await stocked();
    await run([order(both("o-1")).work, order(both("o-2")).work, read(ANVIL, BELLOWS).work]);
    expect(host.asked.map(({ shard }) => shard)).toEqual([0, 1, 0, 1]);
  });
});

describe("orders of one round (R1)", () => {
  it("never take the same unit: the first gets it, the next is refused", async () => {
    const { run } = await stocked(1);
    const [first, second] = [order(both("o-1")), order(both("o-2"))];
    const { round } = await run([first.work, second.work]);
    commit(round);
    expect(first.caller.answer?.status).toBe("reserved");
    expect(second.caller.answer).toMatchObject({ status: "refused", code: "insufficient_stock" });
  });

  it("see the stock that commands of the same round brought", async () => {
    const { run } = world();
    const ordered = order(both("o-1"));
    const received = command(receive(ANVIL, "east", 1), receive(BELLOWS, "east", 1));
    commit((await run([ordered.work, received.work])).round);
    expect(ordered.caller.answer?.status).toBe("reserved");
  });

  it("that bear one id run once: the second waits for the next round and is answered from the first", async () => {
    const { run } = await stocked();
    const [first, repeat] = [order(both("o-1")), order(both("o-1"))];
    const { round, deferred } = await run([first.work, repeat.work]);
    commit(round);
    expect(deferred).toEqual([repeat.work]);
    expect(round.size).toBe(2);
    commit((await run(deferred)).round);
    expect(first.caller.answer?.status).toBe("reserved");
    expect(repeat.caller.answer).toMatchObject({
      status: "reserved",
      holds: first.caller.answer?.status === "reserved" ? first.caller.answer.holds : [],
    });
    const left = read(ANVIL, BELLOWS);
    commit((await run([left.work])).round);
    expect(left.caller.answer).toMatchObject([{ reserved: 1 }, { reserved: 1 }]);
  });
});

describe("an order over two shards (R2)", () => {
  it("is undone where one of them fails while its parts are placed", async () => {
    const { run, host, directory } = await stocked();
    host.fails = ({ shard, placements }) => shard === 1 && placements.length > 0;
    const ordered = order(both("o-1"));
    const { round, failed } = await run([ordered.work]);
    expect(ordered.caller.error).toMatchObject({ code: "shard_unavailable", retryAfterMs: 200 });
    expect([...failed.keys()]).toEqual([1]);
    expect(round.waiters).toEqual([]);
    expect(host.asked.at(-1)).toMatchObject({ shard: 0, undo: [{ sku: ANVIL, orderId: "o-1" }] });
    host.fails = () => false;
    directory.entry(1).status = "rebuilding";
    const left = read(ANVIL);
    commit((await run([left.work])).round);
    expect(left.caller.answer).toMatchObject([{ reserved: 0, availableToPromise: 5 }]);
  });

  it("is undone where its caller can make no record of it", async () => {
    const { run } = await stocked();
    const ordered = order(both("o-1"), {
      writer: { name: "orders", write: () => Promise.resolve() },
      record: () => {
        throw new Error("no address");
      },
    });
    const left = read(ANVIL, BELLOWS);
    const { round } = await run([ordered.work]);
    commit(round);
    expect(ordered.caller.error?.code).toBe("attachment_rejected");
    expect(round.attachments).toEqual([]);
    commit((await run([left.work])).round);
    expect(left.caller.answer).toMatchObject([{ reserved: 0 }, { reserved: 0 }]);
  });

  it("goes to the committer with its record and with what falls with it", async () => {
    const { run } = await stocked();
    const writer = { name: "orders", write: () => Promise.resolve() };
    const ordered = order(both("o-1"), { writer, record: ({ status }) => ({ status }) });
    const { round } = await run([ordered.work]);
    expect(round.attachments).toMatchObject([
      {
        writer,
        record: { status: "reserved" },
        order: { orderId: "o-1", placements: [{ sku: ANVIL }, { sku: BELLOWS }], queue: [] },
      },
    ]);
    expect(ordered.caller.answer).toBeUndefined();
    commit(round);
    expect(ordered.caller.answer?.status).toBe("reserved");
  });
});

describe("a shard that fails in a round (R3)", () => {
  it("has no part in what goes to the committer, and the others have", async () => {
    const { run, host } = await stocked();
    host.fails = ({ shard }) => shard === 1;
    const [lost, done] = [command(receive(BELLOWS, "west", 1)), command(receive(ANVIL, "west", 1))];
    const { round, failed } = await run([lost.work, done.work]);
    expect(failed).toEqual(new Map([[1, "it was told to"]]));
    expect([...round.blobs.keys()]).toEqual([0]);
    expect(round.changes.map(({ shard }) => shard)).toEqual([0]);
    commit(round);
    expect(lost.caller.error?.code).toBe("shard_unavailable");
    expect(done.caller.answer).toMatchObject([{ status: "applied" }]);
  });

  it("loses what it did in an earlier step of the same round, too", async () => {
    const { run, host } = await stocked();
    host.fails = ({ shard, placements }) => shard === 1 && placements.length > 0;
    const received = command(receive(BELLOWS, "west", 1));
    const { round } = await run([received.work, order(both("o-1")).work]);
    expect(received.caller.error?.code).toBe("shard_unavailable");
    expect([...round.blobs.keys()]).toEqual([0]);
  });

  it("takes no work before it is rebuilt: it is refused without a question", async () => {
    const { run, host, directory } = await stocked();
    directory.entry(1).status = "rebuilding";
    const refused = order(both("o-1"));
    const { round } = await run([refused.work]);
    expect(refused.caller.error).toMatchObject({ code: "shard_unavailable", retryAfterMs: 200 });
    expect(host.asked).toEqual([]);
    expect(round.size).toBe(0);
  });
});
