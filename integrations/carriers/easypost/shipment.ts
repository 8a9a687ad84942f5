/**
 * Translates between the carrier port and EasyPost's shipment document: ounces, inches, decimal money,
 * customs forms, tracker states. Pure.
 */
import type { Address } from "../../../orders/address.ts";
import { currencyExponent, decimalText, parseMoney } from "../../../orders/money.ts";
import type { CarrierRate, CustomsItem, RateRequest, TrackingStatus } from "../../../ports/carriers.ts";
import { listAt, numberAt, objectAt, optionalTextAt } from "../../vendor-kit/vendor-json.ts";

const GRAMS_AN_OUNCE = 28.349523125;
const MM_AN_INCH = 25.4;

/** Taken where a carrier does not say how long a service takes: longer than any promise. */
const DAYS_WHERE_UNKNOWN = 30;

/**
 * Above this value of goods under one tariff number the United States require an export filing (15 CFR
 * 30.37(a)).
 */
const EXPORT_FILING_MINOR = 250_000;

/** The body of `POST /v2/shipments`. */
export function toShipmentBody(request: RateRequest): {
  readonly shipment: Readonly<Record<string, unknown>>;
} {
  // EasyPost exchanges the two addresses of a return itself.
  const [from, to] = request.isReturn ? [request.to, request.from] : [request.from, request.to];
  return {
    shipment: {
      reference: request.idempotencyKey,
      from_address: toAddressBody(from),
      to_address: toAddressBody(to),
      parcel: {
        weight: ounces(request.parcel.weightGrams),
        length: inches(request.parcel.lengthMm),
        width: inches(request.parcel.widthMm),
        height: inches(request.parcel.heightMm),
      },
      is_return: request.isReturn,
      ...(request.customs.length === 0 ? {} : { customs_info: toCustomsBody(request) }),
      options: { label_format: "PNG", label_size: "4X6", print_custom_1: request.reference.slice(0, 35) },
    },
  };
}

/**
 * Whether the goods leave the United States in a way that needs an export filing: without it no label can be
 * bought.
 */
export function needsExportFiling(request: RateRequest): boolean {
  if (request.from.country !== "US" || request.to.country === "US" || request.to.country === "CA")
    return false;
  const byTariffNumber = new Map<string, number>();
  for (const item of request.customs) {
    const sum = (byTariffNumber.get(item.hsCode) ?? 0) + item.valueMinor;
    if (item.currency === "USD" && sum > EXPORT_FILING_MINOR) return true;
    byTariffNumber.set(item.hsCode, sum);
  }
  return false;
}

function toAddressBody(address: Address): Readonly<Record<string, string>> {
  return {
    name: address.name,
    street1: address.line1,
    city: address.city,
    country: address.country,
    ...(address.company === undefined ? {} : { company: address.company }),
    ...(address.line2 === undefined ? {} : { street2: address.line2 }),
    ...(address.region === undefined ? {} : { state: address.region }),
    ...(address.postalCode === undefined ? {} : { zip: address.postalCode }),
    ...(address.phone === undefined ? {} : { phone: address.phone }),
    ...(address.email === undefined ? {} : { email: address.email }),
  };
}

function toCustomsBody(request: RateRequest): Readonly<Record<string, unknown>> {
  return {
    customs_certify: true,
    customs_signer: request.from.name,
    contents_type: request.isReturn ? "returned_goods" : "merchandise",
    contents_explanation: "",
    eel_pfc: request.to.country === "CA" ? "NOEEI 30.36" : "NOEEI 30.37(a)",
    non_delivery_option: "return",
    restriction_type: "none",
    customs_items: request.customs.map(toCustomsItemBody),
  };
}

function toCustomsItemBody(item: CustomsItem): Readonly<Record<string, unknown>> {
  return {
    description: item.description,
    quantity: item.quantity,
    value: Number(
      decimalText({
        minor: item.valueMinor,
        currency: item.currency,
        exponent: currencyExponent(item.currency) ?? 2,
      }),
    ),
    currency: item.currency,
    weight: ounces(item.weightGrams),
    hs_tariff_number: item.hsCode,
    origin_country: item.originCountry,
  };
}

/** Rounded up to the tenth of an ounce, the carriers' step, and never zero, which they refuse. */
function ounces(grams: number): number {
  return Math.max(0.1, Math.ceil((grams / GRAMS_AN_OUNCE) * 10 - 1e-9) / 10);
}

function inches(mm: number): number {
  return Math.max(0.1, Math.ceil((mm / MM_AN_INCH) * 10 - 1e-9) / 10);
}

/** A shipment's rates; one that cannot be read exactly is left out. */
export function readRates(shipment: unknown): readonly CarrierRate[] {
  return listAt(shipment, "rates").flatMap((rate) => readRate(rate) ?? []);
}

/** @returns `undefined` where a field is missing that we need */
export function readRate(rate: unknown): CarrierRate | undefined {
  const rateId = optionalTextAt(rate, "id");
  const carrier = optionalTextAt(rate, "carrier");
  const service = optionalTextAt(rate, "service");
  const currency = optionalTextAt(rate, "currency");
  const cost = parseMoney(optionalTextAt(rate, "rate") ?? "", currency ?? "");
  if (rateId === undefined || carrier === undefined || service === undefined || cost === undefined) {
    return undefined;
  }
  return {
    rateId,
    carrier,
    service,
    costMinor: cost.minor,
    currency: cost.currency,
    deliveryDays:
      numberAt(rate, "delivery_days") ?? numberAt(rate, "est_delivery_days") ?? DAYS_WHERE_UNKNOWN,
  };
}

const STATUSES: ReadonlySet<string> = new Set<TrackingStatus>([
  "pre_transit",
  "in_transit",
  "out_for_delivery",
  "available_for_pickup",
  "delivered",
  "return_to_sender",
  "failure",
]);

/** EasyPost's `cancelled`, `error` and any later status say nothing about where the parcel is. */
export function readTrackingStatus(status: string | undefined): TrackingStatus {
  return status !== undefined && STATUSES.has(status) ? (status as TrackingStatus) : "unknown";
}

/** `City, ST, US` of a tracking detail; empty where the carrier names no place. */
export function readPlace(detail: unknown): string {
  const location = objectAt(detail, "tracking_location");
  return ["city", "state", "country"].flatMap((key) => optionalTextAt(location, key) || []).join(", ");
}
