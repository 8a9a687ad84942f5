/**
 * What production does not begin without.
 *
 * A1 On an empty database nothing works but the set-up, by a browser here or by `holdfast setup` elsewhere.
 *    Once somebody has done it, the process goes on by itself.
 * A2 Somebody can sign in and rule: a company without an administrator is refused.
 * A3 Nobody signs in with the password that everybody knows: an account that still has the sandbox's is
 *    refused by name.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { projectRoot } from "../../config/project-root.ts";
import { startSetupServer } from "../../gateway/setup-server.ts";
import { readSetupState } from "../../operations/company/set-up.ts";
import { accountsWithPassword } from "../../store/access/staff.ts";
import type { Database } from "../../store/sql/database.ts";
import { isDatabaseFault } from "../../store/sql/database-fault.ts";
import { UserProblem } from "../problem.ts";
import { SANDBOX_PASSWORD } from "../sandbox/company.ts";
import type { ResolvedSettings } from "./compose.ts";

/** How often an empty database is looked at. */
const LOOK_MS = 500;

/** Somebody stopped the process before anybody had set the system up. */
export class StoppedWhileWaiting extends Error {
  override readonly name = "StoppedWhileWaiting";
}

/**
 * @param ending resolves where the process is to stop
 * @throws UserProblem by A2 and A3
 * @throws StoppedWhileWaiting
 */
export async function admitToWork(options: {
  readonly settings: Pick<ResolvedSettings, "host" | "publicUrl" | "ports" | "tls" | "roles">;
  readonly database: Database;
  readonly logger: Logger;
  readonly ending: Promise<unknown>;
}): Promise<void> {
  const { database } = options;
  if ((await readSetupState(database)).state === "empty") await untilSetUp(options);
  const now = await readSetupState(database);
  if (now.state === "without-administrator")
    throw new UserProblem(
      "no_administrator",
      `The company ${now.company} has no administrator who can sign in.`,
      "Run `holdfast setup` with the same DATABASE_URL: it makes one and changes nothing else.",
    );
  const known = await accountsWithPassword(database, SANDBOX_PASSWORD);
  if (known.length > 0)
    throw new UserProblem(
      "sandbox_password",
      `Everybody knows the password of ${known.map(({ email }) => email).join(", ")}: it is the sandbox's.`,
      "Begin with an empty database; or run `holdfast start` with this DATABASE_URL and HOLDFAST_HOST beyond " +
        "loopback once, which gives them another one and shows it.",
    );
}

/** A1 */
async function untilSetUp({
  settings,
  database,
  logger,
  ending,
}: Parameters<typeof admitToWork>[0]): Promise<void> {
  if (!settings.roles.includes("gateway")) {
    logger.warn(
      "the database is empty, so that nothing works yet: it is set up by `holdfast setup`, or at a gateway",
    );
    await untilFilled(database, logger, ending);
    return;
  }
  const token = randomBytes(24).toString("base64url");
  const server = await startSetupServer({
    host: settings.host,
    port: settings.ports.gateway,
    publicUrl: settings.publicUrl,
    tls: settings.tls,
    database,
    token,
    dashboardFolder: join(projectRoot, "dist", "dashboard"),
    logger: logger.child({ part: "set-up" }),
  });
  try {
    logger.warn(
      { url: `${settings.publicUrl}/setup#${token}`, token, port: server.port },
      "the database is empty, so that nothing works yet: run `holdfast setup` with the same DATABASE_URL, " +
        "or open the address; the token counts until this process ends",
    );
    await untilFilled(database, logger, ending);
  } finally {
    await server.stop();
  }
}

async function untilFilled(database: Database, logger: Logger, ending: Promise<unknown>): Promise<void> {
  const stopped = ending.then(() => true);
  while (await isEmpty(database, logger)) {
    if (await Promise.race([stopped, pause(LOOK_MS, false)])) throw new StoppedWhileWaiting();
  }
  logger.info("the system is set up; work begins");
}

/** A database that is away for a moment is looked at again. */
async function isEmpty(database: Database, logger: Logger): Promise<boolean> {
  try {
    return (await readSetupState(database)).state === "empty";
  } catch (error) {
    if (!isDatabaseFault(error)) throw error;
    logger.warn({ reason: String(error) }, "the database does not answer");
    return true;
  }
}
