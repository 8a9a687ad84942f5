/** WooCommerce's order resource (REST API v3) with its `order.created` and `order.deleted` webhooks. */
import {
  type ChannelWriter,
  decimal,
  type PlannedOrder,
  taxOf,
  totals,
} from "../../simulator-kit/planned-order.ts";

const TAX_RATE_ID = 75;

export const woocommerceWriter: ChannelWriter = {
  write: (order, random) => {
    const id = Number(random.digits(9));
    const { tax, total } = totals(order);
    const local = order.placedAt.toISOString().slice(0, 19);
    const paidAt = order.payment === undefined ? local : null;
    const document = {
      id,
      parent_id: 0,
      number: String(id),
      order_key: `wc_order_${random.digits(13)}`,
      created_via: "checkout",
      version: "9.3.3",
      status: order.payment === "later" ? "on-hold" : "processing",
      currency: "USD",
      date_created: local,
      date_created_gmt: local,
      date_modified: local,
      date_modified_gmt: local,
      discount_total: "0.00",
      discount_tax: "0.00",
      shipping_total: decimal(order.shippingMinor),
      shipping_tax: "0.00",
      cart_tax: decimal(tax),
      total: decimal(total),
      total_tax: decimal(tax),
      prices_include_tax: false,
      customer_id: random.integer(100, 99_999),
      customer_note: "",
      billing: { ...address(order), email: order.shopper.email, phone: order.shopper.phone },
      shipping: address(order),
      ...(order.payment === "on_delivery"
        ? { payment_method: "cod", payment_method_title: "Cash on delivery", transaction_id: "" }
        : {
            payment_method: "stripe",
            payment_method_title: "Card",
            transaction_id: `ch_${random.digits(16)}`,
          }),
      date_paid: paidAt,
      date_paid_gmt: paidAt,
      date_completed: null,
      cart_hash: random.digits(16),
      meta_data: [],
      line_items: order.lines.map((line) => ({
        id: random.integer(1_000, 9_999_999),
        name: line.title,
        product_id: random.integer(10, 99_999),
        variation_id: 0,
        quantity: line.quantity,
        tax_class: "",
        subtotal: decimal(line.priceMinor * line.quantity),
        subtotal_tax: decimal(taxOf(order, line)),
        total: decimal(line.priceMinor * line.quantity),
        total_tax: decimal(taxOf(order, line)),
        taxes: [
          { id: TAX_RATE_ID, total: decimal(taxOf(order, line)), subtotal: decimal(taxOf(order, line)) },
        ],
        meta_data: [],
        sku: line.channelSku,
        ...(line.kind === "digital" ? { virtual: true } : {}),
        price: line.priceMinor / 100,
      })),
      tax_lines: [
        {
          id: random.integer(1_000, 9_999_999),
          rate_code: `US-${order.shopper.region}-STATE TAX`,
          rate_id: TAX_RATE_ID,
          label: "State Tax",
          compound: false,
          tax_total: decimal(tax),
          shipping_tax_total: "0.00",
        },
      ],
      shipping_lines: [
        {
          id: random.integer(1_000, 9_999_999),
          ...(order.collectedAt === undefined
            ? {
                method_title: order.service === "expedited" ? "Express" : "Flat Rate",
                method_id: "flat_rate",
                meta_data: [],
              }
            : {
                method_title: "Local pickup",
                method_id: "pickup_location",
                meta_data: [{ id: 1, key: "pickup_location", value: order.collectedAt.name }],
              }),
          total: decimal(order.shippingMinor),
          total_tax: "0.00",
          taxes: [],
        },
      ],
      fee_lines: [],
      coupon_lines: [],
      refunds: [],
    };
    return { externalId: String(id), payload: JSON.stringify(document), topic: "order.created" };
  },
  cancel: ({ externalId }) => ({
    externalId,
    payload: JSON.stringify({ id: Number(externalId) }),
    topic: "order.deleted",
  }),
  pay: ({ externalId, payload }) => ({
    externalId,
    payload: modified(payload).replace('"status":"on-hold"', '"status":"processing"'),
    topic: "order.updated",
  }),
  refund: ({ externalId, payload }, minor) => ({
    externalId,
    payload: modified(payload).replace(
      '"refunds":[]',
      `"refunds":[{"id":${Number(externalId) + 1},"reason":"Price adjustment","total":"-${decimal(minor)}"}]`,
    ),
    topic: "order.updated",
  }),
};

/** The order as it is an hour later. */
function modified(payload: string): string {
  return payload.replace(/"date_modified_gmt":"([^"]*)"/, (_, at: string) => {
    const later = new Date(Date.parse(`${at}Z`) + 3_600_000).toISOString().slice(0, 19);
    return `"date_modified_gmt":"${later}"`;
  });
}

function address({ shopper }: PlannedOrder): Record<string, unknown> {
  return {
    first_name: shopper.firstName,
    last_name: shopper.lastName,
    company: "",
    address_1: shopper.line1,
    address_2: shopper.line2,
    city: shopper.city,
    state: shopper.region,
    postcode: shopper.postalCode,
    country: "US",
  };
}
