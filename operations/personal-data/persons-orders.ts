/** A shopper's orders, as an answer to "what do you know of me" begins with them. */
import { PERSONS_ORDERS_MAX } from "../../config/limits.ts";
import {
  findPersonsOrders,
  type NeededFor,
  type Person,
  type PersonsOrder,
  readPersonsOrders,
} from "../../store/persons/persons.ts";
import { readRetention } from "../../store/settings/retention.ts";
import type { Queryable } from "../../store/sql/database.ts";
import { type Refusal, type RefusalCode, refuse } from "../refusal.ts";

/** Refused where there is none, or more than one answer can tell of. */
export async function personsOrders(
  client: Queryable,
  companyId: string,
  person: Person,
): Promise<{ readonly status: "done"; readonly orders: readonly PersonsOrder[] } | Refusal> {
  const ids = await findPersonsOrders(client, companyId, person);
  if (ids.length === 0) return refuse("shopper_not_found", "No order is of such a person.");
  if (ids.length > PERSONS_ORDERS_MAX)
    return refuse(
      "person_has_too_many_orders",
      `There are ${ids.length} orders of the person: name one of them.`,
    );
  const { keepWhole } = await readRetention(client);
  return { status: "done", orders: await readPersonsOrders(client, ids, keepWhole ?? 0) };
}

const WHY: Readonly<Record<NeededFor, readonly [code: RefusalCode, why: string]>> = {
  order_open: ["erasure_order_open", "is under way"],
  return_open: ["erasure_return_open", "has a return that is not settled"],
  claim_open: ["erasure_claim_open", "has a claim that is not settled"],
  refund_open: ["erasure_refund_open", "has a refund that is not settled"],
  dispute_open: ["erasure_dispute_open", "has a payment that is disputed"],
  store_credit_left: ["erasure_store_credit_left", "has given store credit that is not spent"],
  retention_runs: ["erasure_retention_runs", "has to be kept whole"],
};

/** Why the first of these orders cannot be erased; null: all can, or are. */
export function whyNeeded(orders: readonly PersonsOrder[]): Refusal | null {
  for (const { orderId, erasedAt, neededFor, until } of orders) {
    if (erasedAt !== null || neededFor === null) continue;
    const [code, why] = WHY[neededFor];
    return refuse(code, `Order ${orderId} ${why}${until === null ? "" : ` until ${until}`}.`);
  }
  return null;
}
