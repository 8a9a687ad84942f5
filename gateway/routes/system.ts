/** The start page, and what a supervisor of the process asks. */
import Type from "typebox";
import { EndedOrdersAudit } from "../../contract/orders.ts";
import { oneOf, text } from "../../contract/shapes.ts";
import {
  Health,
  OVERVIEW_RANGES,
  Overview,
  Readiness,
  SystemStatus,
  Throughput,
} from "../../contract/system.ts";
import { readCompany } from "../../store/catalog/companies.ts";
import { readSystemStatus } from "../../store/figures/system-status.ts";
import { auditEndedOrders } from "../../store/orders/money-audit.ts";
import { readOverview, readThroughput } from "../../store/orders/overview.ts";
import { authenticate, presentedCredential } from "../access/authentication.ts";
import { countedAs } from "../access/client-address.ts";
import { isLocalCaller } from "../http/local-caller.ts";
import { callerOf, found, type Route, route, type Services } from "../http/route.ts";
import type { HttpRequest } from "../wire/http-message.ts";

export const systemRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/overview",
    summary: "The numbers of the start page",
    access: { kind: "permission", permission: "overview.read" },
    reply: Overview,
    handle: async (call) => {
      const { database } = call.services;
      const company = found(await readCompany(database, callerOf(call).companyId), "company");
      return { json: await readOverview(database, company) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/overview/throughput",
    summary: "Orders captured and shipped in each minute, hour or day of a range, in the company's time zone",
    access: { kind: "permission", permission: "overview.read" },
    query: Type.Object({ range: Type.Optional(oneOf(OVERVIEW_RANGES)) }),
    reply: Throughput,
    handle: async (call) => {
      const { database } = call.services;
      const company = await readCompany(database, callerOf(call).companyId);
      const { range = "hour" } = call.query;
      return { json: await readThroughput(database, range, company?.timeZone ?? "UTC") };
    },
  }),
  route({
    method: "GET",
    path: "/v1/system",
    summary: "The processes of the system, who has which shard, how far behind it is, and what waits",
    access: { kind: "permission", permission: "metrics.read" },
    reply: SystemStatus,
    handle: async ({ services }) => ({ json: await readSystemStatus(services.database) }),
  }),
  route({
    method: "GET",
    path: "/v1/audits/ended-orders",
    summary: "Completed orders whose units or money do not agree; there must be none",
    access: { kind: "permission", permission: "refunds.settle" },
    query: Type.Object({ after: Type.Optional(text(200)) }),
    reply: EndedOrdersAudit,
    handle: async ({ services, query }) => ({
      json: await auditEndedOrders(services.database, query.after ?? ""),
    }),
  }),
  route({
    method: "GET",
    path: "/healthz",
    summary: "Whether the process is alive",
    access: { kind: "public" },
    reply: Health,
    handle: async () => ({ json: { status: "alive" as const } }),
  }),
  route({
    method: "GET",
    path: "/readyz",
    summary:
      "Whether everything that the process depends on answers, a second old at most; details as for /metrics",
    access: { kind: "public" },
    reply: Readiness,
    handle: async ({ services, request }) => {
      const states = await services.readiness();
      const ready = states.every((state) => state.ready);
      const whole = ready || (await mayReadDetails(services, request));
      const dependencies = whole ? states : states.map(({ name, ready }) => ({ name, ready }));
      return { status: ready ? 200 : 503, json: { ready, dependencies } };
    },
  }),
  route({
    method: "GET",
    path: "/metrics",
    summary: "Prometheus metrics; from another machine, or through a proxy, with the permission metrics.read",
    access: { kind: "local-or", permission: "metrics.read" },
    handle: async ({ services }) => ({
      contentType: services.metrics.contentType,
      bytes: await services.metrics.text(),
      file: null,
    }),
  }),
];

/**
 * What is wrong inside, with addresses, is not for strangers. Who asks here is never refused: an overload or
 * a database that is away leaves the details out.
 */
async function mayReadDetails(
  { database, addressBuckets, cookies }: Services,
  request: HttpRequest,
): Promise<boolean> {
  if (isLocalCaller(request)) return true;
  const credential = presentedCredential(request.headers, cookies);
  if (credential === null || addressBuckets.take(countedAs(request.remoteAddress), Date.now()) > 0)
    return false;
  const principal = await authenticate(database, credential).catch(() => null);
  return principal?.permissions.has("metrics.read") ?? false;
}
