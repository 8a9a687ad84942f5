/**
 * The public REST and feed vocabulary: the shapes that the gateway serves and the dashboard, the command line and
 * integrators read. Types only; money is integer minor units with its currency and exponent, times are ISO 8601.
 *
 * Routes (all under `/v1`; staff session cookie `holdfast_session` or `Authorization: Bearer <api key>`):
 *   POST   /sessions                         {email, password} -> Session (sets the cookie)
 *   GET    /sessions/current                 -> Session            DELETE /sessions/current
 *   GET    /orders?status&channel&q&hold&cursor&limit -> Page<OrderSummary>
 *   POST   /orders?channel                   order in the channel's format (Idempotency-Key required) -> CaptureResult;
 *                                            without `channel`: the key's own, or the only one of kind `holdfast`
 *   GET    /orders/{id}                      -> OrderView
 *   GET    /orders/{id}/timeline             -> Page<TimelineEntry>
 *   POST   /orders/{id}/cancel               {reason}
 *   POST   /orders/{id}/release-hold         {codes?: HoldCode[]}  clears holds that a person may clear
 *   GET    /stock?q&location&cursor&limit    -> Page<StockRow>
 *   GET    /stock/{sku}/available?locations&pool -> StockAvailability   what may be promised now
 *   GET    /stock/{sku}/promise?quantity&location    -> StockPromise        when so many could be promised
 *   GET    /stock/{sku}/{location}/explain   -> StockExplanation
 *   POST   /stock/commands                   {commands: StockCommand[]} -> {outcomes: StockOutcome[]}
 *   GET    /products?q&cursor&limit          -> Page<Product>      POST /products Product -> Product
 *   GET    /sku-mappings?channel             -> Page<SkuMapping>   POST /sku-mappings SkuMapping
 *   GET    /unmapped-skus                    -> Page<UnmappedSku>  (what held orders wait for)
 *   GET    /locations -> Page<LocationView>  GET /channels -> Page<ChannelView>
 *   GET    /devices                          -> Page<DeviceView>
 *   GET    /returns?status&cursor&limit      -> Page<ReturnSummary>   GET /returns/{id} -> ReturnView
 *   POST   /returns/{id}/receive             {lines?: {lineId, quantity}[]}   scan-in at the dock
 *   POST   /returns/{id}/inspect             {lines: {lineId, disposition}[]}
 *   GET    /shipments/{id}/label.zpl|label.pdf
 *   GET    /fulfillment-orders/{id}/packing-slip.pdf
 *   GET    /fulfillment-orders?location&stage&cursor&limit -> Page<WaitingFulfillmentOrder>   what a place has to pack
 *   POST   /fulfillment-orders/{id}/pack     {lines?: {holdId, picked, serials?, missingSerials?}[], shortReason?}
 *                                            a person picked and packed it (default: all of it)
 *                                            -> {status: "done", short}: short, and not packed, where units were missing
 *   GET    /overview                         -> Overview
 *   shopper, no login, by token: GET /track/{token} -> TrackingView;  POST /track/{token}/returns ReturnRequest -> ReturnView;
 *     GET /track/{token}/returns/{id}/label.pdf
 *   webhooks in: POST /webhooks/channels/{channel}, POST /webhooks/carriers/easypost
 * Outside /v1: /healthz /readyz /metrics /openapi.json, the dashboard at / and the shopper's page at /track/{token}.
 */

import type {
  FloorStage,
  FulfillmentOrderAction,
  FulfillmentOrderStatus,
} from "../orders/fulfillment-order.ts";
import type { HoldReason, OrderDocument } from "../orders/order.ts";
import type { Disposition, ReturnReason } from "../orders/return-authorization.ts";
import type { TrackingStatus } from "../ports/carriers.ts";

export type Page<T> = { readonly items: readonly T[]; readonly next: string | null };

/** RFC 9457 problem details, with the stable `code` that docs/errors.md lists. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly retryAfterMs?: number;
};

export type Session = {
  readonly staffId: string;
  readonly name: string;
  readonly email: string;
  readonly role: string;
};

export type { CaptureOutcome, CaptureResult } from "../orders/capture-result.ts";

export type OrderSummary = {
  readonly id: string;
  readonly channelId: string;
  readonly externalNumber: string;
  readonly status: string;
  readonly paymentStatus: string;
  readonly fulfillmentStatus: string;
  readonly returnStatus: string;
  readonly holdReasons: readonly HoldReason[];
  readonly customerName: string;
  readonly currency: string;
  readonly totalMinor: number;
  readonly exponent: number;
  readonly unitCount: number;
  readonly placedAt: string;
  readonly capturedAt: string;
  readonly updatedAt: string;
  readonly shipBy: string | null;
  readonly deliverBy: string | null;
};

export type OrderLineView = {
  readonly lineId: string;
  readonly sku: string | null;
  readonly channelSku: string;
  readonly title: string;
  readonly ordered: number;
  readonly cancelled: number;
  readonly allocated: number;
  readonly fulfilled: number;
  readonly shipped: number;
  readonly delivered: number;
  readonly returnRequested: number;
  readonly returnReceived: number;
  readonly unitPriceMinor: number;
  readonly discountMinor: number;
  readonly taxMinor: number;
};

export type FulfillmentOrderView = {
  readonly id: string;
  readonly locationId: string;
  readonly locationName: string;
  readonly status: FulfillmentOrderStatus;
  readonly stage: FloorStage;
  readonly handlingUnit: string | null;
  readonly supportedActions: readonly FulfillmentOrderAction[];
  readonly lines: readonly {
    readonly lineId: string;
    readonly sku: string;
    readonly quantity: number;
    readonly picked: number;
    readonly verified: number;
  }[];
};

/** A fulfillment order on a place's list, with the hold ids that the packer confirms. */
export type WaitingFulfillmentOrder = {
  readonly id: string;
  readonly orderId: string;
  readonly locationId: string;
  readonly status: FulfillmentOrderStatus;
  readonly stage: FloorStage;
  readonly handlingUnit: string | null;
  readonly lines: readonly {
    readonly holdId: string;
    readonly lineId: string;
    readonly sku: string;
    readonly quantity: number;
    readonly picked: number;
  }[];
};

export type ShipmentView = {
  readonly id: string;
  readonly carrier: string;
  readonly service: string;
  readonly trackingNumber: string;
  readonly trackingStatus: TrackingStatus;
  readonly costMinor: number;
  readonly currency: string;
  readonly shippedAt: string | null;
  readonly deliveredAt: string | null;
  readonly reports: readonly {
    readonly status: TrackingStatus;
    readonly message: string;
    readonly place: string;
    readonly at: string;
  }[];
};

export type PaymentView = {
  readonly provider: string;
  readonly reference: string;
  readonly status: string;
  readonly currency: string;
  readonly authorizedMinor: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
  readonly transactions: readonly {
    readonly key: string;
    readonly type: string;
    readonly amountMinor: number;
    readonly status: string;
    readonly at: string;
  }[];
};

export type OrderView = {
  readonly summary: OrderSummary;
  readonly document: OrderDocument;
  readonly lines: readonly OrderLineView[];
  readonly sourcing: readonly string[];
  readonly fulfillmentOrders: readonly FulfillmentOrderView[];
  readonly shipments: readonly ShipmentView[];
  readonly payment: PaymentView | null;
  readonly returns: readonly ReturnSummary[];
  readonly trackingUrl: string;
  readonly supportedActions: readonly ("cancel" | "release_hold")[];
};

export type TimelineEntry = {
  readonly key: string;
  /** Dotted, lower case, past tense: `order.captured`, `payment.authorized`, `shipment.delivered`. */
  readonly type: string;
  readonly summary: string;
  /** Who or what made it happen: `channel:shopify`, `saga:authorize-payment`, `device:robot-3`, `staff:…`. */
  readonly cause: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: string;
};

export type StockRow = {
  readonly sku: string;
  readonly name: string;
  readonly locationId: string;
  readonly locationName: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly allocated: number;
  readonly picked: number;
  readonly unavailable: number;
  readonly safetyStock: number;
  /** Expected, transfers in transit included. */
  readonly incoming: number;
  /** Kept for ring-fenced pools, not yet promised by them. */
  readonly fenced: number;
  readonly availableToPromise: number;
};

/** Units that may be promised now, as of the last commit. */
export type StockAvailability = {
  readonly sku: string;
  /** At the locations asked for, as the pool asked for sees them. */
  readonly available: number;
  /** The same, location by location; below 0 where safety stock or fences outgrow what is free. */
  readonly byLocation: readonly { readonly locationId: string; readonly available: number }[];
};

/** When so many could be promised to somebody who asks now; it promises nothing by itself. */
export type StockPromise = {
  readonly sku: string;
  readonly quantity: number;
  /** ISO 8601; now where the units are free; null: nothing that is known to come suffices. */
  readonly promisedAt: string | null;
};

/** "Why is this number so": every movement of the position, and the open holds; the sum of the movements is the number. */
export type StockExplanation = {
  readonly position: StockRow;
  readonly movements: readonly {
    readonly at: string;
    readonly kind: string;
    readonly onHand: number;
    readonly reserved: number;
    readonly allocated: number;
    readonly picked: number;
    readonly unavailable: number;
    readonly safetyStock: number;
    readonly incoming: number;
    readonly fenced: number;
    readonly holdId: string | null;
    readonly cause: string;
    readonly reason: string | null;
    readonly pool: string | null;
    readonly lot: string | null;
    readonly reference: string | null;
    /** Running on hand and available-to-promise after this movement. */
    readonly onHandAfter: number;
    readonly availableAfter: number;
  }[];
  readonly holds: readonly {
    readonly holdId: string;
    readonly state: string;
    readonly quantity: number;
    readonly expiresAt: string | null;
    readonly cause: string;
  }[];
  /** Whether movements add up to the position; false would be a defect. */
  readonly reconciles: boolean;
};

export type Product = {
  readonly sku: string;
  readonly name: string;
  readonly weightGrams: number;
  readonly priceMinor: number;
  readonly currency: string;
  readonly hsCode: string;
  readonly originCountry: string;
  readonly gtin: string;
  /** Of a kit: what one is picked as. It has no stock of its own. */
  readonly components?: readonly { readonly sku: string; readonly quantity: number }[];
};

export type SkuMapping = {
  readonly channel: string;
  readonly channelSku: string;
  readonly sku: string;
};
export type UnmappedSku = {
  readonly channel: string;
  readonly channelSku: string;
  readonly title: string;
  readonly orders: number;
};
export type LocationView = {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly city: string;
  readonly country: string;
};
export type ChannelView = {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly active: boolean;
  readonly onShortage: string;
};

export type DeviceView = {
  readonly id: string;
  readonly name: string;
  readonly kind: "robot" | "conveyor" | "rfid_portal";
  readonly protocol: string;
  readonly locationId: string;
  readonly connection: "online" | "offline" | "broken";
  /** One phrase for a person: `picking shopify-123-F1`, `idle`, `diverting`. */
  readonly activity: string;
  readonly state: Readonly<Record<string, unknown>>;
  readonly lastSeenAt: string | null;
};

export type ReturnSummary = {
  readonly id: string;
  readonly orderId: string;
  readonly status: string;
  readonly reason: string;
  readonly requestedAt: string;
  readonly refundMinor: number;
  readonly currency: string;
  readonly units: number;
};

export type ReturnView = ReturnSummary & {
  readonly comment: string;
  readonly lines: readonly {
    readonly lineId: string;
    readonly sku: string;
    readonly title: string;
    readonly requested: number;
    readonly received: number;
    readonly disposition: Disposition | null;
  }[];
  readonly shipment: ShipmentView | null;
};

export type ReturnRequest = {
  readonly lines: readonly { readonly lineId: string; readonly quantity: number }[];
  readonly reason: ReturnReason;
  readonly comment?: string;
};

/** What a shopper sees: no internal ids, no stock, nobody else's data. */
export type TrackingView = {
  readonly orderNumber: string;
  readonly shopName: string;
  readonly status:
    | "received"
    | "on_hold"
    | "preparing"
    | "shipped"
    | "out_for_delivery"
    | "delivered"
    | "cancelled";
  readonly placedAt: string;
  readonly deliverBy: string | null;
  readonly shipTo: {
    readonly name: string;
    readonly city: string;
    readonly country: string;
  } | null;
  readonly lines: readonly {
    readonly lineId: string;
    readonly title: string;
    readonly ordered: number;
    readonly shipped: number;
    readonly delivered: number;
    readonly returnable: number;
    readonly unitPriceMinor: number;
  }[];
  readonly currency: string;
  readonly exponent: number;
  readonly totalMinor: number;
  readonly parcels: readonly {
    readonly carrier: string;
    readonly trackingNumber: string;
    readonly status: TrackingStatus;
    readonly reports: readonly {
      readonly status: TrackingStatus;
      readonly message: string;
      readonly place: string;
      readonly at: string;
    }[];
  }[];
  readonly returns: readonly {
    readonly id: string;
    readonly status: string;
    readonly reason: string;
    readonly refundMinor: number;
    readonly labelUrl: string | null;
  }[];
};

export type Overview = {
  readonly ordersToday: number;
  readonly open: number;
  readonly onHold: number;
  readonly shippedToday: number;
  readonly deliveredToday: number;
  readonly returnsOpen: number;
  readonly devicesOnline: number;
  readonly devices: number;
  /** Orders captured and shipped in each of the last 60 minutes, oldest first. */
  readonly perMinute: readonly {
    readonly at: string;
    readonly captured: number;
    readonly shipped: number;
  }[];
};
