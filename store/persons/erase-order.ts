/**
 * Erases the personal data of one order, in one transaction: its key is destroyed, and what is left in clear
 * is overwritten. What is counted (lines, amounts, stock, ledgers, positions of feeds, chains of hashes)
 * stays as it is.
 *
 * E1 Repeating it changes nothing. E2 What the order says afterwards is what its `order_person` says without
 *    its key: "(erased)". E3 Every place that `docs/personal-data.md` calls erased is overwritten here; a
 *    test looks for what is left in all columns of the database.
 */
import { randomBytes } from "node:crypto";
import { ERASED, SEALED_MARK } from "../../config/person-seal.ts";
import type { HoldReason, OrderDocument } from "../../orders/order.ts";
import { apart, erasedDocument } from "../../orders/personal-data/document-parts.ts";
import { scrubber, textsIn } from "../../orders/personal-data/scrub.ts";
import { holderOf } from "../../orders/store-credit.ts";
import { addOrderToForget } from "../channels/orders-to-forget.ts";
import { rewordHoldReasons } from "../orders/order-progress.ts";
import { vaultOf } from "../personal-data/vault.ts";
import { forgetHolder } from "../refunds/store-credit.ts";
import type { Queryable } from "../sql/database.ts";
import { WRITTEN_TEXTS } from "./written-texts.ts";

/**
 * This transaction has locked the order, and nothing needs its people any more.
 *
 * @returns false: it was erased before
 */
export async function eraseOrder(client: Queryable, orderId: string): Promise<boolean> {
  const { rows } = await client.query<{
    document: OrderDocument;
    erased: boolean;
    holdReasons: readonly HoldReason[];
    former: readonly OrderDocument[];
    companyId: string;
  }>(
    `select o.document, o.hold_reasons as "holdReasons", o.company_id as "companyId",
       exists (select from order_person p where p.order_id = o.id and p.erased_at is not null) as erased,
       (select coalesce(jsonb_agg(r.document order by r.revision), '[]') from order_revision r where r.order_id = o.id) as former
     from orders o where o.id = $1`,
    [orderId],
  );
  const [order] = rows;
  if (order === undefined || order.erased) return false;
  const documents = [order.document, ...order.former];
  const written = await takeWrittenTexts(client, orderId);
  const scrub = scrubber([
    ...documents.flatMap((document) => textsIn(withoutCountries(apart(document).personal))),
    ...documents.flatMap(({ customer, tags = [] }) => [customer.externalId ?? [], tags].flat()),
    ...written,
  ]);

  await client.query(
    `update orders set document = $2, customer_name = $3, customer_email = null, raw_payload = $3, tracking_token = $4,
       version = version + 1 where id = $1`,
    [
      orderId,
      JSON.stringify(erasedDocument(order.document)),
      ERASED,
      // The shopper's page is nobody's any more.
      randomBytes(16).toString("base64url"),
    ],
  );
  await rewordHoldReasons(client, orderId, scrub(order.holdReasons));
  await eraseRevisions(client, orderId, scrub);
  await eraseTimeline(client, orderId, scrub);
  await client.query("update shipment set label_zpl = '', label_pdf = '' where order_id = $1", [orderId]);
  await client.query("update notification set recipient = $2 where order_id = $1", [orderId, ERASED]);
  await client.query("update return_authorization set customer = null where order_id = $1", [orderId]);
  await client.query(
    `update combined_parcel set address = $2 where id in
       (select combined_parcel_id from fulfillment_order where order_id = $1 and combined_parcel_id is not null)`,
    [orderId, JSON.stringify(erasedDocument(order.document).shippingAddress)],
  );
  // What its saga was told has been delivered long ago; a reason in it is somebody's words.
  await client.query(
    `update outbox set payload = jsonb_set(payload, '{message,reason}', to_jsonb($2::text))
      where topic = 'workflow.signal' and payload->>'workflowId' = $1 and payload->'message' ? 'reason'`,
    [orderId, ERASED],
  );
  // What receivers of webhooks answered may repeat what they were told.
  await client.query(
    `update webhook_delivery set tries = (
       select coalesce(jsonb_agg(each - 'answer' || '{"answer": null}' order by nth), '[]')
         from jsonb_array_elements(tries) with ordinality as t(each, nth))
      where order_id = $1 and tries <> '[]'`,
    [orderId],
  );
  for (const document of documents) {
    const holder = holderOf(document);
    if (holder !== null) await forgetHolder(client, order.companyId, holder);
  }
  await addOrderToForget(client, orderId);
  // Last: until here everything could be read, and from here on nothing can.
  await client.query(
    `insert into order_person (order_id, erased_at) values ($1, now())
     on conflict (order_id) do update set wrapped = null, mark = null, tokens = '{}', erased_at = now()`,
    [orderId],
  );
  vaultOf(client)?.forget(orderId);
  return true;
}

/** @returns the texts that were there */
async function takeWrittenTexts(client: Queryable, orderId: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { table, column, rows: condition } of WRITTEN_TEXTS) {
    const { rows } = await client.query<{ text: string }>(
      `select ${column} as text from ${table} where ${condition} and ${column} <> ''`,
      [orderId],
    );
    if (rows.length === 0) continue;
    found.push(...rows.map(({ text }) => text));
    await client.query(`update ${table} set ${column} = '${ERASED}' where ${condition} and ${column} <> ''`, [
      orderId,
    ]);
  }
  return found;
}

type Scrub = ReturnType<typeof scrubber>;

async function eraseRevisions(client: Queryable, orderId: string, scrub: Scrub): Promise<void> {
  const { rows } = await client.query<{ revision: number; document: OrderDocument; changes: unknown }>(
    "select revision, document, changes from order_revision where order_id = $1",
    [orderId],
  );
  for (const { revision, document, changes } of rows)
    await client.query(
      "update order_revision set document = $3, changes = $4 where order_id = $1 and revision = $2",
      [orderId, revision, JSON.stringify(erasedDocument(document)), JSON.stringify(scrub(changes ?? []))],
    );
}

/** Entries keep their keys and places in the feed. What a channel had sent goes whole. */
async function eraseTimeline(client: Queryable, orderId: string, scrub: Scrub): Promise<void> {
  const { rows } = await client.query<{
    key: string;
    summary: string;
    isQuote: boolean;
    data: Record<string, unknown>;
  }>(
    `select key, summary, starts_with(summary, $2) as "isQuote", data from order_event where order_id = $1`,
    [orderId, SEALED_MARK],
  );
  for (const { key, summary, isQuote, data } of rows) {
    const { payload, ...kept } = data;
    const after = { summary: scrub(summary), data: scrub(payload === undefined ? data : kept) };
    // What was kept under the key that goes is kept in clear where it tells of nobody.
    const isSame = after.summary === summary && JSON.stringify(after.data) === JSON.stringify(data);
    if (isSame && !isQuote) continue;
    await client.query("update order_event set summary = $3, data = $4 where order_id = $1 and key = $2", [
      orderId,
      key,
      after.summary,
      JSON.stringify(after.data),
    ]);
  }
}

function withoutCountries(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutCountries);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]) =>
      name === "country" ? [] : [[name, withoutCountries(part)]],
    ),
  );
}
