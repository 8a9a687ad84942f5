/** The database of a data folder: of the system that runs there, or brought up for the time of one work. */
import { readdir } from "node:fs/promises";
import { serverAnswers } from "../../store/sql/server.ts";
import { readLocalFile } from "../client/credentials.ts";
import { freePort } from "../embedded/free-port.ts";
import { startPostgres } from "../embedded/postgres.ts";
import { isRunning, ProcessBook, stopProcess } from "../embedded/processes.ts";
import { UserProblem } from "../problem.ts";

/**
 * Works on the database of a data folder.
 *
 * @throws UserProblem `no_data_folder`, `starting_or_stopping`
 */
export async function withLocalDatabase<T>(
  dataFolder: string,
  work: (databaseUrl: string) => Promise<T>,
): Promise<T> {
  const local = await readLocalFile(dataFolder);
  if (local === undefined)
    throw new UserProblem(
      "no_data_folder",
      `${dataFolder} is no data folder: it has no local.json.`,
      "Name one with HOLDFAST_DATA, or name a database with DATABASE_URL.",
    );
  if (local.databaseUrl !== undefined && (await serverAnswers(local.databaseUrl)))
    return work(local.databaseUrl);
  const book = new ProcessBook(dataFolder);
  const left = await book.readPrevious();
  for (const record of left)
    if (record.name === "holdfast" && record.pid !== process.pid && (await isRunning(record)))
      throw new UserProblem(
        "starting_or_stopping",
        `Process ${record.pid} has ${dataFolder}, and its database does not answer.`,
        "Wait until it has started or ended.",
      );
  if (local.databaseUrl !== undefined && !(await hasCluster(dataFolder)))
    throw new UserProblem(
      "database_unreachable",
      `The database of ${dataFolder} is not in it, and does not answer.`,
      "Start its server, or name it with DATABASE_URL.",
    );
  // What a killed run left: a second server on the same files would be refused.
  for (const record of left)
    if (record.name === "postgres") await stopProcess(record, ["SIGINT", "SIGQUIT", "SIGKILL"], 15_000);
  // A start meanwhile is told that the folder is taken.
  await book.add("holdfast", process.pid);
  try {
    const server = await startPostgres({
      dataFolder,
      port: await freePort(),
      password: local.postgresPassword,
      book,
      onCrash: () => {},
      progress: () => {},
    });
    try {
      return await work(server.url);
    } finally {
      await server.stop();
    }
  } finally {
    await book.remove("holdfast");
  }
}

async function hasCluster(dataFolder: string): Promise<boolean> {
  const names = await readdir(dataFolder);
  return names.includes("postgres") || names.includes("postgres-location");
}
