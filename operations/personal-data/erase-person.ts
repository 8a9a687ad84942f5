/**
 * Erases the personal data of all orders of a shopper.
 *
 * R1 It is refused as long as anything of it is needed, and then nothing is changed.
 * R2 Once it is begun it is on the list of erasures, with the orders' ids and nothing of the person; a crash
 *    between any two orders leaves it there, and the standing job (`standing/personal-data.ts`) ends it.
 *    A channel's request is put there at once (`capture/erasure-request.ts`): each of its orders is erased as
 *    soon as nothing needs it, also the law's time to keep it whole.
 * R3 Each order is looked at again under its lock: one that has become needed meanwhile waits for the
 *    standing job.
 */

import { PersonalDataDamagedError } from "../../config/person-seal.ts";
import { forgetRepliesAbout } from "../../store/access/idempotency.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { lockOrder } from "../../store/orders/order-progress.ts";
import { addErasure, type Erasure, endErasure, readErasure } from "../../store/personal-data/erasures.ts";
import { eraseOrder } from "../../store/persons/erase-order.ts";
import { type Person, type PersonsOrder, readPersonsOrders } from "../../store/persons/persons.ts";
import { readRetention } from "../../store/settings/retention.ts";
import { inTransaction, type Queryable } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { subjectOf } from "./export-person.ts";
import { personsOrders, whyNeeded } from "./persons-orders.ts";

type Context = Pick<OperationContext, "database" | "caller">;
export type Erased = { readonly status: "done"; readonly erasure: Erasure };

/** @param requestKey names the request: its repeat is answered with the same erasure */
export async function erasePerson(
  context: Context,
  companyId: string,
  person: Person,
  by: string,
  requestKey: string,
): Promise<Erased | Refusal> {
  const { database } = context;
  const begun = await readErasure(database, requestKey);
  if (begun === null) {
    const refusal = await inTransaction(database, async (client): Promise<Refusal | null> => {
      const found = await personsOrders(client, companyId, person);
      if (found.status === "refused") return found;
      const needed = whyNeeded(found.orders);
      if (needed !== null) return needed;
      const orders = found.orders.map(({ orderId }) => orderId);
      await addErasure(client, { id: requestKey, orders, requestedBy: by });
      await recordAudit(client, callerIn(context, by), {
        act: "personal-data.erased",
        subject: subjectOf(found.orders),
        after: { erasure: requestKey, orders },
      });
      return null;
    });
    if (refusal !== null) return refusal;
  }
  await carryOutErasures(context, [requestKey]);
  const erasure = await readErasure(database, requestKey);
  return erasure === null
    ? refuse("shopper_not_found", "No order is of such a person.")
    : { status: "done", erasure };
}

/**
 * Erases what of these is not erased yet. Kept replies are looked through once for all of them: each is
 * opened.
 *
 * @param isStopped asked between any two of them
 * @returns how many have ended with this
 * @throws PersonalDataDamagedError once all others are erased, where an order cannot be read
 */
export async function carryOutErasures(
  { database }: Context,
  ids: readonly string[],
  isStopped: () => boolean = () => false,
): Promise<number> {
  const whole: Erasure[] = [];
  let damaged: PersonalDataDamagedError | undefined;
  for (const id of ids) {
    if (isStopped()) break;
    const erasure = await readErasure(database, id);
    if (erasure === null || erasure.doneAt !== null) continue;
    const keepDays = await daysToKeep(database, erasure);
    let left = 0;
    for (const orderId of erasure.orders) {
      const isErased = await eraseOne(database, orderId, keepDays).catch((error: unknown) => {
        if (!(error instanceof PersonalDataDamagedError)) throw error;
        damaged = error;
        return false;
      });
      if (!isErased) left += 1;
    }
    if (left === 0) whole.push(erasure);
  }
  if (whole.length > 0)
    await forgetRepliesAbout(
      database,
      whole.flatMap(({ orders }) => orders),
    );
  for (const { id } of whole) await endErasure(database, id);
  if (damaged !== undefined) throw damaged;
  return whole.length;
}

/** Of what a person has asked for it was looked at before it came on the list (R3). */
async function daysToKeep(client: Queryable, { requestedBy }: Erasure): Promise<number> {
  if (!requestedBy.startsWith("channel:")) return 0;
  return (await readRetention(client)).keepWhole ?? 0;
}

/** An order of an erasure that is under way, and what it still waits for. */
export type WaitingOrder = Pick<PersonsOrder, "orderId" | "neededFor" | "until">;

/** @returns of each erasure that is under way the orders that cannot be erased yet, by its id */
export async function waitingOrders(
  client: Queryable,
  erasures: readonly Erasure[],
): Promise<ReadonlyMap<string, readonly WaitingOrder[]>> {
  const waiting = new Map<string, readonly WaitingOrder[]>();
  for (const erasure of erasures) {
    if (erasure.doneAt !== null) continue;
    const orders = await readPersonsOrders(client, erasure.orders, await daysToKeep(client, erasure));
    waiting.set(
      erasure.id,
      orders
        .filter(({ erasedAt, neededFor }) => erasedAt === null && neededFor !== null)
        .map(({ orderId, neededFor, until }) => ({ orderId, neededFor, until })),
    );
  }
  return waiting;
}

/**
 * @param keepDays days for which the law wants it kept whole after its end
 * @returns whether it is erased, now or before
 */
function eraseOne(database: Context["database"], orderId: string, keepDays: number): Promise<boolean> {
  return inTransaction(database, async (client) => {
    // A backup has brought back less than there was: the order comes again, and waits for this.
    if ((await lockOrder(client, orderId)) === undefined) return false;
    if (whyNeeded(await readPersonsOrders(client, [orderId], keepDays)) !== null) return false;
    await eraseOrder(client, orderId);
    return true;
  });
}
