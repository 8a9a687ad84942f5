import Type from "typebox";
import type { DeviceView, Overview, Page } from "../../contract/api.ts";
import { DeviceReply, OverviewReply, pageOf } from "../../contract/schemas.ts";
import { listDevices } from "../../store/floor/device-views.ts";
import { readOverview } from "../../store/orders/overview.ts";
import { type Route, route } from "../http/route.ts";

export const systemRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/overview",
    summary: "The numbers of the start page",
    access: { kind: "permission", permission: "overview.read" },
    reply: OverviewReply,
    handle: async ({ services }) => {
      const overview: Overview = await readOverview(services.database);
      return { json: overview };
    },
  }),
  route({
    method: "GET",
    path: "/v1/devices",
    summary: "Robots, conveyors and portals with their state",
    access: { kind: "permission", permission: "devices.read" },
    reply: pageOf(DeviceReply),
    handle: async ({ services }) => {
      const page: Page<DeviceView> = await listDevices(services.database);
      return { json: page };
    },
  }),
  route({
    method: "GET",
    path: "/healthz",
    summary: "Whether the process is alive",
    access: { kind: "public" },
    reply: Type.Object({ status: Type.Literal("alive") }),
    handle: async () => ({ json: { status: "alive" } }),
  }),
  route({
    method: "GET",
    path: "/readyz",
    summary: "Whether everything that the process depends on answers",
    access: { kind: "public" },
    reply: Type.Object({
      ready: Type.Boolean(),
      dependencies: Type.Array(
        Type.Object({ name: Type.String(), ready: Type.Boolean(), detail: Type.Optional(Type.String()) }),
      ),
    }),
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
