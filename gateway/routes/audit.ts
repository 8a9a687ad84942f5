/** The audit log: looked through, exported, and held against its chain of hashes. */
import { AUDIT_EXPORT_ROWS, PAGE_DEFAULT } from "../../config/limits.ts";
import {
  AuditEntry,
  AuditExportQuery,
  AuditQuery,
  AuditVerification,
  AuditVerificationQuery,
} from "../../contract/audit.ts";
import { pageOf } from "../../contract/shapes.ts";
import { callerIn } from "../../operations/context.ts";
import { exportAudit, listAudit, readAuditEntry, verifyAudit } from "../../store/audit-log/audit-entries.ts";
import { recordAuditAlone } from "../../store/audit-log/record-audit.ts";
import { callerOf, found, param, type Route, route } from "../http/route.ts";
import { csvOf } from "../wire/csv.ts";

const READ = { kind: "permission", permission: "audit.read" } as const;

const COLUMNS = [
  "position",
  "at",
  "by",
  "byName",
  "address",
  "requestId",
  "act",
  "subject",
  "before",
  "after",
  "previousHash",
  "hash",
] as const satisfies readonly (keyof AuditEntry)[];

export const auditRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/audit",
    summary: "Who did what, from where, newest first",
    access: READ,
    query: AuditQuery,
    reply: pageOf(AuditEntry),
    handle: async (call) => {
      const { sort, cursor, limit = PAGE_DEFAULT, ...filter } = call.query;
      const { companyId } = callerOf(call);
      return {
        json: await listAudit(call.services.database, { ...filter, companyId }, { sort, cursor, limit }),
      };
    },
  }),
  route({
    method: "GET",
    path: "/v1/audit/export",
    summary: "The same entries as JSON lines or CSV, oldest first; the next part follows the last position",
    access: READ,
    query: AuditExportQuery,
    handle: async (call) => {
      const { format = "jsonl", after = 0, limit = AUDIT_EXPORT_ROWS, ...filter } = call.query;
      const { by, companyId } = callerOf(call);
      const { database, operations } = call.services;
      const entries = await exportAudit(database, { ...filter, companyId }, { after, limit });
      await recordAuditAlone(database, callerIn(operations, by), {
        act: "audit.exported",
        subject: "audit-log",
        after: { ...call.query, entries: entries.length },
      });
      return format === "csv"
        ? {
            contentType: "text/csv; charset=utf-8",
            bytes: csvOf(COLUMNS, entries.map(cellsOf)),
            file: { name: "audit-log.csv" },
          }
        : {
            contentType: "application/x-ndjson",
            bytes: entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""),
            file: { name: "audit-log.jsonl" },
          };
    },
  }),
  route({
    method: "GET",
    path: "/v1/audit/verification",
    summary: "Whether an entry was altered, removed or put in; one part of the log, those after a position",
    access: READ,
    query: AuditVerificationQuery,
    reply: AuditVerification,
    handle: async (call) => ({
      json: await verifyAudit(call.services.database, call.query.after ?? 0),
    }),
  }),
  route({
    method: "GET",
    path: "/v1/audit/{position}",
    summary: "One entry of the audit log",
    access: READ,
    reply: AuditEntry,
    handle: async (call) => {
      const text = param(call, "position");
      const position = /^\d{1,15}$/.test(text) ? Number(text) : 0;
      const { companyId } = callerOf(call);
      return { json: found(await readAuditEntry(call.services.database, companyId, position), "entry") };
    },
  }),
];

function cellsOf(entry: AuditEntry): readonly (string | number | null)[] {
  return COLUMNS.map((column) => {
    const value = entry[column];
    if (value === null || typeof value === "string" || typeof value === "number") return value;
    return JSON.stringify(value);
  });
}
