/** `holdfast audit` and `holdfast role` against a real gateway: what they print and how they exit. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AuditEntry, AuditFault } from "../contract/audit.ts";
import type { PermissionView, RoleView } from "../contract/roles.ts";
import { inTransaction } from "../store/sql/database.ts";
import { type GatewayWorld, startGatewayWorld } from "../test-support/gateway.ts";
import { jsonLines, runAsAdmin } from "../test-support/system.ts";

let world: GatewayWorld;
let folder: string;
beforeAll(async () => {
  world = await startGatewayWorld();
  folder = mkdtempSync(join(tmpdir(), "holdfast-audit-"));
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (...args: readonly string[]) => runAsAdmin(world, args, folder);

test("a role is made, changed, switched off, and shown as a document for programs", async () => {
  const made = await run("role", "create", "returns-desk", "--permissions", "returns.read,returns.receive");
  expect([made.status, made.stderr]).toEqual([0, ""]);
  const [changed] = jsonLines<RoleView>(
    await run(
      "role",
      "update",
      "returns-desk",
      "--add",
      "orders.read",
      "--remove",
      "returns.receive",
      "--locations",
      "east",
      "--json",
    ),
  );
  expect(changed).toMatchObject({
    permissions: ["orders.read", "returns.read"],
    locations: ["east"],
    version: 3,
  });
  const [free] = jsonLines<RoleView>(
    await run("role", "update", "returns-desk", "--locations", "all", "--json"),
  );
  expect(free?.locations).toBeNull();
  expect((await run("role", "disable", "returns-desk")).stdout).toContain("returns-desk is switched off.");
  const listed = jsonLines<RoleView>(await run("role", "list", "--json"));
  expect(listed.find(({ id }) => id === "returns-desk")).toMatchObject({ enabled: false });
  expect((await run("role", "show", "warehouse")).stdout).toContain("as shipped");
  const permissions = jsonLines<PermissionView>(await run("role", "permissions", "--json"));
  expect(permissions).toContainEqual({ permission: "roles.write", yours: true });
});

test("a role that cannot be is refused with its code, and two ways at once with the status of a wrong command line", async () => {
  const protectedRole = await run("role", "update", "admin", "--permissions", "orders.read");
  expect([protectedRole.status, protectedRole.stderr]).toEqual([
    1,
    expect.stringContaining("role_protected"),
  ]);
  expect((await run("role", "update", "store", "--shipped", "--add", "orders.cancel")).status).toBe(2);
});

test("entries are listed by what was done, of what and how many", async () => {
  const entries = jsonLines<AuditEntry>(
    await run("audit", "list", "--subject", "role:returns-desk", "--json"),
  );
  expect(entries.map(({ act }) => act)).toEqual(Array(4).fill("setting.changed"));
  expect((await run("audit", "list", "--limit", "2")).stdout.trim().split("\n")).toHaveLength(3);
  expect((await run("audit", "list", "--act", "sku.mapped")).stdout).toContain("No entries.");
  expect((await run("audit", "list", "--limit", "none")).status).toBe(2);
});

test("an export has every entry, in a file that nobody else reads, and as a table", async () => {
  const file = join(folder, "audit.jsonl");
  expect((await run("audit", "export", "--output", file)).status).toBe(0);
  const positions = readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as AuditEntry).position);
  expect(positions).toEqual(Array.from({ length: positions.length }, (_, at) => at + 1));
  expect(statSync(file).mode & 0o077).toBe(0);
  const table = (await run("audit", "export", "--format", "csv", "--subject", "role:returns-desk")).stdout;
  expect(table.trimEnd().split("\r\n")).toHaveLength(5);
  expect((await run("audit", "export", "--format", "xml")).status).toBe(2);
});

test("the chain is verified against what was seen before, and what was altered is named", async () => {
  const whole = await run("audit", "verify");
  expect([whole.status, whole.stdout]).toEqual([0, expect.stringContaining("the chain is whole")]);
  const seen = /(\d+:[0-9a-f]{64})/.exec(whole.stdout)?.[1] ?? "";
  expect((await run("audit", "verify", "--expect", seen)).status).toBe(0);
  const other = `${seen.slice(0, -4)}0000`;
  expect((await run("audit", "verify", "--expect", other)).status).toBe(1);
  expect((await run("audit", "verify", "--expect", "yesterday")).status).toBe(2);
  await inTransaction(world.database, async (client) => {
    await client.query("set local session_replication_role = replica");
    await client.query("update audit_entry set acted_by = 'staff:nobody' where position = 2");
  });
  const broken = await run("audit", "verify", "--json");
  expect(broken.status).toBe(1);
  expect(jsonLines<AuditFault>(broken)[0]).toMatchObject({ kind: "altered", position: 2 });
});
