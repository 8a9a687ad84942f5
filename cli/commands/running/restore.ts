/** `holdfast restore`: brings a backup to life on an empty machine. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { FormerErasure } from "../../../store/backup/load.ts";
import { dataFolder } from "../../client/credentials.ts";
import { UserProblem } from "../../problem.ts";
import { note, paint, print, printJson, seconds, startSteps } from "../../terminal.ts";
import { factsOf, inWords, watched } from "./backup.ts";

type RestoreOptions = {
  readonly secrets?: string | false;
  readonly erasures?: string;
  readonly mark?: boolean;
  readonly json?: boolean;
};

export function addRestoreCommand(program: Command): void {
  program
    .command("restore [backup]")
    .summary("bring a backup to life, in an empty database or data folder")
    .description(
      "Checks the backup, fills the empty database of DATABASE_URL with it, or makes the data folder (HOLDFAST_DATA) of it, " +
        "and reads every table back before it counts. Whoever starts on it starts the sagas of everything that is under way " +
        "anew, in a Temporal namespace that has none; what they had done before is not done twice.",
    )
    .option("--secrets <file>", "what `holdfast backup --secrets` wrote, for a data folder")
    .option("--no-secrets", "make a data folder's secrets anew; what they encrypted cannot be read any more")
    .option(
      "--erasures <file>",
      "what `holdfast personal-data erasures` wrote: whoever starts next erases again what was erased since the backup",
    )
    .option(
      "--mark",
      "only mark the database of DATABASE_URL as restored, where that was done by other means",
    )
    .option("--json", "print what was restored as one JSON document")
    .addHelpText(
      "after",
      `
Examples:
  $ DATABASE_URL=postgres://… npx holdfast restore /backups/holdfast-2026-11-29T20-15-00-000Z
  $ HOLDFAST_DATA=.holdfast npx holdfast restore /backups/holdfast-… --secrets /safe/holdfast-secrets.json
  $ DATABASE_URL=postgres://… npx holdfast restore --mark    after a point-in-time recovery of PostgreSQL`,
    )
    .action((backup: string | undefined, options: RestoreOptions) => restore(backup, options));
}

async function restore(backup: string | undefined, options: RestoreOptions): Promise<void> {
  const url = process.env["DATABASE_URL"];
  if (options.mark === true) {
    if (url === undefined || backup !== undefined)
      throw wrong("--mark takes no backup, and needs DATABASE_URL.", "See `holdfast restore --help`.");
    const { markRestored } = await import("../../../store/backup/load.ts");
    await markRestored(url);
    print("Marked: whoever starts on this database starts its sagas anew, in an empty Temporal namespace.");
    return;
  }
  if (backup === undefined) throw wrong("No backup is named.", "See `holdfast restore --help`.");
  if (url === undefined && options.secrets === undefined)
    throw wrong(
      "Nothing says which secrets the data folder is to have.",
      "Name the file that `holdfast backup --secrets` wrote with --secrets, or have them made anew with --no-secrets.",
    );
  const erasures = options.erasures === undefined ? [] : await readErasures(resolve(options.erasures));
  const began = Date.now();
  const folder = dataFolder();
  const { restoreDatabase, restoreDataFolder } = await import("../../backup/restore-backup.ts");
  const manifest = await startSteps().run("Restore", async (progress) => {
    const restored =
      url === undefined
        ? await restoreDataFolder(
            resolve(backup),
            folder,
            typeof options.secrets === "string" ? resolve(options.secrets) : null,
            watched(progress),
            erasures,
          )
        : await restoreDatabase(resolve(backup), url, watched(progress), erasures);
    return { value: restored, detail: "every table reads back as it was" };
  });
  const took = Date.now() - began;
  if (options.json) {
    printJson({ milliseconds: took, ...factsOf(manifest) });
    return;
  }
  print(`${paint("green", "✓")} ${inWords(manifest)}, in ${seconds(took)}`);
  note(
    url === undefined
      ? `Start it with \`npm start\` (HOLDFAST_DATA=${folder}).`
      : "Start it with `holdfast serve`, in a Temporal namespace that has no sagas yet (TEMPORAL_NAMESPACE).",
  );
}

/** A line an erasure. */
async function readErasures(file: string): Promise<readonly FormerErasure[]> {
  const advice = "Write one with `holdfast personal-data erasures --output <file>` after each erasure.";
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UserProblem("erasures_unreadable", `${file} cannot be read.`, advice, { cause });
  });
  return text.split("\n").flatMap((line, index) => {
    if (line.trim() === "") return [];
    const erasure = erasureIn(line);
    if (erasure === null)
      throw new UserProblem("erasures_unreadable", `${file}, line ${index + 1}, is no erasure.`, advice);
    return [erasure];
  });
}

function erasureIn(line: string): FormerErasure | null {
  try {
    const { id, orders, requestedBy, requestedAt } = JSON.parse(line) as FormerErasure;
    const isOne =
      typeof id === "string" &&
      typeof requestedBy === "string" &&
      !Number.isNaN(Date.parse(requestedAt)) &&
      Array.isArray(orders) &&
      orders.every((order) => typeof order === "string");
    return isOne ? { id, orders, requestedBy, requestedAt } : null;
  } catch {
    return null;
  }
}

function wrong(message: string, advice: string): UserProblem {
  return new UserProblem("wrong_command_line", message, advice, { exitStatus: 2 });
}
