/**
 * What a person does with an import whose file is here: says how it is read, has it checked and run, stops
 * it.
 */
import { randomBytes } from "node:crypto";
import type { ChangeImportBody, ImportState, TableLayout } from "../../contract/imports/imports.ts";
import type { TableKind } from "../../contract/imports/table-kinds.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import {
  deleteImport,
  type ImportStarter,
  lockImport,
  type StoredImport,
  setImportState,
  startImport,
  writeLayout,
} from "../../store/imports/imports.ts";
import { readMappings, saveMapping } from "../../store/imports/mappings.ts";
import { type DatabaseClient, inTransaction } from "../../store/sql/database.ts";
import { callerIn, type OperationContext } from "../context.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { detectLayout, missingFields } from "../tables/detect-layout.ts";
import { firstBytes } from "./upload.ts";

type Done = { readonly status: "done" };

const AT_REST: readonly ImportState[] = ["ready", "checked", "stopped", "failed", "done"];

/** How the file is to be read; where it has run before, nothing can be changed any more. */
export async function changeImport(
  context: OperationContext,
  importId: string,
  { kind, encoding, delimiter, decimal, dates, fields }: ChangeImportBody,
): Promise<Done | Refusal> {
  return withImport(context, importId, async (client, now) => {
    if (!isUnbooked(now)) return stateOther(now, "its layout stays as it is");
    const { layout } = now;
    if (layout === null) return stateOther(now, "its file is not here as a whole");
    const isReadAnew = kind !== undefined || encoding !== undefined || delimiter !== undefined;
    // What nobody has said is told from the columns that count from now on.
    const signs = {
      decimal: decimal ?? (isReadAnew || layout.decimal === "." ? undefined : layout.decimal),
      dates: dates ?? (isReadAnew || layout.dates === "year" ? undefined : layout.dates),
    };
    const nextKind = kind ?? now.kind;
    const told = isReadAnew ? null : layout;
    const detected = await detectLayout(await firstBytes(context, importId), {
      kind: nextKind,
      saved: await readMappings(client, now.companyId),
      said: {
        encoding: encoding ?? layout.encoding,
        delimiter: delimiter ?? layout.delimiter,
        ...(signs.decimal === undefined ? {} : { decimal: signs.decimal }),
        ...(signs.dates === undefined ? {} : { dates: signs.dates }),
        ...(fields === undefined ? {} : { fields }),
      },
      ...(told === null ? {} : { before: told.fields }),
    });
    const next = told === null ? detected.layout : { ...told, ...signsOf(detected.layout) };
    const { columns } = next;
    const unknown = (fields ?? []).find(
      ({ field, column }) =>
        !next.fields.some((each) => each.field === field) || (column !== null && !columns.includes(column)),
    );
    if (unknown !== undefined)
      return refuse(
        "import_mapping_invalid",
        `${unknown.field}: there is no such field of ${nextKind}, or the file has no column "${unknown.column}".`,
      );
    await writeLayout(client, importId, { kind: nextKind, layout: next });
    return { status: "done" };
  });
}

function signsOf({ decimal, dates, fields }: TableLayout) {
  return { decimal, dates, fields };
}

/** Nothing of the file can have been booked. */
function isUnbooked({ state, wasRun }: StoredImport): boolean {
  return ["ready", "checked", "failed"].includes(state) && !wasRun;
}

/**
 * Has the file read to its end: `check` books nothing. One that was stopped goes on where it was; one that is
 * done is not run again, since all of it is booked.
 */
export async function startReading(
  context: OperationContext,
  importId: string,
  what: "check" | "run",
  starter: ImportStarter,
): Promise<Done | Refusal> {
  return withImport(context, importId, async (client, now) => {
    const wanted = what === "check" ? "checking" : "running";
    if (now.state === wanted) return { status: "done" };
    if (now.layout === null || !AT_REST.includes(now.state)) return stateOther(now, "it cannot begin now");
    if (now.state === "done") return stateOther(now, "all of its file is booked");
    if (now.layout.fields.length === 0)
      return refuse("import_incomplete", "What it is a table of is not known: say its kind.");
    const missing = missingFields(now.layout);
    if (missing.length > 0)
      return refuse(
        "import_incomplete",
        `Needed and in no column: ${missing.join(", ")}. Say which column each is in, or one value for all rows.`,
      );
    if (what === "check" && now.wasRun) return stateOther(now, "some of its file is booked: let it go on");
    // Where it was checked only, its place and counts are the check's.
    await startImport(client, importId, { state: wanted, starter, afresh: !now.wasRun });
    await recordAudit(client, callerIn(context, starter.by), {
      act: "data.import-started",
      subject: `import:${importId}`,
      after: { kind: now.kind, file: now.fileName, what },
    });
    return { status: "done" };
  });
}

export async function stopImport(context: OperationContext, importId: string): Promise<Done | Refusal> {
  return withImport(context, importId, async (client, now) => {
    if (now.state === "checking") await setImportState(client, importId, ["checking"], "ready");
    else if (now.state === "running") await setImportState(client, importId, ["running"], "stopped");
    else if (now.state !== "stopped") return stateOther(now, "nothing of it is being read");
    return { status: "done" };
  });
}

/** The file, its faults and what is written of it here; what was booked stays. */
export async function removeImport(context: OperationContext, importId: string): Promise<Done | Refusal> {
  return withImport(context, importId, async (client, now) => {
    if (now.state === "running" || now.state === "checking") return stateOther(now, "stop it first");
    await deleteImport(client, importId);
    return { status: "done" };
  });
}

/** Keeps what the columns of the import's file stand for: it counts for files with the same ones. */
export async function keepMapping(
  context: OperationContext,
  request: { readonly importId: string; readonly name: string; readonly by: string },
): Promise<{ readonly status: "done"; readonly kind: TableKind } | Refusal> {
  return withImport(context, request.importId, async (client, now) => {
    if (now.layout === null) return stateOther(now, "its file is not here as a whole");
    const { columns, decimal, dates, fields } = now.layout;
    await saveMapping(client, {
      id: `map_${randomBytes(9).toString("base64url")}`,
      companyId: now.companyId,
      name: request.name,
      kind: now.kind,
      columns,
      // The usual ones are told from each file.
      decimal: decimal === "." ? null : decimal,
      dates: dates === "year" ? null : dates,
      fields: fields.map(({ field, column, otherwise }) => ({ field, column, otherwise })),
      by: request.by,
    });
    return { status: "done", kind: now.kind };
  });
}

async function withImport<T extends Done>(
  { database }: OperationContext,
  importId: string,
  change: (client: DatabaseClient, now: StoredImport) => Promise<T | Refusal>,
): Promise<T | Refusal> {
  return inTransaction(database, async (client) => {
    const now = await lockImport(client, importId);
    if (now === null) return refuse("import_not_found", `There is no import ${importId}.`);
    return change(client, now);
  });
}

function stateOther({ id, state }: StoredImport, why: string): Refusal {
  return refuse("import_state_other", `The import ${id} is ${state}: ${why}.`);
}
