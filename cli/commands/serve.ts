/**
 * `holdfast serve`: production. Explicit settings, no embedded server, no sandbox, no simulator; logs on
 * standard output.
 */
import type { Command } from "commander";
import type { Logger } from "pino";
import { readSettings } from "../../config/load.ts";
import { ROLE_MEANINGS, ROLES } from "../../config/roles.ts";
import { vendorKinds } from "../../integrations/vendor-kinds.ts";
import { requireFreePort } from "../embedded/free-port.ts";
import { UserProblem } from "../problem.ts";
import type { ResolvedSettings } from "../system/compose.ts";
import { requireOwnCertificate } from "../system/own-tls.ts";
import { requireNativeServer } from "../system/require-native-server.ts";
import { untilEnd } from "../system/until-end.ts";
import { type Steps, table } from "../terminal.ts";
import { settingsProblem, variablesHelp } from "./start.ts";

export function addServeCommand(program: Command): void {
  program
    .command("serve")
    .summary("run in production, with explicit settings")
    .description(
      "Runs the gateway, the engine, the saga worker and the device bridge against a PostgreSQL, a Temporal cluster and an " +
        "MQTT broker that you name. Starts nothing else, and has no default for their addresses. Logs JSON lines to standard output. " +
        "On an empty database it serves nothing but its set-up, by `holdfast setup` or by the address that the log shows.",
    )
    .option(
      "--role <roles>",
      "what this process does of the whole, with commas between: see below (default: HOLDFAST_ROLES, else all)",
    )
    .addHelpText(
      "after",
      () => `\nRoles, for several processes on one database; they need REDIS_URL:\n${rolesHelp()}

Settings, by environment:\n${variablesHelp()}

Example:
  $ DATABASE_URL='postgres://…?sslmode=verify-full' TEMPORAL_ADDRESS=temporal:7233 TEMPORAL_TLS=on \\
    MQTT_URL=mqtts://broker:8883 \\
    HOLDFAST_SECRETS_KEY_FILE=/etc/holdfast/secrets.key \\
    HOLDFAST_PUBLIC_URL=https://orders.example.com STRIPE_SECRET_KEY=… EASYPOST_API_KEY=… \\
    EASYPOST_WEBHOOK_SECRET=… SMTP_URL=smtp://… HOLDFAST_MAIL_FROM=orders@example.com npx holdfast serve
  $ REDIS_URL=rediss://… npx holdfast serve --role gateway    # beside --role engine, worker, devices,jobs`,
    )
    .action(serve);
}

function rolesHelp(): string {
  return table(ROLES.map((role) => [`  ${role}`, ROLE_MEANINGS[role]]));
}

async function serve({ role }: { readonly role?: string }): Promise<void> {
  const environment = role === undefined ? process.env : { ...process.env, HOLDFAST_ROLES: role };
  const reading = readSettings(environment, "serve", process.cwd(), vendorKinds);
  if (reading.status === "invalid") throw settingsProblem(reading.problems);
  const { databaseUrl, temporalAddress, mqttUrl, ...rest } = reading.settings;
  const { secretBoxOf } = await import("../system/secret-keys.ts");
  const secretBox = await secretBoxOf(rest.secrets);
  if (databaseUrl === null || temporalAddress === null || mqttUrl === null || secretBox === null) {
    throw new Error("settings for serve were read without their addresses, or without a key");
  }
  const settings: ResolvedSettings = { ...rest, databaseUrl, temporalAddress, mqttUrl, secretBox };
  await requireNativeServer();
  await requireOwnCertificate(settings.tls, Date.now());
  await requireFreePort(settings.host, settings.ports.gateway, "gateway", "HOLDFAST_PORT");
  const { pino } = await import("pino");
  const logger = pino({ name: "holdfast", level: settings.log.level });
  const { startSystem } = await import("../system/compose.ts");
  const { admitToWork, StoppedWhileWaiting } = await import("../system/admission.ts");
  const ending = untilEnd();
  const system = await startSystem(settings, logger, loggedSteps(logger), {
    admit: (database) => admitToWork({ settings, database, logger, ending: ending.reason }),
  }).catch((error: unknown) => {
    if (error instanceof StoppedWhileWaiting) return null;
    throw error;
  });
  if (system === null) {
    logger.info("stopped before anything was set up");
    return;
  }
  logger.info({ port: system.port, url: settings.publicUrl, roles: settings.roles }, "ready");
  const reason = await Promise.race([
    ending.reason,
    system.takenOver.then((what) => ({ kind: "fenced" as const, what })),
  ]);
  logger.info({ reason }, "stopping");
  await system.stop();
  logger.info("stopped");
  if (reason.kind === "fenced") throw fencedProblem(reason.what);
}

/** The end of a process that another one has taken over from: not to be started again by itself. */
export function fencedProblem(what: string): UserProblem {
  return new UserProblem(
    "fenced",
    `Another process on this database has taken over ${what}; this one has ended.`,
    "Start it again only where the other one has ended: of two, each would take over from the other.",
    { exitStatus: 3 },
  );
}

function loggedSteps(logger: Logger): Steps {
  return {
    run: async (name, work) => {
      const began = Date.now();
      const { value, detail } = await work((progress) => logger.info({ step: name, progress }));
      logger.info({ step: name, detail, milliseconds: Date.now() - began }, "started");
      return value;
    },
  };
}
