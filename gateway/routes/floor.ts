/** What robots took from a shelf and no fulfillment order has: a list for people, and what they say of it. */
import Type from "typebox";
import { PAGE_DEFAULT } from "../../config/limits.ts";
import { FloorLoad, FloorLoadStatus, SettleLoadBody } from "../../contract/floor.ts";
import { Id, pageOf, sortedPages } from "../../contract/shapes.ts";
import { settleLoad } from "../../operations/floor/robot-loads.ts";
import { listLoads, readLoad } from "../../store/floor/robot-loads.ts";
import { boundsOf } from "../access/within.ts";
import { callerOf, done, found, param, type Route, route } from "../http/route.ts";

export const floorRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/floor/loads",
    summary: "Units that robots took and no fulfillment order has, adrift for longest first",
    access: { kind: "permission", permission: "fulfillment.read" },
    query: Type.Object({
      status: Type.Optional(FloorLoadStatus),
      location: Type.Optional(Id),
      order: Type.Optional(Id),
      ...sortedPages("since"),
    }),
    reply: pageOf(FloorLoad),
    handle: async (call) => {
      const { status, location: locationId, order: orderId, sort, cursor, limit = PAGE_DEFAULT } = call.query;
      const filter = { ...boundsOf(callerOf(call)), status, locationId, orderId, sort, cursor, limit };
      return { json: await listLoads(call.services.database, filter) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/floor/loads/{id}",
    summary: "Units that a robot took, and what is known of them",
    access: { kind: "permission", permission: "fulfillment.read" },
    reply: FloorLoad,
    handle: async (call) => ({
      json: found(await readLoad(call.services.database, param(call, "id")), "load"),
    }),
  }),
  route({
    method: "POST",
    path: "/v1/floor/loads/{id}/settle",
    summary: "Says what became of units that were adrift: put back, packed after all, or written off",
    access: { kind: "permission", permission: "fulfillment.pack" },
    body: SettleLoadBody,
    reply: FloorLoad,
    idempotency: "accepted",
    handle: async (call) => {
      const loadId = param(call, "id");
      const { as } = call.body;
      done(await settleLoad(call.services.operations, { loadId, as, by: callerOf(call).by }));
      return { json: found(await readLoad(call.services.database, loadId), "load") };
    },
  }),
];
