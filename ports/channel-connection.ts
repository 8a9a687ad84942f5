/**
 * What Holdfast needs of a sales channel's API: orders that changed are read there, and what becomes of them
 * is told there, with the stock that may be sold. Reading a payload is the adapter's (`channels.ts`).
 *
 * A refusal for good is a value. A fault (time-out, 5xx, an account that is locked out) throws a
 * `ServiceFault`; where it says `retryable`, the same call is made again with the same key, and
 * `retryAfterMs` is the channel's own word about when. Whoever calls keeps to `limits`, orders the work, and
 * remembers what was told; a connection remembers nothing but its access token.
 *
 * N1 Telling the same twice does no more than telling it once: by the channel's own key where it has one,
 *    else the connection reads first what the channel has, and says `already`.
 * N2 Money is in minor units and quantities are in the channel's listing units; a connection converts neither
 *    by floating point.
 */
import type { Money } from "../orders/money.ts";
import type { ChannelMessages } from "./channel-messages.ts";
import type { FulfillmentProvider } from "./fulfillment-provider.ts";

/** Where a page of orders goes on. The connection's own word, kept as it is between processes. */
export type PageToken = string;

export type OrdersAsked = {
  /** Changed at the channel at or after, milliseconds of the Unix epoch. */
  readonly sinceMs: number;
  /** Changed before; absent: until now. */
  readonly untilMs?: number;
  readonly page: PageToken | null;
};

export type OrdersPage = {
  /** As the adapter's `read` takes them, one for each order, oldest change first where the channel can. */
  readonly payloads: readonly string[];
  /** Null: that was the last page. */
  readonly next: PageToken | null;
  /** The newest change on this page; null: the page is empty or the channel does not say. */
  readonly newestMs: number | null;
};

export type OrderNotTaken = {
  readonly externalId: string;
  /** As in docs/errors.md. */
  readonly code: string;
  readonly detail: string;
};

/** A line of an order as the channel knows it. */
export type ToldLine = {
  /** The channel's id of the line, as its order gave it. */
  readonly externalLineId: string;
  readonly channelSku: string;
  readonly quantity: number;
};

/** The order that is spoken of, with every id that the channel gave of it. */
export type ToldOrder = {
  readonly orderId: string;
  readonly externalId: string;
  readonly externalNumber: string;
  readonly externalIds: Readonly<Record<string, string>>;
  readonly currency: string;
};

/**
 * An invoice over what was handed over. Its lines' amounts, shipping and charges, all with their taxes, add
 * up to its total exactly; its tax is all that is in them. One that corrects an earlier one has negative
 * amounts.
 */
export type InvoiceTold = {
  /** Of the company, without gaps. */
  readonly number: string;
  /** RFC 3339. */
  readonly issuedAt: string;
  /** Holdfast's number of the shipment that it is about; null: it was handed over without one. */
  readonly shipmentId: string | null;
  /** A line that the channel does not know, since it was added here, has an empty `externalLineId`. */
  readonly lines: readonly (ToldLine & {
    readonly title: string;
    /** As ordered: without discounts, and without taxes unless the order's prices contain them. */
    readonly unitPrice: Money;
    readonly amount: Money;
    readonly tax: Money;
  })[];
  readonly shipping: Money;
  /** What belongs to the whole order beside shipping. */
  readonly charges: Money;
  readonly tax: Money;
  readonly total: Money;
  /**
   * The same as a PDF, drawn when it is asked for; the same bytes each time.
   *
   * @param seller who issues it, by lines: name first, then address and tax number
   */
  document(seller: readonly string[]): Promise<Uint8Array<ArrayBuffer>>;
};

/** What an order says of whether its channel wants invoices of it. */
export type OrderToInvoice = {
  readonly externalIds: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
};

/** What is told of an order. `key` is the same whenever it is told. */
export type OrderWord = { readonly key: string; readonly order: ToldOrder } & (
  | { readonly kind: "acknowledge" }
  | {
      readonly kind: "ship";
      /** Holdfast's number of the shipment. */
      readonly shipmentId: string;
      /** Empty, with the number: it was handed over without a parcel. */
      readonly carrier: string;
      readonly service: string;
      readonly trackingNumber: string;
      readonly trackingUrl: string | null;
      readonly shippedAt: string;
      /** SSCC-18 on the parcel, of the company's own prefix; absent: it has none. */
      readonly sscc?: string;
      readonly lines: readonly ToldLine[];
    }
  | {
      readonly kind: "cancel";
      /** Units that are not delivered, by line; all of the order where `isWhole`. */
      readonly lines: readonly ToldLine[];
      readonly isWhole: boolean;
      /** In Holdfast's words: `out_of_stock`, `customer_request`, `fraud`, `address`, `other`. */
      readonly reason: string;
    }
  | {
      readonly kind: "refund";
      readonly refundId: string;
      readonly amount: Money;
      readonly lines: readonly ToldLine[];
      readonly reason: string;
    }
  | { readonly kind: "hold"; readonly reason: string }
  | { readonly kind: "release" }
  | ({ readonly kind: "invoice" } & InvoiceTold)
);

export type OrderWordKind = OrderWord["kind"];

export const ORDER_WORD_KINDS = [
  "acknowledge",
  "ship",
  "cancel",
  "refund",
  "hold",
  "release",
  "invoice",
] as const satisfies readonly OrderWordKind[];

export type Told =
  /** `reference`: the channel's own id of what came of it, e.g. of a fulfillment. */
  | { readonly status: "told"; readonly reference: string | null }
  /** The channel had it already. */
  | { readonly status: "already"; readonly reference: string | null }
  /** The channel will not take it, however often it is told. `message` is for people. */
  | { readonly status: "refused"; readonly code: string; readonly message: string };

/** How many units of a listing may be sold now. */
export type StockLevel = {
  readonly channelSku: string;
  /** The channel's ids of the listing, as `readListings` gave them. */
  readonly listing: Readonly<Record<string, string>>;
  readonly quantity: number;
};

export type StockTold = {
  readonly channelSku: string;
  readonly outcome: Told;
};

/** Something that the channel offers for sale. */
export type Listing = {
  readonly channelSku: string;
  readonly title: string;
  readonly gtin: string | null;
  /** What the channel needs to speak of it: item, variant, location. */
  readonly ids: Readonly<Record<string, string>>;
  /** As the channel has it now; null: it does not count it. */
  readonly quantity: number | null;
};

export type ListingsPage = { readonly listings: readonly Listing[]; readonly next: PageToken | null };

/** An order in the channel's books, for reconciliation. */
export type OrderAtChannel = {
  readonly externalId: string;
  readonly state: "open" | "cancelled" | "complete";
  readonly total: Money;
  readonly refunded: Money;
  readonly lines: readonly (ToldLine & {
    readonly shipped: number;
    readonly cancelled: number;
  })[];
};

/** What may be asked of the channel at most. */
export type ChannelLimits = {
  /** Calls under way at once. */
  readonly concurrency: number;
  /** Calls a second over a long time, and how many may come at once before. */
  readonly perSecond: number;
  readonly burst: number;
  /** Stock levels that fit into one call. */
  readonly stockBatch: number;
  /**
   * At least so long lies between the beginnings of two reports of stock, milliseconds; a report is everything
   * that is due then, also in several calls. Absent: a figure is told as it changes.
   */
  readonly stockPauseMs?: number;
};

export interface ChannelConnection {
  readonly limits: ChannelLimits;
  /** What this channel can be told of an order; the rest is not asked of it. */
  readonly tells: ReadonlySet<OrderWordKind>;
  /**
   * Of a channel that is told of invoices: whether of this order. None is made of the others, and no number
   * used up. Absent: of every order.
   */
  wantsInvoice?(order: OrderToInvoice): boolean;
  /**
   * A call that changes nothing, to see whether the account works. `detail` names the account, or what is
   * wrong.
   */
  tryConnection(): Promise<{ readonly works: boolean; readonly detail: string }>;
  readOrders(asked: OrdersAsked): Promise<OrdersPage>;
  /**
   * Orders of the page before `next` that were not taken, for channels whose people see it only by our answer
   * (a file that is put aside). Called before the next page is asked for; absent: the channel is not told.
   */
  noteRefused?(next: PageToken | null, refusals: readonly OrderNotTaken[]): Promise<void>;
  /** One order as `read` takes it; null: the channel has none such. */
  readOrder(externalId: string): Promise<string | null>;
  /** The channel's own state of these, at most 50; what it does not have is left out. */
  readOrderStates(externalIds: readonly string[]): Promise<readonly OrderAtChannel[]>;
  tell(word: OrderWord): Promise<Told>;
  /** At most `limits.stockBatch`; each answered for itself. Figures are set, never added. */
  tellStock(levels: readonly StockLevel[], key: string): Promise<readonly StockTold[]>;
  readListings(page: PageToken | null): Promise<ListingsPage>;
  /**
   * The people of these orders were erased: what the connection itself keeps of them, in files that lie with
   * us, goes too. Repeating it changes nothing. Absent: it keeps nothing.
   */
  forgetOrders?(externalIds: readonly string[]): Promise<void>;
  /** Where the account has a queue that the channel writes to; absent: it has none. */
  readonly messages?: ChannelMessages;
  /** Where the account's vendor also keeps and sends goods for us; absent: it does not. */
  readonly fulfillment?: FulfillmentProvider;
}
