/** What locations have to ship, what people pack by hand, and what is printed for it. */
import Type, { type TSchema } from "typebox";
import { PAGE_DEFAULT } from "../../config/limits.ts";
import {
  CancelPartBody,
  CollectBody,
  Combinable,
  CombineBody,
  Combined,
  FloorStageName,
  FulfilledElsewhereBody,
  type FulfillmentOrderActionName,
  FulfillmentOrderStatusName,
  HoldPartBody,
  MergePartsBody,
  MovePartBody,
  NothingBody,
  PackBody,
  Packed,
  PartChanged,
  ReleasePartBody,
  ReschedulePartBody,
  SplitPartBody,
  WaitingFulfillmentOrder,
} from "../../contract/fulfillment.ts";
import { Done, Id, oneOf, pageOf, type Shape, sortedPages } from "../../contract/shapes.ts";
import { cancelPart } from "../../operations/change/cancel-part.ts";
import { collect } from "../../operations/collection/collect.ts";
import type { OperationContext } from "../../operations/context.ts";
import type { PickedUnits } from "../../operations/floor/confirm-pick.ts";
import { packByHand, refuseStaleCount } from "../../operations/floor/pack-by-hand.ts";
import { printPackingSlips } from "../../operations/floor/print-packing-slip.ts";
import type { PartChanged as Changed, PartAction } from "../../operations/fulfillment/change-part.ts";
import { combinableWith, combineOrders, leaveCombined } from "../../operations/fulfillment/combine-orders.ts";
import { createFulfillment } from "../../operations/fulfillment/create-fulfillment.ts";
import { holdPart, releasePart } from "../../operations/fulfillment/hold-part.ts";
import { markPartFulfilledElsewhere } from "../../operations/fulfillment/mark-fulfilled-elsewhere.ts";
import { movePart } from "../../operations/fulfillment/move-part.ts";
import { openPart, reschedulePart } from "../../operations/fulfillment/schedule-part.ts";
import { mergeParts, splitPart } from "../../operations/fulfillment/split-part.ts";
import type { Refusal } from "../../operations/refusal.ts";
import {
  listFulfillmentOrders,
  readFulfillmentOrderHolds,
  readLabel,
} from "../../store/orders/order-views.ts";
import { requirePermission } from "../access/authentication.ts";
import type { Permission } from "../access/permissions.ts";
import { boundsOf } from "../access/within.ts";
import { type Call, callerOf, done, found, keyOf, param, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

const LABEL = { kind: "permission", permission: "shipments.label" } as const;

export const fulfillmentRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/fulfillment-orders",
    summary:
      "What places have to ship, the most urgent first; without `status` whatever is not closed or cancelled",
    access: { kind: "permission", permission: "fulfillment.read" },
    query: Type.Object({
      location: Type.Optional(Id),
      stage: Type.Optional(FloorStageName),
      status: Type.Optional(FulfillmentOrderStatusName),
      // What people pick and pack: all of a place without robots; elsewhere what is stuck, or was given up.
      for: Type.Optional(oneOf(["people"])),
      ...sortedPages("queueAt"),
    }),
    reply: pageOf(WaitingFulfillmentOrder),
    handle: async (call) => {
      const { query, services } = call;
      return {
        json: await listFulfillmentOrders(services.database, {
          ...boundsOf(callerOf(call)),
          locationId: query.location,
          stage: query.stage,
          status: query.status,
          isForPeople: query.for === "people",
          sort: query.sort,
          cursor: query.cursor,
          limit: query.limit ?? PAGE_DEFAULT,
        }),
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/fulfillment-orders/{id}",
    summary: "One fulfillment order, as the list has it, whatever has become of it",
    access: { kind: "permission", permission: "fulfillment.read" },
    reply: WaitingFulfillmentOrder,
    handle: async (call) => {
      const { items } = await listFulfillmentOrders(call.services.database, {
        ...boundsOf(callerOf(call)),
        id: param(call, "id"),
        limit: 1,
      });
      return { json: found(items[0] ?? null, "fulfillment order") };
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
    handle: async (call) => ({
      json: done(await packByHand(call.services.operations, await packingOf(call))),
    }),
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
    method: "POST",
    path: "/v1/fulfillment-orders/{id}/create_fulfillment",
    summary:
      "The same, as an action of the fulfillment order: refused where it is not among its supportedActions",
    access: { kind: "permission", permission: "fulfillment.pack" },
    body: PackBody,
    reply: Packed,
    idempotency: "accepted",
    handle: async (call) => ({
      json: done(await createFulfillment(call.services.operations, await packingOf(call))),
    }),
  }),
  action("hold", "Nobody works on it until the hold is released", HoldPartBody, (context, asked, body) =>
    holdPart(context, { ...asked, reason: body.reason }),
  ),
  action(
    "release_hold",
    "Takes its holds off: all, or those named",
    ReleasePartBody,
    (context, asked, body) => releasePart(context, { ...asked, ...body }),
  ),
  action("move", "Another location ships it", MovePartBody, (context, asked, body) =>
    movePart(context, { ...asked, locationId: body.locationId }),
  ),
  action(
    "split",
    "Some of its units get a fulfillment order of their own",
    SplitPartBody,
    (context, asked, body) => splitPart(context, { ...asked, lines: body.lines }),
  ),
  action(
    "merge",
    "Others of the same order and place become part of it",
    MergePartsBody,
    (context, asked, body) =>
      mergeParts(context, {
        ...asked,
        ...(body.fulfillmentOrders === undefined ? {} : { others: body.fulfillmentOrders }),
      }),
  ),
  action("reschedule", "It begins on a later day", ReschedulePartBody, (context, asked, body) =>
    reschedulePart(context, { ...asked, releaseOn: body.releaseOn }),
  ),
  action(
    "cancel_fulfillment_order",
    "Its units are not wanted any more: they are cancelled in the order; needs `orders.cancel` as well",
    CancelPartBody,
    (context, asked, body) => cancelPart(context, { ...asked, reason: body.reason }),
    // What is cancelled are units of the order: whoever may not cancel those moves, holds or puts off the
    // part.
    "orders.cancel",
  ),
  action("mark_as_open", "It begins now, before its day", NothingBody, (context, asked) =>
    openPart(context, asked),
  ),
  action(
    "mark_fulfilled_elsewhere",
    "Somebody else has handed its units over; what was held for them is free",
    FulfilledElsewhereBody,
    (context, asked, body) => markPartFulfilledElsewhere(context, { ...asked, tracking: body }),
  ),
  route({
    method: "POST",
    path: "/v1/combined-parcels",
    summary: "Fulfillment orders of one customer's orders leave in one parcel; each order stays what it is",
    access: { kind: "permission", permission: "fulfillment.change" },
    body: CombineBody,
    reply: Combined,
    idempotency: "accepted",
    handle: async (call) => ({
      json: done(
        await combineOrders(call.services.operations, {
          fulfillmentOrders: call.body.fulfillmentOrders,
          by: callerOf(call).by,
          key: keyOf(call),
        }),
      ),
    }),
  }),
  route({
    method: "GET",
    path: "/v1/fulfillment-orders/{id}/combinable",
    summary: "Fulfillment orders of the customer's other orders that could leave in one parcel with it",
    access: { kind: "permission", permission: "fulfillment.read" },
    reply: Combinable,
    handle: async (call) => {
      const candidates = await combinableWith(call.services.operations, param(call, "id"));
      const items = found(candidates, "fulfillment order").map(({ id, orderId, orderNumber, service }) => ({
        fulfillmentOrderId: id,
        orderId,
        orderNumber,
        service,
      }));
      return { json: { items, next: null } };
    },
  }),
  route({
    method: "POST",
    path: "/v1/fulfillment-orders/{id}/leave-combined-parcel",
    summary: "It leaves on its own, not in the parcel that it was to share",
    access: { kind: "permission", permission: "fulfillment.change" },
    body: NothingBody,
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => ({
      json: done(
        await leaveCombined(call.services.operations, {
          fulfillmentOrderId: param(call, "id"),
          by: callerOf(call).by,
        }),
      ),
    }),
  }),
  route({
    method: "GET",
    path: "/v1/fulfillment-orders/{id}/packing-slip.pdf",
    summary: "What to pick, and what goes into the parcel, as a page",
    // It bears the address.
    access: { kind: "one-of", permissions: ["fulfillment.pack", "shipments.label", "personal-data.read"] },
    handle: async (call) => {
      const { database, documents } = call.services;
      const slip = await printPackingSlips(database, documents, [param(call, "id")]);
      return {
        contentType: "application/pdf",
        bytes: found(slip, "fulfillment order"),
        file: { name: `packing-slip-${param(call, "id")}.pdf`, shown: true },
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/shipments/{id}/label.zpl",
    summary: "The label for a thermal printer",
    access: LABEL,
    handle: async (call) => {
      const label = found(await readLabel(call.services.database, param(call, "id")), "shipment");
      return {
        contentType: "application/zpl",
        bytes: label.zpl,
        file: { name: `label-${param(call, "id")}.zpl` },
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/shipments/{id}/label.pdf",
    summary: "The label as a page",
    access: LABEL,
    handle: async (call) => {
      const label = found(await readLabel(call.services.database, param(call, "id")), "shipment");
      return {
        contentType: "application/pdf",
        bytes: label.pdf,
        file: { name: `label-${param(call, "id")}.pdf`, shown: true },
      };
    },
  }),
];

/**
 * An action on a fulfillment order, under the name that `supportedActions` gives it.
 *
 * @param also a permission that it needs beside that to change fulfillment orders
 */
function action<B extends TSchema>(
  name: FulfillmentOrderActionName,
  summary: string,
  body: B,
  run: (context: OperationContext, asked: PartAction, body: Shape<B>) => Promise<Changed | Refusal>,
  also?: Permission,
): Route {
  return route({
    method: "POST",
    path: `/v1/fulfillment-orders/{id}/${name}`,
    summary,
    access: { kind: "permission", permission: "fulfillment.change" },
    body,
    reply: PartChanged,
    idempotency: "accepted",
    handle: async (call) => {
      const asked = {
        fulfillmentOrderId: param(call, "id"),
        by: (also === undefined ? callerOf(call) : requirePermission(call.principal, also)).by,
        key: keyOf(call),
      };
      return { json: done(await run(call.services.operations, asked, call.body as Shape<B>)) };
    },
  });
}

/**
 * What the person says was picked and packed. Where units were missing, the order's saga decides what
 * follows.
 */
async function packingOf(call: Call<unknown, PackBody>) {
  const fulfillmentOrderId = param(call, "id");
  const { services, body } = call;
  const holds = found(
    await readFulfillmentOrderHolds(services.database, fulfillmentOrderId),
    "fulfillment order",
  );
  const stale = await refuseStaleCount(services.operations, fulfillmentOrderId, body.revision);
  if (stale !== null) throw ApiError.of(stale);
  return {
    fulfillmentOrderId,
    picked: body.lines === undefined ? null : countPicked(holds, body.lines),
    holds,
    ...(body.checked === undefined ? {} : { findings: body.checked }),
    ...(body.shortReason === undefined ? {} : { shortReason: body.shortReason }),
    ...(body.revision === undefined ? {} : { revision: body.revision }),
    cause: callerOf(call).by,
  };
}

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
