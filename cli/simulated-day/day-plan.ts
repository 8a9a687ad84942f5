/**
 * Plans a day of a mid-size retailer: who orders what, through which channel, and what goes wrong: payloads
 * that are sent twice, SKUs that are not mapped yet, customers who change their mind. A pure function of its
 * seed and the catalog.
 */

import { Random, zipf } from "../../config/seeded-random.ts";
import { amazonWriter } from "../../integrations/channels/amazon/sample-orders.ts";
import { holdfastWriter } from "../../integrations/channels/holdfast/sample-orders.ts";
import { shopifyWriter } from "../../integrations/channels/shopify/sample-orders.ts";
import { walmartWriter } from "../../integrations/channels/walmart/sample-orders.ts";
import { woocommerceWriter } from "../../integrations/channels/woocommerce/sample-orders.ts";
import type {
  ChannelPayload,
  ChannelWriter,
  PlannedLine,
  PlannedOrder,
} from "../../integrations/simulator-kit/planned-order.ts";
import { randomShopper } from "../../integrations/simulator-kit/shopper.ts";
import type { SandboxProduct } from "../sandbox/catalog.ts";

type DayOptions = {
  readonly orders: number;
  readonly seed: string;
  readonly startsAt: Date;
};

export type PlannedSending = {
  readonly channel: string;
  readonly order: ChannelPayload;
  /** The channel sends it twice, as channels do. */
  readonly sentTwice: boolean;
  /**
   * The customer cancels soon after: by the channel's own message or, where the channel has none, by customer
   * service.
   */
  readonly cancellation:
    | { readonly by: "channel"; readonly message: ChannelPayload }
    | { readonly by: "service" }
    | null;
};

export type DayPlan = {
  readonly sendings: readonly PlannedSending[];
  /** Channel SKUs that the catalog does not know, with the SKUs that they stand for. */
  readonly mappings: readonly {
    readonly channel: string;
    readonly channelSku: string;
    readonly sku: string;
  }[];
  /** Units that the day asks for, by SKU. */
  readonly demand: ReadonlyMap<string, number>;
};

/** Shares of the day's orders, in percent. */
const CHANNELS: readonly (readonly [channel: string, writer: ChannelWriter, share: number])[] = [
  ["shopify", shopifyWriter, 38],
  ["amazon", amazonWriter, 24],
  ["web", holdfastWriter, 16],
  ["walmart", walmartWriter, 12],
  ["woocommerce", woocommerceWriter, 10],
];

const SENT_TWICE = 0.02;
const CANCELLED = 0.012;
const UNMAPPED = 0.006;
const EXPEDITED = 0.12;
/** Exponent of Zipf's law over the catalog: the best seller makes some 6 % of the units. */
const POPULARITY = 0.8;
/** People rarely buy two cool boxes at once, and this day is not about parcels that no carrier takes. */
const BULKY_GRAMS = 4_000;
const DAY_MS = 24 * 3_600_000;

export function planDay(catalog: readonly SandboxProduct[], options: DayOptions): DayPlan {
  const random = new Random(options.seed);
  const products = shuffled(catalog, random);
  const draw = zipf(random, products.length, POPULARITY);
  const tag = random.digits(5);
  const aliases = aliasesOf(products, tag, random);
  const usedAliases = new Map<string, (typeof aliases)[number]>();
  const demand = new Map<string, number>();
  const sendings: PlannedSending[] = [];
  for (let number = 1; number <= options.orders; number += 1) {
    const [channel, writer] = pickChannel(random);
    const lines = new Map<string, PlannedLine>();
    const wanted = lineCount(random);
    const alias = random.chance(UNMAPPED) ? aliases.find((one) => one.channel === channel) : undefined;
    while (lines.size < wanted) {
      const product = alias !== undefined && lines.size === 0 ? alias.product : products[draw()];
      if (product === undefined || lines.has(product.sku)) continue;
      const isBulky = product.weightGrams > BULKY_GRAMS;
      if (isBulky && [...lines.values()].some((line) => line.weightGrams > BULKY_GRAMS)) continue;
      const quantity = isBulky || random.chance(0.82) ? 1 : random.integer(2, 4);
      const isAlias = alias !== undefined && lines.size === 0;
      if (isAlias) usedAliases.set(alias.channelSku, alias);
      lines.set(product.sku, {
        channelSku: isAlias ? alias.channelSku : product.sku,
        title: product.name,
        quantity,
        priceMinor: product.priceMinor,
        weightGrams: product.weightGrams,
      });
      demand.set(product.sku, (demand.get(product.sku) ?? 0) + quantity);
    }
    const planned: PlannedOrder = {
      channel,
      number,
      placedAt: new Date(options.startsAt.getTime() + Math.floor((number / options.orders) * DAY_MS)),
      shopper: randomShopper(random),
      lines: [...lines.values()],
      shippingMinor: random.chance(0.4) ? 0 : 799,
      service: random.chance(EXPEDITED) ? "expedited" : "standard",
      taxPercent: random.pick([0, 5.5, 6.25, 7.25, 8.875]),
    };
    const order = writer.write(planned, random);
    const cancels = random.chance(CANCELLED);
    const message = cancels ? writer.cancel?.(order) : undefined;
    sendings.push({
      channel,
      order,
      sentTwice: random.chance(SENT_TWICE),
      cancellation: !cancels ? null : message === undefined ? { by: "service" } : { by: "channel", message },
    });
  }
  return {
    sendings,
    mappings: [...usedAliases.values()].map(({ channel, channelSku, product }) => ({
      channel,
      channelSku,
      sku: product.sku,
    })),
    demand,
  };
}

/** For each channel one name that our catalog does not know. */
function aliasesOf(
  products: readonly SandboxProduct[],
  tag: string,
  random: Random,
): readonly { channel: string; channelSku: string; product: SandboxProduct }[] {
  return CHANNELS.map(([channel]) => {
    const product = random.pick(products.filter((one) => one.source === "fulfillment_centers"));
    return { channel, channelSku: `${channel.slice(0, 3).toUpperCase()}-LISTING-${tag}`, product };
  });
}

function pickChannel(random: Random): readonly [string, ChannelWriter] {
  let point = random.integer(1, 100);
  for (const [channel, writer, share] of CHANNELS) {
    point -= share;
    if (point <= 0) return [channel, writer];
  }
  throw new Error("the channels' shares do not add up to 100");
}

/** 1 to 5 lines, most often one. */
function lineCount(random: Random): number {
  const point = random.next();
  return point < 0.55 ? 1 : point < 0.8 ? 2 : point < 0.92 ? 3 : point < 0.98 ? 4 : 5;
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const copy = [...items];
  for (let index = copy.length - 1; index > 0; index -= 1) {
    const other = random.integer(0, index);
    const [a, b] = [copy[index], copy[other]];
    if (a !== undefined && b !== undefined) [copy[index], copy[other]] = [b, a];
  }
  return copy;
}
