/** Locations: made, changed, closed and opened. */
import Type from "typebox";
import { LocationClosed, LocationView } from "../../contract/catalog.ts";
import { ChangeLocationBody, CreateLocationBody, LocationDetail } from "../../contract/locations.ts";
import { closed, Done, oneOf, pageOf } from "../../contract/shapes.ts";
import { changeLocation, createLocation } from "../../operations/settings/change-location.ts";
import { closeLocation, openLocation } from "../../operations/shortage/close-location.ts";
import { listLocations } from "../../store/catalog/catalog-views.ts";
import { readCustomValues } from "../../store/catalog/custom-fields.ts";
import { locationSubject, readLocation, readOpenCapacity } from "../../store/catalog/locations.ts";
import { settingVersion } from "../../store/settings/setting-changes.ts";
import { type Call, callerOf, done, param, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

const WRITE = { kind: "permission", permission: "locations.write" } as const;

export const locationRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/locations",
    summary: "Places that ship; with state=all also those that are closed",
    access: { kind: "permission", permission: "catalog.read" },
    query: Type.Object({ state: Type.Optional(oneOf(["open", "all"])) }),
    reply: pageOf(LocationView),
    handle: async ({ services, query }) => ({
      json: await listLocations(services.database, query.state === "all"),
    }),
  }),
  route({
    method: "POST",
    path: "/v1/locations",
    summary: "Makes a location; orders are served from it at once",
    access: WRITE,
    body: CreateLocationBody,
    reply: LocationDetail,
    idempotency: "accepted",
    handle: async (call) => {
      const { by, companyId } = callerOf(call);
      done(await createLocation(call.services.operations, { body: call.body, companyId, by }));
      return { status: 201, json: await detailOf(call, call.body.id) };
    },
  }),
  route({
    method: "GET",
    path: "/v1/locations/{id}",
    summary: "A location: where it is, when it works, what it can take on",
    access: { kind: "permission", permission: "settings.read" },
    reply: LocationDetail,
    handle: async (call) => ({ json: await detailOf(call, param(call, "id")) }),
  }),
  route({
    method: "PATCH",
    path: "/v1/locations/{id}",
    summary: "Changes a location; what is left out stays as it is",
    access: WRITE,
    body: ChangeLocationBody,
    reply: LocationDetail,
    idempotency: "accepted",
    handle: async (call) => {
      const id = param(call, "id");
      done(await changeLocation(call.services.operations, id, call.body, callerOf(call).by));
      return { json: await detailOf(call, id) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/locations/{id}/close",
    summary: "Serves no orders from a place any longer; what nobody has picked there comes from elsewhere",
    access: WRITE,
    body: Type.Object({}, closed),
    reply: LocationClosed,
    idempotency: "accepted",
    handle: async (call) => {
      const locationId = param(call, "id");
      const closing = await closeLocation(call.services.operations, { locationId, by: callerOf(call).by });
      return { json: done(closing) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/locations/{id}/open",
    summary: "Serves orders from a place again",
    access: WRITE,
    body: Type.Object({}, closed),
    reply: Done,
    idempotency: "accepted",
    handle: async (call) => {
      const locationId = param(call, "id");
      return {
        json: done(await openLocation(call.services.operations, { locationId, by: callerOf(call).by })),
      };
    },
  }),
];

async function detailOf({ services }: Call<unknown, unknown>, id: string): Promise<LocationDetail> {
  const { database, operations } = services;
  const location = await readLocation(database, id);
  if (location === undefined) throw new ApiError("location_not_found", `There is no location "${id}".`);
  const { active, settings } = location;
  return {
    ...settings,
    id,
    active,
    version: await settingVersion(database, locationSubject(id)),
    openCapacity: await readOpenCapacity(database, id, operations.now()),
    customFields: (await readCustomValues(database, "location", id)) ?? {},
  };
}
