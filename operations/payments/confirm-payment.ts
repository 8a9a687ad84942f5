/**
 * The shopper confirms a payment to the bank (3-D Secure), on the order's page: what the page needs for it,
 * and what follows once it is done.
 *
 * Whether it is done is read at the provider, never taken from the page. The page asks again afterwards, and
 * the provider's webhook comes as well: whoever is first writes it down (`reconcile-payment.ts`), and the
 * order goes on. A crash between the two is healed by the other one, or by a repeat of either.
 */
import type { PaymentConfirmation, PaymentProvider } from "../../ports/payments.ts";
import type { VendorRoster } from "../../ports/vendor-roster.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import { readPaymentTransactions } from "../../store/orders/payments.ts";
import { readUnconfirmed } from "../../store/orders/unconfirmed-payments.ts";
import { inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { releaseHold } from "../holds/release-hold.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { takeConfirmation } from "./reconcile-payment.ts";

type Asked = {
  readonly status: "done";
  /** Null: nothing is to be confirmed, or not any more. */
  readonly confirmation: PaymentConfirmation | null;
};

/** @throws ServiceFault where the provider cannot be asked: nothing is written */
export async function confirmPayment(
  context: OperationContext,
  payments: VendorRoster<PaymentProvider>,
  orderId: string,
): Promise<Asked | Refusal> {
  const { database } = context;
  const order = await readOrderProgress(database, orderId);
  if (order === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
  const waits = order.holdReasons.some(({ code }) => code === "payment_unconfirmed");
  const call = (await readUnconfirmed(database, orderId)).at(-1);
  const vendor = call === undefined ? undefined : payments.find(call);
  if (waits && call !== undefined && vendor !== undefined) {
    const state = await vendor.port.readPayment(call.reference, "payment");
    if (state !== null && state.confirmation !== null)
      return { status: "done", confirmation: state.confirmation };
    await inTransaction(database, (client) => takeConfirmation(client, vendor, call, state));
  }
  return (await releaseConfirmed(context, orderId)) ?? { status: "done", confirmation: null };
}

/** Reasons why there is nothing to release: somebody else has, or the order waits for something else, too. */
const GOES_ON: readonly Refusal["code"][] = ["hold_not_cleared", "order_not_on_hold", "order_not_found"];

/**
 * An order that waited for its shopper's confirmation goes on where that has come.
 *
 * @returns why it could not be looked at; `null` otherwise
 */
export async function releaseConfirmed(context: OperationContext, orderId: string): Promise<Refusal | null> {
  const { database } = context;
  const order = await readOrderProgress(database, orderId);
  const waits = order?.holdReasons.some(({ code }) => code === "payment_unconfirmed") ?? false;
  const last = (await readPaymentTransactions(database, orderId, "authorization")).at(-1);
  if (!waits || last?.status !== "succeeded") return null;
  const released = await releaseHold(context, {
    orderId,
    codes: ["payment_unconfirmed"],
    by: "payments:confirmed",
  });
  return released.status === "refused" && !GOES_ON.includes(released.code) ? released : null;
}
