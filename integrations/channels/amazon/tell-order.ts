/**
 * Tells Amazon what becomes of an order.
 *
 * W1 Each word reads the order first: what Amazon has already is not told again. A package is known by its
 *    tracking number, and has the same number of ours (`packageReferenceId`) whenever it is told.
 * W2 Acknowledging gives the order our number, its alias at Amazon. Cancelling cancels all of it: Amazon knows
 *    no other way.
 */
import { createHash } from "node:crypto";
import type { OrderWord, Told } from "../../../ports/channel-connection.ts";
import { countAt, firstText, listAt, textAt } from "../../vendor-kit/vendor-json.ts";
import { type AmazonApi, errorOf } from "./api.ts";
import { carrierOf } from "./carriers.ts";
import { errorInXmlReport, runFeed } from "./feeds.ts";
import { tellInvoice } from "./invoice.ts";
import { readOrder2026 } from "./read-orders.ts";

type Word<Kind extends OrderWord["kind"]> = Extract<OrderWord, { kind: Kind }>;

export const TOLD_TO_AMAZON = [
  "acknowledge",
  "ship",
  "cancel",
] as const satisfies readonly OrderWord["kind"][];

/** @param seller who issues our invoices, by lines */
export async function tellOrder(api: AmazonApi, word: OrderWord, seller: readonly string[]): Promise<Told> {
  const { externalId } = word.order;
  const order = await readOrder2026(api, externalId);
  if (order === null) return refused("order_not_found", `Amazon has no order ${externalId}.`);
  switch (word.kind) {
    case "acknowledge":
      return acknowledge(api, word, order);
    case "cancel":
      return cancel(api, word, order);
    case "ship":
      return ship(api, word, order);
    case "invoice":
      return tellInvoice(api, word, order, seller);
    default:
      return refused("not_told_here", `Amazon is not told of this: ${word.kind}.`);
  }
}

function refused(code: string, message: string): Told {
  return { status: "refused", code, message };
}

function statusOf(order: unknown): string {
  return textAt(order, "fulfillment", "fulfillmentStatus");
}

async function acknowledge(api: AmazonApi, word: Word<"acknowledge">, order: unknown): Promise<Told> {
  const { orderId, externalId } = word.order;
  const isKnown = listAt(order, "orderAliases").some(
    (alias) => textAt(alias, "aliasType") === "SELLER_ORDER_ID" && textAt(alias, "aliasId") === orderId,
  );
  if (isKnown) return { status: "already", reference: orderId };
  const items = itemIdsOf(order).map(
    (id) => `<Item><AmazonOrderItemCode>${xml(id)}</AmazonOrderItemCode></Item>`,
  );
  return tellByFeed(
    api,
    [
      `<AmazonOrderID>${xml(externalId)}</AmazonOrderID>`,
      `<MerchantOrderID>${xml(orderId)}</MerchantOrderID>`,
      "<StatusCode>Success</StatusCode>",
      ...items,
    ].join(""),
  );
}

/** Amazon's words for why an order is not delivered. */
const CANCEL_REASONS: Readonly<Record<string, string>> = {
  out_of_stock: "NoInventory",
  customer_request: "BuyerCanceled",
  address: "ShippingAddressUndeliverable",
  fraud: "RiskAssessmentInformationNotValid",
};

async function cancel(api: AmazonApi, word: Word<"cancel">, order: unknown): Promise<Told> {
  const status = statusOf(order);
  if (status === "CANCELLED") return { status: "already", reference: null };
  if (!word.isWhole) {
    const message = "Amazon cancels whole orders only; what is not delivered of this one is refunded there.";
    return refused("partial_cancellation", message);
  }
  if (status !== "UNSHIPPED" && status !== "PENDING" && status !== "PENDING_AVAILABILITY")
    return refused("too_late", `Amazon: the order is ${status}.`);
  const reason = CANCEL_REASONS[word.reason] ?? "GeneralAdjustment";
  const items = itemIdsOf(order).map(
    (id) =>
      `<Item><AmazonOrderItemCode>${xml(id)}</AmazonOrderItemCode><CancelReason>${reason}</CancelReason></Item>`,
  );
  return tellByFeed(
    api,
    [
      `<AmazonOrderID>${xml(word.order.externalId)}</AmazonOrderID>`,
      "<StatusCode>Failure</StatusCode>",
      ...items,
    ].join(""),
  );
}

function itemIdsOf(order: unknown): readonly string[] {
  return listAt(order, "orderItems").map((item) => textAt(item, "orderItemId"));
}

async function tellByFeed(api: AmazonApi, acknowledgement: string): Promise<Told> {
  const content = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">',
    `<Header><DocumentVersion>1.01</DocumentVersion><MerchantIdentifier>${xml(api.account.sellerId)}</MerchantIdentifier></Header>`,
    "<MessageType>OrderAcknowledgement</MessageType>",
    `<Message><MessageID>1</MessageID><OrderAcknowledgement>${acknowledgement}</OrderAcknowledgement></Message>`,
    "</AmazonEnvelope>",
  ].join("\n");
  const { feedId, report } = await runFeed(api, {
    feedType: "POST_ORDER_ACKNOWLEDGEMENT_DATA",
    contentType: "text/xml; charset=UTF-8",
    content,
  });
  const error = errorInXmlReport(report);
  return error === null ? { status: "told", reference: feedId } : { status: "refused", ...error };
}

function xml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

async function ship(api: AmazonApi, word: Word<"ship">, order: unknown): Promise<Told> {
  const packageReferenceId = packageNumberOf(word.shipmentId);
  const known = listAt(order, "packages").find(
    (one) =>
      textAt(one, "packageReferenceId") === packageReferenceId ||
      sameTracking(textAt(one, "trackingNumber"), word.trackingNumber),
  );
  if (known !== undefined) return { status: "already", reference: textAt(known, "packageReferenceId") };
  if (statusOf(order) === "CANCELLED")
    return refused("cancelled_at_channel", "Amazon: the order is CANCELLED.");
  const open = new Map(
    listAt(order, "orderItems").map((item) => [
      textAt(item, "orderItemId"),
      countAt(item, "fulfillment", "quantityUnfulfilled"),
    ]),
  );
  const tooMany = word.lines.find(
    ({ externalLineId, quantity }) => (open.get(externalLineId) ?? 0) < quantity,
  );
  if (tooMany !== undefined) {
    const left = open.get(tooMany.externalLineId) ?? 0;
    return refused(
      "not_open",
      `Amazon has ${left} of ${tooMany.channelSku} to be shipped, not ${tooMany.quantity}.`,
    );
  }
  const reply = await api.ask({
    operation: "confirmShipment",
    method: "POST",
    path: `/orders/v0/orders/${encodeURIComponent(word.order.externalId)}/shipmentConfirmation`,
    body: {
      marketplaceId: firstText(
        textAt(order, "salesChannel", "marketplaceId"),
        api.account.marketplaceIds[0] ?? "",
      ),
      packageDetail: {
        packageReferenceId,
        ...carrierOf(word.carrier),
        ...(word.service === "" ? {} : { shippingMethod: word.service }),
        trackingNumber: word.trackingNumber,
        shipDate: word.shippedAt,
        orderItems: word.lines.map(({ externalLineId, quantity }) => ({
          orderItemId: externalLineId,
          quantity,
        })),
      },
    },
  });
  if (reply.status < 300) return { status: "told", reference: packageReferenceId };
  const { code, message } = errorOf(reply);
  return refused(code, message);
}

function sameTracking(a: string, b: string): boolean {
  const plain = (text: string) => text.replace(/[\s-]/g, "").toUpperCase();
  return a !== "" && plain(a) === plain(b);
}

/** Amazon takes positive numbers, as text, that differ within an order. */
export function packageNumberOf(shipmentId: string): string {
  const digest = createHash("sha256").update(shipmentId).digest();
  return String((digest.readUInt32BE(0) % 999_999_999) + 1);
}
