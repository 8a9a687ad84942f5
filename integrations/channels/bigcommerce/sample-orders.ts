/** BigCommerce's order of V2 with its linked lists in place, as the connection writes it. */
import {
  type ChannelWriter,
  decimal,
  type PlannedOrder,
  taxOf,
  totals,
} from "../../simulator-kit/planned-order.ts";

export const bigcommerceWriter: ChannelWriter = {
  write: (order, random) => {
    const id = Number(random.digits(8));
    const { goods, tax, total } = totals(order);
    const at = order.placedAt.toUTCString().replace("GMT", "+0000");
    const addressId = random.integer(1_000, 9_999_999);
    const document = {
      id,
      customer_id: random.integer(1, 99_999),
      date_created: at,
      date_modified: at,
      status_id: order.payment === "later" ? 7 : 11,
      status: order.payment === "later" ? "Awaiting Payment" : "Awaiting Fulfillment",
      subtotal_ex_tax: amount(goods),
      shipping_cost_ex_tax: amount(order.shippingMinor),
      shipping_cost_tax: amount(0),
      handling_cost_ex_tax: amount(0),
      handling_cost_tax: amount(0),
      wrapping_cost_ex_tax: amount(0),
      wrapping_cost_tax: amount(0),
      total_inc_tax: amount(total),
      total_tax: amount(tax),
      items_shipped: 0,
      payment_method: "Credit Card",
      payment_status: "captured",
      refunded_amount: amount(0),
      currency_code: "USD",
      default_currency_code: "USD",
      customer_message: "",
      discount_amount: amount(0),
      coupon_discount: amount(0),
      billing_address: address(order),
      products: order.lines.map((line) => ({
        id: random.integer(1_000, 9_999_999),
        order_id: id,
        product_id: random.integer(10, 99_999),
        order_pickup_method_id: order.collectedAt === undefined ? 0 : 1,
        order_address_id: addressId,
        name: line.title,
        sku: line.channelSku,
        type: line.kind === "digital" ? "digital" : "physical",
        total_ex_tax: amount(line.priceMinor * line.quantity),
        total_tax: amount(taxOf(order, line)),
        quantity: line.quantity,
        quantity_shipped: 0,
      })),
      shipping_addresses: [
        {
          id: addressId,
          ...address(order),
          shipping_method: order.service === "expedited" ? "Express" : "Flat Rate",
        },
      ],
    };
    return { externalId: String(id), payload: JSON.stringify(document), topic: null };
  },
  pay: ({ externalId, payload }) => ({
    externalId,
    payload: later(payload)
      .replace('"status_id":7', '"status_id":11')
      .replace('"status":"Awaiting Payment"', '"status":"Awaiting Fulfillment"'),
    topic: null,
  }),
  refund: ({ externalId, payload }, minor) => ({
    externalId,
    payload: later(payload).replace('"refunded_amount":"0.0000"', `"refunded_amount":"${amount(minor)}"`),
    topic: null,
  }),
};

/** Four decimals, as V2 writes them. */
function amount(minor: number): string {
  return `${decimal(minor)}00`;
}

/** The order as it is an hour later. */
function later(payload: string): string {
  return payload.replace(/"date_modified":"([^"]*)"/, (_, at: string) => {
    const text = new Date(Date.parse(at) + 3_600_000).toUTCString().replace("GMT", "+0000");
    return `"date_modified":"${text}"`;
  });
}

function address({ shopper }: PlannedOrder): Record<string, unknown> {
  return {
    first_name: shopper.firstName,
    last_name: shopper.lastName,
    company: "",
    street_1: shopper.line1,
    street_2: shopper.line2,
    city: shopper.city,
    state: shopper.regionName,
    zip: shopper.postalCode,
    country: "United States",
    country_iso2: "US",
    phone: shopper.phone,
    email: shopper.email,
  };
}
