/**
 * Takes out what is kept no longer by the rules for retention, a bounded number at a time, and ends erasures
 * that a crash has left. Of several processes one does it.
 */
import { PersonalDataDamagedError } from "../../config/person-seal.ts";
import type { RetentionReport } from "../../contract/personal-data.ts";
import { bringBackOrder } from "../../store/archive/archive-order.ts";
import { addErasure, openErasures } from "../../store/personal-data/erasures.ts";
import { readPersonsOrders } from "../../store/persons/persons.ts";
import {
  type ColumnKind,
  countDue,
  type DuePerson,
  readDueArchived,
  readDuePersons,
  takeOut,
} from "../../store/persons/retained.ts";
import { type RetentionDays, readRetention } from "../../store/settings/retention.ts";
import type { Database } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { carryOutErasures } from "./erase-person.ts";

const COLUMN_KINDS: readonly ColumnKind[] = ["payloads", "labels", "mails"];
/** Rows of a kind in one statement; some milliseconds. */
const BATCH = 200;

/** How many rows of each kind are older than they are kept. */
export async function retentionReport(database: Database): Promise<RetentionReport> {
  const days = await readRetention(database);
  const count = async (kind: ColumnKind | "persons") => {
    const kept = daysOf(days, kind);
    return kept === null ? 0 : countDue(database, kind, kept);
  };
  return {
    payloads: await count("payloads"),
    labels: await count("labels"),
    mails: await count("mails"),
    persons: await count("persons"),
  };
}

/** Nothing is erased before the time for which it has to be kept whole. */
function daysOf(days: RetentionDays, kind: ColumnKind | "persons"): number | null {
  const kept = days[kind];
  return kept === null || kind !== "persons" ? kept : Math.max(kept, days.keepWhole ?? 0);
}

/**
 * @param isStopped asked between any two steps
 * @returns what was taken out, by kind
 * @throws PersonalDataDamagedError at the end, where an order cannot be read
 */
export async function keepClean(
  context: Pick<OperationContext, "database" | "caller">,
  isStopped: () => boolean = () => false,
): Promise<RetentionReport> {
  const { database } = context;
  const taken = { payloads: 0, labels: 0, mails: 0, persons: 0 };
  // An order that cannot be read stays on the list: what is due beside it comes first.
  let damaged: PersonalDataDamagedError | undefined;
  const carryOut = (ids: readonly string[]): Promise<number> =>
    carryOutErasures(context, ids, isStopped).catch((error: unknown) => {
      if (!(error instanceof PersonalDataDamagedError)) throw error;
      damaged = error;
      return 0;
    });
  const open = (await openErasures(database)).map(({ id }) => id);
  for (let from = 0; from < open.length && !isStopped(); from += BATCH)
    await carryOut(open.slice(from, from + BATCH));
  const days = await readRetention(database);
  for (const kind of [...COLUMN_KINDS, "persons"] as const) {
    const kept = daysOf(days, kind);
    if (kept !== null) await bringBackDue(database, kind, kept, isStopped);
  }
  for (const kind of COLUMN_KINDS) {
    const kept = daysOf(days, kind);
    for (let more = kept !== null; more && !isStopped(); ) {
      const rows = await takeOut(database, kind, kept ?? 0, BATCH);
      taken[kind] += rows;
      more = rows === BATCH;
    }
  }
  const kept = daysOf(days, "persons");
  let after: DuePerson | null = null;
  for (let more = kept !== null; more && !isStopped(); ) {
    const due: readonly DuePerson[] = await readDuePersons(database, kept ?? 0, after, BATCH);
    taken.persons += await carryOut(await listDue(database, due, kept ?? 0));
    after = due.at(-1) ?? after;
    more = due.length === BATCH;
  }
  if (damaged !== undefined) throw damaged;
  return taken;
}

/**
 * Archived orders with something that is due come back for it; the next look at finished orders archives them
 * again.
 */
async function bringBackDue(
  database: Database,
  kind: ColumnKind | "persons",
  kept: number,
  isStopped: () => boolean,
): Promise<void> {
  for (let more = true; more && !isStopped(); ) {
    const due = await readDueArchived(database, kind, kept, BATCH);
    for (const orderId of due) await bringBackOrder(database, orderId);
    more = due.length === BATCH;
  }
}

/** @returns erasures of those that are not needed, on the list now */
async function listDue(
  database: Database,
  due: readonly DuePerson[],
  kept: number,
): Promise<readonly string[]> {
  const orders = await readPersonsOrders(
    database,
    due.map(({ orderId }) => orderId),
    kept,
  );
  const ids: string[] = [];
  for (const { orderId, neededFor } of orders) {
    // What is settled later is kept from then on as any other: on the list it would be erased at once.
    if (neededFor !== null) continue;
    // On the list as well: it is erased again where a backup brings it back.
    const id = `retention:${orderId}`;
    await addErasure(database, { id, orders: [orderId], requestedBy: "retention" });
    ids.push(id);
  }
  return ids;
}
