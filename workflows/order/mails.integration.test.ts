/** Mails beside the steps of an order: what a slow or refusing mail server must not do. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { ServiceFault } from "../../ports/service-fault.ts";
import { recordNotice, wasNoticeSent } from "../../store/orders/notices.ts";
import { deliver, mailKinds, onTheFloor, outcomeOf, pack, timeline } from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";

let testDatabase: TestDatabase;
let world: SagaWorld;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  world = await startSagaWorld(testDatabase.database);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await world.reset();
});
afterAll(async () => {
  await world.close();
  await testDatabase.close();
});

function mailServerAway() {
  return vi
    .spyOn(world.outside.mailer, "send")
    .mockRejectedValue(
      new ServiceFault("Connection refused", { service: "smtp", code: "unreachable", retryable: true }),
    );
}

test("an order whose mail was refused beside its steps goes on after its worker has lost its memory", async () => {
  // While the saga waits for the answer of a later step: only then was the order of the two in doubt.
  world.failNext("askWhatIsLeft", "before");
  vi.spyOn(world.outside.mailer, "send").mockImplementationOnce(async () => {
    while (!world.calls.has("askWhatIsLeft")) await pause(1);
    throw new ServiceFault("Bad recipient address", { service: "smtp", code: "smtp_501", retryable: false });
  });
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await eventually("the report", async () =>
    (await timeline(world, orderId)).includes("notification.failed"),
  );
  await world.restartWorker("today");
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);

  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  expect(await mailKinds(world, orderId)).toEqual(["delivered", "shipped"]);
});

test("a sent mail that cannot be written down leaves those that were sent with it written down", async () => {
  const orderId = await world.placeOrder();
  const sent = (id: string) =>
    recordNotice(world.database, {
      key: `delivered:${id}`,
      orderId: id,
      kind: "delivered",
      recipient: "ada@example.com",
      subject: "It is there",
    });
  const answers = await Promise.allSettled([sent(orderId), sent("web-nobody"), sent(orderId)]);
  expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(await wasNoticeSent(world.database, `delivered:${orderId}`)).toBe(true);
  expect(await wasNoticeSent(world.database, "delivered:web-nobody")).toBe(false);
});

test("a mail server that is away holds up no parcel, and the mails go out in their order once it is there", async () => {
  const send = mailServerAway();
  const orderId = await world.placeOrder();
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  expect(await outcomeOf(world, orderId)).toEqual({ status: "completed" });
  // The order of the test before may still be at its end.
  const asked = new Set(send.mock.calls.map(([mail]) => mail.key).filter((key) => key.includes(orderId)));
  expect([...asked]).toEqual([`order_confirmed:${orderId}`]);

  send.mockRestore();
  await mailKinds(world, orderId);
  const { rows } = await world.database.query<{ kind: string }>(
    "select kind from notification where order_id = $1 order by sent_at",
    [orderId],
  );
  expect(rows.map(({ kind }) => kind)).toEqual(["order_confirmed", "shipped", "delivered"]);
});

test("a mail that is late is told to staff once", async () => {
  const send = mailServerAway();
  const orderId = await world.placeOrder();
  await onTheFloor(world, `${orderId}-F1`);
  await eventually("the sixth try", async () => send.mock.calls.length >= 6, 30_000);
  const late = async () => (await timeline(world, orderId)).filter((type) => type === "notification.late");
  expect(await late()).toEqual([]);
  await eventually("the report", async () => (await late()).length === 1, 30_000);
  send.mockRestore();
});
