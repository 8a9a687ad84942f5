/** The time that sagas wait is skipped here; the steps are doubles that say what they were asked. */
import { ApplicationFailure } from "@temporalio/client";
import { TestWorkflowEnvironment } from "@temporalio/testing";
import { Worker } from "@temporalio/worker";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findTemporalTestServer } from "../../cli/embedded/temporal-binary.ts";
import { eventually, quietRuntime } from "../../test-support/saga-world.ts";
import { type SagaSteps, withGoOn } from "../all-activities.ts";
import { TASK_QUEUE } from "../messages.ts";
import { loadWorkflowBundle } from "../runtime/bundle.ts";
import { workerOptions } from "../runtime/worker.ts";

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  quietRuntime();
  environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: "existing-path", path: await findTemporalTestServer() } },
  });
  await environment.connection.operatorService.addSearchAttributes({
    namespace: "default",
    searchAttributes: { HoldfastChannel: 2, HoldfastStatus: 2 },
  });
});
afterAll(async () => {
  await environment.teardown();
});

test("an undo that cannot be done is reported and tried again, and the undos before it wait for it", async () => {
  const log: string[] = [];
  let refusals = 3;
  const note = async (step: string) => {
    log.push(step);
  };
  const doubles = {
    openOrder: () => Promise.resolve({ paymentBy: "merchant", held: false }),
    authorizePayment: () => Promise.resolve({ status: "authorized" }),
    allocateStock: () => Promise.resolve({ status: "allocated", fulfillmentOrders: ["o-1-F1"] }),
    askWhatIsLeft: () =>
      Promise.resolve({
        release: log.includes("releaseToFloor") ? [] : ["o-1-F1"],
        source: false,
        charge: false,
        label: [],
        keep: [],
        send: [],
        tellStock: false,
        resolved: [],
        waitsFor: ["the floor"],
        isCancelled: false,
        isHandedOver: false,
        hasShipped: false,
        standing: "in_progress",
      }),
    releaseToFloor: async () => {
      await note("releaseToFloor");
      return { status: "released" };
    },
    queueMails: () => Promise.resolve(),
    recallUnlessLeaving: () => Promise.resolve({ status: "recalled" }),
    recallFromFloor: () => note("recallFromFloor"),
    cancelAuthorization: async () => {
      await note("cancelAuthorization");
      if (refusals-- > 0) throw ApplicationFailure.nonRetryable("The provider refuses.");
    },
    reportFailedUndo: ({ undo, attempt, detail }: { undo: string; attempt: number; detail: string }) =>
      note(`reported ${undo} ${attempt}: ${detail}`),
    releaseStock: () => note("releaseStock"),
    cancelOrder: () => note("cancelOrder"),
  };
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    ...workerOptions(
      await loadWorkflowBundle(pino({ level: "silent" })),
      withGoOn(doubles as unknown as SagaSteps),
    ),
  });
  const startedAt = await environment.currentTimeMs();
  const outcome = await worker.runUntil(async () => {
    const handle = await environment.client.workflow.start("orderFulfillment", {
      workflowId: "o-1",
      taskQueue: TASK_QUEUE,
      args: [{ orderId: "o-1", channelId: "shop", onHold: false }],
    });
    await eventually("the release to the floor", () => Promise.resolve(log.includes("releaseToFloor")));
    const cancellation = { key: "c", type: "cancel-requested", reason: "No.", by: "shopper" };
    await handle.signal("orderMessage", cancellation);
    return handle.result();
  });

  expect(outcome).toEqual({ status: "cancelled" });
  expect(log).toEqual([
    "releaseToFloor",
    "recallFromFloor",
    "cancelAuthorization",
    "reported cancelAuthorization 1: The provider refuses.",
    "cancelAuthorization",
    "reported cancelAuthorization 2: The provider refuses.",
    "cancelAuthorization",
    "reported cancelAuthorization 3: The provider refuses.",
    "cancelAuthorization",
    "releaseStock",
    "cancelOrder",
  ]);
  // One, two and four minutes.
  expect((await environment.currentTimeMs()) - startedAt).toBeGreaterThanOrEqual(7 * 60_000);
});
