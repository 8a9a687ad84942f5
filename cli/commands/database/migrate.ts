/** `holdfast migrate`: the schema of this version, by the role that owns the tables. Serves nothing. */
import type { Command } from "commander";
import { UserProblem } from "../../problem.ts";
import { print, printJson } from "../../terminal.ts";

type MigrateOptions = { readonly grantTo?: string; readonly json?: boolean };

export function addMigrateCommand(program: Command): void {
  program
    .command("migrate")
    .summary("bring the database to the schema of this version, and serve nothing")
    .description(
      "Brings the database that DATABASE_URL names up to date, by the role in it, which owns the tables. `serve` does so " +
        "itself, unless its own role may only read and write rows: make that one with --grant-to.",
    )
    .option("--grant-to <role>", "the role of PostgreSQL that serves: it gets what it needs, and no more")
    .option("--json", "print what was applied as one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  $ DATABASE_URL=postgres://holdfast_owner:…@db/holdfast npx holdfast migrate --grant-to holdfast`,
    )
    .action(migrate);
}

async function migrate({ grantTo, json }: MigrateOptions): Promise<void> {
  const databaseUrl = process.env["DATABASE_URL"]?.trim() ?? "";
  if (databaseUrl === "")
    throw new UserProblem(
      "no_database",
      "DATABASE_URL is not set.",
      "It names the PostgreSQL database: postgres://owner:password@host:port/database.",
      { exitStatus: 2 },
    );
  const { bringSchemaUpToDate, grantToRunningRole } = await import("../../system/schema.ts");
  const { value: applied, detail } = await bringSchemaUpToDate(databaseUrl);
  if (grantTo !== undefined) await grantToRunningRole(databaseUrl, grantTo);
  if (json) printJson({ applied, grantedTo: grantTo ?? null });
  else {
    print(`The schema is ${detail}.`);
    if (grantTo !== undefined) print(`${grantTo} may read and write rows, and no more.`);
  }
}
