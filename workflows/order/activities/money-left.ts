import { isMoneyToMove, type MoneyFacts, moneyMissing } from "../../../orders/payment/order-completion.ts";
import { readMoneyFacts } from "../../../store/orders/money-facts.ts";
import type { OrderProgress } from "../../../store/orders/order-progress.ts";
import type { Queryable } from "../../../store/sql/database.ts";

/** What has to happen with the money before the order can end, in words; and whether it can happen now. */
export async function moneyLeft(
  client: Queryable,
  order: OrderProgress,
): Promise<{ readonly money: string | null; readonly moneyToMove: boolean }> {
  const facts: MoneyFacts = await readMoneyFacts(client, order);
  return { money: moneyMissing(facts)?.detail ?? null, moneyToMove: isMoneyToMove(facts) };
}
