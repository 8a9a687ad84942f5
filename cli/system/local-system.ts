/**
 * Everything on one machine: the data folder, embedded PostgreSQL, Temporal and MQTT broker, the system
 * itself and, with the sandbox, the simulators of the outside world in a child process.
 *
 * L1. One data folder, one system: a second start on it is refused.
 * L2. What a killed run left behind is stopped before anything new starts, and nothing else is touched.
 * L3. This run stops what it has started, in reverse order, however it ends. Where its process dies, a
 *     guardian does (`guardian-main.ts`).
 */

import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { projectRoot } from "../../config/project-root.ts";
import type { SecretBox } from "../../config/secret-box.ts";
import type { Settings } from "../../config/settings.ts";
import { withMadeUpSecrets } from "../../config/vendor-settings.ts";
import { withoutPassword } from "../../config/without-password.ts";
import { deviceProtocols } from "../../devices/device-kinds.ts";
import { type Broker, type BrokerAccess, startBroker } from "../../devices/mqtt/broker.ts";
import type { AllocatorClient } from "../../engine/allocator-client.ts";
import { vendorKinds } from "../../integrations/vendor-kinds.ts";
import { findApiKey } from "../../store/access/api-keys.ts";
import { hashPassword } from "../../store/access/passwords.ts";
import { endSessions } from "../../store/access/sessions.ts";
import { accountsWithPassword, setPasswordHash } from "../../store/access/staff.ts";
import { companyId } from "../../store/catalog/companies.ts";
import { giveMissingPasswords } from "../../store/floor/device-passwords.ts";
import { giveMissingSettings } from "../../store/floor/devices.ts";
import { type Database, inTransaction } from "../../store/sql/database.ts";
import { type LocalFile, readLocalFile, writeLocalFile } from "../client/credentials.ts";
import { startPostgres } from "../embedded/postgres.ts";
import { ProcessBook } from "../embedded/processes.ts";
import { startTemporal } from "../embedded/temporal.ts";
import { UserProblem } from "../problem.ts";
import { SANDBOX_COMPANY, SANDBOX_PASSWORD } from "../sandbox/company.ts";
import { connectSandboxShop } from "../sandbox/connected-shop.ts";
import { deviceSecret, sandboxDevices } from "../sandbox/devices.ts";
import { createLocalKey, seedSandbox } from "../sandbox/seed.ts";
import type { Steps } from "../terminal.ts";
import { checkBeforeStart, HELPERS_HOST } from "./before-start.ts";
import { brokerAccess } from "./broker-access.ts";
import { type RunningSystem, startSystem } from "./compose.ts";
import type { GuardianTask } from "./guardian-main.ts";
import { mqttConnection } from "./mqtt-connection.ts";
import { ownSecretBox, secretBoxOf } from "./secret-keys.ts";
import type { SimulatorsConfiguration, SimulatorsMessage } from "./simulators-main.ts";

export type LocalSystem = {
  readonly url: string;
  readonly temporalUi: string | null;
  /** Without its password. */
  readonly mqttUrl: string;
  readonly databaseUrl: string;
  readonly simulatorsUrl: string | null;
  readonly staffPassword: string | null;
  /** Resolves with a reason if a part that we started ends by itself. */
  readonly broken: Promise<string>;
  stop(): Promise<void>;
};

const SIMULATORS_READY_MS = 30_000;

export async function startLocalSystem(
  settings: Settings,
  logger: Logger,
  steps: Steps,
): Promise<LocalSystem> {
  // Once more: seconds have passed since they were asked before all of this was loaded.
  await checkBeforeStart(settings);
  const book = new ProcessBook(settings.dataFolder);

  const started: { stop(): Promise<void> }[] = [];
  let reportBroken: (reason: string) => void = () => {};
  const broken = new Promise<string>((resolve) => {
    reportBroken = resolve;
  });
  const stop = async (): Promise<void> => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    await book.add("holdfast", process.pid);
    started.push({ stop: () => book.remove("holdfast") });
    started.push(startGuardian(settings.dataFolder));

    const secretBox = (await secretBoxOf(settings.secrets)) ?? (await ownSecretBox(settings.dataFolder));
    let local = await readOrCreateLocalFile(settings.dataFolder);
    // Both at once. Each is recorded as soon as it runs, so that if one fails the other is stopped too.
    const [postgres, temporal] = await bothOrNeither(
      steps.run("PostgreSQL", async (progress) => {
        if (settings.databaseUrl !== null) return { value: settings.databaseUrl, detail: "DATABASE_URL" };
        const server = await startPostgres({
          dataFolder: settings.dataFolder,
          port: settings.ports.postgres,
          password: local.postgresPassword,
          book,
          onCrash: () => reportBroken("PostgreSQL has ended"),
          progress,
        });
        started.push(server);
        return { value: server.url, detail: `${server.version} on port ${settings.ports.postgres}` };
      }),
      steps.run("Temporal", async (progress) => {
        if (settings.temporalAddress !== null) {
          return { value: settings.temporalAddress, detail: `TEMPORAL_ADDRESS ${settings.temporalAddress}` };
        }
        const server = await startTemporal({
          dataFolder: settings.dataFolder,
          host: HELPERS_HOST,
          port: settings.ports.temporal,
          uiPort: settings.ports.temporalUi,
          namespace: settings.temporalNamespace,
          book,
          onCrash: () => reportBroken("the Temporal server has ended"),
          progress,
        });
        started.push(server);
        return { value: server.address, detail: `dev server on ${server.address}` };
      }),
    );
    // Read before anything depends on it: a file that is not there is named at once.
    const mqtt = await mqttConnection(settings.mqtt);
    const access = brokerAccess(deviceProtocols);
    const broker = await startOwnBroker(settings, logger, steps, access.check);
    if (broker !== null) started.push(broker);
    const devicesUrl = settings.mqttUrl ?? `mqtt://${loopbackOf(settings.host)}:${broker?.port}`;
    const mqttUrl = settings.mqttUrl ?? access.bridgeUrl(devicesUrl);
    const simulatorsUrl = `http://${HELPERS_HOST}:${settings.ports.simulators}`;

    const resolved = {
      ...settings,
      databaseUrl: postgres,
      temporalAddress: temporal,
      mqttUrl,
      secretBox,
      vendors: withMadeUpSecrets(vendorKinds, settings.vendors, local.carrierWebhookSecret),
    };
    let simulators: ChildProcess | undefined;
    let sandbox = false;
    const system: RunningSystem = await startSystem(resolved, logger, steps, {
      prepare: async (database, allocator) => {
        sandbox = await prepareSandbox(database, allocator, secretBox, settings, steps);
        const { simulatorsUrl: _, ...kept } = await readOrCreateLocalFile(settings.dataFolder);
        local = {
          ...kept,
          url: settings.publicUrl,
          databaseUrl: postgres,
          temporal: { address: temporal, namespace: settings.temporalNamespace },
          ...(sandbox ? { simulatorsUrl } : {}),
        };
        await writeLocalFile(settings.dataFolder, local);
        access.database = database;
        if (!sandbox) return;
        const deviceKey = broker === null ? null : await sandboxDeviceKey(settings.dataFolder);
        // A sandbox of an earlier version has robots that know no stations.
        await giveMissingSettings(database, sandboxDevices());
        if (deviceKey !== null) {
          const ids = sandboxDevices().map(({ id }) => id);
          await giveMissingPasswords(database, ids, (id) => deviceSecret(deviceKey, id));
        }
        simulators = await steps.run("Simulators", async () => {
          const { child, shopAccount } = await startSimulatorsProcess(settings.dataFolder, book, {
            host: HELPERS_HOST,
            httpPort: settings.ports.simulators,
            smtpPort: settings.ports.smtp,
            dataFolder: join(settings.dataFolder, "simulators"),
            webhooksUrl: `${settings.publicUrl}/v1/webhooks`,
            vendors: resolved.vendors,
            mqttUrl: devicesUrl,
            mqtt,
            deviceKey,
            gatewayUrl: settings.publicUrl,
            apiKey: local.apiKey ?? "",
            logLevel: settings.log.level,
          });
          started.push({ stop: () => stopSimulators(child, book) });
          if (shopAccount !== null) await connectSandboxShop(database, secretBox, shopAccount);
          child.once("exit", () => reportBroken("the simulators have ended"));
          return { value: child, detail: "payments, carrier, mail inbox, shop, robots, people" };
        });
      },
    });
    started.push(system);
    void system.takenOver.then((what) => reportBroken(`another process has taken over ${what}`));
    return {
      url: settings.publicUrl,
      temporalUi:
        settings.temporalAddress === null ? `http://${HELPERS_HOST}:${settings.ports.temporalUi}` : null,
      mqttUrl: withoutPassword(devicesUrl),
      databaseUrl: postgres,
      simulatorsUrl: simulators === undefined ? null : simulatorsUrl,
      staffPassword: sandbox ? (local.staffPassword ?? null) : null,
      broken,
      stop: async () => {
        simulators?.removeAllListeners("exit");
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function readOrCreateLocalFile(folder: string): Promise<LocalFile> {
  const found = await readLocalFile(folder);
  if (found !== undefined) return found;
  const created: LocalFile = {
    postgresPassword: randomBytes(24).toString("base64url"),
    carrierWebhookSecret: randomBytes(24).toString("base64url"),
  };
  await writeLocalFile(folder, created);
  return created;
}

/** What the passwords of the sandbox's devices are made from; kept, so that they stay the same. */
async function sandboxDeviceKey(folder: string): Promise<string> {
  const local = await readOrCreateLocalFile(folder);
  if (local.deviceKey !== undefined) return local.deviceKey;
  const deviceKey = randomBytes(32).toString("base64url");
  await writeLocalFile(folder, { ...local, deviceKey });
  return deviceKey;
}

function startOwnBroker(
  settings: Settings,
  logger: Logger,
  steps: Steps,
  access: BrokerAccess,
): Promise<Broker | null> {
  return steps.run("MQTT", async () => {
    if (settings.mqttUrl !== null) {
      return { value: null, detail: `MQTT_URL ${withoutPassword(settings.mqttUrl)}` };
    }
    const broker = await startBroker({
      host: settings.host,
      port: settings.ports.mqtt,
      access,
      logger: logger.child({ part: "broker" }),
    });
    return { value: broker, detail: `broker on port ${broker.port}` };
  });
}

/** @returns whether this database holds the sandbox, and not a company that somebody set up */
async function prepareSandbox(
  database: Database,
  allocator: AllocatorClient,
  secretBox: SecretBox,
  settings: Settings,
  steps: Steps,
): Promise<boolean> {
  const local = await readOrCreateLocalFile(settings.dataFolder);
  const company = await companyId(database);
  if (company === undefined) {
    await steps.run("Sandbox", async () => {
      const password = isPrivate(settings.host) ? SANDBOX_PASSWORD : newPassword();
      const seeded = await seedSandbox(database, allocator, secretBox, password);
      await writeLocalFile(settings.dataFolder, { ...local, ...seeded });
      return { value: seeded, detail: `${SANDBOX_COMPANY.name}: 300 SKUs, 4 locations, 5 channels` };
    });
    return true;
  }
  const isOurs = local.apiKey !== undefined && (await findApiKey(database, local.apiKey)) !== null;
  if (!isOurs) {
    await writeLocalFile(settings.dataFolder, { ...local, apiKey: await createLocalKey(database) });
  }
  if (!isPrivate(settings.host)) await replaceKnownPassword(database, settings.dataFolder);
  return company === SANDBOX_COMPANY.id;
}

/**
 * Whether only this machine reaches what listens there, so that a password may be one that everybody knows.
 */
function isPrivate(host: string): boolean {
  return host === "127.0.0.1" || host === "::1" || host === "localhost";
}

function newPassword(): string {
  return randomBytes(12).toString("base64url");
}

/**
 * A database that was filled for this machine alone is now reached by others: its accounts get a password
 * that cannot be guessed. The file has it first, so that a start that dies in between goes on with the same.
 */
async function replaceKnownPassword(database: Database, dataFolder: string): Promise<void> {
  const known = await accountsWithPassword(database, SANDBOX_PASSWORD);
  if (known.length === 0) return;
  const local = await readOrCreateLocalFile(dataFolder);
  const kept = local.staffPassword;
  const password = kept === undefined || kept === SANDBOX_PASSWORD ? newPassword() : kept;
  await writeLocalFile(dataFolder, { ...local, staffPassword: password });
  const hash = await hashPassword(password);
  await inTransaction(database, async (client) => {
    for (const { id } of known) {
      await setPasswordHash(client, id, hash, true);
      await endSessions(client, id, null);
    }
  });
}

async function startSimulatorsProcess(
  dataFolder: string,
  book: ProcessBook,
  configuration: SimulatorsConfiguration,
): Promise<{
  readonly child: ChildProcess;
  readonly shopAccount: Readonly<Record<string, string>> | null;
}> {
  await mkdir(configuration.dataFolder, { recursive: true });
  await chmod(configuration.dataFolder, 0o700);
  const log = openSync(join(dataFolder, "logs", "simulators.log"), "a");
  // Detached like the servers. Its channel to us tells it when we are gone, so it never outlives us.
  const child = fork(join(projectRoot, "dist", "cli", "system", "simulators-main.js"), [], {
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  if (child.pid !== undefined) await book.add("simulators", child.pid);
  const shopAccount = await new Promise<Readonly<Record<string, string>> | null>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error("the simulators did not start in time")),
      SIMULATORS_READY_MS,
    );
    child.once("exit", (code) => reject(simulatorsProblem(dataFolder, `ended with status ${code}`)));
    child.on("message", (message: SimulatorsMessage) => {
      clearTimeout(timer);
      if (message.type === "ready") resolve(message.shopAccount);
      else reject(simulatorsProblem(dataFolder, message.reason));
    });
    child.send(configuration);
  });
  child.removeAllListeners("exit");
  return { child, shopAccount };
}

function simulatorsProblem(dataFolder: string, reason: string): UserProblem {
  return new UserProblem(
    "simulators_failed",
    `The simulators did not start: ${reason}`,
    `See ${join(dataFolder, "logs", "simulators.log")}.`,
  );
}

async function stopSimulators(child: ChildProcess, book: ProcessBook): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const timer = setTimeout(() => child.kill("SIGKILL"), 8_000);
    if (child.connected) child.disconnect();
    else child.kill("SIGTERM");
    await ended;
    clearTimeout(timer);
  }
  await book.remove("simulators");
}

function startGuardian(dataFolder: string): { stop(): Promise<void> } {
  // Detached like the servers: a signal to the terminal's group must not reach it before its work.
  const child = fork(join(projectRoot, "dist", "cli", "system", "guardian-main.js"), [], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  // Without it, the next start clears up what is left (L2).
  child.on("error", () => {});
  const task: GuardianTask = { dataFolder, pid: process.pid };
  child.send(task, () => {});
  child.unref();
  child.channel?.unref();
  return {
    stop: async () => {
      if (!child.connected) return;
      // Waited for, so that nothing of a run is left when it has ended.
      child.ref();
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.send("bye", () => {});
      await gone;
    },
  };
}

async function bothOrNeither<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "rejected") throw a.reason;
  if (b.status === "rejected") throw b.reason;
  return [a.value, b.value];
}

/** Where clients on this machine reach a server that listens on `host`. */
function loopbackOf(host: string): string {
  return host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
}
