import Type from "typebox";
import { PAGE_DEFAULT } from "../../config/limits.ts";
import type { Page, ReturnSummary, ReturnView } from "../../contract/api.ts";
import {
  InspectReturnBody,
  PageQuery,
  pageOf,
  ReceiveReturnBody,
  ReturnReply,
  ReturnSummaryReply,
  text,
} from "../../contract/schemas.ts";
import { inspectReturn } from "../../operations/returns/inspect-return.ts";
import { receiveReturn } from "../../operations/returns/receive-return.ts";
import { listReturns, readReturn } from "../../store/returns/return-views.ts";
import { callerOf, done, found, param, type Route, route } from "../http/route.ts";

const READ = { kind: "permission", permission: "returns.read" } as const;

export const returnRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/returns",
    summary: "Returns, newest first",
    access: READ,
    query: Type.Object({ status: Type.Optional(text(32)), ...PageQuery }),
    reply: pageOf(ReturnSummaryReply),
    handle: async ({ query, services }) => {
      const page: Page<ReturnSummary> = await listReturns(services.database, {
        status: query.status,
        cursor: query.cursor,
        limit: query.limit ?? PAGE_DEFAULT,
      });
      return { json: page };
    },
  }),
  route({
    method: "GET",
    path: "/v1/returns/{id}",
    summary: "One return with its lines and parcel",
    access: READ,
    reply: ReturnReply,
    handle: async (call) => {
      const view: ReturnView = found(await readReturn(call.services.database, param(call, "id")), "return");
      return { json: view };
    },
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/receive",
    summary: "The parcel was scanned in at the dock: with all that was announced, or the units given",
    access: { kind: "permission", permission: "returns.receive" },
    body: ReceiveReturnBody,
    reply: ReturnReply,
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
      const view: ReturnView = found(await readReturn(services.database, returnId), "return");
      return { json: view };
    },
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/inspect",
    summary: "Says of each line what becomes of its units",
    access: { kind: "permission", permission: "returns.inspect" },
    body: InspectReturnBody,
    reply: ReturnReply,
    idempotency: "accepted",
    handle: async (call) => {
      const { services, body } = call;
      const returnId = param(call, "id");
      done(await inspectReturn(services.operations, { returnId, lines: body.lines, by: callerOf(call).by }));
      const view: ReturnView = found(await readReturn(services.database, returnId), "return");
      return { json: view };
    },
  }),
];
