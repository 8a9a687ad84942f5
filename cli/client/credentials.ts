/**
 * Where the running system is, and the key to it. Where `holdfast start` runs in the same folder, the command
 * line finds both by itself (`local.json` in the data folder, readable by its owner only). Flags and
 * variables come first.
 */
import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { UserProblem } from "../problem.ts";
import type { TemporalAccess } from "./describe-sagas.ts";

/** What `holdfast start` writes for the command line. Secrets in clear text: mode 600. */
export type LocalFile = {
  readonly postgresPassword: string;
  readonly carrierWebhookSecret: string;
  /** Base URL of the gateway and of the simulators, as of the last start. */
  readonly url?: string;
  readonly simulatorsUrl?: string;
  /** For the audit after a simulated day, which does not rely on the system's word for its own numbers. */
  readonly databaseUrl?: string;
  /** To say why a saga of it does not move. */
  readonly temporal?: TemporalAccess;
  /** A key with every right. */
  readonly apiKey?: string;
  /** One key for each channel, as its connector would have. */
  readonly channelKeys?: Readonly<Record<string, string>>;
  readonly staffPassword?: string;
  /** What the passwords of the simulated devices are made from. */
  readonly deviceKey?: string;
};

export type Access = {
  readonly url: string;
  readonly key: string;
  /** Only where the local sandbox runs. */
  readonly simulatorsUrl: string | null;
  readonly databaseUrl: string | null;
  readonly temporal: TemporalAccess | null;
};

export type AccessFlags = { readonly url?: string; readonly key?: string };

export function dataFolder(): string {
  const configured = process.env["HOLDFAST_DATA"] ?? ".holdfast";
  return isAbsolute(configured) ? configured : join(process.cwd(), configured);
}

export async function readLocalFile(folder: string): Promise<LocalFile | undefined> {
  const text = await readFile(join(folder, "local.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const local: LocalFile = JSON.parse(text);
    return local;
  } catch (error) {
    throw new UserProblem(
      "local_file_damaged",
      `${join(folder, "local.json")} is not readable as JSON.`,
      "Restore it from a backup, or move the data folder away to begin a new sandbox.",
      { cause: error },
    );
  }
}

/** Written beside and renamed: a crash leaves the old file or the new one. */
export async function writeLocalFile(folder: string, content: LocalFile): Promise<void> {
  const path = join(folder, "local.json");
  await writeFile(`${path}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
}

/** Flags, then variables, then the local file. */
export async function findAccess(flags: AccessFlags): Promise<Access> {
  const local = await readLocalFile(dataFolder());
  const url = flags.url ?? process.env["HOLDFAST_URL"] ?? local?.url;
  const key = flags.key ?? process.env["HOLDFAST_KEY"] ?? local?.apiKey;
  if (url === undefined || !/^https?:\/\//.test(url)) {
    throw new UserProblem(
      "no_system",
      url === undefined
        ? "No Holdfast system is known here."
        : `"${url}" is not an http:// or https:// address.`,
      "Start one with `npm start` in this folder, or name one with --url and --key (HOLDFAST_URL, HOLDFAST_KEY).",
    );
  }
  if (key === undefined) {
    throw new UserProblem(
      "no_key",
      `There is no API key for ${url}.`,
      "Give one with --key or HOLDFAST_KEY.",
    );
  }
  const isLocal = local !== undefined && url === local.url;
  return {
    url: url.replace(/\/+$/, ""),
    key,
    simulatorsUrl: (isLocal && local.simulatorsUrl) || null,
    databaseUrl: (isLocal && local.databaseUrl) || null,
    temporal: (isLocal && local.temporal) || null,
  };
}

/** The system of a data folder, as its last start recorded it. */
export async function localAccess(folder: string): Promise<Access> {
  const local = await readLocalFile(folder);
  if (local?.url === undefined || local.apiKey === undefined) {
    throw new UserProblem("no_system", `No system was started on ${folder}.`, "Start one with `npm start`.");
  }
  return {
    url: local.url,
    key: local.apiKey,
    simulatorsUrl: local.simulatorsUrl ?? null,
    databaseUrl: local.databaseUrl ?? null,
    temporal: local.temporal ?? null,
  };
}
