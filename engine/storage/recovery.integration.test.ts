/** Snapshots and recovery with a real PostgreSQL: what is stored is damaged bit by bit, and never served. */
import { randomInt } from "node:crypto";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { receive, shardStates, silentLogger, until } from "../../test-support/engine.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { type Engine, type EngineOptions, startEngine } from "../engine.ts";
import type { EngineError } from "../errors.ts";
import { recoverShard } from "./recovery.ts";
import { storedShard } from "./stored-shard.ts";

let test: TestDatabase;
const running = new Set<Engine>();

beforeEach(async () => {
  test = await createTestDatabase();
});

afterEach(async () => {
  await Promise.all([...running].map((engine) => engine.stop()));
  running.clear();
  await test.close();
});

async function start(options: Partial<EngineOptions> = {}): Promise<Engine> {
  const engine = await startEngine({
    databaseUrl: test.url,
    threads: 2,
    shards: 1,
    logger: silentLogger,
    ...options,
  });
  running.add(engine);
  return engine;
}

async function stop(engine: Engine): Promise<void> {
  running.delete(engine);
  await engine.stop();
}

/** A logger that keeps its lines. */
function recordingLogger(): { readonly logger: EngineOptions["logger"]; readonly lines: string[] } {
  const lines: string[] = [];
  return { logger: pino({ level: "warn" }, { write: (line: string) => void lines.push(line) }), lines };
}

async function snapshotSequences(): Promise<readonly number[]> {
  const { rows } = await test.database.query<{ sequence: number }>(
    "select sequence from snapshot order by sequence",
  );
  return rows.map((row) => row.sequence);
}

/** One after the other, so that each is a commit and a journal row of its own. */
async function receiveOneByOne(engine: Engine, from: number, to: number): Promise<void> {
  for (let number = from; number <= to; number += 1) {
    await engine.client.execute([receive("A", number % 2 === 0 ? "east" : "west", 1, `r-${number}`)]);
  }
}

/** Works until the shard has two snapshots. @returns the units received */
async function receiveUntilTwoSnapshots(engine: Engine): Promise<number> {
  let units = 0;
  while ((await snapshotSequences()).length < 2) {
    await receiveOneByOne(engine, units + 1, units + 5);
    units += 5;
  }
  return units;
}

describe("snapshots", () => {
  it("are made while the shard goes on, from what is committed only, and a recovery needs little journal then", async () => {
    const engine = await start({ snapshotEveryRows: 10 });
    await receiveUntilTwoSnapshots(engine);
    await stop(engine);
    const withSnapshots = await shardStates(test, 1);
    await test.database.query("delete from snapshot");
    expect(await shardStates(test, 1)).toEqual(withSnapshots);
  });

  it("are not waited for at a stop after which little has to be replayed", async () => {
    const engine = await start();
    await receiveOneByOne(engine, 1, 5);
    await stop(engine);
    expect(await snapshotSequences()).toEqual([]);
    const again = await start();
    expect(await again.client.positions(["A"])).toHaveLength(2);
  });

  it("find a journal that is damaged while the shard lives, name the row and stop the shard", async () => {
    const { logger, lines } = recordingLogger();
    const engine = await start({ snapshotEveryRows: 8, logger });
    await receiveOneByOne(engine, 1, 4);
    await test.database.query(
      "update journal set entries = set_bit(entries, 70, 1 - get_bit(entries, 70)) where sequence = 2",
    );
    await receiveOneByOne(engine, 5, 7);
    await engine.client.execute([receive("A", "east", 1, "r-8")]);
    await until(async () =>
      engine.client.execute([receive("A", "east", 1, "late")]).then(
        () => undefined,
        (error: EngineError) => (error.code === "shard_unavailable" ? true : undefined),
      ),
    );
    await until(async () =>
      lines.some((line) => line.includes("a shard could not be rebuilt")) ? true : undefined,
    );
    const told = lines.map((line) => JSON.parse(line) as { msg: string; err?: { message: string } });
    for (const message of ["the stored journal of a shard is damaged", "a shard could not be rebuilt"]) {
      expect(told.find(({ msg }) => msg === message)?.err?.message).toContain(
        "journal row of shard 0 at sequence 2: checksum does not match",
      );
    }
  });
});

describe("what is damaged", () => {
  it("falls back to the older snapshot where the newest is damaged, says which, and replaces it", async () => {
    const first = await start({ snapshotEveryRows: 10 });
    const units = await receiveUntilTwoSnapshots(first);
    await stop(first);
    const [older, newest] = (await snapshotSequences()) as [number, number];
    const before = await shardStates(test, 1);
    await test.database.query(
      "update snapshot_part set bytes = set_bit(bytes, 99, 1 - get_bit(bytes, 99)) where sequence = $1",
      [newest],
    );
    expect(await shardStates(test, 1)).toEqual(before);
    const { logger, lines } = recordingLogger();
    const second = await start({ logger, snapshotEveryRows: 10 });
    expect(lines.join("\n")).toContain(`snapshot of shard 0 at sequence ${newest}: checksum does not match`);
    expect((await second.client.positions(["A"])).reduce((sum, one) => sum + one.onHand, 0)).toBe(units);
    // The next one takes the place of the damaged one.
    await receiveOneByOne(second, units + 1, units + 10);
    await until(async () => {
      const sound = await recoverShard(0, storedShard(test.database, 0));
      return sound.damaged.length === 0 && (await snapshotSequences()).length === 2 ? true : undefined;
    });
    expect(await snapshotSequences()).toContain(older);
  });

  it("is detected and named, or lies in what is never read, whichever bit of any column is flipped", async () => {
    const engine = await start({ snapshotEveryRows: 10 });
    const units = await receiveUntilTwoSnapshots(engine);
    await stop(engine);
    // Rows that no snapshot contains: those have to be read.
    const second = await start({ snapshotEveryRows: 1_000 });
    await receiveOneByOne(second, units + 1, units + 40);
    await stop(second);
    const [sound] = await shardStates(test, 1);
    const columns = [
      ["journal", "entries"],
      ["journal", "previous_hash"],
      ["journal", "hash"],
      ["journal", "checksum"],
      ["journal", "epoch"],
      ["snapshot_part", "bytes"],
      ["snapshot", "journal_hash"],
      ["snapshot", "state_hash"],
      ["snapshot", "checksum"],
      ["snapshot", "epoch"],
      ["snapshot", "size"],
    ] as const;
    const seen = { named: 0, stopped: 0, unread: 0 };
    for (let round = 0; round < 120; round += 1) {
      const [table, column] = columns[round % columns.length] as (typeof columns)[number];
      // Every other time in a row that has to be read.
      const of =
        table === "journal" && round % 2 === 0 ? "sequence > (select max(sequence) from snapshot)" : "true";
      const { rows } = await test.database.query<{ sequence: number; bits: number }>(
        `select sequence, ${isBytes(column) ? `8 * length(${column})` : "20"} as bits
           from ${table} where ${of} order by random() limit 1`,
      );
      const [{ sequence, bits }] = rows as [{ sequence: number; bits: number }];
      const bit = randomInt(bits);
      const flip = isBytes(column)
        ? `set_bit(${column}, ${bit}, 1 - get_bit(${column}, ${bit}))`
        : `${column} # (1::bigint << ${bit})`;
      const change = `update ${table} set ${column} = ${flip} where sequence = ${sequence}`;
      const where = `bit ${bit} of ${table}.${column} at sequence ${sequence}`;
      await test.database.query(change);
      try {
        const { damaged } = await recoverShard(0, storedShard(test.database, 0));
        expect((await shardStates(test, 1))[0], where).toBe(sound);
        if (damaged.length > 0) seen.named += 1;
        else seen.unread += 1;
      } catch (error) {
        expect((error as EngineError).code, where).toBe("journal_corrupt");
        expect((error as EngineError).message, where).toMatch(/^journal row of shard 0 at sequence \d+: /);
        seen.stopped += 1;
      }
      await test.database.query(change);
    }
    expect(seen.named).toBeGreaterThan(10);
    expect(seen.stopped).toBeGreaterThan(10);
    expect((await shardStates(test, 1))[0]).toBe(sound);
  });
});

function isBytes(column: string): boolean {
  return ["entries", "previous_hash", "hash", "bytes", "journal_hash", "state_hash"].includes(column);
}
