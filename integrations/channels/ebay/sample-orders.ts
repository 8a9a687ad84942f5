/** eBay's orders as getOrder answers them: amounts are texts, a line's cost is that of all its units. */
import { type ChannelWriter, decimal, taxOf, totals } from "../../simulator-kit/planned-order.ts";

const usd = (minor: number) => ({ value: decimal(minor), currency: "USD" });

export const ebayWriter: ChannelWriter = {
  write: (order, random) => {
    const orderId = `${random.digits(2)}-${random.digits(5)}-${random.digits(5)}`;
    const { shopper } = order;
    const at = order.placedAt.toISOString();
    const document = {
      orderId,
      legacyOrderId: orderId,
      creationDate: at,
      lastModifiedDate: at,
      orderFulfillmentStatus: "NOT_STARTED",
      orderPaymentStatus: "PAID",
      sellerId: "fernweh_outfitters",
      buyer: { username: `${shopper.firstName.toLowerCase()}_${random.digits(4)}` },
      cancelStatus: { cancelState: "NONE_REQUESTED", cancelRequests: [] },
      pricingSummary: {
        priceSubtotal: usd(totals(order).goods),
        deliveryCost: usd(order.shippingMinor),
        tax: usd(totals(order).tax),
        total: usd(totals(order).total),
      },
      fulfillmentStartInstructions: [
        {
          fulfillmentInstructionsType: "SHIP_TO",
          ebaySupportedFulfillment: false,
          shippingStep: {
            shipTo: {
              fullName: `${shopper.firstName} ${shopper.lastName}`,
              contactAddress: {
                addressLine1: shopper.line1,
                ...(shopper.line2 === "" ? {} : { addressLine2: shopper.line2 }),
                city: shopper.city,
                stateOrProvince: shopper.region,
                postalCode: shopper.postalCode,
                countryCode: "US",
              },
              primaryPhone: { phoneNumber: shopper.phone },
              email: shopper.email,
            },
            shippingCarrierCode: "USPS",
            shippingServiceCode: order.service === "expedited" ? "USPSPriority" : "USPSParcel",
          },
        },
      ],
      lineItems: order.lines.map((line) => ({
        lineItemId: random.digits(14),
        legacyItemId: random.digits(12),
        sku: line.channelSku,
        title: line.title,
        quantity: line.quantity,
        lineItemCost: usd(line.priceMinor * line.quantity),
        soldFormat: "FIXED_PRICE",
        listingMarketplaceId: "EBAY_US",
        purchaseMarketplaceId: "EBAY_US",
        lineItemFulfillmentStatus: "NOT_STARTED",
        taxes: [{ taxType: "STATE_SALES_TAX", amount: usd(taxOf(order, line)) }],
      })),
      salesRecordReference: String(order.number),
    };
    return { externalId: orderId, payload: JSON.stringify(document), topic: null };
  },
};
