/**
 * An order of the simulated day before it is written in its channel's format. All amounts are in cents of a
 * US dollar.
 */
import type { Random } from "../../config/seeded-random.ts";
import type { Shopper } from "./shopper.ts";

export type PlannedLine = {
  /** As the channel calls it: our SKU, or a name of its own that has to be mapped. */
  readonly channelSku: string;
  readonly title: string;
  readonly quantity: number;
  readonly priceMinor: number;
  readonly weightGrams: number;
  /** Absent: goods, which are taxed and shipped. */
  readonly kind?: "digital" | "tip";
};

export type PlannedOrder = {
  readonly channel: string;
  /** Position in the day, from 1; channels derive their numbers from it. */
  readonly number: number;
  readonly placedAt: Date;
  readonly shopper: Shopper;
  readonly lines: readonly PlannedLine[];
  readonly shippingMinor: number;
  readonly service: "standard" | "expedited";
  /** State tax, part of the total and not of the prices. */
  readonly taxPercent: number;
  /** Absent: a parcel. Otherwise collected there; the place is named as the channel names it. */
  readonly collectedAt?: { readonly locationId: string; readonly name: string };
  /** The marketplace ships it from its own warehouse. */
  readonly fulfilledByChannel?: true;
  /** Absent: paid. `later`: a message says when; `on_delivery`: the courier takes the money. */
  readonly payment?: "later" | "on_delivery";
};

export type ChannelPayload = {
  /** The channel's own id of the order, by which Holdfast will know it. */
  readonly externalId: string;
  readonly payload: string;
  readonly topic: string | null;
};

/**
 * Writes a planned order as its channel would send it. Ids are drawn from `random`, so a seed repeats them.
 */
export type ChannelWriter = {
  write(order: PlannedOrder, random: Random): ChannelPayload;
  /** The channel's message that the customer has cancelled; absent where its API has none. */
  cancel?(written: ChannelPayload): ChannelPayload;
  /** That the order is paid now; absent where the channel sends paid orders only. */
  pay?(written: ChannelPayload): ChannelPayload;
  /** That the marketplace has shipped what it fulfils; absent where it has no warehouse of its own. */
  ship?(written: ChannelPayload): ChannelPayload;
  /** That the shop gave back a part of the money before anything was shipped. */
  refund?(written: ChannelPayload, minor: number): ChannelPayload;
};

export function taxOf(order: PlannedOrder, line: PlannedLine): number {
  if (line.kind === "tip") return 0;
  return Math.round((line.priceMinor * line.quantity * order.taxPercent) / 100);
}

export function totals(order: PlannedOrder): { goods: number; tax: number; total: number } {
  const goods = order.lines.reduce((sum, line) => sum + line.priceMinor * line.quantity, 0);
  const tax = order.lines.reduce((sum, line) => sum + taxOf(order, line), 0);
  return { goods, tax, total: goods + tax + order.shippingMinor };
}

/** Cents as decimal text. */
export function decimal(minor: number): string {
  return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, "0")}`;
}
