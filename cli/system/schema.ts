/** Brings a database to the schema of this version, and says what to do where that is not possible. */
import pg from "pg";
import {
  isSeveralCompanies,
  MigrationsLockedError,
  MigrationsNotOursError,
  migrate,
  SchemaNewerError,
} from "../../store/sql/migrate.ts";
import { grantRunning } from "../../store/sql/running-role.ts";
import { reasonOf, UserProblem } from "../problem.ts";

/**
 * @returns the migrations that were applied now, and the same as a line for people
 * @throws UserProblem where another process has the migrations' lock and does not give it back, a newer
 *   version has worked on the database, its tables are another role's and not of this version, or it holds
 *   more than one company
 */
export async function bringSchemaUpToDate(
  databaseUrl: string,
): Promise<{ readonly value: readonly string[]; readonly detail: string }> {
  const applied = await migrate(databaseUrl).catch((error: unknown) => {
    if (error instanceof MigrationsLockedError) throw lockedProblem(error);
    if (error instanceof SchemaNewerError) throw newerProblem(error);
    if (error instanceof MigrationsNotOursError) throw notOursProblem(error);
    if (isSeveralCompanies(error)) throw severalCompaniesProblem(error);
    throw error;
  });
  return { value: applied, detail: detailOf(applied) };
}

/** @throws UserProblem where there is no such role, or who connects may not grant */
export async function grantToRunningRole(databaseUrl: string, role: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: "holdfast-migrate" });
  await client.connect();
  try {
    await grantRunning(client, role);
  } catch (cause) {
    throw new UserProblem(
      "not_granted",
      `Rights could not be granted: ${reasonOf(cause)}.`,
      "DATABASE_URL has to name the tables' owner; a role is made with `createuser`.",
      { cause },
    );
  } finally {
    await client.end();
  }
}

function notOursProblem(error: MigrationsNotOursError): UserProblem {
  const advice =
    "Bring the schema up to date by their owner: DATABASE_URL=postgres://<owner>… npx holdfast migrate. Then start again.";
  return new UserProblem(error.code, error.message, advice, { cause: error });
}

function severalCompaniesProblem(cause: Error): UserProblem {
  return new UserProblem(
    "several_companies",
    `${cause.message}.`,
    "Nothing was changed. Go back to the former version, and move all companies but one to databases of their own.",
    { cause },
  );
}

function newerProblem(error: SchemaNewerError): UserProblem {
  const advice =
    "Start the newer version again; or restore the backup that was made before its first start, and start this one.";
  return new UserProblem(error.code, error.message, advice, { cause: error });
}

function lockedProblem(error: MigrationsLockedError): UserProblem {
  const ends = error.holders.map(({ pid }) => `select pg_terminate_backend(${pid});`).join(" ");
  const advice =
    ends === ""
      ? "Start again."
      : "If that process is at work, start again when it is done; if it stands still, end it, or its connection " +
        `with: ${ends}`;
  return new UserProblem(error.code, error.message, advice, { cause: error });
}

/** A handful by their names; all of a new database's are too many for a line. */
function detailOf(applied: readonly string[]): string {
  if (applied.length === 0) return "up to date";
  return applied.length > 3 ? `${applied.length} migrations applied` : `applied: ${applied.join(", ")}`;
}
