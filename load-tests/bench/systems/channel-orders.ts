/**
 * Orders as channels send them: the lines that the trace asks for, with a made-up shopper, in the format of
 * one of five channels, by their shares of a day. Every form that takes whole orders is given the same.
 */
import { pickChannel } from "../../../cli/simulated-day/day-plan.ts";
import { Random } from "../../../config/seeded-random.ts";
import type { PlannedOrder } from "../../../integrations/simulator-kit/planned-order.ts";
import { randomShopper } from "../../../integrations/simulator-kit/shopper.ts";
import type { OperationBatch } from "../operations.ts";
import { skuOf } from "./holdfast-stock.ts";

/** Positions that orders ask for: each needs a product in the catalog. */
export const ORDER_POSITIONS = 10_000;

export const MAX_ORDER_LINES = 5;

/** The channels that `servers/catalog.ts` makes, by id and kind. */
export const ORDER_CHANNELS: readonly (readonly [id: string, kind: string])[] = [
  ["shopify", "shopify"],
  ["amazon", "amazon"],
  ["walmart", "walmart"],
  ["woocommerce", "woocommerce"],
  ["web", "holdfast"],
];

const PRICE_MINOR = 1_000;
const WEIGHT_GRAMS = 100;
const SHIPPING_MINOR = 799;
const TAX_PERCENT = 7.25;

export type ChannelOrder = {
  readonly channel: string;
  readonly topic: string | null;
  readonly externalId: string;
  readonly payload: string;
  /** What was written in the channel's format. */
  readonly planned: PlannedOrder;
};

export class ChannelOrders {
  private readonly random: Random;
  /** Numbers of channels are drawn at random: none may come twice. */
  private readonly used = new Set<string>();
  private number = 0;

  /** @param seed another one for each client, or its orders are repeats of another's */
  constructor(seed: string) {
    this.random = new Random(seed);
  }

  /** The next order: its lines are the operations of the batch. */
  next(batch: OperationBatch): ChannelOrder {
    for (;;) {
      const order = this.write(batch);
      const key = `${order.channel} ${order.externalId}`;
      if (this.used.has(key)) continue;
      this.used.add(key);
      return order;
    }
  }

  private write(batch: OperationBatch): ChannelOrder {
    const { random } = this;
    this.number += 1;
    const [channel, writer] = pickChannel(random);
    const planned: PlannedOrder = {
      channel,
      number: this.number,
      placedAt: new Date(),
      shopper: randomShopper(random),
      lines: Array.from({ length: batch.length }, (_, index) => ({
        channelSku: skuOf(batch.position(index)),
        title: skuOf(batch.position(index)),
        quantity: batch.quantity(index),
        priceMinor: PRICE_MINOR,
        weightGrams: WEIGHT_GRAMS,
      })),
      shippingMinor: SHIPPING_MINOR,
      service: "standard",
      taxPercent: TAX_PERCENT,
    };
    const { externalId, payload, topic } = writer.write(planned, random);
    return { channel, topic, externalId, payload, planned };
  }
}
