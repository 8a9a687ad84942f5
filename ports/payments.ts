/**
 * What Holdfast needs of a payment provider. Amounts are ISO 4217 minor units. Each call carries an
 * idempotency key: the provider answers a repeated key with the first result. A decline is a value. A fault
 * (time-out, 5xx) throws a `ServiceFault`; where it says `retryable`, the caller repeats the call with the
 * same key.
 *
 * A webhook says that something has happened to a payment, and no more than that is taken from it: what is
 * true now is read with `readPayment`. So webhooks may come in any order and any number of times.
 */
export type PaymentResult =
  | { readonly status: "succeeded"; readonly reference: string }
  | {
      readonly status: "declined";
      readonly code: string;
      readonly message: string;
      /** Reference of the payment, where its shopper can make it succeed by confirming it to the bank. */
      readonly unconfirmed?: string;
    };

/** The code of an authorisation that the bank wants its shopper to confirm. */
export const AUTHENTICATION_REQUIRED = "authentication_required";

/** The code of a capture that is declined because the bank has taken its authorisation back. */
export const AUTHORIZATION_EXPIRED = "authorization_expired";

/** What a webhook is about: each is read, and brought into our books, on its own. */
export type PaymentSubject = "payment" | "refunds" | "disputes";

/** What one webhook says. */
export type PaymentEvent = {
  /** The provider's id of it: a repeat bears the same. */
  readonly eventId: string;
  /** In the provider's own words, e.g. `charge.refunded`. */
  readonly type: string;
  readonly at: string;
  /** Null: it means nothing to us. `reference` is that of `authorize`. */
  readonly about: { readonly subject: PaymentSubject; readonly reference: string } | null;
};

/** Why there is none: the account has no secret to check it with; it is forged or stale; it says nothing. */
export type NoPaymentEvent = "no_secret" | "bad_signature" | "unreadable";

/** A payment as its provider has it now. */
export type PaymentState = {
  readonly reference: string;
  /** The order that `authorize` has named; null: it was made by somebody else. */
  readonly orderId: string | null;
  readonly currency: string;
  /**
   * `none`: nothing was authorised (yet). `open`: something can still be captured. `closed`: nothing more.
   */
  readonly status: "none" | "open" | "closed";
  readonly capturedMinor: number;
  /** Whether it knows that a capture with this key was carried out. */
  isCaptured(idempotencyKey: string): boolean;
  /** How the shopper confirms it to the bank; null: nothing is to be confirmed, or not any more. */
  readonly confirmation: PaymentConfirmation | null;
  /** Why nothing is authorised; null: something is, or it is not decided yet. */
  readonly decline: { readonly code: string; readonly message: string } | null;
  /** Only where they were asked for. */
  readonly refunds: readonly ProviderRefund[];
  readonly disputes: readonly ProviderDispute[];
};

/** What the provider's own script on the shopper's page needs, so that the bank asks the shopper. */
export type PaymentConfirmation = {
  /** Opens this one payment to whoever has it: for its shopper alone, and never kept. */
  readonly clientSecret: string;
  /** The means of payment to try it with once more; null: the bank is waiting already. */
  readonly paymentMethod: string | null;
};

export type ProviderRefund = {
  readonly reference: string;
  readonly amountMinor: number;
  /** `failed` is the end: the money has come back to us. */
  readonly status: "pending" | "succeeded" | "failed";
  /** Why it failed, in the provider's words. */
  readonly failure: string | null;
  /** Whether the call with this key has made it. */
  isOf(idempotencyKey: string): boolean;
};

export type ProviderDispute = {
  readonly reference: string;
  readonly amountMinor: number;
  /**
   * `won`: the money stays with us, or there was never more than a question. `refunded`: it is over because
   * the money went back by a refund, which is one of the payment's refunds.
   */
  readonly status: "open" | "won" | "lost" | "refunded";
  /** In the provider's words, e.g. `fraudulent`. */
  readonly reason: string;
  /** Until when the shop may answer; null: nothing to answer. */
  readonly respondBy: string | null;
};

/** How a shopper gives a card to the provider itself, on our page: the card never passes through us. */
export type CardForm = {
  /** Made for this provider: which of the page's forms speaks to it. */
  readonly provider: string;
  /** The provider's script, on its own host. */
  readonly scriptUrl: string;
  /** May be known to everybody. */
  readonly publishableKey: string;
  /** Origins that the page needs: where the script comes from, and what it shows and calls. */
  readonly scripts: readonly string[];
  readonly frames: readonly string[];
  readonly calls: readonly string[];
};

export interface PaymentProvider {
  /**
   * Null where the settings name no publishable key: then only staff can give an order a means of payment.
   */
  readonly cardForm: CardForm | null;
  /** Checks the signature of a webhook over the raw body, and its age, and reads it. */
  openWebhook(
    headers: Readonly<Record<string, string>>,
    rawBody: Buffer,
    nowMs: number,
  ): PaymentEvent | NoPaymentEvent;
  /** Null: the account has no such payment. */
  readPayment(reference: string, subject: PaymentSubject): Promise<PaymentState | null>;
  /** Every amount in `currency` has to be a multiple of it, in ISO 4217 minor units. */
  smallestChargeable(currency: string): number;
  authorize(request: {
    readonly idempotencyKey: string;
    readonly orderId: string;
    readonly amountMinor: number;
    readonly currency: string;
    /** The provider's token of the means of payment; card data never enters Holdfast. */
    readonly paymentMethod: string;
    readonly customerEmail?: string;
  }): Promise<PaymentResult>;
  /**
   * Captures part or all of an authorization; `reference` is that of `authorize`. Where the bank has taken it
   * back, it is declined with `AUTHORIZATION_EXPIRED`.
   */
  capture(request: {
    readonly idempotencyKey: string;
    readonly reference: string;
    readonly amountMinor: number;
    readonly currency: string;
    /** False where more captures of this authorization may follow; true gives back what is not captured. */
    readonly final: boolean;
  }): Promise<PaymentResult>;
  /**
   * Gives back what was not captured of an authorization. Succeeds also where it was never made or is void
   * already.
   */
  cancel(request: { readonly idempotencyKey: string; readonly reference: string }): Promise<PaymentResult>;
  refund(request: {
    readonly idempotencyKey: string;
    readonly reference: string;
    readonly amountMinor: number;
    readonly currency: string;
    readonly reason: string;
  }): Promise<PaymentResult>;
}
