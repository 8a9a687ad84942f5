/**
 * Views of lists: a person's own, and those that are shared with their role. Whoever sets roles shares with
 * any role, and takes away what anybody shares.
 */
import { MAX_SAVED_VIEWS } from "../../config/limits.ts";
import { SavedView, SaveViewBody } from "../../contract/saved-views.ts";
import { Done, pageOf } from "../../contract/shapes.ts";
import { readRole } from "../../store/access/roles.ts";
import { deleteView, listSavedViews, saveView } from "../../store/settings/saved-views.ts";
import { callerOf, found, param, personOf, type Route, route } from "../http/route.ts";
import { ApiError } from "../wire/problem.ts";

export const savedViewRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/views",
    summary: "The caller's views of lists, and those that are shared with the caller's role",
    access: { kind: "known" },
    reply: pageOf(SavedView),
    handle: async (call) => {
      const { id: staffId, role } = personOf(call);
      const items = await listSavedViews(call.services.database, { staffId, role });
      return { json: { items: [...items], next: null } };
    },
  }),
  route({
    method: "GET",
    path: "/v1/views/{id}",
    summary: "One view of the caller's, or that is shared with the caller's role",
    access: { kind: "known" },
    reply: SavedView,
    handle: async (call) => {
      const { id: staffId, role } = personOf(call);
      const views = await listSavedViews(call.services.database, { staffId, role });
      const wanted = views.find(({ id }) => id === param(call, "id"));
      return { json: found(wanted ?? null, "view of yours") };
    },
  }),
  route({
    method: "POST",
    path: "/v1/views",
    summary: "Saves a view; one of the caller's with this name in this list becomes it",
    access: { kind: "known" },
    body: SaveViewBody,
    reply: SavedView,
    idempotency: "accepted",
    handle: async (call) => {
      const { database } = call.services;
      const { id: staffId, role } = personOf(call);
      const { sharedWith = null, ...view } = call.body;
      if (sharedWith !== null && sharedWith !== role) {
        if (!callerOf(call).permissions.has("roles.write")) {
          throw new ApiError(
            "forbidden",
            "A view is shared with one's own role; with others by who sets roles.",
          );
        }
        if ((await readRole(database, sharedWith)) === null) {
          throw new ApiError("role_not_found", `There is no role "${sharedWith}".`);
        }
      }
      const saved = await saveView(database, { ...view, sharedWith, staffId }, MAX_SAVED_VIEWS);
      if (saved === null) {
        throw new ApiError("too_many_views", `You have ${MAX_SAVED_VIEWS} views. Delete one of them first.`);
      }
      return { json: saved };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/views/{id}",
    summary: "Deletes a view of the caller's, or for who sets roles anybody's",
    access: { kind: "known" },
    reply: Done,
    handle: async (call) => {
      const { id: staffId } = personOf(call);
      const isOfAll = callerOf(call).permissions.has("roles.write");
      const isDeleted = await deleteView(call.services.database, param(call, "id"), isOfAll ? null : staffId);
      if (!isDeleted) throw new ApiError("not_found", "There is no such view of yours.");
      return { json: { status: "done" as const } };
    },
  }),
];
