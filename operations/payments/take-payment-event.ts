/**
 * What a payment provider tells of its own accord. The provider repeats an event until it is answered, and
 * sends events in any order: each is written down once, by its id, in the transaction that brings our books
 * to what was read at the provider because of it (`reconcile-payment.ts`).
 *
 * An event that means nothing here, or that is about a payment of somebody else's, is written down as such:
 * repeating it would help nobody.
 */
import type { PaymentEvent, PaymentProvider, PaymentState } from "../../ports/payments.ts";
import type { Vendor } from "../../ports/vendor-roster.ts";
import { lockOrder } from "../../store/orders/order-progress.ts";
import {
  addPaymentEvent,
  type PaymentEventOutcome,
  readPaymentEvent,
} from "../../store/orders/payment-events.ts";
import { findOrderOfPayment } from "../../store/orders/payments.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { bringBack } from "../archive/bring-back.ts";
import type { OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { releaseConfirmed } from "./confirm-payment.ts";
import { CallUnderWay, reconcilePayment } from "./reconcile-payment.ts";

type Taken = {
  readonly status: "done";
  readonly outcome: PaymentEventOutcome;
  /** It was taken before. */
  readonly repeated: boolean;
};

/** @throws ServiceFault where the provider cannot be asked: nothing is written, and a repeat does it */
export async function takePaymentEvent(
  context: OperationContext,
  vendor: Vendor<PaymentProvider>,
  event: PaymentEvent,
): Promise<Taken | Refusal> {
  const { database } = context;
  const earlier = await readPaymentEvent(database, vendor, event.eventId);
  const { about } = event;
  if (earlier !== undefined) {
    const known = about === null ? undefined : await findOrderOfPayment(database, vendor, about.reference);
    // Who died after it was written down has not let the order go on.
    const refused = known === undefined ? null : await releaseConfirmed(context, known);
    return refused ?? { status: "done", outcome: earlier, repeated: true };
  }
  if (about === null) return write(context, vendor, event, "ignored");
  const state = await vendor.port.readPayment(about.reference, about.subject);
  const orderId = (await ourOrder(context, vendor, about.reference)) ?? state?.orderId ?? undefined;
  if (state === null || orderId === undefined) return write(context, vendor, event, "unknown_payment");
  try {
    const taken = await applyState(context, vendor, event, { orderId, state });
    return (await releaseConfirmed(context, orderId)) ?? taken;
  } catch (error) {
    if (!(error instanceof CallUnderWay)) throw error;
    return refuse("payment_call_under_way", `Our own call ${error.key} is not settled yet.`);
  }
}

/** The payment's order; one that is archived comes back. */
async function ourOrder(
  { database }: OperationContext,
  vendor: Vendor<PaymentProvider>,
  reference: string,
): Promise<string | undefined> {
  const orderId = await findOrderOfPayment(database, vendor, reference);
  if (orderId !== undefined || !(await bringBack(database, [reference], "payment"))) return orderId;
  return findOrderOfPayment(database, vendor, reference);
}

function applyState(
  context: OperationContext,
  vendor: Vendor<PaymentProvider>,
  event: PaymentEvent,
  { orderId, state }: { readonly orderId: string; readonly state: PaymentState },
): Promise<Taken> {
  return inTransaction(context.database, async (client) => {
    // What names an order in its metadata may be another shop's, at the same account.
    if ((await lockOrder(client, orderId)) === undefined) {
      const fresh = await addPaymentEvent(client, vendor, event, {
        orderId: null,
        outcome: "unknown_payment",
      });
      return { status: "done", outcome: "unknown_payment", repeated: !fresh };
    }
    const earlier = await readPaymentEvent(client, vendor, event.eventId);
    if (earlier !== undefined) return { status: "done", outcome: earlier, repeated: true };
    const changed = await reconcilePayment(client, vendor, orderId, state, event.eventId);
    const outcome = changed ? "applied" : "unchanged";
    await addPaymentEvent(client, vendor, event, { orderId, outcome });
    return { status: "done", outcome, repeated: false };
  });
}

async function write(
  context: OperationContext,
  vendor: Vendor<PaymentProvider>,
  event: PaymentEvent,
  outcome: PaymentEventOutcome,
): Promise<Taken> {
  const fresh = await addPaymentEvent(context.database, vendor, event, { orderId: null, outcome });
  return { status: "done", outcome, repeated: !fresh };
}
