/**
 * A person has an order paid with a customer's store credit, or decides that the credit which the order names
 * does not count. Both before the payment provider is asked: what is authorised afterwards is the rest.
 * An order that waits for a payment goes on where the credit leaves nothing to be charged.
 */
import { CLEARED_BY_PAYMENT } from "../../orders/payment/order-completion.ts";
import { minorText } from "../../orders/refund.ts";
import { readStoreCreditCode, shownCode } from "../../orders/store-credit.ts";
import { isPaidWhole } from "../../store/orders/money-facts.ts";
import { changeOrder, lockOrder, type OrderProgress } from "../../store/orders/order-progress.ts";
import { readPaymentTransactions } from "../../store/orders/payments.ts";
import { readEntryData, recordEntry } from "../../store/orders/timeline.ts";
import { STORE_CREDIT_DROPPED, spend, stillDue } from "../../store/refunds/spend-store-credit.ts";
import {
  giveBackStoreCredit,
  lockStoreCredit,
  lockStoreCreditByCode,
  storeCreditUsed,
} from "../../store/refunds/store-credit.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import type { OperationContext } from "../context.ts";
import { releaseHold } from "../holds/release-hold.ts";
import { type Refusal, refuse } from "../refusal.ts";

const GOES_ON: readonly Refusal["code"][] = ["hold_not_cleared", "order_not_on_hold"];

type Application = {
  readonly orderId: string;
  /** The customer's code; or else the account. */
  readonly code?: string;
  readonly accountId?: string;
  /** Absent: as much as the order costs and the account holds. */
  readonly amountMinor?: number;
  readonly by: string;
  /** Repeating it with the same key changes nothing. */
  readonly key: string;
};

export async function applyStoreCredit(
  context: OperationContext,
  input: Application,
): Promise<{ readonly status: "done"; readonly usedMinor: number } | Refusal> {
  const { orderId, by } = input;
  const applied = await inTransaction(context.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
    const done = async () => {
      const waits = order.holdReasons.some(({ code }) => CLEARED_BY_PAYMENT.includes(code));
      const usedMinor = await storeCreditUsed(client, orderId);
      return { status: "done", usedMinor, goesOn: waits && (await isPaidWhole(client, order)) } as const;
    };
    const key = `${orderId}:${input.key}`;
    if ((await readEntryData(client, orderId, `store-credit-spent:${key}`)) !== null) return done();
    const tooLate = await refuseLate(client, order);
    if (tooLate !== null) return tooLate;
    const account = await accountOf(client, order, input);
    if (account === undefined)
      return refuse("store_credit_not_found", `There is no such store credit${named(input)}.`);
    const text = (minor: number) => minorText(minor, account.currency);
    if (account.currency !== order.currency)
      return refuse(
        "currency_mismatch",
        `The credit is in ${account.currency}, the order in ${order.currency}.`,
      );
    const due = await stillDue(client, order);
    const minor = Math.min(input.amountMinor ?? Math.min(account.balanceMinor, due), due);
    if (minor === 0 || minor > account.balanceMinor)
      return refuse(
        "store_credit_insufficient",
        `Store credit ${shownCode(account.code)} holds ${text(account.balanceMinor)}; the order still costs ${text(due)}.`,
      );
    await spend(client, order, account, minor, { key, by });
    return done();
  });
  if (applied.status === "refused") return applied;
  const { status, usedMinor, goesOn } = applied;
  if (goesOn) {
    // Beside it the order may wait for something else: then it goes on waiting for that.
    const released = await releaseHold(context, { orderId, codes: CLEARED_BY_PAYMENT, by });
    // Somebody has released it in the same moment.
    if (released.status === "refused" && !GOES_ON.includes(released.code)) return released;
  }
  return { status, usedMinor };
}

/** What was spent goes back, and what the order itself names does not count. */
export async function dropStoreCredit(
  context: OperationContext,
  { orderId, by }: { readonly orderId: string; readonly by: string },
): Promise<{ readonly status: "done" } | Refusal> {
  return inTransaction(context.database, async (client) => {
    const order = await lockOrder(client, orderId);
    if (order === undefined) return refuse("order_not_found", `There is no order ${orderId}.`);
    const used = await storeCreditUsed(client, orderId);
    const tooLate = await refuseLate(client, order);
    if (tooLate !== null) return tooLate;
    await giveBackStoreCredit(client, {
      orderId,
      amountMinor: used,
      key: `dropped:${orderId}:${order.version}`,
      by,
    });
    await recordEntry(client, {
      orderId,
      key: STORE_CREDIT_DROPPED,
      type: "store_credit.dropped",
      summary: "The order is not paid with store credit after all.",
      cause: by,
    });
    await changeOrder(client, order, {});
    return { status: "done" };
  });
}

/** From the first call to the payment provider on, what is authorised stands. */
async function refuseLate(client: DatabaseClient, order: OrderProgress): Promise<Refusal | null> {
  const { orderId, status, document } = order;
  if (document.paymentBy !== "merchant")
    return refuse("order_not_payable", `${orderId} is not charged by us.`);
  if (status === "cancelled" || status === "completed")
    return refuse("order_not_payable", `${orderId} is ${status}.`);
  const calls = await readPaymentTransactions(client, orderId, "authorization");
  return calls.some((call) => call.status !== "declined") || order.paymentStatus === "paid"
    ? refuse("order_not_payable", `The payment of ${orderId} is authorised, or is being authorised.`)
    : null;
}

function accountOf(client: DatabaseClient, order: OrderProgress, { code, accountId }: Application) {
  if (accountId !== undefined)
    return lockStoreCredit(client, accountId).then((account) =>
      account?.companyId === order.document.companyId ? account : undefined,
    );
  const read = code === undefined ? undefined : readStoreCreditCode(code);
  return read === undefined ? undefined : lockStoreCreditByCode(client, order.document.companyId, read);
}

function named({ code, accountId }: Application): string {
  return accountId === undefined ? (code === undefined ? "" : ` ${shownCode(code)}`) : ` ${accountId}`;
}
