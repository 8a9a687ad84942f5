import type { OrderDocument } from "../../orders/order.ts";
import { sealerOf } from "../../store/personal-data/vault.ts";
import { type Database, inTransaction } from "../../store/sql/database.ts";

/** Makes an order's document another one, past all rules, as if it had been captured so. */
export function rewriteDocument(
  database: Database,
  orderId: string,
  rewrite: (document: OrderDocument) => OrderDocument,
): Promise<void> {
  return inTransaction(database, async (client) => {
    const { rows } = await client.query<{ document: OrderDocument }>(
      "select document from orders where id = $1 for update",
      [orderId],
    );
    const [order] = rows;
    if (order === undefined) throw new Error(`there is no order ${orderId}`);
    const sealer = await sealerOf(client, orderId);
    await client.query("update orders set document = $2 where id = $1", [
      orderId,
      JSON.stringify(sealer.document(rewrite(order.document))),
    ]);
  });
}
