/**
 * Temporal as a secured cluster has it: over TLS, with a certificate of ours and an API key, as the settings
 * name them. Both clients that we have, the one that asks and the worker's, run a saga through it.
 */
import { Client, Connection } from "@temporalio/client";
import { NativeConnection } from "@temporalio/worker";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Settings } from "../../config/settings.ts";
import { writeOutbox } from "../../store/outbox.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { eventually } from "../../test-support/saga-world.ts";
import {
  type Authority,
  createAuthority,
  opensslInstalled,
} from "../../test-support/servers/certificates.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { createTestNamespace, type TestTemporal } from "../../test-support/servers/temporal.ts";
import { openTemporalDoor, type TemporalDoor } from "../../test-support/servers/temporal-tls.ts";
import { stockInMemory } from "../../test-support/stock/stock.ts";
import { outsideWorld } from "../../test-support/vendors/outside-world.ts";
import { startRow } from "../../workflows/messages.ts";
import { startSagaWorker } from "../../workflows/runtime/worker.ts";
import { temporalSecurity } from "./temporal-connection.ts";

const API_KEY = "a-key-of-the-tests";
/** A refused handshake is tried again until then. */
const CONNECT_MS = 2_000;

describe.skipIf(!opensslInstalled)("Temporal over TLS", () => {
  let authority: Authority;
  let other: Authority;
  let temporal: TestTemporal;
  let store: TestDatabase;
  let door: TemporalDoor;

  beforeAll(async () => {
    authority = createAuthority();
    other = createAuthority();
    temporal = await createTestNamespace();
    store = await createTestDatabase();
    door = await openTemporalDoor({ authority, behind: temporal.address, apiKey: API_KEY });
  });
  afterAll(async () => {
    door?.close();
    await store?.close();
    for (const each of [authority, other]) each?.remove();
  });

  const settings = (of: Partial<Settings["temporal"]> = {}, ours = authority): Settings["temporal"] => ({
    tls: true,
    apiKey: API_KEY,
    caFile: authority.caFile,
    ...ours.issue("holdfast"),
    serverName: null,
    metricsAddress: null,
    ...of,
  });

  /** Asks about the namespace, as each of our clients connects. */
  const ask = async (of: Settings["temporal"]): Promise<void> => {
    const connection = await Connection.connect({
      address: door.address,
      ...(await temporalSecurity(of)),
      connectTimeout: CONNECT_MS,
    });
    try {
      await connection.workflowService.describeNamespace({ namespace: temporal.namespace });
    } finally {
      await connection.close();
    }
  };
  const askAsWorker = async (of: Settings["temporal"]): Promise<void> => {
    const options = { address: door.address, ...(await temporalSecurity(of)) };
    const connection = await NativeConnection.connect(options);
    await connection.close();
  };

  /** Fails where one of our clients is let in, or speaks to whom it should not. */
  const refused = async (...each: readonly Settings["temporal"][]): Promise<void> => {
    const outcomes = await Promise.all(
      each.flatMap((one) => [ask(one), askAsWorker(one)].map((asked) => asked.then(() => one, String))),
    );
    for (const outcome of outcomes) expect(outcome).toEqual(expect.any(String));
  };

  test("a saga is begun and worked on through it, each call with our certificate and the API key", async () => {
    const { database } = store;
    const worker = await startSagaWorker({
      ...outsideWorld(),
      temporalAddress: door.address,
      temporalSecurity: await temporalSecurity(settings()),
      namespace: temporal.namespace,
      database,
      allocator: stockInMemory(),
      publicUrl: "http://shop.test",
      logger: pino({ level: "silent" }),
    });
    const direct = await Connection.connect({ address: temporal.address });
    try {
      const args = [{ orderId: "shop-1", channelId: "shop", onHold: true }] as const;
      const row = startRow({ workflow: "orderFulfillment", workflowId: "shop-1", args: [...args] });
      await inTransaction(database, (client) => writeOutbox(client, [row]));
      const { namespace } = temporal;
      const saga = new Client({ connection: direct, namespace }).workflow.getHandle("shop-1");
      await eventually("a step of the saga that our worker has done", async () => {
        const history = await saga.fetchHistory().catch(() => null);
        return history?.events?.some((event) => event.workflowTaskCompletedEventAttributes) === true;
      });
    } finally {
      await direct.close();
      await worker.stop();
    }
    const methods = door.calls.map(({ method }) => method.split("/").at(-1));
    for (const method of ["StartWorkflowExecution", "PollWorkflowTaskQueue", "RespondWorkflowTaskCompleted"])
      expect(methods).toContain(method);
    expect(new Set(door.calls.map(({ caller }) => caller))).toEqual(new Set(["holdfast"]));
    expect(door.turnedAway).toEqual([]);
  });

  test("it is not spoken to where its certificate does not fit", async () => {
    await ask(settings({ serverName: "localhost" }));
    await askAsWorker(settings({ serverName: "localhost" }));
    const before = door.calls.length;
    await refused(
      settings({ caFile: other.caFile }),
      settings({ caFile: null }),
      settings({ serverName: "elsewhere.example" }),
    );
    expect([door.calls.length, door.turnedAway]).toEqual([before, []]);
  });

  test("it lets in nobody without a certificate of its authority, nor without the key", async () => {
    const before = door.calls.length;
    await refused(
      settings({ certFile: null, keyFile: null }),
      settings({}, other),
      settings({ tls: false, apiKey: null }),
    );
    expect(door.turnedAway).toEqual([]);
    for (const apiKey of ["guessed", null]) await expect(ask(settings({ apiKey }))).rejects.toThrow();
    expect(door.turnedAway).not.toEqual([]);
    expect(door.calls.length).toBe(before);
  });
});
