/** Everything that is stored of a shopper, over all places (docs/personal-data.md), in one answer. */
import type { OrderDocument } from "../../orders/order.ts";
import { holderOf } from "../../orders/store-credit.ts";
import { beginReadingArchive, endReadingArchive } from "../../store/archive/archive-reader.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { collectOrder, collectStoreCredit } from "../../store/persons/collect.ts";
import type { Person } from "../../store/persons/persons.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
import type { Refusal } from "../refusal.ts";
import { personsOrders } from "./persons-orders.ts";

type Exported = {
  readonly status: "done";
  readonly exportedAt: string;
  readonly orders: readonly Record<string, unknown>[];
  readonly storeCredit: readonly unknown[];
};

/** Reads one moment, and is an entry of the audit log that names the orders and not the person. */
export function exportPerson(
  context: Pick<OperationContext, "database" | "caller" | "now">,
  companyId: string,
  person: Person,
  by: string,
): Promise<Exported | Refusal> {
  return inTransaction(context.database, async (client): Promise<Exported | Refusal> => {
    await client.query("set transaction isolation level repeatable read");
    const found = await personsOrders(client, companyId, person);
    if (found.status === "refused") return found;
    const orders: Record<string, unknown>[] = [];
    const holders = new Set<string>();
    for (const { orderId } of found.orders) {
      await beginReadingArchive(client, orderId);
      const order = await collectOrder(client, orderId);
      await endReadingArchive(client);
      if (order === null) continue;
      orders.push(order);
      const holder = holderOf(order["document"] as OrderDocument);
      if (holder !== null) holders.add(holder);
    }
    const storeCredit = await collectStoreCredit(client, companyId, [...holders]);
    await recordAudit(client, callerIn(context, by), {
      act: "personal-data.exported",
      subject: subjectOf(found.orders),
      after: { orders: found.orders.map(({ orderId }) => orderId) },
    });
    return { status: "done", exportedAt: new Date(context.now()).toISOString(), orders, storeCredit };
  });
}

/** A person is named by an order of theirs: it says nothing to who may not read orders. */
export function subjectOf(orders: readonly { readonly orderId: string }[]): string {
  return `person-of:${orders[0]?.orderId ?? ""}`;
}
