/**
 * What Holdfast needs of a sales channel: reading its own payloads. An adapter is pure: bytes in, orders out.
 */
import type { IncomingOrder } from "../orders/incoming-order.ts";
import type { Money } from "../orders/money.ts";

/** A reason why a payload is not an order that can be captured. */
export type ChannelRefusal = {
  /**
   * `malformed_payload` (not the channel's format), `not_an_order` (another of the channel's documents),
   * `invalid_order`, `substitutes_not_goods` (substitutes are allowed for what is no goods),
   * `too_many_orders` (none of the payload is read).
   */
  readonly code:
    | "malformed_payload"
    | "not_an_order"
    | "invalid_order"
    | "substitutes_not_goods"
    | "too_many_orders";
  readonly detail: string;
  readonly externalId?: string;
};

export type ChannelReading =
  | {
      readonly kind: "order";
      readonly order: IncomingOrder;
      /** This order's part of a payload that holds several; absent: the payload is this order. */
      readonly source?: string;
    }
  /**
   * The channel cancels an order. Where the payload holds the order too, the order's reading comes before
   * this one.
   */
  | { readonly kind: "cancellation"; readonly externalId: string; readonly reason: string }
  /** The channel has refunded some of an order that it was paid for. Its id tells a repeat. */
  | {
      readonly kind: "refund";
      readonly externalId: string;
      readonly refundId: string;
      readonly amount: Money;
    }
  /** The channel says that an order changed and not what became of it: its connection reads the order. */
  | { readonly kind: "changed"; readonly externalId: string }
  /**
   * A vendor that runs a location of ours says that what it was asked to send under this key has changed:
   * what has become of it is asked there.
   */
  | { readonly kind: "request_changed"; readonly key: string }
  /**
   * A shopper wants to be forgotten, and the channel passes it on. Only a webhook whose signature is right is
   * believed.
   */
  | ErasureAsked
  | { readonly kind: "refused"; readonly refusal: ChannelRefusal };

/** Whose personal data is to be erased: of the orders that this channel has sent, those of any of these. */
export type ErasureAsked = {
  readonly kind: "erasure";
  /** Tells a repeat. */
  readonly requestId: string;
  /** Names of the buyer's account, as its orders have them (`BUYER_ACCOUNT`). */
  readonly accounts: readonly string[];
  /** The channel's numbers of the customer. */
  readonly customers: readonly string[];
  /** Orders, by the channel's id of them. */
  readonly orders: readonly string[];
};

/**
 * A channel asks by GET, in the query, and wants an answer that only who has a secret of the account can
 * give.
 */
export type ChannelChallenge = {
  /** Of the query. */
  readonly parameter: string;
  /** The variable of the account that is the secret. */
  readonly secret: string;
  /** @param endpoint the address that was asked, as the channel knows it */
  answer(code: string, secret: string, endpoint: string): Readonly<Record<string, string>>;
};

/** What a channel's headers say about its webhook; `null` where they do not. */
export type ChannelWebhook = {
  /** The channel's own event name, e.g. `orders/create`. */
  readonly topic: string | null;
  /** The channel's id of this delivery, for the log. */
  readonly eventId: string | null;
  /** The same where the signature covers it, and so where it may decide anything; else null. */
  readonly signedId: string | null;
};

export interface ChannelAdapter {
  /** `shopify`, `amazon`, `walmart`, `ebay`, `tiktok`, `woocommerce`, `holdfast` (the canonical format). */
  readonly kind: string;
  /**
   * Reads one payload exactly as the channel sent it; it may hold several orders (a list response).
   * @param topic the channel's own event name where it has one, e.g. `orders/create`
   */
  read(payload: string, topic: string | null): readonly ChannelReading[];
  /** `read` on another thread, for payloads that take long; absent where there is none. */
  readAside?(payload: string, topic: string | null): Promise<readonly ChannelReading[]>;
  /**
   * Joins several documents about the same orders into payloads that `read` takes, one for each order. For
   * channels whose API spreads an order over several responses (Amazon: order, items, address, buyer). Others
   * return their input.
   */
  join(documents: readonly string[]): readonly string[];
  /**
   * How it is asked whether an address takes its webhooks, before any is sent there; absent: it does not ask.
   */
  readonly challenge?: ChannelChallenge;
  /**
   * Checks a webhook's signature over the raw body in constant time, and reads what the channel says about it
   * in its own headers; `null` where the signature is wrong.
   */
  openWebhook(
    headers: Readonly<Record<string, string>>,
    rawBody: Buffer,
    secret: string,
  ): ChannelWebhook | null;
}
