/**
 * A company as it is run in production, from an empty database on: `holdfast serve` in a process of its own,
 * by settings alone, with the vendors' simulators as servers over HTTP and SMTP. Several may share
 * PostgreSQL, Temporal's server and the broker, as docs/go-live.md has it. No sandbox, and no SQL.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { freePort } from "../cli/embedded/free-port.ts";
import { projectRoot } from "../config/project-root.ts";
import { newSecretKeyLine } from "../config/secret-box.ts";
import { type Simulators, startSimulators } from "../integrations/simulators.ts";
import { createCompanyRole } from "./servers/company-database.ts";
import { createTestNamespace } from "./servers/temporal.ts";
import { type Outcome, runCommand } from "./system.ts";
import { vendorsOf } from "./vendors/vendors.ts";

/** Of its accounts at the vendors' simulators, in settings or on a page. */
export const STRIPE_KEY = "sk_test_51J8Qz2eZvKYlo2C0aBcDe";
export const EASYPOST_KEY = "EZTK9f8e7d6c5b4a39281706";
export const CARRIER_SECRET = "Zp3kV9wQ7rT1yU5mB8nC";
/** So fast that a parcel is delivered within a second or two. */
const PACE = 60;

export class Business {
  readonly folder = mkdtempSync(join(tmpdir(), "holdfast-business-"));
  readonly url: string;
  /** Where payment provider and carrier listen. */
  readonly vendorsUrl: string;
  /** Of which commands and process find everything. */
  private readonly environment: NodeJS.ProcessEnv;
  private readonly simulators: Simulators;
  private child: ChildProcess | null = null;
  private output = "";

  private constructor(url: string, environment: NodeJS.ProcessEnv, simulators: Simulators) {
    this.url = url;
    this.vendorsUrl = `http://127.0.0.1:${simulators.httpPort}`;
    this.environment = environment;
    this.simulators = simulators;
  }

  /**
   * An empty database with a role, a namespace, vendors; nothing of Holdfast runs yet.
   *
   * @param prefix of its topics at the broker that it shares
   */
  static async prepare(
    prefix: string,
    mqttUrl: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<Business> {
    const [database, temporal, port] = [
      await createCompanyRole(),
      await createTestNamespace(),
      await freePort(),
    ];
    const url = `http://127.0.0.1:${port}`;
    const dataFolder = mkdtempSync(join(tmpdir(), "holdfast-vendors-"));
    const simulators = await startSimulators({
      host: "127.0.0.1",
      httpPort: 0,
      smtpPort: 0,
      dataFolder,
      webhooksUrl: `${url}/v1/webhooks`,
      vendors: vendorsOf({ EASYPOST_WEBHOOK_SECRET: CARRIER_SECRET }),
      logger: pino({ level: "silent" }),
    });
    const vendorsUrl = `http://127.0.0.1:${simulators.httpPort}`;
    const paced = await fetch(`${vendorsUrl}/simulation`, {
      method: "POST",
      body: JSON.stringify({ speed: PACE }),
    });
    if (!paced.ok) throw new Error(await paced.text());
    return new Business(
      url,
      {
        PATH: process.env["PATH"],
        NO_COLOR: "1",
        DATABASE_URL: database.url,
        TEMPORAL_ADDRESS: temporal.address,
        TEMPORAL_NAMESPACE: temporal.namespace,
        MQTT_URL: mqttUrl,
        HOLDFAST_MQTT_PREFIX: prefix,
        HOLDFAST_PORT: String(port),
        HOLDFAST_PUBLIC_URL: url,
        HOLDFAST_SHARDS: "2",
        HOLDFAST_SECRETS_KEY: newSecretKeyLine("tests"),
        STRIPE_SECRET_KEY: STRIPE_KEY,
        STRIPE_BASE_URL: vendorsUrl,
        EASYPOST_API_KEY: EASYPOST_KEY,
        EASYPOST_BASE_URL: vendorsUrl,
        EASYPOST_WEBHOOK_SECRET: CARRIER_SECRET,
        SMTP_URL: `smtp://127.0.0.1:${simulators.smtpPort}`,
        HOLDFAST_MAIL_FROM: `orders@${prefix}.example`,
        HOLDFAST_URL: url,
        ...settings,
      },
      simulators,
    );
  }

  /** Starts `holdfast serve`; resolves once it serves something, its set-up on an empty database. */
  async serve(): Promise<void> {
    this.output = "";
    const child = spawn(process.execPath, [join(projectRoot, "bin", "holdfast.js"), "serve"], {
      cwd: this.folder,
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    const collect = (chunk: Buffer): void => {
      this.output += chunk.toString("utf8");
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    await this.until(async () => (await fetch(`${this.url}/healthz`)).ok);
  }

  untilReady(): Promise<void> {
    return this.until(async () => (await fetch(`${this.url}/readyz`)).ok);
  }

  /** The settings by which another one would come to the same namespace. */
  get temporal(): Readonly<Record<string, string>> {
    const { TEMPORAL_ADDRESS = "", TEMPORAL_NAMESPACE = "" } = this.environment;
    return { TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE };
  }

  /** The token that an empty system shows on its terminal, by which a browser may set it up. */
  get setupToken(): string {
    const token = /\/setup#([\w-]+)/.exec(this.output)?.[1];
    if (token === undefined) throw new Error(`it has shown no token:\n${this.output.slice(-4_000)}`);
    return token;
  }

  get said(): string {
    return this.output;
  }

  /** How the process ended by itself. */
  async ended(): Promise<number | null> {
    const child = this.child;
    if (child === null || child.exitCode !== null) return child?.exitCode ?? null;
    return new Promise((resolve) => child.once("exit", resolve));
  }

  /** Runs `holdfast …`. @param key HOLDFAST_KEY; absent: none */
  command(
    args: readonly string[],
    options: { readonly key?: string; readonly input?: string } = {},
  ): Promise<Outcome> {
    const { key, input = "" } = options;
    return runCommand(args, {
      cwd: this.folder,
      environment: { ...this.environment, ...(key === undefined ? {} : { HOLDFAST_KEY: key }) },
      input,
    });
  }

  async destroy(): Promise<void> {
    const { child } = this;
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    }
    await this.simulators.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async until(is: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 3 * 60_000;
    while (!(await is().catch(() => false))) {
      if (this.child?.exitCode != null || Date.now() > deadline)
        throw new Error(`holdfast serve is not as it is waited for:\n${this.output.slice(-4_000)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
