/** `holdfast audit`: who did what, exported, and held against its chain of hashes. */
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import type { Command } from "commander";
import type { AuditEntry, AuditVerification } from "../../contract/audit.ts";
import type { Page } from "../../contract/shapes.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { UserProblem } from "../problem.ts";
import { note, paint, print, printJson, table } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

/** Entries of one part of an export; the gateway gives no more at once. */
const PART = 5_000;
const DEFAULT_ROWS = 50;

type FilterOptions = AccessOptions & {
  readonly by?: string;
  readonly act?: string;
  readonly subject?: string;
  readonly search?: string;
  readonly from?: string;
  readonly to?: string;
};

export function addAuditCommand(program: Command): void {
  const audit = program
    .command("audit")
    .summary("show, export and verify the record of who did what")
    .description(
      "Shows who signed in, who was refused, who changed what and from where; exports it; and verifies that no " +
        "entry was altered, removed or put in.",
    )
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast audit list --act access.denied
  $ npx holdfast audit export --from 2026-11-01T00:00:00Z --output november.jsonl
  $ npx holdfast audit verify --expect 5120:9f2c…`,
    );
  withFilter(audit.command("list").description("List entries, newest first"))
    .option("--limit <number>", "how many at most", String(DEFAULT_ROWS))
    .action(list);
  withFilter(audit.command("export").description("Write entries as JSON lines or CSV, oldest first"))
    .option("--format <format>", "jsonl or csv", "jsonl")
    .option("--output <file>", "where to (default: standard output)")
    .action(exportEntries);
  withAccess(audit.command("verify").description("Verify the chain of all entries"))
    .option(
      "--expect <position:hash>",
      "an entry that was seen before, as `verify` prints it or the log names it",
    )
    .addHelpText("after", "\nExit status 0 if the chain is whole; 1 if it is not, with each fault.")
    .action(verify);
}

function withFilter(command: Command): Command {
  return withAccess(command)
    .option("--by <who>", "staff:<id>, api-key:<id>, …")
    .option("--act <code>", "what was done, such as setting.changed")
    .option("--subject <subject>", "what it was done to, such as channel:web")
    .option("--search <text>", "part of anything that an entry says")
    .option("--from <time>", "ISO 8601, inclusive")
    .option("--to <time>", "ISO 8601, exclusive");
}

function queryOf({ by, act, subject, search, from, to }: FilterOptions): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ by, act, subject, q: search, from, to }))
    if (value !== undefined) query.set(name, value);
  return query;
}

async function list(options: FilterOptions & { readonly limit: string }): Promise<void> {
  const most = Number(options.limit);
  if (!Number.isSafeInteger(most) || most < 1)
    throw new UserProblem("invalid_argument", "--limit is a number from 1.", "Example: --limit 200", {
      exitStatus: 2,
    });
  const rest = new RestClient(await findAccess(options));
  const rows: string[][] = [];
  let shown = 0;
  for await (const entry of rest.all<AuditEntry>(`/v1/audit?${queryOf(options)}`, Math.min(most, 200))) {
    if (options.json) printJson(entry);
    else
      rows.push([
        String(entry.position),
        entry.at,
        whoOf(entry),
        entry.act,
        entry.subject,
        entry.address ?? "",
      ]);
    shown += 1;
    if (shown === most) break;
  }
  if (options.json) return;
  const head = ["entry", "when", "who", "act", "of what", "from where"].map((one) => paint("dim", one));
  print(rows.length === 0 ? "No entries." : table([head, ...rows], [0]));
}

function whoOf({ by, byName }: AuditEntry): string {
  return byName === null ? by : `${by} (${byName})`;
}

async function exportEntries(
  options: FilterOptions & { readonly format: string; readonly output?: string },
): Promise<void> {
  const { format, output } = options;
  if (format !== "jsonl" && format !== "csv")
    throw new UserProblem(
      "invalid_argument",
      `--format is jsonl or csv, not ${format}.`,
      "Example: --format csv",
      {
        exitStatus: 2,
      },
    );
  const rest = new RestClient(await findAccess(options));
  const query = queryOf(options);
  query.set("format", format);
  query.set("limit", String(PART));
  const file = output === undefined ? null : createWriteStream(output, { mode: 0o600 });
  const out = file ?? process.stdout;
  // What others do meanwhile, and this export itself, is added behind; it ends where the log ended.
  const end = (await rest.get<Page<AuditEntry>>("/v1/audit?limit=1")).items[0]?.position ?? 0;
  let after = 0;
  let isFirst = true;
  while (after < end) {
    query.set("after", String(after));
    const text = await rest.text(`/v1/audit/export?${query}`);
    const lines = text.split(format === "csv" ? "\r\n" : "\n").filter((line) => line !== "");
    const rows = format === "csv" ? lines.slice(1) : lines;
    const kept = rows.filter((row) => positionOf(row, format) <= end);
    const head = format === "csv" && isFirst ? lines.slice(0, 1) : [];
    const eol = format === "csv" ? "\r\n" : "\n";
    for (const line of [...head, ...kept]) out.write(`${line}${eol}`);
    isFirst = false;
    const last = rows.at(-1);
    if (rows.length < PART || last === undefined) break;
    after = positionOf(last, format);
  }
  if (file !== null) {
    file.end();
    await finished(file);
  }
  note(`Exported up to entry ${end}.`);
}

function positionOf(row: string, format: "jsonl" | "csv"): number {
  if (format === "csv") return Number.parseInt(row, 10);
  const entry: AuditEntry = JSON.parse(row);
  return entry.position;
}

async function verify(options: AccessOptions & { readonly expect?: string }): Promise<void> {
  const rest = new RestClient(await findAccess(options));
  const expected = options.expect === undefined ? null : readExpected(options.expect);
  let checked = 0;
  let faults = 0;
  let part: AuditVerification;
  let after = 0;
  do {
    part = await rest.get<AuditVerification>(`/v1/audit/verification?after=${after}`);
    checked += part.checked;
    faults += part.faults.length;
    for (const fault of part.faults) {
      if (options.json) printJson(fault);
      else print(`${paint("red", fault.kind)}  ${fault.detail}`);
    }
    after = part.position;
  } while (!part.done);
  if (expected !== null && !(await isThere(rest, expected))) {
    faults += 1;
    const detail = `Entry ${expected.position} is not the one that was seen before.`;
    if (options.json) printJson({ position: expected.position, kind: "altered", detail });
    else print(`${paint("red", "altered")}  ${detail}`);
  }
  if (faults > 0) process.exitCode = 1;
  if (options.json) printJson({ checked, faults, position: part.position, hash: part.hash });
  else {
    print(`${checked} entries verified, ${faults === 0 ? "the chain is whole" : `${faults} faults`}.`);
    print(`The last is ${part.position}:${part.hash}; keep it elsewhere for --expect.`);
  }
}

type Expected = { readonly position: number; readonly hash: string };

function readExpected(text: string): Expected {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (match === null)
    throw new UserProblem(
      "invalid_argument",
      `--expect is a position and a hash, not ${text}.`,
      "It is what `holdfast audit verify` printed last: <position>:<64 hexadecimal digits>.",
      { exitStatus: 2 },
    );
  return { position: Number(match[1]), hash: match[2] ?? "" };
}

async function isThere(rest: RestClient, { position, hash }: Expected): Promise<boolean> {
  try {
    return (await rest.get<AuditEntry>(`/v1/audit/${position}`)).hash === hash;
  } catch (error) {
    if (error instanceof UserProblem && error.code === "not_found") return false;
    throw error;
  }
}
