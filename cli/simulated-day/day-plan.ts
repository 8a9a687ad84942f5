/**
 * Plans a day of a mid-size retailer: who orders what, through which channel, and what is special about some
 * of the orders (`stories.ts`). A pure function of its seed and the catalog.
 */

import { Random, zipf } from "../../config/seeded-random.ts";
import type { OrderEditBody } from "../../contract/order-changes.ts";
import { amazonWriter } from "../../integrations/channels/amazon/sample-orders.ts";
import { holdfastWriter } from "../../integrations/channels/holdfast/sample-orders.ts";
import { shopifyWriter } from "../../integrations/channels/shopify/sample-orders.ts";
import { walmartWriter } from "../../integrations/channels/walmart/sample-orders.ts";
import { woocommerceWriter } from "../../integrations/channels/woocommerce/sample-orders.ts";
import {
  type ChannelPayload,
  type ChannelWriter,
  decimal,
  type PlannedLine,
  type PlannedOrder,
  totals,
} from "../../integrations/simulator-kit/planned-order.ts";
import { randomShopper } from "../../integrations/simulator-kit/shopper.ts";
import type { SandboxProduct } from "../sandbox/catalog.ts";
import { SANDBOX_LOCATIONS } from "../sandbox/company.ts";
import { SANDBOX_KITS } from "../sandbox/kits.ts";
import { type Story, tellStories } from "./stories.ts";

type DayOptions = {
  readonly orders: number;
  readonly seed: string;
  readonly startsAt: Date;
};

export type PlannedSending = {
  readonly channel: string;
  readonly order: ChannelPayload;
  /** What was written in the channel's format. */
  readonly planned: PlannedOrder;
  /** The channel sends it twice, as channels do. */
  readonly sentTwice: boolean;
  /** `null`: nothing is special about it. */
  readonly story: Story | null;
  /** What service changes of it at the customer's wish. */
  readonly edits: readonly OrderEditBody[];
  /** What the channel says of the order some time later; `null` where it says no more. */
  readonly later: ChannelPayload | null;
  /** What the customer pays, in cents. */
  readonly totalMinor: number;
};

export type DayPlan = {
  readonly sendings: readonly PlannedSending[];
  /** Channel SKUs that the catalog does not know, with the SKUs that they stand for. */
  readonly mappings: readonly {
    readonly channel: string;
    readonly channelSku: string;
    readonly sku: string;
  }[];
  /** Units that the day asks for, by SKU, of kits their components; anywhere, and where it is collected. */
  readonly demand: ReadonlyMap<string, number>;
  readonly demandAtStore: ReadonlyMap<string, number>;
};

/** Shares of the day's orders, in percent. */
const CHANNELS: readonly (readonly [channel: string, writer: ChannelWriter, share: number])[] = [
  ["shopify", shopifyWriter, 38],
  ["amazon", amazonWriter, 24],
  ["web", holdfastWriter, 16],
  ["walmart", walmartWriter, 12],
  ["woocommerce", woocommerceWriter, 10],
];

/** Where customers collect what they ordered. */
const STORE = storeOf(SANDBOX_LOCATIONS);

const SENT_TWICE = 0.02;
const EXPEDITED = 0.12;
/** Exponent of Zipf's law over the catalog: the best seller makes some 6 % of the units. */
const POPULARITY = 0.8;
/** People rarely buy two cool boxes at once, and this day is not about parcels that no carrier takes. */
const BULKY_GRAMS = 4_000;
const DAY_MS = 24 * 3_600_000;
const DIGITAL: PlannedLine = {
  channelSku: "GUIDE-PDF",
  title: "Route guide to download",
  quantity: 1,
  priceMinor: 1_499,
  weightGrams: 0,
  kind: "digital",
};
const TIP = { channelSku: "TIP", title: "Tip", quantity: 1, weightGrams: 0, kind: "tip" } as const;
/** What the shop gives back before shipping: less than any line costs. */
const REFUNDED_MINOR = 250;

export function planDay(catalog: readonly SandboxProduct[], options: DayOptions): DayPlan {
  const random = new Random(options.seed);
  const products = shuffled(catalog, random);
  const aliases = aliasesOf(products, random.digits(5), random);
  const writers = Array.from({ length: options.orders }, () => pickChannel(random));
  const stories = tellStories(
    writers.map(([channel]) => channel),
    random.fork(),
  );
  const basket = basketFiller(products, random);
  const usedAliases = new Map<string, (typeof aliases)[number]>();
  const demand = new Map<string, number>();
  const demandAtStore = new Map<string, number>();
  const sendings = writers.map(([channel, writer], index): PlannedSending => {
    const story = stories.get(index) ?? null;
    const alias = story === "unmapped" ? aliases.find((one) => one.channel === channel) : undefined;
    if (alias !== undefined) usedAliases.set(alias.channelSku, alias);
    const lines = linesOf(story, basket, alias, random);
    const extra = extraOf(story, lines, products);
    if (story !== "by_marketplace") {
      for (const [sku, units] of unitsOf(extra === null ? lines : [...lines, extra], alias)) {
        const place = story === "collected" ? demandAtStore : demand;
        place.set(sku, (place.get(sku) ?? 0) + units);
      }
    }
    const planned: PlannedOrder = {
      channel,
      number: index + 1,
      placedAt: new Date(options.startsAt.getTime() + Math.floor(((index + 1) / options.orders) * DAY_MS)),
      shopper: randomShopper(random),
      lines,
      shippingMinor: story === "digital_only" || story === "collected" || random.chance(0.4) ? 0 : 799,
      service: random.chance(EXPEDITED) ? "expedited" : "standard",
      taxPercent: random.pick([0, 5.5, 6.25, 7.25, 8.875]),
      ...meaningOf(story),
    };
    const order = writer.write(planned, random);
    return {
      channel,
      order,
      planned,
      sentTwice: random.chance(SENT_TWICE),
      story,
      edits: editsOf(story, planned, extra, random),
      later: laterMessage(story, writer, order),
      totalMinor: totals(planned).total,
    };
  });
  return {
    sendings,
    mappings: [...usedAliases.values()].map(({ channel, channelSku, product }) => ({
      channel,
      channelSku,
      sku: product.sku,
    })),
    demand,
    demandAtStore,
  };
}

function meaningOf(
  story: Story | null,
): Pick<PlannedOrder, "collectedAt" | "fulfilledByChannel" | "payment"> {
  switch (story) {
    case "collected":
      return { collectedAt: { locationId: STORE.locationId, name: STORE.name } };
    case "by_marketplace":
      return { fulfilledByChannel: true };
    case "paid_later":
      return { payment: "later" };
    case "cash_on_delivery":
      return { payment: "on_delivery" };
    default:
      return {};
  }
}

/** What the customer wants beside what they ordered: another unit of it, or something else. */
function extraOf(
  story: Story | null,
  lines: readonly PlannedLine[],
  products: readonly SandboxProduct[],
): PlannedLine | null {
  const [first] = lines;
  if (story === "one_more" && first !== undefined) return { ...first, quantity: 1 };
  if (story !== "line_added") return null;
  const other = products.find(
    ({ sku, weightGrams, source }) =>
      weightGrams < BULKY_GRAMS &&
      source === "fulfillment_centers" &&
      lines.every((line) => line.channelSku !== sku),
  );
  return other === undefined ? null : lineOf(other, 1);
}

/** Lines are numbered from 1, in the channel's order. */
function editsOf(
  story: Story | null,
  { lines }: PlannedOrder,
  extra: PlannedLine | null,
  random: Random,
): readonly OrderEditBody[] {
  const ordered = lines[0]?.quantity ?? 0;
  switch (story) {
    case "new_address": {
      const { firstName, lastName, line1, line2, city, region, postalCode } = randomShopper(random);
      const name = `${firstName} ${lastName}`;
      const more = line2 === "" ? {} : { line2 };
      const address = { name, line1, ...more, city, region, postalCode, country: "US" };
      return [{ kind: "address", address }];
    }
    case "one_more":
      return [{ kind: "quantity", lineId: "1", quantity: ordered + 1 }];
    case "one_less":
      return [{ kind: "quantity", lineId: "1", quantity: ordered - 1 }];
    case "line_cancelled":
      return [{ kind: "cancel_line", lineId: "2" }];
    case "line_added":
      return extra === null
        ? []
        : [
            {
              kind: "add_line",
              sku: extra.channelSku,
              title: extra.title,
              quantity: extra.quantity,
              unitPrice: decimal(extra.priceMinor),
            },
          ];
    default:
      return [];
  }
}

/** Where a channel has no message for it, customer service does it. */
function laterMessage(
  story: Story | null,
  writer: ChannelWriter,
  order: ChannelPayload,
): ChannelPayload | null {
  switch (story) {
    case "cancelled":
      return writer.cancel?.(order) ?? null;
    case "paid_later":
      return writer.pay?.(order) ?? null;
    case "by_marketplace":
      return writer.ship?.(order) ?? null;
    case "refunded_at_channel":
      return writer.refund?.(order, REFUNDED_MINOR) ?? null;
    default:
      return null;
  }
}

type Alias = { readonly channel: string; readonly channelSku: string; readonly product: SandboxProduct };

function linesOf(
  story: Story | null,
  basket: (first: SandboxProduct | undefined, isCollected: boolean) => readonly PlannedLine[],
  alias: Alias | undefined,
  random: Random,
): readonly PlannedLine[] {
  const kit = random.pick(SANDBOX_KITS).product;
  switch (story) {
    case "digital_only":
      return [DIGITAL];
    case "digital_too":
      return [...basket(undefined, false), DIGITAL];
    case "tip":
      return [...basket(undefined, false), { ...TIP, priceMinor: random.integer(1, 20) * 100 }];
    case "one_less":
    case "late_piece":
      return basket(undefined, false).map((line, index) =>
        index === 0 ? { ...line, quantity: Math.max(2, line.quantity) } : line,
      );
    case "line_cancelled":
      return twoOrMore(() => basket(undefined, false));
    case "kit":
      return [lineOf(kit, 1), ...(random.chance(0.5) ? basket(undefined, false) : [])];
    default: {
      const lines = basket(alias?.product, story === "collected");
      return lines.map((line) =>
        line.channelSku === alias?.product.sku ? { ...line, channelSku: alias.channelSku } : line,
      );
    }
  }
}

function twoOrMore(basket: () => readonly PlannedLine[]): readonly PlannedLine[] {
  for (;;) {
    const lines = basket();
    if (lines.length > 1) return lines;
  }
}

function lineOf(
  product: Pick<SandboxProduct, "sku" | "name" | "priceMinor" | "weightGrams">,
  quantity: number,
): PlannedLine {
  return {
    channelSku: product.sku,
    title: product.name,
    quantity,
    priceMinor: product.priceMinor,
    weightGrams: product.weightGrams,
  };
}

/** Fills baskets with 1 to 5 products, best sellers more often than others. */
function basketFiller(products: readonly SandboxProduct[], random: Random) {
  const draw = zipf(random, products.length, POPULARITY);
  return (first: SandboxProduct | undefined, isCollected: boolean): readonly PlannedLine[] => {
    const lines = new Map<string, PlannedLine>();
    const wanted = lineCount(random);
    while (lines.size < wanted) {
      const product = lines.size === 0 && first !== undefined ? first : products[draw()];
      if (product === undefined || lines.has(product.sku)) continue;
      if (isCollected && product.source === "supplier") continue;
      const isBulky = product.weightGrams > BULKY_GRAMS;
      if (isBulky && [...lines.values()].some((line) => line.weightGrams > BULKY_GRAMS)) continue;
      const quantity = isBulky || random.chance(0.82) ? 1 : random.integer(2, 4);
      lines.set(product.sku, lineOf(product, quantity));
    }
    return [...lines.values()];
  };
}

/** Units of stock that the lines ask for. */
function* unitsOf(
  lines: readonly PlannedLine[],
  alias: Alias | undefined,
): Generator<readonly [sku: string, units: number]> {
  for (const line of lines) {
    if (line.kind !== undefined) continue;
    const sku = line.channelSku === alias?.channelSku ? alias.product.sku : line.channelSku;
    const kit = SANDBOX_KITS.find((each) => each.sku === sku);
    if (kit === undefined) yield [sku, line.quantity];
    else for (const part of kit.components) yield [part.sku, part.quantity * line.quantity];
  }
}

/** For each channel one name that our catalog does not know. */
function aliasesOf(products: readonly SandboxProduct[], tag: string, random: Random): readonly Alias[] {
  return CHANNELS.map(([channel]) => {
    const product = random.pick(products.filter((one) => one.source === "fulfillment_centers"));
    return { channel, channelSku: `${channel.slice(0, 3).toUpperCase()}-LISTING-${tag}`, product };
  });
}

function storeOf(locations: typeof SANDBOX_LOCATIONS): (typeof SANDBOX_LOCATIONS)[number] {
  const store = locations.find((location) => location.kind === "store");
  if (store === undefined) throw new Error("the sandbox has no store");
  return store;
}

/** A channel by its share of a day's orders, and who writes them in its format. */
export function pickChannel(random: Random): readonly [string, ChannelWriter] {
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
