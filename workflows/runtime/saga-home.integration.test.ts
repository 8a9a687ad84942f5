import { Client, Connection } from "@temporalio/client";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { requestRefund } from "../../operations/refunds/request-refund.ts";
import { retryRefund } from "../../operations/refunds/settle-refund.ts";
import { inspectReturn } from "../../operations/returns/inspect-return.ts";
import { receiveReturn } from "../../operations/returns/receive-return.ts";
import { requestReturn } from "../../operations/returns/request-return.ts";
import { insertCompany } from "../../store/catalog/companies.ts";
import { forgetSagaHome } from "../../store/saga-home.ts";
import {
  cancel,
  charged,
  deliver,
  held,
  mailKinds,
  onTheFloor,
  outcomeOf,
  pack,
  release,
  shipped,
  timeline,
} from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { createTestNamespace } from "../../test-support/servers/temporal.ts";
import { TASK_QUEUE } from "../messages.ts";
import { SagaNamespaceTakenError, settleSagas } from "./saga-home.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await startSagaWorld(testDatabase.database);
});
afterEach(async () => {
  await world.reset();
  // What a test has left under way is none of the next one's.
  await world.database.query(
    `with ended as (
       insert into order_event (order_id, key, type, summary, cause)
       select id, 'cancelled', 'order.cancelled', 'The test is over.', 'test' from orders on conflict do nothing)
     update orders set updated_at = now() - interval '1 day'`,
  );
  await world.database.query(
    "update return_authorization set status = 'cancelled', updated_at = now() - interval '1 day'",
  );
});
afterAll(async () => {
  await world.close();
  await testDatabase.close();
});

test("an order is picked up on the floor, and charged, labelled and told of once", async () => {
  world.outside.declines.push("The card has insufficient funds.");
  const orderId = await world.placeOrder();
  await held(world, orderId, "payment_failed");
  await release(world, orderId);
  await onTheFloor(world, `${orderId}-F1`);
  await world.loseTemporal();
  await pack(world, `${orderId}-F1`);
  await shipped(world, `${orderId}-F1-S1`);
  await world.loseTemporal();
  await deliver(world, `${orderId}-F1-S1`);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "capture 10500 final"]);
  expect([...world.outside.labels.keys()]).toEqual([`shp_${orderId}-F1-S1:label:1`]);
  // That it waits for its payment is told only while it does.
  const told = (await mailKinds(world, orderId)).filter((kind) => kind !== "payment_needed");
  expect(told).toEqual(["delivered", "order_confirmed", "shipped"]);
  expect((await timeline(world, orderId)).filter((type) => type === "shipment.shipped")).toHaveLength(1);
});

test("an order that waits for its payment waits on, and its next try has a key of its own", async () => {
  world.outside.declines.push("The card has insufficient funds.", "The card was stolen.");
  const orderId = await world.placeOrder();
  await held(world, orderId, "payment_failed");
  await world.loseTemporal();
  await release(world, orderId);
  // Declined again: a person sees it, although an earlier run has said as much before.
  await held(world, orderId, "payment_failed");
  await release(world, orderId);
  await onTheFloor(world, `${orderId}-F1`);

  expect([...world.outside.charges.keys()]).toEqual([`${orderId}:authorize:3`]);
});

test("what an order was told and had not acted upon counts: it is cancelled, and nothing is done first", async () => {
  const orderId = await world.placeOrder();
  await charged(world, `${orderId}:authorize:1`);
  await onTheFloor(world, `${orderId}-F1`);
  await world.loseTemporal(() => cancel(world, orderId));

  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "cancel"]);
  expect(await mailKinds(world, orderId)).toContain("order_cancelled");
});

test("what waited in the outbox when Temporal was lost is told with the start, and holds nothing up", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await world.loseTemporal(undefined, () => cancel(world, orderId));

  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  const { rowCount } = await world.database.query(
    "select from outbox where done_at is null and topic <> 'mail.send'",
  );
  expect(rowCount).toBe(0);
});

test("a label that an earlier run has bought goes back where the order is cancelled", async () => {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  world.failNext("beginShipment", "impossible-before");
  const begin = world.haltNext("beginShipment");
  await pack(world, `${orderId}-F1`);
  await begin.begun;
  expect(world.outside.labels.size).toBe(1);
  const lost = world.loseTemporal(() => cancel(world, orderId));
  begin.goOn();
  await lost;

  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  expect(world.outside.labels.size).toBe(0);
  expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "cancel"]);
});

test("an order that was cancelled in the last moment is told to its shopper once", async () => {
  const orderId = await world.placeOrder();
  await charged(world, `${orderId}:authorize:1`);
  await cancel(world, orderId);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  await world.loseTemporal();

  expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  expect((await mailKinds(world, orderId)).filter((kind) => kind === "order_cancelled")).toHaveLength(1);
  expect([...world.outside.charges.values()]).toEqual(["authorize 10500", "cancel"]);
});

test("a return goes on, and is refunded once", async () => {
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  const announced = [{ lineId: "1", quantity: 1 }];
  const asked = await requestReturn(world.context, {
    orderId,
    lines: announced,
    reason: "defective",
    by: "shopper",
  });
  if (asked.status !== "done") throw new Error(JSON.stringify(asked));
  const { returnId } = asked;
  await eventually("the label", async () => (await timeline(world, orderId)).includes("return.label_bought"));
  await world.loseTemporal();
  const by = "staff:dock";
  await receiveReturn(world.context, { returnId, lines: announced, by });
  await world.loseTemporal();
  const lines = [{ lineId: "1", disposition: "restocked" as const }];
  expect(await inspectReturn(world.context, { returnId, lines, by })).toMatchObject({ status: "done" });

  expect(await outcomeOf(world, returnId)).toEqual({ status: "refunded" });
  const refunds = [...world.outside.charges.values()].filter((effect) => effect.startsWith("refund"));
  expect(refunds).toEqual(["refund 5000"]);
  expect(world.outside.labels.size).toBe(2);
});

test("a refund that a person has tried again is paid out once", async () => {
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  world.outside.declines.push("Try later.");
  const given = await requestRefund(world.context, {
    orderId,
    amountMinor: 1_500,
    reason: "goodwill",
    to: "original",
    bonusPercent: 0,
    note: "",
    giver: { by: "staff:fin", role: "finance", limits: [], roles: ["finance"] },
    key: "given",
  });
  if (given.status !== "done") throw new Error(JSON.stringify(given));
  const { refundId } = given;
  await eventually("the decline", async () => {
    const { rowCount } = await world.database.query(
      "select from refund where id = $1 and status = 'failed'",
      [refundId],
    );
    return rowCount === 1;
  });
  await world.loseTemporal(async () => {
    expect(await retryRefund(world.context, { refundId, by: "staff:fin" })).toEqual({ status: "done" });
  });

  expect(await outcomeOf(world, refundId)).toEqual({ status: "refunded" });
  const refunds = [...world.outside.charges.values()].filter((effect) => effect.startsWith("refund"));
  expect(refunds).toEqual(["refund 1500"]);
});

test("a namespace in which another life of the database has sagas is refused, and nothing is started there", async () => {
  const { database } = world;
  const temporal = await createTestNamespace();
  const connection = await Connection.connect({ address: temporal.address });
  try {
    const client = new Client({ connection, namespace: temporal.namespace });
    await client.workflow.start("orderFulfillment", {
      workflowId: "of-another-life",
      taskQueue: TASK_QUEUE,
      args: [{ orderId: "of-another-life", channelId: "shop", onHold: true }],
    });
    await eventually("it is seen", async () => (await client.workflow.count()).count === 1);
    await forgetSagaHome(database);
    const settle = () =>
      settleSagas({
        database,
        connection,
        client,
        namespace: temporal.namespace,
        logger: pino({ level: "silent" }),
      });
    await expect(settle()).rejects.toThrow(SagaNamespaceTakenError);
    const { rows } = await database.query("select namespace_id from saga_home");
    expect(rows).toEqual([{ namespace_id: null }]);
    await client.workflow.getHandle("of-another-life").terminate();
    // One that has ended keeps its id: an order of that name could not be started.
    await expect(settle()).rejects.toThrow(/has 1 sagas/);
  } finally {
    await connection.close();
  }
});

test("orders that ended shortly before the loss are all started anew, over however many pages", async () => {
  const { database } = world;
  const orderIds = [await world.placeOrder(), await world.placeOrder()];
  for (const orderId of orderIds) {
    await charged(world, `${orderId}:authorize:1`);
    await cancel(world, orderId);
    expect(await outcomeOf(world, orderId)).toEqual({ status: "cancelled" });
  }
  await database.query("update orders set updated_at = updated_at - interval '3 hours' where id = any($1)", [
    orderIds,
  ]);
  await database.query("update outbox set created_at = created_at - interval '3 hours'");
  await forgetSagaHome(database);
  const { address, namespace } = await createTestNamespace();
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection, namespace });
    const logger = pino({ level: "silent" });
    const started = await settleSagas({ database, connection, client, namespace, logger, pageSize: 1 });
    expect(started).toBe(orderIds.length);
  } finally {
    await connection.close();
  }
});

test("a namespace is one company's from its first start on: of two that come at once one has it, for good", async () => {
  const temporal = await createTestNamespace();
  const connection = await Connection.connect({ address: temporal.address });
  const companies = await Promise.all(
    ["Acme", "Bolt"].map(async (name) => {
      const store = await createTestDatabase();
      await insertCompany(store.database, { id: "same", name, currency: "USD" });
      return store;
    }),
  );
  const settle = (company: TestDatabase | undefined) =>
    settleSagas({
      database: (company as TestDatabase).database,
      connection,
      client: new Client({ connection, namespace: temporal.namespace }),
      namespace: temporal.namespace,
      logger: pino({ level: "silent" }),
    });
  try {
    const first = await Promise.allSettled(companies.map((each) => settle(each)));
    expect(first.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const winner = first.findIndex(({ status }) => status === "fulfilled");
    const name = winner === 0 ? "Acme" : "Bolt";
    for (let again = 0; again < 2; again += 1) {
      await expect(settle(companies[winner])).resolves.toBeNull();
      await expect(settle(companies[1 - winner])).rejects.toThrow(`belongs to another company: ${name}`);
    }
    // The one that was refused has written nothing down, and goes elsewhere.
    const { rowCount } = await (companies[1 - winner] as TestDatabase).database.query(
      "select from saga_home",
    );
    expect(rowCount).toBe(0);
  } finally {
    await connection.close();
    for (const company of companies) await company.close();
  }
});
