import { afterAll, beforeAll, expect, test } from "vitest";
import { newSecretKeyLine, readSecretKeys, SealedSecretError, SecretBox } from "../../config/secret-box.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { giveChannelSecret, readChannelDoor, sealChannelSecrets } from "./channel-secrets.ts";

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
  await store.database.query("insert into company (id, name, currency) values ('acme', 'Acme', 'USD')");
  await store.database.query(
    `insert into channel (id, company_id, name, kind, webhook_secret) values
       ('former', 'acme', 'Former', 'shopify', 'clear-text'), ('newer', 'acme', 'Newer', 'holdfast', null)`,
  );
});
afterAll(() => store.close());

function boxOf(...lines: readonly string[]): SecretBox {
  const reading = readSecretKeys(lines.join("\n"));
  if (reading.status !== "ok") throw new Error(reading.problem);
  return new SecretBox(reading.keys);
}

const stored = async (): Promise<readonly string[]> =>
  (
    await store.database.query<{ sealed: string }>(
      "select sealed from channel_secret order by channel_id, expires_at nulls first",
    )
  ).rows.map(({ sealed }) => sealed);

test("what a former version kept in clear text is sealed once, and what is sealed goes with the keys", async () => {
  const { database } = store;
  const [one, two] = [newSecretKeyLine("one"), newSecretKeyLine("two")];
  const first = boxOf(one);
  expect(await sealChannelSecrets(database, first)).toBe(1);
  expect(await sealChannelSecrets(database, first)).toBe(0);
  const { rows } = await database.query("select from channel where webhook_secret is not null");
  expect(rows).toEqual([]);
  expect((await stored()).join()).not.toContain("clear-text");
  expect((await readChannelDoor(database, first, "former", new Date()))?.secrets).toEqual(["clear-text"]);

  const at = new Date();
  const formerUntil = new Date(at.getTime() + 60_000);
  for (const clearText of ["older", "newest"])
    await giveChannelSecret(database, first, { channelId: "newer", clearText, at, formerUntil });
  const both = boxOf(two, one);
  // Two processes that start at once.
  const sealed = await Promise.all([sealChannelSecrets(database, both), sealChannelSecrets(database, both)]);
  expect(sealed.sort()).toEqual([0, 3]);
  expect((await stored()).every((text) => text.startsWith("v1.two."))).toBe(true);
  const alone = boxOf(two);
  expect((await readChannelDoor(database, alone, "newer", new Date()))?.secrets).toEqual(["newest", "older"]);

  const before = await stored();
  await expect(sealChannelSecrets(database, first)).rejects.toThrow(SealedSecretError);
  expect(await stored()).toEqual(before);
});

test("a sealed secret that is copied to another channel opens nothing there", async () => {
  const { database } = store;
  const box = boxOf(newSecretKeyLine("k"));
  await database.query("delete from channel_secret");
  const at = new Date();
  await giveChannelSecret(database, box, {
    channelId: "former",
    clearText: "of-former",
    at,
    formerUntil: at,
  });
  await database.query(
    "insert into channel_secret (channel_id, sealed) select 'newer', sealed from channel_secret where channel_id = 'former'",
  );
  await expect(readChannelDoor(database, box, "newer", new Date())).rejects.toThrow(SealedSecretError);
});
