/** Imports: a file comes in, is looked at, checked and run; and what became of it. */
import Type from "typebox";
import { PAGE_DEFAULT } from "../../../config/limits.ts";
import {
  ChangeImportBody,
  ContinueImportQuery,
  ImportDetail,
  ImportListQuery,
  ImportView,
  SavedMapping,
  SaveMappingBody,
  StartImportQuery,
} from "../../../contract/imports/imports.ts";
import { Done, pageOf } from "../../../contract/shapes.ts";
import {
  changeImport,
  keepMapping,
  removeImport,
  startReading,
  stopImport,
} from "../../../operations/import/manage-import.ts";
import { continueUpload, firstBytes, startUpload } from "../../../operations/import/upload.ts";
import { refuseSending } from "../../../operations/refunds/gift-limit.ts";
import { csvLine } from "../../../operations/tables/csv-line.ts";
import { missingFields, sampleRows } from "../../../operations/tables/detect-layout.ts";
import { OF_SHOPPERS } from "../../../operations/tables/fields.ts";
import { readFaults, type StoredFault } from "../../../store/imports/import-faults.ts";
import { findImport, type ImportRowView, listImports } from "../../../store/imports/imports.ts";
import { deleteMapping, listMappings } from "../../../store/imports/mappings.ts";
import type { Database } from "../../../store/sql/database.ts";
import { giverFor } from "../../http/giver.ts";
import { bareKey, type Call, callerOf, done, param, type Route, route } from "../../http/route.ts";
import { ApiError } from "../../wire/problem.ts";
import { IMPORT_SOME, mayImport, requireImport, requireWhole } from "./kind-permissions.ts";

const ACCESS = { kind: "one-of", permissions: IMPORT_SOME } as const;

const DONE = { json: { status: "done" } } as const;

/** Faults that an import shows; all of them are in its file of faults. */
const SHOWN_FAULTS = 20;

export const importRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/imports",
    summary: "Imports, the newest first",
    access: ACCESS,
    query: Type.Object(ImportListQuery),
    reply: pageOf(ImportView),
    handle: async (call) => {
      requireWhole(callerOf(call));
      const { q: text, limit = PAGE_DEFAULT, ...filter } = call.query;
      const { items, next } = await listImports(call.services.database, callerOf(call).companyId, {
        ...filter,
        text,
        limit,
      });
      return {
        json: { items: items.filter(({ kind }) => mayImport(callerOf(call), kind)).map(viewOf), next },
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/imports",
    summary: "Begins an import with the first bytes of its file, or all of them; nothing is booked yet",
    access: ACCESS,
    query: Type.Object(StartImportQuery),
    streamed: true,
    reply: ImportDetail,
    idempotency: "by-handler",
    handle: async (call) => {
      const principal = callerOf(call);
      const key = bareKey(call.request) ?? "";
      const { kind, file, size } = call.query;
      requireWhole(principal);
      if (kind !== undefined) requireImport(principal, kind);
      const started = await startUpload(call.services.operations, {
        companyId: principal.companyId,
        kind: kind ?? null,
        fileName: file ?? "table",
        size: size ?? null,
        by: principal.by,
        key: key === "" ? null : `${principal.by}:${key}`,
        content: streamOf(call),
      });
      if (started.status === "reused")
        throw new ApiError("idempotency_key_reused", "This key was sent with another file.");
      const { importId, isRepeat = false } = done(started);
      return {
        status: 201,
        json: await detailOf(call, importId),
        ...(isRepeat ? { headers: { "idempotency-replayed": "true" } } : {}),
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/imports/{id}",
    summary: "How far an import is, how its file is read, and what came of it",
    access: ACCESS,
    reply: ImportDetail,
    handle: async (call) => ({ json: await detailOf(call, param(call, "id")) }),
  }),
  route({
    method: "POST",
    path: "/v1/imports/{id}/content",
    summary: "Sends what of the file is not here yet; what is here already is passed over",
    access: ACCESS,
    query: Type.Object(ContinueImportQuery),
    streamed: true,
    reply: ImportDetail,
    handle: async (call) => {
      const id = param(call, "id");
      await own(call, id);
      const { offset = 0 } = call.query;
      done(
        await continueUpload(call.services.operations, {
          importId: id,
          kind: null,
          offset,
          content: streamOf(call),
        }),
      );
      return { json: await detailOf(call, id) };
    },
  }),
  route({
    method: "PATCH",
    path: "/v1/imports/{id}",
    summary:
      "Says otherwise how the file is read and what its columns stand for, as long as nothing is booked",
    access: ACCESS,
    body: ChangeImportBody,
    reply: ImportDetail,
    idempotency: "accepted",
    handle: async (call) => {
      const id = param(call, "id");
      await own(call, id);
      if (call.body.kind !== undefined) requireImport(callerOf(call), call.body.kind);
      done(await changeImport(call.services.operations, id, call.body));
      return { json: await detailOf(call, id) };
    },
  }),
  route({
    method: "POST",
    path: "/v1/imports/{id}/check",
    summary: "Has the file read to its end without booking anything",
    access: ACCESS,
    reply: ImportDetail,
    idempotency: "accepted",
    handle: (call) => begin(call, "check"),
  }),
  route({
    method: "POST",
    path: "/v1/imports/{id}/run",
    summary: "Has the file booked; one that was stopped goes on where it was",
    access: ACCESS,
    reply: ImportDetail,
    idempotency: "accepted",
    handle: (call) => begin(call, "run"),
  }),
  route({
    method: "POST",
    path: "/v1/imports/{id}/stop",
    summary: "Stops an import after the rows that it is at; what was booked stays",
    access: ACCESS,
    reply: ImportDetail,
    idempotency: "accepted",
    handle: async (call) => {
      const id = param(call, "id");
      await own(call, id);
      done(await stopImport(call.services.operations, id));
      return { json: await detailOf(call, id) };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/imports/{id}",
    summary: "Removes an import with its file and its faults; what was booked stays",
    access: ACCESS,
    reply: Done,
    handle: async (call) => {
      const id = param(call, "id");
      await own(call, id);
      done(await removeImport(call.services.operations, id));
      return DONE;
    },
  }),
  route({
    method: "GET",
    path: "/v1/imports/{id}/faults.csv",
    summary: "What was wrong, line by line: the line of the file, the column, and what was expected",
    access: ACCESS,
    handle: async (call) => {
      const id = param(call, "id");
      const { fileName } = await own(call, id);
      return {
        contentType: "text/csv; charset=utf-8",
        stream: faultLines(readFaults(call.services.database, id)),
        file: { name: `${fileName}.faults.csv` },
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/import-mappings",
    summary: "What columns stand for, as somebody has kept it for files that come again",
    access: ACCESS,
    reply: pageOf(SavedMapping),
    handle: async (call) => {
      requireWhole(callerOf(call));
      return {
        json: { items: await listMappings(call.services.database, callerOf(call).companyId), next: null },
      };
    },
  }),
  route({
    method: "POST",
    path: "/v1/import-mappings",
    summary: "Keeps what the columns of an import's file stand for; one of the same name is replaced",
    access: ACCESS,
    body: SaveMappingBody,
    reply: pageOf(SavedMapping),
    idempotency: "accepted",
    handle: async (call) => {
      const { importId, name } = call.body;
      await own(call, importId);
      done(await keepMapping(call.services.operations, { importId, name, by: callerOf(call).by }));
      return {
        json: { items: await listMappings(call.services.database, callerOf(call).companyId), next: null },
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/import-mappings/{id}",
    summary: "One mapping that was kept",
    access: ACCESS,
    reply: SavedMapping,
    handle: async (call) => {
      requireWhole(callerOf(call));
      const id = param(call, "id");
      const kept = await listMappings(call.services.database, callerOf(call).companyId);
      const wanted = kept.find((each) => each.id === id);
      if (wanted === undefined) throw new ApiError("import_mapping_not_found", `There is no mapping ${id}.`);
      return { json: wanted };
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/import-mappings/{id}",
    summary: "Removes a mapping",
    access: ACCESS,
    reply: Done,
    handle: async (call) => {
      requireWhole(callerOf(call));
      const id = param(call, "id");
      if (!(await deleteMapping(call.services.database, callerOf(call).companyId, id)))
        throw new ApiError("import_mapping_not_found", `There is no mapping ${id}.`);
      return DONE;
    },
  }),
];

function streamOf({ request }: Call<unknown, unknown>): AsyncIterable<Uint8Array> {
  if (request.stream === undefined) throw new Error("the body of this route comes as a stream");
  return request.stream;
}

/** @throws ApiError where there is none, or it is of a kind that is not the caller's */
async function own(call: Call<unknown, unknown>, id: string): Promise<ImportRowView> {
  const principal = callerOf(call);
  const found = await findImport(call.services.database, principal.companyId, id);
  if (found === null) throw new ApiError("import_not_found", `There is no import ${id}.`);
  requireImport(principal, found.kind);
  return found;
}

async function begin(call: Call<unknown, unknown>, what: "check" | "run") {
  const id = param(call, "id");
  const { kind } = await own(call, id);
  const principal = callerOf(call);
  const giver = await giverFor(call.services, principal);
  if (kind === "orders") {
    const refusal = refuseSending(giver);
    if (refusal !== null) throw ApiError.of(refusal);
  }
  done(
    await startReading(call.services.operations, id, what, {
      by: principal.by,
      address: call.request.remoteAddress,
      isPerson: principal.staff !== null,
      setsTracking: principal.permissions.has("stock.tracking"),
      giver,
    }),
  );
  return { json: await detailOf(call, id) };
}

function viewOf(row: ImportRowView): ImportView {
  return { ...row, missing: row.layout === null ? [] : [...missingFields(row.layout)] };
}

async function detailOf(call: Call<unknown, unknown>, id: string): Promise<ImportDetail> {
  const { database } = call.services;
  const row = await own(call, id);
  const sees = !OF_SHOPPERS.has(row.kind) || callerOf(call).permissions.has("personal-data.read");
  const [faults, sample] = await Promise.all([
    firstFaults(database, id),
    row.layout === null || !sees ? [] : sampleRows(await firstBytes({ database }, id), row.layout),
  ]);
  return { ...viewOf(row), sample, faults };
}

async function firstFaults(database: Database, id: string): Promise<readonly StoredFault[]> {
  for await (const part of readFaults(database, id, SHOWN_FAULTS)) return part;
  return [];
}

async function* faultLines(parts: AsyncIterable<readonly StoredFault[]>): AsyncGenerator<string> {
  yield csvLine(["line", "column", "code", "expected"]);
  for await (const part of parts)
    yield part.map(({ line, column, code, expected }) => csvLine([line, column, code, expected])).join("");
}
