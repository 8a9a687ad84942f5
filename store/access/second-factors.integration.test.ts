import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newSecretKeyLine, readSecretKeys, SealedSecretError, SecretBox } from "../../config/secret-box.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { readSecondFactor, sealSecondFactors, writeSecondFactor } from "./second-factors.ts";
import { createStaff } from "./staff.ts";

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
  await store.database.query("insert into company (id, name, currency) values ('acme', 'Acme', 'USD')");
  for (const id of ["ada", "bob"])
    await createStaff(store.database, {
      id,
      companyId: "acme",
      email: `${id}@acme.example`,
      name: id,
      role: "admin",
      password: "correct horse battery staple",
    });
});
afterAll(() => store.close());

function boxOf(...lines: readonly string[]): SecretBox {
  const reading = readSecretKeys(lines.join("\n"));
  if (reading.status !== "ok") throw new Error(reading.problem);
  return new SecretBox(reading.keys);
}

test("the secret of an app is stored sealed, one of a former version is sealed at start, and keys are exchanged", async () => {
  const { database } = store;
  const [one, two] = [newSecretKeyLine("one"), newSecretKeyLine("two")];
  const [secret, former] = [randomBytes(20), randomBytes(20)];
  const first = boxOf(one);
  expect(await writeSecondFactor(database, first, "ada", secret)).toBe(true);
  await database.query("insert into staff_second_factor (staff_id, secret) values ('bob', $1)", [former]);
  expect(await sealSecondFactors(database, first)).toBe(1);
  expect(await sealSecondFactors(database, first)).toBe(0);
  const { rows } = await database.query<{ secret: Buffer }>("select secret from staff_second_factor");
  for (const row of rows) {
    expect(row.secret.toString()).toMatch(/^v1\.one\./);
    expect([row.secret.includes(secret), row.secret.includes(former)]).toEqual([false, false]);
  }
  const both = boxOf(two, one);
  expect(await sealSecondFactors(database, both)).toBe(2);
  const alone = boxOf(two);
  expect((await readSecondFactor(database, alone, "ada"))?.secret.equals(secret)).toBe(true);
  expect((await readSecondFactor(database, alone, "bob"))?.secret.equals(former)).toBe(true);
  await expect(sealSecondFactors(database, first)).rejects.toThrow(SealedSecretError);
});

test("nobody gets in with the secret of somebody else that was copied to their row", async () => {
  const { database } = store;
  const box = boxOf(newSecretKeyLine("k"));
  await database.query("delete from staff_second_factor");
  await writeSecondFactor(database, box, "ada", randomBytes(20));
  await database.query(
    "insert into staff_second_factor (staff_id, secret) select 'bob', secret from staff_second_factor",
  );
  await expect(readSecondFactor(database, box, "bob")).rejects.toThrow(SealedSecretError);
});
