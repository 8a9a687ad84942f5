/**
 * Sagas run for days, so that new code meets histories that old code wrote. `histories/` keeps one of each
 * way that a saga can go; they must replay for as long as such sagas may be running.
 *
 * A history that is missing is recorded by playing its scenario. To record one afresh, delete its file and
 * run this test; do that only where no saga of the old kind is running any more.
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { temporal as protocol } from "@temporalio/proto";
import { Worker } from "@temporalio/worker";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { projectRoot } from "../config/project-root.ts";
import { receiveClaim } from "../operations/refunds/decide-claim.ts";
import { requestRefund } from "../operations/refunds/request-refund.ts";
import { retryRefund } from "../operations/refunds/settle-refund.ts";
import { inspectReturn } from "../operations/returns/inspect-return.ts";
import { receiveReturn } from "../operations/returns/receive-return.ts";
import { reopenInspection } from "../operations/returns/reopen-inspection.ts";
import { requestReturn } from "../operations/returns/request-return.ts";
import {
  cancel,
  cancelledWhileLeaving,
  deliver,
  held,
  onTheFloor,
  outcomeOf,
  pack,
  release,
  shipped,
} from "../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../test-support/servers/postgres.ts";
import { loadWorkflowBundle } from "./runtime/bundle.ts";

const { History } = protocol.api.history.v1;

let testDatabase: TestDatabase;
let world: SagaWorld;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await startSagaWorld(testDatabase.database);
});
afterEach(async () => {
  await world.reset();
});
afterAll(async () => {
  await world.close();
  await testDatabase.close();
});

/** Plays a scenario to its end and names the saga whose history counts. */
const SCENARIOS: Readonly<Record<string, () => Promise<string>>> = {
  "order-completed": completedOrder,
  "order-held-and-released": heldOrder,
  "order-cancelled": cancelledOrder,
  // Recalled before anything is undone.
  "order-recalled-and-cancelled": cancelledOrder,
  // Too late: the parcel that it shares leaves, sent by the saga of another order.
  "order-cancelled-as-it-leaves": cancelledAsItLeaves,
  "order-asking-the-store": completedOrder,
  "order-halted-asking-the-store": haltedOrder,
  // Begun before the saga asked the store, and ended by a worker whose saga does.
  "order-turned-to-the-store": async () => {
    await world.restartWorker("former");
    const orderId = await world.placeOrder();
    await onTheFloor(world, `${orderId}-F1`);
    await world.restartWorker("today");
    return finish(orderId);
  },
  // Declined by the provider once, and tried again by a person.
  "refund-retried": async () => {
    const orderId = await completedOrder();
    await outcomeOf(world, orderId);
    world.outside.declines.push("The balance is too low.");
    const asked = await requestRefund(world.context, {
      orderId,
      amountMinor: 1500,
      reason: "goodwill",
      to: "original",
      bonusPercent: 0,
      note: "",
      giver: { by: "staff:fin", role: "finance", limits: [], roles: ["finance"] },
      key: "recorded",
    });
    if (asked.status !== "done") throw new Error(asked.detail);
    const { refundId } = asked;
    await eventually("the decline", async () => {
      const { rows } = await world.database.query("select status from refund where id = $1", [refundId]);
      return rows[0]?.status === "failed";
    });
    await retryRefund(world.context, { refundId, by: "staff:fin" });
    return refundId;
  },
  "claim-received": async () => {
    const orderId = await world.placeOrder();
    await pack(world, `${orderId}-F1`);
    await shipped(world, `${orderId}-F1-S1`);
    await world.track(`${orderId}-F1-S1`, "return_to_sender");
    const claimId = `${orderId}-C1`;
    await receiveClaim(world.context, { claimId, by: "staff:dock" });
    return `${claimId}:receipt`;
  },
  // The store says what of the money is to move.
  "order-charged-by-the-store": completedOrder,
  "order-charge-declined": async () => {
    const orderId = await world.placeOrder();
    await onTheFloor(world, `${orderId}-F1`);
    world.outside.declines.push("The card was closed.");
    await pack(world, `${orderId}-F1`);
    await held(world, orderId, "payment_failed");
    await release(world, orderId);
    await deliver(world, `${orderId}-F1-S1`);
    return orderId;
  },
  // What needs nobody outside is one step.
  "order-going-on": completedOrder,
  "order-held-going-on": heldOrder,
  "order-cancelled-going-on": cancelledOrder,
  "order-cancelled-as-it-leaves-going-on": cancelledAsItLeaves,
  "order-halted-going-on": haltedOrder,
  // Neither the floor nor the stock could take it at first.
  "order-refused-going-on": async () => {
    world.failNext("releaseToFloor", "impossible-before");
    const orderId = await world.placeOrder();
    await held(world, orderId, "floor_exception");
    await release(world, orderId);
    world.failNext("shipStock", "impossible-before");
    await pack(world, `${orderId}-F1`);
    await held(world, orderId, "floor_exception");
    await release(world, orderId);
    await deliver(world, `${orderId}-F1-S1`);
    return orderId;
  },
  // Begun before that, and ended by a worker whose saga does.
  "order-turned-to-going-on": async () => {
    await world.restartWorker("before-going-on");
    const orderId = await world.placeOrder();
    await onTheFloor(world, `${orderId}-F1`);
    await world.restartWorker("today");
    return finish(orderId);
  },
  // Calls to the outside are tried at once.
  "order-trying-at-once": completedOrder,
  "order-held-trying-at-once": heldOrder,
  "order-cancelled-trying-at-once": cancelledOrder,
  "order-halted-trying-at-once": haltedOrder,
  // What was not answered at once was left to activities of their own.
  "order-left-for-later": async () => {
    world.failNext("authorizePayment", "before");
    const orderId = await world.placeOrder();
    await onTheFloor(world, `${orderId}-F1`);
    world.failNext("buyLabel", "after");
    return finish(orderId);
  },
  // Begun before that, and ended by a worker whose saga does.
  "order-turned-to-trying-at-once": async () => {
    await world.restartWorker("before-trying-at-once");
    const orderId = await world.placeOrder();
    await onTheFloor(world, `${orderId}-F1`);
    await world.restartWorker("today");
    return finish(orderId);
  },
  "return-refunded": async () => backInStock(await labelledReturn()),
  // In two pieces; the first look was wrong.
  "return-asking-the-store": async () => {
    const returnId = await labelledReturn(2);
    const lines = [{ lineId: "1", quantity: 1 }];
    await receiveReturn(world.context, { returnId, lines, key: "parcel-1", by: "staff:dock" });
    await inspectReturn(world.context, {
      returnId,
      lines: [{ lineId: "1", disposition: "damaged" }],
      by: "staff:dock",
    });
    await refundedOnce(returnId);
    await reopenInspection(world.context, {
      returnId,
      inspectionId: `${returnId}-I1`,
      why: "",
      by: "staff:dock",
    });
    return backInStock(returnId);
  },
  // Begun before the saga asked the store, and ended by a worker whose saga does.
  "return-turned-to-the-store": async () => {
    const orderId = await completedOrder();
    await outcomeOf(world, orderId);
    await world.restartWorker("former");
    const returnId = await labelledReturn(1, orderId);
    await world.restartWorker("today");
    return backInStock(returnId);
  },
};

test.each(Object.keys(SCENARIOS))("today's sagas replay the recorded history %s", async (name) => {
  const file = join(projectRoot, "workflows", "histories", `${name}.json`);
  if (!existsSync(file)) await record(name, file);
  const workflowBundle = await loadWorkflowBundle(pino({ level: "silent" }));
  await Worker.runReplayHistory({ workflowBundle }, readHistory(await readFile(file, "utf8")));
});

test("a history that the code would not have written is found out", async () => {
  const file = join(projectRoot, "workflows", "histories", "order-completed.json");
  const text = await readFile(file, "utf8");
  const workflowBundle = await loadWorkflowBundle(pino({ level: "silent" }));
  const foreign = readHistory(text.replaceAll('"buyLabel"', '"buyStamp"'));
  await expect(Worker.runReplayHistory({ workflowBundle }, foreign)).rejects.toThrow();
});

async function completedOrder(): Promise<string> {
  return finish(await world.placeOrder());
}

async function heldOrder(): Promise<string> {
  world.outside.declines.push("The card has insufficient funds.");
  const orderId = await world.placeOrder();
  await held(world, orderId, "payment_failed");
  await release(world, orderId);
  return finish(orderId);
}

async function cancelledOrder(): Promise<string> {
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await cancel(world, orderId);
  return orderId;
}

async function cancelledAsItLeaves(): Promise<string> {
  const [, orderId] = await cancelledWhileLeaving(world);
  await deliver(world, `${orderId}-F1-S1`);
  return orderId;
}

async function haltedOrder(): Promise<string> {
  world.outside.refusals.push("The address is not deliverable.");
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await held(world, orderId, "floor_exception");
  await release(world, orderId);
  await deliver(world, `${orderId}-F1-S1`);
  return orderId;
}

async function labelledReturn(quantity = 1, of?: string): Promise<string> {
  const orderId = of ?? (await completedOrder());
  await outcomeOf(world, orderId);
  const announced = await requestReturn(world.context, {
    orderId,
    lines: [{ lineId: "1", quantity }],
    reason: "too_small",
    by: "shopper",
  });
  if (announced.status !== "done") throw new Error(announced.detail);
  const { returnId } = announced;
  await eventually("the label", async () => {
    const { rowCount } = await world.database.query("select from shipment where return_id = $1", [returnId]);
    return rowCount === 1;
  });
  return returnId;
}

async function refundedOnce(returnId: string): Promise<void> {
  await eventually("the first refund", async () => {
    const { rowCount } = await world.database.query(
      "select from return_authorization where id = $1 and status = 'partially_refunded'",
      [returnId],
    );
    return rowCount === 1;
  });
}

async function backInStock(returnId: string): Promise<string> {
  await receiveReturn(world.context, { returnId, by: "staff:dock" });
  await inspectReturn(world.context, {
    returnId,
    lines: [{ lineId: "1", disposition: "restocked" }],
    by: "staff:dock",
  });
  return returnId;
}

async function finish(orderId: string): Promise<string> {
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  return orderId;
}

function readHistory(text: string) {
  return History.fromObject(JSON.parse(text) as Record<string, unknown>);
}

async function record(name: string, file: string): Promise<void> {
  const workflowId = (await SCENARIOS[name]?.()) ?? "";
  await outcomeOf(world, workflowId);
  const history = await world.client.workflow.getHandle(workflowId).fetchHistory();
  const plain = History.toObject(History.fromObject(history), {
    longs: String,
    enums: String,
    bytes: String,
  });
  // The history must name neither the machine that recorded it nor its folders.
  const text = JSON.stringify(plain, null, 1)
    .replaceAll(hostname(), "recorder")
    .replaceAll(pathToFileURL(projectRoot).href, "file:///holdfast")
    .replaceAll(projectRoot, "/holdfast");
  await writeFile(file, `${text}\n`);
}
