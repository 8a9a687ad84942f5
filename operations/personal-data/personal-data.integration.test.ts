/**
 * A shopper's data over the whole life of an order: encrypted, exported, erased, and found nowhere
 * afterwards.
 */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newSecretKeyLine, readSecretKeys, SecretBox } from "../../config/secret-box.ts";
import { channelAdapters } from "../../integrations/channels/registry.ts";
import { readLabel, readOrderView } from "../../store/orders/order-views.ts";
import { addErasure, listErasures, openErasures } from "../../store/personal-data/erasures.ts";
import { attachVault, PersonVault } from "../../store/personal-data/vault.ts";
import { deliver, mailsSent, outcomeOf, pack } from "../../test-support/saga-steps.ts";
import { eventually, type SagaWorld, startSagaWorld } from "../../test-support/saga-world.ts";
import { createTestDatabase, type TestDatabase } from "../../test-support/servers/postgres.ts";
import { ownSample } from "../../test-support/vendors/channel-samples.ts";
import { captureOrders } from "../capture/capture-order.ts";
import { takeChannelWebhook } from "../capture/take-webhook.ts";
import { inspectReturn } from "../returns/inspect-return.ts";
import { receiveReturn } from "../returns/receive-return.ts";
import { requestReturn } from "../returns/request-return.ts";
import { recordTracking } from "../shipping/record-tracking.ts";
import { erasePerson, waitingOrders } from "./erase-person.ts";
import { exportPerson } from "./export-person.ts";
import { keepClean } from "./keep-clean.ts";

let store: TestDatabase;
let world: SagaWorld;
const MARK = `zq${randomBytes(6).toString("hex")}`;
const EMAIL = `${MARK}mail@example.test`;

beforeAll(async () => {
  store = await createTestDatabase();
  world = await startSagaWorld(store.database);
  await store.database.query("update channel set charged_by = 'merchant'");
});
afterAll(async () => {
  await world?.close();
  await store?.close();
});

const address = (of: string, postalCode = "89501") => ({
  name: `${MARK}name${of}`,
  company: `${MARK}company${of}`,
  line1: `${MARK}street${of} 1`,
  line2: `${MARK}floor${of}`,
  city: `${MARK}city${of}`,
  region: "NV",
  postalCode,
  country: "US",
  phone: "+1 775 555 0199",
  email: `${MARK}${of}@example.test`,
});

const orderOf = (id: string, more: object = {}) => ({
  id,
  currency: "USD",
  customer: {
    name: `${MARK}first ${MARK}last`,
    email: EMAIL,
    phone: "+1 775 555 0100",
    id: `${MARK}customer`,
  },
  shippingAddress: address("to"),
  billingAddress: address("bill"),
  metadata: { greeting: `${MARK}greeting` },
  tags: [`${MARK}tag`],
  paymentMethod: "pm_card_visa",
  lines: [{ sku: "MUG", quantity: 2, unitPrice: "50.00", attributes: { engraving: `${MARK}engraving` } }],
  ...more,
});

async function capture(order: object): Promise<string> {
  const [result] = await captureOrders(world.context, {
    channelId: "shop",
    topic: null,
    payload: JSON.stringify(order),
    adapters: channelAdapters,
    cause: "channel:shop",
  });
  if (result === undefined || result.order === null) throw new Error(`refused: ${JSON.stringify(result)}`);
  return result.order;
}

/** Past the store's door, where nothing is opened. */
async function connected(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: store.url });
  await client.connect();
  return client;
}

/** Every text, JSON and byte column of every table that has the mark in clear, read past the vault. */
async function placesWithMark(mark = MARK): Promise<readonly string[]> {
  const plain = await connected();
  try {
    const { rows: columns } = await plain.query<{ table: string; column: string; type: string }>(
      `select c.table_name as "table", c.column_name as "column", c.data_type as type
         from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = current_schema() and t.table_type = 'BASE TABLE'
          and c.data_type in ('text', 'json', 'jsonb', 'bytea', 'ARRAY', 'character varying')`,
    );
    const found: string[] = [];
    for (const { table, column, type } of columns) {
      const text = type === "bytea" ? `encode("${column}", 'escape')` : `"${column}"::text`;
      const { rowCount } = await plain.query(`select from "${table}" where ${text} ilike $1 limit 1`, [
        `%${mark}%`,
      ]);
      if (rowCount !== 0) found.push(`${table}.${column}`);
    }
    return found.sort();
  } finally {
    await plain.end();
  }
}

/** An order that was delivered, sent back whole and refunded. */
async function livedOrder(id: string): Promise<string> {
  // It waits for a person, until the channel sends it with an address that can be.
  await capture(orderOf(id, { shippingAddress: address("to", `${MARK}post`) }));
  const orderId = await capture(orderOf(id));
  await pack(world, `${orderId}-F1`);
  await deliver(world, `${orderId}-F1-S1`);
  await outcomeOf(world, orderId);
  const asked = await requestReturn(world.context, {
    orderId,
    lines: [{ lineId: "1", quantity: 2 }],
    reason: "defective",
    comment: `${MARK}comment`,
    by: "shopper",
  });
  if (asked.status !== "done") throw new Error(asked.detail);
  const { returnId } = asked;
  await eventually("the return's label", async () => {
    const { rowCount } = await world.database.query("select from shipment where return_id = $1", [returnId]);
    return rowCount === 1;
  });
  await receiveReturn(world.context, { returnId, lines: [{ lineId: "1", quantity: 2 }], by: "staff:dock" });
  await inspectReturn(world.context, {
    returnId,
    lines: [{ lineId: "1", disposition: "restocked" }],
    note: `${MARK}note`,
    by: "staff:dock",
  });
  await outcomeOf(world, returnId);
  await mailsSent(world, orderId);
  return orderId;
}

describe("over an order's life", () => {
  let orderId: string;
  const erase = (person: object, key = "erase-1") =>
    erasePerson(world.context, "acme", person, "staff:1", key);

  test("an order under way cannot be erased, and says why", async () => {
    orderId = await capture(
      orderOf("life-0", { customer: { name: "Other", email: "other@example.test" }, tags: [] }),
    );
    expect(await erase({ email: "OTHER@example.test " }, "early")).toMatchObject({
      status: "refused",
      code: "erasure_order_open",
      detail: `Order ${orderId} is under way.`,
    });
    expect(await openErasures(world.database)).toEqual([]);
  });

  test("what identifies a shopper, or was written of them, is in clear in tags and the channel's number alone", async () => {
    orderId = await livedOrder("life-1");
    expect(await placesWithMark()).toEqual(["orders.document"]);
    // Of the document: the channel's number of the customer, and the tags.
    const plain = await connected();
    const { rows } = await plain.query("select document from orders where id = $1", [orderId]);
    await plain.end();
    const { customer, tags, sealed: _sealed, ...rest } = rows[0]?.["document"] ?? {};
    expect(tags).toEqual([`${MARK}tag`]);
    expect(customer).toEqual({ name: "(erased)", externalId: `${MARK}customer` });
    expect(JSON.stringify(rest)).not.toContain(MARK);
  });

  test("whoever reads it over the store reads it in clear", async () => {
    const view = await readOrderView(world.database, orderId, null);
    expect(view).toMatchObject({ document: { customer: { email: EMAIL }, shippingAddress: address("to") } });
    expect((await readLabel(world.database, `${orderId}-F1-S1`))?.zpl).toContain("^XA");
  });

  test("an export has everything, and nothing of anybody else", async () => {
    const exported = await exportPerson(world.context, "acme", { email: EMAIL.toUpperCase() }, "staff:1");
    if (exported.status !== "done") throw new Error(exported.detail);
    expect(exported.orders).toHaveLength(1);
    const text = JSON.stringify(exported);
    for (const what of [
      "first",
      "streetto",
      "citybill",
      "greeting",
      "engraving",
      "tag",
      "comment",
      "note",
      "mail",
    ])
      expect(text).toContain(`${MARK}${what}`);
    expect(exported.orders[0]).toMatchObject({
      orderId,
      mails: expect.arrayContaining([expect.objectContaining({ kind: "shipped", recipient: EMAIL })]),
      returns: [expect.objectContaining({ comment: `${MARK}comment` })],
    });
    expect(text).not.toContain("other@example.test");
    const { rows } = await world.database.query(
      "select act, subject from audit_entry order by position desc limit 1",
    );
    expect(rows).toEqual([{ act: "personal-data.exported", subject: `person-of:${orderId}` }]);
  });

  test("the law's time to keep it whole comes before an erasure", async () => {
    await world.database.query(`insert into retention_setting (days) values ('{"keepWhole": 30}')`);
    expect(await erase({ order: orderId }, "too-soon")).toMatchObject({ code: "erasure_retention_runs" });
    await world.database.query("delete from retention_setting");
  });

  test("an erasure that died between two orders is ended by the next look, and leaves no mark anywhere", async () => {
    const ledger = () =>
      world.database
        .query(
          `select o.total_minor, o.status, o.payment_status, (select jsonb_agg(to_jsonb(l) order by line_id) from order_line l
             where l.order_id = o.id) as lines, (select jsonb_agg(jsonb_build_array(e.key, e.id) order by e.id)
             from order_event e where e.order_id = o.id) as feed, (select jsonb_agg(to_jsonb(t) order by key)
             from payment_transaction t where t.order_id = o.id) as money from orders o where o.id = $1`,
          [orderId],
        )
        .then(({ rows }) => rows[0]);
    const before = await ledger();
    await addErasure(world.database, { id: "left-behind", orders: [orderId], requestedBy: "staff:1" });
    await keepClean(world.context);
    expect(await placesWithMark()).toEqual([]);
    expect(await ledger()).toEqual(before);
    expect(await openErasures(world.database)).toEqual([]);
    const view = await readOrderView(world.database, orderId, null);
    expect(view?.summary.customerName).toBe("(erased)");
    expect(view?.document).toMatchObject({
      customer: { name: "(erased)" },
      shippingAddress: { city: "(erased)" },
    });
    expect(await readLabel(world.database, `${orderId}-F1-S1`)).toBeNull();
  });

  test("erasing again changes nothing, and nobody is found by the address any more", async () => {
    const again = await erase({ order: orderId });
    expect(again).toMatchObject({ status: "done", erasure: { orders: [orderId] } });
    expect(await erase({ order: orderId })).toEqual(again);
    expect(await erase({ email: EMAIL }, "erase-2")).toMatchObject({ code: "shopper_not_found" });
  });

  test("what the channel sends of the order again, changed or not, brings nothing back", async () => {
    await capture(orderOf("life-1"));
    await capture(orderOf("life-1", { metadata: { greeting: `${MARK}later` } }));
    expect(await placesWithMark()).toEqual([]);
  });

  test("what its carrier reports late brings nothing back either", async () => {
    const { rows } = await world.database.query<{ number: string; provider: string; account: string }>(
      `select tracking_number as number, carrier_provider as provider, carrier_account as account
         from shipment where id = $1`,
      [`${orderId}-F1-S1`],
    );
    const [parcel] = rows;
    if (parcel === undefined) throw new Error("it has no parcel");
    const report = {
      reportId: "late",
      trackingNumber: parcel.number,
      status: "delivered" as const,
      message: `signed by ${MARK}last`,
      at: new Date().toISOString(),
      place: `${MARK}cityto`,
    };
    expect(await recordTracking(world.context, parcel, [report])).toMatchObject({ recorded: 1 });
    expect(await placesWithMark()).toEqual([]);
  });
});

describe("a channel that passes on that an account was closed", () => {
  const USERNAME = `${MARK}account`;
  const notification = (id: string, data: object) =>
    JSON.stringify({
      metadata: { topic: "MARKETPLACE_ACCOUNT_DELETION", schemaVersion: "1.0", deprecated: false },
      notification: { notificationId: id, eventDate: "2026-11-30T10:00:00.000Z", data },
    });
  const say = async (payload: string) => {
    const webhook = { topic: "MARKETPLACE_ACCOUNT_DELETION", eventId: null, signedId: null };
    const body = Buffer.from(payload);
    const taken = { channelId: "bay", webhook, body, payload, adapters: channelAdapters };
    return (await takeChannelWebhook(world.context, taken)).results;
  };
  const sampleOrder = (orderId: string, username: string) => {
    const { order } = JSON.parse(ownSample("ebay", "order.json"));
    return JSON.stringify({ ...order, orderId, buyer: { username } });
  };
  const take = async (payload: string) => {
    const given = { channelId: "bay", topic: null, payload, adapters: channelAdapters, cause: "api-key:1" };
    const [result] = await captureOrders(world.context, given);
    return result;
  };
  const listed = async (id: string) => {
    const all = await listErasures(world.database, "acme", 100);
    const erasure = all.find((each) => each.id.startsWith(`channel:bay:${id}:`));
    if (erasure === undefined) return null;
    const waiting = (await waitingOrders(world.database, [erasure])).get(erasure.id) ?? [];
    return { ...erasure, waits: waiting.map(({ orderId, neededFor }) => `${orderId} ${neededFor}`) };
  };

  test("has their orders on the list at once, and each is erased as soon as nothing needs it", async () => {
    await world.database.query(
      "insert into channel (id, company_id, name, kind) values ('bay', 'acme', 'eBay', 'ebay')",
    );
    const mine = [await take(sampleOrder("b-1", USERNAME)), await take(sampleOrder("b-2", USERNAME))];
    const [done, open] = mine.map((result) => result?.order ?? "") as [string, string];
    const other = (await take(sampleOrder("b-3", "somebody")))?.order ?? "";
    await world.database.query("update orders set status = 'cancelled' where id = any($1)", [[done, other]]);
    const closed = notification("n-1", { username: USERNAME, userId: "U1", eiasToken: "x" });

    // Whoever may send orders may not erase anybody.
    expect(await take(closed)).toMatchObject({ outcome: "ignored" });
    expect(await listed("n-1")).toBeNull();
    // eBay tells everybody of everybody.
    expect(await say(notification("n-0", { username: "nobody-here" }))).toMatchObject([
      { outcome: "ignored" },
    ]);
    expect(await listed("n-0")).toBeNull();

    for (let time = 0; time < 2; time += 1)
      expect(await say(closed)).toMatchObject([{ outcome: "ignored", order: null }]);
    expect(await listed("n-1")).toMatchObject({
      requestedBy: "channel:bay",
      orders: [done, open],
      doneAt: null,
    });
    await world.database.query(`insert into retention_setting (days) values ('{"keepWhole": 30}')`);
    await keepClean(world.context);
    expect((await listed("n-1"))?.waits).toEqual([`${done} retention_runs`, `${open} order_open`]);
    await world.database.query("delete from retention_setting");
    await keepClean(world.context);
    expect((await listed("n-1"))?.waits).toEqual([`${open} order_open`]);
    expect((await readOrderView(world.database, done, null))?.summary.customerName).toBe("(erased)");
    await world.database.query("update orders set status = 'cancelled' where id = $1", [open]);
    await keepClean(world.context);
    expect(await listed("n-1")).toMatchObject({ doneAt: expect.any(String), waits: [] });
    expect((await readOrderView(world.database, open, null))?.summary.customerName).toBe("(erased)");
    expect((await readOrderView(world.database, other, null))?.summary.customerName).not.toBe("(erased)");
    const { rows } = await world.database.query(
      "select subject, act from audit_entry where act = 'personal-data.erasure-asked'",
    );
    expect(rows).toHaveLength(1);

    // The same request once more, as nothing is left, and as something has come since.
    const known = (await listErasures(world.database, "acme", 100)).length;
    await say(closed);
    expect(await listErasures(world.database, "acme", 100)).toHaveLength(known);
    const since = (await take(sampleOrder("b-5", USERNAME)))?.order ?? "";
    await say(closed);
    expect((await listErasures(world.database, "acme", 100))[0]).toMatchObject({ orders: [since] });
  });

  test("is understood of orders that a former version has encrypted, once they have been looked at", async () => {
    const { encryptFormer, beginEncrypting } = await import("../../store/persons/encrypt-former.ts");
    const order = (await take(sampleOrder("b-4", `${USERNAME}4`)))?.order ?? "";
    // As the upgrade leaves them: encrypted, without the token of the account.
    await world.database.query(
      "update order_person set sealed_at = null, tokens = '{}' where order_id = $1",
      [order],
    );
    const before = (await readOrderView(world.database, order, null))?.document;
    await beginEncrypting(world.database);
    while ((await encryptFormer(world.database, 10)) !== null);
    expect((await readOrderView(world.database, order, null))?.document).toEqual(before);
    await say(notification("n-4", { username: `${USERNAME}4` }));
    expect(await listed("n-4")).toMatchObject({ orders: [order] });
  });
});

test("an order of a former version is encrypted later, and reads the same before and after", async () => {
  const { encryptFormer, beginEncrypting } = await import("../../store/persons/encrypt-former.ts");
  const orderId = await world.placeOrder();
  const read = () => readOrderView(world.database, orderId, null).then((view) => view?.document);
  const before = await read();
  expect(await placesWithMark("ada@example.test")).toContain("orders.customer_email");
  expect(await beginEncrypting(world.database)).toBe(true);
  while ((await encryptFormer(world.database, 1)) !== null);
  expect(await placesWithMark("ada@example.test")).not.toContain("orders.customer_email");
  expect(await read()).toEqual(before);
  expect(await beginEncrypting(world.database)).toBe(false);
});

test("the key above is sealed anew under a newer one, and a process without any reads no personal data", async () => {
  const boxOf = (...lines: readonly string[]) => {
    const reading = readSecretKeys(lines.join("\n"));
    if (reading.status === "invalid") throw new Error(reading.problem);
    return new SecretBox(reading.keys);
  };
  const [old, newer] = [newSecretKeyLine("old"), newSecretKeyLine("newer")];
  const other = await createTestDatabase();
  try {
    await other.database.query("delete from personal_data_key");
    const first = await PersonVault.open(other.database, boxOf(old));
    const rotated = await PersonVault.open(other.database, boxOf(newer, old));
    const term = { kind: "email", text: EMAIL } as const;
    expect(rotated.token(term)).toBe(first.token(term));
    expect((await PersonVault.open(other.database, boxOf(newer))).token(term)).toBe(first.token(term));
    await expect(PersonVault.open(other.database, boxOf(old))).rejects.toMatchObject({
      code: "secret_key_missing",
    });
    attachVault(other.database, rotated);
  } finally {
    await other.close();
  }
});
