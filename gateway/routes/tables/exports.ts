/** Exports: a kind of table as a file, in the layout that an import reads. */
import Type from "typebox";
import { ExportQuery } from "../../../contract/imports/imports.ts";
import { TABLE_KINDS, type TableKind } from "../../../contract/imports/table-kinds.ts";
import { callerIn } from "../../../operations/context.ts";
import { exportTable } from "../../../operations/export/export-table.ts";
import { recordAuditAlone } from "../../../store/audit-log/record-audit.ts";
import { callerOf, param, type Route, route } from "../../http/route.ts";
import { ApiError } from "../../wire/problem.ts";
import { EXPORT_SOME, requireExport } from "./kind-permissions.ts";

export const exportRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/exports/{kind}",
    summary:
      "All products, kits, stock, locations, orders, customers or returns as one moment has them: CSV, or a document a line",
    access: { kind: "one-of", permissions: EXPORT_SOME },
    query: Type.Object(ExportQuery),
    handle: async (call) => {
      const kind = param(call, "kind");
      if (!isKind(kind))
        throw new ApiError("not_found", `There is no table "${kind}": ${TABLE_KINDS.join(", ")}.`);
      const principal = callerOf(call);
      requireExport(principal, kind);
      const { services, query } = call;
      const { format = "csv", channel = null, status = "all" } = query;
      const stream = exportTable(services.operations, {
        kind,
        format,
        companyId: principal.companyId,
        channel,
        open: status === "open",
        seesPersons: principal.permissions.has("personal-data.read"),
      });
      // Before a byte of it leaves.
      await recordAuditAlone(services.database, callerIn(services.operations, principal.by), {
        act: "data.exported",
        subject: kind,
        after: { format, channel, status },
      });
      const file = { name: `${kind}.${format}` };
      return format === "csv"
        ? { contentType: "text/csv; charset=utf-8", stream, file }
        : { contentType: "application/x-ndjson", stream, file };
    },
  }),
];

function isKind(kind: string): kind is TableKind {
  return TABLE_KINDS.some((each) => each === kind);
}
