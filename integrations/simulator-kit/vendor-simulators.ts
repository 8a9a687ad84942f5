/**
 * What a simulator of each kind offers beside its vendor's wire format: what the sandbox's pages show and
 * what an audit reads. Amounts are in the vendor's units.
 */
import type { Logger } from "pino";
import type { VendorSettings } from "../../config/vendor-settings.ts";
import type { Address } from "../../orders/address.ts";
import type { SimulatedReply, SimulatedRequest } from "./exchange.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

/** What happened to the money of one order. */
export type OrderCharges = {
  readonly orderId: string;
  readonly currency: string;
  readonly authorizations: number;
  readonly declines: number;
  readonly captures: number;
  readonly refunds: number;
  readonly cancellations: number;
  readonly authorized: number;
  readonly captured: number;
  readonly refunded: number;
  /** Authorizations that are neither cancelled nor declined. More than one: the order was made dearer. */
  readonly live: number;
};

export type PaymentSimulatorOptions = {
  readonly dataFolder: string;
  /** Where webhooks go. */
  readonly webhookUrl: string;
  /** Of the simulated account, with the secret that signs its webhooks. */
  readonly settings: VendorSettings;
  readonly logger: Logger;
};

export const PAYMENT_INCIDENTS = [
  "authorization_expired",
  "refund_failed",
  "refunded_at_provider",
  "disputed",
  "dispute_won",
  "dispute_lost",
] as const;

/** What happens to an order's money at the provider without a call of the shop's. */
export type PaymentIncident = {
  readonly orderId: string;
  readonly what: (typeof PAYMENT_INCIDENTS)[number];
  /** In the vendor's units, where it may be a part; absent: all. */
  readonly amount?: number;
};

/** How webhooks are delivered: each so many times, and in another order than they happened. */
export type WebhookDelivery = { readonly copies: number; readonly shuffled: boolean };

/** A vendor's simulator before it runs, and what makes it refuse. */
export type PaymentSimulatorKind = {
  start(options: PaymentSimulatorOptions): PaymentSimulator;
  /** Means of payment of the vendor's sandbox: one that it charges, and one that it declines. */
  readonly goodPaymentMethod: string;
  readonly declinedPaymentMethod: string;
};

export type PaymentSimulator = {
  /** @returns `undefined` where the call is not for this vendor */
  handle(request: SimulatedRequest): SimulatedReply | undefined;
  charges(): readonly OrderCharges[];
  /** How many orders had anything to do with money. */
  orders(): number;
  /** Drops all idempotency keys, as a payment provider does after a day, until the next start. */
  forgetKeys(): void;
  /** @returns what is wrong, or `null` where it has happened */
  incident(incident: PaymentIncident): string | null;
  deliverWebhooks(way: WebhookDelivery): void;
  webhooks(): WebhookStatus;
  stop(): Promise<void>;
};

export type WebhookStatus = {
  readonly waiting: number;
  readonly failures: number;
  readonly lastFailure: string | null;
};

export type LabelRecord = {
  readonly shipmentId: string;
  readonly reference: string | null;
  readonly orderReference: string | null;
  readonly carrier: string;
  readonly service: string;
  readonly trackingNumber: string;
  readonly costMinor: number;
  readonly currency: string;
  readonly isReturn: boolean;
  readonly boughtAt: string;
  readonly voided: boolean;
  readonly status: string;
  /** Names the label's files under `/label-files`; `null` where the vendor keeps none. */
  readonly labelId: string | null;
};

export type SimulatedScan = {
  readonly at: string;
  readonly message: string;
  readonly place: { readonly city: string; readonly state: string; readonly country: string };
};

export type CarrierSimulatorOptions = {
  readonly dataFolder: string;
  /** Where tracking webhooks go. */
  readonly webhookUrl: string;
  /** Of the simulated account, with the secret that signs its webhooks. */
  readonly settings: VendorSettings;
  readonly clock: SimulatedClock;
  readonly logger: Logger;
};

/**
 * A vendor's simulator before it runs, an address that it delivers to, and one that it refuses.
 */
export type CarrierSimulatorKind = {
  start(options: CarrierSimulatorOptions): CarrierSimulator;
  readonly deliverable: Address;
  readonly undeliverable: Address;
};

export type CarrierSimulator = {
  /** @returns `undefined` where the call is not for this vendor */
  handle(request: SimulatedRequest): Promise<SimulatedReply | undefined>;
  labels(): readonly LabelRecord[];
  counts(): { readonly labels: number; readonly delivered: number };
  tracking(
    trackingNumber: string,
  ): { readonly label: LabelRecord; readonly scans: readonly SimulatedScan[] } | undefined;
  webhooks(): WebhookStatus;
  stop(): Promise<void>;
};

export type MailSummary = {
  /** `1`, `2`, … in the order of arrival. */
  readonly id: number;
  readonly receivedAt: string;
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
};

export type Mail = MailSummary & { readonly text: string; readonly html: string };

export type MailSimulatorOptions = {
  readonly host: string;
  readonly port: number;
  readonly dataFolder: string;
  readonly logger: Logger;
};

export type MailSimulator = {
  readonly port: number;
  /** Newest first. `filter` looks in the recipient and the subject. */
  list(
    filter: string,
    from: number,
    count: number,
  ): { readonly mails: readonly MailSummary[]; readonly total: number };
  find(id: number): Mail | undefined;
  all(): readonly MailSummary[];
  count(): number;
  stop(): Promise<void>;
};
