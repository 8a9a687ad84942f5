/**
 * The outside world of sagas in memory: payment provider, carrier and mailbox that remember what took effect,
 * by idempotency key, as the real ones do. Their wire formats are tested with the adapters.
 */
import { DEFAULT_ACCOUNT } from "../../config/vendor-settings.ts";
import type { Carrier, RateRequest } from "../../ports/carriers.ts";
import type { Mailer } from "../../ports/notifications.ts";
import {
  AUTHENTICATION_REQUIRED,
  AUTHORIZATION_EXPIRED,
  type PaymentProvider,
  type PaymentResult,
} from "../../ports/payments.ts";
import { VendorRoster } from "../../ports/vendor-roster.ts";

export type OutsideWorld = {
  readonly payments: VendorRoster<PaymentProvider>;
  readonly carriers: VendorRoster<Carrier>;
  readonly mailer: Mailer;
  /** Effects at the provider, one for each idempotency key: `authorize 10000`, `capture 4000`. */
  readonly charges: Map<string, string>;
  readonly rated: Map<string, RateRequest>;
  /** Tracking number of each label in force, by the carrier's shipment id. */
  readonly labels: Map<string, string>;
  /** Text of each mail, by key. */
  readonly mails: Map<string, string>;
  /**
   * Answers of the provider that are not a success, in turn; `expired`: the bank has taken the authorisation
   * back, `confirm`: it wants the shopper to confirm it.
   */
  readonly declines: string[];
  /** Payments that their bank wants confirmed, by their references, and what has become of them. */
  readonly unconfirmed: Map<string, "waits" | "confirmed" | "ended">;
  /** Refusals of the carrier, in turn. */
  readonly refusals: string[];
  /**
   * From now on such calls take effect but do not return, as for a caller that was killed, until the returned
   * function lets them through.
   */
  withhold(call: Withholdable): () => void;
  /** As if it had just been made. */
  clear(): void;
};

/** The carrier of all parcels in the saga world. */
export const TEST_CARRIER = { provider: "test-carrier", account: DEFAULT_ACCOUNT } as const;

/** What it takes in one parcel. */
export const TEST_CARRIER_MOST_GRAMS = 30_000;

function only<Port>(provider: string, port: Port): VendorRoster<Port> {
  return new VendorRoster("test vendor", [{ provider, account: DEFAULT_ACCOUNT, port }]);
}

type Withholdable = "capture" | "refund";

export function outsideWorld(): OutsideWorld {
  const answers = new Map<string, PaymentResult>();
  const world: Omit<OutsideWorld, "payments" | "carriers" | "mailer" | "withhold" | "clear"> = {
    charges: new Map(),
    rated: new Map(),
    labels: new Map(),
    mails: new Map(),
    declines: [],
    unconfirmed: new Map(),
    refusals: [],
  };
  const answer = (key: string, effect: string, reference: string): Promise<PaymentResult> => {
    const earlier = answers.get(key);
    if (earlier !== undefined) return Promise.resolve(earlier);
    const message = world.declines.shift();
    const result: PaymentResult =
      message === undefined
        ? { status: "succeeded", reference }
        : {
            status: "declined",
            code:
              message === "expired"
                ? AUTHORIZATION_EXPIRED
                : message === "confirm"
                  ? AUTHENTICATION_REQUIRED
                  : "card_declined",
            message,
            ...(message === "confirm" ? { unconfirmed: reference } : {}),
          };
    if (message === "confirm") world.unconfirmed.set(reference, "waits");
    answers.set(key, result);
    if (message === undefined) world.charges.set(key, effect);
    return Promise.resolve(result);
  };
  const withheld = new Map<Withholdable, { readonly answers: Promise<void>; letThrough(): void }>();
  return {
    ...world,
    withhold: (call) => {
      let letThrough: () => void = () => {};
      const answers = new Promise<void>((resolve) => {
        letThrough = resolve;
      });
      withheld.set(call, { answers, letThrough });
      return letThrough;
    },
    clear: () => {
      for (const { letThrough } of withheld.values()) letThrough();
      withheld.clear();
      for (const ledger of [
        answers,
        world.charges,
        world.rated,
        world.labels,
        world.mails,
        world.unconfirmed,
      ])
        ledger.clear();
      world.declines.length = 0;
      world.refusals.length = 0;
    },
    payments: only<PaymentProvider>("test-provider", {
      smallestChargeable: () => 1,
      cardForm: null,
      openWebhook: () => "no_secret",
      readPayment: async (reference) => {
        const now = world.unconfirmed.get(reference);
        if (now === undefined) return null;
        return {
          reference,
          orderId: null,
          currency: "USD",
          status: now === "confirmed" ? "open" : now === "ended" ? "closed" : "none",
          capturedMinor: 0,
          isCaptured: () => false,
          confirmation: now === "waits" ? { clientSecret: `${reference}_secret`, paymentMethod: null } : null,
          decline: null,
          refunds: [],
          disputes: [],
        };
      },
      authorize: (r) => answer(r.idempotencyKey, `authorize ${r.amountMinor}`, `pi_${r.idempotencyKey}`),
      capture: async (r) => {
        const effect = `capture ${r.amountMinor}${r.final ? " final" : ""}`;
        const result = await answer(r.idempotencyKey, effect, r.reference);
        await withheld.get("capture")?.answers;
        return result;
      },
      cancel: (r) => {
        if (world.unconfirmed.has(r.reference)) world.unconfirmed.set(r.reference, "ended");
        return answer(r.idempotencyKey, "cancel", r.reference);
      },
      refund: async (r) => {
        const result = await answer(r.idempotencyKey, `refund ${r.amountMinor}`, r.reference);
        await withheld.get("refund")?.answers;
        return result;
      },
    }),
    carriers: only<Carrier>(TEST_CARRIER.provider, {
      maxParcelGrams: TEST_CARRIER_MOST_GRAMS,
      rate: (request) => {
        const message = world.refusals.shift();
        if (message !== undefined) return Promise.resolve({ status: "refused", code: "refused", message });
        world.rated.set(request.idempotencyKey, request);
        const rate = { carrier: "Test Post", currency: "USD" };
        return Promise.resolve({
          status: "rated",
          carrierShipmentId: `shp_${request.idempotencyKey}`,
          rates: [
            { ...rate, rateId: "slow", service: "Ground", costMinor: 700, deliveryDays: 2 },
            { ...rate, rateId: "fast", service: "Express", costMinor: 2400, deliveryDays: 1 },
          ],
        });
      },
      buyLabel: (request) => {
        const trackingNumber = `TRACK-${request.carrierShipmentId}`;
        world.labels.set(request.carrierShipmentId, trackingNumber);
        return Promise.resolve({
          status: "bought",
          carrierShipmentId: request.carrierShipmentId,
          carrier: "Test Post",
          service: request.rateId === "slow" ? "Ground" : "Express",
          trackingNumber,
          costMinor: 700,
          currency: "USD",
          zpl: "^XA^XZ",
          pdf: Buffer.from("%PDF-1.7"),
        });
      },
      voidLabel: ({ carrierShipmentId }) => {
        world.labels.delete(carrierShipmentId);
        return Promise.resolve();
      },
      trackingReports: async () => [],
      readTrackingWebhook: () => null,
    }),
    mailer: {
      send: (mail) => {
        world.mails.set(mail.key, mail.text);
        return Promise.resolve();
      },
    },
  };
}
