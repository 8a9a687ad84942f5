/**
 * EasyPost, as far as an order needs it: rated shipments, labels in three formats, voiding, trackers and
 * their webhooks, in EasyPost's own requests, replies and errors.
 *
 * Invariants:
 * E1 a shipment is bought at most once;
 * E2 what was answered or reported is in the log first, so that after a kill each parcel goes on from its
 *    last scan, and a webhook that was not taken is sent again with its id;
 * E3 a parcel's scans are reported one after the other, the next one when the last was taken;
 * E4 tracking numbers are unique.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { decimalText } from "../../../../orders/money.ts";
import { jsonReply, type SimulatedReply, type SimulatedRequest } from "../../../simulator-kit/exchange.ts";
import { openExchangeLog } from "../../../simulator-kit/exchange-log.ts";
import {
  dhlTrackingNumber,
  fedexTrackingNumber,
  upsTrackingNumber,
  uspsTrackingNumber,
} from "../../../simulator-kit/tracking-numbers.ts";
import type {
  CarrierSimulator,
  CarrierSimulatorKind,
  CarrierSimulatorOptions,
  LabelRecord,
} from "../../../simulator-kit/vendor-simulators.ts";
import { createWebhookSender } from "../../../simulator-kit/webhook-sender.ts";
import {
  type Label,
  type LabelAddress,
  labelPdf,
  labelPng,
  labelZpl,
} from "../../../vendor-kit/label-document.ts";
import { type JsonObject, listAt, objectAt, optionalTextAt } from "../../../vendor-kit/vendor-json.ts";
import { signWebhook } from "../carrier.ts";
import {
  type AddressDocument,
  addressDocument,
  checkEasypostKey,
  EasypostError,
  notFound,
  type ParcelDocument,
  parcelDocument,
  type RateDocument,
  readShipmentRequest,
} from "./documents.ts";
import { nextScan, type Place, type ScanStatus } from "./parcel-journey.ts";
import { quote } from "./tariff.ts";

/** What was asked and offered; never changes. */
type Rated = {
  readonly id: string;
  readonly reference: string | null;
  readonly createdAt: string;
  /** Where the parcel starts and ends. For a return, the reverse of the request. */
  readonly from: AddressDocument;
  readonly to: AddressDocument;
  readonly parcel: ParcelDocument;
  readonly customs: JsonObject | null;
  readonly isReturn: boolean;
  readonly options: JsonObject;
  readonly rates: readonly RateDocument[];
  readonly messages: readonly { readonly carrier: string; readonly message: string }[];
};

type Purchase = {
  readonly at: string;
  readonly rateId: string;
  readonly trackingCode: string;
  readonly trackerId: string;
  readonly labelId: string;
};

type Scan = {
  /** The webhook event's id. */
  readonly eventId: string;
  readonly at: string;
  readonly status: ScanStatus;
  readonly statusDetail: string;
  readonly message: string;
  readonly place: Place;
};

type Entry =
  | { readonly type: "rated"; readonly shipment: Rated }
  | { readonly type: "bought"; readonly id: string; readonly purchase: Purchase }
  | { readonly type: "voided"; readonly id: string; readonly at: string }
  | { readonly type: "scanned"; readonly id: string; readonly scan: Scan }
  | { readonly type: "reported"; readonly id: string; readonly eventId: string };

type Shipment = {
  readonly rated: Rated;
  purchase: Purchase | null;
  voidedAt: string | null;
  readonly scans: Scan[];
  /** The last scan whose webhook was taken. */
  reported: string | null;
  /** Formats that the label was converted to. Their links appear with the conversion. */
  readonly converted: Set<"ZPL" | "PDF">;
  cancelNextScan: (() => void) | null;
};

export const easypostSimulator: CarrierSimulatorKind = {
  start: createEasypostSimulator,
  deliverable: {
    name: "Ann Able",
    line1: "1 Main St",
    city: "New York",
    region: "NY",
    postalCode: "10001",
    country: "US",
  },
  undeliverable: {
    name: "Nobody",
    line1: "1 Nowhere Rd",
    city: "Nowhere",
    region: "NV",
    postalCode: "00000",
    country: "US",
  },
};

function createEasypostSimulator(options: CarrierSimulatorOptions): CarrierSimulator {
  const shipments = new Map<string, Shipment>();
  const byReference = new Map<string, Shipment>();
  const byLabel = new Map<string, Shipment>();
  const byTracker = new Map<string, Shipment>();
  const byTrackingCode = new Map<string, Shipment>();
  let delivered = 0;

  const log = openExchangeLog<Entry>(join(options.dataFolder, "carrier.jsonl"), apply);
  const sender = createWebhookSender({
    url: options.webhookUrl,
    headers: (body) => ({
      "x-hmac-signature": signWebhook(
        Buffer.from(body),
        options.settings.values["EASYPOST_WEBHOOK_SECRET"] ?? "",
      ),
      "user-agent": "EasyPost Webhook (simulated)",
    }),
    logger: options.logger,
  });
  for (const shipment of shipments.values()) resumeJourney(shipment);

  function record(entry: Entry): void {
    log.append(entry);
    apply(entry);
  }

  function apply(entry: Entry): void {
    if (entry.type === "rated") {
      const shipment: Shipment = {
        rated: entry.shipment,
        purchase: null,
        voidedAt: null,
        scans: [],
        reported: null,
        converted: new Set(),
        cancelNextScan: null,
      };
      shipments.set(entry.shipment.id, shipment);
      if (entry.shipment.reference !== null) byReference.set(entry.shipment.reference, shipment);
      return;
    }
    const shipment = shipments.get(entry.id);
    if (shipment === undefined) throw new Error(`the carrier's log names an unknown shipment ${entry.id}`);
    if (entry.type === "bought") {
      shipment.purchase = entry.purchase;
      byLabel.set(entry.purchase.labelId, shipment);
      byTracker.set(entry.purchase.trackerId, shipment);
      byTrackingCode.set(entry.purchase.trackingCode, shipment);
    } else if (entry.type === "voided") {
      shipment.voidedAt = entry.at;
    } else if (entry.type === "scanned") {
      shipment.scans.push(entry.scan);
      if (entry.scan.status === "delivered") delivered += 1;
    } else {
      shipment.reported = entry.eventId;
    }
  }

  /** Goes on where the log ends: reports the last scan if it was not taken, else waits for the next one. */
  function resumeJourney(shipment: Shipment): void {
    if (shipment.purchase === null || shipment.voidedAt !== null) return;
    const last = shipment.scans.at(-1);
    if (last !== undefined && last.eventId !== shipment.reported) {
      report(shipment, last);
      return;
    }
    const { rated } = shipment;
    const plan = nextScan(
      { id: rated.id, from: placeOf(rated.from), to: placeOf(rated.to), isReturn: rated.isReturn },
      last?.status ?? null,
    );
    if (plan === null) return;
    shipment.cancelNextScan = options.clock.after(plan.afterMs, () => {
      shipment.cancelNextScan = null;
      const scan: Scan = {
        eventId: `evt_${randomUUID().replaceAll("-", "")}`,
        at: new Date().toISOString(),
        status: plan.status,
        statusDetail: plan.statusDetail,
        message: plan.message,
        place: plan.place,
      };
      record({ type: "scanned", id: rated.id, scan });
      report(shipment, scan);
    });
  }

  function report(shipment: Shipment, scan: Scan): void {
    const body = JSON.stringify(eventDocument(shipment, scan));
    sender.send({ id: scan.eventId, body }, () => {
      record({ type: "reported", id: shipment.rated.id, eventId: scan.eventId });
      resumeJourney(shipment);
    });
  }

  function find(idOrReference: string): Shipment {
    const shipment = shipments.get(idOrReference) ?? byReference.get(idOrReference);
    if (shipment === undefined) throw notFound();
    return shipment;
  }

  function createShipment(body: unknown): Shipment {
    const asked = readShipmentRequest(body);
    const id = `shp_${hexId()}`;
    const to = addressDocument(`adr_${hexId()}`, asked.isReturn ? asked.from : asked.to);
    const from = addressDocument(`adr_${hexId()}`, asked.isReturn ? asked.to : asked.from);
    const parcel = parcelDocument(`prcl_${hexId()}`, asked.parcel);
    if (from.country !== to.country && asked.customs === null) {
      throw new EasypostError(
        422,
        "SHIPMENT.CUSTOMS_INFO.REQUIRED",
        "Customs info is required for international shipments.",
      );
    }
    const answer = quote(
      { country: from.country, zip: from.zip ?? "" },
      { country: to.country, zip: to.zip ?? "" },
      {
        ounces: parcel.weight,
        lengthIn: parcel.length ?? 0,
        widthIn: parcel.width ?? 0,
        heightIn: parcel.height ?? 0,
      },
    );
    const rates = answer.quotes.map(({ carrier, service, cents, days }): RateDocument => {
      const price = (factor: number) =>
        decimalText({ minor: Math.round(cents * factor), currency: "USD", exponent: 2 });
      return {
        id: `rate_${hexId()}`,
        object: "Rate",
        mode: "test",
        service,
        carrier,
        rate: price(1),
        currency: "USD",
        retail_rate: price(1.28),
        retail_currency: "USD",
        list_rate: price(1.11),
        list_currency: "USD",
        billing_type: "easypost",
        delivery_days: days,
        delivery_date: null,
        delivery_date_guaranteed: false,
        est_delivery_days: days,
        shipment_id: id,
      };
    });
    const rated: Rated = {
      id,
      reference: asked.reference,
      createdAt: new Date().toISOString(),
      from,
      to,
      parcel,
      customs: asked.customs,
      isReturn: asked.isReturn,
      options: asked.options,
      rates,
      messages: answer.messages,
    };
    record({ type: "rated", shipment: rated });
    return find(id);
  }

  function buy(shipment: Shipment, body: unknown): void {
    const rateId = optionalTextAt(objectAt(body, "rate"), "id");
    if (rateId === undefined) {
      throw new EasypostError(422, "PARAMETER.REQUIRED", "Missing required parameter.", [
        { field: "rate", message: "cannot be blank" },
      ]);
    }
    if (shipment.purchase !== null) {
      throw new EasypostError(422, "SHIPMENT.POSTAGE.EXISTS", "Postage already exists for this shipment.");
    }
    const rate = shipment.rated.rates.find((offered) => offered.id === rateId);
    if (rate === undefined) {
      throw new EasypostError(
        422,
        "SHIPMENT.PURCHASE.FAILURE",
        "The rate could not be found for this shipment.",
      );
    }
    record({
      type: "bought",
      id: shipment.rated.id,
      purchase: {
        at: new Date().toISOString(),
        rateId,
        trackingCode: unusedTrackingCode(shipment.rated.id, rate),
        trackerId: `trk_${hexId()}`,
        labelId: `pl_${hexId()}`,
      },
    });
    resumeJourney(shipment);
  }

  function unusedTrackingCode(shipmentId: string, rate: RateDocument): string {
    for (let attempt = 0; ; attempt += 1) {
      const digest = createHash("sha256").update(`${shipmentId}:${attempt}`).digest();
      const code = trackingCode(rate, digest.readBigUInt64BE());
      if (!byTrackingCode.has(code)) return code;
    }
  }

  function refund(shipment: Shipment): void {
    if (shipment.purchase === null) {
      throw new EasypostError(422, "SHIPMENT.POSTAGE.REQUIRED", "Postage is required for this action.");
    }
    if (shipment.voidedAt !== null) return;
    if (shipment.scans.some((scan) => scan.status !== "pre_transit")) {
      throw new EasypostError(
        422,
        "SHIPMENT.REFUND.UNAVAILABLE",
        "Unable to request refund. The parcel has been shipped.",
      );
    }
    record({ type: "voided", id: shipment.rated.id, at: new Date().toISOString() });
    shipment.cancelNextScan?.();
  }

  async function labelFile(file: string): Promise<SimulatedReply> {
    const [labelId = "", extension = ""] = file.split(".");
    const shipment = byLabel.get(labelId);
    if (shipment === undefined) throw notFound();
    const label = labelOf(shipment);
    if (extension === "zpl") return { status: 200, contentType: "application/zpl", body: labelZpl(label) };
    if (extension === "pdf") {
      return { status: 200, contentType: "application/pdf", body: await labelPdf(label) };
    }
    if (extension === "png") return { status: 200, contentType: "image/png", body: await labelPng(label) };
    throw notFound();
  }

  async function answer(request: SimulatedRequest): Promise<SimulatedReply | undefined> {
    const [, root, resource, id, action, ...more] = request.path.split("/").map(decodeURIComponent);
    if (root === "label-files" && request.method === "GET" && resource !== undefined) {
      return labelFile(resource);
    }
    if (root !== "v2") return undefined;
    checkEasypostKey(request.headers["authorization"]);
    if (more.length > 0) throw notFound();
    const call = `${request.method} ${resource}${id === undefined ? "" : "/:id"}${action === undefined ? "" : `/${action}`}`;
    if (call === "POST shipments") {
      return jsonReply(201, shipmentDocument(createShipment(readJson(request)), request.origin));
    }
    if (call === "GET trackers/:id") {
      const shipment = byTracker.get(id ?? "");
      if (shipment === undefined) throw notFound();
      return jsonReply(200, trackerDocument(shipment, request.origin));
    }
    if (resource !== "shipments" || id === undefined) throw notFound();
    const shipment = find(id);
    if (call === "POST shipments/:id/buy") buy(shipment, readJson(request));
    else if (call === "POST shipments/:id/refund") refund(shipment);
    else if (call === "GET shipments/:id/label") {
      const format = request.query.get("file_format")?.toUpperCase();
      if (shipment.purchase === null) {
        throw new EasypostError(422, "SHIPMENT.POSTAGE.REQUIRED", "Postage is required for this action.");
      }
      if (format !== "ZPL" && format !== "PDF") {
        throw new EasypostError(422, "SHIPMENT.POSTAGE.INVALID_FORMAT", "The label format is not supported.");
      }
      shipment.converted.add(format);
    } else if (call !== "GET shipments/:id") throw notFound();
    return jsonReply(200, shipmentDocument(shipment, request.origin));
  }

  return {
    async handle(request) {
      try {
        return await answer(request);
      } catch (error) {
        if (!(error instanceof EasypostError)) throw error;
        return jsonReply(error.status, error.body);
      }
    },
    labels: () => [...byLabel.values()].map(labelRecord),
    counts: () => ({ labels: byLabel.size, delivered }),
    tracking(trackingCode) {
      const shipment = byTrackingCode.get(trackingCode);
      return shipment === undefined ? undefined : { label: labelRecord(shipment), scans: shipment.scans };
    },
    webhooks: () => sender.status(),
    async stop() {
      for (const shipment of shipments.values()) shipment.cancelNextScan?.();
      await sender.stop();
      log.close();
    },
  };
}

function readJson(request: SimulatedRequest): unknown {
  if (!(request.headers["content-type"] ?? "").startsWith("application/json")) {
    throw new EasypostError(415, "UNSUPPORTED_MEDIA_TYPE", "The content type must be application/json.");
  }
  try {
    return objectAt(JSON.parse(request.body.toString("utf8"))) ?? {};
  } catch {
    throw new EasypostError(400, "BAD_REQUEST", "The request body is not valid JSON.");
  }
}

function trackingCode(rate: RateDocument, serial: bigint): string {
  switch (rate.carrier) {
    case "USPS":
      return uspsTrackingNumber(serial);
    case "UPS":
      return upsTrackingNumber(serial, UPS_SERVICES[rate.service] ?? "03");
    case "FedEx":
      return fedexTrackingNumber(serial);
    default:
      return dhlTrackingNumber(serial);
  }
}

/** The two digits by which a UPS number names its service. */
const UPS_SERVICES: Readonly<Record<string, string>> = {
  Ground: "03",
  "3DaySelect": "12",
  "2ndDayAir": "02",
  NextDayAirSaver: "13",
  UPSStandard: "68",
  UPSSaver: "04",
  Expedited: "67",
};

function selectedRate(shipment: Shipment): RateDocument | undefined {
  return shipment.rated.rates.find((rate) => rate.id === shipment.purchase?.rateId);
}

function labelRecord(shipment: Shipment): LabelRecord {
  const { rated, purchase } = shipment;
  const rate = selectedRate(shipment);
  return {
    shipmentId: rated.id,
    reference: rated.reference,
    orderReference: optionalTextAt(rated.options, "print_custom_1") ?? null,
    carrier: rate?.carrier ?? "",
    service: rate?.service ?? "",
    trackingNumber: purchase?.trackingCode ?? "",
    costMinor: Math.round(Number(rate?.rate ?? 0) * 100),
    currency: rate?.currency ?? "USD",
    isReturn: rated.isReturn,
    boughtAt: purchase?.at ?? "",
    voided: shipment.voidedAt !== null,
    status: shipment.scans.at(-1)?.status ?? "unknown",
    labelId: purchase?.labelId ?? null,
  };
}

function labelOf(shipment: Shipment): Label {
  const { rated } = shipment;
  const record = labelRecord(shipment);
  const contents = listAt(rated.customs, "customs_items")
    .flatMap((item) => optionalTextAt(item, "description") ?? [])
    .join(", ");
  return {
    carrier: record.carrier === "DHLExpress" ? "DHL" : record.carrier,
    service: record.service,
    trackingNumber: record.trackingNumber,
    from: labelAddress(rated.from),
    to: labelAddress(rated.to),
    ounces: rated.parcel.weight,
    reference: record.orderReference ?? "",
    isReturn: rated.isReturn,
    contents,
    date: record.boughtAt,
    isSimulated: true,
  };
}

function labelAddress(address: AddressDocument): LabelAddress {
  return {
    name: address.name ?? "",
    company: address.company ?? "",
    street1: address.street1 ?? "",
    street2: address.street2 ?? "",
    city: address.city ?? "",
    state: address.state ?? "",
    zip: address.zip ?? "",
    country: address.country,
  };
}

function placeOf(address: AddressDocument): Place {
  return {
    city: (address.city ?? "").toUpperCase(),
    state: address.state ?? "",
    country: address.country,
    zip: address.zip ?? "",
  };
}

function shipmentDocument(shipment: Shipment, origin: string): unknown {
  const { rated, purchase } = shipment;
  return {
    id: rated.id,
    object: "Shipment",
    mode: "test",
    created_at: rated.createdAt,
    updated_at: shipment.voidedAt ?? purchase?.at ?? rated.createdAt,
    is_return: rated.isReturn,
    reference: rated.reference,
    from_address: rated.from,
    to_address: rated.to,
    return_address: rated.from,
    buyer_address: rated.isReturn ? rated.from : rated.to,
    parcel: rated.parcel,
    customs_info: rated.customs,
    options: rated.options,
    rates: rated.rates,
    messages: rated.messages.map((message) => ({ ...message, type: "rate_error" })),
    selected_rate: selectedRate(shipment) ?? null,
    status: shipment.scans.at(-1)?.status ?? "unknown",
    tracking_code: purchase?.trackingCode ?? null,
    tracker: purchase === null ? null : trackerDocument(shipment, origin),
    postage_label: purchase === null ? null : postageLabelDocument(shipment, purchase, origin),
    refund_status: shipment.voidedAt === null ? null : "submitted",
    insurance: null,
    scan_form: null,
    forms: [],
    fees: [],
  };
}

function postageLabelDocument(shipment: Shipment, purchase: Purchase, origin: string): unknown {
  const file = (extension: string) => `${origin}/label-files/${purchase.labelId}.${extension}`;
  return {
    id: purchase.labelId,
    object: "PostageLabel",
    created_at: purchase.at,
    updated_at: purchase.at,
    date_advance: 0,
    integrated_form: "none",
    label_date: purchase.at,
    label_resolution: 203,
    label_size: "4x6",
    label_type: "default",
    label_file_type: "image/png",
    label_url: file("png"),
    label_pdf_url: shipment.converted.has("PDF") ? file("pdf") : null,
    label_zpl_url: shipment.converted.has("ZPL") ? file("zpl") : null,
    label_epl2_url: null,
    label_file: null,
  };
}

function trackerDocument(shipment: Shipment, origin: string): unknown {
  const { purchase } = shipment;
  const last = shipment.scans.at(-1);
  return {
    id: purchase?.trackerId,
    object: "Tracker",
    mode: "test",
    tracking_code: purchase?.trackingCode,
    status: last?.status ?? "unknown",
    status_detail: last?.statusDetail ?? "unknown",
    created_at: purchase?.at,
    updated_at: last?.at ?? purchase?.at,
    signed_by: null,
    weight: shipment.rated.parcel.weight,
    est_delivery_date: null,
    shipment_id: shipment.rated.id,
    carrier: selectedRate(shipment)?.carrier,
    tracking_details: shipment.scans.map((scan) => ({
      object: "TrackingDetail",
      message: scan.message,
      description: "",
      status: scan.status,
      status_detail: scan.statusDetail,
      datetime: scan.at,
      source: selectedRate(shipment)?.carrier,
      carrier_code: "",
      tracking_location: { object: "TrackingLocation", ...scan.place },
    })),
    fees: [],
    finalized: last?.status === "delivered",
    is_return: shipment.rated.isReturn,
    public_url: `${origin}/track/${purchase?.trackingCode}`,
  };
}

/** The event as it was when `scan` was made, so that a repeat sends the same. */
function eventDocument(shipment: Shipment, scan: Scan): unknown {
  const index = shipment.scans.indexOf(scan);
  const then: Shipment = { ...shipment, scans: shipment.scans.slice(0, index + 1) };
  return {
    id: scan.eventId,
    object: "Event",
    mode: "test",
    description: "tracker.updated",
    created_at: scan.at,
    updated_at: scan.at,
    previous_attributes: { status: shipment.scans[index - 1]?.status ?? "unknown" },
    pending_urls: [],
    completed_urls: [],
    status: "pending",
    result: trackerDocument(then, "https://track.easypost.com"),
  };
}

function hexId(): string {
  return randomBytes(16).toString("hex");
}
