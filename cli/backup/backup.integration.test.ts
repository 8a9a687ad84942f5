/**
 * Backups of a real database with a company, its stock and orders that are under way, restored beside it and
 * on a server of their own.
 */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { projectRoot } from "../../config/project-root.ts";
import { markRestored } from "../../store/backup/load.ts";
import { readFeed } from "../../store/orders/feed.ts";
import { recordEntry } from "../../store/orders/timeline.ts";
import { type Database, openDatabase } from "../../store/sql/database.ts";
import { type FeedCursor, feedEnd } from "../../store/sql/feed-cursor.ts";
import { newestMigration } from "../../store/sql/migrate.ts";
import { startTestEdge, type TestEdge } from "../../test-support/edge.ts";
import { runAsAdmin, withDatabase } from "../../test-support/servers/postgres-admin.ts";
import { freePort } from "../embedded/free-port.ts";
import { startPostgres } from "../embedded/postgres.ts";
import { ProcessBook } from "../embedded/processes.ts";
import { createBackup, readSecrets, writeSecrets } from "./create-backup.ts";
import { MANIFEST_FILE } from "./manifest.ts";
import { restoreDatabase, restoreDataFolder } from "./restore-backup.ts";
import { verifyBackup } from "./verify-backup.ts";

let edge: TestEdge;
let databaseUrl: string;
let scratch: string;
let backups: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "holdfast-backup-test-"));
  await chmod(scratch, 0o711);
  edge = await startTestEdge({ dashboardFolder: "", staffPassword: "quite-a-long-password" });
  databaseUrl = edge.databaseUrl;
  const sent = await fetch(`${edge.url}/v1/orders?channel=web`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${edge.credentials.apiKey}`,
      "content-type": "application/json",
      "idempotency-key": "first",
    },
    body: await readFile(join(projectRoot, "integrations/channels/holdfast/samples/order.json")),
  });
  expect(sent.status, await sent.text()).toBe(201);
});
afterAll(async () => {
  await edge.stop();
  await rm(scratch, { recursive: true, force: true });
});
beforeEach(async () => {
  backups = await mkdtemp(join(scratch, "backups-"));
});

test("a backup of a system at work is whole, private, and fills an empty database", async () => {
  // Partitions of the archive are made as they are needed: the empty database has none.
  const source = openDatabase(databaseUrl);
  await source.query("select archive_partition('2024-02-01')");
  await source.query(
    "insert into archived_document (order_id, month, rows) values ('web-old', '2024-02-01', '{}')",
  );
  await source.end();
  const { folder, manifest } = await createBackup({ databaseUrl, dataFolder: null }, backups);

  expect(await verifyBackup(folder)).toEqual(manifest);
  expect(manifest).toMatchObject({ source: "database", schemaVersion: newestMigration() });
  expect(readdirSync(backups)).toEqual([folder.slice(backups.length + 1)]);
  expect(statSync(folder).mode & 0o077).toBe(0);
  expect(statSync(join(folder, MANIFEST_FILE)).mode & 0o077).toBe(0);

  const target = await emptyDatabase();
  await restoreDatabase(folder, target);
  const [before, after] = [openDatabase(databaseUrl), openDatabase(target)];
  try {
    for (const { name, rows } of manifest.tables.filter(({ name }) => name !== "saga_home")) {
      const counted = await after.query(`select count(*)::integer as rows from "${name}"`);
      expect(counted.rows, name).toEqual([{ rows }]);
    }
    expect((await after.query("select order_id from archived_document")).rows).toEqual([
      { order_id: "web-old" },
    ]);
    const constraints = "select conname from pg_constraint order by conname";
    expect((await after.query(constraints)).rows).toEqual((await before.query(constraints)).rows);
    expect((await after.query("select namespace_id from saga_home")).rows).toEqual([{ namespace_id: null }]);
    // Numbers that the database gives out go on where they were.
    const { rows } = await after.query("select id from orders limit 1");
    await recordEntry(after, {
      orderId: rows[0]?.id,
      key: "after-the-restore",
      type: "order.noted",
      summary: "It goes on.",
      cause: "test",
    });
  } finally {
    await Promise.all([before.end(), after.end()]);
  }
});

test("nothing that somebody has is overwritten", async () => {
  const { folder } = await createBackup({ databaseUrl, dataFolder: null }, backups);
  await expect(restoreDatabase(folder, databaseUrl)).rejects.toMatchObject({ code: "database_not_empty" });
  const strangers = await emptyDatabase();
  const database = openDatabase(strangers);
  await database.query("create table theirs (id integer)");
  await database.end();
  await expect(restoreDatabase(folder, strangers)).rejects.toMatchObject({ code: "database_not_empty" });
  const data = join(scratch, "somebody");
  await mkdir(data);
  await writeFile(join(data, "theirs"), "");
  await expect(restoreDataFolder(folder, data, null)).rejects.toMatchObject({ code: "folder_not_empty" });
});

test("every flipped bit, missing file and strange file is named, and nothing is restored from it", async () => {
  const { folder, manifest } = await createBackup({ databaseUrl, dataFolder: null }, backups);
  const orders = join(folder, "database", "orders.copy.gz");
  const whole = readFileSync(orders);
  const flipped = Buffer.from(whole);
  flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
  writeFileSync(orders, flipped);
  await rm(join(folder, "database", "journal.copy.gz"));
  writeFileSync(join(folder, "stray"), "");
  const error = await verifyBackup(folder).catch((fault: unknown) => fault as Error);
  expect(error).toMatchObject({ code: "backup_damaged" });
  expect(String(error)).toMatch(/orders\.copy\.gz/);
  expect(String(error)).toMatch(/journal\.copy\.gz/);
  expect(String(error)).toMatch(/stray/);
  const target = await emptyDatabase();
  await expect(restoreDatabase(folder, target)).rejects.toMatchObject({ code: "backup_damaged" });
  const database = openDatabase(target);
  expect((await database.query("select from pg_class where relname = 'company'")).rowCount).toBe(0);
  await database.end();

  const file = join(folder, MANIFEST_FILE);
  writeFileSync(file, readFileSync(file, "utf8").replace(manifest.at, "2020-01-01T00:00:00.000Z"));
  await expect(verifyBackup(folder)).rejects.toThrow(/manifest\.json is not as it was written/);
  await expect(verifyBackup(join(scratch, "nowhere"))).rejects.toMatchObject({ code: "backup_not_found" });
});

test("a backup of a database without our schema is refused", async () => {
  const source = { databaseUrl: await emptyDatabase(), dataFolder: null };
  await expect(createBackup(source, backups)).rejects.toMatchObject({ code: "database_not_ours" });
  expect(readdirSync(backups)).toEqual([]);
});

test("a data folder comes back on a server of its own, whose feed goes on after everything that was in it", async () => {
  const data = join(scratch, "data");
  await mkdir(join(data, "simulators"), { recursive: true });
  await writeFile(join(data, "simulators", "charges.jsonl"), '{"charge":1}\n');
  await writeFile(join(data, "processes.json"), "[]");
  const password = randomBytes(12).toString("base64url");
  const local = { postgresPassword: password, carrierWebhookSecret: "of the sandbox", apiKey: "kept" };
  const place = { url: "http://127.0.0.1:1", databaseUrl, temporal: { address: "there", namespace: "old" } };
  await writeFile(join(data, "local.json"), JSON.stringify({ ...local, ...place }));
  const { folder } = await createBackup({ databaseUrl, dataFolder: data }, backups);
  const secrets = join(scratch, "secrets.json");
  await writeSecrets(data, secrets);
  expect([...(await readSecrets(secrets)).keys()]).toEqual(["local.json"]);
  expect(statSync(secrets).mode & 0o077).toBe(0);
  await writeSecrets(data, secrets);
  const taken = join(scratch, "taken.json");
  await writeFile(taken, "of somebody else");
  await expect(writeSecrets(data, taken)).rejects.toMatchObject({ code: "secrets_file_exists" });
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".gz"),
  );
  for (const name of all) expect(readFileSync(join(folder, name)).includes(password)).toBe(false);
  await appendFile(join(data, "simulators", "charges.jsonl"), '{"charge":2}\n');

  const restored = join(scratch, "restored");
  const manifest = await restoreDataFolder(folder, restored, secrets);
  expect(JSON.parse(await readFile(join(restored, "local.json"), "utf8"))).toEqual(local);
  expect(await readFile(join(restored, "simulators", "charges.jsonl"), "utf8")).toBe('{"charge":1}\n');
  const server = await startPostgres({
    dataFolder: restored,
    port: await freePort(),
    password,
    book: new ProcessBook(restored),
    onCrash: () => {},
    progress: () => {},
  });
  const database = openDatabase(server.url);
  try {
    const start = { transaction: 0n, id: 0n };
    const old = await readFeed(database, start, { limit: 500 });
    const entries = manifest.tables.find(({ name }) => name === "order_event")?.rows;
    expect(old.entries).toHaveLength(entries ?? -1);
    const orderId = old.entries[0]?.orderId ?? "";
    const entry = { key: "new", type: "order.noted", summary: "New.", cause: "test" };
    await recordEntry(database, { orderId, ...entry });
    // Also for whoever has followed the lost machine's feed a little further than the backup.
    const ahead = { transaction: BigInt(manifest.nextTransaction) + 1_000n, id: 0n };
    await expect.poll(() => keysAfter(database, ahead)).toEqual(["new"]);
  } finally {
    await database.end();
    await server.stop();
  }
});

test("a database that was restored by other means loses its sagas' home, and its feed goes on after what was lost", async () => {
  const { folder } = await createBackup({ databaseUrl, dataFolder: null }, backups);
  const target = await emptyDatabase();
  await restoreDatabase(folder, target);
  const database = openDatabase(target);
  try {
    await database.query("update saga_home set namespace_id = 'of the lost machine'");
    const end = await feedEnd(database);
    await markRestored(target);
    const { rows } = await database.query("select o.id, h.namespace_id from orders o, saga_home h limit 1");
    expect(rows[0]?.namespace_id).toBeNull();
    const entry = { key: "new", type: "order.noted", summary: "New.", cause: "test" };
    await recordEntry(database, { orderId: rows[0]?.id, ...entry });
    const ahead = { transaction: end.transaction + 1_000n, id: 0n };
    await expect.poll(() => keysAfter(database, ahead)).toEqual(["new"]);
  } finally {
    await database.end();
  }
});

/** An entry is read once no older transaction is open, which other databases of the server may have. */
async function keysAfter(database: Database, cursor: FeedCursor): Promise<readonly string[]> {
  const { entries } = await readFeed(database, cursor, { limit: 500 });
  return entries.map(({ key }) => key);
}

async function emptyDatabase(): Promise<string> {
  const admin = inject("postgresUrl");
  const name = `restored_${randomBytes(6).toString("hex")}`;
  await runAsAdmin(admin, `create database ${name}`);
  return withDatabase(admin, name);
}
