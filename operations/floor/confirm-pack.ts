/**
 * The parcel of a fulfillment order is packed: an RFID portal counted its units, or a person vouches for them.
 *
 * Packing moves no stock (picking took the units off the shelf, shipping takes them out of the building), so that one
 * transaction holds every effect: verified quantities, ledger, stage, the timeline entry `packed:<id>`, whose insert is
 * the mark that this happened, and the saga's signal. A count that differs from what was picked changes nothing, and
 * what was picked short or is on hold only a person may pack.
 */

import { writeOutbox } from "../../store/outbox.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OrderMessage } from "../../workflows/messages.ts";
import type { OperationContext, Refusal } from "../context.ts";

export type PackConfirmation = {
  readonly fulfillmentOrderId: string;
  /** What was counted, by SKU; `by-person`: somebody vouches that the parcel holds what was picked. */
  readonly verified: readonly { readonly sku: string; readonly quantity: number }[] | "by-person";
  /** `device:<id>` or `staff:<id>`. */
  readonly cause: string;
  /** Idempotency key of this confirmation. A second one under another key is refused with `already_packed`. */
  readonly key: string;
};

export type PackConfirmed = { readonly status: "done" };

type PackLine = { readonly sku: string; readonly picked: number };

export function confirmPack(
  context: OperationContext,
  input: PackConfirmation,
): Promise<PackConfirmed | Refusal> {
  return inTransaction(context.database, (client) => recordPack(client, input));
}

/** The same inside the caller's transaction, which goes on whatever the answer is. */
export async function recordPack(
  client: DatabaseClient,
  input: PackConfirmation,
): Promise<PackConfirmed | Refusal> {
  const head = await client.query<{ orderId: string; status: string }>(
    `select order_id as "orderId", status from fulfillment_order where id = $1 for update`,
    [input.fulfillmentOrderId],
  );
  const order = head.rows[0];
  if (order === undefined) return refused("fulfillment_order_not_found", input.fulfillmentOrderId);
  // Apart from the lock, so that it sees what the previous holder of the lock has written.
  const earlier = await client.query<{ key: string }>(
    `select data->>'key' as key from order_event where order_id = $1 and key = $2`,
    [order.orderId, entryKey(input.fulfillmentOrderId)],
  );
  const earlierKey = earlier.rows[0]?.key;
  if (earlierKey !== undefined) {
    return earlierKey === input.key
      ? { status: "done" }
      : refused("already_packed", `${input.fulfillmentOrderId} was packed before`);
  }
  if (order.status === "closed" || order.status === "cancelled") {
    return refused("fulfillment_order_closed", `${input.fulfillmentOrderId} is ${order.status}`);
  }
  if (order.status === "on_hold" && input.verified !== "by-person") {
    return refused("fulfillment_order_on_hold", `${input.fulfillmentOrderId} waits for a person`);
  }
  const lines = await client.query<PackLine & { quantity: number; confirmed: boolean }>(
    `select l.sku, l.picked, l.quantity,
            exists (select from order_event e where e.order_id = $2 and e.key = $3) as confirmed
     from fulfillment_order_line l where l.fulfillment_order_id = $1`,
    [input.fulfillmentOrderId, order.orderId, `picked:${input.fulfillmentOrderId}`],
  );
  if (!lines.rows.some((line) => line.confirmed)) {
    return refused("not_picked", `${input.fulfillmentOrderId} has not been picked`);
  }
  if (input.verified !== "by-person") {
    const difference = differences(lines.rows, input.verified);
    if (difference.length > 0) return refused("verification_failed", difference.join(", "));
    if (lines.rows.some((line) => line.picked < line.quantity)) {
      return refused("picked_short", `${input.fulfillmentOrderId} was picked short: a person decides`);
    }
  }
  await record(client, input, order.orderId, lines.rows);
  return { status: "done" };
}

/** What is missing or extra, one phrase per SKU; empty where the count is what was picked. */
export function differences(
  expected: readonly PackLine[],
  counted: readonly { readonly sku: string; readonly quantity: number }[],
): readonly string[] {
  const balance = new Map<string, number>();
  for (const { sku, quantity } of counted) balance.set(sku, (balance.get(sku) ?? 0) + quantity);
  for (const { sku, picked } of expected) balance.set(sku, (balance.get(sku) ?? 0) - picked);
  return [...balance]
    .filter(([, surplus]) => surplus !== 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([sku, surplus]) => (surplus < 0 ? `missing ${-surplus} × ${sku}` : `extra ${surplus} × ${sku}`));
}

async function record(
  client: DatabaseClient,
  input: PackConfirmation,
  orderId: string,
  lines: readonly PackLine[],
): Promise<void> {
  const units = lines.reduce((sum, line) => sum + line.picked, 0);
  const key = entryKey(input.fulfillmentOrderId);
  await client.query(
    `with entry as (
       insert into order_event (order_id, key, type, summary, cause, data)
       values ($2, $3, 'fulfillment.packed', $4, $5, $6)
     ), verified_lines as (
       update fulfillment_order_line set verified = picked where fulfillment_order_id = $1
     ), ledger as (
       update order_line o set fulfilled = o.fulfilled + l.whole
       from (select line_id, min(whole)::integer as whole
             from (select line_id, sum(picked) / max(per_unit) as whole from fulfillment_order_line
                   where fulfillment_order_id = $1 group by line_id, sku) component
             group by line_id) l
       where o.order_id = $2 and o.line_id = l.line_id
     )
     update fulfillment_order set stage = 'packed', status = 'in_progress', updated_at = now() where id = $1`,
    [
      input.fulfillmentOrderId,
      orderId,
      key,
      input.verified === "by-person"
        ? `Packed by hand: ${units} ${units === 1 ? "unit" : "units"}`
        : `Packed and verified by RFID: ${units} ${units === 1 ? "unit" : "units"}`,
      input.cause,
      JSON.stringify({ fulfillmentOrderId: input.fulfillmentOrderId, key: input.key, units }),
    ],
  );
  const message: OrderMessage = { key, type: "packed", fulfillmentOrderId: input.fulfillmentOrderId };
  await writeOutbox(client, [
    { key, topic: "workflow.signal", payload: { workflowId: orderId, signal: "orderMessage", message } },
  ]);
}

function entryKey(fulfillmentOrderId: string): string {
  return `packed:${fulfillmentOrderId}`;
}

function refused(code: string, detail: string): Refusal {
  return { status: "refused", code, detail };
}
