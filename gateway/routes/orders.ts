/** Orders: captured, listed, exported, looked at, cancelled, and released from a hold. */
import Type, { type Static, type TObject } from "typebox";
import { ORDER_EXPORT_ROWS, PAGE_DEFAULT } from "../../config/limits.ts";
import { canonicalOrderSchema } from "../../contract/canonical-order.ts";
import { CancelBody, ChangeAnswer, OrderChangeBody } from "../../contract/order-changes.ts";
import {
  CaptureResult,
  CashBody,
  HoldOrderBody,
  HoldPut,
  HoldReleased,
  OrderEvent,
  OrderFilterQuery,
  OrderRevisionView,
  OrderSummary,
  OrderView,
  PaymentMethodBody,
  PickupPlaceBody,
  ReleaseHoldBody,
  ResendNoticeBody,
  TimelineEntry,
  TrackingLink,
} from "../../contract/orders.ts";
import { OrderQuote, OrderQuoteBody } from "../../contract/requests/order-quote.ts";
import { closed, Done, Id, PageQuery, pageOf, sortedPages } from "../../contract/shapes.ts";
import { captureOrders } from "../../operations/capture/capture-order.ts";
import { cancelOrder } from "../../operations/change/cancel-order.ts";
import { editOrder } from "../../operations/change/edit-order.ts";
import { callerIn } from "../../operations/context.ts";
import { exportOrders } from "../../operations/export-orders.ts";
import { putHold } from "../../operations/holds/put-hold.ts";
import { releaseHold } from "../../operations/holds/release-hold.ts";
import { setPickupPlace } from "../../operations/holds/set-pickup-place.ts";
import { shipAvailable } from "../../operations/holds/ship-available.ts";
import { resendNotice } from "../../operations/notices/resend-notice.ts";
import { givePaymentMethod } from "../../operations/payments/give-payment-method.ts";
import { recordCash } from "../../operations/payments/record-cash.ts";
import { quoteOrder } from "../../operations/quote/quote-order.ts";
import { refuseSending } from "../../operations/refunds/gift-limit.ts";
import { readText } from "../../orders/custom-fields/custom-fields.ts";
import { archivedList } from "../../store/archive/archive-reader.ts";
import { recordAuditAlone } from "../../store/audit-log/record-audit.ts";
import { listChannels } from "../../store/catalog/catalog-views.ts";
import { readCompany } from "../../store/catalog/companies.ts";
import { readCustomFields } from "../../store/catalog/custom-fields.ts";
import { listOrderEvents } from "../../store/orders/feed.ts";
import { listOrders, type OrderFilter } from "../../store/orders/order-list.ts";
import { readRevisions } from "../../store/orders/order-revisions.ts";
import { hasOrder, readOrderView, readTimeline, readTrackingToken } from "../../store/orders/order-views.ts";
import type { Database } from "../../store/sql/database.ts";
import { KEY_ROLE } from "../access/permissions.ts";
import { boundsOf } from "../access/within.ts";
import { giverFor } from "../http/giver.ts";
import { utf8Text } from "../http/read-json-body.ts";
import {
  accepted,
  type Call,
  callerOf,
  done,
  found,
  keyOf,
  param,
  type Route,
  route,
} from "../http/route.ts";
import { checkChannelDocument } from "../wire/bounded-json.ts";
import { csvOf } from "../wire/csv.ts";
import { ApiError } from "../wire/problem.ts";

/** The kind of channels that send orders as `canonical-order.ts` describes them. */
const OWN_FORMAT = "holdfast";

const READ = { kind: "permission", permission: "orders.read" } as const;

/** A document in its channel's format that is a list of orders gets all their answers. */
const CaptureAnswer = Type.Union([CaptureResult, Type.Object({ results: Type.Array(CaptureResult) })]);

export const orderRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/orders",
    summary: "Orders, newest first unless another order is asked for",
    access: READ,
    query: Type.Object({ ...OrderFilterQuery, ...PageQuery }),
    reply: pageOf(OrderSummary),
    handle: async (call) => {
      const { cursor, limit = PAGE_DEFAULT } = call.query;
      return { json: await listOrders(listOf(call), await filterOf(call), { cursor, limit }) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/orders/events",
    summary: "What happened to orders, newest first; what follows is on the stream",
    access: READ,
    query: Type.Object(sortedPages("at")),
    reply: pageOf(OrderEvent),
    handle: async (call) => {
      const principal = callerOf(call);
      const bounds = { channelId: principal.channelId, ...boundsOf(principal) };
      const { sort, cursor, limit = PAGE_DEFAULT } = call.query;
      return { json: await listOrderEvents(call.services.database, bounds, { sort, cursor, limit }) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/orders/export.csv",
    summary: `The same list as a table, at most ${ORDER_EXPORT_ROWS.toLocaleString("en")} rows`,
    access: { kind: "permission", permission: "orders.export" },
    query: Type.Object(OrderFilterQuery),
    handle: async (call) => {
      const { services, query } = call;
      const { columns, rows } = await exportOrders(
        { database: listOf(call) },
        callerOf(call).companyId,
        await filterOf(call),
        ORDER_EXPORT_ROWS,
      );
      await recordAuditAlone(services.database, callerIn(services.operations, callerOf(call).by), {
        act: "orders.exported",
        subject: "orders",
        // What was searched for may be somebody's name.
        after: { ...query, ...(query.q === undefined ? {} : { q: "(not shown)" }), rows: rows.length },
      });
      return {
        contentType: "text/csv; charset=utf-8",
        bytes: csvOf(columns, rows),
        file: { name: "orders.csv" },
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/orders",
    summary:
      "Captures one order of a channel of kind `holdfast` (or, with ?channel, in that channel's format)",
    access: { kind: "permission", permission: "orders.capture" },
    query: Type.Object({ channel: Type.Optional(Id) }),
    body: canonicalOrderSchema,
    raw: true,
    reply: CaptureAnswer,
    idempotency: "required",
    handle: async (call) => {
      const channelId = await captureChannel(call);
      await mayNamePrices(call);
      const payload = utf8Text(call.request.body);
      checkChannelDocument(payload);
      const { services } = call;
      const results = await captureOrders(services.operations, {
        channelId,
        topic: null,
        payload,
        adapters: services.channelAdapters,
        cause: callerOf(call).by,
        ...(call.request.gone === undefined ? {} : { gone: call.request.gone }),
      });
      services.metrics.countCaptured(results);
      const [result] = results;
      if (result === undefined) throw new ApiError("invalid_order", "The document holds no order.");
      if (results.length > 1) return { json: { results } };
      if (result.outcome === "refused" || result.outcome === "ignored") {
        throw ApiError.of({
          status: "refused",
          code: result.code ?? "invalid_order",
          detail: result.detail ?? "The order was refused.",
        });
      }
      return { status: result.outcome === "duplicate" ? 200 : 201, json: result };
    },
  }),
  route({
    method: "POST",
    path: "/v1/orders/quote",
    summary: "What would become of an order that is sent now: sums, stock, dates. Reserves nothing",
    access: { kind: "permission", permission: "orders.capture" },
    query: Type.Object({ channel: Type.Optional(Id) }),
    body: OrderQuoteBody,
    reply: OrderQuote,
    handle: async (call) => {
      const channelId = await captureChannel(call);
      await mayNamePrices(call);
      const adapter = call.services.channelAdapters.get(OWN_FORMAT);
      if (adapter === undefined) throw new Error("nobody reads our own format");
      const { body: draft, services } = call;
      return { json: done(await quoteOrder(services.operations, { channelId, draft, adapter })).quote };
    },
  }),
  route({
    method: "GET",
    path: "/v1/orders/{id}",
    summary: "One order with its lines, places, parcels, payment and returns",
    access: READ,
    reply: OrderView,
    handle: async (call) => {
      const { services } = call;
      const order = found(
        await readOrderView(services.database, param(call, "id"), callerOf(call).channelId),
        "order",
      );
      return { json: order };
    },
  }),
  route({
    method: "GET",
    path: "/v1/orders/{id}/tracking-link",
    summary: "The address of the shopper's page: whoever has it acts as the shopper",
    access: { kind: "permission", permission: "orders.tracking-link" },
    reply: TrackingLink,
    handle: async (call) => {
      const { services } = call;
      const { by, channelId } = callerOf(call);
      const orderId = param(call, "id");
      const token = found(await readTrackingToken(services.database, orderId, channelId), "order");
      await recordAuditAlone(services.database, callerIn(services.operations, by), {
        act: "tracking-link.shown",
        subject: `order:${orderId}`,
      });
      return { json: { url: new URL(`/track/${token}`, services.publicUrl).href } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/orders/{id}/timeline",
    summary: "What happened to an order and why, oldest first",
    access: READ,
    query: Type.Object(sortedPages("at")),
    reply: pageOf(TimelineEntry),
    handle: async (call) => {
      return {
        json: found(
          await readTimeline(call.services.database, {
            orderId: param(call, "id"),
            channelId: callerOf(call).channelId,
            sort: call.query.sort,
            cursor: call.query.cursor,
            limit: call.query.limit ?? PAGE_DEFAULT,
          }),
          "order",
        ),
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/orders/{id}/cancel",
    summary: "Cancels lines, or all that can still be cancelled",
    access: { kind: "permission", permission: "orders.cancel" },
    body: CancelBody,
    reply: ChangeAnswer,
    idempotency: "accepted",
    handle: async (call) => {
      const orderId = await ownOrder(call);
      const { reason, lines } = call.body;
      const { by } = callerOf(call);
      const key = keyOf(call);
      return {
        status: 202,
        json: accepted(
          await cancelOrder(call.services.operations, {
            orderId,
            reason,
            by,
            key,
            ...(lines === undefined ? {} : { lines }),
          }),
        ),
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/orders/{id}/changes",
    summary: "Changes the order: all edits together make its next revision, or none of them does",
    access: { kind: "permission", permission: "orders.change" },
    body: OrderChangeBody,
    reply: ChangeAnswer,
    idempotency: "accepted",
    handle: async (call) => {
      const orderId = await ownOrder(call);
      const { by } = callerOf(call);
      const changed = await editOrder(call.services.operations, {
        ...call.body,
        orderId,
        by,
        key: keyOf(call),
        giver: await giverFor(call.services, callerOf(call)),
      });
      return { json: accepted(changed) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/orders/{id}/revisions",
    summary: "Every revision of the order's document, the newest first, with who made it and what it changed",
    access: READ,
    reply: pageOf(OrderRevisionView),
    handle: async (call) => {
      const { channelId } = callerOf(call);
      const items = await readRevisions(call.services.database, param(call, "id"), channelId);
      return { json: { items: found(items ?? null, "order"), next: null } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/orders/{id}/hold",
    summary: "Puts the order on hold: nothing of it is picked, packed or sent until the hold is released",
    access: { kind: "permission", permission: "orders.hold" },
    body: HoldOrderBody,
    reply: HoldPut,
    idempotency: "accepted",
    handle: async (call) => {
      const orderId = await ownOrder(call);
      const { reason, ownReason } = call.body;
      const by = callerOf(call).by;
      const hold = { orderId, reason, ownReason, by, key: keyOf(call) };
      return { json: done(await putHold(call.services.operations, hold)) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/orders/{id}/pickup-place",
    summary: "Says in which store an order is collected that came without one",
    access: { kind: "permission", permission: "orders.release-hold" },
    body: PickupPlaceBody,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const place = { orderId: param(call, "id"), locationId: call.body.locationId, by: callerOf(call).by };
      return { json: done(await setPickupPlace(call.services.operations, place)) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/orders/{id}/ship-available",
    summary: "Lets what is there of an order leave before the rest",
    access: { kind: "permission", permission: "orders.release-hold" },
    body: Type.Object({}, closed),
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const orderId = param(call, "id");
      return {
        json: done(await shipAvailable(call.services.operations, { orderId, by: callerOf(call).by })),
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/orders/{id}/release-hold",
    summary: "Clears the reasons that a person may clear and lets the order try again",
    access: { kind: "permission", permission: "orders.release-hold" },
    body: ReleaseHoldBody,
    reply: HoldReleased,
    idempotency: "accepted",
    handle: async (call) => {
      const orderId = await ownOrder(call);
      const { codes, ids } = call.body;
      const released = await releaseHold(call.services.operations, {
        orderId,
        by: callerOf(call).by,
        role: callerOf(call).staff?.role ?? KEY_ROLE,
        ...(codes === undefined ? {} : { codes }),
        ...(ids === undefined ? {} : { ids }),
      });
      return { json: done(released) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/orders/{id}/resend-notice",
    summary: "Sends a mail to the shopper again, written from what is true now",
    access: { kind: "permission", permission: "orders.notify" },
    body: ResendNoticeBody,
    reply: Done,
    idempotency: "required",
    handle: async (call) => {
      const orderId = await ownOrder(call);
      const { by } = callerOf(call);
      const { notice } = call.body;
      const key = keyOf(call);
      return {
        status: 202,
        json: done(await resendNotice(call.services.operations, { orderId, notice, by, key })),
      };
    },
  }),
  route({
    method: "PUT",
    path: "/v1/orders/{id}/payment-method",
    summary: "Gives the order a means of payment, and lets it try again where it waited for one",
    access: { kind: "permission", permission: "orders.payment" },
    body: PaymentMethodBody,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const orderId = await ownOrder(call);
      const { paymentMethod } = call.body;
      const by = callerOf(call).by;
      return {
        json: done(await givePaymentMethod(call.services.operations, { orderId, paymentMethod, by })),
      };
    },
  }),
  route({
    method: "PUT",
    path: "/v1/orders/{id}/cash",
    summary: "Says how much of an order that is paid on delivery was taken, in all",
    access: { kind: "permission", permission: "orders.cash" },
    body: CashBody,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const orderId = await ownOrder(call);
      const { takenMinor, note } = call.body;
      const by = callerOf(call).by;
      return {
        json: done(await recordCash(call.services.operations, { orderId, takenMinor, note: note ?? "", by })),
      };
    },
  }),
];

/** Which orders the caller asks for, of those that are theirs. */
/** Where the list's orders are: in the busy tables, or in the archive. */
function listOf({ query, services }: Call<Static<TObject<typeof OrderFilterQuery>>, unknown>): Database {
  return query.archived === "true" ? archivedList(services.database) : services.database;
}

async function filterOf(call: Call<Static<TObject<typeof OrderFilterQuery>>, unknown>): Promise<OrderFilter> {
  const principal = callerOf(call);
  const { channel, location, q, field, archived: _archived, ...query } = call.query;
  const bound = principal.channelId;
  if (bound !== null && channel !== undefined && channel !== bound) {
    throw new ApiError("channel_forbidden", `The key is bound to the channel ${bound}.`);
  }
  const company = await readCompany(call.services.database, principal.companyId);
  return {
    ...query,
    ...boundsOf(principal),
    channelId: bound ?? channel,
    locationId: location,
    field: field === undefined ? undefined : await fieldIn(call, field),
    timeZone: company?.timeZone ?? "UTC",
    search:
      q === undefined
        ? undefined
        : { text: q, isPersonalDataHidden: !principal.permissions.has("personal-data.read") },
  };
}

/** @param asked `key:value` */
async function fieldIn(
  call: Call<unknown, unknown>,
  asked: string,
): Promise<NonNullable<OrderFilter["field"]>> {
  const [key = ""] = asked.split(":", 1);
  const fields = await readCustomFields(call.services.database, callerOf(call).companyId);
  const field = fields.find((one) => one.subject === "order" && one.key === key);
  if (field === undefined)
    throw new ApiError("custom_field_unknown", `There is no custom field "${key}" of orders.`);
  if (field.personal)
    throw new ApiError("custom_field_invalid", `"${key}" is personal data: no list goes by it.`);
  return { key, value: readText(field, asked.slice(key.length + 1)) };
}

/**
 * The order that the path names, where the caller may act on it. For a key that is bound to a channel, orders
 * of other channels do not exist.
 */
export async function ownOrder(call: Call<unknown, unknown>): Promise<string> {
  const orderId = param(call, "id");
  const { channelId } = callerOf(call);
  if (channelId !== null && !(await hasOrder(call.services.database, orderId, channelId))) {
    throw new ApiError("not_found", "There is no such order.");
  }
  return orderId;
}

/** A key speaks for its channel; a member of staff speaks for nobody whose prices could be beyond a limit. */
async function mayNamePrices(call: Call<unknown, unknown>): Promise<void> {
  const principal = callerOf(call);
  if (principal.staff === null) return;
  const refusal = refuseSending(await giverFor(call.services, principal));
  if (refusal !== null) throw ApiError.of(refusal);
}

/**
 * The channel that an order is sent for: the key's own, the one asked for, or the only one of kind
 * `holdfast`.
 */
async function captureChannel(call: Call<{ readonly channel?: string }, unknown>): Promise<string> {
  const bound = callerOf(call).channelId;
  const asked = call.query.channel;
  if (bound !== null) {
    if (asked !== undefined && asked !== bound) {
      throw new ApiError("channel_forbidden", `The key is bound to the channel ${bound}.`);
    }
    return bound;
  }
  if (asked !== undefined) return asked;
  const { items } = await listChannels(call.services.database);
  const own = items.filter((channel) => channel.active && channel.kind === OWN_FORMAT);
  const [only] = own;
  if (only === undefined || own.length > 1) {
    throw new ApiError("invalid_request", "Say for which channel: ?channel=<id>.");
  }
  return only.id;
}
