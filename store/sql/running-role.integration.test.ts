/**
 * The whole edge, with the engine and the sagas behind it, by a role that may read and write rows only: what
 * it needs it has, and what it has no use for it has not.
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { passingSecretBox } from "../../config/secret-box.ts";
import { canonicalOrder, type GatewayWorld, startGatewayWorld } from "../../test-support/gateway.ts";
import { type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createCompanyRole } from "../../test-support/servers/company-database.ts";
import { runAsAdmin, withDatabase } from "../../test-support/servers/postgres-admin.ts";
import { attachVault, PersonVault } from "../personal-data/vault.ts";
import { type Database, openDatabase } from "./database.ts";
import { migrate, newestMigration } from "./migrate.ts";
import { grantRunning, RoleUnknownError } from "./running-role.ts";

/** A database of an owner who has migrated it up to there, with a role beside them that only runs. */
async function createApart(to?: number): Promise<{ readonly owner: string; readonly runner: string }> {
  const { name, url: owner } = await createCompanyRole();
  const role = `${name}_runs`;
  const password = randomBytes(18).toString("base64url");
  const admin = inject("postgresUrl");
  await runAsAdmin(admin, `create role ${role} login password '${password}'`);
  await runAsAdmin(admin, `grant connect on database ${name} to ${role}`);
  await migrate(owner, to === undefined ? {} : { to });
  await asOwner(owner, (client) => grantRunning(client, role));
  const runner = new URL(owner);
  runner.username = role;
  runner.password = password;
  return { owner, runner: runner.href };
}

async function asOwner(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await work(client).finally(() => client.end());
}

let runner: string;
let owner: string;
let database: Database;
let world: GatewayWorld;
let sagas: SagaWorld;

beforeAll(async () => {
  ({ owner, runner } = await createApart());
  database = openDatabase(runner);
  attachVault(database, await PersonVault.open(database, passingSecretBox()));
  const close = () => database.end();
  world = await startGatewayWorld(undefined, { store: { url: runner, database, close } });
  const apart = await createApart();
  const other = openDatabase(apart.runner);
  attachVault(other, await PersonVault.open(other, passingSecretBox()));
  sagas = await startSagaWorld(other);
});
afterAll(async () => {
  await sagas?.close();
  await world?.close();
});

test("it captures, changes, cancels and exports orders, moves stock, signs in and sets roles", async () => {
  const call = async (method: string, path: string, json?: unknown) => {
    const reply = await world.call(method, path, {
      ...(json === undefined ? {} : { json }),
      headers: { "idempotency-key": randomBytes(8).toString("hex") },
    });
    expect(reply.status, `${method} ${path} ${reply.text}`).toBeLessThan(300);
    return reply.json;
  };
  await call("POST", "/v1/orders?channel=web", canonicalOrder("least"));
  await call("POST", "/v1/orders/web-least/hold", { reason: "look at it" });
  await call("POST", "/v1/orders/web-least/release-hold", {});
  await call("POST", "/v1/orders/web-least/cancel", { reason: "customer_request" });
  await call("POST", "/v1/roles", { id: "least", name: "Least", permissions: ["orders.read"] });
  await call("GET", "/v1/orders/export.csv");
  expect(await call("GET", "/v1/audit/verification")).toMatchObject({
    faults: [],
    checked: expect.any(Number),
  });
  // Nothing is left to migrate, which it may find out.
  expect(await migrate(runner)).toEqual([]);
});

test("a saga takes the order's money and gives it to the floor by it", async () => {
  const orderId = await sagas.placeOrder();
  const released = async () =>
    (await sagas.database.query("select from fulfillment_order where order_id = $1", [orderId])).rowCount;
  await expect.poll(released, { timeout: 30_000 }).toBe(1);
  const { rows } = await sagas.database.query("select from payment_authorization where order_id = $1", [
    orderId,
  ]);
  expect(rows).toHaveLength(1);
});

test.each([
  ["alter table orders add column mine text"],
  ["drop table orders"],
  ["truncate orders"],
  ["create table mine (id text)"],
  ["alter table audit_entry disable trigger all"],
  ["update audit_entry set subject = 'nobody'"],
  ["delete from audit_entry"],
  ["insert into schema_version (version, name) values (9999, 'mine')"],
  ["alter function tell_access_changed() rename to mine"],
  ["create role mine"],
])("it may not: %s", async (statement) => {
  await expect(database.query(statement)).rejects.toMatchObject({ code: "42501" });
});

test("what is behind is left to the owner, before anything is tried; what they migrate is granted with it", async () => {
  const behind = await createApart(newestMigration() - 1);
  await expect(migrate(behind.runner)).rejects.toMatchObject({ code: "migrations_not_ours" });
  expect(await migrate(behind.owner)).toHaveLength(1);
  expect(await migrate(behind.runner)).toEqual([]);
  await asOwner(behind.owner, (client) => client.query("create table of_a_later_version (id text)"));
  const later = openDatabase(behind.runner, { maxConnections: 1 });
  await later.query("insert into of_a_later_version values ('1')");
  await later.end();
});

test("a database that its own role has made is handed over to an owner", async () => {
  const { name, url } = await createCompanyRole();
  await migrate(url, { to: newestMigration() - 1 });
  const admin = withDatabase(inject("postgresUrl"), name);
  const password = randomBytes(18).toString("base64url");
  await runAsAdmin(admin, `create role ${name}_owner login password '${password}'`);
  await runAsAdmin(admin, `reassign owned by ${name} to ${name}_owner`);
  await runAsAdmin(admin, `grant connect on database ${name} to ${name}`);
  const theirs = new URL(url);
  theirs.username = `${name}_owner`;
  theirs.password = password;
  expect(await migrate(theirs.href)).toHaveLength(1);
  await asOwner(theirs.href, (client) => grantRunning(client, name));
  expect(await migrate(url)).toEqual([]);
});

test("rights are granted again without harm, and to nobody who is not there", async () => {
  await asOwner(owner, async (client) => {
    await grantRunning(client, new URL(runner).username);
    await expect(grantRunning(client, "nobody at all")).rejects.toThrow(RoleUnknownError);
  });
  await expect(database.query("delete from audit_entry")).rejects.toMatchObject({ code: "42501" });
});
