/**
 * What is special about some of a day's orders, and how often it happens. An order has at most one story, so
 * that what goes wrong with it has one reason; the others are plain.
 *
 * Shares are those of a mid-size retailer. A day that is large enough has every story at least once.
 */
import type { Random } from "../../config/seeded-random.ts";

type StoryRule = {
  /** Of the orders of its channels. */
  readonly percent: number;
  /** Absent: every channel. */
  readonly channels?: readonly string[];
};

export const STORIES = {
  /** The channel says that the order is cancelled, or the customer calls and says so. */
  cancelled: { percent: 1.2 },
  /** A line's name is not in the catalog; by noon a person has mapped it. */
  unmapped: { percent: 0.6 },
  /** A kit is sold: counted as one, picked as its components. */
  kit: { percent: 1.5 },
  /** Captured unpaid, paid some time later. */
  paid_later: { percent: 12, channels: ["shopify", "woocommerce"] },
  cash_on_delivery: { percent: 5, channels: ["woocommerce", "web"] },
  /** Shipped from the marketplace's own warehouse. */
  by_marketplace: { percent: 14, channels: ["amazon", "walmart"] },
  collected: { percent: 5, channels: ["shopify", "woocommerce", "web"] },
  digital_only: { percent: 1.5, channels: ["shopify", "woocommerce", "web"] },
  digital_too: { percent: 2, channels: ["shopify", "woocommerce", "web"] },
  tip: { percent: 2, channels: ["shopify", "web"] },
  /** The customer calls, and service changes the order. */
  new_address: { percent: 1.5 },
  one_more: { percent: 0.6 },
  one_less: { percent: 0.8 },
  line_added: { percent: 0.6 },
  line_cancelled: { percent: 0.8 },
  /** Service looks at the order again before it leaves. */
  held_by_staff: { percent: 1 },
  /** The shop gives a part of the money back before anything is shipped. */
  refunded_at_channel: { percent: 2, channels: ["woocommerce"] },
  /** After delivery one thing of it is exchanged for the same again. */
  exchanged: { percent: 0.8 },
  /** Two units come back, the second one after the first is refunded. */
  late_piece: { percent: 0.8 },
} as const satisfies Readonly<Record<string, StoryRule>>;

export type Story = keyof typeof STORIES;

/** Below it, a day is too short for one of each. */
const ORDERS_FOR_ALL = 100;

/**
 * The story of each order, by its position; orders without one are plain.
 *
 * @param channels of the day's orders, in their order
 */
export function tellStories(channels: readonly string[], random: Random): ReadonlyMap<number, Story> {
  const told = new Map<number, Story>();
  const least = channels.length < ORDERS_FOR_ALL ? 0 : 1;
  for (const [story, rule] of Object.entries<StoryRule>(STORIES)) {
    const free = channels.flatMap((channel, index) =>
      !told.has(index) && (rule.channels?.includes(channel) ?? true) ? [index] : [],
    );
    const eligible = channels.filter((channel) => rule.channels?.includes(channel) ?? true).length;
    const wanted = Math.max(least, Math.round((eligible * rule.percent) / 100));
    for (let count = 0; count < wanted && free.length > 0; count += 1) {
      const [index] = free.splice(random.integer(0, free.length - 1), 1);
      if (index !== undefined) told.set(index, story as Story);
    }
  }
  return told;
}
