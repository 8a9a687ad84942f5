/**
 * What a request is about, route by route, for callers whose role is bound to places or channels. A route
 * that is not here is closed to them; a test holds this table against the route table, so that a new route is
 * decided on.
 */

import { readRegisteredDevice } from "../../store/floor/device-views.ts";
import { placesOf } from "../../store/orders/order-places.ts";
import type { Whereabouts } from "../access/within.ts";
import type { Call, RouteWhereabouts } from "../http/route.ts";
import { param } from "../http/route.ts";

type Locate = (call: Call<unknown, unknown>) => Promise<Whereabouts | null>;

const orderOf =
  (what: Parameters<typeof placesOf>[1], name = "id"): Locate =>
  (call) =>
    placesOf(call.services.database, what, param(call, name));

const order = orderOf("order");
const fulfillmentOrder = orderOf("fulfillment-order");
const shipment = orderOf("shipment");
const returned = orderOf("return");
const claim = orderOf("claim");
const refund = orderOf("refund");
const load = orderOf("load");
const location: Locate = async (call) => ({ everyLocation: [param(call, "id")] });
const channel: Locate = async (call) => ({ channel: param(call, "id") });

const device: Locate = async (call) => {
  const registered = await readRegisteredDevice(call.services.database, param(call, "id"));
  return registered === null ? null : { everyLocation: [registered.locationId] };
};

const position: Locate = async (call) => ({ everyLocation: [param(call, "location")] });

/** Goods that are sent on are at the sender's place; the receiver's is asked when they arrive. */
const stockCommands: Locate = async (call) => {
  const { commands } = call.body as { readonly commands: readonly { readonly locationId?: unknown }[] };
  return { everyLocation: commands.map(({ locationId }) => String(locationId)) };
};

const promised: Locate = async (call) => {
  const { location: asked } = call.query as { readonly location?: string };
  return asked === undefined ? {} : { everyLocation: [asked] };
};

/** `METHOD path`, as in the route table. */
export const WHEREABOUTS: RouteWhereabouts = new Map<string, "anything" | "company" | "filtered" | Locate>([
  // Who is asking, and what there is altogether.
  ["GET /v1/sessions/current", "anything"],
  ["DELETE /v1/sessions/current", "anything"],
  ["GET /v1/sessions/current/proof", "anything"],
  ["POST /v1/sessions/current/proof", "anything"],
  ["POST /v1/sessions/current/single-sign-on", "anything"],
  ["GET /v1/sessions", "anything"],
  ["DELETE /v1/sessions", "anything"],
  ["GET /v1/sessions/{id}", "anything"],
  ["DELETE /v1/sessions/{id}", "anything"],
  ["GET /v1/account", "anything"],
  ["GET /v1/account/passkeys", "anything"],
  ["POST /v1/account/passkeys", "anything"],
  ["POST /v1/account/passkeys/options", "anything"],
  ["DELETE /v1/account/passkeys/{id}", "anything"],
  ["GET /v1/company", "anything"],
  // Each of its requests is held to the caller's places by itself.
  ["POST /v1/bulk", "anything"],
  ["GET /v1/views", "anything"],
  ["POST /v1/views", "anything"],
  ["GET /v1/views/{id}", "anything"],
  ["DELETE /v1/views/{id}", "anything"],
  ...["password", "second-factor", "second-factor/confirm", "second-factor/remove", "recovery-codes"].map(
    (action) => [`POST /v1/account/${action}`, "anything"] as const,
  ),
  ["GET /v1/products", "anything"],
  ["GET /v1/products/{sku}", "anything"],
  ["GET /v1/custom-fields", "anything"],
  ["GET /v1/hold-reasons", "anything"],
  ["GET /v1/hold-reasons/{code}", "anything"],
  ["GET /v1/custom-fields/{subject}/{key}", "anything"],
  ["GET /v1/unmapped-skus", "anything"],
  ["GET /v1/sku-mappings", "anything"],
  ["GET /v1/locations", "anything"],
  ["GET /v1/channels", "anything"],
  ["GET /v1/devices/kinds", "anything"],
  ["GET /v1/channel-kinds", "anything"],
  // Numbers of orders and units, without what they are of.
  ["GET /v1/overview", "anything"],
  ["GET /v1/overview/throughput", "anything"],
  // Of processes, and of no order or place.
  ["GET /v1/system", "anything"],

  // The handler shows what is the caller's.
  ["GET /v1/orders", "filtered"],
  ["GET /v1/orders/events", "filtered"],
  ["GET /v1/orders/export.csv", "filtered"],
  ["GET /v1/stock", "filtered"],
  ["GET /v1/stock/{sku}/available", "filtered"],
  ["GET /v1/fulfillment-orders", "filtered"],
  ["GET /v1/floor/loads", "filtered"],
  ["GET /v1/floor/loads/{id}", load],
  ["POST /v1/packing-slips", "filtered"],

  ["GET /v1/stock/{sku}/promise", promised],
  ["GET /v1/stock/{sku}/{location}/explain", position],
  ["GET /v1/stock/{sku}/{location}/movements", position],
  ["GET /v1/stock/{sku}/{location}/movements.csv", position],
  ["POST /v1/stock/commands", stockCommands],
  ["POST /v1/floor/loads/{id}/settle", load],
  ...["close", "open"].map((action) => [`POST /v1/locations/{id}/${action}`, location] as const),
  ["GET /v1/locations/{id}", location],
  ["PATCH /v1/locations/{id}", location],
  ["POST /v1/locations/{id}/custom-fields", location],
  ["GET /v1/locations/{id}/pickup-rules", location],
  ["POST /v1/locations/{id}/pickup-rules", location],
  ...["settings", "hold-rules", "return-rules"].flatMap(
    (rules) =>
      [
        [`GET /v1/channels/{id}/${rules}`, channel],
        [`POST /v1/channels/{id}/${rules}`, channel],
      ] as const,
  ),
  ["GET /v1/channel-connections", "company"],
  ...[
    "GET /v1/channels/{id}/account",
    "PUT /v1/channels/{id}/account",
    "DELETE /v1/channels/{id}/account",
    "POST /v1/channels/{id}/account/try",
    "GET /v1/channels/{id}/tellings",
    "POST /v1/channels/{id}/tellings/{telling}/send-again",
    "POST /v1/channels/{id}/tellings/{telling}/drop",
    "GET /v1/channels/{id}/backfills",
    "POST /v1/channels/{id}/backfills",
    "GET /v1/channels/{id}/listings",
    "POST /v1/channels/{id}/listings/map",
    "GET /v1/channels/{id}/comparisons",
    "POST /v1/channels/{id}/comparisons",
    "GET /v1/channels/{id}/differences",
    "GET /v1/channels/{id}/differences.csv",
    "POST /v1/channels/{id}/differences/{difference}/accept",
  ].map((path) => [path, channel] as const),
  ["GET /v1/channels/{id}", channel],
  ["PATCH /v1/channels/{id}", channel],
  ...["disable", "enable", "rotate-secret"].map(
    (action) => [`POST /v1/channels/{id}/${action}`, channel] as const,
  ),
  ["GET /v1/devices/{id}", device],
  ["PATCH /v1/devices/{id}", device],
  ["GET /v1/devices/{id}/acl", device],
  ...["rotate", "disable", "enable"].map((action) => [`POST /v1/devices/{id}/${action}`, device] as const),

  ["GET /v1/orders/{id}", order],
  ["GET /v1/orders/{id}/tracking-link", order],
  ["GET /v1/orders/{id}/timeline", order],
  ["GET /v1/orders/{id}/revisions", order],
  ["GET /v1/orders/{id}/refunds", order],
  ["PUT /v1/orders/{id}/payment-method", order],
  ["PUT /v1/orders/{id}/cash", order],
  ["DELETE /v1/orders/{id}/store-credit", order],
  ...[
    "cancel",
    "changes",
    "hold",
    "pickup-place",
    "ship-available",
    "release-hold",
    "resend-notice",
    "claims",
    "refunds",
    "returns",
    "store-credit",
  ].map((action) => [`POST /v1/orders/{id}/${action}`, order] as const),

  ["GET /v1/fulfillment-orders/{id}", fulfillmentOrder],
  ["GET /v1/fulfillment-orders/{id}/combinable", fulfillmentOrder],
  ["GET /v1/fulfillment-orders/{id}/packing-slip.pdf", fulfillmentOrder],
  ...[
    "pack",
    "collect",
    "create_fulfillment",
    "leave-combined-parcel",
    "hold",
    "release_hold",
    "split",
    "reschedule",
    "mark_as_open",
    "mark_fulfilled_elsewhere",
    "cancel_fulfillment_order",
  ].map((action) => [`POST /v1/fulfillment-orders/{id}/${action}`, fulfillmentOrder] as const),
  ["GET /v1/shipments/{id}/label.zpl", shipment],
  ["GET /v1/shipments/{id}/label.pdf", shipment],

  ["GET /v1/returns/{id}", returned],
  ["POST /v1/returns/{id}/custom-fields", returned],
  ...[
    "approve",
    "decline",
    "cancel",
    "receive",
    "inspect",
    "reopen",
    "close",
    "retry",
    "exchange",
    "unknown-items",
  ].map((action) => [`POST /v1/returns/{id}/${action}`, returned] as const),
  ["GET /v1/claims/{id}", claim],
  ...["receive", "approve", "reject", "carrier"].map(
    (action) => [`POST /v1/claims/{id}/${action}`, claim] as const,
  ),
  ["GET /v1/refunds/{id}", refund],
  ...["confirm", "retry", "withdraw"].map((action) => [`POST /v1/refunds/{id}/${action}`, refund] as const),

  // Of the whole company: closed to whoever is bound.
  ...[
    "POST /v1/orders",
    "POST /v1/orders/quote",
    "POST /v1/products",
    "PATCH /v1/products/{sku}",
    "POST /v1/products/{sku}/components",
    "POST /v1/products/{sku}/tagging",
    "POST /v1/products/{sku}/substitutes",
    "POST /v1/sku-mappings",
    "POST /v1/combined-parcels",
    // The units leave this place for another one.
    "POST /v1/fulfillment-orders/{id}/move",
    "POST /v1/fulfillment-orders/{id}/merge",
    "GET /v1/returns",
    "GET /v1/returns/scan",
    "GET /v1/returns/unknown-items",
    "GET /v1/returns/unknown-items/{itemId}",
    "POST /v1/returns/unknown-items",
    "POST /v1/returns/unknown-items/{itemId}/attach",
    "POST /v1/returns/unknown-items/{itemId}/discard",
    "GET /v1/refunds",
    "GET /v1/refunds/export.csv",
    "GET /v1/claims",
    "GET /v1/store-credit",
    "POST /v1/store-credit",
    "GET /v1/store-credit/{id}",
    "POST /v1/store-credit/{id}/withdraw",
    "GET /v1/devices",
    "POST /v1/devices",
    "GET /v1/devices/dead-letters",
    "GET /v1/devices/dead-letters/{letterId}",
    "POST /v1/devices/dead-letters/{letterId}/retry",
    "GET /v1/devices/events",
    "GET /v1/parcel-limits",
    "POST /v1/parcel-limits",
    "GET /v1/refund-limits",
    "POST /v1/refund-limits",
    "GET /v1/stock-limits",
    "POST /v1/stock-limits",
    "POST /v1/channels",
    "POST /v1/locations",
    "GET /v1/settings/sourcing-rules",
    "POST /v1/settings/sourcing-rules",
    "POST /v1/settings/sourcing-rules/check",
    "GET /v1/settings/sourcing-rules/versions",
    "GET /v1/webhook-subscriptions",
    "POST /v1/webhook-subscriptions",
    ...["GET", "PATCH", "DELETE"].map((method) => `${method} /v1/webhook-subscriptions/{id}`),
    "GET /v1/webhook-event-types",
    "GET /v1/webhook-subscriptions/{id}/deliveries",
    "GET /v1/webhook-subscriptions/{id}/replays",
    "POST /v1/webhook-subscriptions/{id}/replays",
    "DELETE /v1/webhook-subscriptions/{id}/replays/{replayId}",
    ...["rotate-secret", "test", "deliveries/{messageId}/replay"].map(
      (action) => `POST /v1/webhook-subscriptions/{id}/${action}`,
    ),
    "GET /v1/holidays",
    "POST /v1/holidays",
    "POST /v1/custom-fields",
    "POST /v1/hold-reasons",
    "PATCH /v1/hold-reasons/{code}",
    "PATCH /v1/custom-fields/{subject}/{key}",
    "POST /v1/products/{sku}/custom-fields",
    "GET /v1/mail-templates",
    "GET /v1/mail-templates/{kind}/{language}",
    ...["", "/use-shipped", "/preview", "/test"].map(
      (action) => `POST /v1/mail-templates/{kind}/{language}${action}`,
    ),
    "GET /v1/vendor-accounts",
    "POST /v1/vendor-accounts",
    "GET /v1/vendors",
    "GET /v1/vendor-accounts/{kind}/{provider}/{account}",
    "PATCH /v1/vendor-accounts/{kind}/{provider}/{account}",
    "DELETE /v1/vendor-accounts/{kind}/{provider}/{account}",
    "POST /v1/vendor-accounts/{kind}/{provider}/{account}/try",
    "POST /v1/vendor-accounts/{kind}/{provider}/{account}/rotate-secret",
    "GET /v1/setting-changes",
    "GET /v1/audit",
    "GET /v1/audit/export",
    "GET /v1/audit/verification",
    "GET /v1/audit/{position}",
    "GET /v1/audits/ended-orders",
    "POST /v1/personal-data/orders",
    "POST /v1/personal-data/export",
    "POST /v1/personal-data/erasures",
    "GET /v1/personal-data/erasures",
    "GET /v1/settings/archive",
    "POST /v1/settings/archive",
    "GET /v1/settings/retention",
    "POST /v1/settings/retention",
    "GET /v1/settings/retention/due",
    "GET /v1/roles",
    "POST /v1/roles",
    "GET /v1/roles/{id}",
    "PATCH /v1/roles/{id}",
    "POST /v1/roles/{id}/disable",
    "POST /v1/roles/{id}/enable",
    "GET /v1/permissions",
    "PATCH /v1/company",
    "GET /v1/staff",
    "POST /v1/staff",
    "GET /v1/staff/{id}",
    "PATCH /v1/staff/{id}",
    "POST /v1/staff/{id}/disable",
    "POST /v1/staff/{id}/enable",
    "POST /v1/staff/{id}/end-sessions",
    "POST /v1/staff/{id}/reset-password",
    "POST /v1/staff/{id}/remove-second-factor",
    "GET /v1/keys",
    "POST /v1/keys",
    "GET /v1/keys/{id}",
    "POST /v1/keys/{id}/rotate",
    "POST /v1/keys/{id}/disable",
    // A table is of all places and channels.
    "GET /v1/imports",
    "POST /v1/imports",
    ...["GET", "PATCH", "DELETE"].map((method) => `${method} /v1/imports/{id}`),
    ...["content", "check", "run", "stop"].map((action) => `POST /v1/imports/{id}/${action}`),
    "GET /v1/imports/{id}/faults.csv",
    "GET /v1/import-mappings",
    "GET /v1/import-mappings/{id}",
    "POST /v1/import-mappings",
    "DELETE /v1/import-mappings/{id}",
    "GET /v1/exports/{kind}",
    "GET /metrics",
  ].map((name) => [name, "company"] as const),
]);
