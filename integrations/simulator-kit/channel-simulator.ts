/**
 * What the simulator of a sales channel's API offers beside the wire format: a shop where people buy, and its
 * books, which an audit compares with ours.
 *
 * Each simulator is an HTTP server of its own on loopback, with the vendor's pages, rate limits, expiring
 * tokens and errors. What goes wrong on top of that is drawn from `faults`, which every vendor shares.
 */
import type { Logger } from "pino";
import type { OrderAtChannel } from "../../ports/channel-connection.ts";
import type { SimulatedReply, SimulatedRequest } from "./exchange.ts";
import type { ServerFaults } from "./faults.ts";
import type { PlannedOrder } from "./planned-order.ts";

export type ChannelSimulatorOptions = {
  /** Where webhooks go; null: it sends none. */
  readonly webhookUrl: string | null;
  readonly webhookSecret: string;
  /** Milliseconds of the Unix epoch; its orders' times, and when tokens expire. */
  readonly now: () => number;
  readonly logger: Logger;
  /** A file in which its books are kept over restarts. Absent: they are not. */
  readonly keptIn?: string;
  /** Is told of each call as it was answered, whatever became of the answer on its way. */
  readonly onExchange?: (request: SimulatedRequest, reply: SimulatedReply) => void;
};

export type SimulatedListing = {
  readonly channelSku: string;
  readonly title: string;
  readonly gtin: string | null;
  readonly quantity: number;
};

/** What a shopper's bank asks, or takes back, of a payment that the channel took. */
export type SimulatedDispute = {
  /** The channel's number of it. */
  readonly id: string;
  /** In the vendor's words, small, e.g. `chargeback`. */
  readonly kind: string;
  /** In the vendor's words, small, e.g. `under_review`. */
  readonly status: string;
};

export interface ChannelSimulator {
  readonly url: string;
  /** Values of the vendor's variables that reach it. */
  readonly account: Readonly<Record<string, string>>;
  readonly faults: ServerFaults;
  /** Puts something on sale, or changes what is. */
  list(listing: SimulatedListing): void;
  /**
   * Somebody buys. A channel sells only what it believes to have.
   *
   * @returns the channel's id of the order; null: it says that it is sold out
   */
  place(order: PlannedOrder): string | null;
  /** The shopper cancels at the channel; false: too late there. */
  cancel(externalId: string): boolean;
  /** Somebody changes the quantity of a line at the channel; 0: takes it off. False: not possible there. */
  edit(externalId: string, line: number, quantity: number): boolean;
  /** Staff of the shop give money back there. False: not possible there. */
  refund(externalId: string, minor: number): boolean;
  /**
   * The shopper's bank disputes the payment, or goes on with a dispute of that number. False: there is no
   * such order. Absent: the vendor's orders show no disputes of this kind.
   */
  dispute?(externalId: string, dispute: SimulatedDispute): boolean;
  /** All orders, as the channel has them. */
  books(): readonly OrderAtChannel[];
  /** What may be sold of each listing, as the channel believes. */
  levels(): ReadonlyMap<string, number>;
  /** Tokens that were given out are worth nothing from now on. */
  expireTokens(): void;
  close(): Promise<void>;
}

export type ChannelSimulatorKind = {
  start(options: ChannelSimulatorOptions): Promise<ChannelSimulator>;
};
