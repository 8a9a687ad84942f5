import { Client, Connection } from "@temporalio/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestNamespace, type TestTemporal } from "../../test-support/servers/temporal.ts";
import { describeSagas } from "./describe-sagas.ts";

let temporal: TestTemporal;
let connection: Connection;

beforeAll(async () => {
  temporal = await createTestNamespace();
  connection = await Connection.connect({ address: temporal.address });
});
afterAll(() => connection?.close());

test("what a saga that does not move is in is said, and so is that there is none", async () => {
  const client = new Client({ connection, namespace: temporal.namespace });
  // Nobody works on this queue: the saga's own code never runs.
  await client.workflow.start("orderFulfillment", { workflowId: "stuck", taskQueue: "nobody" });
  const [stuck, none] = await describeSagas(temporal, ["stuck", "unknown"]);
  expect(stuck).toBe("Saga stuck is running, 2 events, its own code is to run, attempt 1");
  expect(none).toBe("There is no saga unknown");
});

test("a Temporal server that is away costs a sentence, not the report", async () => {
  const [line] = await describeSagas({ address: "127.0.0.1:1", namespace: "default" }, ["any"]);
  expect(line).toContain("The Temporal server at 127.0.0.1:1 tells nothing of sagas");
});
