/** `holdfast export`: a kind of table as a file. */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { TABLE_KINDS } from "../../../contract/imports/table-kinds.ts";
import { findAccess } from "../../client/credentials.ts";
import { RestClient } from "../../client/rest.ts";
import { UserProblem } from "../../problem.ts";
import { note, printJson } from "../../terminal.ts";
import { type AccessOptions, withAccess } from "../access-options.ts";

type ExportOptions = AccessOptions & {
  readonly format: string;
  readonly channel?: string;
  readonly open?: true;
  readonly output?: string;
};

export function addExportCommand(program: Command): void {
  withAccess(
    program
      .command("export")
      .summary("write products, kits, stock, locations, orders, customers or returns as a file")
      .description("Writes a whole table as one moment has it, in the layout that `holdfast import` reads.")
      .argument("<kind>", TABLE_KINDS.join(", ")),
  )
    .option("--format <format>", "csv, or jsonl for a document a line with all that there is", "csv")
    .option("--channel <id>", "of orders: only this channel's")
    .option("--open", "of orders: without those that are completed or cancelled")
    .option("--output <file>", "where to (default: standard output)")
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast export stock --output stock.csv
  $ npx holdfast export orders --open --format jsonl | gzip > orders.jsonl.gz`,
    )
    .action(exportTable);
}

async function exportTable(kind: string, options: ExportOptions): Promise<void> {
  const { format, channel, open, output } = options;
  if (format !== "csv" && format !== "jsonl")
    throw new UserProblem("invalid_argument", "--format is csv or jsonl.", "Example: --format jsonl", {
      exitStatus: 2,
    });
  const rest = new RestClient(await findAccess(options));
  const query = new URLSearchParams({ format });
  if (channel !== undefined) query.set("channel", channel);
  if (open === true) query.set("status", "open");
  let bytes = 0;
  async function* counted() {
    for await (const part of rest.stream(`/v1/exports/${encodeURIComponent(kind)}?${query}`)) {
      bytes += part.byteLength;
      yield part;
    }
  }
  if (output === undefined) {
    await pipeline(Readable.from(counted()), process.stdout, { end: false });
    return;
  }
  await pipeline(Readable.from(counted()), createWriteStream(output));
  if (options.json) printJson({ kind, format, file: output, bytes });
  else note(`${output}: ${bytes.toLocaleString("en")} bytes`);
}
