/** What locations have to ship, what people pack by hand, and what is printed for it. */
import Type from "typebox";
import { PAGE_DEFAULT } from "../../config/limits.ts";
import {
  CollectBody,
  FloorStageName,
  FulfillmentOrderStatusName,
  PackBody,
  Packed,
  WaitingFulfillmentOrder,
} from "../../contract/fulfillment.ts";
import { Done, Id, PageQuery, pageOf } from "../../contract/shapes.ts";
import { collect } from "../../operations/collection/collect.ts";
import type { PickedUnits } from "../../operations/floor/confirm-pick.ts";
import { packByHand } from "../../operations/floor/pack-by-hand.ts";
import { printPackingSlip } from "../../operations/floor/print-packing-slip.ts";
import {
  listFulfillmentOrders,
  readFulfillmentOrderHolds,
  readLabel,
} from "../../store/orders/order-views.ts";
import { callerOf, done, found, param, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

const LABEL = { kind: "permission", permission: "shipments.label" } as const;

export const fulfillmentRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/fulfillment-orders",
    summary: "What places have to ship, oldest first; without `status` whatever is not closed or cancelled",
    access: { kind: "permission", permission: "fulfillment.read" },
    query: Type.Object({
      location: Type.Optional(Id),
      stage: Type.Optional(FloorStageName),
      status: Type.Optional(FulfillmentOrderStatusName),
      ...PageQuery,
    }),
    reply: pageOf(WaitingFulfillmentOrder),
    handle: async ({ query, services }) => {
      return {
        json: await listFulfillmentOrders(services.database, {
          locationId: query.location,
          stage: query.stage,
          status: query.status,
          cursor: query.cursor,
          limit: query.limit ?? PAGE_DEFAULT,
        }),
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/fulfillment-orders/{id}/pack",
    summary:
      "A person has picked and packed it: all of it, or the units given by hold, with their serial numbers where it has them",
    access: { kind: "permission", permission: "fulfillment.pack" },
    body: PackBody,
    reply: Packed,
    idempotency: "accepted",
    handle: async (call) => {
      const fulfillmentOrderId = param(call, "id");
      const { services, body } = call;
      const holds = found(
        await readFulfillmentOrderHolds(services.database, fulfillmentOrderId),
        "fulfillment order",
      );
      const packed = await packByHand(services.operations, {
        fulfillmentOrderId,
        picked: body.lines === undefined ? null : countPicked(holds, body.lines),
        holds,
        ...(body.shortReason === undefined ? {} : { shortReason: body.shortReason }),
        cause: callerOf(call).by,
      });
      // Where units were missing, the order's saga decides what happens to it.
      return { json: done(packed) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/fulfillment-orders/{id}/collect",
    summary: "Hands what the store keeps to the customer, against their code",
    access: { kind: "permission", permission: "fulfillment.collect" },
    body: CollectBody,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const { code, idChecked } = call.body;
      const collected = await collect(call.services.operations, {
        fulfillmentOrderId: param(call, "id"),
        code,
        isIdChecked: idChecked === true,
        by: callerOf(call).by,
      });
      return { json: done(collected) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/fulfillment-orders/{id}/packing-slip.pdf",
    summary: "What to pick, and what goes into the parcel, as a page",
    access: { kind: "permission", permission: "fulfillment.read" },
    handle: async (call) => {
      const { database, documents } = call.services;
      const slip = await printPackingSlip(database, documents, param(call, "id"));
      return { contentType: "application/pdf", bytes: found(slip, "fulfillment order") };
    },
  }),
  route({
    method: "GET",
    path: "/v1/shipments/{id}/label.zpl",
    summary: "The label for a thermal printer",
    access: LABEL,
    handle: async (call) => {
      const label = found(await readLabel(call.services.database, param(call, "id")), "shipment");
      return { contentType: "application/zpl", bytes: label.zpl };
    },
  }),
  route({
    method: "GET",
    path: "/v1/shipments/{id}/label.pdf",
    summary: "The label as a page",
    access: LABEL,
    handle: async (call) => {
      const label = found(await readLabel(call.services.database, param(call, "id")), "shipment");
      return { contentType: "application/pdf", bytes: label.pdf };
    },
  }),
];

/** What the person says was taken, checked against what was asked for. */
function countPicked(
  holds: readonly { readonly holdId: string; readonly quantity: number }[],
  lines: NonNullable<PackBody["lines"]>,
): readonly PickedUnits[] {
  const wanted = new Map(holds.map((hold) => [hold.holdId, hold.quantity]));
  for (const { holdId, picked } of lines) {
    const quantity = wanted.get(holdId);
    if (quantity === undefined) {
      throw new ApiError(
        "invalid_request",
        `The fulfillment order has no hold ${holdId}, or it is named twice.`,
      );
    }
    if (picked > quantity)
      throw new ApiError("invalid_request", `${holdId} asks for ${quantity} units at most.`);
    wanted.delete(holdId);
  }
  return lines.map(({ picked, ...named }) => ({ ...named, quantity: picked }));
}
