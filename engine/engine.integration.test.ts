import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StockCommand } from "../actors/commands.ts";
import {
  LOCATIONS,
  orderRequest,
  receive,
  recordingWriter,
  shardStates,
  silentLogger,
  until,
} from "../test-support/engine.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";
import type {
  AllocatorClient,
  CommitWriter,
  OrderReservation,
  OrderReservationRequest,
} from "./allocator-client.ts";
import { type Engine, type EngineOptions, startEngine } from "./engine.ts";
import { EngineError } from "./errors.ts";

const AT = 1_700_000_000_000;

let test: TestDatabase;
let engines: Engine[];

beforeEach(async () => {
  test = await createTestDatabase();
  engines = [];
});

afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.stop()));
  await test.close();
});

async function start(options: Partial<EngineOptions> = {}): Promise<Engine> {
  const engine = await startEngine({
    databaseUrl: test.url,
    threads: 2,
    shards: 4,
    logger: silentLogger,
    ...options,
  });
  engine.client.setLocations(LOCATIONS);
  engines.push(engine);
  return engine;
}

async function stop(engine: Engine): Promise<void> {
  engines = engines.filter((candidate) => candidate !== engine);
  await engine.stop();
}

describe("competition", () => {
  it("never sells a unit twice when 20 clients compete with 5,000 orders for 1,000 units", async () => {
    const { client } = await start();
    const stock = new Map<string, number>([["HOT", 1000]]);
    for (let index = 0; index < 20; index += 1) stock.set(`SKU-${index}`, 300);
    await client.execute(
      [...stock].flatMap(([sku, units]) => [
        receive(sku, "east", units * 0.6),
        receive(sku, "west", units * 0.4),
      ]),
    );
    const requests = Array.from({ length: 5000 }, (_, index): OrderReservationRequest => {
      const lines = [{ lineId: "1", sku: "HOT", quantity: 1 + (index % 2) }];
      if (index % 3 > 0) lines.push({ lineId: "2", sku: `SKU-${index % 20}`, quantity: 1 + (index % 3) });
      // The same SKU on two lines of one order: demand adds up before anything is reserved.
      if (index % 7 === 0) lines.push({ lineId: "3", sku: "HOT", quantity: 1 });
      return orderRequest(`order-${index}`, lines);
    });
    const outcomes: { request: OrderReservationRequest; outcome: OrderReservation }[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, connection) => {
        for (let index = connection; index < requests.length; index += 20) {
          const request = requests[index] as OrderReservationRequest;
          outcomes.push({ request, outcome: await client.reserveOrder(request) });
        }
      }),
    );

    const sold = new Map<string, number>();
    let refused = 0;
    for (const { request, outcome } of outcomes) {
      if (outcome.status === "refused") {
        refused += 1;
        continue;
      }
      expect(outcome.short).toEqual([]);
      for (const line of request.lines) {
        const held = outcome.holds.filter((hold) => hold.lineId === line.lineId);
        expect(held.reduce((sum, hold) => sum + hold.quantity, 0)).toBe(line.quantity);
        sold.set(line.sku, (sold.get(line.sku) ?? 0) + line.quantity);
      }
    }
    expect(outcomes).toHaveLength(5000);
    expect(refused).toBeGreaterThan(1000);
    const positions = await client.positions([...stock.keys()]);
    for (const [sku, units] of stock) {
      const ofSku = positions.filter((position) => position.sku === sku);
      const left = ofSku.reduce((sum, position) => sum + position.availableToPromise, 0);
      expect(sold.get(sku) ?? 0).toBeLessThanOrEqual(units);
      expect(left).toBe(units - (sold.get(sku) ?? 0));
      expect(ofSku.every((position) => position.availableToPromise >= 0)).toBe(true);
    }
    // Orders of one unit took the last ones: nothing that could be sold was left over.
    expect(sold.get("HOT")).toBe(1000);
  });

  it("holds the same units of an order however often it is asked for, also after recovery", async () => {
    const engine = await start();
    await engine.client.execute([receive("A", "east", 10), receive("B", "west", 10)]);
    const request = orderRequest("twice", [
      { lineId: "1", sku: "A", quantity: 3 },
      { lineId: "2", sku: "B", quantity: 2 },
    ]);
    const [first, second] = await Promise.all([
      engine.client.reserveOrder(request),
      engine.client.reserveOrder(request),
    ]);
    await stop(engine);
    const third = await (await start()).client.reserveOrder(request);
    const holdsOf = (outcome: OrderReservation) => (outcome.status === "reserved" ? outcome.holds : []);
    expect(holdsOf(first)).toHaveLength(2);
    for (const outcome of [second, third]) {
      expect(new Set(holdsOf(outcome).map((hold) => JSON.stringify(hold)))).toEqual(
        new Set(holdsOf(first).map((hold) => JSON.stringify(hold))),
      );
    }
    const client = engines[0]?.client as AllocatorClient;
    const positions = await client.positions(["A", "B"]);
    expect(positions.map((position) => position.reserved).sort()).toEqual([2, 3]);
  });
});

describe("commands", () => {
  it("answers a repeated command with its first outcome, also after recovery, and refuses another body", async () => {
    const first = await start();
    const command = receive("A", "east", 5);
    const [before] = await first.client.execute([command]);
    await first.client.execute([{ ...receive("A", "east", 7), commandId: "other" }]);
    expect(await first.client.execute([command])).toEqual([before]);
    await stop(first);
    const second = await start();
    expect(await second.client.execute([{ ...command, atMs: AT + 1 }])).toEqual([before]);
    const [reused] = await second.client.execute([{ ...command, quantity: 6 } as StockCommand]);
    expect(reused).toMatchObject({ status: "refused", code: "command_id_reused" });
    const [position] = await second.client.positions(["A"]);
    expect(position?.onHand).toBe(12);
  });

  it("gives the units of a soft hold back on time, without being asked", async () => {
    const engine = await start();
    await engine.client.execute([receive("A", "east", 5)]);
    const expiresAtMs = Date.now() + 300;
    await engine.client.execute([
      {
        type: "reserve",
        commandId: "r",
        holdId: "h",
        sku: "A",
        locationId: "east",
        quantity: 2,
        expiresAtMs,
        atMs: Date.now(),
        cause: "test",
      },
    ]);
    expect((await engine.client.holds({ sku: "A", locationId: "east" }))[0]).toMatchObject({ quantity: 2 });
    const { rows } = await until(async () => {
      await engine.projected();
      const found = await test.database.query<{ at: Date; reserved: number }>(
        "select at, reserved from stock_movement where kind = 'hold-expired'",
      );
      return found.rows.length > 0 ? found : undefined;
    });
    expect(rows).toHaveLength(1);
    expect(rows[0]?.reserved).toBe(-2);
    const late = (rows[0]?.at.getTime() ?? 0) - expiresAtMs;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(2000);
    expect(await engine.client.holds({ sku: "A", locationId: "east" })).toEqual([]);
  });

  it("writes every movement once, and the movements add up to the positions", async () => {
    const engine = await start();
    await engine.client.execute([receive("A", "east", 50), receive("B", "west", 50)]);
    for (let index = 0; index < 30; index += 1) {
      await engine.client.reserveOrder(orderRequest(`o-${index}`, [{ lineId: "1", sku: "A", quantity: 1 }]));
    }
    await engine.projected();
    const { rows } = await test.database.query(
      `select p.sku, p.on_hand, p.reserved, sum(m.on_hand)::int as moved, sum(m.reserved)::int as held, count(*)::int as movements
       from stock_position p join stock_movement m using (sku, location_id) group by p.sku, p.on_hand, p.reserved order by p.sku`,
    );
    expect(rows).toEqual([
      { sku: "A", on_hand: 50, reserved: 30, moved: 50, held: 30, movements: 31 },
      { sku: "B", on_hand: 50, reserved: 0, moved: 50, held: 0, movements: 1 },
    ]);
  });
});

describe("attachments", () => {
  it("commits a record in the very transaction of its order's journal rows", async () => {
    const engine = await start();
    await test.database.query(
      "create table record (id text primary key, outcome text, tx xid8 default pg_current_xact_id())",
    );
    await engine.client.execute([receive("A", "east", 1)]);
    const writer = recordingWriter("record");
    const outcomes = await Promise.all(
      ["one", "two"].map((id) =>
        engine.client.reserveOrder(orderRequest(id, [{ lineId: "1", sku: "A", quantity: 1 }]), {
          writer,
          record: (outcome) => ({ id, outcome: outcome.status }),
        }),
      ),
    );
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["reserved", "refused"]);
    const { rows } = await test.database.query(
      "select id, outcome, (select count(*)::int from journal j where j.xmin::text::bigint = (tx::text::bigint & 4294967295)) as rows from record order by id",
    );
    expect(rows).toEqual([
      { id: "one", outcome: "reserved", rows: 1 },
      { id: "two", outcome: "refused", rows: 1 },
    ]);
  });

  it("fails alone when its writer cannot take it: the others commit, its units are free again", async () => {
    const engine = await start();
    await test.database.query(
      "create table record (id text primary key, outcome text check (id <> 'poison'))",
    );
    await engine.client.execute([receive("A", "east", 3), receive("B", "west", 3)]);
    const writer = recordingWriter("record");
    const lines = [
      { lineId: "1", sku: "A", quantity: 1 },
      { lineId: "2", sku: "B", quantity: 1 },
    ];
    const results = await Promise.allSettled(
      ["one", "poison", "three"].map((id) =>
        engine.client.reserveOrder(orderRequest(id, lines), { writer, record: () => ({ id, outcome: "x" }) }),
      ),
    );
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const reason = (results[1] as PromiseRejectedResult).reason;
    expect(reason).toBeInstanceOf(EngineError);
    expect(reason.code).toBe("attachment_rejected");
    const { rows } = await test.database.query("select id from record order by id");
    expect(rows).toEqual([{ id: "one" }, { id: "three" }]);
    const positions = await engine.client.positions(["A", "B"]);
    expect(positions.map((position) => position.availableToPromise)).toEqual([1, 1]);
    // The order was not placed: asked for again, now with a good record, it is placed anew.
    const again = await engine.client.reserveOrder(orderRequest("poison", lines));
    expect(again.status === "reserved" && again.explanation[0]).not.toBe(
      "reserved before under this order id",
    );
  });

  it("does not let a lock that somebody else holds stop more than the record that waits for it", async () => {
    const engine = await start();
    await test.database.query("create table record (id text primary key, outcome text)");
    await engine.client.execute([receive("A", "east", 3)]);
    const writer = recordingWriter("record");
    const reserve = (id: string) =>
      engine.client.reserveOrder(orderRequest(id, [{ lineId: "1", sku: "A", quantity: 1 }]), {
        writer,
        record: () => ({ id, outcome: "x" }),
      });
    const rival = await test.database.connect();
    await rival.query("begin");
    await rival.query("insert into record values ('locked', 'rival')");
    const results = await Promise.allSettled([reserve("locked"), reserve("free")]);
    await rival.query("rollback");
    rival.release();
    expect(results.map((result) => result.status)).toEqual(["rejected", "fulfilled"]);
    expect((results[0] as PromiseRejectedResult).reason).toMatchObject({
      code: "shard_unavailable",
      retryAfterMs: 500,
    });
    expect((await engine.client.positions(["A"]))[0]?.reserved).toBe(1);
    expect((await reserve("locked")).status).toBe("reserved");
  });

  it("commits a record without stock, and tells a writer's error to its caller only", async () => {
    const engine = await start();
    await test.database.query("create table record (id text primary key, outcome text)");
    const writer = recordingWriter("record");
    await engine.client.commit(writer, { id: "a", outcome: "held" });
    const failing: CommitWriter<string> = {
      name: "failing",
      write: () => Promise.reject(new Error("cannot be written")),
    };
    await expect(engine.client.commit(failing, "x")).rejects.toMatchObject({ code: "attachment_rejected" });
    await engine.client.commit(writer, { id: "b", outcome: "held" });
    const { rows } = await test.database.query("select id from record order by id");
    expect(rows).toEqual([{ id: "a" }, { id: "b" }]);
  });
});

describe("recovery", () => {
  it("brings back the very same state after a stop, from snapshot and from journal alone", async () => {
    const first = await start({ snapshotEveryRows: 4 });
    await first.client.execute(
      Array.from({ length: 40 }, (_, index) => receive(`SKU-${index}`, index % 2 ? "east" : "west", 10)),
    );
    for (let index = 0; index < 40; index += 1) {
      await first.client.reserveOrder(
        orderRequest(`o-${index}`, [
          { lineId: "1", sku: `SKU-${index}`, quantity: 1 },
          { lineId: "2", sku: `SKU-${(index + 1) % 40}`, quantity: 2 },
        ]),
      );
    }
    await stop(first);
    const { rows: snapshots } = await test.database.query("select distinct shard from snapshot");
    expect(snapshots).toHaveLength(4);
    const fromSnapshot = await shardStates(test, 4);
    await test.database.query("delete from snapshot");
    expect(await shardStates(test, 4)).toEqual(fromSnapshot);
    const second = await start();
    const status = await second.client.status();
    expect(status.reduce((sum, shard) => sum + shard.holds, 0)).toBe(80);
    expect(status.every((shard) => shard.epoch === 2)).toBe(true);
  });

  it("keeps the last two snapshots of a shard and recovers from the latest with the rows after it", async () => {
    const first = await start({ shards: 1, snapshotEveryRows: 5 });
    const seen = new Set<number>();
    let units = 0;
    await until(async () => {
      units += 1;
      await first.client.execute([receive("A", "east", 1, `r-${units}`)]);
      const { rows } = await test.database.query<{ sequence: number }>("select sequence from snapshot");
      for (const { sequence } of rows) seen.add(sequence);
      return seen.size >= 3 ? rows : undefined;
    });
    await stop(first);
    const { rows: kept } = await test.database.query("select 1 from snapshot");
    expect(kept).toHaveLength(2);
    const second = await start({ shards: 1 });
    expect((await second.client.positions(["A"]))[0]?.onHand).toBe(units);
  });

  it("refuses a database that is laid out for another number of shards", async () => {
    await stop(await start());
    await expect(start({ shards: 8 })).rejects.toMatchObject({ code: "layout_mismatch" });
  });

  it("detects a flipped bit in a journal row and names the row", async () => {
    const first = await start({ shards: 1 });
    await first.client.execute([receive("A", "east", 1)]);
    await first.client.execute([receive("A", "east", 1, "again")]);
    await stop(first);
    await test.database.query("delete from snapshot");
    await test.database.query(
      "update journal set entries = set_bit(entries, 77, 1 - get_bit(entries, 77)) where sequence = 2",
    );
    await expect(start({ shards: 1 })).rejects.toMatchObject({
      code: "journal_corrupt",
      message: "journal row of shard 0 at sequence 2: checksum does not match",
    });
    await test.database.query("delete from journal where sequence = 1");
    await expect(start({ shards: 1 })).rejects.toMatchObject({
      message: "journal row of shard 0 at sequence 2: sequence 1 is missing",
    });
  });
});

describe("fencing", () => {
  it("lets a former owner write nothing once another engine has taken over", async () => {
    const first = await start();
    await first.client.execute([receive("A", "east", 5)]);
    const second = await start();
    const before = await test.database.query(
      "select count(*)::int as rows, max(epoch) as epoch from journal",
    );
    await expect(first.client.execute([receive("A", "east", 1, "late")])).rejects.toMatchObject({
      code: "shard_unavailable",
    });
    await expect(first.client.execute([receive("A", "east", 1, "later")])).rejects.toMatchObject({
      code: "fenced",
    });
    // Who asks whether it is ready hears of it.
    expect((await first.client.status()).some((shard) => shard.state === "fenced")).toBe(true);
    expect((await second.client.status()).every((shard) => shard.state === "live")).toBe(true);
    const after = await test.database.query("select count(*)::int as rows, max(epoch) as epoch from journal");
    expect(after.rows).toEqual(before.rows);
    await second.client.execute([receive("A", "east", 2, "mine")]);
    expect((await second.client.positions(["A"]))[0]?.onHand).toBe(7);
  });
});
