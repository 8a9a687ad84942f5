/** Magento's order of REST V1. */
import { type ChannelWriter, type PlannedOrder, taxOf, totals } from "../../simulator-kit/planned-order.ts";

export const magentoWriter: ChannelWriter = {
  write: (order, random) => {
    const id = Number(random.digits(8));
    const { goods, tax, total } = totals(order);
    const at = order.placedAt.toISOString().slice(0, 19).replace("T", " ");
    const state = order.payment === "later" ? "pending_payment" : "processing";
    const isDue = order.payment !== undefined;
    const document = {
      entity_id: id,
      increment_id: random.digits(9),
      state,
      status: state,
      created_at: at,
      updated_at: at,
      order_currency_code: "USD",
      base_currency_code: "USD",
      customer_email: order.shopper.email,
      customer_firstname: order.shopper.firstName,
      customer_lastname: order.shopper.lastName,
      base_grand_total: total / 100,
      grand_total: total / 100,
      subtotal: goods / 100,
      tax_amount: tax / 100,
      shipping_amount: order.shippingMinor / 100,
      shipping_tax_amount: 0,
      discount_amount: 0,
      total_due: isDue ? total / 100 : 0,
      total_refunded: 0,
      shipping_description: order.service === "expedited" ? "Express" : "Flat Rate - Fixed",
      billing_address: { ...address(order), address_type: "billing" },
      payment: { method: order.payment === "on_delivery" ? "cashondelivery" : "stripe_payments" },
      items: order.lines.map((line) => ({
        item_id: random.integer(1_000, 9_999_999),
        product_id: random.integer(10, 99_999),
        sku: line.channelSku,
        name: line.title,
        product_type: line.kind === "digital" ? "downloadable" : "simple",
        qty_ordered: line.quantity,
        qty_canceled: 0,
        qty_shipped: 0,
        price: line.priceMinor / 100,
        row_total: (line.priceMinor * line.quantity) / 100,
        tax_amount: taxOf(order, line) / 100,
        discount_amount: 0,
      })),
      extension_attributes: {
        shipping_assignments: [
          {
            shipping: {
              address: { ...address(order), address_type: "shipping" },
              method: order.collectedAt === undefined ? "flatrate_flatrate" : "instore_pickup",
            },
            items: [],
          },
        ],
      },
    };
    return { externalId: String(id), payload: JSON.stringify(document), topic: null };
  },
  pay: ({ externalId, payload }) => ({
    externalId,
    payload: later(payload)
      .replaceAll('"pending_payment"', '"processing"')
      .replace(/"total_due":[\d.]+/, '"total_due":0'),
    topic: null,
  }),
  refund: ({ externalId, payload }, minor) => ({
    externalId,
    payload: later(payload).replace('"total_refunded":0', `"total_refunded":${minor / 100}`),
    topic: null,
  }),
};

/** The order as it is an hour later. */
function later(payload: string): string {
  return payload.replace(/"updated_at":"([^"]*)"/, (_, at: string) => {
    const text = new Date(Date.parse(`${at.replace(" ", "T")}Z`) + 3_600_000).toISOString();
    return `"updated_at":"${text.slice(0, 19).replace("T", " ")}"`;
  });
}

function address({ shopper }: PlannedOrder): Record<string, unknown> {
  return {
    firstname: shopper.firstName,
    lastname: shopper.lastName,
    street: [shopper.line1, ...(shopper.line2 === "" ? [] : [shopper.line2])],
    city: shopper.city,
    region_code: shopper.region,
    postcode: shopper.postalCode,
    country_id: "US",
    telephone: shopper.phone,
    email: shopper.email,
  };
}
