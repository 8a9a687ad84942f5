/**
 * What moves through the payment provider. Every call has its row, with its amount, before it is made, so
 * that a repeat asks for the same. Its effect on the sums counts once, when the row leaves `pending`.
 */
import type { PaymentStatus } from "../../orders/order.ts";
import { paymentStatusOf } from "../../orders/order-status.ts";
import type { VendorAccount } from "../../ports/vendor-roster.ts";
import type { Queryable } from "../sql/database.ts";

type PaymentTransactionType = "authorization" | "capture" | "void" | "refund";

/** One call to the account where it was first made: a repeat goes there, too. */
export type PaymentTransaction = VendorAccount & {
  readonly key: string;
  readonly type: PaymentTransactionType;
  readonly amountMinor: number;
  readonly currency: string;
  readonly status: "pending" | "succeeded" | "declined";
  readonly reference: string | null;
  readonly detail: string | null;
};

/** The account is that of the authorisation. */
type PaymentSummary = VendorAccount & {
  readonly reference: string;
  readonly currency: string;
  readonly authorizedMinor: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
  readonly status: PaymentStatus;
};

const TRANSACTION = `key, provider, account, type, amount_minor as "amountMinor", currency, status, reference, detail`;

/** Registers a call that is about to be made; returns the first registration where the key is known. */
export async function beginPaymentTransaction(
  client: Queryable,
  transaction: VendorAccount & {
    readonly key: string;
    readonly orderId: string;
    readonly type: PaymentTransactionType;
    readonly amountMinor: number;
    readonly currency: string;
    readonly detail?: string;
  },
): Promise<PaymentTransaction> {
  await client.query(
    `insert into payment_transaction (key, order_id, provider, account, type, amount_minor, currency, status,
       detail)
     values ($1, $2, $3, $4, $5, $6, $7, 'pending', $8) on conflict do nothing`,
    [
      transaction.key,
      transaction.orderId,
      transaction.provider,
      transaction.account,
      transaction.type,
      transaction.amountMinor,
      transaction.currency,
      transaction.detail ?? null,
    ],
  );
  const { rows } = await client.query<PaymentTransaction>(
    `select ${TRANSACTION} from payment_transaction where key = $1`,
    [transaction.key],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`payment transaction ${transaction.key} vanished`);
  return row;
}

/** @returns whether this is the first answer to the call; only the first one has an effect. */
export async function finishPaymentTransaction(
  client: Queryable,
  key: string,
  answer: {
    readonly status: "succeeded" | "declined";
    readonly reference: string | null;
    readonly detail?: string;
  },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update payment_transaction set status = $2, reference = $3, detail = coalesce($4, detail), at = now()
     where key = $1 and status = 'pending'`,
    [key, answer.status, answer.reference, answer.detail ?? null],
  );
  return rowCount === 1;
}

export async function readPaymentTransactions(
  client: Queryable,
  orderId: string,
  type: PaymentTransactionType,
): Promise<readonly PaymentTransaction[]> {
  const { rows } = await client.query<PaymentTransaction>(
    `select ${TRANSACTION} from payment_transaction where order_id = $1 and type = $2 order by at, key`,
    [orderId, type],
  );
  return rows;
}

export async function readPayment(client: Queryable, orderId: string): Promise<PaymentSummary | undefined> {
  const { rows } = await client.query<PaymentSummary>(
    `select provider, account, reference, currency, authorized_minor as "authorizedMinor",
       captured_minor as "capturedMinor", refunded_minor as "refundedMinor", status
     from payment where order_id = $1`,
    [orderId],
  );
  return rows[0];
}

/** What one answered call changes in the sums. */
export type PaymentEffect =
  | (VendorAccount & {
      readonly type: "authorization";
      readonly reference: string;
      readonly amountMinor: number;
    })
  | { readonly type: "capture" | "refund"; readonly amountMinor: number }
  | { readonly type: "void" };

/** Applies an effect to the order's sums and returns the payment status that rolls up from them. */
export async function applyPaymentEffect(
  client: Queryable,
  order: { readonly orderId: string; readonly currency: string; readonly dueMinor: number },
  effect: PaymentEffect,
): Promise<PaymentStatus> {
  const added = effect.type === "void" ? 0 : effect.amountMinor;
  if (effect.type === "authorization") {
    await client.query(
      `insert into payment (order_id, provider, account, reference, currency, authorized_minor, status)
       values ($1, $2, $3, $4, $5, $6, 'authorized')
       on conflict (order_id)
         do update set provider = $2, account = $3, reference = $4, authorized_minor = $6`,
      [order.orderId, effect.provider, effect.account, effect.reference, order.currency, added],
    );
  } else if (effect.type !== "void") {
    const column = effect.type === "capture" ? "captured_minor" : "refunded_minor";
    await client.query(`update payment set ${column} = ${column} + $2 where order_id = $1`, [
      order.orderId,
      added,
    ]);
  }
  const payment = await readPayment(client, order.orderId);
  const status = paymentStatusOf({
    due: order.dueMinor,
    authorized: payment?.authorizedMinor ?? 0,
    captured: payment?.capturedMinor ?? 0,
    refunded: payment?.refundedMinor ?? 0,
    voided: effect.type === "void",
    declined: false,
  });
  await client.query("update payment set status = $2, updated_at = now() where order_id = $1", [
    order.orderId,
    status,
  ]);
  return status;
}
