/**
 * The carrier port over EasyPost's API v2.
 *
 * Owns: rating, buying and voiding labels, the label documents, and tracking, told or asked for. Leaves to
 * the caller: which rate to buy, and repeating a retryable fault.
 *
 * The carriers behind it print Latin letters only. An address in letters that say how they are read is
 * rewritten, and the answer tells of what; another one is refused, for a person to write it.
 *
 * EasyPost has no idempotency key. That no label is bought twice rests on three things:
 * E1 a shipment's `reference` is the caller's key and can be used in place of its id, so that rating again
 *    finds the first shipment, bought or not;
 * E2 a shipment is bought at most once: EasyPost refuses a second purchase with `SHIPMENT.POSTAGE.EXISTS`;
 * E3 before buying, the shipment is read, and a label that is there is returned.
 * Two calls of `rate` at the same time with one key may still create two shipments. That buys nothing, and
 * the caller buys the one whose id it has stored.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { readInstant } from "../../../orders/instant.ts";
import type { Carrier, CarrierRefusal, PurchasedLabel, TrackingReport } from "../../../ports/carriers.ts";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { latinAddress } from "../../vendor-kit/latin-address.ts";
import { callHttp, callJson, type JsonReply } from "../../vendor-kit/vendor-http.ts";
import {
  type JsonObject,
  listAt,
  objectAt,
  optionalTextAt,
  parseJson,
  textAt,
} from "../../vendor-kit/vendor-json.ts";
import {
  needsExportFiling,
  readPlace,
  readRate,
  readRates,
  readTrackingStatus,
  toShipmentBody,
} from "./shipment.ts";

const SERVICE = "easypost";

/** EasyPost advises 60 s: a purchase waits for the carrier's own system. */
const TIMEOUT_MS = 60_000;

/** 150 lb, as UPS and FedEx take. USPS takes 70 lb, DHL Express 70 kg. */
const MOST_GRAMS = 68_038;

export function createEasypostCarrier(options: {
  /** `https://api.easypost.com`, or the simulator's. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** The secret given to EasyPost when the webhook was registered. */
  readonly webhookSecret: string;
  /** The heaviest parcel that any carrier of the account takes. */
  readonly maxParcelGrams?: number;
}): Carrier {
  const authorization = `Basic ${Buffer.from(`${options.apiKey}:`).toString("base64")}`;

  const get = (path: string) =>
    callJson({
      service: SERVICE,
      method: "GET",
      url: new URL(path, options.baseUrl).toString(),
      headers: { authorization, accept: "application/json" },
      timeoutMs: TIMEOUT_MS,
    });
  const post = (path: string, body: unknown) =>
    callJson({
      service: SERVICE,
      method: "POST",
      url: new URL(path, options.baseUrl).toString(),
      headers: { authorization, accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify(body),
      timeoutMs: TIMEOUT_MS,
    });

  /** Reads a shipment by its id or its reference; `undefined` where EasyPost knows none. */
  async function findShipment(idOrReference: string): Promise<JsonObject | undefined> {
    const reply = await get(`/v2/shipments/${encodeURIComponent(idOrReference)}`);
    if (reply.status === 404) return undefined;
    if (reply.status !== 200) throw faultOf(reply, "read the shipment");
    return objectAt(reply.json);
  }

  /** The label's bytes in a format; EasyPost converts from PNG on the first request and keeps the file. */
  async function labelDocument(shipmentId: string, format: "ZPL" | "PDF"): Promise<Uint8Array> {
    const reply = await get(`/v2/shipments/${encodeURIComponent(shipmentId)}/label?file_format=${format}`);
    if (reply.status !== 200) throw faultOf(reply, `convert the label to ${format}`);
    const url = optionalTextAt(
      objectAt(reply.json, "postage_label"),
      format === "ZPL" ? "label_zpl_url" : "label_pdf_url",
    );
    if (url === undefined) {
      throw new ServiceFault(`EasyPost gave no ${format} of the label`, {
        service: SERVICE,
        code: "label_format_missing",
        retryable: true,
        status: reply.status,
      });
    }
    // The files lie on a storage host that must not see the API key.
    const file = await callHttp({
      service: SERVICE,
      method: "GET",
      url,
      headers: {},
      timeoutMs: TIMEOUT_MS,
    });
    if (file.status !== 200) {
      throw new ServiceFault(`The label's ${format} could not be fetched`, {
        service: SERVICE,
        code: "label_file_unavailable",
        retryable: true,
        status: file.status,
      });
    }
    return file.body;
  }

  async function readLabel(shipment: JsonObject): Promise<{ readonly status: "bought" } & PurchasedLabel> {
    const carrierShipmentId = optionalTextAt(shipment, "id");
    const trackingNumber = optionalTextAt(shipment, "tracking_code");
    const rate = readRate(shipment["selected_rate"]);
    if (carrierShipmentId === undefined || trackingNumber === undefined || rate === undefined) {
      throw new ServiceFault("EasyPost answered a purchase without its tracking number or rate", {
        service: SERVICE,
        code: "incomplete_reply",
        retryable: true,
      });
    }
    const [zpl, pdf] = await Promise.all([
      labelDocument(carrierShipmentId, "ZPL"),
      labelDocument(carrierShipmentId, "PDF"),
    ]);
    return {
      status: "bought",
      carrierShipmentId,
      carrier: rate.carrier,
      service: rate.service,
      trackingNumber,
      costMinor: rate.costMinor,
      currency: rate.currency,
      zpl: Buffer.from(zpl).toString("utf8"),
      pdf,
    };
  }

  return {
    maxParcelGrams: options.maxParcelGrams ?? MOST_GRAMS,

    async rate(request) {
      if (needsExportFiling(request)) {
        return refusal(
          "export_filing_required",
          "Goods above 2,500 USD under one tariff number need an export filing (AES ITN).",
        );
      }
      const from = latinAddress(request.from);
      const to = latinAddress(request.to);
      const unreadable = from.unreadable ?? to.unreadable;
      if (unreadable !== null) return refusal("address_not_printable", unreadable);
      let shipment = await findShipment(request.idempotencyKey);
      if (shipment === undefined) {
        const printed = { ...request, from: from.address, to: to.address };
        const reply = await post("/v2/shipments", toShipmentBody(printed));
        if (reply.status !== 200 && reply.status !== 201) return refusalOrThrow(reply, "rate the shipment");
        shipment = objectAt(reply.json);
      }
      const carrierShipmentId = optionalTextAt(shipment, "id");
      if (carrierShipmentId === undefined) {
        throw new ServiceFault("EasyPost answered without a shipment id", {
          service: SERVICE,
          code: "incomplete_reply",
          retryable: true,
        });
      }
      const rates = readRates(shipment);
      if (rates.length === 0) {
        const reasons = listAt(shipment, "messages").flatMap((message) => {
          const text = optionalTextAt(message, "message");
          return text === undefined ? [] : [`${optionalTextAt(message, "carrier") ?? "carrier"}: ${text}`];
        });
        return refusal(
          "no_rates",
          reasons.length === 0 ? "No carrier takes this parcel." : reasons.join(" "),
        );
      }
      const rewritten = [...from.rewritten, ...to.rewritten];
      return {
        status: "rated",
        carrierShipmentId,
        rates,
        ...(rewritten.length === 0 ? {} : { rewritten: [...new Set(rewritten)] }),
      };
    },

    async buyLabel(request) {
      const path = `/v2/shipments/${encodeURIComponent(request.carrierShipmentId)}`;
      const before = await findShipment(request.carrierShipmentId);
      if (before === undefined) return refusal("shipment_not_found", "EasyPost does not know this shipment.");
      if (isRefunded(optionalTextAt(before, "refund_status"))) {
        return refusal("label_voided", "This shipment's label was given back: rate the parcel anew.");
      }
      if (objectAt(before, "postage_label") !== undefined) return readLabel(before);
      const reply = await post(`${path}/buy`, { rate: { id: request.rateId } });
      if (reply.status === 200) return readLabel(objectAt(reply.json) ?? {});
      if (errorCodeOf(reply) === "SHIPMENT.POSTAGE.EXISTS") {
        // The purchase whose reply was lost has taken effect since the shipment was read.
        const after = await findShipment(request.carrierShipmentId);
        if (after !== undefined) return readLabel(after);
      }
      return refusalOrThrow(reply, "buy the label");
    },

    async voidLabel(request) {
      const shipment = await findShipment(request.carrierShipmentId);
      if (shipment === undefined || objectAt(shipment, "postage_label") === undefined) return;
      if (isRefunded(optionalTextAt(shipment, "refund_status"))) return;
      const reply = await post(`/v2/shipments/${encodeURIComponent(request.carrierShipmentId)}/refund`, {});
      if (reply.status !== 200) throw faultOf(reply, "void the label");
      const status = optionalTextAt(reply.json, "refund_status");
      if (!isRefunded(status)) {
        throw new ServiceFault(`The carrier does not take the label back: ${status ?? "no reason"}`, {
          service: SERVICE,
          code: "label_not_refundable",
          retryable: false,
          status: reply.status,
        });
      }
    },

    async trackingReports(request) {
      const shipment = await findShipment(request.carrierShipmentId);
      return readTracker(objectAt(shipment, "tracker"));
    },

    readTrackingWebhook(headers, rawBody) {
      if (!isSigned(headers, rawBody, options.webhookSecret)) return null;
      return readTrackingEvent(rawBody);
    },
  };
}

function isRefunded(status: string | undefined): boolean {
  return status === "submitted" || status === "refunded";
}

/** EasyPost signs the raw body with the secret in Unicode normal form NFKD. */
export function signWebhook(rawBody: Buffer, secret: string): string {
  const digest = createHmac("sha256", Buffer.from(secret.normalize("NFKD"), "utf8")).update(rawBody);
  return `hmac-sha256-hex=${digest.digest("hex")}`;
}

function isSigned(headers: Readonly<Record<string, string>>, rawBody: Buffer, secret: string): boolean {
  const name = Object.keys(headers).find((header) => header.toLowerCase() === "x-hmac-signature");
  const given = Buffer.from(name === undefined ? "" : (headers[name] ?? ""));
  const wanted = Buffer.from(signWebhook(rawBody, secret));
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function readTrackingEvent(rawBody: Buffer): readonly TrackingReport[] {
  const event = parseEvent(rawBody);
  const description = optionalTextAt(event, "description");
  if (description !== "tracker.updated" && description !== "tracker.created") return [];
  return readTracker(objectAt(event, "result"), event);
}

/**
 * One report for each scan that the tracker lists. Every event repeats all scans so far, so the next event,
 * or asking, makes up for one that never arrived. EasyPost gives a scan no id: its id is a digest of its
 * content.
 */
function readTracker(tracker: unknown, event?: unknown): readonly TrackingReport[] {
  const trackingNumber = optionalTextAt(tracker, "tracking_code");
  if (trackingNumber === undefined) return [];
  const reports = listAt(tracker, "tracking_details").flatMap((detail): TrackingReport[] => {
    const datetime = textAt(detail, "datetime");
    const at = readInstant(datetime);
    const status = optionalTextAt(detail, "status");
    if (at === undefined || status === undefined) return [];
    const message = optionalTextAt(detail, "message") ?? "";
    return [
      {
        reportId: digestOf([trackingNumber, datetime, status, message]),
        trackingNumber,
        status: readTrackingStatus(status),
        message,
        at,
        place: readPlace(detail),
      },
    ];
  });
  const status = readTrackingStatus(optionalTextAt(tracker, "status"));
  if (status === "unknown" || reports.some((report) => report.status === status)) return reports;
  // The tracker knows more than its scans: some carriers report a state without a scan.
  const updatedAt = optionalTextAt(tracker, "updated_at") ?? textAt(event, "created_at");
  const at = readInstant(updatedAt);
  if (at === undefined) return reports;
  const message = optionalTextAt(tracker, "status_detail") ?? "";
  const reportId = optionalTextAt(event, "id") ?? digestOf([trackingNumber, updatedAt, status, message]);
  return [...reports, { reportId, trackingNumber, status, message, at, place: "" }];
}

function digestOf(said: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(said)).digest("hex").slice(0, 32);
}

function parseEvent(rawBody: Buffer): unknown {
  try {
    return parseJson(rawBody.toString("utf8"));
  } catch {
    return undefined; // Signed, but not a document that this adapter knows.
  }
}

function refusal(code: string, message: string): CarrierRefusal {
  return { status: "refused", code, message };
}

function errorCodeOf(reply: JsonReply): string | undefined {
  return optionalTextAt(objectAt(reply.json, "error"), "code");
}

/** Refusals by a carrier because of the parcel or its addresses, which a person can change in the order. */
const REFUSED = /^(ADDRESS|SHIPMENT|PARCEL|CUSTOMS_INFO|CUSTOMS_ITEM|RATE)\./;

function refusalOrThrow(reply: JsonReply, step: string): CarrierRefusal {
  const code = errorCodeOf(reply);
  if ((reply.status === 400 || reply.status === 422) && code !== undefined && REFUSED.test(code)) {
    return refusal(code.toLowerCase().replaceAll(".", "_"), messageOf(reply));
  }
  throw faultOf(reply, step);
}

function faultOf(reply: JsonReply, step: string): ServiceFault {
  return new ServiceFault(`EasyPost refused to ${step}: ${messageOf(reply)}`, {
    service: SERVICE,
    code: (errorCodeOf(reply) ?? `http_${reply.status}`).toLowerCase().replaceAll(".", "_"),
    retryable: reply.status >= 500 || reply.status === 429 || reply.status === 408,
    status: reply.status,
  });
}

/** The message with the field errors that EasyPost lists beside it. */
function messageOf(reply: JsonReply): string {
  const error = objectAt(reply.json, "error");
  const details = listAt(error, "errors").flatMap((entry) => {
    const text = optionalTextAt(entry, "message");
    return text === undefined ? [] : [`${optionalTextAt(entry, "field") ?? "request"}: ${text}`];
  });
  return [optionalTextAt(error, "message") ?? `status ${reply.status}`, ...details].join(" ");
}
