/**
 * Orders that a former version has written, or one that runs beside this one, are encrypted batch by batch.
 *
 * F1 An order is encrypted in a transaction of its own, and once: a crash costs the batch's place, and what
 *    is done already is passed over.
 * F2 Readers understand both, so that nothing has to wait for it.
 */
import type { OrderDocument } from "../../orders/order.ts";
import { sealerOf, vaultOf } from "../personal-data/vault.ts";
import { type Database, inTransaction, type Queryable } from "../sql/database.ts";
import { WRITTEN_TEXTS } from "./written-texts.ts";

/** Begins anew where there is an order that is not encrypted. @returns whether there is */
export async function beginEncrypting(database: Database): Promise<boolean> {
  const { rowCount } = await database.query(
    `update personal_data_conversion set after_id = coalesce(after_id, '')
      where exists (select from orders o where not exists (
        select from order_person p where p.order_id = o.id and (p.sealed_at is not null or p.erased_at is not null)))`,
  );
  return rowCount === 1;
}

/**
 * @param limit orders looked at, at most
 * @returns how many were encrypted; null: none is left
 */
export async function encryptFormer(database: Database, limit: number): Promise<number | null> {
  if (vaultOf(database) === undefined) return null;
  const { rows } = await database.query<{ id: string; isSealed: boolean }>(
    `select o.id, exists (select from order_person p where p.order_id = o.id
         and (p.sealed_at is not null or p.erased_at is not null)) as "isSealed"
       from orders o, personal_data_conversion c where o.id > c.after_id order by o.id limit $1`,
    [limit],
  );
  const last = rows.at(-1);
  if (last === undefined) {
    await database.query("update personal_data_conversion set after_id = null");
    return null;
  }
  let encrypted = 0;
  for (const { id, isSealed } of rows) {
    if (isSealed) continue;
    await inTransaction(database, (client) => encryptOrder(client, id));
    encrypted += 1;
  }
  // Another process may be further.
  await database.query(
    "update personal_data_conversion set after_id = greatest(after_id, $1) where after_id is not null",
    [last.id],
  );
  return encrypted;
}

async function encryptOrder(client: Queryable, orderId: string): Promise<void> {
  await client.query("select from orders where id = $1 for no key update", [orderId]);
  const { rows } = await client.query<{
    document: OrderDocument;
    name: string;
    email: string | null;
    payload: string;
    isSealed: boolean;
  }>(
    `select o.document, o.customer_name as name, o.customer_email as email, o.raw_payload as payload,
       exists (select from order_person p where p.order_id = o.id
         and (p.sealed_at is not null or p.erased_at is not null)) as "isSealed"
     from orders o where o.id = $1`,
    [orderId],
  );
  const [order] = rows;
  if (order === undefined || order.isSealed) return;
  const sealer = await sealerOf(client, orderId);
  const { mark, tokens } = sealer.person(order.document);
  await client.query(
    `update orders set document = $2, customer_name = $3, customer_email = $4, raw_payload = $5 where id = $1`,
    [
      orderId,
      JSON.stringify(sealer.document(order.document)),
      sealer.text(order.name),
      order.email === null ? null : sealer.text(order.email),
      order.payload === "" ? "" : sealer.text(order.payload),
    ],
  );
  const { rows: revisions } = await client.query<{
    revision: number;
    document: OrderDocument;
    changes: unknown;
  }>("select revision, document, changes from order_revision where order_id = $1", [orderId]);
  for (const { revision, document, changes } of revisions)
    await client.query(
      "update order_revision set document = $3, changes = $4 where order_id = $1 and revision = $2",
      [orderId, revision, JSON.stringify(sealer.document(document)), sealer.json(changes)],
    );
  const { rows: labels } = await client.query<{ id: string; zpl: string; pdf: Buffer }>(
    "select id, label_zpl as zpl, label_pdf as pdf from shipment where order_id = $1 and label_zpl <> ''",
    [orderId],
  );
  for (const { id, zpl, pdf } of labels)
    await client.query("update shipment set label_zpl = $2, label_pdf = $3 where id = $1", [
      id,
      sealer.text(zpl),
      sealer.bytes(pdf),
    ]);
  const { rows: notices } = await client.query<{ key: string; recipient: string }>(
    "select key, recipient from notification where order_id = $1",
    [orderId],
  );
  for (const { key, recipient } of notices)
    await client.query("update notification set recipient = $2 where key = $1", [
      key,
      sealer.text(recipient),
    ]);
  const { rows: updates } = await client.query<{ key: string; payload: string | null; changes: unknown }>(
    `select key, data->>'payload' as payload, data->'changes' as changes from order_event
      where order_id = $1 and type in ('channel.update_received', 'order.changed')`,
    [orderId],
  );
  for (const { key, payload, changes } of updates) {
    const sealed =
      payload !== null
        ? { payload: sealer.text(payload) }
        : changes === null
          ? null
          : { changes: sealer.value(changes) };
    if (sealed !== null)
      await client.query("update order_event set data = data || $3 where order_id = $1 and key = $2", [
        orderId,
        key,
        JSON.stringify(sealed),
      ]);
  }
  for (const { table, column, rows: condition, isSealed } of WRITTEN_TEXTS) {
    if (!isSealed) continue;
    const { rows: texts } = await client.query<{ place: string; text: string }>(
      `select ctid::text as place, ${column} as text from ${table} where ${condition} and ${column} <> '' for update`,
      [orderId],
    );
    for (const { place, text } of texts)
      await client.query(`update ${table} set ${column} = $2 where ctid = $1::tid`, [
        place,
        sealer.words(text),
      ]);
  }
  const { rows: parcels } = await client.query<{ id: string; address: unknown }>(
    `select id, address from combined_parcel where jsonb_typeof(address) = 'object'
       and id in (select combined_parcel_id from fulfillment_order where order_id = $1)`,
    [orderId],
  );
  for (const { id, address } of parcels)
    await client.query("update combined_parcel set address = $2 where id = $1", [id, sealer.json(address)]);
  await client.query("update return_authorization set customer = null where order_id = $1", [orderId]);
  await client.query(
    "update order_person set mark = $2, tokens = $3, sealed_at = now() where order_id = $1",
    [orderId, mark, tokens],
  );
}
