/** `holdfast start`: the whole system on this machine, with a sandbox where the database is empty. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { Logger } from "pino";
import { readSettings, settingsVariables } from "../../config/load.ts";
import { projectRoot } from "../../config/project-root.ts";
import type { Settings } from "../../config/settings.ts";
import { vendorKinds } from "../../integrations/vendor-kinds.ts";
import { folderProblem } from "../embedded/folder-problem.ts";
import { UserProblem } from "../problem.ts";
import { SANDBOX_STAFF } from "../sandbox/company.ts";
import { checkBeforeStart, prepareDataFolder } from "../system/before-start.ts";
import type { LocalSystem } from "../system/local-system.ts";
import { requireNativeServer } from "../system/require-native-server.ts";
import { type EndReason, untilEnd } from "../system/until-end.ts";
import { isInteractive, note, paint, printJson, seconds, startSteps, table } from "../terminal.ts";

export function addStartCommand(program: Command): void {
  program
    .command("start")
    .summary("start everything on this machine, with a sandbox")
    .description(
      "Starts PostgreSQL, Temporal, an MQTT broker, the engine, the gateway with the dashboard, the saga worker and the " +
        "device bridge. An empty database is filled with a sandbox company. Beside it run simulators of payment provider, " +
        "carrier, mail inbox and robots. Ctrl-C stops all of it.",
    )
    .option("--json", "print the addresses as one JSON document when ready")
    .addHelpText("after", () => `\nSettings, by environment:\n${variablesHelp()}\n${EXAMPLES}`)
    .action(async (options: { readonly json?: boolean }) => {
      await start(options.json === true);
    });
}

const EXAMPLES = `
Examples:
  $ npm start
  $ HOLDFAST_PORT=8400 HOLDFAST_DATA=/var/tmp/trial npx holdfast start
  $ DATABASE_URL=postgres://user:password@localhost/holdfast npx holdfast start`;

/** What is written belongs to who runs it: keys, logs, and in them what happened to customers. */
const PRIVATE = 0o077;

async function start(json: boolean): Promise<void> {
  process.umask(PRIVATE);
  const began = Date.now();
  const reading = readSettings(process.env, "start", process.cwd(), vendorKinds);
  if (reading.status === "invalid") throw settingsProblem(reading.problems);
  const { settings } = reading;
  requireBuilt();
  await requireNativeServer();
  await prepareDataFolder(settings.dataFolder);
  await checkBeforeStart(settings);
  // Loaded only here, so that all other commands start quickly.
  const { startLocalSystem } = await import("../system/local-system.ts");
  const logger = await fileLogger(settings);
  const ending = untilEnd();
  const starting = startLocalSystem(settings, logger, startSteps()).catch((error: unknown) => {
    throw folderProblem(settings.dataFolder, error);
  });
  const interrupted = await Promise.race([starting.then(() => false), ending.reason.then(() => true)]);
  if (interrupted) note("Stopping when the step under way is done; Ctrl-C again stops at once.");
  const system = await starting;
  if (interrupted) {
    await system.stop();
    throw new UserProblem("interrupted", "Stopped while starting.", "Start again with `npm start`.");
  }
  if (json) printJson(addresses(system, settings));
  else showPanel(system, Date.now() - began);
  process.send?.({ type: "ready", url: system.url });
  const reason: EndReason = await Promise.race([
    ending.reason,
    system.broken.then((text) => ({ kind: "broken" as const, text })),
  ]);
  if (isInteractive(process.stderr)) note("");
  note(paint("dim", "Stopping: open work is committed first…", process.stderr));
  const stopping = Date.now();
  await system.stop();
  note(`${paint("green", "✓", process.stderr)} Stopped in ${seconds(Date.now() - stopping)}.`);
  if (reason.kind === "broken") {
    throw new UserProblem(
      "part_ended",
      `Holdfast has stopped because ${reason.text}.`,
      `See the logs in ${join(settings.dataFolder, "logs")}; a start goes on where this run ended.`,
    );
  }
}

export function settingsProblem(
  problems: readonly { readonly variable: string; readonly problem: string }[],
): UserProblem {
  return new UserProblem(
    "invalid_settings",
    `The settings are not complete:\n${problems.map((one) => `  ${one.variable} ${one.problem}`).join("\n")}`,
    "Set them in the environment; `holdfast serve --help` lists all.",
  );
}

export function variablesHelp(): string {
  return table(
    settingsVariables(vendorKinds).map((one) => [`  ${one.name}`, `${one.meaning} (${one.standard})`]),
  );
}

function requireBuilt(): void {
  if (!existsSync(join(projectRoot, "dist", "dashboard", "index.html"))) {
    throw new UserProblem("not_built", "The dashboard has not been built.", "Run `npm run build` once.");
  }
}

async function fileLogger(settings: Settings): Promise<Logger> {
  const { pino } = await import("pino");
  try {
    const destination = pino.destination({
      dest: join(settings.dataFolder, "logs", "holdfast.log"),
      mkdir: true,
      sync: false,
    });
    await new Promise((resolve, reject) => {
      destination.once("ready", resolve);
      destination.once("error", reject);
    });
    // A full disk must not end the process by way of its log.
    destination.on("error", () => {});
    return pino({ name: "holdfast", level: settings.log.level }, destination);
  } catch (error) {
    throw folderProblem(settings.dataFolder, error);
  }
}

function addresses(system: LocalSystem, settings: Settings): Record<string, unknown> {
  return {
    url: system.url,
    stream: `${system.url.replace(/^http/, "ws")}/v1/stream`,
    temporalUi: system.temporalUi,
    mqtt: system.mqttUrl,
    simulators: system.simulatorsUrl,
    dataFolder: settings.dataFolder,
    logins:
      system.staffPassword === null
        ? []
        : SANDBOX_STAFF.map(({ email, role }) => ({ email, role, password: system.staffPassword })),
  };
}

function showPanel(system: LocalSystem, tookMs: number): void {
  const rows: string[][] = [
    ["Dashboard", paint(["bold", "cyan"], system.url)],
    ["API", `${system.url}/v1  ${paint("dim", `${system.url}/openapi.json`)}`],
    ["Stream", `${system.url.replace(/^http/, "ws")}/v1/stream`],
    ["MQTT", system.mqttUrl],
  ];
  if (system.temporalUi !== null) rows.push(["Temporal UI", system.temporalUi]);
  if (system.simulatorsUrl !== null) rows.push(["Inbox", `${system.simulatorsUrl}/inbox`]);
  if (system.staffPassword !== null) {
    rows.push(["", ""]);
    for (const [index, member] of SANDBOX_STAFF.entries()) {
      rows.push([index === 0 ? "Logins" : "", `${member.email}  ${paint("dim", member.role)}`]);
    }
    rows.push(["Password", paint("bold", system.staffPassword)]);
  }
  process.stdout.write(`
${paint("bold", "Holdfast is ready")} ${paint("dim", `(${seconds(tookMs)})`)}

${table(rows.map(([name = "", value = ""]) => [`  ${paint("dim", name)}`, value]))}

  ${paint("dim", "Try")}  npx holdfast simulate-day --orders 200
  ${paint("dim", "Ctrl-C stops everything that was started here.")}
`);
}
