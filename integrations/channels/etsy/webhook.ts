/**
 * Etsy's webhooks, for apps with commercial access: signed as Standard Webhooks are, though the signature may stand
 * without its version. They name a receipt by its address in the API, and hold none.
 */
import type { ChannelAdapter, ChannelReading } from "../../../ports/channels.ts";
import { at, parseJson, textAt } from "../../vendor-kit/vendor-json.ts";
import { isStandardWebhook } from "../../vendor-kit/webhook-signature.ts";
import { refused, webhookOf } from "../reading.ts";

/** An id of Etsy's has fewer digits. */
const RECEIPT = /\/receipts\/(\d{1,20})$/;

export const openEtsyWebhook: ChannelAdapter["openWebhook"] = (headers, rawBody, secret) => {
  const signatures = (headers["webhook-signature"] ?? "").split(" ").filter((part) => part !== "");
  const versioned = signatures.map((part) => (part.includes(",") ? part : `v1,${part}`)).join(" ");
  if (!isStandardWebhook({ ...headers, "webhook-signature": versioned }, rawBody, secret)) return null;
  const signedId = headers["webhook-id"] ?? null;
  return { ...webhookOf(typeOf(rawBody), headers["webhook-id"]), signedId };
};

function typeOf(rawBody: Buffer): string | undefined {
  try {
    return textAt(parseJson(rawBody.toString("utf8")), "event_type") || undefined;
  } catch {
    return undefined;
  }
}

export function isEvent(document: unknown): boolean {
  return at(document, "event_type") !== undefined && at(document, "resource_url") !== undefined;
}

/** That an order was paid, cancelled, shipped or delivered decides nothing by itself: the receipt is read. */
export function readEvent(event: unknown): readonly ChannelReading[] {
  const externalId = RECEIPT.exec(textAt(event, "resource_url"))?.[1];
  return externalId === undefined
    ? [refused("not_an_order", `An event of Etsy's about no receipt: ${textAt(event, "event_type")}.`)]
    : [{ kind: "changed", externalId }];
}
