/**
 * What Holdfast needs of a payment provider. Amounts are ISO 4217 minor units. Each call carries an
 * idempotency key: the provider answers a repeated key with the first result. A decline is a value. A fault
 * (time-out, 5xx) throws a `ServiceFault`; where it says `retryable`, the caller repeats the call with the
 * same key.
 */
export type PaymentResult =
  | { readonly status: "succeeded"; readonly reference: string }
  | { readonly status: "declined"; readonly code: string; readonly message: string };

export interface PaymentProvider {
  authorize(request: {
    readonly idempotencyKey: string;
    readonly orderId: string;
    readonly amountMinor: number;
    readonly currency: string;
    /**
     * The provider's token of the means of payment; card data never enters Holdfast. An order without a token
     * is charged to the provider's own test card. A live account declines that, and the order then waits for
     * a person.
     */
    readonly paymentMethod?: string;
    readonly customerEmail?: string;
  }): Promise<PaymentResult>;
  /** Captures part or all of an authorization; `reference` is that of `authorize`. */
  capture(request: {
    readonly idempotencyKey: string;
    readonly reference: string;
    readonly amountMinor: number;
    readonly currency: string;
    /** False where more captures of this authorization may follow; true gives back what is not captured. */
    readonly final: boolean;
  }): Promise<PaymentResult>;
  /** Gives an authorization back. Succeeds also where it was never made or is void already. */
  cancel(request: { readonly idempotencyKey: string; readonly reference: string }): Promise<PaymentResult>;
  refund(request: {
    readonly idempotencyKey: string;
    readonly reference: string;
    readonly amountMinor: number;
    readonly currency: string;
    readonly reason: string;
  }): Promise<PaymentResult>;
}
