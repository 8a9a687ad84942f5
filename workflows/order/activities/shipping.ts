/** Steps that buy labels and give them back. The carrier's shipment is written before it is paid for. */
import { isDeepStrictEqual } from "node:util";
import type { Address } from "../../../orders/address.ts";
import { chargeableMinor } from "../../../orders/money.ts";
import type {
  CustomsItem,
  Parcel,
  PurchasedLabel,
  RatedShipment,
  RateRequest,
} from "../../../ports/carriers.ts";
import { carriersFor, type ParcelLimit, parcelLimitOf } from "../../../ports/parcel-limit.ts";
import { chooseRate } from "../../../ports/rate-choice.ts";
import {
  type CombinedMember,
  endCombinedParcel,
  lockCombinedParcel,
  openParcelOf,
  takeOutOfParcel,
} from "../../../store/floor/combined-parcels.ts";
import {
  type FulfillmentOrder,
  markLabelled,
  markLeaving,
  readFulfillmentOrders,
} from "../../../store/floor/fulfillment.ts";
import {
  addShipment,
  beginLabelPurchase,
  findShipment,
  isLabelVoided,
  type LabelPurchase,
  markLabelsVoided,
  markLabelVoided,
  outboundShipmentId,
  type PackedItem,
  readLabelPurchase,
  readLocationAddress,
  readOpenLabelPurchases,
  readPackedItems,
} from "../../../store/floor/shipments.ts";
import type { OrderProgress } from "../../../store/orders/order-progress.ts";
import { recordEntry } from "../../../store/orders/timeline.ts";
import { writeOutbox } from "../../../store/outbox.ts";
import { readReturn, returnLocation } from "../../../store/returns/returns.ts";
import { type Database, inTransaction, type Queryable } from "../../../store/sql/database.ts";
import type { SagaDependencies } from "../../activities/dependencies.ts";
import { StepImpossible } from "../../activities/failures.ts";
import { type OrderMessage, signalRow } from "../../messages.ts";
import type { StepRefusal } from "../../saga/step-refusal.ts";
import { mustLockOrder, mustReadOrder } from "./order-state.ts";

type Bought = { readonly status: "bought"; readonly shipmentId: string };

/** The order was changed meanwhile: the label would send its parcel elsewhere. */
type Outdated = { readonly status: "outdated" };

/** Another attempt was quicker, and has bought another label, or the label was given back meanwhile. */
type Overtaken = { readonly status: "overtaken" };

/** What one order has in a parcel. */
type Goods = {
  readonly order: OrderProgress;
  readonly goods: readonly { readonly sku: string; readonly quantity: number }[];
};

/** Of a parcel that orders share: the fulfillment orders that are in it beside the one it is bought for. */
type Shared = {
  readonly combinedParcelId: string;
  readonly others: readonly (Goods & { readonly fulfillmentOrderId: string })[];
};

type ParcelToSend = Goods & {
  readonly shipmentId: string;
  readonly shared: Shared | null;
  readonly fulfillmentOrderId: string | null;
  readonly returnId: string | null;
  readonly from: Address;
  readonly to: Address;
  readonly attempt: number;
  readonly cause: string;
};

export function createShippingActivities({
  database,
  carriers,
  now,
}: Pick<SagaDependencies, "database" | "carriers" | "now">) {
  const limit = parcelLimitOf(carriers);
  const buy = async (parcel: ParcelToSend): Promise<Bought | Outdated | StepRefusal> => {
    const { shipmentId, order } = parcel;
    if ((await findShipment(database, shipmentId)) !== undefined) return { status: "bought", shipmentId };
    const key = labelKey(parcel);
    await voidOutdated(parcel, key);
    const purchase = (await readLabelPurchase(database, key)) ?? (await rate(parcel, key));
    if ("status" in purchase) return purchase;
    const label = await carriers.at(purchase).buyLabel({
      idempotencyKey: key,
      carrierShipmentId: purchase.carrierShipmentId,
      rateId: purchase.rateId,
    });
    if (label.status === "refused") return refused(label.message);
    const outcome = await inTransaction(database, async (client): Promise<Bought | Outdated | Overtaken> => {
      const { fulfillmentOrderId, returnId, shared } = parcel;
      if (shared !== null && !(await isStillShared(client, parcel, shared))) return { status: "outdated" };
      const { document } = await mustLockOrder(client, order.orderId);
      if (await isLabelVoided(client, key)) return { status: "overtaken" };
      if (returnId === null && !isDeepStrictEqual(whereTo(document), whereTo(order.document)))
        return { status: "outdated" };
      const isKept = await addShipment(
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
      if (!isKept) return { status: "overtaken" };
      if (fulfillmentOrderId !== null) await markLabelled(client, fulfillmentOrderId);
      await recordEntry(client, {
        orderId: order.orderId,
        key: `label:${shipmentId}`,
        type: returnId === null ? "shipment.label_bought" : "return.label_bought",
        summary: `Label bought: ${label.carrier} ${label.service}, ${label.trackingNumber}.`,
        cause: parcel.cause,
        data: { shipmentId, trackingNumber: label.trackingNumber, costMinor: label.costMinor, returnId },
      });
      if (shared !== null && fulfillmentOrderId !== null)
        await sendTogether(client, { shipmentId, fulfillmentOrderId, purchase, label }, shared);
      return { status: "bought", shipmentId };
    });
    if (outcome.status === "bought") return outcome;
    // This one only. An attempt that was begun when this one was taken for lost may have struck this purchase before
    // the carrier sold the label, and its own label may be on the parcel.
    await carriers.at(purchase).voidLabel({ carrierShipmentId: purchase.carrierShipmentId });
    await inTransaction(database, async (client) => {
      await markLabelVoided(client, key);
      await recordVoid(client, order.orderId, shipmentId, key);
    });
    return outcome.status === "overtaken" ? { status: "bought", shipmentId } : outcome;
  };

  /** Whether the parcel is packed of what its label was bought for. Who cannot stay is taken out of it. */
  const isStillShared = async (
    client: Queryable,
    parcel: ParcelToSend,
    { combinedParcelId, others }: Shared,
  ): Promise<boolean> => {
    const members = await reviewShared(client, limit, combinedParcelId);
    return members.length === others.length + 1 && isReady(members, parcel.fulfillmentOrderId);
  };

  /**
   * Point of no return of a parcel that orders share: in one transaction it has its label, and leaves for all
   * of them. Each saga then tells its stock, its customer and its channel, and charges its order.
   */
  const sendTogether = async (
    client: Queryable,
    bought: {
      readonly shipmentId: string;
      readonly fulfillmentOrderId: string;
      readonly purchase: LabelPurchase;
      readonly label: PurchasedLabel;
    },
    { combinedParcelId, others }: Shared,
  ): Promise<void> => {
    const { shipmentId, purchase, label } = bought;
    await markLeaving(client, bought.fulfillmentOrderId);
    for (const { order, fulfillmentOrderId } of others) {
      const { orderId } = order;
      const id = outboundShipmentId(fulfillmentOrderId);
      await addShipment(
        client,
        { ...purchase, id, orderId, fulfillmentOrderId, returnId: null, sharesLabelOf: shipmentId },
        // Paid for once, with the shipment that it was bought for.
        { ...label, costMinor: 0 },
      );
      await markLeaving(client, fulfillmentOrderId);
      await recordEntry(client, {
        orderId,
        key: `label:${id}`,
        type: "shipment.label_bought",
        summary: `Leaves in the parcel of ${bought.fulfillmentOrderId}: ${label.carrier} ${label.service}, ${label.trackingNumber}.`,
        cause: "saga:buy-label",
        data: { shipmentId: id, trackingNumber: label.trackingNumber, costMinor: 0, combinedParcelId },
      });
      await writeOutbox(client, [lookAgain(orderId, `combined-left:${combinedParcelId}`)]);
    }
    await endCombinedParcel(client, combinedParcelId);
  };

  /**
   * What is packed to leave in one parcel with it; where the others are not packed, it leaves without them.
   */
  const sharedParcelOf = async (fulfillmentOrderId: string): Promise<Shared | null> => {
    // Most parcels are one order's, and a look is enough.
    if ((await openParcelOf(database, fulfillmentOrderId)) === undefined) return null;
    return inTransaction(database, async (client) => {
      const combinedParcelId = await openParcelOf(client, fulfillmentOrderId);
      if (combinedParcelId === undefined) return null;
      const members = await reviewShared(client, limit, combinedParcelId);
      if (members.length === 0) return null;
      if (!isReady(members, fulfillmentOrderId)) {
        await reviewShared(client, limit, combinedParcelId, {
          id: fulfillmentOrderId,
          why: "the others are not packed",
        });
        return null;
      }
      const others = members
        .filter(({ part }) => part.id !== fulfillmentOrderId)
        .map(({ part, order }) => ({ order, fulfillmentOrderId: part.id, goods: pickedGoods(part) }));
      return { combinedParcelId, others };
    });
  };

  /**
   * Where the order was changed while its label was bought, that label goes back and another one is bought.
   */
  const buyCurrent = async (parcelNow: () => Promise<ParcelToSend | StepRefusal>) => {
    for (;;) {
      const parcel = await parcelNow();
      if ("status" in parcel) return parcel;
      const bought = await buy(parcel);
      if (bought.status !== "outdated") return bought;
    }
  };

  /** Asks the carriers one after the other, in the order of the settings, until one takes the parcel. */
  const rate = async (parcel: ParcelToSend, key: string): Promise<LabelPurchase | StepRefusal> => {
    const orders = [parcel, ...(parcel.shared?.others ?? [])];
    const packed: { readonly order: OrderProgress; readonly items: readonly PackedItem[] }[] = [];
    for (const { order, goods } of orders)
      packed.push({ order, items: await readPackedItems(database, goods) });
    const measures = parcelOf(packed.flatMap(({ items }) => items));
    const request: RateRequest = {
      idempotencyKey: key,
      reference: parcel.order.orderId,
      from: parcel.from,
      to: parcel.to,
      parcel: measures,
      customs: sameCustomsTerritory(parcel.from.country, parcel.to.country)
        ? []
        : packed.flatMap(({ order, items }) => items.map((item) => customsItem(item, order))),
      isReturn: parcel.returnId !== null,
    };
    const refusals: string[] = [];
    let isUnprintable = false;
    const suited = parcel.returnId === null ? carriersFor(carriers, parcel.order.document) : carriers.vendors;
    if (suited.length === 0)
      return refused("No drivers of our own are set up, and the order is to be delivered by them.");
    for (const { provider, account, port } of suited) {
      const rated = await port.rate(request);
      const chosen = rated.status === "refused" ? null : choice(rated, parcel, now());
      if (rated.status === "refused" || chosen === null) {
        isUnprintable ||= rated.status === "refused" && rated.code === "address_not_printable";
        refusals.push(
          rated.status === "refused" ? rated.message : "The carrier offers no service for this parcel.",
        );
        continue;
      }
      if (rated.rewritten !== undefined) await tellRewritten(database, parcel, rated.rewritten);
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
    const detail = refusals.join(" ");
    return isUnprintable ? { status: "refused", holdCode: "address_unusable", detail } : refused(detail);
  };

  /** A label that this attempt bought for another content or address, before its process died, goes back. */
  const voidOutdated = async ({ shipmentId, attempt }: ParcelToSend, key: string): Promise<void> => {
    const ofAttempt = `${shipmentId}:label:${attempt}`;
    for (const purchase of await readOpenLabelPurchases(database, shipmentId)) {
      const isOfAttempt = purchase.key === ofAttempt || purchase.key.startsWith(`${ofAttempt}:`);
      if (!isOfAttempt || purchase.key === key) continue;
      await carriers.at(purchase).voidLabel({ carrierShipmentId: purchase.carrierShipmentId });
      await markLabelVoided(database, purchase.key);
    }
  };

  const voidAll = async (orderId: string, shipmentId: string): Promise<void> => {
    const purchases = await readOpenLabelPurchases(database, shipmentId);
    for (const purchase of purchases) {
      await carriers.at(purchase).voidLabel({ carrierShipmentId: purchase.carrierShipmentId });
    }
    if (purchases.length === 0) return;
    await inTransaction(database, async (client) => {
      await markLabelsVoided(client, shipmentId);
      await recordVoid(client, orderId, shipmentId, shipmentId);
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
          shared: await sharedParcelOf(input.fulfillmentOrderId),
          goods: pickedGoods(fulfillmentOrder),
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
        shared: null,
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

/** @param key of the purchase, or of the shipment whose every label goes back */
function recordVoid(client: Queryable, orderId: string, shipmentId: string, key: string): Promise<unknown> {
  return recordEntry(client, {
    orderId,
    key: `label-voided:${key}`,
    type: "shipment.label_voided",
    summary: `Gave the label of ${shipmentId} back.`,
    cause: "saga:void-labels",
  });
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
  const deliverBy = parcel.returnId === null ? earliestPromise(parcel) : null;
  return chooseRate(rated.rates, today, deliverBy)?.rate.rateId ?? null;
}

/** A parcel that orders share keeps the promise of each of them. */
function earliestPromise({ order, shared }: ParcelToSend): string | null {
  const promises = [order, ...(shared?.others ?? []).map((other) => other.order)].flatMap(
    ({ deliverBy }) => deliverBy ?? [],
  );
  return promises.sort()[0] ?? null;
}

/**
 * Another for each attempt, for each revision of the order, and for what is in a parcel that orders share.
 */
function labelKey({ shipmentId, attempt, order, shared }: ParcelToSend): string {
  const revision = order.revision === 1 ? "" : `:r${order.revision}`;
  // Of a shared parcel's members there are only ever fewer.
  const members = shared === null ? "" : `:${shared.combinedParcelId}:${shared.others.length}`;
  return `${shipmentId}:label:${attempt}${revision}${members}`;
}

function pickedGoods({ lines }: FulfillmentOrder): Goods["goods"] {
  return lines.filter((line) => line.picked > 0).map((line) => ({ sku: line.sku, quantity: line.picked }));
}

/** Whether the parcel can be closed, and this one is in it. */
function isReady(members: readonly CombinedMember[], fulfillmentOrderId: string | null): boolean {
  return (
    members.some(({ part }) => part.id === fulfillmentOrderId) &&
    members.every(({ part }) => part.stage === "packed")
  );
}

/** Who is still in the parcel. The sagas of those whose way has changed are told. */
async function reviewShared(
  client: Queryable,
  limit: ParcelLimit,
  combinedParcelId: string,
  asked?: { readonly id: string; readonly why: string },
): Promise<readonly CombinedMember[]> {
  const parcel = await lockCombinedParcel(client, combinedParcelId);
  if (parcel === undefined) return [];
  const { members, changed } = await takeOutOfParcel(client, parcel, limit, "saga:buy-label", asked);
  await writeOutbox(
    client,
    changed.map(({ orderId, key }) => lookAgain(orderId, key)),
  );
  return members;
}

function lookAgain(orderId: string, key: string) {
  const message: OrderMessage = { key, type: "fulfillment-changed" };
  return signalRow({ workflowId: orderId, signal: "orderMessage", message });
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

/** Once for each parcel. It names no letter of the address: entries stay when personal data go. */
async function tellRewritten(
  database: Database,
  parcel: ParcelToSend,
  rewritten: readonly string[],
): Promise<void> {
  await inTransaction(database, (client) =>
    recordEntry(client, {
      orderId: parcel.order.orderId,
      key: `label-letters:${parcel.shipmentId}`,
      type: "shipment.address_rewritten",
      summary: `The carrier prints Latin letters only: ${rewritten.join(", ")} of the address ${rewritten.length === 1 ? "is" : "are"} on the label in those.`,
      cause: parcel.cause,
      data: { shipmentId: parcel.shipmentId, rewritten },
    }),
  );
}
