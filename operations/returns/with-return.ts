/** How every operation on a return begins: under the locks of its order and of itself, in this sequence. */
import { lockOrder, type OrderProgress } from "../../store/orders/order-progress.ts";
import { lockReturn, type ReturnRecord, readReturn } from "../../store/returns/returns.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";

export type LockedReturn = {
  readonly client: DatabaseClient;
  readonly order: OrderProgress;
  readonly returned: ReturnRecord;
};

export async function withReturn<T>(
  context: OperationContext,
  returnId: string,
  work: (locked: LockedReturn) => Promise<T | Refusal>,
): Promise<T | Refusal> {
  return inTransaction(context.database, async (client) => {
    const orderId = (await readReturn(client, returnId))?.orderId;
    const order = orderId === undefined ? undefined : await lockOrder(client, orderId);
    if (order === undefined) return refuse("return_not_found", `There is no return ${returnId}.`);
    const returned = (await lockReturn(client, returnId)) as ReturnRecord;
    return work({ client, order, returned });
  });
}

/** Goods of a return are taken once it is approved, also when they come late. */
export function refusedUnlessApproved({ returnId, status }: ReturnRecord): Refusal | null {
  return status === "requested" || status === "declined" || status === "cancelled"
    ? refuse("return_not_approved", `${returnId} is ${status}.`)
    : null;
}
