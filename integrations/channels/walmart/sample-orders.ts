/**
 * Walmart Marketplace's orders (v3): amounts are JSON numbers, quantities are text, a line's charge is for
 * the whole line.
 */
import {
  type ChannelWriter,
  type PlannedLine,
  type PlannedOrder,
  taxOf,
} from "../../simulator-kit/planned-order.ts";

export const walmartWriter: ChannelWriter = {
  write: (order, random) => {
    const purchaseOrderId = random.digits(13);
    const { shopper } = order;
    const placed = order.placedAt.getTime();
    const document = {
      order: {
        purchaseOrderId,
        customerOrderId: random.digits(15),
        customerEmailId: `${random.digits(16)}@relay.example`,
        orderType: "REGULAR",
        orderDate: placed,
        shippingInfo: {
          phone: shopper.phone.replace("+1", ""),
          estimatedDeliveryDate: placed + 5 * 86_400_000,
          estimatedShipDate: placed + 86_400_000,
          methodCode: order.service === "expedited" ? "Express" : "Standard",
          postalAddress: {
            name: `${shopper.firstName} ${shopper.lastName}`,
            address1: shopper.line1,
            address2: shopper.line2 || null,
            city: shopper.city,
            state: shopper.region,
            postalCode: shopper.postalCode,
            country: "USA",
            addressType: "RESIDENTIAL",
          },
        },
        orderLines: {
          orderLine: order.lines.map((line, index) => orderLine(order, line, index + 1, placed)),
        },
        shipNode: {
          type: order.fulfilledByChannel === true ? "WFSFulfilled" : "SellerFulfilled",
          name: "Fernweh Outfitters",
        },
      },
    };
    return { externalId: purchaseOrderId, payload: JSON.stringify(document), topic: null };
  },
  ship: ({ externalId, payload }) => ({
    externalId,
    payload: payload
      .replaceAll('"status":"Created"', '"status":"Shipped"')
      .replaceAll(/"statusDate":(\d+)/g, (_, at: string) => `"statusDate":${Number(at) + 3_600_000}`),
    topic: null,
  }),
};

function orderLine(
  order: PlannedOrder,
  line: PlannedLine,
  number: number,
  placed: number,
): Record<string, unknown> {
  const tax = { taxName: "Tax1", taxAmount: usd(taxOf(order, line)) };
  const product = {
    chargeType: "PRODUCT",
    chargeName: "ItemPrice",
    chargeAmount: usd(line.priceMinor * line.quantity),
    tax,
  };
  const shipping = {
    chargeType: "SHIPPING",
    chargeName: "Shipping",
    chargeAmount: usd(order.shippingMinor),
    tax: null,
  };
  return {
    lineNumber: String(number),
    item: { productName: line.title, sku: line.channelSku },
    charges: { charge: number === 1 && order.shippingMinor > 0 ? [product, shipping] : [product] },
    orderLineQuantity: { unitOfMeasurement: "EACH", amount: String(line.quantity) },
    statusDate: placed,
    orderLineStatuses: {
      orderLineStatus: [
        {
          status: "Created",
          statusQuantity: { unitOfMeasurement: "EACH", amount: String(line.quantity) },
          cancellationReason: null,
          trackingInfo: null,
        },
      ],
    },
    refund: null,
    fulfillment: { fulfillmentOption: "S2H", shipMethod: "STANDARD", storeId: null },
  };
}

function usd(minor: number): Record<string, unknown> {
  return { currency: "USD", amount: minor / 100 };
}
