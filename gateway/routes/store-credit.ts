/** Store credit: accounts, what is granted and taken back, and what pays for an order. */
import Type from "typebox";
import { PAGE_DEFAULT } from "../../config/limits.ts";
import { Done, pageOf, type Shape, sortedPages, text } from "../../contract/shapes.ts";
import {
  ApplyStoreCreditBody,
  IssueStoreCreditBody,
  StoreCreditIssued,
  StoreCreditSummary,
  StoreCreditView,
  WithdrawStoreCreditBody,
} from "../../contract/store-credit.ts";
import { applyStoreCredit, dropStoreCredit } from "../../operations/refunds/apply-store-credit.ts";
import { exceedsEveryLimit } from "../../operations/refunds/gift-limit.ts";
import { grantStoreCredit, withdrawStoreCredit } from "../../operations/refunds/grant-store-credit.ts";
import { listStoreCredit, readStoreCreditView } from "../../store/refunds/store-credit-views.ts";
import { type Call, callerOf, done, found, keyOf, param, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";
import { ownOrder } from "./orders.ts";
import { giverOf, LARGE_GIFT } from "./refunds.ts";

const READ = { kind: "permission", permission: "store-credit.read" } as const;
const APPLY = { kind: "permission", permission: "store-credit.apply" } as const;

export const storeCreditRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/store-credit",
    summary: "Accounts of store credit, newest first; `?q=`: part of the holder, or the code's last letters",
    access: READ,
    query: Type.Object({ q: Type.Optional(text(100)), ...sortedPages("createdAt") }),
    reply: pageOf(StoreCreditSummary),
    handle: async (call) => ({
      json: await listStoreCredit(call.services.database, {
        companyId: callerOf(call).companyId,
        text: call.query.q,
        isHolderHidden: !callerOf(call).permissions.has("personal-data.read"),
        sort: call.query.sort,
        cursor: call.query.cursor,
        limit: call.query.limit ?? PAGE_DEFAULT,
      }),
    }),
  }),
  route({
    method: "GET",
    path: "/v1/store-credit/{id}",
    summary: "One account with its entries",
    access: READ,
    reply: StoreCreditView,
    handle: async (call) => ({ json: await ownAccount(call, param(call, "id")) }),
  }),
  route({
    method: "POST",
    path: "/v1/store-credit",
    summary: "Gives a customer store credit that no order stands behind; the answer tells the code",
    access: { kind: "permission", permission: "refunds.give" },
    proof: { kind: "recent", condition: LARGE_GIFT, when: isLargeCredit },
    body: IssueStoreCreditBody,
    reply: StoreCreditIssued,
    idempotency: "required",
    handle: async (call) => {
      const { email, currency, amountMinor, bonusPercent, note } = call.body;
      const { accountId, code } = done(
        await grantStoreCredit(call.services.operations, {
          companyId: callerOf(call).companyId,
          email,
          currency,
          amountMinor,
          bonusPercent: bonusPercent ?? 0,
          note: note ?? "",
          giver: await giverOf(call),
          key: keyOf(call),
        }),
      );
      return { status: 201, json: { ...(await ownAccount(call, accountId)), code } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/store-credit/{id}/withdraw",
    summary: "Takes back what was given in error, as far as it is not spent",
    access: { kind: "permission", permission: "refunds.settle" },
    body: WithdrawStoreCreditBody,
    reply: StoreCreditView,
    idempotency: "required",
    handle: async (call) => {
      const accountId = param(call, "id");
      const { companyId, by } = callerOf(call);
      const { amountMinor, note } = call.body;
      const input = { companyId, accountId, amountMinor, note, by, key: keyOf(call) };
      done(await withdrawStoreCredit(call.services.operations, input));
      return { json: await ownAccount(call, accountId) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/orders/{id}/store-credit",
    summary: "Has the order paid with store credit, as far as it goes, before the rest is authorised",
    access: APPLY,
    body: ApplyStoreCreditBody,
    reply: Type.Object({ status: Type.Literal("done"), usedMinor: Type.Integer({ minimum: 0 }) }),
    idempotency: "required",
    handle: async (call) => {
      const orderId = await ownOrder(call);
      const { code, accountId, amountMinor } = call.body;
      if ((code === undefined) === (accountId === undefined))
        throw new ApiError("invalid_request", "Say which store credit: code or accountId.");
      const applied = await applyStoreCredit(call.services.operations, {
        orderId,
        by: callerOf(call).by,
        key: keyOf(call),
        ...(code === undefined ? {} : { code }),
        ...(accountId === undefined ? {} : { accountId }),
        ...(amountMinor === undefined ? {} : { amountMinor }),
      });
      return { json: done(applied) };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/orders/{id}/store-credit",
    summary: "Has the order not paid with store credit after all, before its payment is authorised",
    access: APPLY,
    reply: Done,
    handle: async (call) => {
      const orderId = await ownOrder(call);
      return {
        json: done(await dropStoreCredit(call.services.operations, { orderId, by: callerOf(call).by })),
      };
    },
  }),
];

async function isLargeCredit(call: Call<unknown, unknown>): Promise<boolean> {
  const { amountMinor: minor, currency } = call.body as Shape<typeof IssueStoreCreditBody>;
  const { companyId } = callerOf(call);
  return exceedsEveryLimit(call.services.database, await giverOf(call), { minor, currency, companyId });
}

async function ownAccount(call: Call<unknown, unknown>, accountId: string) {
  const { companyId } = callerOf(call);
  return found(await readStoreCreditView(call.services.database, companyId, accountId), "store credit");
}
