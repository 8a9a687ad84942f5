/**
 * Random lives of orders, each lived twice: once as it is, and once by an order that is archived whenever nothing
 * of it is open. Whatever is read, at whatever moment, is the same.
 */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Random } from "../../config/seeded-random.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { archivedOrders } from "../../store/archive/archive-reader.ts";
import { readRevisions } from "../../store/orders/order-revisions.ts";
import { readOrderView, readTimeline } from "../../store/orders/order-views.ts";
import { readTracking } from "../../store/orders/tracking-view.ts";
import type { Database } from "../../store/sql/database.ts";
import { deliver, mailsSent, outcomeOf, pack } from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { TEST_CARRIER } from "../../test-support/vendors/outside-world.ts";
import { captureOrders } from "../capture/capture-order.ts";
import { resendNotice } from "../notices/resend-notice.ts";
import { takePaymentEvent } from "../payments/take-payment-event.ts";
import { erasePerson } from "../personal-data/erase-person.ts";
import { exportPerson } from "../personal-data/export-person.ts";
import { keepClean, retentionReport } from "../personal-data/keep-clean.ts";
import { requestRefund } from "../refunds/request-refund.ts";
import { inspectReturn } from "../returns/inspect-return.ts";
import { receiveReturn } from "../returns/receive-return.ts";
import { requestReturn } from "../returns/request-return.ts";
import { recordTracking } from "../shipping/record-tracking.ts";
import { type Archived, moveFinished } from "./archive-finished.ts";

let store: TestDatabase;
let world: SagaWorld;

beforeAll(async () => {
  store = await createTestDatabase();
  world = await startSagaWorld(store.database);
  await store.database.query("update channel set charged_by = 'merchant'");
});
afterAll(async () => {
  await world?.close();
  await store?.close();
});

/** Everything of which nothing is open, whenever it ended. */
const archiveAll = (): Promise<Archived> =>
  moveFinished(world.database, { days: -1, returnDays: 0, returnsCountDays: 0 });

const isArchived = async (orderId: string) =>
  (await world.database.query("select from archived_order where order_id = $1", [orderId])).rowCount === 1;

/** It may still have something open for a moment. */
const archived = (orderId: string) =>
  eventually(`${orderId} archived`, async () => {
    await archiveAll();
    return isArchived(orderId);
  });

const orderOf = (id: string) => ({
  id,
  currency: "USD",
  customer: { name: "Ada Lovelace", email: `${id}@example.test`, phone: "+1 775 555 0100" },
  shippingAddress: {
    name: "Ada Lovelace",
    line1: "1 Main Street",
    city: "Reno",
    region: "NV",
    postalCode: "89501",
    country: "US",
  },
  tags: ["gift"],
  paymentMethod: "pm_card_visa",
  lines: [{ sku: "MUG", quantity: 1, unitPrice: "50.00" }],
});

async function capture(id: string): Promise<string> {
  const [result] = await captureOrders(world.context, {
    channelId: "shop",
    topic: null,
    payload: JSON.stringify(orderOf(id)),
    adapters: channelAdapters,
    cause: "channel:shop",
  });
  return result?.order ?? expect.fail(JSON.stringify(result));
}

/** Delivered and paid. */
async function delivered(id: string): Promise<string> {
  const orderId = await capture(id);
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  await outcomeOf(world, orderId);
  await mailsSent(world, orderId);
  return orderId;
}

/** All that is read of it, wherever it is, without its own name, moments and random numbers. */
async function readsOf(orderId: string): Promise<unknown> {
  const { database } = world;
  const archive = await archivedOrders(database, [orderId]);
  const where: Database = archive ?? database;
  const { rows } = await where.query<{ token: string }>(
    "select tracking_token as token from orders where id = $1",
    [orderId],
  );
  const token = rows[0]?.token ?? "";
  const exported = await exportPerson(world.context, "acme", { order: orderId }, "staff:1");
  const read = {
    order: await readOrderView(where, orderId, null),
    timeline: (await readTimeline(where, { orderId, channelId: null, limit: 200 }))?.items,
    revisions: await readRevisions(where, orderId, null),
    tracking: await readTracking(where, token, () => 1),
    exported: exported.status === "done" ? exported.orders : exported,
  };
  const id = orderId.slice("shop-".length);
  const told = JSON.parse(
    JSON.stringify(read)
      .replaceAll(id, "ORDER")
      .replaceAll(token, "TOKEN")
      .replaceAll(/\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?/g, "THEN")
      .replaceAll(/[0-9a-f]{24,}/g, "HASH")
      .replaceAll(/"handlingUnit":"\d+"/g, '"handlingUnit":"TOTE"')
      .replaceAll(/"(?:label|asSentByTheChannel)":"(?:[^"\\]|\\.)*"/g, '"text":"TEXT"'),
  ) as {
    timeline: unknown[];
    order: { notices: unknown[] };
    exported: { timeline: unknown[]; mails: unknown[] }[];
  };
  // Mails go out beside the saga: when, is nobody's promise.
  for (const lists of [
    told.timeline,
    told.order.notices,
    ...told.exported.flatMap((o) => [o.timeline, o.mails]),
  ])
    lists.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return told;
}

type Act = (orderId: string, nth: number) => Promise<unknown>;

const ACTS: Readonly<Record<string, Act>> = {
  "a return that is refunded": async (orderId, nth) => {
    const asked = await requestReturn(world.context, {
      orderId,
      lines: [{ lineId: "1", quantity: 1 }],
      reason: "defective",
      comment: "It is broken.",
      by: "shopper",
      key: `return-${nth}`,
    });
    if (asked.status !== "done") return asked.code;
    const { returnId } = asked;
    await eventually("the return's label", async () => {
      // And its mail, which goes out beside.
      const { rowCount } = await world.database.query(
        `select from shipment join notification on key = 'return_approved:' || return_id where return_id = $1`,
        [returnId],
      );
      return rowCount === 1;
    });
    await receiveReturn(world.context, { returnId, lines: [{ lineId: "1", quantity: 1 }], by: "staff:dock" });
    await inspectReturn(world.context, {
      returnId,
      lines: [{ lineId: "1", disposition: "restocked" }],
      note: "as said",
      by: "staff:dock",
    });
    await outcomeOf(world, returnId);
    return "returned";
  },
  "a goodwill refund": async (orderId, nth) => {
    const asked = await requestRefund(world.context, {
      orderId,
      amountMinor: 100 + nth,
      reason: "goodwill",
      note: "for the wait",
      key: `${orderId}:goodwill-${nth}`,
      to: "original",
      bonusPercent: 0,
      giver: { by: "staff:1", role: "administrator", limits: [], roles: [] },
    });
    if (asked.status !== "done") return asked.code;
    await outcomeOf(world, asked.refundId);
    return "refunded";
  },
  "its capture again": async (orderId) => capture(orderId.slice("shop-".length)).then(() => "known"),
  "the carrier's last word again": async (orderId) => {
    const { recorded, unknown } = await recordTracking(world.context, TEST_CARRIER, [
      {
        reportId: `late:${orderId}`,
        trackingNumber: `T-${orderId}-F1-S1`,
        status: "in_transit",
        message: "late",
        at: new Date().toISOString(),
        place: "Reno",
      },
    ]);
    return `${recorded} new, ${unknown} unknown`;
  },
  "the payment provider's word": async (orderId, nth) => {
    const { rows } = await world.database.query<{ reference: string }>(
      `select name as reference from archived_name where order_id = $1 and kind = 'payment'
       union select reference from payment_authorization where order_id = $1 and reference is not null`,
      [orderId],
    );
    const taken = await takePaymentEvent(world.context, world.outside.payments.first, {
      eventId: `${orderId}-${nth}`,
      type: "charge.updated",
      at: new Date().toISOString(),
      about: { reference: rows[0]?.reference ?? "", subject: "payment" },
    });
    return taken.status === "done" ? taken.outcome : taken.code;
  },
  "a mail again": async (orderId, nth) => {
    const sent = await resendNotice(world.context, {
      orderId,
      notice: `delivered:${orderId}-F1-S1`,
      by: "staff:1",
      key: `resend-${nth}`,
    });
    await mailsSent(world, orderId);
    return sent.status;
  },
};

test("an order that nobody has archived never asks the archive for itself", async () => {
  const { database } = world;
  await database.query("create table asked_for (id text)");
  await database.query("alter function bring_back_order rename to bring_back_at_last");
  await database.query(`create function bring_back_order(asked text) returns boolean language plpgsql as $$
    begin insert into asked_for values (asked); return bring_back_at_last(asked); end $$`);
  try {
    await delivered("quiet");
    expect((await database.query("select id from asked_for")).rows).toEqual([]);
    await requestReturn(world.context, {
      orderId: "shop-nobody",
      lines: [],
      reason: "defective",
      comment: "",
      by: "shopper",
    });
    expect((await database.query("select id from asked_for")).rows).toEqual([{ id: "shop-nobody" }]);
  } finally {
    await database.query("drop function bring_back_order");
    await database.query("alter function bring_back_at_last rename to bring_back_order");
    await database.query("drop table asked_for");
  }
});

const SEED = process.env["HOLDFAST_ARCHIVE_SEED"] ?? randomBytes(4).toString("hex");

describe(`lives of seed ${SEED}`, () => {
  test.each([1, 2, 3])("life %i reads alike in the archive, out of it and without one", async (life) => {
    const random = new Random(`${SEED}/${life}`);
    const names = Object.keys(ACTS);
    const [plain, moved] = await Promise.all([delivered(`p${life}-plain`), delivered(`q${life}-moved`)]);
    let times = 0;
    for (let nth = 0; nth < 3; nth += 1) {
      const before = await readsOf(moved);
      if (random.chance(0.8)) {
        // The other one is kept from it.
        await world.database.query("update orders set updated_at = 'infinity' where id = $1", [plain]);
        await archived(moved);
        await world.database.query("update orders set updated_at = now() where id = $1", [plain]);
        times += 1;
        expect(await readsOf(moved)).toEqual(before);
        expect(await isArchived(moved)).toBe(true);
      }
      const name = names[Math.floor(random.next() * names.length)] ?? "";
      const act = ACTS[name] as Act;
      const done = [await act(plain, nth), await act(moved, nth)];
      expect(done[1], name).toEqual(done[0]);
      for (const orderId of [plain, moved]) await mailsSent(world, orderId);
      expect(await readsOf(moved), name).toEqual(await readsOf(plain));
    }
    expect(times).toBeGreaterThan(0);
  });
});

describe("personal data of archived orders", () => {
  test("what is kept no longer is taken out of an archived order, too", async () => {
    const orderId = await delivered("kept");
    await archived(orderId);
    await world.database.query("insert into retention_setting (days) values ($1)", [
      JSON.stringify({ payloads: 30 }),
    ]);
    await world.database.query("update archived_order set updated_at = updated_at - interval '31 days'");
    await world.database.query(
      `update archived_document set rows = jsonb_set(rows, '{orders,0,updated_at}',
         to_jsonb((rows #>> '{orders,0,updated_at}')::timestamptz - interval '31 days'))`,
    );
    const due = (await retentionReport(world.database)).payloads;
    expect(due).toBeGreaterThan(0);
    expect(await keepClean(world.context)).toMatchObject({ payloads: due });
    expect(await retentionReport(world.database)).toMatchObject({ payloads: 0 });
    await archived(orderId);
    const archive = await archivedOrders(world.database, [orderId]);
    const { rows } = await (archive ?? world.database).query("select raw_payload from orders where id = $1", [
      orderId,
    ]);
    expect(rows).toEqual([{ raw_payload: "" }]);
    expect(await keepClean(world.context)).toMatchObject({ payloads: 0 });
    await world.database.query("delete from retention_setting");
  });

  test("an archived order is erased, and stays so", async () => {
    const orderId = await delivered("erased");
    await archived(orderId);
    const erased = await erasePerson(
      world.context,
      "acme",
      { email: "erased@example.test" },
      "staff:1",
      "erase",
    );
    expect(erased).toMatchObject({ status: "done", erasure: { orders: [orderId] } });
    await archived(orderId);
    const archive = await archivedOrders(world.database, [orderId]);
    const view = await readOrderView(archive ?? world.database, orderId, null);
    expect(view?.summary.customerName).toBe("(erased)");
    const { rowCount } = await world.database.query(
      "select from archived_document where order_id = $1 and rows::text ilike '%lovelace%'",
      [orderId],
    );
    expect(rowCount).toBe(0);
  });
});
