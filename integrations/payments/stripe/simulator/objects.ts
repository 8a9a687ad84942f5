/** Stripe's objects as the simulator keeps and shows them, and what happens to them. */
import type { PaymentMethod } from "./payment-methods.ts";

export type PaymentIntent = {
  readonly id: string;
  readonly object: "payment_intent";
  readonly amount: number;
  readonly amount_capturable: number;
  readonly amount_received: number;
  readonly canceled_at: number | null;
  readonly cancellation_reason: string | null;
  readonly capture_method: string;
  readonly client_secret: string;
  readonly confirmation_method: "automatic";
  readonly created: number;
  readonly currency: string;
  readonly customer: null;
  readonly description: string | null;
  readonly last_payment_error: Readonly<Record<string, unknown>> | null;
  readonly latest_charge: string | null;
  readonly livemode: false;
  readonly metadata: Readonly<Record<string, string>>;
  readonly next_action: Readonly<Record<string, unknown>> | null;
  readonly payment_method: string | null;
  readonly payment_method_options: {
    readonly card: {
      readonly request_multicapture?: "if_available";
      readonly request_three_d_secure: string;
    };
  };
  readonly payment_method_types: readonly string[];
  readonly receipt_email: string | null;
  readonly status:
    | "requires_payment_method"
    | "requires_action"
    | "requires_capture"
    | "canceled"
    | "succeeded";
};

export type Refund = {
  readonly id: string;
  readonly object: "refund";
  readonly amount: number;
  readonly balance_transaction: null;
  readonly charge: string | null;
  readonly created: number;
  readonly currency: string;
  readonly failure_reason?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payment_intent: string;
  readonly reason: string | null;
  readonly receipt_number: null;
  readonly source_transfer_reversal: null;
  readonly status: "succeeded" | "failed";
  readonly transfer_reversal: null;
};

export type Dispute = {
  readonly id: string;
  readonly object: "dispute";
  readonly amount: number;
  readonly balance_transactions: readonly [];
  readonly charge: string;
  readonly created: number;
  readonly currency: string;
  readonly evidence_details: {
    readonly due_by: number;
    readonly has_evidence: false;
    readonly past_due: false;
    readonly submission_count: 0;
  };
  readonly is_charge_refundable: false;
  readonly livemode: false;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payment_intent: string;
  readonly reason: string;
  readonly status: "needs_response" | "won" | "lost";
};

export type Effect =
  | {
      /** `action_required`: the bank wants the shopper to confirm it. `confirmed`: they have. */
      readonly type: "authorized" | "action_required" | "confirmed" | "declined" | "canceled";
      readonly intent: PaymentIntent;
    }
  | { readonly type: "captured"; readonly intent: PaymentIntent; readonly amount: number }
  | { readonly type: "refunded" | "refund_failed"; readonly refund: Refund }
  | { readonly type: "disputed" | "dispute_closed"; readonly dispute: Dispute }
  | { readonly type: "payment_method"; readonly method: PaymentMethod };
