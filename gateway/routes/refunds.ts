/** Money after the sale: refunds, who pays them out, and what finance does about those that are open. */
import Type from "typebox";
import { PAGE_DEFAULT, PAGE_MAX } from "../../config/limits.ts";
import {
  ConfirmRefundBody,
  ExchangeBody,
  Exchanged,
  OrderRefunds,
  RefundView,
  RequestRefundBody,
} from "../../contract/refunds.ts";
import { Done, Id, pageOf, type Shape, sortedPages, text } from "../../contract/shapes.ts";
import { exchangeReturn } from "../../operations/refunds/exchange-return.ts";
import { EXPORT_COLUMNS, exportRefunds } from "../../operations/refunds/export-refunds.ts";
import { exceedsEveryLimit, type Giver, readGiving } from "../../operations/refunds/gift-limit.ts";
import { requestRefund } from "../../operations/refunds/request-refund.ts";
import { confirmRefund, retryRefund, withdrawRefund } from "../../operations/refunds/settle-refund.ts";
import { readOrderProgress } from "../../store/orders/order-progress.ts";
import type { OrderSearch } from "../../store/orders/order-search.ts";
import { listRefunds, readRefundView } from "../../store/refunds/refund-views.ts";
import { giverFor } from "../http/giver.ts";
import { withoutPersonalData } from "../http/personal-data.ts";
import { type Call, callerOf, done, found, param, type Route, route } from "../http/route.ts";
import { csvOf } from "../wire/csv.ts";
import { ApiError } from "../wire/problem.ts";
import { ownOrder } from "./orders.ts";

const READ = { kind: "permission", permission: "refunds.read" } as const;
const SETTLE = { kind: "permission", permission: "refunds.settle" } as const;
/** What only a role without a limit can give is asked for by a person who has lately proved who they are. */
export const LARGE_GIFT = "where it is more than any limited role may give in a day";
const CONFIRM = { kind: "permission", permission: "refunds.confirm" } as const;

const Filter = {
  status: Type.Optional(text(32)),
  reason: Type.Optional(text(32)),
  channel: Type.Optional(Id),
  order: Type.Optional(Id),
  q: Type.Optional(text(200)),
};

type FilterQuery = {
  readonly status?: string;
  readonly reason?: string;
  readonly channel?: string;
  readonly order?: string;
  readonly q?: string;
};

export const refundRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/refunds",
    summary: "Refunds, newest first; `?status=due_at_channel`: what channels still have to pay back",
    access: READ,
    query: Type.Object({ ...Filter, ...sortedPages("requestedAt") }),
    reply: pageOf(RefundView),
    handle: async (call) => ({
      json: await listRefunds(call.services.database, {
        ...filterOf(call),
        sort: call.query.sort,
        cursor: call.query.cursor,
        limit: call.query.limit ?? PAGE_DEFAULT,
      }),
    }),
  }),
  route({
    method: "GET",
    path: "/v1/refunds/export.csv",
    summary: "The same list as a table, at most 20,000 rows",
    access: READ,
    query: Type.Object(Filter),
    handle: async (call) => {
      const rows = await exportRefunds(call.services.operations, filterOf(call));
      const seesAll = callerOf(call).permissions.has("personal-data.read");
      return {
        contentType: "text/csv; charset=utf-8",
        bytes: csvOf(EXPORT_COLUMNS, seesAll ? rows : withoutPersonalData(rows)),
        file: { name: "refunds.csv" },
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/refunds/{id}",
    summary: "One refund",
    access: READ,
    reply: RefundView,
    handle: async (call) => ({ json: await ownRefund(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/refunds/{id}/confirm",
    summary: "The channel has refunded it, or the customer has paid back what was too much",
    access: CONFIRM,
    body: ConfirmRefundBody,
    reply: RefundView,
    idempotency: "accepted",
    handle: async (call) => {
      const { id: refundId } = await ownRefund(call);
      const { externalRefundId, amountMinor } = call.body;
      done(
        await confirmRefund(call.services.operations, {
          refundId,
          externalRefundId,
          by: callerOf(call).by,
          ...(amountMinor === undefined ? {} : { amountMinor }),
        }),
      );
      return { json: await ownRefund(call) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/refunds/{id}/retry",
    summary: "Asks the payment provider again for a refund that it has declined",
    access: SETTLE,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const { id: refundId } = await ownRefund(call);
      return {
        status: 202,
        json: done(await retryRefund(call.services.operations, { refundId, by: callerOf(call).by })),
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/refunds/{id}/withdraw",
    summary: "Gives up a refund that was declined, so that its money can go back in another way",
    access: SETTLE,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const { id: refundId } = await ownRefund(call);
      return {
        status: 202,
        json: done(await withdrawRefund(call.services.operations, { refundId, by: callerOf(call).by })),
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/orders/{id}/refunds",
    summary: "An order's refunds, what can still go back, and what the caller may give",
    access: READ,
    reply: OrderRefunds,
    handle: async (call) => {
      const orderId = await ownOrder(call);
      const giving = found(await readGiving(call.services.operations, orderId, await giverOf(call)), "order");
      const { items } = await listRefunds(call.services.database, { orderId, limit: PAGE_MAX });
      return { json: { ...giving, refunds: items } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/orders/{id}/refunds",
    summary: "Gives money back, to the way it was paid or as store credit, within the caller's limit",
    access: { kind: "permission", permission: "refunds.give" },
    proof: { kind: "recent", condition: LARGE_GIFT, when: isLargeRefund },
    body: RequestRefundBody,
    reply: RefundView,
    idempotency: "required",
    handle: async (call) => {
      const orderId = await ownOrder(call);
      const { amountMinor, reason, to, bonusPercent, note } = call.body;
      const { refundId } = done(
        await requestRefund(call.services.operations, {
          orderId,
          amountMinor,
          reason,
          to: to ?? "original",
          bonusPercent: bonusPercent ?? 0,
          note: note ?? "",
          giver: await giverOf(call),
          key: `${callerOf(call).by}:${call.request.headers["idempotency-key"] ?? ""}`,
        }),
      );
      const refund = await readRefundView(call.services.database, refundId, null);
      return { status: 201, json: found(refund, "refund") };
    },
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/exchange",
    summary: "Makes a return an exchange: the new goods are reserved now, and paid with what comes back",
    access: { kind: "permission", permission: "returns.exchange" },
    body: ExchangeBody,
    reply: Exchanged,
    idempotency: "accepted",
    handle: async (call) => {
      const returnId = param(call, "id");
      const { items, paymentMethod } = call.body;
      const exchanged = await exchangeReturn(call.services.operations, {
        returnId,
        items,
        giver: await giverOf(call),
        ...(paymentMethod === undefined ? {} : { paymentMethod }),
      });
      return { status: 201, json: done(exchanged) };
    },
  }),
];

/** Who gives, with the limits that count now. */
export function giverOf(call: Call<unknown, unknown>): Promise<Giver> {
  return giverFor(call.services, callerOf(call));
}

async function isLargeRefund(call: Call<unknown, unknown>): Promise<boolean> {
  const { database } = call.services;
  const { companyId, channelId } = callerOf(call);
  const order = await readOrderProgress(database, param(call, "id"));
  // What is not there, or not the caller's, the handler says.
  if (order === undefined || channelId !== null) return false;
  const { amountMinor: minor } = call.body as Shape<typeof RequestRefundBody>;
  return exceedsEveryLimit(database, await giverOf(call), { minor, currency: order.currency, companyId });
}

async function ownRefund(call: Call<unknown, unknown>): Promise<RefundView> {
  const { channelId } = callerOf(call);
  return found(await readRefundView(call.services.database, param(call, "id"), channelId), "refund");
}

/** What is searched for, by what the caller may know of shoppers. */
export function searchOf(call: Call<{ readonly q?: string }, unknown>): OrderSearch | undefined {
  const { q } = call.query;
  if (q === undefined) return undefined;
  return { text: q, isPersonalDataHidden: !callerOf(call).permissions.has("personal-data.read") };
}

function filterOf(call: Call<FilterQuery, unknown>) {
  const { status, reason, channel, order } = call.query;
  const { channelId: bound } = callerOf(call);
  if (bound !== null && channel !== undefined && channel !== bound)
    throw new ApiError("channel_forbidden", `The key is bound to the channel ${bound}.`);
  return { status, reason, channelId: bound ?? channel, orderId: order, search: searchOf(call) };
}
