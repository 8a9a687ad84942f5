/** Our own format, as the company's web shop sends it. The money is charged by us, at shipment. */

import type { CanonicalOrder } from "../../../contract/canonical-order.ts";
import { type ChannelWriter, decimal, taxOf, totals } from "../../simulator-kit/planned-order.ts";

export const holdfastWriter: ChannelWriter = {
  write: (order, random) => {
    const { shopper } = order;
    const id = `W${random.digits(10)}`;
    const name = `${shopper.firstName} ${shopper.lastName}`;
    const document: CanonicalOrder = {
      id,
      number: id,
      placedAt: order.placedAt.toISOString(),
      currency: "USD",
      lines: order.lines.map((line, index) => ({
        id: String(index + 1),
        sku: line.channelSku,
        title: line.title,
        quantity: line.quantity,
        unitPrice: decimal(line.priceMinor),
        ...(line.kind === undefined ? {} : { kind: line.kind }),
        taxes: [{ name: `${shopper.region} sales tax`, amount: decimal(taxOf(order, line)) }],
      })),
      shippingPrice: decimal(order.shippingMinor),
      shippingService: order.service === "expedited" ? "Express" : "Standard",
      total: decimal(totals(order).total),
      shippingAddress: {
        name,
        line1: shopper.line1,
        ...(shopper.line2 === "" ? {} : { line2: shopper.line2 }),
        city: shopper.city,
        region: shopper.region,
        postalCode: shopper.postalCode,
        country: "US",
        phone: shopper.phone,
      },
      customer: { name, email: shopper.email, phone: shopper.phone },
      ...(order.collectedAt === undefined
        ? {}
        : { delivery: { method: "pickup", locationId: order.collectedAt.locationId } }),
      ...(order.payment === "on_delivery"
        ? { paymentBy: "on_delivery" }
        : { paymentBy: "merchant", paymentMethod: "pm_card_visa" }),
    };
    return { externalId: id, payload: JSON.stringify(document), topic: null };
  },
  cancel: ({ externalId }) => ({
    externalId,
    payload: JSON.stringify({ id: externalId, reason: "cancelled by the customer" }),
    topic: "order.cancelled",
  }),
};
