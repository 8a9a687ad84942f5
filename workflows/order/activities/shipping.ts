/** Steps that buy labels and give them back. The carrier's shipment is written before it is paid for. */
import { isDeepStrictEqual } from "node:util";
import type { Address } from "../../../orders/address.ts";
import { chargeableMinor } from "../../../orders/money.ts";
import type { CustomsItem, Parcel, RatedShipment, RateRequest } from "../../../ports/carriers.ts";
import { carriersFor } from "../../../ports/parcel-limit.ts";
import { chooseRate } from "../../../ports/rate-choice.ts";
import { markLabelled, readFulfillmentOrders } from "../../../store/floor/fulfillment.ts";
import {
  addShipment,
  beginLabelPurchase,
  type LabelPurchase,
  markLabelsVoided,
  outboundShipmentId,
  type PackedItem,
  readLabelPurchase,
  readLocationAddress,
  readOpenLabelPurchases,
  readPackedItems,
  readShipment,
} from "../../../store/floor/shipments.ts";
import type { OrderProgress } from "../../../store/orders/order-progress.ts";
import { recordEntry } from "../../../store/orders/timeline.ts";
import { readReturn, returnLocation } from "../../../store/returns/returns.ts";
import { inTransaction } from "../../../store/sql/database.ts";
import type { SagaDependencies } from "../../activities/dependencies.ts";
import { StepImpossible } from "../../activities/failures.ts";
import type { StepRefusal } from "../../saga/step-refusal.ts";
import { mustLockOrder, mustReadOrder } from "./order-state.ts";

type Bought = { readonly status: "bought"; readonly shipmentId: string };

/** The order was changed meanwhile: the label would send its parcel elsewhere. */
type Outdated = { readonly status: "outdated" };

type ParcelToSend = {
  readonly shipmentId: string;
  readonly order: OrderProgress;
  readonly fulfillmentOrderId: string | null;
  readonly returnId: string | null;
  readonly from: Address;
  readonly to: Address;
  readonly goods: readonly { readonly sku: string; readonly quantity: number }[];
  readonly attempt: number;
  readonly cause: string;
};

export function createShippingActivities({ database, carriers, now }: SagaDependencies) {
  const buy = async (parcel: ParcelToSend): Promise<Bought | Outdated | StepRefusal> => {
    const { shipmentId, order } = parcel;
    if ((await readShipment(database, shipmentId)) !== undefined) return { status: "bought", shipmentId };
    const key = `${shipmentId}:label:${parcel.attempt}${order.revision === 1 ? "" : `:r${order.revision}`}`;
    const purchase = (await readLabelPurchase(database, key)) ?? (await rate(parcel, key));
    if ("status" in purchase) return purchase;
    const label = await carriers.at(purchase).buyLabel({
      idempotencyKey: key,
      carrierShipmentId: purchase.carrierShipmentId,
      rateId: purchase.rateId,
    });
    if (label.status === "refused") return refused(label.message);
    return inTransaction(database, async (client): Promise<Bought | Outdated> => {
      const { fulfillmentOrderId, returnId } = parcel;
      const { document } = await mustLockOrder(client, order.orderId);
      if (returnId === null && !isDeepStrictEqual(whereTo(document), whereTo(order.document)))
        return { status: "outdated" };
      await addShipment(
        client,
        {
          id: shipmentId,
          orderId: order.orderId,
          fulfillmentOrderId,
          returnId,
          provider: purchase.provider,
          account: purchase.account,
          weightGrams: purchase.weightGrams,
        },
        label,
      );
      if (fulfillmentOrderId !== null) await markLabelled(client, fulfillmentOrderId);
      await recordEntry(client, {
        orderId: order.orderId,
        key: `label:${shipmentId}`,
        type: returnId === null ? "shipment.label_bought" : "return.label_bought",
        summary: `Label bought: ${label.carrier} ${label.service}, ${label.trackingNumber}.`,
        cause: parcel.cause,
        data: { shipmentId, trackingNumber: label.trackingNumber, costMinor: label.costMinor, returnId },
      });
      return { status: "bought", shipmentId };
    });
  };

  /** Where the order was changed while its label was bought, that label goes back and another one is bought. */
  const buyCurrent = async (parcelNow: () => Promise<ParcelToSend | StepRefusal>) => {
    for (;;) {
      const parcel = await parcelNow();
      if ("status" in parcel) return parcel;
      const bought = await buy(parcel);
      if (bought.status !== "outdated") return bought;
      await voidAll(parcel.order.orderId, parcel.shipmentId);
    }
  };

  /** Asks the carriers one after the other, in the order of the settings, until one takes the parcel. */
  const rate = async (parcel: ParcelToSend, key: string): Promise<LabelPurchase | StepRefusal> => {
    const items = await readPackedItems(database, parcel.goods);
    const measures = parcelOf(items);
    const request: RateRequest = {
      idempotencyKey: key,
      reference: parcel.order.orderId,
      from: parcel.from,
      to: parcel.to,
      parcel: measures,
      customs: sameCustomsTerritory(parcel.from.country, parcel.to.country)
        ? []
        : items.map((item) => customsItem(item, parcel.order)),
      isReturn: parcel.returnId !== null,
    };
    const refusals: string[] = [];
    const suited = parcel.returnId === null ? carriersFor(carriers, parcel.order.document) : carriers.vendors;
    if (suited.length === 0)
      return refused("No drivers of our own are set up, and the order is to be delivered by them.");
    for (const { provider, account, port } of suited) {
      const rated = await port.rate(request);
      const chosen = rated.status === "refused" ? null : choice(rated, parcel, now());
      if (rated.status === "refused" || chosen === null) {
        refusals.push(
          rated.status === "refused" ? rated.message : "The carrier offers no service for this parcel.",
        );
        continue;
      }
      return beginLabelPurchase(database, parcel.order.orderId, {
        provider,
        account,
        key,
        shipmentId: parcel.shipmentId,
        carrierShipmentId: rated.carrierShipmentId,
        rateId: chosen,
        weightGrams: measures.weightGrams,
      });
    }
    return refused(refusals.join(" "));
  };

  const voidAll = async (orderId: string, shipmentId: string): Promise<void> => {
    const purchases = await readOpenLabelPurchases(database, shipmentId);
    for (const purchase of purchases) {
      await carriers.at(purchase).voidLabel({ carrierShipmentId: purchase.carrierShipmentId });
    }
    if (purchases.length === 0) return;
    await inTransaction(database, async (client) => {
      await markLabelsVoided(client, shipmentId);
      await recordEntry(client, {
        orderId,
        key: `label-voided:${shipmentId}`,
        type: "shipment.label_voided",
        summary: `Gave the label of ${shipmentId} back.`,
        cause: "saga:void-labels",
      });
    });
  };

  return {
    buyLabel(input: {
      readonly orderId: string;
      readonly fulfillmentOrderId: string;
      readonly attempt: number;
    }): Promise<Bought | StepRefusal> {
      return buyCurrent(async () => {
        const order = await mustReadOrder(database, input.orderId);
        const fulfillmentOrder = (await readFulfillmentOrders(database, input.orderId)).find(
          ({ id }) => id === input.fulfillmentOrderId,
        );
        if (fulfillmentOrder === undefined)
          throw new StepImpossible(
            "fulfillment_order_not_found",
            `There is no fulfillment order ${input.fulfillmentOrderId}.`,
          );
        const to = order.document.shippingAddress;
        if (to === null)
          return {
            status: "refused",
            holdCode: "address_missing",
            detail: "The order has no shipping address.",
          };
        return {
          shipmentId: outboundShipmentId(input.fulfillmentOrderId),
          order,
          fulfillmentOrderId: input.fulfillmentOrderId,
          returnId: null,
          from: await mustReadAddress(database, fulfillmentOrder.locationId),
          to,
          goods: fulfillmentOrder.lines
            .filter((line) => line.picked > 0)
            .map((line) => ({ sku: line.sku, quantity: line.picked })),
          attempt: input.attempt,
          cause: "saga:buy-label",
        };
      });
    },

    /** Undo of `buyLabel`, also where its answer never arrived. */
    async voidLabels(input: {
      readonly orderId: string;
      readonly fulfillmentOrderId: string;
    }): Promise<void> {
      await voidAll(input.orderId, outboundShipmentId(input.fulfillmentOrderId));
    },

    /** A label for the shopper, from their address to where returns go. */
    async buyReturnLabel(input: {
      readonly orderId: string;
      readonly returnId: string;
      readonly attempt: number;
    }): Promise<Bought | StepRefusal> {
      const order = await mustReadOrder(database, input.orderId);
      const returned = await readReturn(database, input.returnId);
      const locationId = await returnLocation(database, input.orderId, returned?.locationId);
      const from = order.document.shippingAddress;
      if (returned === undefined || locationId === undefined || from === null)
        throw new StepImpossible("return_not_shippable", `Nothing is known of where ${input.returnId} goes.`);
      return buyCurrent(async () => ({
        shipmentId: returnShipmentId(input.returnId),
        order,
        fulfillmentOrderId: null,
        returnId: input.returnId,
        from,
        to: await mustReadAddress(database, locationId),
        goods: returned.lines.map((line) => ({ sku: line.sku, quantity: line.requested })),
        attempt: input.attempt,
        cause: "saga:buy-return-label",
      }));
    },

    /** Undo of `buyReturnLabel`. */
    async voidReturnLabel(input: { readonly orderId: string; readonly returnId: string }): Promise<void> {
      await voidAll(input.orderId, returnShipmentId(input.returnId));
    },
  };
}

function whereTo({ shippingAddress, shippingService }: OrderProgress["document"]) {
  return { shippingAddress, shippingService };
}

export function returnShipmentId(returnId: string): string {
  return `${returnId}-S1`;
}

async function mustReadAddress(database: SagaDependencies["database"], locationId: string): Promise<Address> {
  const address = await readLocationAddress(database, locationId);
  if (address === undefined)
    throw new StepImpossible("location_not_found", `There is no location ${locationId}.`);
  return address;
}

/** Goods are laid on top of each other, each on its smallest side. */
function parcelOf(items: readonly PackedItem[]): Parcel {
  const sides = items.map((item) => ({
    ...item,
    sorted: [item.lengthMm, item.widthMm, item.heightMm].sort((a, b) => b - a) as [number, number, number],
  }));
  return {
    weightGrams: items.reduce((sum, item) => sum + item.weightGrams * item.quantity, 0),
    lengthMm: Math.max(...sides.map(({ sorted }) => sorted[0])),
    widthMm: Math.max(...sides.map(({ sorted }) => sorted[1])),
    heightMm: sides.reduce((sum, { sorted, quantity }) => sum + sorted[2] * quantity, 0),
  };
}

function choice(rated: RatedShipment, parcel: ParcelToSend, nowMs: number): string | null {
  const today = new Date(nowMs).toISOString().slice(0, 10);
  // Nothing was promised about how fast a return travels.
  const deliverBy = parcel.returnId === null ? parcel.order.deliverBy : null;
  return chooseRate(rated.rates, today, deliverBy)?.rate.rateId ?? null;
}

/** The customs value is what the shopper paid. */
function customsItem(item: PackedItem, order: OrderProgress): CustomsItem {
  const line = order.lines.find(({ sku }) => sku === item.sku);
  const unitValue =
    line === undefined
      ? item.priceMinor
      : chargeableMinor({ minor: line.unitPriceMinor, currency: order.currency, exponent: order.exponent });
  return {
    description: item.name,
    quantity: item.quantity,
    valueMinor: unitValue * item.quantity,
    currency: line === undefined ? item.currency : order.currency,
    weightGrams: item.weightGrams * item.quantity,
    hsCode: item.hsCode,
    originCountry: item.originCountry,
  };
}

/** Member states of the customs union of the European Union, and Monaco. */
const EU_CUSTOMS_UNION = new Set(
  "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC MT NL PL PT RO SE SI SK".split(" "),
);

function sameCustomsTerritory(a: string, b: string): boolean {
  return a === b || (EU_CUSTOMS_UNION.has(a) && EU_CUSTOMS_UNION.has(b));
}

function refused(message: string): StepRefusal {
  return { status: "refused", holdCode: "floor_exception", detail: `The carrier refused: ${message}` };
}
