/**
 * `holdfast bulk`: many changes from a file, each answered for itself. A file that is sent again, after a
 * kill or a lost answer, has what was done answered as before and the rest done: its bytes name its requests.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { MAX_BULK_REQUESTS } from "../../config/limits.ts";
import type { BulkAnswer } from "../../contract/requests/bulk.ts";
import { findAccess } from "../client/credentials.ts";
import { RestClient } from "../client/rest.ts";
import { reasonOf, UserProblem } from "../problem.ts";
import { paint, print, printJson } from "../terminal.ts";
import { type AccessOptions, withAccess } from "./access-options.ts";

/** A body of the gateway is at most 256 KiB. */
const MOST_BYTES = 200 * 1_024;

type BulkOptions = AccessOptions & { readonly id?: string };

export function addBulkCommand(program: Command): void {
  withAccess(
    program
      .command("bulk")
      .summary("make many changes from a file, each answered for itself")
      .description(
        "Sends the changes of a file, one a line, in their order, by up to a hundred at a time. One that is refused does not stop " +
          "the next. The same file sent again does what was not done.",
      ),
  )
    .argument(
      "<file>",
      'JSON lines: {"method": "PATCH", "path": "/v1/products/MUG-1", "body": {…}, "ifMatch": "…"}',
    )
    .option("--id <id>", "names this sending (default: made of the file's bytes)")
    .addHelpText(
      "after",
      `
Examples:
  $ npx holdfast bulk new-names.jsonl
  $ npx holdfast bulk holds.jsonl --json > answers.jsonl`,
    )
    .action(bulk);
}

async function bulk(file: string, options: BulkOptions): Promise<void> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new UserProblem(
      "file_unreadable",
      `${file} cannot be read: ${reasonOf(error)}`,
      "Name a file of JSON lines.",
    );
  });
  const lines = text
    .split("\n")
    .map((line, at) => ({ line: line.trim(), number: at + 1 }))
    .filter(({ line }) => line !== "");
  for (const { line, number } of lines) {
    try {
      JSON.parse(line);
    } catch (error) {
      throw new UserProblem(
        "file_malformed",
        `${file}, line ${number} is no JSON: ${reasonOf(error)}`,
        "Nothing was sent: put one change on each line.",
      );
    }
  }
  const id = options.id ?? createHash("sha256").update(text).digest("hex").slice(0, 24);
  const rest = new RestClient(await findAccess(options), { patienceMs: 60_000 });
  let refused = 0;
  let done = 0;
  for (const part of partsOf(lines)) {
    const [first] = part;
    // The lines as they are: a number of many digits is nobody's to round.
    const body = `{"requests":[${part.map(({ line }) => line).join(",")}]}`;
    const { results } = await rest.postText<BulkAnswer>("/v1/bulk", body, `bulk-${id}-${first?.number ?? 0}`);
    for (const [at, result] of results.entries()) {
      const number = part[at]?.number ?? 0;
      const isRefused = result.status >= 400;
      if (isRefused) refused += 1;
      else done += 1;
      if (options.json) printJson({ line: number, ...result });
      else if (isRefused)
        print(`line ${number}: ${paint("red", String(result.status))} ${reasonIn(result.body)}`);
    }
  }
  if (!options.json) print(`${done} done, ${refused} refused.`);
  if (refused > 0)
    throw new UserProblem(
      "bulk_refused",
      `${refused} of ${done + refused} changes were refused.`,
      "Put these lines, mended, into a file of their own, and send that.",
    );
}

type Line = { readonly line: string; readonly number: number };

function partsOf(lines: readonly Line[]): readonly (readonly Line[])[] {
  const parts: Line[][] = [];
  let bytes = 0;
  for (const each of lines) {
    const size = Buffer.byteLength(each.line) + 1;
    const last = parts.at(-1);
    if (last === undefined || last.length >= MAX_BULK_REQUESTS || bytes + size > MOST_BYTES) {
      parts.push([each]);
      bytes = size;
    } else {
      last.push(each);
      bytes += size;
    }
  }
  return parts;
}

function reasonIn(body: unknown): string {
  const { code = "", detail = "" } = (body ?? {}) as { readonly code?: string; readonly detail?: string };
  return `${detail} (${code})`;
}
