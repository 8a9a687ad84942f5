/**
 * A delivery as the driver app writes it, in replies and in webhooks, and what it means to the carrier port.
 *
 * The app reports a delivery's events, each with its own id, under the tracking number that we issue when a
 * delivery is accepted. Pure.
 */
import { createHash } from "node:crypto";
import type { Address } from "../../../orders/address.ts";
import { readInstant } from "../../../orders/instant.ts";
import type { TrackingReport, TrackingStatus } from "../../../ports/carriers.ts";
import type { Label, LabelAddress } from "../../vendor-kit/label-document.ts";
import { type JsonObject, listAt, numberAt, objectAt, textAt } from "../../vendor-kit/vendor-json.ts";

/** What the driver app calls the steps of a delivery. */
const STATUSES: ReadonlyMap<string, TrackingStatus> = new Map([
  ["planned", "pre_transit"],
  ["collected", "in_transit"],
  ["on_route", "out_for_delivery"],
  ["delivered", "delivered"],
  ["not_delivered", "failure"],
  ["brought_back", "return_to_sender"],
]);

export type Delivery = {
  readonly id: string;
  readonly state: "offered" | "accepted" | "cancelled";
  readonly rateId: string;
  readonly priceMinor: number;
  readonly currency: string;
  /** Empty until the delivery is accepted. */
  readonly trackingNumber: string;
  readonly acceptedAt: string;
  /** What the label says. */
  readonly label: Label;
  readonly reports: readonly TrackingReport[];
};

export const CARRIER_NAME = "Own fleet";
export const SERVICE_NAME = "Local delivery";

/** `undefined` where the document is not a delivery. */
export function readDelivery(document: unknown): Delivery | undefined {
  const id = textAt(document, "id");
  const state = textAt(document, "state");
  const priceMinor = numberAt(document, "priceMinor");
  if (id === "" || priceMinor === undefined) return undefined;
  if (state !== "offered" && state !== "accepted" && state !== "cancelled") return undefined;
  const trackingNumber = textAt(document, "trackingNumber");
  const acceptedAt = textAt(document, "acceptedAt");
  return {
    id,
    state,
    rateId: textAt(document, "rateId"),
    priceMinor,
    currency: textAt(document, "currency"),
    trackingNumber,
    acceptedAt,
    label: {
      carrier: CARRIER_NAME,
      service: SERVICE_NAME,
      trackingNumber,
      from: labelAddress(objectAt(document, "from")),
      to: labelAddress(objectAt(document, "to")),
      ounces: (numberAt(document, "weightGrams") ?? 0) / GRAMS_AN_OUNCE,
      reference: textAt(document, "reference"),
      isReturn: objectAt(document)?.["isReturn"] === true,
      contents: "",
      date: acceptedAt,
      isSimulated: false,
    },
    reports: listAt(document, "events").flatMap((event) => readEvent(event, trackingNumber)),
  };
}

/** The reports of a webhook, whose signature has been checked; none where it is about something else. */
export function readDeliveryEvent(document: unknown): readonly TrackingReport[] {
  if (textAt(document, "type") !== "delivery.event") return [];
  return readEvent(objectAt(document, "event"), textAt(document, "trackingNumber"));
}

/**
 * The tracking number that a delivery gets: `OF`, fourteen digits and a check digit. It follows from the
 * delivery's id, so that asking again gives the same.
 */
export function trackingNumberOf(deliveryId: string): string {
  const digest = createHash("sha256").update(deliveryId).digest().readBigUInt64BE();
  const digits = String(digest % 10n ** 14n).padStart(14, "0");
  return `OF${digits}${luhnDigit(digits)}`;
}

const GRAMS_AN_OUNCE = 28.349523125;

function readEvent(event: JsonObject | unknown, trackingNumber: string): readonly TrackingReport[] {
  const reportId = textAt(event, "id");
  const at = readInstant(textAt(event, "at"));
  if (reportId === "" || trackingNumber === "" || at === undefined) return [];
  return [
    {
      reportId,
      trackingNumber,
      status: STATUSES.get(textAt(event, "step")) ?? "unknown",
      message: textAt(event, "note"),
      at,
      place: textAt(event, "place"),
    },
  ];
}

function labelAddress(address: Readonly<Partial<Record<keyof Address, unknown>>> | undefined): LabelAddress {
  return {
    name: textAt(address, "name"),
    company: textAt(address, "company"),
    street1: textAt(address, "line1"),
    street2: textAt(address, "line2"),
    city: textAt(address, "city"),
    state: textAt(address, "region"),
    zip: textAt(address, "postalCode"),
    country: textAt(address, "country"),
  };
}

/**
 * Makes every single wrong digit, and nearly every exchange of two digits, noticeable when the number is
 * typed in.
 */
function luhnDigit(digits: string): string {
  const sum = [...digits].reduceRight((total, digit, index) => {
    const doubled = (digits.length - index) % 2 === 1 ? Number(digit) * 2 : Number(digit);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return String((10 - (sum % 10)) % 10);
}
