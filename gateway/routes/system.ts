/** The start page, and what a supervisor of the process asks. */
import Type from "typebox";
import { EndedOrdersAudit } from "../../contract/orders.ts";
import { text } from "../../contract/shapes.ts";
import { Health, Overview, Readiness } from "../../contract/system.ts";
import { auditEndedOrders } from "../../store/orders/money-audit.ts";
import { readOverview } from "../../store/orders/overview.ts";
import { type Route, route } from "../http/route.ts";

export const systemRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/overview",
    summary: "The numbers of the start page",
    access: { kind: "permission", permission: "overview.read" },
    reply: Overview,
    handle: async ({ services }) => {
      return { json: await readOverview(services.database) };
    },
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
    summary: "Whether everything that the process depends on answers",
    access: { kind: "public" },
    reply: Readiness,
    handle: async ({ services }) => {
      const dependencies = await services.readiness();
      const ready = dependencies.every((dependency) => dependency.ready);
      return { status: ready ? 200 : 503, json: { ready, dependencies } };
    },
  }),
  route({
    method: "GET",
    path: "/metrics",
    summary: "Prometheus metrics; from another machine, or through a proxy, with the permission metrics.read",
    access: { kind: "local-or", permission: "metrics.read" },
    handle: async ({ services }) => {
      return { contentType: services.metrics.contentType, bytes: await services.metrics.text() };
    },
  }),
];
