/**
 * What Holdfast can write to a shopper about: the kinds of notices, and the facts of each.
 *
 * Leaves the words to `notice-words.ts`, the look to `render-notice.ts`, and to the caller whether and to
 * whom to write, and the links.
 */
import type { Address } from "../address.ts";
import type { Money } from "../money.ts";
import type { DeliveryPromise } from "../order.ts";
import type { MoneyOfChange, ToldChange } from "./told-changes.ts";

export type NoticeFacts = {
  readonly shopName: string;
  /** The number that the shopper knows, e.g. `#9999`. */
  readonly orderNumber: string;
  readonly customerName: string;
  readonly lines: readonly NoticeLine[];
  readonly total: Money;
  readonly shipTo: Address | null;
  /** The shopper's own page of this order. */
  readonly orderUrl: string;
};

export type NoticeLine = {
  readonly title: string;
  readonly quantity: number;
  /** Price of all units; absent where it does not matter, e.g. in a parcel. */
  readonly total?: Money;
};

/** `total` is the price of all units. */
export type SubstitutedLine = NoticeLine & { readonly insteadOf: string };

export type Notice =
  | { readonly kind: "order_confirmed"; readonly promise: DeliveryPromise | null }
  /** The order waits for a means of payment, or for its shopper to confirm one to the bank. */
  | {
      readonly kind: "payment_needed";
      readonly amount: Money;
      /** Why the last one was declined; null: there was none yet. */
      readonly declined: string | null;
      /** The bank wants the shopper to confirm the one that they have given. */
      readonly isToConfirm: boolean;
    }
  /** The order waits or will be late; `promise` is the new one, where there is one. */
  | {
      readonly kind: "order_delayed";
      /** One sentence for the shopper; not an internal hold code. */
      readonly explanation: string;
      readonly promise: DeliveryPromise | null;
    }
  /** Units that are nowhere to be had were taken off the order. */
  | {
      readonly kind: "units_cancelled";
      readonly unitLines: readonly NoticeLine[];
      /** Who gives back what was paid for them; `null`: it was not charged. */
      readonly payer: string | null;
    }
  /** Other products are sent in the place of what is nowhere to be had. */
  | {
      readonly kind: "units_substituted";
      readonly substitutes: readonly SubstitutedLine[];
      readonly newTotal: Money;
      readonly money: MoneyOfChange;
      /** They are cheaper, and so is the order. */
      readonly isCheaper: boolean;
    }
  /** A revision of the order, against the one before. */
  | {
      readonly kind: "order_changed";
      readonly author: ChangeAuthor;
      readonly changes: readonly ToldChange[];
      /** As the revision has them. */
      readonly changedLines: readonly NoticeLine[];
      readonly newTotal: Money;
      readonly money: MoneyOfChange;
    }
  | ({ readonly kind: "pickup_ready" } & PickupFacts)
  | ({ readonly kind: "pickup_reminder" } & PickupFacts)
  | {
      readonly kind: "shipped";
      readonly carrier: string;
      readonly trackingNumber: string;
      readonly trackingUrl: string;
      /** What is in this parcel; an order may ship in several. */
      readonly parcelLines: readonly NoticeLine[];
      /** Calendar day, ISO 8601. */
      readonly deliverBy: string | null;
    }
  | {
      readonly kind: "out_for_delivery";
      readonly carrier: string;
      readonly trackingNumber: string;
      readonly trackingUrl: string;
    }
  | {
      readonly kind: "delivered";
      readonly place: string;
      readonly returnUrl: string;
      /** In the store, by the customer. */
      readonly isCollected: boolean;
    }
  | {
      readonly kind: "return_approved";
      readonly returnId: string;
      readonly labelUrl: string;
      readonly way: ReturnWay;
      /** It becomes store credit instead of going back to the way the order was paid. */
      readonly isStoreCredit: boolean;
      readonly returnLines: readonly NoticeLine[];
    }
  | { readonly kind: "return_declined"; readonly returnId: string; readonly explanation: string }
  | {
      readonly kind: "refund_issued";
      /** Paid back through the payment provider; `null` where it all became store credit. */
      readonly amount: Money | null;
      readonly storeCredit: StoreCreditGiven | null;
      /** Why, in a few words, e.g. `Return R-1`. */
      readonly explanation: string;
    }
  /** Somebody else has the money, and is to give it back. */
  | {
      readonly kind: "refund_at_channel";
      readonly amount: Money;
      /** Who is to refund it, e.g. the marketplace. */
      readonly payer: string;
      readonly explanation: string;
    }
  | {
      readonly kind: "order_cancelled";
      readonly explanation: string;
      /** What somebody else is to give back, and who; `null` where nothing was charged. */
      readonly refund: { readonly amount: Money; readonly payer: string } | null;
    };

/** Who has changed the order. */
export type ChangeAuthor =
  | { readonly kind: "us" }
  | { readonly kind: "shopper" }
  | { readonly kind: "channel"; readonly name: string };

/** How the goods come back. */
export type ReturnWay =
  | { readonly kind: "label" | "qr_code"; readonly carrier: string }
  | { readonly kind: "store"; readonly store: string }
  | { readonly kind: "none" };

type StoreCreditGiven = { readonly amount: Money; readonly balance: Money; readonly code: string };

/** Where an order waits to be collected, and what it is handed over against. */
export type PickupFacts = {
  readonly code: string;
  readonly place: string;
  readonly street: string;
  /** Calendar day, ISO 8601. */
  readonly until: string;
  /** In front of the store. */
  readonly isCurbside: boolean;
};

export type NoticeKind = Notice["kind"];

/** All kinds, as people see them in lists. */
export const NOTICE_KINDS = [
  "order_confirmed",
  "payment_needed",
  "order_delayed",
  "order_changed",
  "units_cancelled",
  "units_substituted",
  "pickup_ready",
  "pickup_reminder",
  "shipped",
  "out_for_delivery",
  "delivered",
  "return_approved",
  "return_declined",
  "refund_issued",
  "refund_at_channel",
  "order_cancelled",
] as const satisfies readonly NoticeKind[];

const PUT_OFF = "put-off:";

/** What a mail is about that tells of a fulfillment order put off beyond its promise. */
export function putOffNotice(fulfillmentOrderId: string, releaseOn: string): string {
  return `${PUT_OFF}${fulfillmentOrderId}:${releaseOn}`;
}

/** The day of `putOffNotice`; `null`: the mail is about something else. */
export function putOffDay(about: string): string | null {
  return about.startsWith(PUT_OFF) ? about.slice(about.lastIndexOf(":") + 1) : null;
}
