/**
 * Reads the file of an import to its end, batch by batch, and books what it says.
 *
 * R1 What becomes of a batch is decided and written down before any of it is done. A process that dies
 *    between any two steps leaves the batch to be done again by the same decisions; each booking happens once
 *    by its own key.
 * R2 What was counted and what was wrong is written together with the place that the import has come to, by who
 *    has read that place.
 * R3 After each batch it rests as long as the batch took, so that it never has more than half of what it works
 *    with.
 */
import { setTimeout as pause } from "node:timers/promises";
import { IMPORT_BATCH, IMPORT_REST_MS, MAX_IMPORT_FAULTS } from "../../config/limits.ts";
import type { TableLayout } from "../../contract/imports/imports.ts";
import type { TableKind } from "../../contract/imports/table-kinds.ts";
import { recordAudit } from "../../store/audit-log/record-audit.ts";
import { readContent } from "../../store/imports/import-content.ts";
import { addFaults, countFaults } from "../../store/imports/import-faults.ts";
import {
  type ImportStarter,
  keepDecided,
  moveImport,
  readImport,
  type StoredImport,
  setImportState,
} from "../../store/imports/imports.ts";
import { inTransaction } from "../../store/sql/database.ts";
import { askAgain } from "../ask-again.ts";
import { callerIn } from "../context.ts";
import { readEntries } from "../tables/entries.ts";
import type { Entry, Item } from "../tables/entry.ts";
import { createRowReader, type Row, type RowFault } from "../tables/read-rows.ts";
import { readRecords, UnreadableTableError } from "../tables/read-table.ts";
import { decodeText } from "../tables/text-encoding.ts";
import type { Bookable, Booker, Decision, ImportRun } from "./booker.ts";
import { customers } from "./kinds/customers.ts";
import { kits } from "./kinds/kits.ts";
import { locations } from "./kinds/locations.ts";
import { orders } from "./kinds/orders.ts";
import { products } from "./kinds/products.ts";
import { returns } from "./kinds/returns.ts";
import { stock } from "./kinds/stock.ts";
import { type Came, Tally } from "./tally.ts";

const BOOKERS: Readonly<Record<TableKind, Booker<never>>> = {
  products: products as unknown as Booker<never>,
  kits: kits as unknown as Booker<never>,
  stock: stock as unknown as Booker<never>,
  locations: locations as unknown as Booker<never>,
  orders: orders as unknown as Booker<never>,
  customers: customers as unknown as Booker<never>,
  returns: returns as unknown as Booker<never>,
};

type Ready = StoredImport & { readonly layout: TableLayout; readonly starter: ImportStarter };

/**
 * Goes on with an import until its file is read, somebody stops it, or the process ends. What broke on the way
 * rejects, and may be tried again.
 */
export async function runImport(
  context: ImportRun["context"],
  id: string,
  isEnding: () => boolean,
): Promise<void> {
  const stored = await readImport(context.database, id);
  if (stored === null || (stored.state !== "checking" && stored.state !== "running")) return;
  const { layout, starter } = stored;
  if (layout === null || starter === null) throw new Error(`import ${id} runs without a layout`);
  const own = {
    ...context,
    caller: { companyId: stored.companyId, address: starter.address, requestId: null, by: starter.by },
  };
  const file = new ImportFile(own, { ...stored, layout, starter });
  try {
    await file.passOver(stored.position);
    let now: Ready = { ...stored, layout, starter };
    while (!isEnding()) {
      const began = performance.now();
      const next = await workOff(own, file, now);
      if (next === null) return;
      now = next;
      if (now.state === "running") await pause(Math.min(IMPORT_REST_MS, performance.now() - began));
      else await pause(0);
    }
  } finally {
    await file.close();
  }
}

/** The entries of a file, in batches that are the same each time that it is read. */
class ImportFile {
  readBytes = 0;
  private readonly entries: AsyncGenerator<Entry>;
  /** Why nothing more can be read. */
  private broken: UnreadableTableError | null = null;

  constructor({ database }: ImportRun["context"], stored: Ready) {
    const { id, kind, layout } = stored;
    const columns = new Map(layout.fields.map(({ field, column }) => [field, column] as const));
    const file = this;
    async function* bytes() {
      for await (const part of readContent(database, id)) {
        file.readBytes += part.byteLength;
        yield part;
      }
    }
    this.entries = readEntries(
      kind,
      rowsOf(kind, layout, decodeText(bytes(), layout.encoding)),
      (field) => columns.get(field) ?? null,
    );
  }

  async passOver(count: number): Promise<void> {
    for (let passed = 0; passed < count; passed += 1) if ((await this.next()) === null) return;
  }

  async batch(): Promise<readonly Entry[]> {
    const batch: Entry[] = [];
    while (batch.length < IMPORT_BATCH) {
      const entry = await this.next();
      if (entry === null) break;
      batch.push(entry);
    }
    return batch;
  }

  get problem(): UnreadableTableError | null {
    return this.broken;
  }

  async close(): Promise<void> {
    await this.entries.return(undefined);
  }

  private async next(): Promise<Entry | null> {
    if (this.broken !== null) return null;
    try {
      const { value, done } = await this.entries.next();
      return done === true ? null : value;
    } catch (error) {
      if (!(error instanceof UnreadableTableError)) throw error;
      this.broken = error;
      return null;
    }
  }
}

async function* rowsOf(
  kind: TableKind,
  layout: TableLayout,
  text: AsyncIterable<string>,
): AsyncGenerator<Row> {
  const read = createRowReader(kind, layout);
  let isHeader = layout.format === "csv";
  for await (const record of readRecords(text, layout)) {
    if (isHeader) {
      isHeader = false;
      continue;
    }
    yield* read(record);
  }
}

type Decided = { readonly position: number; readonly decisions: readonly Decision[] };

/** One batch. @returns null: there is nothing more to do here */
async function workOff(context: ImportRun["context"], file: ImportFile, now: Ready): Promise<Ready | null> {
  const { database } = context;
  const batch = await file.batch();
  if (batch.length === 0) {
    await end(context, file, now);
    return null;
  }
  const run: ImportRun = { context, importId: now.id, companyId: now.companyId, starter: now.starter };
  const booker = BOOKERS[now.kind] as unknown as Booker<Item>;
  const before = now.decided as Decided | null;
  const isSame =
    before !== null && before.position === now.position && before.decisions.length === batch.length;
  const decisions = isSame ? before.decisions : await askAgain(() => decide(booker, run, batch));
  if (now.state === "running" && !isSame) {
    if (!(await keepDecided(database, now, { position: now.position, decisions } satisfies Decided)))
      return null;
  }
  const booked =
    now.state === "running"
      ? await askAgain(() => book(booker, run, batch, decisions))
      : batch.map(() => null);
  const tally = new Tally(now.report);
  const faults: RowFault[] = [];
  for (const [index, entry] of batch.entries()) {
    const decision = decisions[index];
    if (decision === undefined) throw new Error("an entry was not decided on");
    const fault = booked[index] ?? null;
    if (fault !== null) faults.push(fault);
    if (decision.do === "refuse") faults.push(...decision.faults);
    const came: Came =
      decision.do === "skip" ? "skipped" : decision.do === "refuse" || fault !== null ? "refused" : "booked";
    tally.add(entry, came);
    if (now.kind === "stock" && came === "booked" && decision.do === "book")
      tally.addOnHand(Number(decision.plan?.["before"] ?? 0), entry.units);
  }
  const next: Ready = {
    ...now,
    position: now.position + batch.length,
    report: tally.report(),
    decided: null,
  };
  const isMoved = await inTransaction(database, async (client) => {
    const moved = await moveImport(client, now, {
      position: next.position,
      report: next.report,
      readBytes: file.readBytes,
    });
    if (moved && faults.length > 0) {
      const first = await countFaults(client, now.id);
      await addFaults(client, now.id, first, faults.slice(0, Math.max(0, MAX_IMPORT_FAULTS - first)));
    }
    return moved;
  });
  if (!isMoved) return null;
  const state = (await readImport(database, now.id))?.state;
  return state === now.state ? next : null;
}

async function decide(
  booker: Booker<Item>,
  run: ImportRun,
  batch: readonly Entry[],
): Promise<readonly Decision[]> {
  const bookable = batch.filter(isBookable);
  const decided = new Map<Entry, Decision>();
  for (const [index, decision] of (await booker.decide(run, bookable)).entries()) {
    const entry = bookable[index];
    if (entry !== undefined) decided.set(entry, decision);
  }
  return batch.map((entry): Decision => {
    if (entry.faults.length > 0) return { do: "refuse", faults: entry.faults };
    return decided.get(entry) ?? { do: "skip" };
  });
}

function isBookable(entry: Entry): entry is Bookable<Item> {
  return entry.faults.length === 0 && entry.item !== null && entry.key !== null;
}

async function book(
  booker: Booker<Item>,
  run: ImportRun,
  batch: readonly Entry[],
  decisions: readonly Decision[],
): Promise<readonly (RowFault | null)[]> {
  const chosen = batch.flatMap((entry, index) => {
    const decision = decisions[index];
    return decision?.do === "book" && isBookable(entry) ? [{ entry, index, plan: decision.plan ?? {} }] : [];
  });
  const faults: (RowFault | null)[] = batch.map(() => null);
  if (chosen.length === 0) return faults;
  const booked = await booker.book(
    run,
    chosen.map(({ entry }) => entry),
    chosen.map(({ plan }) => plan),
  );
  for (const [place, { index }] of chosen.entries()) faults[index] = booked[place] ?? null;
  return faults;
}

async function end(context: ImportRun["context"], file: ImportFile, now: Ready): Promise<void> {
  const { problem } = file;
  const done = now.state === "running" ? "done" : "checked";
  await inTransaction(context.database, async (client) => {
    const isEnded = await setImportState(
      client,
      now.id,
      [now.state],
      problem === null ? done : "failed",
      problem === null ? null : { code: "file_unreadable", detail: problem.message, line: problem.line },
    );
    if (!isEnded || now.state !== "running") return;
    await recordAudit(client, callerIn(context, now.starter.by), {
      act: "data.imported",
      subject: `import:${now.id}`,
      after: {
        kind: now.kind,
        file: now.fileName,
        ...now.report,
        ...(problem === null ? {} : { failed: problem.message }),
      },
    });
  });
}
