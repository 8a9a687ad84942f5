/**
 * Moves finished orders out of the busy tables, a few in a transaction, the oldest first. Of several processes
 * one does it (`operations/standing/order-archive.ts`).
 */

import { moneyMissing } from "../../orders/payment/order-completion.ts";
import { DEFAULT_RETURN_RULES } from "../../orders/returns/return-rules.ts";
import { archiveOrder, makePartitions, readArchiving } from "../../store/archive/archive-order.ts";
import {
  type FinishedOrder,
  type FinishedRule,
  lockFinished,
  readFinished,
} from "../../store/archive/finished-orders.ts";
import { readMoneyFacts } from "../../store/orders/money-facts.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import { readArchiveRule } from "../../store/settings/archive.ts";
import { type Database, type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";

/** "Within a year", of the rule by which a person decides about who returns often. */
const RETURNS_COUNT_DAYS = 366;
/** Looked at in one statement. */
const LOOKED_AT = 200;
/** Moved in one transaction: some tens of milliseconds, which nobody who wants one of them waits for. */
const MOVED_AT_ONCE = 20;

export type Archived = {
  readonly archived: number;
  /** Ended long enough ago, but their money does not agree, or somebody had them just now. */
  readonly left: number;
};

/** @param isStopped asked between any two transactions */
export async function archiveFinished(
  { database }: Pick<OperationContext, "database">,
  isStopped: () => boolean = () => false,
): Promise<Archived> {
  const { days } = await readArchiveRule(database);
  if (days === 0) return { archived: 0, left: 0 };
  const rule = { days, returnDays: DEFAULT_RETURN_RULES.windowDays, returnsCountDays: RETURNS_COUNT_DAYS };
  return moveFinished(database, rule, isStopped);
}

/** The same by a rule of one's own. */
export async function moveFinished(
  database: Database,
  rule: FinishedRule,
  isStopped: () => boolean = () => false,
): Promise<Archived> {
  const done = { archived: 0, left: 0 };
  const statement = await readArchiving(database);
  let after: FinishedOrder | null = null;
  for (let more = true; more && !isStopped(); ) {
    const finished: readonly FinishedOrder[] = await readFinished(database, rule, after, LOOKED_AT);
    after = finished.at(-1) ?? after;
    more = finished.length === LOOKED_AT;
    await makePartitions(
      database,
      finished.map(({ orderId }) => orderId),
    );
    for (let from = 0; from < finished.length && !isStopped(); from += MOVED_AT_ONCE) {
      const batch = finished.slice(from, from + MOVED_AT_ONCE);
      const moved = await inTransaction(database, async (client) => {
        let count = 0;
        for (const order of batch) if (await archiveOne(client, statement, order)) count += 1;
        return count;
      });
      done.archived += moved;
      done.left += batch.length - moved;
    }
  }
  return done;
}

async function archiveOne(client: DatabaseClient, statement: string, order: FinishedOrder): Promise<boolean> {
  if (!(await lockFinished(client, order))) return false;
  const progress = await readOrderProgress(client, order.orderId);
  if (progress === undefined) return false;
  if (moneyMissing(await readMoneyFacts(client, progress)) !== null) return false;
  return archiveOrder(client, statement, order.orderId);
}
