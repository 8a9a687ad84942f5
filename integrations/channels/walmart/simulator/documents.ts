/** The books of the simulated shop as Walmart writes them. */
import {
  lineTax,
  openOf,
  type ShopLine,
  type ShopOrder,
  type ShopRefund,
} from "../../../simulator-kit/shop-books.ts";

/** Where the simulated seller sells: what people pay with, and the country's name in addresses. */
type Place = { readonly currency: string; readonly country: string };

export const PLACES: Readonly<Record<string, Place>> = {
  us: { currency: "USD", country: "USA" },
  ca: { currency: "CAD", country: "CAN" },
  mx: { currency: "MXN", country: "MEX" },
};
const UNITED_STATES: Place = { currency: "USD", country: "USA" };

const money = ({ currency }: Place, minor: number) => ({ currency, amount: minor / 100 });

/** Thirteen digits, as Walmart's are. */
export function purchaseOrderIdOf(id: string): string {
  return `108${id.padStart(10, "0")}`;
}

export function bookIdOf(purchaseOrderId: string): string | null {
  const digits = /^108(\d{10})$/.exec(purchaseOrderId)?.[1];
  return digits === undefined ? null : String(Number(digits));
}

export function orderOf(order: ShopOrder, place: Place = UNITED_STATES): Record<string, unknown> {
  const { planned } = order;
  const { shopper } = planned;
  return {
    purchaseOrderId: purchaseOrderIdOf(order.id),
    customerOrderId: `200${order.id.padStart(12, "0")}`,
    customerEmailId: `relay${order.id}@marketplace.example`,
    orderType: "REGULAR",
    orderDate: order.createdMs,
    shippingInfo: {
      phone: shopper.phone.replace("+1", ""),
      estimatedDeliveryDate: order.createdMs + 5 * 86_400_000,
      estimatedShipDate: order.createdMs + 86_400_000,
      methodCode: planned.service === "expedited" ? "Express" : "Standard",
      postalAddress: {
        name: `${shopper.firstName} ${shopper.lastName}`,
        address1: shopper.line1,
        address2: shopper.line2,
        city: shopper.city,
        state: shopper.region,
        postalCode: shopper.postalCode,
        country: place.country,
        addressType: "RESIDENTIAL",
      },
    },
    orderLines: { orderLine: order.lines.map((line, index) => lineOf(order, line, index, place)) },
    shipNode: {
      type: planned.fulfilledByChannel === true ? "WFSFulfilled" : "SellerFulfilled",
      name: "Fernweh Outfitters",
      id: "1000001",
    },
  };
}

/** Lines are numbered from 1. */
export function lineNumberOf(order: ShopOrder, lineId: string): string {
  return String(order.lines.findIndex(({ id }) => id === lineId) + 1);
}

const units = (quantity: number) => ({ unitOfMeasurement: "EACH", amount: String(quantity) });

function lineOf(order: ShopOrder, line: ShopLine, index: number, place: Place): Record<string, unknown> {
  const product = {
    chargeType: "PRODUCT",
    chargeName: "ItemPrice",
    chargeAmount: money(place, line.planned.priceMinor * line.quantity),
    tax: { taxName: "Tax1", taxAmount: money(place, lineTax(order, line)) },
  };
  const shipping = {
    chargeType: "SHIPPING",
    chargeName: "Shipping",
    chargeAmount: money(place, order.planned.shippingMinor),
  };
  return {
    lineNumber: String(index + 1),
    item: { productName: line.planned.title, sku: line.planned.channelSku },
    charges: { charge: index === 0 && order.planned.shippingMinor > 0 ? [product, shipping] : [product] },
    orderLineQuantity: units(line.quantity),
    statusDate: order.modifiedMs,
    orderLineStatuses: { orderLineStatus: statusesOf(order, line) },
    refunds: { refund: order.refunds.flatMap((refund) => refundOf(refund, order, line, place)) },
    fulfillment: { fulfillmentOption: "S2H", shipMethod: "STANDARD" },
  };
}

function statusesOf(order: ShopOrder, line: ShopLine): readonly Record<string, unknown>[] {
  const open = openOf(line);
  const shipped = order.parcels.flatMap((parcel) =>
    parcel.lines
      .filter(({ lineId }) => lineId === line.id)
      .map(({ quantity }) => ({
        status: "Shipped",
        statusQuantity: units(quantity),
        trackingInfo: {
          shipDateTime: parcel.atMs,
          carrierName: { carrier: parcel.carrier },
          methodCode: "Standard",
          trackingNumber: parcel.trackingNumber,
        },
      })),
  );
  return [
    ...(open === 0
      ? []
      : [
          {
            status: order.extra.has("acknowledged") ? "Acknowledged" : "Created",
            statusQuantity: units(open),
          },
        ]),
    ...shipped,
    ...(line.cancelled === 0
      ? []
      : [
          {
            status: "Cancelled",
            cancellationReason: "SELLER_CANCEL_OUT_OF_STOCK",
            statusQuantity: units(line.cancelled),
          },
        ]),
  ];
}

function refundOf(
  refund: ShopRefund,
  order: ShopOrder,
  line: ShopLine,
  place: Place,
): readonly Record<string, unknown>[] {
  const minor = Number(
    refund.extra[line.id] ?? (order.lines[0] === line && noneNamed(refund) ? refund.minor : 0),
  );
  if (minor === 0) return [];
  return [
    {
      refundId: refund.id,
      refundComments: refund.reason,
      refundCharges: {
        refundCharge: [
          {
            refundReason: "General adjustment",
            charge: { chargeType: "PRODUCT", chargeName: "ItemPrice", chargeAmount: money(place, -minor) },
          },
        ],
      },
    },
  ];
}

function noneNamed({ extra }: ShopRefund): boolean {
  return Object.keys(extra).length === 0;
}
