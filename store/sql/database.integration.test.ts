import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, inject, it, vi } from "vitest";
import { DatabaseProxy } from "../../load-tests/faults/database-proxy.ts";
import { inTransaction, openDatabase } from "./database.ts";
import { isDatabaseFault } from "./database-fault.ts";

async function proxied(maxConnections: number) {
  const url = new URL(inject("postgresUrl"));
  const proxy = await DatabaseProxy.start(Number(url.port));
  url.port = String(proxy.port);
  return { proxy, database: openDatabase(url.toString(), { maxConnections, silentAfterMs: 200 }) };
}

it("a connection that goes silent without a FIN is given up, and the pool goes on with another one", async () => {
  const { proxy, database } = await proxied(1);
  await database.query("select 1");
  proxy.freeze();
  await expect(database.query("select 2")).rejects.toThrow("timeout");
  const { rows } = await database.query<{ answer: number }>("select 3 as answer");
  expect(rows).toEqual([{ answer: 3 }]);
  await database.end();
  await proxy.stop();
});

it("so is one that goes silent in the middle of a transaction", async () => {
  const { proxy, database } = await proxied(1);
  let asked: unknown = [];
  const work = inTransaction(database, async (client) => {
    await client.query("select 1");
    asked = vi.spyOn(client, "query").mock.calls;
    proxy.freeze();
    await client.query("select 2");
  });
  await expect(work).rejects.toThrow("timeout");
  // It does not wait for its rollback either: that would take as long again.
  expect(asked).toEqual([["select 2"]]);
  expect((await database.query("select 3")).rowCount).toBe(1);
  await database.end();
  await proxy.stop();
});

it("whoever waits for a connection of a pool that is all in use is told so", async () => {
  const database = openDatabase(inject("postgresUrl"), { maxConnections: 1, connectWithinMs: 2_000 });
  const held = await database.connect();
  const error: unknown = await database.query("select 1").catch((fault: unknown) => fault);
  expect(isDatabaseFault(error), String(error)).toBe(true);
  held.release();
  expect((await database.query("select 2")).rowCount).toBe(1);
  await database.end();
});

it("a server that accepts a connection and never speaks is not waited for without end", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const database = openDatabase(`postgres://nobody@127.0.0.1:${port}/nothing`, { connectWithinMs: 100 });
  const error: unknown = await database.query("select 1").catch((fault: unknown) => fault);
  expect(isDatabaseFault(error), String(error)).toBe(true);
  await database.end();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

it("a connection that is ended between two statements of a transaction fails that transaction, and no more", async () => {
  const database = openDatabase(inject("postgresUrl"), { maxConnections: 2 });
  const work = inTransaction(database, async (client) => {
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    const ended = new Promise((resolve) => client.once("end", resolve));
    await database.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    await ended;
    await client.query("select 1");
  });
  await expect(work).rejects.toThrow();
  expect((await database.query("select 2")).rowCount).toBe(1);
  await database.end();
});
