/** `holdfast import`: a file is sent, what it was taken for is shown, and it is checked and booked. */
import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import { SingleBar } from "cli-progress";
import type { Command } from "commander";
import type {
  ChangeImportBody,
  ImportDetail,
  ImportReport,
  Sums,
} from "../../../contract/imports/imports.ts";
import { TABLE_KINDS } from "../../../contract/imports/table-kinds.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { UserProblem } from "../../problem.ts";
import { isInteractive, note, paint, print, printJson, table } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";

type ImportOptions = AccessOptions & {
  readonly kind?: string;
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly decimal?: string;
  readonly dates?: string;
  readonly keepMapping?: string;
  readonly column?: readonly string[];
  readonly set?: readonly string[];
  readonly check?: true;
  readonly look?: true;
  readonly continue?: string;
  readonly faults?: string;
};

/** How often a system that does not answer is asked where an upload has come to, and how long in between. */
const RESUME_TRIES = 40;
const RESUME_MS = 500;
/** Bytes that tell the system what it is about; the rest follows as a stream. */
const FIRST_BYTES = 256 * 1024;
const LOOK_MS = 300;

const several = (value: string, before: readonly string[] = []) => [...before, value];

export function addImportCommand(program: Command): void {
  withAccess(
    program
      .command("import")
      .summary("book a file of products, kits, stock, locations, orders, customers or returns")
      .description(
        "Sends a file (CSV or JSON lines), shows what it was taken for, and books it row by row. Rows that are wrong " +
          "are skipped and reported by their lines. Sent again, the same file books nothing twice.",
      )
      .argument("<file>", "the file; exports of Shopify, NetSuite and others are known by their columns"),
  )
    .option("--kind <kind>", `what it is a table of: ${TABLE_KINDS.join(", ")} (default: by its columns)`)
    .option("--column <field=column>", "which column a field is in; may be repeated", several)
    .option("--set <field=value>", "what a field is where it has no column, or its cell is empty", several)
    .option("--encoding <encoding>", "utf-8, utf-16le, utf-16be or windows-1252")
    .option("--delimiter <sign>", "between cells: , ; | or tab")
    .option("--decimal <sign>", "before decimals: . or ,")
    .option("--dates <first>", "what stands first in dates such as 03/04/2026: day, month or year")
    .option("--keep-mapping <name>", "keep what its columns stand for: files with the same ones are read so")
    .option("--look", "only show what the file was taken for")
    .option("--check", "read it to its end and book nothing")
    .option("--continue <id>", "go on with an import whose file was not sent to its end, or that was stopped")
    .option("--faults <file>", "where to write what was wrong, line by line")
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast import stock.csv --check
  $ npx holdfast import orders_export.csv --set channel=web --faults wrong.csv
  $ npx holdfast import products.csv --set hsCode=610910 --set originCountry=PT --set currency=EUR

Exit status 0 if every row was booked or was there already; 1 if some were refused.`,
    )
    .action(importFile);
}

async function importFile(file: string, options: ImportOptions): Promise<void> {
  const size = await stat(file).then(
    (found) => found.size,
    (error: unknown) => {
      throw new UserProblem("file_unreadable", `${file} cannot be read.`, "Check its name.", {
        cause: error,
      });
    },
  );
  const rest = new RestClient(await findAccess(options), { patienceMs: RESUME_TRIES * RESUME_MS });
  let made = await uploaded(rest, file, size, options);
  const change = changeOf(options);
  if (change !== null && made.state !== "stopped")
    made = await rest.patch<ImportDetail>(`/v1/imports/${made.id}`, change);
  if (!options.json) show(made);
  if (options.keepMapping !== undefined) {
    await rest.post("/v1/import-mappings", { importId: made.id, name: options.keepMapping });
    if (!options.json) note(`Kept as "${options.keepMapping}": files with the same columns are read so.`);
  }
  if (made.problem !== null && made.state === "failed") throw problemOf(made);
  if (options.look === true) {
    if (options.json) printJson(made);
    return;
  }
  if (made.missing.length > 0)
    throw new UserProblem(
      "import_incomplete",
      `Needed and in no column: ${made.missing.join(", ")}.`,
      `Say which column it is (--column ${made.missing[0]}=…), or one value for all rows (--set ${made.missing[0]}=…). ` +
        `The import is ${made.id}.`,
    );
  await rest.post(`/v1/imports/${made.id}/${options.check === true ? "check" : "run"}`, {});
  const done = await settled(rest, made.id);
  if (options.faults !== undefined)
    await pipeline(
      Readable.from(rest.stream(`/v1/imports/${made.id}/faults.csv`)),
      createWriteStream(options.faults),
    );
  if (options.json) printJson(done);
  else report(done, options.faults);
  if (done.state === "failed") throw problemOf(done);
  if (done.report.rows.refused > 0) process.exitCode = 1;
}

function problemOf({ id, problem }: ImportDetail): UserProblem {
  const line = problem?.line == null ? "" : `Line ${problem.line}: `;
  return new UserProblem(
    problem?.code ?? "import_failed",
    `${line}${problem?.detail ?? "The import failed."} (${id})`,
    "What was booked before stays. Correct the file and import it again: what is there is skipped.",
  );
}

/** The first bytes make the import; the rest follows, and goes on where a connection broke. */
async function uploaded(
  rest: RestClient,
  file: string,
  size: number,
  { kind, continue: earlier }: ImportOptions,
): Promise<ImportDetail> {
  const query = new URLSearchParams({ file: basename(file), size: String(Math.max(1, size)) });
  if (kind !== undefined) query.set("kind", kind);
  let made =
    earlier === undefined
      ? await begun(rest, `/v1/imports?${query}`, await firstBytes(file))
      : await rest.get<ImportDetail>(`/v1/imports/${encodeURIComponent(earlier)}`);
  const bar = progressBar("sent");
  for (let tried = 1; made.state === "uploading"; tried += 1) {
    try {
      const path = `/v1/imports/${made.id}/content?offset=${made.bytes}`;
      made = await rest.send<ImportDetail>(
        path,
        counted(file, made.bytes, (sent) => bar?.update(sent, size)),
      );
    } catch (error) {
      if (!(error instanceof UserProblem) || error.code !== "unreachable" || tried >= RESUME_TRIES) {
        note(`The import is ${made.id}: go on with --continue ${made.id}`);
        throw error;
      }
      await pause(RESUME_MS);
      made = await rest.get<ImportDetail>(`/v1/imports/${made.id}`);
    }
  }
  bar?.stop();
  return made;
}

/** Under one key, however often it is sent: where only the answer was lost, the import is there. */
async function begun(rest: RestClient, path: string, first: Uint8Array): Promise<ImportDetail> {
  const key = randomUUID();
  for (let tried = 1; ; tried += 1) {
    try {
      return await rest.send<ImportDetail>(path, first, key);
    } catch (error) {
      if (!(error instanceof UserProblem) || error.code !== "unreachable" || tried >= RESUME_TRIES)
        throw error;
      await pause(RESUME_MS);
    }
  }
}

async function firstBytes(file: string): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(FIRST_BYTES), 0, FIRST_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function* counted(
  file: string,
  from: number,
  tell: (sent: number) => void,
): AsyncGenerator<Uint8Array> {
  let sent = from;
  for await (const part of createReadStream(file, { start: from })) {
    sent += part.length;
    tell(sent);
    yield part;
  }
}

function progressBar(what: string) {
  if (!isInteractive(process.stderr)) return null;
  const bar = new SingleBar({
    format: `{bar} {percentage}% ${what}`,
    stream: process.stderr,
    hideCursor: true,
  });
  let isShown = false;
  return {
    update: (value: number, total: number) => {
      if (!isShown) bar.start(total, value);
      isShown = true;
      bar.update(value);
    },
    stop: () => {
      if (isShown) bar.stop();
    },
  };
}

function changeOf(options: ImportOptions): ChangeImportBody | null {
  const { encoding, decimal, dates, delimiter, column = [], set = [] } = options;
  const fields = new Map<string, { column: string | null; otherwise: string | null }>();
  const pairOf = (said: string): readonly [string, string] => {
    const at = said.indexOf("=");
    if (at < 1)
      throw new UserProblem(
        "invalid_argument",
        `"${said}" is no field=value.`,
        "Example: --set channel=web",
        {
          exitStatus: 2,
        },
      );
    return [said.slice(0, at), said.slice(at + 1)];
  };
  for (const [field, name] of column.map(pairOf)) fields.set(field, { column: name, otherwise: null });
  for (const [field, value] of set.map(pairOf))
    fields.set(field, { column: fields.get(field)?.column ?? null, otherwise: value });
  const said = {
    ...(encoding === undefined ? {} : { encoding }),
    ...(decimal === undefined ? {} : { decimal }),
    ...(dates === undefined ? {} : { dates }),
    ...(delimiter === undefined ? {} : { delimiter: delimiter === "tab" ? "\t" : delimiter }),
    ...(fields.size === 0 ? {} : { fields: [...fields].map(([field, from]) => ({ field, ...from })) }),
  };
  return Object.keys(said).length === 0 ? null : (said as ChangeImportBody);
}

async function settled(rest: RestClient, id: string): Promise<ImportDetail> {
  const bar = progressBar("read");
  let told = "";
  for (;;) {
    const now = await rest.get<ImportDetail>(`/v1/imports/${id}`);
    const others = now.waitsFor.join(", ");
    if (others !== "" && others !== told)
      note(`Waits for ${others}: of a kind one import is read at a time, and a few altogether.`);
    told = others;
    if (now.state !== "checking" && now.state !== "running") {
      bar?.stop();
      return now;
    }
    bar?.update(now.percent ?? 0, 100);
    await pause(LOOK_MS);
  }
}

const SIGNS: Readonly<Record<string, string>> = {
  ",": "commas",
  ";": "semicolons",
  "\t": "tabs",
  "|": "bars",
};

function show({ id, kind, fileName, layout, sameFileAs }: ImportDetail): void {
  print(`${paint("bold", fileName)}: ${kind}, import ${id}`);
  if (sameFileAs !== null) print(`The same file as import ${sameFileAs}: what that has booked is skipped.`);
  if (layout === null) return;
  const how = layout.format === "jsonl" ? "JSON lines" : `CSV with ${SIGNS[layout.delimiter]}`;
  const dates = layout.dates === "year" ? "" : `, dates with the ${layout.dates} first`;
  print(
    `  ${how}, ${layout.encoding}, decimals behind "${layout.decimal}"${dates}, layout of ${layout.source}`,
  );
  const used = layout.fields.filter(({ column, otherwise }) => column !== null || otherwise !== null);
  print(
    table(
      used.map(({ field, column, otherwise }) => [
        `  ${field}`,
        column ?? "",
        otherwise === null ? "" : paint("dim", `else ${otherwise}`),
      ]),
    ),
  );
  const taken = new Set([...used.map(({ column }) => column), ...layout.locationColumns]);
  const left = layout.columns.filter((column) => !taken.has(column));
  if (layout.locationColumns.length > 0) print(`  locations: ${layout.locationColumns.join(", ")}`);
  if (left.length > 0) print(paint("dim", `  not used: ${left.join(", ")}`));
}

function report(done: ImportDetail, file: string | undefined): void {
  print("");
  print(`${paint("bold", done.state)}: import ${done.id}`);
  print(table([["", "read", "booked", "skipped", "refused"], ...rowsOf(done.report)], [1, 2, 3, 4]));
  const { onHand } = done.report;
  if (onHand !== null) print(`on hand at what was booked: ${onHand.before} before, ${onHand.after} after`);
  for (const { line, column, code, expected } of done.faults)
    print(`  line ${line}${column === null ? "" : `, ${column}`}: expected ${expected} (${code})`);
  if (file !== undefined) print(`every line that was wrong: ${file}`);
  else if (done.report.rows.refused > done.faults.length)
    print(`more: GET /v1/imports/${done.id}/faults.csv, or --faults FILE`);
}

function rowsOf({ rows, units, money }: ImportReport): readonly (readonly string[])[] {
  const line = (name: string, { read, booked, skipped, refused }: Sums) => [
    name,
    ...[read, booked, skipped, refused].map((count) => count.toLocaleString("en")),
  ];
  return [
    line("rows", rows),
    ...(units.read === 0 ? [] : [line("units", units)]),
    ...Object.entries(money).map(([currency, sums]) => line(`${currency}, minor units`, sums)),
  ];
}
