/** Square's order with a fulfillment, and the SKU of each line, as the connection writes it. */
import { type ChannelWriter, taxOf, totals } from "../../simulator-kit/planned-order.ts";

export const squareWriter: ChannelWriter = {
  write: (order, random) => {
    const id = `CAIS${random.digits(18)}`;
    const { tax, total } = totals(order);
    const { shopper } = order;
    const at = order.placedAt.toISOString();
    const recipient = {
      display_name: `${shopper.firstName} ${shopper.lastName}`,
      email_address: shopper.email,
      phone_number: shopper.phone,
      address: {
        address_line_1: shopper.line1,
        address_line_2: shopper.line2,
        locality: shopper.city,
        administrative_district_level_1: shopper.region,
        postal_code: shopper.postalCode,
        country: "US",
      },
    };
    const document = {
      id,
      location_id: order.collectedAt?.locationId ?? "L1MAINSTREET",
      source: { name: "Square Online" },
      state: "OPEN",
      version: 1,
      created_at: at,
      updated_at: at,
      line_items: order.lines.map((line) => {
        const gross = line.priceMinor * line.quantity;
        return {
          uid: random.digits(16),
          name: line.title,
          quantity: String(line.quantity),
          catalog_object_id: random.digits(20),
          sku: line.channelSku,
          item_type: "ITEM",
          base_price_money: usd(line.priceMinor),
          gross_sales_money: usd(gross),
          total_tax_money: usd(taxOf(order, line)),
          total_discount_money: usd(0),
          total_money: usd(gross + taxOf(order, line)),
        };
      }),
      service_charges: [
        {
          name: "Shipping",
          amount_money: usd(order.shippingMinor),
          total_money: usd(order.shippingMinor),
          total_tax_money: usd(0),
        },
      ],
      fulfillments: [
        order.collectedAt === undefined
          ? {
              uid: random.digits(16),
              type: "SHIPMENT",
              state: "PROPOSED",
              shipment_details: {
                recipient,
                shipping_type: order.service === "expedited" ? "Express" : "Standard",
              },
            }
          : { uid: random.digits(16), type: "PICKUP", state: "PROPOSED", pickup_details: { recipient } },
      ],
      tenders: [{ id: random.digits(20), type: "CARD", amount_money: usd(total) }],
      total_money: usd(total),
      total_tax_money: usd(tax),
      total_tip_money: usd(0),
      net_amount_due_money: usd(order.payment === "later" ? total : 0),
    };
    return { externalId: id, payload: JSON.stringify(document), topic: null };
  },
  pay: ({ externalId, payload }) => ({
    externalId,
    payload: payload
      .replace(/"updated_at":"([^"]*)"/, (_, at: string) => {
        return `"updated_at":"${new Date(Date.parse(at) + 3_600_000).toISOString()}"`;
      })
      .replace(/"net_amount_due_money":\{"amount":\d+/, '"net_amount_due_money":{"amount":0'),
    topic: null,
  }),
};

function usd(amount: number): Record<string, unknown> {
  return { amount, currency: "USD" };
}
