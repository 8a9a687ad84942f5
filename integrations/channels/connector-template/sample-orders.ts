/** Cornershop's order document, of which the sandbox, demonstrations and tests are made. */
import { type ChannelWriter, decimal, taxOf, totals } from "../../simulator-kit/planned-order.ts";

export const cornershopWriter: ChannelWriter = {
  write: (order, random) => {
    const id = random.digits(9);
    const { shopper } = order;
    // Fill in: an order as the vendor writes one that nothing has happened to yet.
    const document = {
      id,
      number: `C${id}`,
      status: "open",
      is_paid: order.payment === undefined,
      placed_at: order.placedAt.toISOString(),
      changed_at: order.placedAt.toISOString(),
      currency: "USD",
      customer: { name: `${shopper.firstName} ${shopper.lastName}`, email: shopper.email },
      ship_to: {
        name: `${shopper.firstName} ${shopper.lastName}`,
        line1: shopper.line1,
        line2: shopper.line2,
        city: shopper.city,
        region: shopper.region,
        postal_code: shopper.postalCode,
        country: "US",
        phone: shopper.phone,
      },
      shipping_method: order.service,
      shipping: decimal(order.shippingMinor),
      discount: "0.00",
      total: decimal(totals(order).total),
      lines: order.lines.map((line) => ({
        id: random.digits(9),
        product_id: random.digits(6),
        sku: line.channelSku,
        title: line.title,
        quantity: line.quantity,
        price: decimal(line.priceMinor),
        tax: decimal(taxOf(order, line)),
      })),
      refunds: [],
    };
    return { externalId: id, payload: JSON.stringify(document), topic: "order.placed" };
  },
};
