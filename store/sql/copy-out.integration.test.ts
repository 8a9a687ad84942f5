import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { createTestDatabase } from "../../test-support/servers/postgres.ts";
import { bigintOf, copyOut, literal } from "./copy-out.ts";
import { inTransaction, openDatabase } from "./database.ts";

async function emptyDatabase() {
  const test = await createTestDatabase();
  onTestFinished(test.close);
  return test;
}

test("bytes and numbers come as they are stored, whatever their size, over the pool and in a transaction", async () => {
  const { database } = await emptyDatabase();
  const stored = [
    { number: 0, bytes: Buffer.alloc(0) },
    { number: -1, bytes: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)) },
    { number: 2 ** 31, bytes: randomBytes(70_000) },
    { number: Number.MAX_SAFE_INTEGER, bytes: randomBytes(3_000_000) },
    { number: Number.MIN_SAFE_INTEGER, bytes: randomBytes(5) },
  ];
  await inTransaction(database, async (transaction) => {
    await transaction.query("create table stored (number bigint, bytes bytea)");
    for (const { number, bytes } of stored) {
      await transaction.query("insert into stored values ($1, $2)", [number, bytes]);
    }
    const within = await copyOut(transaction, "select bytes from stored where number = 0");
    expect(within).toEqual([[Buffer.alloc(0)]]);
  });
  const rows = await copyOut(database, "select number, bytes from stored order by number desc");
  const read = rows.map(([number, bytes]) => ({
    number: bigintOf(number as Buffer),
    bytes: (bytes as Buffer).toString("base64"),
  }));
  const expected = stored.map(({ number, bytes }) => ({ number, bytes: bytes.toString("base64") }));
  expect(read).toEqual(expected.sort((a, b) => b.number - a.number));
});

test("several copies at once over one connection keep to their own rows", async () => {
  const { url } = await emptyDatabase();
  const database = openDatabase(url, { maxConnections: 1 });
  onTestFinished(() => database.end());
  const copies = await Promise.all(
    [0, 1, 2, 3].map((count) =>
      copyOut(database, `select 7::bigint from generate_series(1, ${literal(count)})`),
    ),
  );
  expect(copies.map((rows) => rows.map(([seven]) => bigintOf(seven as Buffer)))).toEqual([
    [],
    [7],
    [7, 7],
    [7, 7, 7],
  ]);
});

test("a statement that fails, at once or half way, rejects with the server's code; the connection goes on", async () => {
  const { url } = await emptyDatabase();
  const database = openDatabase(url, { maxConnections: 1 });
  onTestFinished(() => database.end());
  await expect(copyOut(database, "select nothing")).rejects.toMatchObject({ code: "42703" });
  const failsLate = "select 1 / (5000 - n) from generate_series(1, 5000) n";
  await expect(copyOut(database, failsLate)).rejects.toMatchObject({ code: "22012" });
  await expect(copyOut(database, "select null::bigint")).rejects.toThrow("null");
  expect(await copyOut(database, "select 'a'::bytea")).toEqual([[Buffer.from("a")]]);
});

test("a server that falls silent, and one that cannot be reached, are told", async () => {
  const { url } = await emptyDatabase();
  const silent = openDatabase(url, { silentAfterMs: 50 });
  onTestFinished(() => silent.end());
  await expect(copyOut(silent, "select 1 from pg_sleep(5)")).rejects.toThrow("timeout");
  const nowhere = openDatabase("postgres://nobody@127.0.0.1:1/nothing");
  onTestFinished(() => nowhere.end());
  await expect(copyOut(nowhere, "select 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("nothing but whole numbers gets into a statement", () => {
  expect(literal(-12)).toBe("-12");
  for (const value of [1.5, Number.NaN, 2 ** 53, "1; drop table journal" as unknown as number]) {
    expect(() => literal(value)).toThrow(RangeError);
  }
});
