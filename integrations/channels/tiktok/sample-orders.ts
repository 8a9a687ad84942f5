/** TikTok Shop's orders as its order detail answers them: a line item for each unit, moments in seconds. */
import { type ChannelWriter, decimal, totals } from "../../simulator-kit/planned-order.ts";

export const tiktokWriter: ChannelWriter = {
  write: (order, random) => {
    const id = `57${random.digits(16)}`;
    const { shopper } = order;
    const seconds = Math.floor(order.placedAt.getTime() / 1_000);
    const { goods, tax, total } = totals(order);
    const document = {
      id,
      status: "AWAITING_SHIPMENT",
      create_time: seconds,
      update_time: seconds,
      paid_time: seconds,
      buyer_email: `${random.digits(12)}@scs.tiktok.example`,
      user_id: `71${random.digits(16)}`,
      shipping_type: "SELLER",
      fulfillment_type: order.fulfilledByChannel === true ? "FULFILLMENT_BY_TIKTOK" : "FULFILLMENT_BY_SELLER",
      delivery_option_name: order.service === "expedited" ? "Express" : "Standard shipping",
      is_cod: false,
      is_on_hold_order: false,
      is_sample_order: false,
      payment: {
        currency: "USD",
        sub_total: decimal(goods),
        original_shipping_fee: decimal(order.shippingMinor),
        shipping_fee: decimal(order.shippingMinor),
        shipping_fee_seller_discount: "0",
        shipping_fee_platform_discount: "0",
        product_tax: decimal(tax),
        tax: decimal(tax),
        total_amount: decimal(total),
      },
      recipient_address: {
        name: `${shopper.firstName} ${shopper.lastName}`,
        phone_number: shopper.phone,
        address_line1: shopper.line1,
        address_line2: shopper.line2,
        postal_code: shopper.postalCode,
        region_code: "US",
        district_info: [
          { address_level: "L0", address_level_name: "Country", address_name: "United States" },
          { address_level: "L1", address_level_name: "State", address_name: shopper.regionName },
          { address_level: "L3", address_level_name: "City", address_name: shopper.city },
        ],
      },
      line_items: order.lines.flatMap((line) => {
        const sku = `17${random.digits(16)}`;
        const product = `17${random.digits(16)}`;
        return Array.from({ length: line.quantity }, () => ({
          id: `57${random.digits(16)}`,
          sku_id: sku,
          product_id: product,
          seller_sku: line.channelSku,
          product_name: line.title,
          sku_name: "Default",
          currency: "USD",
          original_price: decimal(line.priceMinor),
          sale_price: decimal(line.priceMinor),
          seller_discount: "0",
          platform_discount: "0",
          display_status: "AWAITING_SHIPMENT",
          tracking_number: "",
        }));
      }),
      packages: [],
    };
    return { externalId: id, payload: JSON.stringify(document), topic: null };
  },
};
