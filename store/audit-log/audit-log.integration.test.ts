/** The audit log against a real PostgreSQL, and against somebody who may do everything to the database. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { AUDIT_DETAIL_BYTES } from "../../config/limits.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { inTransaction } from "../sql/database.ts";
import { exportAudit, listAudit, verifyAudit } from "./audit-entries.ts";
import { type Caller, recordAudit, recordAuditAlone } from "./record-audit.ts";

const MIA: Caller = { by: "staff:mia", companyId: "acme", address: "192.0.2.1", requestId: "r-1" };

let world: TestDatabase;
beforeAll(async () => {
  world = await createTestDatabase();
});
afterAll(() => world.close());

/** What the database's owner can do, whatever the triggers say. */
async function tamper(statement: string): Promise<void> {
  await inTransaction(world.database, async (client) => {
    await client.query("set local session_replication_role = replica");
    await client.query(statement);
  });
}

beforeEach(() => tamper("truncate audit_entry; update audit_head set position = 0, hash = repeat('0', 64)"));

const record = async (count: number) => {
  for (let index = 1; index <= count; index += 1)
    await recordAuditAlone(world.database, MIA, {
      act: "setting.changed",
      subject: `channel:${index}`,
      before: { active: true },
      after: { active: false },
    });
};

const faults = async () =>
  (await verifyAudit(world.database, 0)).faults.map(({ kind, position }) => `${kind} ${position}`);

test("entries of many at once follow each other without a gap", async () => {
  await Promise.all(
    Array.from({ length: 8 }, async (_, who) => {
      for (let index = 0; index < 5; index += 1)
        await recordAuditAlone(
          world.database,
          { ...MIA, by: `staff:${who}` },
          { act: "session.opened", subject: "one" },
          { act: "session.closed", subject: "two" },
        );
    }),
  );
  expect(await verifyAudit(world.database, 0)).toMatchObject({
    checked: 80,
    position: 80,
    done: true,
    faults: [],
  });
});

test("what is not committed leaves no entry, and no gap", async () => {
  await record(1);
  const failed = inTransaction(world.database, async (client) => {
    await recordAudit(client, MIA, { act: "sku.mapped", subject: "lost" });
    throw new Error("the change failed");
  });
  await expect(failed).rejects.toThrow("the change failed");
  await record(1);
  expect(await verifyAudit(world.database, 0)).toMatchObject({ position: 2, faults: [] });
});

test.each([
  ["update audit_entry set acted_by = 'staff:eve'"],
  ["delete from audit_entry"],
  ["truncate audit_entry"],
  ["delete from audit_head"],
  ["update audit_head set position = 0"],
])("the database refuses: %s", async (statement) => {
  await record(2);
  await expect(world.database.query(statement)).rejects.toMatchObject({ code: "42501" });
  expect(await faults()).toEqual([]);
});

test.each<[string, string, readonly string[]]>([
  ["an altered entry", "update audit_entry set acted_by = 'staff:eve' where position = 2", ["altered 2"]],
  ["an altered value", `update audit_entry set after = '{"active":null}' where position = 3`, ["altered 3"]],
  [
    "a moved time",
    "update audit_entry set at = at + interval '1 microsecond' where position = 2",
    ["altered 2"],
  ],
  ["a removed entry", "delete from audit_entry where position = 2", ["removed 2"]],
  ["a removed beginning", "delete from audit_entry where position = 1", ["removed 1"]],
  ["a removed end", "delete from audit_entry where position > 2", ["removed 3"]],
  ["a log that was emptied", "truncate audit_entry", ["removed 1"]],
  [
    "an entry put in behind",
    `insert into audit_entry select 5, at, company_id, acted_by, address, request_id, act, subject, before, after,
       hash, repeat('a', 64) from audit_entry where position = 4`,
    ["altered 5", "inserted 5"],
  ],
  [
    "an entry put in another's place",
    `delete from audit_entry where position = 3;
     insert into audit_entry select 3, at, company_id, acted_by, address, request_id, act, subject, before, after,
       previous_hash, hash from audit_entry where position = 2`,
    ["inserted 3", "altered 3", "inserted 4"],
  ],
])("%s is found", async (_what, statement, expected) => {
  await record(4);
  await tamper(statement);
  expect(await faults()).toEqual(expected);
});

test("what is looked for is found by who, what, of what, when and any part of it", async () => {
  await record(3);
  await recordAuditAlone(
    world.database,
    { by: "api-key:k1", companyId: "acme", address: "198.51.100.7", requestId: "r-2" },
    { act: "sku.mapped", subject: "sku-mapping:pos A-1", after: { sku: "TEE-1" } },
  );
  const found = async (filter: object) =>
    (await listAudit(world.database, { companyId: "acme", ...filter }, { limit: 10 })).items.map(
      ({ position }) => position,
    );
  expect(await found({})).toEqual([4, 3, 2, 1]);
  expect(await found({ by: "api-key:k1" })).toEqual([4]);
  expect(await found({ act: "setting.changed" })).toEqual([3, 2, 1]);
  expect(await found({ subject: "channel:2" })).toEqual([2]);
  expect(await found({ q: "tee-1" })).toEqual([4]);
  expect(await found({ q: "198.51" })).toEqual([4]);
  expect(await found({ q: "100%" })).toEqual([]);
  expect(await found({ from: new Date(Date.now() + 60_000).toISOString() })).toEqual([]);
  const first = await listAudit(world.database, { companyId: "acme" }, { limit: 3 });
  const second = await listAudit(
    world.database,
    { companyId: "acme" },
    { limit: 3, cursor: first.next ?? "" },
  );
  expect([first.items.length, second.items.map(({ position }) => position), second.next]).toEqual([
    3,
    [1],
    null,
  ]);
});

test("entries of another company are not shown; those of nobody's are", async () => {
  await recordAuditAlone(world.database, MIA, { act: "sku.mapped", subject: "ours" });
  await recordAuditAlone(
    world.database,
    { ...MIA, companyId: "other" },
    { act: "sku.mapped", subject: "theirs" },
  );
  await recordAuditAlone(
    world.database,
    { ...MIA, companyId: null },
    { act: "session.refused", subject: "nobody's" },
  );
  const entries = await exportAudit(world.database, { companyId: "acme" }, { after: 0, limit: 10 });
  expect(entries.map(({ subject }) => subject)).toEqual(["ours", "nobody's"]);
});

test("texts that PostgreSQL cannot keep, and values that are too large, do not keep an act from being recorded", async () => {
  await recordAuditAlone(world.database, MIA, {
    act: "access.denied",
    subject: `a\0b\ud800${"c".repeat(1_000)}`,
    before: { text: "a\0b\ud800" },
    after: { text: "x".repeat(AUDIT_DETAIL_BYTES) },
  });
  const [entry] = await exportAudit(world.database, { companyId: "acme" }, { after: 0, limit: 1 });
  expect(entry?.subject).toHaveLength(300);
  expect(entry?.before).toEqual({ text: "a\0b\ud800" });
  expect(entry?.after).toEqual({ leftOut: expect.stringMatching(/bytes/) });
  expect(await faults()).toEqual([]);
});
