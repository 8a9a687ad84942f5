/**
 * The driver app of the sandbox: keeps deliveries, drives them at the sandbox's pace, and reports each step
 * by webhook.
 *
 * Invariants:
 * F1 a key has one delivery;
 * F2 what was answered or reported is in the exchange log first, so that after a kill each delivery goes on
 *    from its last step;
 * F3 a delivery's steps are reported one after the other, the next one when the last was taken.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { jsonReply, type SimulatedReply, type SimulatedRequest } from "../../../simulator-kit/exchange.ts";
import { openExchangeLog } from "../../../simulator-kit/exchange-log.ts";
import type {
  CarrierSimulator,
  CarrierSimulatorKind,
  CarrierSimulatorOptions,
  LabelRecord,
  SimulatedScan,
} from "../../../simulator-kit/vendor-simulators.ts";
import { createWebhookSender } from "../../../simulator-kit/webhook-sender.ts";
import { type JsonObject, objectAt, textAt } from "../../../vendor-kit/vendor-json.ts";
import { signStandardWebhook } from "../../../vendor-kit/webhook-signature.ts";
import { CARRIER_NAME, SERVICE_NAME } from "../delivery.ts";

type Step = {
  readonly id: string;
  readonly step: string;
  readonly at: string;
  readonly note: string;
  readonly place: string;
};

type Entry =
  | { readonly type: "offered"; readonly id: string; readonly offer: JsonObject; readonly rateId: string }
  | { readonly type: "accepted"; readonly id: string; readonly trackingNumber: string; readonly at: string }
  | { readonly type: "cancelled"; readonly id: string }
  | { readonly type: "driven"; readonly id: string; readonly step: Step }
  | { readonly type: "reported"; readonly id: string; readonly stepId: string };

type Delivery = {
  readonly id: string;
  readonly offer: JsonObject;
  readonly rateId: string;
  state: "offered" | "accepted" | "cancelled";
  trackingNumber: string;
  acceptedAt: string;
  readonly steps: Step[];
  reported: string | null;
  cancelNextStep: (() => void) | null;
};

/** What drivers do, with the pause before it at speed 1. */
const ROUTE = [
  { step: "planned", note: "Delivery planned", afterMs: 1_000 },
  { step: "collected", note: "Collected by the driver", afterMs: 8_000 },
  { step: "on_route", note: "On the way to you", afterMs: 6_000 },
  { step: "delivered", note: "Handed over at the door", afterMs: 9_000 },
] as const;

const PATH = /^\/own-fleet\/v1\/deliveries(?:\/([^/]+)(?:\/(accept|cancel))?)?$/;

export const ownFleetSimulator: CarrierSimulatorKind = {
  start: createOwnFleetSimulator,
  deliverable: {
    name: "Ann Able",
    line1: "1 Hill St",
    city: "Reno",
    region: "NV",
    postalCode: "89502",
    country: "US",
  },
  undeliverable: {
    name: "Faye Far",
    line1: "1 Main St",
    city: "New York",
    region: "NY",
    postalCode: "10001",
    country: "US",
  },
};

function createOwnFleetSimulator(options: CarrierSimulatorOptions): CarrierSimulator {
  const { values } = options.settings;
  const deliveries = new Map<string, Delivery>();
  const byKey = new Map<string, Delivery>();
  const log = openExchangeLog<Entry>(join(options.dataFolder, "own-fleet.jsonl"), apply);
  const sender = createWebhookSender({
    url: options.webhookUrl,
    headers: (body) => signStandardWebhook(body, values["OWN_FLEET_WEBHOOK_SECRET"] ?? ""),
    logger: options.logger,
  });
  for (const delivery of deliveries.values()) drive(delivery);

  function record(entry: Entry): void {
    log.append(entry);
    apply(entry);
  }

  function apply(entry: Entry): void {
    if (entry.type === "offered") {
      const { id, offer, rateId } = entry;
      const delivery: Delivery = {
        id,
        offer,
        rateId,
        state: "offered",
        trackingNumber: "",
        acceptedAt: "",
        steps: [],
        reported: null,
        cancelNextStep: null,
      };
      deliveries.set(id, delivery);
      byKey.set(textAt(offer, "key"), delivery);
      return;
    }
    const delivery = deliveries.get(entry.id);
    if (delivery === undefined) throw new Error(`the own fleet's log names an unknown delivery ${entry.id}`);
    if (entry.type === "accepted") {
      delivery.state = "accepted";
      delivery.trackingNumber = entry.trackingNumber;
      delivery.acceptedAt = entry.at;
    } else if (entry.type === "cancelled") delivery.state = "cancelled";
    else if (entry.type === "driven") delivery.steps.push(entry.step);
    else delivery.reported = entry.stepId;
  }

  /** Goes on where the log ends: reports the last step if it was not taken, else waits for the next one. */
  function drive(delivery: Delivery): void {
    if (delivery.state !== "accepted") return;
    const last = delivery.steps.at(-1);
    if (last !== undefined && last.id !== delivery.reported) {
      report(delivery, last);
      return;
    }
    const next = ROUTE[delivery.steps.length];
    if (next === undefined) return;
    delivery.cancelNextStep = options.clock.after(next.afterMs, () => {
      delivery.cancelNextStep = null;
      const step: Step = {
        id: `stp_${randomUUID()}`,
        step: next.step,
        at: new Date().toISOString(),
        note: next.note,
        place: placeOf(delivery, next.step),
      };
      record({ type: "driven", id: delivery.id, step });
      report(delivery, step);
    });
  }

  function report(delivery: Delivery, step: Step): void {
    const { trackingNumber } = delivery;
    const body = JSON.stringify({ id: step.id, type: "delivery.event", trackingNumber, event: step });
    sender.send({ id: step.id, body }, () => {
      record({ type: "reported", id: delivery.id, stepId: step.id });
      drive(delivery);
    });
  }

  function offer(body: JsonObject): SimulatedReply {
    const key = textAt(body, "key");
    if (key === "") return refusal(422, "key_missing");
    const known = byKey.get(key);
    if (known !== undefined) return jsonReply(200, documentOf(known));
    const id = `dlv_${randomUUID().replaceAll("-", "")}`;
    record({ type: "offered", id, offer: body, rateId: `rate_${id.slice(4)}` });
    return answerWith(id);
  }

  function accept(delivery: Delivery, body: JsonObject): SimulatedReply {
    const trackingNumber = textAt(body, "trackingNumber");
    if (trackingNumber === "") return refusal(422, "tracking_number_missing");
    if (delivery.state === "cancelled") return refusal(409, "cancelled");
    if (delivery.state === "offered") {
      record({ type: "accepted", id: delivery.id, trackingNumber, at: new Date().toISOString() });
      drive(delivery);
    }
    return jsonReply(200, documentOf(delivery));
  }

  function cancel(delivery: Delivery): SimulatedReply {
    if (delivery.steps.some(({ step }) => step !== "planned")) return refusal(409, "already_collected");
    if (delivery.state !== "cancelled") {
      delivery.cancelNextStep?.();
      record({ type: "cancelled", id: delivery.id });
    }
    return jsonReply(200, documentOf(delivery));
  }

  function answerWith(id: string): SimulatedReply {
    const delivery = deliveries.get(id);
    return delivery === undefined ? refusal(404, "not_found") : jsonReply(200, documentOf(delivery));
  }

  function answer(request: SimulatedRequest): SimulatedReply | undefined {
    const match = PATH.exec(request.path);
    if (match === null) return undefined;
    if (request.headers["authorization"] !== `Bearer ${values["OWN_FLEET_APP_KEY"]}`) {
      return refusal(401, "wrong_key");
    }
    const [, id, action] = match;
    if (request.method === "GET") return id === undefined ? refusal(404, "not_found") : answerWith(id);
    const body = readBody(request);
    if (body === undefined) return refusal(400, "not_json");
    if (id === undefined) return offer(body);
    const delivery = deliveries.get(id);
    if (delivery === undefined) return refusal(404, "not_found");
    return action === "accept" ? accept(delivery, body) : cancel(delivery);
  }

  const accepted = () => [...deliveries.values()].filter(({ trackingNumber }) => trackingNumber !== "");

  return {
    handle: async (request) => answer(request),
    labels: () => accepted().map(labelRecord),
    counts: () => ({
      labels: accepted().length,
      delivered: accepted().filter(({ steps }) => steps.at(-1)?.step === "delivered").length,
    }),
    tracking(trackingNumber) {
      const delivery = accepted().find((one) => one.trackingNumber === trackingNumber);
      if (delivery === undefined) return undefined;
      return { label: labelRecord(delivery), scans: delivery.steps.map(scanOf) };
    },
    webhooks: () => sender.status(),
    async stop() {
      for (const delivery of deliveries.values()) delivery.cancelNextStep?.();
      await sender.stop();
      log.close();
    },
  };
}

function readBody(request: SimulatedRequest): JsonObject | undefined {
  try {
    return objectAt(JSON.parse(request.body.toString("utf8")));
  } catch {
    return undefined;
  }
}

function documentOf(delivery: Delivery): unknown {
  const { id, state, rateId, trackingNumber, acceptedAt, steps } = delivery;
  return { ...delivery.offer, id, state, rateId, trackingNumber, acceptedAt, events: steps };
}

function labelRecord(delivery: Delivery): LabelRecord {
  const { offer } = delivery;
  return {
    shipmentId: delivery.id,
    reference: textAt(offer, "key"),
    orderReference: textAt(offer, "reference"),
    carrier: CARRIER_NAME,
    service: SERVICE_NAME,
    trackingNumber: delivery.trackingNumber,
    costMinor: Number(textAt(offer, "priceMinor")),
    currency: textAt(offer, "currency"),
    isReturn: offer["isReturn"] === true,
    boughtAt: delivery.acceptedAt,
    voided: delivery.state === "cancelled",
    status: delivery.steps.at(-1)?.step ?? "unknown",
    labelId: null,
  };
}

function scanOf(step: Step): SimulatedScan {
  return { at: step.at, message: step.note, place: { city: step.place, state: "", country: "" } };
}

function placeOf({ offer }: Delivery, step: string): string {
  return textAt(offer, step === "planned" || step === "collected" ? "from" : "to", "city");
}

function refusal(status: number, code: string): SimulatedReply {
  return jsonReply(status, { code });
}
