/**
 * The carrier port over the merchant's own drivers.
 *
 * Owns: what a delivery costs, by zone; its tracking number; its label. The driver app owns the deliveries
 * themselves:
 *   POST /own-fleet/v1/deliveries               offers one under our key; a repeated key finds it again
 *   GET  /own-fleet/v1/deliveries/{id}
 *   POST /own-fleet/v1/deliveries/{id}/accept   {trackingNumber}: it will be driven; the first number stays
 *   POST /own-fleet/v1/deliveries/{id}/cancel   409 once a driver has it
 * and reports its events by webhooks that are signed as Standard Webhooks say.
 *
 * A delivery has one label, because its tracking number follows from its id.
 */
import type { Address } from "../../../orders/address.ts";
import type { Carrier, CarrierRefusal, PurchasedLabel, RateRequest } from "../../../ports/carriers.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { labelPdf, labelZpl } from "../../vendor-kit/label-document.ts";
import { callJson, type JsonReply } from "../../vendor-kit/vendor-http.ts";
import { parseJson, textAt } from "../../vendor-kit/vendor-json.ts";
import { isStandardWebhook } from "../../vendor-kit/webhook-signature.ts";
import {
  CARRIER_NAME,
  type Delivery,
  readDelivery,
  readDeliveryEvent,
  SERVICE_NAME,
  trackingNumberOf,
} from "./delivery.ts";
import { type Zone, zoneOf } from "./zones.ts";

const SERVICE = "own-fleet";
const TIMEOUT_MS = 15_000;

/** What one driver may lift alone. */
const MOST_GRAMS = 25_000;

export function createOwnFleetCarrier(options: {
  readonly zones: readonly Zone[];
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly appUrl: string;
  readonly appKey: string;
  readonly webhookSecret: string;
}): Carrier {
  const call = (method: "GET" | "POST", path: string, body?: unknown): Promise<JsonReply> =>
    callJson({
      service: SERVICE,
      method,
      url: new URL(`/own-fleet/v1/deliveries${path}`, options.appUrl).toString(),
      headers: { authorization: `Bearer ${options.appKey}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs: TIMEOUT_MS,
    });

  const find = async (id: string): Promise<Delivery | undefined> => {
    const reply = await call("GET", `/${encodeURIComponent(id)}`);
    return reply.status === 404 ? undefined : deliveryIn(reply, "read the delivery");
  };

  const zoneAt = (address: Address): Zone | undefined =>
    address.country === options.country ? zoneOf(options.zones, address.postalCode ?? "") : undefined;

  return {
    isOwnFleet: true,
    maxParcelGrams: MOST_GRAMS,

    async rate(request) {
      if (request.parcel.weightGrams > MOST_GRAMS) {
        return refusal("too_heavy", `Own drivers take parcels of up to ${MOST_GRAMS / 1000} kg.`);
      }
      const [start, end] = [zoneAt(request.from), zoneAt(request.to)];
      if (start === undefined || end === undefined) {
        return refusal("out_of_area", "Own drivers do not go there.");
      }
      // The shopper's end of the way decides; for a return that is where it starts.
      const zone = request.isReturn ? start : end;
      const delivery = deliveryIn(await call("POST", "", offerOf(request, zone)), "offer the delivery");
      return {
        status: "rated",
        carrierShipmentId: delivery.id,
        rates: [
          {
            rateId: delivery.rateId,
            carrier: CARRIER_NAME,
            service: SERVICE_NAME,
            costMinor: delivery.priceMinor,
            currency: delivery.currency,
            deliveryDays: zone.days,
          },
        ],
      };
    },

    async buyLabel({ carrierShipmentId, rateId }) {
      const offered = await find(carrierShipmentId);
      if (offered === undefined) {
        return refusal("shipment_not_found", "The driver app does not know this delivery.");
      }
      if (offered.state === "cancelled") {
        return refusal("label_voided", "This delivery was cancelled: rate the parcel anew.");
      }
      if (offered.rateId !== rateId) {
        return refusal("rate_not_found", "The delivery was not offered at this rate.");
      }
      const reply = await call("POST", `/${encodeURIComponent(carrierShipmentId)}/accept`, {
        trackingNumber: trackingNumberOf(carrierShipmentId),
      });
      return labelOf(deliveryIn(reply, "accept the delivery"));
    },

    async voidLabel({ carrierShipmentId }) {
      const reply = await call("POST", `/${encodeURIComponent(carrierShipmentId)}/cancel`, {});
      if (reply.status === 404) return;
      if (reply.status === 409) {
        throw fault(reply, "label_not_refundable", "A driver has the parcel already");
      }
      deliveryIn(reply, "cancel the delivery");
    },

    async trackingReports({ carrierShipmentId }) {
      return (await find(carrierShipmentId))?.reports ?? [];
    },

    readTrackingWebhook(headers, rawBody) {
      if (!isStandardWebhook(headers, rawBody, options.webhookSecret)) return null;
      try {
        return readDeliveryEvent(parseJson(rawBody.toString("utf8")));
      } catch {
        return []; // Signed, but not a document that this adapter knows.
      }
    },
  };

  function offerOf(request: RateRequest, zone: Zone): unknown {
    return {
      key: request.idempotencyKey,
      reference: request.reference,
      from: request.from,
      to: request.to,
      weightGrams: request.parcel.weightGrams,
      isReturn: request.isReturn,
      priceMinor: zone.priceMinor,
      currency: options.currency,
    };
  }
}

async function labelOf(delivery: Delivery): Promise<{ readonly status: "bought" } & PurchasedLabel> {
  return {
    status: "bought",
    carrierShipmentId: delivery.id,
    carrier: CARRIER_NAME,
    service: SERVICE_NAME,
    trackingNumber: delivery.trackingNumber,
    costMinor: delivery.priceMinor,
    currency: delivery.currency,
    zpl: labelZpl(delivery.label),
    pdf: await labelPdf(delivery.label),
  };
}

function deliveryIn(reply: JsonReply, step: string): Delivery {
  const delivery = reply.status === 200 ? readDelivery(reply.json) : undefined;
  if (delivery !== undefined) return delivery;
  const code = textAt(reply.json, "code");
  throw fault(reply, code === "" ? `http_${reply.status}` : code, `The driver app did not ${step}`);
}

function fault(reply: JsonReply, code: string, message: string): ServiceFault {
  return new ServiceFault(message, {
    service: SERVICE,
    code,
    retryable: reply.status >= 500 || reply.status === 429 || reply.status === 408,
    status: reply.status,
  });
}

function refusal(code: string, message: string): CarrierRefusal {
  return { status: "refused", code, message };
}
