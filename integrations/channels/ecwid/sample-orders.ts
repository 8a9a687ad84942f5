/** Ecwid's order, with the store's currency as the connection adds it. */
import { type ChannelWriter, taxOf, totals } from "../../simulator-kit/planned-order.ts";

export const ecwidWriter: ChannelWriter = {
  write: (order, random) => {
    const id = Number(random.digits(8));
    const { goods, tax, total } = totals(order);
    const at = Math.floor(order.placedAt.getTime() / 1_000);
    const { shopper } = order;
    const person = {
      name: `${shopper.firstName} ${shopper.lastName}`,
      street: [shopper.line1, shopper.line2].filter((line) => line !== "").join("\n"),
      city: shopper.city,
      countryCode: "US",
      countryName: "United States",
      postalCode: shopper.postalCode,
      stateOrProvinceCode: shopper.region,
      stateOrProvinceName: shopper.regionName,
      phone: shopper.phone,
    };
    const document = {
      id: random.digits(5),
      orderNumber: id,
      vendorOrderNumber: String(id),
      currency: "USD",
      subtotal: goods / 100,
      total: total / 100,
      tax: tax / 100,
      email: shopper.email,
      paymentMethod: "Card",
      paymentStatus: order.payment === undefined ? "PAID" : "AWAITING_PAYMENT",
      fulfillmentStatus: "AWAITING_PROCESSING",
      createTimestamp: at,
      updateTimestamp: at,
      couponDiscount: 0,
      discount: 0,
      items: order.lines.map((line) => ({
        id: Number(random.digits(9)),
        productId: Number(random.digits(8)),
        name: line.title,
        sku: line.channelSku,
        quantity: line.quantity,
        price: line.priceMinor / 100,
        tax: taxOf(order, line) / 100,
        isShippingRequired: line.kind !== "digital",
        taxes: [
          {
            name: "State tax",
            value: order.taxPercent,
            total: taxOf(order, line) / 100,
            taxOnDiscountedSubtotal: taxOf(order, line) / 100,
            taxOnShipping: 0,
            includeInPrice: false,
          },
        ],
      })),
      billingPerson: person,
      shippingPerson: person,
      shippingOption: {
        shippingMethodName: order.service,
        shippingRate: order.shippingMinor / 100,
        isPickup: false,
      },
      extraFields: {},
    };
    return { externalId: String(id), payload: JSON.stringify(document), topic: null };
  },
};
