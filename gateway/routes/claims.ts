/** Claims about parcels: lost, damaged, or on their way back to us. */
import Type from "typebox";
import { PAGE_DEFAULT } from "../../config/limits.ts";
import {
  ApproveClaimBody,
  CarrierClaimBody,
  ClaimView,
  OpenClaimBody,
  ReceiveClaimBody,
  RejectClaimBody,
} from "../../contract/claims.ts";
import { Id, pageOf, sortedPages, text } from "../../contract/shapes.ts";
import {
  moveCarrierClaim,
  receiveClaim,
  refundClaim,
  rejectClaim,
  reshipClaim,
} from "../../operations/refunds/decide-claim.ts";
import { openClaim } from "../../operations/refunds/open-claim.ts";
import { listClaims, readClaimView } from "../../store/refunds/claim-views.ts";
import { type Call, callerOf, done, found, param, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";
import { ownOrder } from "./orders.ts";
import { giverOf, searchOf } from "./refunds.ts";

const READ = { kind: "permission", permission: "claims.read" } as const;
const DECIDE = { kind: "permission", permission: "claims.decide" } as const;

export const claimRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/claims",
    summary:
      "Claims, newest first unless another order is asked for; `?carrierStatus=to_file`: what is to be asked of carriers",
    access: READ,
    query: Type.Object({
      status: Type.Optional(text(32)),
      carrierStatus: Type.Optional(text(32)),
      order: Type.Optional(Id),
      q: Type.Optional(text(200)),
      ...sortedPages("openedAt"),
    }),
    reply: pageOf(ClaimView),
    handle: async (call) => ({
      json: await listClaims(call.services.database, {
        status: call.query.status,
        carrierStatus: call.query.carrierStatus,
        orderId: call.query.order,
        channelId: callerOf(call).channelId,
        search: searchOf(call),
        sort: call.query.sort,
        cursor: call.query.cursor,
        limit: call.query.limit ?? PAGE_DEFAULT,
      }),
    }),
  }),
  route({
    method: "GET",
    path: "/v1/claims/{id}",
    summary: "One claim",
    access: READ,
    reply: ClaimView,
    handle: async (call) => ({ json: await ownClaim(call, param(call, "id")) }),
  }),
  route({
    method: "POST",
    path: "/v1/orders/{id}/claims",
    summary: "Opens a claim about a parcel that is lost, damaged, or comes back",
    access: { kind: "permission", permission: "claims.open" },
    body: OpenClaimBody,
    reply: ClaimView,
    idempotency: "required",
    handle: async (call) => {
      const orderId = await ownOrder(call);
      const { shipmentId, kind, lines, note } = call.body;
      const { by } = callerOf(call);
      const { claimId } = done(
        await openClaim(call.services.operations, {
          orderId,
          shipmentId,
          kind,
          note: note ?? "",
          by,
          key: `${by}:${call.request.headers["idempotency-key"] ?? ""}`,
          ...(lines === undefined ? {} : { lines }),
        }),
      );
      return { status: 201, json: await ownClaim(call, claimId) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/claims/{id}/receive",
    summary: "The parcel that came back is at the dock; its goods go into the stock",
    access: { kind: "permission", permission: "returns.receive" },
    body: ReceiveClaimBody,
    reply: ClaimView,
    idempotency: "accepted",
    handle: async (call) => {
      const { id: claimId } = await ownClaim(call, param(call, "id"));
      const { lines } = call.body;
      const { by } = callerOf(call);
      const input = { claimId, by, ...(lines === undefined ? {} : { lines }) };
      done(await receiveClaim(call.services.operations, input));
      return { json: await ownClaim(call, claimId) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/claims/{id}/approve",
    summary: "Pays the goods back, or sends them again once their stock is reserved",
    access: DECIDE,
    body: ApproveClaimBody,
    reply: ClaimView,
    idempotency: "accepted",
    handle: async (call) => {
      const { id: claimId } = await ownClaim(call, param(call, "id"));
      const { resolution, amountMinor } = call.body;
      const { by } = callerOf(call);
      const { operations } = call.services;
      if (resolution === "reship" && amountMinor !== undefined)
        throw new ApiError("invalid_request", "An amount is for a refund only.");
      done<{ readonly status: "done" }>(
        resolution === "reship"
          ? await reshipClaim(operations, { claimId, by })
          : await refundClaim(operations, {
              claimId,
              giver: await giverOf(call),
              ...(amountMinor === undefined ? {} : { amountMinor }),
            }),
      );
      return { json: await ownClaim(call, claimId) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/claims/{id}/reject",
    summary: "Rejects a claim",
    access: DECIDE,
    body: RejectClaimBody,
    reply: ClaimView,
    idempotency: "accepted",
    handle: async (call) => {
      const { id: claimId } = await ownClaim(call, param(call, "id"));
      const { note } = call.body;
      done(await rejectClaim(call.services.operations, { claimId, note, by: callerOf(call).by }));
      return { json: await ownClaim(call, claimId) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/claims/{id}/carrier",
    summary: "Says how far the claim against the carrier is: filed, paid, refused",
    access: DECIDE,
    body: CarrierClaimBody,
    reply: ClaimView,
    idempotency: "accepted",
    handle: async (call) => {
      const { id: claimId } = await ownClaim(call, param(call, "id"));
      const { status, reference, paidMinor } = call.body;
      done(
        await moveCarrierClaim(call.services.operations, {
          claimId,
          to: status,
          by: callerOf(call).by,
          ...(reference === undefined ? {} : { reference }),
          ...(paidMinor === undefined ? {} : { paidMinor }),
        }),
      );
      return { json: await ownClaim(call, claimId) };
    },
  }),
];

async function ownClaim(call: Call<unknown, unknown>, claimId: string): Promise<ClaimView> {
  return found(await readClaimView(call.services.database, claimId, callerOf(call).channelId), "claim");
}
