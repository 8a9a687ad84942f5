/** The returns desk: returns are asked for, decided, taken in, inspected, corrected. */
import Type from "typebox";
import { PAGE_DEFAULT } from "../../config/limits.ts";
import {
  ApproveReturnBody,
  DeclineReturnBody,
  InspectReturnBody,
  RETURN_SORTS,
  ReasonedBody,
  ReceiveReturnBody,
  ReopenInspectionBody,
  ReturnRequest,
  ReturnRulesBody,
  ReturnRulesView,
  ReturnSummary,
  ReturnView,
  ScanResult,
} from "../../contract/returns.ts";
import { Id, oneOf, PageQuery, pageOf, type Shape, text } from "../../contract/shapes.ts";
import { approveReturn, declineReturn } from "../../operations/returns/decide-return.ts";
import { cancelReturn, closeReturn } from "../../operations/returns/end-return.ts";
import { type FoundUnits, inspectReturn } from "../../operations/returns/inspect-return.ts";
import { receiveReturn } from "../../operations/returns/receive-return.ts";
import { reopenInspection } from "../../operations/returns/reopen-inspection.ts";
import { requestReturn } from "../../operations/returns/request-return.ts";
import { retryReturn } from "../../operations/returns/retry-return.ts";
import { changeReturnRules, returnRulesSubject } from "../../operations/settings/change-return-rules.ts";
import { readScannedCode } from "../../orders/returns/scanned-code.ts";
import { archivedOrders } from "../../store/archive/archive-reader.ts";
import { findArchived } from "../../store/archive/archived-names.ts";
import { findScanned } from "../../store/returns/find-scanned.ts";
import { listReturns, readReturnView } from "../../store/returns/return-views.ts";
import { findReturnRules } from "../../store/returns/returns.ts";
import { settingVersion } from "../../store/settings/setting-changes.ts";
import type { Database } from "../../store/sql/database.ts";
import { type Principal, requirePermission } from "../access/authentication.ts";
import { type Call, callerOf, done, found, param, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

const READ = { kind: "permission", permission: "returns.read" } as const;
const DECIDE = { kind: "permission", permission: "returns.decide" } as const;
const RECEIVE = { kind: "permission", permission: "returns.receive" } as const;
const INSPECT = { kind: "permission", permission: "returns.inspect" } as const;
const RULES = { kind: "permission", permission: "returns.rules" } as const;

export const returnRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/returns",
    summary: "Returns, newest first unless another order is asked for",
    access: READ,
    query: Type.Object({
      status: Type.Optional(text(32)),
      q: Type.Optional(text(200)),
      /** Only those that a person has to approve or decline. */
      waiting: Type.Optional(oneOf(["true"])),
      sort: Type.Optional(oneOf(RETURN_SORTS)),
      ...PageQuery,
    }),
    reply: pageOf(ReturnSummary),
    handle: async (call) => {
      const { query, services } = call;
      return {
        json: await listReturns(services.database, {
          isPersonalDataHidden: !callerOf(call).permissions.has("personal-data.read"),
          status: query.status,
          search: query.q,
          waiting: query.waiting === "true",
          sort: query.sort,
          cursor: query.cursor,
          limit: query.limit ?? PAGE_DEFAULT,
        }),
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/returns/scan",
    summary: "What a code is that is printed on a label or an item, and which return and line it leads to",
    access: READ,
    query: Type.Object({
      // Scanners send control characters with it.
      code: Type.String({ minLength: 1, maxLength: 400, pattern: "^[^\\u0000\\ud800-\\udfff]*$" }),
      returnId: Type.Optional(Id),
    }),
    reply: ScanResult,
    handle: async ({ query, services }) => {
      const { database } = services;
      const look = (where: Database) => findScanned(where, query.code, query.returnId ?? null);
      const scanned = await look(database);
      if (scanned.kind !== "unknown") return { json: scanned };
      const { text: code, tracking } = readScannedCode(query.code);
      const archive = await archivedOrders(database, await findArchived(database, [code, ...tracking]));
      return { json: archive === null ? scanned : await look(archive) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/orders/{id}/returns",
    summary: "Asks for a return in the customer's name",
    access: { kind: "permission", permission: "returns.request" },
    body: ReturnRequest,
    reply: ReturnView,
    idempotency: "accepted",
    handle: async (call) => {
      mayGiveInstead(call);
      const key = keyOf(call);
      const { returnId } = done(
        await requestReturn(call.services.operations, {
          ...call.body,
          orderId: param(call, "id"),
          by: callerOf(call).by,
          ...(key === undefined ? {} : { key }),
        }),
      );
      return { status: 201, json: await viewOf(call, returnId) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/returns/{id}",
    summary: "One return with its lines, inspections and parcel",
    access: READ,
    reply: ReturnView,
    handle: async (call) => ({ json: await viewOf(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/approve",
    summary: "A person approves a return that waits for a decision, or that was declined",
    access: DECIDE,
    body: ApproveReturnBody,
    reply: ReturnView,
    idempotency: "accepted",
    handle: async (call) => {
      mayGiveInstead(call);
      const { reason: why = "", ...way } = call.body;
      done(await approveReturn(call.services.operations, { ...whoAndWhy(call), ...way, why }));
      return { json: await viewOf(call) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/decline",
    summary: "A person declines a return; the reason is told to the customer",
    access: DECIDE,
    body: DeclineReturnBody,
    reply: ReturnView,
    idempotency: "accepted",
    handle: async (call) => {
      done(await declineReturn(call.services.operations, { ...whoAndWhy(call), why: call.body.reason }));
      return { json: await viewOf(call) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/cancel",
    summary: "The customer sends nothing back after all",
    access: { kind: "permission", permission: "returns.request" },
    reply: ReturnView,
    idempotency: "accepted",
    handle: async (call) => {
      done(await cancelReturn(call.services.operations, whoAndWhy(call)));
      return { json: await viewOf(call) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/receive",
    summary: "A parcel came in at the dock: with all that is awaited, or the units given; also late",
    access: RECEIVE,
    body: ReceiveReturnBody,
    reply: ReturnView,
    idempotency: "accepted",
    handle: async (call) => {
      const { services, body } = call;
      const key = keyOf(call);
      done(
        await receiveReturn(services.operations, {
          ...whoAndWhy(call),
          ...(body.lines === undefined ? {} : { lines: body.lines }),
          ...(key === undefined ? {} : { key }),
        }),
      );
      return { json: await viewOf(call) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/inspect",
    summary: "Says what becomes of units that came: of all that wait of a line, or of so many",
    access: INSPECT,
    body: InspectReturnBody,
    reply: ReturnView,
    idempotency: "accepted",
    handle: async (call) => {
      mayGiveInstead(call);
      const { services } = call;
      const { lines, note = "", ...way } = call.body;
      const key = keyOf(call);
      if (key === undefined && lines.some(({ quantity }) => quantity !== undefined))
        throw new ApiError(
          "idempotency_key_missing",
          "Quantities add up: send an Idempotency-Key with them.",
        );
      done(
        await inspectReturn(services.operations, {
          ...whoAndWhy(call),
          ...way,
          lines: lines.map(foundUnits),
          note,
          ...(key === undefined ? {} : { key }),
        }),
      );
      return { json: await viewOf(call) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/reopen",
    summary: "Takes an inspection back, so that its units are inspected anew",
    access: INSPECT,
    body: ReopenInspectionBody,
    reply: ReturnView,
    idempotency: "accepted",
    handle: async (call) => {
      const { inspectionId, reason = "" } = call.body;
      done(
        await reopenInspection(call.services.operations, { ...whoAndWhy(call), inspectionId, why: reason }),
      );
      return { json: await viewOf(call) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/close",
    summary: "What has not come is no longer awaited",
    access: RECEIVE,
    body: ReasonedBody,
    reply: ReturnView,
    idempotency: "accepted",
    handle: async (call) => {
      done(await closeReturn(call.services.operations, { ...whoAndWhy(call), why: call.body.reason ?? "" }));
      return { json: await viewOf(call) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/returns/{id}/retry",
    summary: "Tries a step again that was refused and waits for a person",
    access: INSPECT,
    reply: ReturnView,
    idempotency: "accepted",
    handle: async (call) => {
      done(await retryReturn(call.services.operations, whoAndWhy(call)));
      return { json: await viewOf(call) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/channels/{id}/return-rules",
    summary: "The rules by which a channel's returns are decided",
    access: READ,
    reply: ReturnRulesView,
    handle: async (call) => ({ json: await rulesOf(call) }),
  }),
  route({
    method: "POST",
    path: "/v1/channels/{id}/return-rules",
    summary: "Sets a channel's own rules; what is left out is as by default",
    access: RULES,
    body: ReturnRulesBody,
    reply: ReturnRulesView,
    idempotency: "accepted",
    handle: async (call) => {
      const { version = null, ...own } = call.body;
      const { by } = callerOf(call);
      done(await changeReturnRules(call.services.operations, param(call, "id"), { version, own, by }));
      return { json: await rulesOf(call) };
    },
  }),
];

async function rulesOf(call: Call<unknown, unknown>) {
  const channelId = param(call, "id");
  const rules = await findReturnRules(call.services.database, channelId);
  if (rules === null) throw new ApiError("channel_not_found", `There is no channel ${channelId}.`);
  return { ...rules, version: await settingVersion(call.services.database, returnRulesSubject(channelId)) };
}

async function viewOf(call: Call<unknown, unknown>, returnId = param(call, "id")) {
  return found(await readReturnView(call.services.database, returnId), "return");
}

/** Credit instead of a channel's refund is our own money: who gives it must be allowed to give money back. */
function mayGiveInstead({
  principal,
  body,
}: {
  readonly principal: Principal | null;
  readonly body: { readonly insteadOfChannel?: boolean };
}): void {
  if (body.insteadOfChannel === true) requirePermission(principal, "refunds.give");
}

function whoAndWhy(call: Call<unknown, unknown>) {
  return { returnId: param(call, "id"), by: callerOf(call).by };
}

function keyOf(call: Call<unknown, unknown>): string | undefined {
  return call.request.headers["idempotency-key"];
}

function foundUnits(said: Shape<typeof InspectReturnBody>["lines"][number]): FoundUnits {
  const { disposition, lotExpiresAt, ...rest } = said;
  return {
    ...rest,
    disposition: disposition === "restock" ? "restocked" : disposition,
    ...(lotExpiresAt === undefined ? {} : { lotExpiresAtMs: Date.parse(lotExpiresAt) }),
  };
}
