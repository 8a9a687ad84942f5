/**
 * What Holdfast needs of a carrier or a carrier aggregator. A refusal (address not deliverable, parcel too
 * heavy) is a value; a fault throws a `ServiceFault`.
 *
 * A label is never bought twice: rating again with the same key finds the same shipment at the carrier, and a
 * shipment has one label. Buying it again returns that label.
 */
import type { Address } from "../orders/address.ts";

export type Parcel = {
  readonly weightGrams: number;
  readonly lengthMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
};

export type CustomsItem = {
  readonly description: string;
  readonly quantity: number;
  /** Value of all `quantity` units. */
  readonly valueMinor: number;
  readonly currency: string;
  /** Net weight of all `quantity` units. */
  readonly weightGrams: number;
  readonly hsCode: string;
  readonly originCountry: string;
};

export type CarrierRate = {
  readonly rateId: string;
  readonly carrier: string;
  readonly service: string;
  readonly costMinor: number;
  readonly currency: string;
  readonly deliveryDays: number;
};

export type RateRequest = {
  /** Unique to the parcel: repeating it returns the same shipment. */
  readonly idempotencyKey: string;
  /** Shown on the label: the order id. */
  readonly reference: string;
  /** Where the parcel starts; for a return, the shopper. */
  readonly from: Address;
  readonly to: Address;
  readonly parcel: Parcel;
  /** Empty within one customs territory. */
  readonly customs: readonly CustomsItem[];
  readonly isReturn: boolean;
};

export type RatedShipment = {
  /** The carrier's id of the shipment, to buy a label for. */
  readonly carrierShipmentId: string;
  readonly rates: readonly CarrierRate[];
  /**
   * What of the addresses is on the label in other letters than it was given in, for people: `name`. Absent:
   * nothing.
   */
  readonly rewritten?: readonly string[];
};

export type PurchasedLabel = {
  readonly carrierShipmentId: string;
  readonly carrier: string;
  readonly service: string;
  readonly trackingNumber: string;
  readonly costMinor: number;
  readonly currency: string;
  readonly zpl: string;
  readonly pdf: Uint8Array;
};

export type CarrierRefusal = {
  readonly status: "refused";
  readonly code: string;
  readonly message: string;
};

export const TRACKING_STATUSES = [
  "pre_transit",
  "in_transit",
  "out_for_delivery",
  "available_for_pickup",
  "delivered",
  "return_to_sender",
  "failure",
  "unknown",
] as const;

export type TrackingStatus = (typeof TRACKING_STATUSES)[number];

/** One report about a parcel, as a carrier's webhook or a poll gives it. */
export type TrackingReport = {
  /** The carrier's id of this report; a repeated report is recognised by it and dropped. */
  readonly reportId: string;
  readonly trackingNumber: string;
  readonly status: TrackingStatus;
  readonly message: string;
  readonly at: string;
  readonly place: string;
};

export interface Carrier {
  /** The merchant's own people, who bring what is to be delivered locally. */
  readonly isOwnFleet?: true;
  /** The heaviest parcel that it takes anywhere, in grams. `rate` may still refuse a lighter one. */
  readonly maxParcelGrams: number;
  rate(request: RateRequest): Promise<({ readonly status: "rated" } & RatedShipment) | CarrierRefusal>;
  buyLabel(request: {
    readonly idempotencyKey: string;
    readonly carrierShipmentId: string;
    readonly rateId: string;
  }): Promise<({ readonly status: "bought" } & PurchasedLabel) | CarrierRefusal>;
  /** Gives an unused label back. Succeeds where it was never bought. */
  voidLabel(request: { readonly carrierShipmentId: string }): Promise<void>;
  /** All that the carrier has reported about a bought parcel so far, for when a webhook never came. */
  trackingReports(request: { readonly carrierShipmentId: string }): Promise<readonly TrackingReport[]>;
  /**
   * Checks the signature of a tracking webhook over the raw body and reads it; `null` where the signature is
   * wrong.
   */
  readTrackingWebhook(
    headers: Readonly<Record<string, string>>,
    rawBody: Buffer,
  ): readonly TrackingReport[] | null;
}
