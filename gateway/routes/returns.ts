/** Returns at the dock: listed, scanned in, inspected. */
import Type from "typebox";
import { PAGE_DEFAULT } from "../../config/limits.ts";
import { InspectReturnBody, ReceiveReturnBody, ReturnSummary, ReturnView } from "../../contract/returns.ts";
import { PageQuery, pageOf, text } from "../../contract/shapes.ts";
import { inspectReturn } from "../../operations/returns/inspect-return.ts";
import { receiveReturn } from "../../operations/returns/receive-return.ts";
import { listReturns, readReturnView } from "../../store/returns/return-views.ts";
import { callerOf, done, found, param, type Route, route } from "../http/route.ts";

const READ = { kind: "permission", permission: "returns.read" } as const;

export const returnRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/returns",
    summary: "Returns, newest first",
    access: READ,
    query: Type.Object({ status: Type.Optional(text(32)), ...PageQuery }),
    reply: pageOf(ReturnSummary),
    handle: async ({ query, services }) => {
      return {
        json: await listReturns(services.database, {
          status: query.status,
          cursor: query.cursor,
          limit: query.limit ?? PAGE_DEFAULT,
        }),
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/returns/{id}",
    summary: "One return with its lines and parcel",
    access: READ,
    reply: ReturnView,
    handle: async (call) => {
      return { json: found(await readReturnView(call.services.database, param(call, "id")), "return") };
    },
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/receive",
    summary: "The parcel was scanned in at the dock: with all that was announced, or the units given",
    access: { kind: "permission", permission: "returns.receive" },
    body: ReceiveReturnBody,
    reply: ReturnView,
    idempotency: "accepted",
    handle: async (call) => {
      const { services, body } = call;
      const returnId = param(call, "id");
      const lines = body.lines;
      done(
        await receiveReturn(services.operations, {
          returnId,
          by: callerOf(call).by,
          ...(lines === undefined ? {} : { lines }),
        }),
      );
      return { json: found(await readReturnView(services.database, returnId), "return") };
    },
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/inspect",
    summary: "Says of each line what becomes of its units",
    access: { kind: "permission", permission: "returns.inspect" },
    body: InspectReturnBody,
    reply: ReturnView,
    idempotency: "accepted",
    handle: async (call) => {
      const { services, body } = call;
      const returnId = param(call, "id");
      done(await inspectReturn(services.operations, { returnId, lines: body.lines, by: callerOf(call).by }));
      return { json: found(await readReturnView(services.database, returnId), "return") };
    },
  }),
];
