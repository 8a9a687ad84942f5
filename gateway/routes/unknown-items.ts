/** Things that came to the returns desk and that nobody announced. */
import Type from "typebox";
import { PAGE_DEFAULT } from "../../config/limits.ts";
import {
  AttachItemBody,
  ReturnView,
  UNKNOWN_ITEM_STATUSES,
  UnknownItem,
  UnknownItemBody,
} from "../../contract/returns.ts";
import { oneOf, pageOf, type Shape, sortedPages } from "../../contract/shapes.ts";
import { attachItem, discardItem, putAside } from "../../operations/returns/unknown-items.ts";
import { readReturnView } from "../../store/returns/return-views.ts";
import { listUnknownItems, readUnknownItem } from "../../store/returns/unknown-items.ts";
import { type Call, callerOf, done, found, param, type Route, route } from "../http/route.ts";

const READ = { kind: "permission", permission: "returns.read" } as const;
const RECEIVE = { kind: "permission", permission: "returns.receive" } as const;

export const unknownItemRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/returns/unknown-items",
    summary: "Items that were put aside at the returns desk, newest first",
    access: READ,
    query: Type.Object({ status: Type.Optional(oneOf(UNKNOWN_ITEM_STATUSES)), ...sortedPages("at") }),
    reply: pageOf(UnknownItem),
    handle: async ({ query, services }) => {
      return {
        json: await listUnknownItems(services.database, { ...query, limit: query.limit ?? PAGE_DEFAULT }),
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/returns/unknown-items/{itemId}",
    summary: "One item that was put aside",
    access: READ,
    reply: UnknownItem,
    handle: async (call) => ({
      json: found(await readUnknownItem(call.services.database, param(call, "itemId")), "item"),
    }),
  }),
  route({
    method: "POST",
    path: "/v1/returns/unknown-items",
    summary: "Puts an item aside of which nobody knows to which return it belongs",
    access: RECEIVE,
    body: UnknownItemBody,
    reply: UnknownItem,
    idempotency: "required",
    handle: (call) => aside(call, null),
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/unknown-items",
    summary: "Puts an item aside that came with a return and was not announced",
    access: RECEIVE,
    body: UnknownItemBody,
    reply: UnknownItem,
    idempotency: "required",
    handle: (call) => aside(call, param(call, "id")),
  }),
  route({
    method: "POST",
    path: "/v1/returns/unknown-items/{itemId}/attach",
    summary: "Says to which line of which return an item belongs; it has come with it",
    access: RECEIVE,
    body: AttachItemBody,
    reply: ReturnView,
    idempotency: "accepted",
    handle: async (call) => {
      const { services, body } = call;
      done(
        await attachItem(services.operations, {
          ...body,
          itemId: param(call, "itemId"),
          by: callerOf(call).by,
        }),
      );
      return { json: found(await readReturnView(services.database, body.returnId), "return") };
    },
  }),
  route({
    method: "POST",
    path: "/v1/returns/unknown-items/{itemId}/discard",
    summary: "An item is no longer kept",
    access: RECEIVE,
    reply: UnknownItem,
    idempotency: "accepted",
    handle: async (call) => {
      const itemId = param(call, "itemId");
      done(await discardItem(call.services.operations, { itemId, by: callerOf(call).by }));
      return { json: found(await readUnknownItem(call.services.database, itemId), "item") };
    },
  }),
];

async function aside(call: Call<unknown, Shape<typeof UnknownItemBody>>, returnId: string | null) {
  const { code, quantity = 1, note = "" } = call.body;
  const caller = callerOf(call).by;
  const { itemId } = done(
    await putAside(call.services.operations, {
      returnId,
      code,
      quantity,
      note,
      by: caller,
      key: `${caller}:${call.request.headers["idempotency-key"]}`,
    }),
  );
  return { status: 201, json: found(await readUnknownItem(call.services.database, itemId), "item") };
}
