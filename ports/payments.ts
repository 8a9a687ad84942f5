/**
 * What Holdfast needs of a payment provider. Amounts are ISO 4217 minor units. Each call carries an
 * idempotency key: the provider answers a repeated key with the first result. A decline is a value. A fault
 * (time-out, 5xx) throws a `ServiceFault`; where it says `retryable`, the caller repeats the call with the
 * same key.
 */
export type PaymentResult =
  | { readonly status: "succeeded"; readonly reference: string }
  | { readonly status: "declined"; readonly code: string; readonly message: string };

/** The code of a capture that is declined because the bank has taken its authorisation back. */
export const AUTHORIZATION_EXPIRED = "authorization_expired";

export interface PaymentProvider {
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
