/**
 * What moves through the payment provider, and what others take for us. Every call has its row, with its
 * amount, before it is made, so that a repeat asks for the same. Its effect on the sums counts once, when the
 * row leaves `pending`.
 *
 * An order may have several authorisations (`payment_authorization`): what it became dearer by, or one that
 * was made anew because the bank took the first one back. `payment` has the sums of all of them.
 */
import type { PaymentStatus, PaymentTransactionType } from "../../orders/order.ts";
import { paymentStatusOf } from "../../orders/order-status.ts";
import type { VendorAccount } from "../../ports/vendor-roster.ts";
import type { Queryable } from "../sql/database.ts";

/** One call to the account where it was first made: a repeat goes there, too. */
export type PaymentTransaction = VendorAccount & {
  readonly key: string;
  readonly orderId: string;
  readonly type: PaymentTransactionType;
  readonly amountMinor: number;
  readonly currency: string;
  readonly status: "pending" | "succeeded" | "declined";
  readonly reference: string | null;
  readonly detail: string | null;
  /** The authorisation that a capture, a void or a refund is of. */
  readonly authorizationKey: string | null;
  /** What an authorisation is made with. */
  readonly paymentMethod: string | null;
  /** Milliseconds since it was begun or, once it is answered, since then. */
  readonly ageMs: number;
};

/** The account is that of the newest authorisation. */
type PaymentSummary = VendorAccount & {
  readonly reference: string;
  readonly currency: string;
  readonly authorizedMinor: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
  readonly stepMinor: number;
  readonly status: PaymentStatus;
};

export type Authorization = VendorAccount & {
  readonly key: string;
  readonly reference: string;
  readonly amountMinor: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
  readonly state: "open" | "captured" | "released" | "expired";
};

const TRANSACTION = `key, order_id as "orderId", provider, account, type, amount_minor as "amountMinor", currency, status,
  reference, detail, authorization_key as "authorizationKey", payment_method as "paymentMethod",
  (extract(epoch from now() - at) * 1000)::bigint as "ageMs"`;

/** Registers a call that is about to be made; returns the first registration where the key is known. */
export async function beginPaymentTransaction(
  client: Queryable,
  transaction: VendorAccount &
    Pick<PaymentTransaction, "key" | "orderId" | "type" | "amountMinor" | "currency"> & {
      readonly detail?: string;
      readonly authorizationKey?: string;
      readonly paymentMethod?: string;
    },
): Promise<PaymentTransaction> {
  const begun = await client.query<PaymentTransaction>(
    `insert into payment_transaction (key, order_id, provider, account, type, amount_minor, currency, status,
       detail, authorization_key, payment_method)
     values ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10) on conflict do nothing
     returning ${TRANSACTION}`,
    [
      transaction.key,
      transaction.orderId,
      transaction.provider,
      transaction.account,
      transaction.type,
      transaction.amountMinor,
      transaction.currency,
      transaction.detail ?? null,
      transaction.authorizationKey ?? null,
      transaction.paymentMethod ?? null,
    ],
  );
  if (begun.rows[0] !== undefined) return begun.rows[0];
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

/**
 * The provider has said since that the answer which was written is not true: it carried out what counted as
 * declined, or it failed later.
 *
 * @returns whether it was so until now
 */
export async function overrulePaymentTransaction(
  client: Queryable,
  key: string,
  answer: {
    readonly status: "succeeded" | "declined";
    readonly reference: string | null;
    readonly detail: string;
  },
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update payment_transaction set status = $2, reference = $3, detail = $4, at = now()
     where key = $1 and status <> 'pending' and status <> $2`,
    [key, answer.status, answer.reference, answer.detail],
  );
  return rowCount === 1;
}

/**
 * A declined call that its bank might still have let through is over for good: it has no reference any more.
 *
 * @returns whether it was open until now
 */
export async function closeDeclinedTransaction(
  client: Queryable,
  key: string,
  detail: string,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `update payment_transaction set reference = null, detail = $2, at = now()
     where key = $1 and status = 'declined' and reference is not null`,
    [key, detail],
  );
  return rowCount === 1;
}

/** What somebody has given back at the provider, past us; once a key. */
export async function addRefundAtProvider(
  client: Queryable,
  made: VendorAccount &
    Pick<PaymentTransaction, "key" | "orderId" | "amountMinor" | "currency"> & {
      readonly reference: string;
      readonly authorizationKey: string;
    },
): Promise<void> {
  await client.query(
    `insert into payment_transaction (key, order_id, provider, account, type, amount_minor, currency, status,
       reference, authorization_key)
     values ($1, $2, $3, $4, 'refund', $5, $6, 'succeeded', $7, $8) on conflict do nothing`,
    [
      made.key,
      made.orderId,
      made.provider,
      made.account,
      made.amountMinor,
      made.currency,
      made.reference,
      made.authorizationKey,
    ],
  );
}

/** The order that a payment of an account was authorised for. */
export async function findOrderOfPayment(
  client: Queryable,
  { provider, account }: VendorAccount,
  reference: string,
): Promise<string | undefined> {
  const { rows } = await client.query<{ orderId: string }>(
    `select order_id as "orderId" from payment_authorization
     where provider = $1 and account = $2 and reference = $3`,
    [provider, account, reference],
  );
  return rows[0]?.orderId;
}

/** Oldest first; without `type`, of all types. */
/** The key of an order's call about its money, by its number among all of its calls. */
export function moneyCallKey(orderId: string, number: number): string {
  return `${orderId}:money:${number}`;
}

export async function readPaymentTransactions(
  client: Queryable,
  orderId: string,
  type: PaymentTransactionType | null = null,
): Promise<readonly PaymentTransaction[]> {
  const { rows } = await client.query<PaymentTransaction>(
    `select ${TRANSACTION} from payment_transaction
     where order_id = $1 and ($2::text is null or type = $2) order by at, key`,
    [orderId, type],
  );
  return rows;
}

/**
 * Tries to authorise a payment of the order that were declined within this time, or are under way: in how
 * many milliseconds each of them counts no longer, the newest first.
 */
export async function readDeclinedTries(
  client: Queryable,
  orderId: string,
  withinMs: number,
): Promise<readonly number[]> {
  const { rows } = await client.query<{ left: number }>(
    `select (extract(epoch from at - now()) * 1000 + $2::bigint)::bigint as left from payment_transaction
     where order_id = $1 and type = 'authorization' and status in ('declined', 'pending')
       and at > now() - $2::bigint * interval '1 millisecond'
     order by at desc, key desc`,
    [orderId, withinMs],
  );
  return rows.map(({ left }) => left);
}

export async function readPayment(client: Queryable, orderId: string): Promise<PaymentSummary | undefined> {
  const { rows } = await client.query<PaymentSummary>(
    `select provider, account, reference, currency, authorized_minor as "authorizedMinor",
       captured_minor as "capturedMinor", refunded_minor as "refundedMinor", step_minor as "stepMinor", status
     from payment where order_id = $1`,
    [orderId],
  );
  return rows[0];
}

/** Oldest first. */
export async function readAuthorizations(
  client: Queryable,
  orderId: string,
): Promise<readonly Authorization[]> {
  const { rows } = await client.query<Authorization>(
    `select key, provider, account, reference, amount_minor as "amountMinor", captured_minor as "capturedMinor",
       refunded_minor as "refundedMinor", state
     from payment_authorization where order_id = $1 order by at, key`,
    [orderId],
  );
  return rows;
}

/**
 * What other refunds than this one are taking back of each authorisation, by its key: asked for, not
 * answered.
 */
export async function readRefundsUnderWay(
  client: Queryable,
  orderId: string,
  refundId: string,
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ key: string; minor: number }>(
    `select t.authorization_key as key, sum(t.amount_minor)::bigint as minor
     from refund r join payment_transaction t on t.order_id = r.order_id and t.type = 'refund'
       and t.status = 'pending' and t.key || ':' ^@ (r.key || ':' || r.attempt || ':')
     where r.order_id = $1 and r.id <> $2 and r.status = 'pending' and t.authorization_key is not null group by 1`,
    [orderId, refundId],
  );
  return new Map(rows.map(({ key, minor }) => [key, minor]));
}

/** What one answered call changes in the sums. */
export type PaymentEffect =
  | (VendorAccount & {
      readonly type: "authorization";
      readonly key: string;
      readonly reference: string;
      readonly amountMinor: number;
      /** Amounts at this provider are multiples of it. */
      readonly stepMinor: number;
    })
  | {
      readonly type: "capture";
      readonly authorizationKey: string;
      readonly amountMinor: number;
      /** Nothing more can be captured of the authorisation. */
      readonly final: boolean;
    }
  | {
      /** `refund-failed`: the money of a refund that had gone through has come back. */
      readonly type: "refund" | "refund-failed";
      readonly authorizationKey: string;
      readonly amountMinor: number;
    }
  | { readonly type: "void" | "expiry"; readonly authorizationKey: string };

/**
 * Applies an effect to the order's sums and returns the payment status that rolls up from them.
 *
 * @param order with what it costs through the provider, in amounts that the provider takes
 */
export async function applyPaymentEffect(
  client: Queryable,
  order: { readonly orderId: string; readonly currency: string; readonly dueMinor: number },
  effect: PaymentEffect,
): Promise<PaymentStatus> {
  const { orderId, currency } = order;
  switch (effect.type) {
    case "authorization":
      await client.query(
        `insert into payment_authorization (key, order_id, provider, account, reference, currency, amount_minor, state)
         values ($1, $2, $3, $4, $5, $6, $7, 'open')`,
        [
          effect.key,
          orderId,
          effect.provider,
          effect.account,
          effect.reference,
          currency,
          effect.amountMinor,
        ],
      );
      await client.query(
        `insert into payment (order_id, provider, account, reference, currency, status, step_minor)
         values ($1, $2, $3, $4, $5, 'authorized', $6)
         on conflict (order_id) do update set provider = $2, account = $3, reference = $4, step_minor = $6`,
        [orderId, effect.provider, effect.account, effect.reference, currency, effect.stepMinor],
      );
      break;
    case "capture":
      await client.query(
        `update payment_authorization set captured_minor = captured_minor + $2,
           state = case when $3 or captured_minor + $2 = amount_minor then 'captured' else state end
         where key = $1`,
        [effect.authorizationKey, effect.amountMinor, effect.final],
      );
      break;
    case "refund":
    case "refund-failed":
      await client.query(
        "update payment_authorization set refunded_minor = refunded_minor + $2 where key = $1",
        [effect.authorizationKey, effect.type === "refund" ? effect.amountMinor : -effect.amountMinor],
      );
      break;
    default:
      await client.query("update payment_authorization set state = $2 where key = $1 and state = 'open'", [
        effect.authorizationKey,
        effect.type === "void" ? "released" : "expired",
      ]);
  }
  return rollUpPayment(client, order);
}

const SUMS = `
update payment p set authorized_minor = s.authorized, captured_minor = s.captured, refunded_minor = s.refunded,
  updated_at = now()
from (select sum(case when state = 'expired' then captured_minor else amount_minor end)::bigint as authorized,
        sum(captured_minor)::bigint as captured, sum(refunded_minor)::bigint as refunded,
        bool_and(state <> 'open') as closed
      from payment_authorization where order_id = $1) s
where p.order_id = $1
returning s.authorized, s.captured, s.refunded, s.closed`;

/** The payment status as the authorisations are now, and as the order costs now. */
export async function rollUpPayment(
  client: Queryable,
  order: { readonly orderId: string; readonly dueMinor: number },
): Promise<PaymentStatus> {
  const { rows } = await client.query<{
    readonly authorized: number;
    readonly captured: number;
    readonly refunded: number;
    readonly closed: boolean;
  }>(SUMS, [order.orderId]);
  const [sums] = rows;
  const status = paymentStatusOf({
    due: order.dueMinor,
    authorized: sums?.authorized ?? 0,
    captured: sums?.captured ?? 0,
    refunded: sums?.refunded ?? 0,
    voided: sums?.closed === true,
    declined: false,
  });
  await client.query("update payment set status = $2 where order_id = $1", [order.orderId, status]);
  return status;
}

/** The means of payment that counts from now on, instead of the document's. */
export async function setPaymentMethod(
  client: Queryable,
  orderId: string,
  paymentMethod: string,
): Promise<void> {
  await client.query("update orders set payment_method = $2, version = version + 1 where id = $1", [
    orderId,
    paymentMethod,
  ]);
}

/** Notes what somebody has taken for us; once a key. A correction takes something off again. */
export async function addCash(
  client: Queryable,
  taken: VendorAccount &
    Pick<PaymentTransaction, "key" | "orderId" | "amountMinor" | "currency"> & { readonly note?: string },
): Promise<void> {
  await client.query(
    `insert into payment_transaction (key, order_id, provider, account, type, amount_minor, currency, status, detail)
     values ($1, $2, $3, $4, 'cash', $5, $6, 'succeeded', $7) on conflict do nothing`,
    [
      taken.key,
      taken.orderId,
      taken.provider,
      taken.account,
      taken.amountMinor,
      taken.currency,
      taken.note ?? null,
    ],
  );
}

/** What others have taken for us of an order, before corrections, in ISO 4217 minor units. */
export async function readCashTaken(client: Queryable, orderId: string): Promise<number> {
  const { rows } = await client.query<{ readonly minor: number }>(
    `select coalesce(sum(amount_minor) filter (where amount_minor > 0), 0)::bigint as minor
     from payment_transaction where order_id = $1 and type = 'cash'`,
    [orderId],
  );
  return rows[0]?.minor ?? 0;
}
