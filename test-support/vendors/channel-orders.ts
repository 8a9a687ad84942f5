/** What tests of channel adapters do with a payload: read its one order, and capture that. */
import { planCapture } from "../../orders/capture.ts";
import type { IncomingOrder } from "../../orders/incoming-order.ts";
import { chargeableMinor, type Money } from "../../orders/money.ts";
import type { OrderDocument } from "../../orders/order.ts";
import { sumsOf } from "../../orders/order-amounts.ts";
import type { ChannelAdapter } from "../../ports/channels.ts";

/** What was given back of it may stand beside it. */
export function onlyOrder(
  adapter: ChannelAdapter,
  payload: unknown,
  topic: string | null = null,
): IncomingOrder {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const readings = adapter.read(text, topic).filter(({ kind }) => kind !== "refund");
  const [reading] = readings;
  if (reading?.kind !== "order" || readings.length !== 1) {
    throw new Error(`not one order but ${JSON.stringify(readings)}`);
  }
  return reading.order;
}

/** The order as it is stored, with every SKU in the catalog. */
export function captured(incoming: IncomingOrder): {
  readonly document: OrderDocument;
  readonly holds: readonly string[];
} {
  const plan = planCapture(incoming, {
    orderId: "o-1",
    companyId: "c-1",
    channelId: "channel-1",
    capturedAtMs: Date.UTC(2026, 10, 28),
    skuOf: (channelSku) => channelSku,
    isWish: false,
    chargedBy: "order",
  });
  if (plan.status === "refused") throw new Error(`refused: ${plan.code}: ${plan.detail}`);
  return { document: plan.document, holds: plan.holdReasons.map((reason) => reason.code) };
}

/** What the order's parts come to, and its total, in minor units. */
export function sumAndTotal(incoming: IncomingOrder): readonly [number, number] {
  const { document } = captured(incoming);
  const { exponent, sum, total } = sumsOf(document);
  const minor = (amount: number): Money => ({ minor: amount, currency: document.currency, exponent });
  // Less than half a unit below zero is rounded to -0, which is 0.
  return [chargeableMinor(minor(sum)) + 0, chargeableMinor(minor(total)) + 0];
}
