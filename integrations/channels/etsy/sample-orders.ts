/** Etsy's receipt with its transactions. */
import { type ChannelWriter, totals } from "../../simulator-kit/planned-order.ts";

export const etsyWriter: ChannelWriter = {
  write: (order, random) => {
    const id = Number(random.digits(10));
    const { goods, tax, total } = totals(order);
    const { shopper } = order;
    const at = Math.floor(order.placedAt.getTime() / 1_000);
    const isPaid = order.payment === undefined;
    const document = {
      receipt_id: id,
      buyer_user_id: random.integer(1_000, 99_999_999),
      buyer_email: shopper.email,
      name: `${shopper.firstName} ${shopper.lastName}`,
      first_line: shopper.line1,
      second_line: shopper.line2 === "" ? null : shopper.line2,
      city: shopper.city,
      state: shopper.region,
      zip: shopper.postalCode,
      country_iso: "US",
      status: isPaid ? "paid" : "open",
      is_paid: isPaid,
      is_shipped: false,
      payment_method: "cc",
      message_from_buyer: null,
      created_timestamp: at,
      updated_timestamp: at,
      is_gift: false,
      grandtotal: money(total),
      subtotal: money(goods),
      total_price: money(goods),
      total_shipping_cost: money(order.shippingMinor),
      total_tax_cost: money(tax),
      total_vat_cost: money(0),
      discount_amt: money(0),
      gift_wrap_price: money(0),
      shipments: [],
      transactions: order.lines.map((line) => ({
        transaction_id: Number(random.digits(10)),
        title: line.title,
        quantity: line.quantity,
        receipt_id: id,
        is_digital: line.kind === "digital",
        listing_id: Number(random.digits(10)),
        product_id: Number(random.digits(10)),
        sku: line.channelSku,
        price: money(line.priceMinor),
        variations: [],
        shipping_upgrade: order.service === "expedited" ? "Express" : null,
      })),
      refunds: [],
    };
    return { externalId: String(id), payload: JSON.stringify(document), topic: null };
  },
  pay: ({ externalId, payload }) => ({
    externalId,
    payload: later(payload)
      .replace('"status":"open"', '"status":"paid"')
      .replace('"is_paid":false', '"is_paid":true'),
    topic: null,
  }),
  refund: ({ externalId, payload }, minor) => ({
    externalId,
    payload: later(payload)
      .replace('"status":"paid"', '"status":"partially refunded"')
      .replace('"refunds":[]', `"refunds":[{"amount":${JSON.stringify(money(minor))},"status":"success"}]`),
    topic: null,
  }),
};

function money(minor: number): Record<string, unknown> {
  return { amount: minor, divisor: 100, currency_code: "USD" };
}

/** The receipt as it is an hour later. */
function later(payload: string): string {
  return payload.replace(/"updated_timestamp":(\d+)/, (_, at: string) => {
    return `"updated_timestamp":${Number(at) + 3_600}`;
  });
}
