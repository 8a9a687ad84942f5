import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { resendNotice } from "../../operations/notices/resend-notice.ts";
import { mailKinds } from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";

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

/** An order whose confirmation was sent. */
async function confirmedOrder(): Promise<string> {
  const orderId = await world.placeOrder();
  await eventually("the confirmation", async () => (await mailKinds(world, orderId)).length === 1);
  return orderId;
}

test("a mail that was sent is sent again, once for each time that staff ask", async () => {
  const orderId = await confirmedOrder();
  const notice = `order_confirmed:${orderId}`;
  for (const key of ["first", "first", "second"]) {
    expect(await resendNotice(world.context, { orderId, notice, by: "staff:ann", key })).toEqual({
      status: "done",
    });
  }
  await eventually("both copies", async () => (await mailKinds(world, orderId)).length === 3);
  expect([...world.outside.mails.keys()].sort()).toEqual([`copy-1:${notice}`, `copy-2:${notice}`, notice]);
});

test("what was never sent cannot be sent again, and a copy is no mail of its own", async () => {
  const orderId = await confirmedOrder();
  const refused = (notice: string) =>
    resendNotice(world.context, { orderId, notice, by: "staff:ann", key: notice });
  expect(await refused(`shipped:${orderId}-F1-S1`)).toMatchObject({ code: "notice_not_found" });
  await resendNotice(world.context, {
    orderId,
    notice: `order_confirmed:${orderId}`,
    by: "staff:ann",
    key: "k",
  });
  await eventually("the copy", async () => (await mailKinds(world, orderId)).length === 2);
  expect(await refused(`copy-1:order_confirmed:${orderId}`)).toMatchObject({ code: "notice_not_found" });
  const other = await confirmedOrder();
  expect(
    await resendNotice(world.context, {
      orderId: other,
      notice: `order_confirmed:${orderId}`,
      by: "staff:ann",
      key: "k",
    }),
  ).toMatchObject({ code: "notice_not_found" });
});

test("an order without a mail address says so", async () => {
  const orderId = await confirmedOrder();
  await world.database.query("update orders set customer_email = null where id = $1", [orderId]);
  expect(
    await resendNotice(world.context, {
      orderId,
      notice: `order_confirmed:${orderId}`,
      by: "staff:ann",
      key: "k",
    }),
  ).toMatchObject({ code: "customer_email_missing" });
});
