/**
 * The outside world of the order model: a payment provider, a carrier and a mailer in memory that keep books
 * of their own, as the real ones do. A call that is repeated with its key gets the first answer; some answers
 * are lost on their way.
 *
 * Invariant: a provider takes no more than was authorised and gives back no more than was taken and the
 * customer's bank has not taken back; who asks for more is declined, and the attempt is kept for the model to
 * see.
 */

import { Random } from "../../config/seeded-random.ts";
import { DEFAULT_ACCOUNT } from "../../config/vendor-settings.ts";
import type { Carrier } from "../../ports/carriers.ts";
import type { Mailer } from "../../ports/notifications.ts";
import type { PaymentProvider, PaymentResult } from "../../ports/payments.ts";
import { VendorRoster } from "../../ports/vendor-roster.ts";

/** Of the payment provider's answers. */
const LOST_ANSWERS = 0.05;

export const CARRIER = { provider: "model-carrier", account: DEFAULT_ACCOUNT } as const;

type Authorization = {
  authorized: number;
  captured: number;
  refunded: number;
  /** By the customer's bank, for good or until it has decided. */
  takenBack: number;
  cancelled: boolean;
};

/** What the customer's bank asks back of one payment. */
export type BankDispute = {
  readonly reference: string;
  readonly orderId: string;
  /** The provider's, of the payment. */
  readonly payment: string;
  readonly amountMinor: number;
  status: "open" | "won" | "lost";
};

export class OutsideBooks {
  /** By the provider's reference. */
  readonly authorizations = new Map<string, Authorization & { readonly orderId: string }>();
  readonly disputes: BankDispute[] = [];
  /** The carrier's labels in force, by its shipment id. */
  readonly labels = new Set<string>();
  /** What was asked for beyond what the books allow. */
  readonly excesses: string[] = [];
  readonly mails = new Map<string, string>();
  /** Orders whose next authorisation or capture is declined. */
  readonly declinesNext = new Set<string>();
  /** Orders whose next parcel no carrier takes. */
  readonly refusesNext = new Set<string>();
  private readonly answers = new Map<string, PaymentResult>();

  /** The bank takes back, or asks about, some of a payment; `null` where nothing of it is left. */
  dispute(payment: string, part: (left: number) => number): BankDispute | null {
    const authorization = this.authorizations.get(payment);
    if (authorization === undefined) return null;
    const left = authorization.captured - authorization.refunded - authorization.takenBack;
    if (left <= 0) return null;
    const amountMinor = part(left);
    authorization.takenBack += amountMinor;
    const reference = `dp_${payment}_${this.disputes.length + 1}`;
    const { orderId } = authorization;
    const dispute: BankDispute = { reference, orderId, payment, amountMinor, status: "open" };
    this.disputes.push(dispute);
    return dispute;
  }

  endDispute(dispute: BankDispute, status: "won" | "lost"): void {
    dispute.status = status;
    const authorization = this.authorizations.get(dispute.payment);
    if (status === "won" && authorization !== undefined) authorization.takenBack -= dispute.amountMinor;
  }

  /** What the bank has taken back for good of one order. */
  lostOf(orderId: string): number {
    return this.disputes
      .filter((one) => one.orderId === orderId && one.status === "lost")
      .reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  }

  /** Sums of all authorisations of one order, in minor units. */
  sumsOf(orderId: string): { readonly captured: number; readonly refunded: number } {
    const own = [...this.authorizations.values()].filter((one) => one.orderId === orderId);
    return {
      captured: own.reduce((sum, one) => sum + one.captured, 0),
      refunded: own.reduce((sum, one) => sum + one.refunded, 0),
    };
  }

  readonly payments = new VendorRoster<PaymentProvider>("payment provider", [
    {
      provider: "model-provider",
      account: DEFAULT_ACCOUNT,
      port: {
        smallestChargeable: () => 1,
        cardForm: null,
        openWebhook: () => "no_secret",
        readPayment: async () => null,
        authorize: (request) =>
          this.once(request.idempotencyKey, request.orderId, () => {
            const reference = `pay_${request.idempotencyKey}`;
            this.authorizations.set(reference, {
              orderId: request.orderId,
              authorized: request.amountMinor,
              captured: 0,
              refunded: 0,
              takenBack: 0,
              cancelled: false,
            });
            return reference;
          }),
        capture: ({ idempotencyKey, reference, amountMinor }) =>
          this.on(reference, idempotencyKey, (payment) => {
            if (payment.cancelled || payment.captured + amountMinor > payment.authorized)
              return `capture of ${amountMinor} beyond ${JSON.stringify(payment)}`;
            payment.captured += amountMinor;
            return null;
          }),
        cancel: ({ idempotencyKey, reference }) =>
          this.on(
            reference,
            idempotencyKey,
            (payment) => {
              payment.cancelled = true;
              return null;
            },
            false,
          ),
        refund: ({ idempotencyKey, reference, amountMinor }) =>
          this.on(reference, idempotencyKey, (payment) => {
            if (payment.refunded + payment.takenBack + amountMinor > payment.captured)
              return `refund of ${amountMinor} beyond ${JSON.stringify(payment)}`;
            payment.refunded += amountMinor;
            return null;
          }),
      },
    },
  ]);

  readonly carriers = new VendorRoster<Carrier>("carrier", [
    {
      ...CARRIER,
      port: {
        maxParcelGrams: 30_000,
        rate: async (request) => {
          if (this.refusesNext.delete(request.reference))
            return { status: "refused", code: "refused", message: "No carrier takes it." };
          return {
            status: "rated",
            carrierShipmentId: `shp_${request.idempotencyKey}`,
            rates: [
              {
                carrier: "Model Post",
                currency: "USD",
                rateId: "ground",
                service: "Ground",
                costMinor: 700,
                deliveryDays: 2,
              },
            ],
          };
        },
        buyLabel: async ({ carrierShipmentId }) => {
          this.labels.add(carrierShipmentId);
          return {
            status: "bought",
            carrierShipmentId,
            carrier: "Model Post",
            service: "Ground",
            trackingNumber: `T-${carrierShipmentId}`,
            costMinor: 700,
            currency: "USD",
            zpl: "^XA^XZ",
            pdf: Buffer.from("%PDF-1.7"),
          };
        },
        voidLabel: async ({ carrierShipmentId }) => {
          this.labels.delete(carrierShipmentId);
        },
        trackingReports: async () => [],
        readTrackingWebhook: () => null,
      },
    },
  ]);

  readonly mailer: Mailer = {
    send: async (mail) => {
      this.mails.set(mail.key, mail.subject);
    },
  };

  private on(
    reference: string,
    key: string,
    change: (payment: Authorization) => string | null,
    mayDecline = true,
  ): Promise<PaymentResult> {
    const payment = this.authorizations.get(reference);
    if (payment === undefined) throw new Error(`no payment ${reference}`);
    return this.once(
      key,
      payment.orderId,
      () => {
        const excess = change(payment);
        if (excess !== null) this.excesses.push(`${payment.orderId}: ${excess}`);
        return excess === null ? reference : null;
      },
      mayDecline,
    );
  }

  /** @param effect gives the reference, or null where the provider declines */
  private async once(
    key: string,
    orderId: string,
    effect: () => string | null,
    mayDecline = true,
  ): Promise<PaymentResult> {
    const earlier = this.answers.get(key);
    if (earlier !== undefined) return earlier;
    const reference = mayDecline && this.declinesNext.delete(orderId) ? null : effect();
    const answer: PaymentResult =
      reference === null
        ? { status: "declined", code: "card_declined", message: "Declined." }
        : { status: "succeeded", reference };
    this.answers.set(key, answer);
    // By the key, so that the same seed tells the same story.
    if (new Random(key).chance(LOST_ANSWERS)) throw new Error(`the answer to ${key} is lost`);
    return answer;
  }
}
