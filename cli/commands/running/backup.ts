/** `holdfast backup`: a copy of everything, while the system works, and the proof that it can be read. */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { BackupSource } from "../../backup/create-backup.ts";
import type { Manifest } from "../../backup/manifest.ts";
import { dataFolder } from "../../client/credentials.ts";
import { UserProblem } from "../../problem.ts";
import { isInteractive, paint, print, printJson, type Steps, seconds, startSteps } from "../../terminal.ts";

type BackupOptions = {
  readonly to: string;
  readonly secrets?: string | false;
  readonly json?: boolean;
};

export function addBackupCommand(program: Command): void {
  const backup = program
    .command("backup")
    .summary("copy everything that the system keeps, while it works")
    .description(
      "Copies the whole database as one moment has it into a new folder, with a checksum of every file, and reads the copy " +
        "back. With DATABASE_URL it is that database; without, that of the data folder (HOLDFAST_DATA), whether a system runs " +
        "there or not, with what the sandbox's outside world has written. Secrets are not in it: those of a data folder go to " +
        "the file that --secrets names; keep it elsewhere.",
    )
    .option("--to <folder>", "where the backup gets a folder of its own", "backups")
    .option(
      "--secrets <file>",
      "a file for the secrets of the data folder: a new one, or one that has them already",
    )
    .option("--no-secrets", "leave the secrets of the data folder out")
    .option("--json", "print what was made as one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  $ DATABASE_URL=postgres://… npx holdfast backup --to /backups
  $ npx holdfast backup --to /backups --secrets /safe/holdfast-secrets.json
  $ npx holdfast backup verify /backups/holdfast-2026-11-29T20-15-00-000Z --restore

Sagas are not in a backup: a restored system starts them anew from the orders.`,
    )
    .action((options: BackupOptions) => takeBackup(options));
  backup
    .command("verify <folder>")
    .summary("read a backup to its last byte")
    .description(
      "Reads every file of a backup and compares it with the checksums and numbers of rows that were written with it.",
    )
    .option("--restore", "restore it as well, on a PostgreSQL of its own that is thrown away")
    .option("--json", "print what it is as one JSON document")
    .action((folder: string, options: { readonly restore?: boolean }, command: Command) =>
      verify(folder, { ...options, json: command.optsWithGlobals<{ json?: boolean }>().json === true }),
    );
}

async function takeBackup(options: BackupOptions): Promise<void> {
  const url = process.env["DATABASE_URL"];
  const folder = dataFolder();
  if (url === undefined && options.secrets === undefined)
    throw new UserProblem(
      "secrets_unsaid",
      `The secrets of ${folder} would be in no backup.`,
      "Say with --secrets where they go (keep that file elsewhere), or leave them out with --no-secrets.",
      { exitStatus: 2 },
    );
  if (url !== undefined && typeof options.secrets === "string")
    throw new UserProblem(
      "secrets_not_here",
      "The secrets of a system with a DATABASE_URL are in its environment, and not in its data folder.",
      "Leave --secrets out, and keep the environment's files in a place of their own.",
      { exitStatus: 2 },
    );
  const { createBackup, writeSecrets } = await import("../../backup/create-backup.ts");
  const { withLocalDatabase } = await import("../../backup/local-database.ts");
  const began = Date.now();
  const steps = startSteps();
  const take = (source: BackupSource) =>
    steps.run("Backup", async (progress) => {
      const taken = await createBackup(source, resolve(options.to), watched(progress));
      return { value: taken, detail: taken.folder };
    });
  const { folder: made, manifest } =
    url === undefined
      ? await withLocalDatabase(folder, async (databaseUrl) => {
          // First: where they cannot be written, there is no backup that nobody has read back.
          if (typeof options.secrets === "string") await writeSecrets(folder, resolve(options.secrets));
          return take({ databaseUrl, dataFolder: folder });
        })
      : await take({ databaseUrl: url, dataFolder: null });
  await readBack(steps, made);
  const took = Date.now() - began;
  if (options.json) printJson({ folder: made, milliseconds: took, ...factsOf(manifest) });
  else print(`${paint("green", "✓")} ${made}\n  ${inWords(manifest)}, in ${seconds(took)}`);
}

async function verify(
  folder: string,
  options: { readonly restore?: boolean; readonly json: boolean },
): Promise<void> {
  const began = Date.now();
  const steps = startSteps();
  const manifest = await readBack(steps, resolve(folder));
  if (options.restore === true)
    await steps.run("Restore", async (progress) => {
      const { tryRestore } = await import("../../backup/restore-backup.ts");
      await tryRestore(resolve(folder), manifest, watched(progress));
      return { value: undefined, detail: "every table reads back as it was" };
    });
  const took = Date.now() - began;
  if (options.json)
    printJson({
      folder: resolve(folder),
      restored: options.restore === true,
      milliseconds: took,
      ...factsOf(manifest),
    });
  else print(`${paint("green", "✓")} whole: ${inWords(manifest)}`);
}

function readBack(steps: Steps, folder: string): Promise<Manifest> {
  return steps.run("Reading back", async (progress) => {
    const { verifyBackup } = await import("../../backup/verify-backup.ts");
    const manifest = await verifyBackup(folder, watched(progress));
    return { value: manifest, detail: `${manifest.tables.length} tables` };
  });
}

/** What is of a moment only is for a terminal: a log would have two lines for every table. */
export function watched(progress: (text: string) => void): (text: string) => void {
  return isInteractive(process.stderr) ? progress : () => {};
}

export function factsOf(manifest: Manifest) {
  const { at, holdfast, source, schemaVersion, companies, tables, extras } = manifest;
  return {
    at,
    holdfast,
    source,
    schemaVersion,
    companies,
    tables: tables.length,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    bytes: [...tables.map(({ file }) => file), ...extras].reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

export function inWords(manifest: Manifest): string {
  const { at, rows, bytes, companies } = factsOf(manifest);
  const mib = (bytes / 2 ** 20).toFixed(1);
  return `${companies.join(", ") || "no company"} as of ${at}: ${rows} rows, ${mib} MiB`;
}
