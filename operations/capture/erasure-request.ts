/**
 * A channel passes on that a shopper wants to be forgotten: the erasure of that channel's orders of theirs is
 * put on the list of erasures, where people see it, and the standing job carries it out
 * (`operations/personal-data/erase-person.ts`).
 *
 * Q1 It is on the list before the channel is answered, once for each request and what there is of the person
 *    by then, with the ids of orders and nothing else. What is still needed of an order is waited for.
 * Q2 Only what the channel has signed is believed: whoever may send orders may not erase anybody.
 * Q3 Of whom nothing is here, nothing is written down: eBay tells everybody of every account that is closed.
 */
import { createHash } from "node:crypto";
import type { ErasureAsked } from "../../ports/channels.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { addErasure } from "../../store/personal-data/erasures.ts";
import { findChannelsOrdersOf, readPersonsOrders } from "../../store/persons/persons.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";

export type ErasureNoted = { readonly channelId: string; readonly detail: string };

/** @param from who has sent the request, and whether the channel has signed it */
export async function takeErasureRequest(
  context: OperationContext,
  from: { readonly channelId: string; readonly cause: string; readonly isSigned?: boolean },
  asked: ErasureAsked,
): Promise<ErasureNoted> {
  const { channelId, cause } = from;
  const noted = (detail: string): ErasureNoted => ({ channelId, detail });
  if (from.isSigned !== true)
    return noted("A request to erase a shopper is taken by the channel's signed webhook alone.");
  const all = await findChannelsOrdersOf(context.database, channelId, asked);
  const orders = (await readPersonsOrders(context.database, all, 0)).flatMap(({ orderId, erasedAt }) =>
    erasedAt === null ? [orderId] : [],
  );
  if (orders.length === 0) return noted("A request to erase a shopper of whom there is no order here.");
  // A request that comes once more may find orders that it did not find before.
  const digest = createHash("sha256").update(orders.join("\n")).digest("hex").slice(0, 12);
  const id = `channel:${channelId}:${asked.requestId.slice(0, 200)}:${digest}`;
  await inTransaction(context.database, async (client) => {
    if (!(await addErasure(client, { id, orders, requestedBy: cause }))) return;
    await recordAudit(client, callerIn(context, cause), {
      act: "personal-data.erasure-asked",
      subject: `person-of:${orders[0] ?? ""}`,
      after: { erasure: id, orders },
    });
  });
  return noted("A request to erase a shopper: it is on the list of erasures.");
}
