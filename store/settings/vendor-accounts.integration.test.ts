import { afterAll, beforeAll, expect, test } from "vitest";
import { newSecretKeyLine, readSecretKeys, SealedSecretError, SecretBox } from "../../config/secret-box.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { readStoredAccounts, sealVendorAccounts, writeVendorAccount } from "./vendor-accounts.ts";

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
  await store.database.query("insert into company (id, name, currency) values ('acme', 'Acme', 'USD')");
});
afterAll(() => store.close());

function boxOf(...lines: readonly string[]): SecretBox {
  const reading = readSecretKeys(lines.join("\n"));
  if (reading.status !== "ok") throw new Error(reading.problem);
  return new SecretBox(reading.keys);
}

test("an account's secrets go with the keys, and open for no other account", async () => {
  const { database } = store;
  const [one, two] = [newSecretKeyLine("one"), newSecretKeyLine("two")];
  const key = { kind: "payments", provider: "stripe", account: "eu" } as const;
  const until = new Date("2026-12-01T00:00:00Z");
  await writeVendorAccount(database, boxOf(one), {
    ...key,
    companyId: "acme",
    name: "Europe",
    active: true,
    place: 0,
    services: null,
    plain: { STRIPE_BASE_URL: "https://api.stripe.com" },
    secrets: { STRIPE_SECRET_KEY: "sk_live_0123456789" },
    former: { secret: "whsec_before", until },
  });
  const { rows } = await database.query("select * from vendor_account");
  expect(JSON.stringify(rows)).not.toMatch(/sk_live_0123456789|whsec_before/);
  const both = boxOf(two, one);
  expect(await sealVendorAccounts(database, both)).toBe(1);
  expect(await sealVendorAccounts(database, both)).toBe(0);
  expect(await readStoredAccounts(database, boxOf(two))).toEqual([
    {
      ...key,
      active: true,
      services: null,
      values: { STRIPE_BASE_URL: "https://api.stripe.com", STRIPE_SECRET_KEY: "sk_live_0123456789" },
      former: { secret: "whsec_before", until },
    },
  ]);
  await expect(sealVendorAccounts(database, boxOf(one))).rejects.toThrow(SealedSecretError);
  await database.query("update vendor_account set account = 'us'");
  await expect(readStoredAccounts(database, both)).rejects.toThrow(SealedSecretError);
});
